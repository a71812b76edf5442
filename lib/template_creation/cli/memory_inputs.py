"""What the memory commands share: sources, settings, stores, progress, errors."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from batch_engine.core import ConfigurationError, EngineError, Event, Listener, StepStarted
from memory_processing import (
    BatchProcessingConfig,
    FileSource,
    MemoryRecord,
    MemoryStore,
    open_store,
)
from memory_processing.identity import group_key, memory_id
from memory_processing.importers import source_for
from memory_processing.importers.folders import files_below, label_below
from memory_processing.importers.reading import MAX_LINE
from memory_processing.importers.reading import opened as opened_file
from template_creation.cli.progress import progress_listener
from template_creation.cli.run import Console
from template_creation.errors import BadInput, TemplateCreateError, WriteError

__all__ = [
    "given",
    "merged_into",
    "not_read",
    "opened",
    "progress_of",
    "settled",
    "short",
    "shown_place",
    "sources_at",
    "store_option",
    "translated",
]

_COUNTED_BYTES = 5_000_000
_MARKDOWN = frozenset({"instructions", "lessons", "adr"})
_OTHERS = (".jsonl", ".ndjson", ".af")
_SHOWN_TEXT = 90


@contextmanager
def translated() -> Iterator[None]:
    """Errors of the engine as those of the product."""
    try:
        yield
    except ConfigurationError as error:
        raise BadInput(error.message, hint=error.hint) from error
    except EngineError as error:
        raise TemplateCreateError(error.message, hint=error.hint) from error


def sources_at(paths: Sequence[Path], form: str) -> list[FileSource]:
    """The sources at these paths, in the format named or found; `BadInput` for a missing one."""
    for path in paths:
        if not _is_there(path):
            raise BadInput(f"no such file or folder: {str(path)!r}", hint="check the path")
    return [source_for(path, form=form, label=path.as_posix()) for path in paths]


def _is_there(path: Path) -> bool:
    """Whether there is something; `BadInput` where one may not even look."""
    try:
        return path.exists()
    except OSError as error:
        raise BadInput(
            f"cannot read {str(path)!r}: {error.strerror}", hint="check the permissions"
        ) from error


def not_read(sources: Sequence[FileSource]) -> list[str]:
    """What lies in a folder and holds memories in a format that the folder is not read in."""
    lines = []
    for source in sources:
        if source.path.is_dir() and source.importer.name in _MARKDOWN:
            files = list(files_below(source.path, _OTHERS, source.label))
            shown = ", ".join(label_below(one, source.path, source.label) for one in files[:3])
            more = f" and {len(files) - 3:,} more" if len(files) > 3 else ""
            if files:
                lines.append(f"not read: {shown}{more}; give their paths to read them too")
    return lines


def merged_into(
    store: MemoryStore, records: Sequence[MemoryRecord]
) -> dict[str, list[dict[str, Any]]]:
    """By survivor's id what stands behind it: id, text, similarity, who decided, the conflicts."""
    behind: dict[str, list[dict[str, Any]]] = {}
    for group in sorted({group_key(record) for record in records}):
        rows = store.merges(group)
        found = store.find_hashes([row.pair.member for row in rows])
        for row in rows:
            behind.setdefault(memory_id(row.pair.survivor), []).append(
                {
                    "id": memory_id(row.pair.member),
                    "text": json.loads(found[row.pair.member].data)["text"],
                    "similarity": row.pair.similarity,
                    "by": row.pair.by,
                    "conflicts": json.loads(row.conflicts),
                }
            )
    return behind


def given(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that were given."""
    return {name: value for name, value in settings.items() if value is not None}


def settled(path: Path | None, settings: Mapping[str, Any]) -> BatchProcessingConfig:
    """The configuration: ``settings`` over the environment over the TOML file."""
    base = BatchProcessingConfig.from_toml(path) if path else BatchProcessingConfig()
    config = BatchProcessingConfig.from_environment(os.environ, base=base)
    size = settings.get("batch_size")
    if isinstance(size, str) and size.isdecimal():
        settings = {**settings, "batch_size": int(size)}
    return config.updated(**settings)


@contextmanager
def opened(place: str, *, create: bool = False, read_only: bool = False) -> Iterator[MemoryStore]:
    """The store at a place; `BadInput` where there is none, unless it may be made. To read one,
    nothing has to be writable."""
    is_server = place.startswith(("postgresql://", "postgres://"))
    if not is_server and not create and not _is_there(Path(place)):
        raise BadInput(
            f"there is no memory store at {place!r}",
            hint="import something first: template-create memory import CLAUDE.md",
        )
    if not is_server and create:
        try:
            Path(place).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WriteError(
                f"cannot make the folder of {place!r}: {error.strerror or error}",
                hint="choose another --store",
            ) from error
    with open_store(place, read_only=read_only) as store:
        yield store


@contextmanager
def progress_of(console: Console, sources: Sequence[FileSource]) -> Iterator[Listener]:
    """Progress with the number of records, where that is quick to know."""
    if console.as_json:
        yield _ignore
        return
    total = _count(sources)
    with progress_listener(quiet=False) as display:

        def listener(event: Event) -> None:
            if isinstance(event, StepStarted) and event.total is None:
                event = replace(event, total=total)
            display(event)

        yield listener


def _ignore(_event: Event) -> None:
    return None


def _count(sources: Sequence[FileSource]) -> int | None:
    """How many records there are: lines of JSON lines are counted, small files read once more;
    for anything else there is no quick way, and progress has no end."""
    total = 0
    for source in sources:
        lines = source.importer.name == "jsonl" and source.path.is_file()
        if not lines and not (
            source.path.is_file() and source.path.stat().st_size <= _COUNTED_BYTES
        ):
            return None
        try:
            total += _lines_in(source) if lines else sum(1 for _ in source.read())
        except EngineError:
            total += 1  # the import will say what is wrong with it
    return total


def _lines_in(source: FileSource) -> int:
    with opened_file(source.path, source.label) as file:
        return sum(1 for line in iter(lambda: file.readline(MAX_LINE), b"") if line.strip())


def short(text: str) -> str:
    """A text on one line of at most 90 characters, without what a terminal would obey."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return flat if len(flat) <= _SHOWN_TEXT else flat[: _SHOWN_TEXT - 1] + "…"


def shown_place(place: str) -> str:
    """The store without a password."""
    scheme, separator, rest = place.partition("://")
    if not separator:
        return place
    user, at, host = rest.rpartition("@")
    return f"{scheme}://{user.partition(':')[0]}{at}{host}"


def store_option(store: str | None) -> str:
    """``--store`` as it was given, for a command to type next."""
    return f" --store {shown_place(store)}" if store else ""
