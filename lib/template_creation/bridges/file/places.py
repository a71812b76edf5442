"""Where the files of hosts lie, and what the file of one agent says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from template_creation.bridges.file.disk import decoded
from template_creation.bridges.file.dossier import Dossier
from template_creation.bridges.file.envelope import read_envelope
from template_creation.bridges.file.layout import Layout
from template_creation.exchange import read_answer
from template_creation.values.agent import Issue
from template_creation.values.answer import AnsweredAgent

__all__ = ["agent_paths", "answers_to", "read_agent_file", "text_of", "unconfirmed_paths"]

_OURS = frozenset({"request.json", "document.json", "schema.json", "prompt.md"})
_MAX_BYTES = 64_000_000


def agent_paths(dossier: Dossier, layout: Layout) -> Iterator[Path]:
    """Files of single agents: where they should be, then beside the prompt, also in the place
    that the bridge folder was moved from."""
    for one in (layout, *(Layout(Path(folder)) for folder in dossier.folders)):
        for folder in (one.responses_of(dossier.id), one.of_request(dossier.id)):
            yield from _files(folder)


def answers_to(dossier: Dossier, layout: Layout) -> list[Path]:
    """The files in the bridge folder that answer this request, as far as they say so."""
    named = [
        path
        for path in layout.responses
        if path.is_file() and read_envelope(text_of(path)).request_id == dossier.id
    ]
    return [*agent_paths(dossier, layout), *named]


def unconfirmed_paths(dossier: Dossier, layout: Layout) -> Iterator[Path]:
    """Files of an answer that was handed over to a process that may not have stored it."""
    if dossier.unsure:
        yield from _files(layout.answered(dossier.id))


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        for path in sorted(folder.iterdir()):
            hidden = path.name.startswith(".") or path.name in _OURS
            if path.suffix in (".json", ".md") and not hidden:
                yield path


def read_agent_file(path: Path, text: str, agents: Sequence[str]) -> list[AnsweredAgent | Issue]:
    """What a file says that is named after an agent, or after none: then it may hold several.

    The name comes from the file, not from what is in it; Markdown is the agent's text.
    """
    if path.stem not in agents:
        return read_answer(text, agents)
    found = read_answer(text, [path.stem])
    if any(isinstance(item, AnsweredAgent) for item in found):
        return found
    if path.suffix == ".md":
        content = {"agent_name": path.stem, "enhanced_content": text}
        return [AnsweredAgent(path.stem, content, "$")] if text.strip() else found
    envelope = read_envelope(text)
    if envelope.broken or not isinstance(envelope.payload, Mapping):
        return found
    if any(isinstance(envelope.payload.get(key), str) for key in ("agent_name", "name", "agent")):
        return found
    return read_answer({"enhancements": {path.stem: envelope.payload}}, [path.stem])


def text_of(path: Path) -> str:
    """What the file says; empty where it cannot be read."""
    try:
        with path.open("rb") as file:
            return decoded(file.read(_MAX_BYTES))
    except OSError:
        return ""
