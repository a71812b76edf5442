"""What a host or a person does at a bridge folder: see what is asked, check, hand in.

The other end of the bridge from `FileBridge`: it never asks and never takes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from template_creation.bridges.file.disk import at_work, decoded, json_bytes, write_whole
from template_creation.bridges.file.dossier import (
    Dossier,
    absolute,
    iso,
    load_all,
    load_document,
    request_document_of,
)
from template_creation.bridges.file.envelope import Envelope, build_envelope, read_envelope
from template_creation.bridges.file.layout import Layout
from template_creation.bridges.file.places import agent_paths, read_agent_file
from template_creation.bridges.file.shelf import Shelf
from template_creation.bridges.file.wording import instruction
from template_creation.errors import BadInput, ValidationFailed
from template_creation.exchange import read_answer
from template_creation.values.agent import Issue
from template_creation.values.answer import AnsweredAgent

__all__ = ["ERROR_TYPES", "Checked", "Desk", "pending_request"]

ERROR_TYPES = (
    "AGENT_NOT_FOUND",
    "INVOCATION_FAILED",
    "TIMEOUT",
    "PARSE_ERROR",
    "VALIDATION_ERROR",
    "UNKNOWN",
)
"""What a host may say of its failure (protocol 1.0)."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What an answer holds: agents of the request, those it leaves out, and what is wrong."""

    agents: tuple[AnsweredAgent, ...]
    missing: tuple[str, ...]
    issues: tuple[Issue, ...]


@dataclass(frozen=True, slots=True)
class Desk:
    """The pending request of a bridge folder; get one with `Desk.open`."""

    layout: Layout
    dossier: Dossier
    clock: Callable[[], float] = time.time

    @classmethod
    def open(cls, folder: Path) -> Desk:
        """The desk of ``folder``; raises `BadInput` where no request is pending."""
        layout = Layout(absolute(folder))
        return cls(layout, _pending(layout))

    @property
    def request(self) -> dict[str, Any]:
        """The document of ``.agent-request.json``."""
        layout, known = self.layout, self.dossier
        told = instruction(
            layout.prompt(known.id), layout.schema(known.id), layout.responses_of(known.id)
        )
        return request_document_of(known, layout, told)

    @property
    def document(self) -> dict[str, Any]:
        """What is asked, as data."""
        return load_document(self.layout, self.dossier.id)

    @property
    def prompt(self) -> str:
        """What a model reads, whole."""
        return self.layout.prompt(self.dossier.id).read_text(encoding="utf-8")

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of a whole answer."""
        schema: dict[str, Any] = json.loads(self.layout.schema(self.dossier.id).read_bytes())
        return schema

    @property
    def expires_at(self) -> str:
        """Until when an answer is waited for."""
        return iso(self.dossier.deadline_s)

    # -- checking -------------------------------------------------------------------------------

    def check(self, text: str, *, source: str, agent: str = "") -> Checked:
        """What ``text``, called ``source`` in places, would be taken for: an answer for all, or
        for ``agent``."""
        expected = [self._known(agent)] if agent else list(self.dossier.agents)
        envelope = read_envelope(text)
        issues = self._bound(envelope, source)
        if agent:
            found = read_agent_file(Path(f"{agent}.json"), text, expected)
            if not any(isinstance(item, AnsweredAgent) for item in found) and envelope.broken:
                found = read_agent_file(Path(f"{agent}.md"), text, expected)
        elif envelope.status != "success":
            return Checked((), tuple(expected), tuple(issues))
        else:
            found = read_answer(envelope.payload, expected)
        return _checked(found, expected, issues, source)

    def check_place(self) -> Checked:
        """What has been answered by now, in all the places where answers are looked for."""
        found: list[AnsweredAgent | Issue] = []
        issues: list[Issue] = []
        for path in agent_paths(self.dossier, self.layout):
            text = decoded(path.read_bytes())
            found += _placed(read_agent_file(path, text, self.dossier.agents), path.name)
        for path in self.layout.responses:
            if path.is_file():
                envelope = read_envelope(decoded(path.read_bytes()))
                issues += self._bound(envelope, path.name)
                if envelope.status == "success":
                    answer = read_answer(envelope.payload, self.dossier.agents)
                    found += _placed(answer, path.name)
        return _checked(found, list(self.dossier.agents), issues, "")

    def _bound(self, envelope: Envelope, source: str) -> list[Issue]:
        """Why an envelope would not be taken as an answer to this request."""
        issues = []
        if envelope.problem:
            fix = f'"request_id": "{self.dossier.id}", "status": "success", "response": ...'
            issues.append(Issue("envelope", source, envelope.problem, fix))
        elif not envelope.bare and envelope.request_id != self.dossier.id:
            message = f"it answers request {envelope.request_id!r}"
            fix = f"the pending request is {self.dossier.id!r}"
            issues.append(Issue("request-id", source, message, fix))
        elif envelope.status != "success":
            message = f"it says {envelope.status}: {envelope.error_message or 'no reason'}"
            issues.append(Issue("status", source, message, "answer, or resume to ask again"))
        return issues

    def _known(self, agent: str) -> str:
        if agent not in self.dossier.agents:
            raise BadInput(
                f"the pending request does not ask for {agent!r}",
                hint=f"it asks for {', '.join(self.dossier.agents)}",
            )
        return agent

    # -- handing in -----------------------------------------------------------------------------

    def respond(self, text: str, *, source: str, agent: str = "") -> tuple[Path, Checked]:
        """Hands in ``text`` as the answer, or as the one for ``agent``: where it is now, and
        what it is taken for.

        Raises `ValidationFailed` where it answers for no agent, and writes nothing then.
        """
        checked = self.check(text, source=source, agent=agent)
        wrong = next((item for item in checked.issues if item.severity == "error"), None)
        if not checked.agents or any(item.rule in _UNBOUND for item in checked.issues):
            told = f"{wrong.message} at {wrong.place}" if wrong else "it answers for no agent"
            raise ValidationFailed(
                f"{source} is no answer to the pending request: {told}",
                hint=wrong.fix if wrong else "template-create bridge show --schema prints its form",
            )
        if agent:
            folder = self.layout.responses_of(self.dossier.id)
            names = [f"{agent}.json", f"{agent}.md"]
            if read_envelope(text).broken:
                names.reverse()
            path, other = (folder / name for name in names)
            return self._put(path, text.encode("utf-8"), instead_of=other), checked
        return self._put(self.layout.response, self._enveloped(text)), checked

    def respond_error(self, message: str, *, error_type: str) -> Path:
        """Hands in that there will be no answer, and why."""
        envelope = build_envelope(
            self.dossier.id,
            agent_name=self.dossier.asked_of,
            created_at=iso(self.clock()),
            error_message=message,
            error_type=error_type,
        )
        return self._put(self.layout.response, json_bytes(envelope))

    def _enveloped(self, text: str) -> bytes:
        payload = read_envelope(text).payload
        envelope = build_envelope(
            self.dossier.id,
            agent_name=self.dossier.asked_of,
            created_at=iso(self.clock()),
            response=payload if isinstance(payload, str) else json.dumps(payload),
        )
        return json_bytes(envelope)

    def _put(self, path: Path, data: bytes, *, instead_of: Path | None = None) -> Path:
        """``data`` in ``path``; what was there before and unread is kept with the refused."""
        reason = "another answer was handed in by `template-create bridge respond`"
        with at_work(self.layout.folder, self.layout.home):
            current = load_all(self.layout).get(self.dossier.id)
            if current is None or not current.pending:
                raise BadInput(f"request {self.dossier.id} is no longer pending")
            path.parent.mkdir(parents=True, exist_ok=True)
            for old in (path, instead_of):
                if old is not None and old.exists():
                    Shelf(self.layout).refuse(old, reason, "", now_s=self.clock())
            write_whole(path, data)
        return path


def pending_request(folder: Path, *, run_id: str) -> dict[str, Any] | None:
    """The document of the request that the run ``run_id`` waits for in ``folder``, from our own
    record of it; None where there is none. Changes nothing."""
    layout = Layout(absolute(folder))
    waiting = [item for item in load_all(layout).values() if item.pending and item.run_id == run_id]
    return Desk(layout, waiting[-1]).request if waiting else None


_UNBOUND = frozenset({"envelope", "request-id"})


def _pending(layout: Layout) -> Dossier:
    dossiers = load_all(layout)
    published = Shelf(layout).published() or {}
    shown = dossiers.get(str(published.get("request_id")))
    if shown is not None and shown.pending:
        return shown
    waiting = [item for item in dossiers.values() if item.pending]
    if waiting:
        return waiting[-1]
    last = next(reversed(dossiers.values()), None)
    told = f"the last one, {last.id}, is {last.state}: {last.reason}" if last else ""
    raise BadInput(f"no request is pending in {str(layout.folder)!r}", hint=told)


def _placed(found: Sequence[AnsweredAgent | Issue], name: str) -> list[AnsweredAgent | Issue]:
    """The same with the file's name in each place."""
    placed: list[AnsweredAgent | Issue] = []
    for item in found:
        place = f"{name}:{item.place}"
        if isinstance(item, AnsweredAgent):
            placed.append(AnsweredAgent(item.name, item.data, place, item.repaired))
        else:
            placed.append(Issue(item.rule, place, item.message, item.fix, item.severity))
    return placed


def _checked(
    found: Sequence[AnsweredAgent | Issue],
    expected: Sequence[str],
    issues: Sequence[Issue],
    source: str,
) -> Checked:
    placed = _placed(found, source) if source else list(found)
    agents = {item.name: item for item in reversed(placed) if isinstance(item, AnsweredAgent)}
    missing = tuple(name for name in expected if name not in agents)
    told = [*issues, *(item for item in placed if isinstance(item, Issue))]
    return Checked(tuple(agents[name] for name in expected if name in agents), missing, tuple(told))
