"""What ``template-create memory`` does, for `template_creation.cli.memory_command`."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

from batch_engine.core import ConfigurationError, EngineError, Event, Listener, StepStarted
from memory_processing import (
    KINDS,
    BatchProcessingConfig,
    FileSource,
    ImportReport,
    MemoryStore,
    OpenPair,
    decide,
    export_memories,
    import_memories,
    open_pairs,
    open_store,
    preview_memories,
    store_stats,
    unmerge,
)
from memory_processing.exporting import markdown_lines, write_cogx
from memory_processing.importers import FORMATS, source_for
from template_creation.cli.memory_place import default_store
from template_creation.cli.progress import progress_listener
from template_creation.cli.run import Console
from template_creation.errors import BadInput, ExitCode, TemplateCreateError, WriteError

__all__ = [
    "export_store",
    "import_paths",
    "list_memories",
    "merge_two",
    "review_pairs",
    "show_formats",
    "show_stats",
    "take_back",
    "validate_paths",
]

_COUNTED_BYTES = 5_000_000
_SHOWN_TEXT = 90
_RULES_SHOWN = 8


def validate_paths(
    console: Console, paths: Sequence[Path], *, form: str, config: Path | None
) -> None:
    """Show what an import would do; exit 1 when a record cannot be imported."""
    with _translated():
        settings = {"log_progress": False}
        sources = _sources(paths, form)
        with _progress(console, sources) as listener:
            report = preview_memories(sources, _config(config, settings), listeners=[listener])
        code = ExitCode.FAILED if report.counts.failed else ExitCode.DONE
        status = "invalid" if report.counts.failed else "valid"
        _told(console, report, f"{_checked(report, sources)}\n{_quality(report)}", status, code)


def import_paths(
    console: Console,
    paths: Sequence[Path],
    *,
    form: str,
    store: str | None,
    config: Path | None,
    settings: Mapping[str, Any],
    dry_run: bool,
) -> None:
    """Import, show the report, exit 7 when some records failed and 1 when it came to nothing."""
    place = store or default_store()
    with _translated():
        chosen = _config(config, {"log_progress": console.verbose, **_given(settings)})
        if chosen.log_progress:
            logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s")
        sources = _sources(paths, form)
        with _opened(place, create=True) as opened, _progress(console, sources) as listener:
            report = import_memories(sources, opened, chosen, listeners=[listener], dry_run=dry_run)
        text = f"{report.text()}\nstore: {_shown_place(place)}"
        if report.counts.review and not dry_run:
            text += f"\nnext: template-create memory review{_store_option(store)}"
        _told(console, report, text, report.status, _code(report))


def review_pairs(
    console: Console,
    *,
    store: str | None,
    accept: Sequence[str],
    reject: Sequence[str],
    interactive: bool,
    limit: int,
) -> None:
    """Take decisions, or list the pairs that wait for one."""
    if interactive and not sys.stdin.isatty():
        raise BadInput("--interactive needs a terminal", hint="use --accept PAIR and --reject PAIR")
    with _translated(), _opened(store or default_store()) as opened:
        by_name = {pair_name(pair): pair for pair in open_pairs(opened)}
        decisions = [(name, "merge") for name in accept] + [(name, "apart") for name in reject]
        if twice := set(accept) & set(reject):
            raise BadInput(f"{min(twice)!r} is accepted and rejected", hint="decide for one")
        for name, _ in decisions:
            if name not in by_name:
                raise BadInput(f"no open pair is called {name!r}", hint="see `memory review`")
        taken = [*decisions]
        if interactive:
            taken += _asked(console, by_name)
        for name, verdict in taken:
            pair = by_name[name]
            decide(
                opened,
                pair.first.id,
                pair.second.id,
                "merge" if verdict == "merge" else "apart",
            )
        waiting = open_pairs(opened)
        document = {
            "status": "done",
            "exit_code": 0,
            "decided": [{"pair": name, "verdict": verdict} for name, verdict in taken],
            "open": len(waiting),
            "pairs": [{"pair": pair_name(pair), **pair.to_json()} for pair in waiting[:limit]],
        }
        console.result(_review_text(waiting, taken, limit), document)


def pair_name(pair: OpenPair) -> str:
    """The name of a pair, the same in every run and store: from the ids of both."""
    both = "\n".join(sorted((pair.first.id, pair.second.id)))
    return f"p-{blake2b(both.encode(), digest_size=4).hexdigest()}"


def merge_two(console: Console, first: str, second: str, *, store: str | None) -> None:
    """Merge two memories that a person says are the same."""
    with _translated(), _opened(store or default_store()) as opened:
        decide(opened, first, second, "merge")
        text = f"merged {first} and {second}; `memory unmerge` takes it back"
        console.result(text, {"status": "done", "exit_code": 0, "merged": [first, second]})


def take_back(console: Console, memory: str, *, store: str | None) -> None:
    """Take a merge back."""
    with _translated(), _opened(store or default_store()) as opened:
        freed = unmerge(opened, memory)
        text = "\n".join(f"{name} stands for itself again" for name in freed)
        console.result(text, {"status": "done", "exit_code": 0, "unmerged": list(freed)})


def show_stats(console: Console, *, store: str | None) -> None:
    """Show what the store holds and how imports went."""
    with _translated(), _opened(store or default_store()) as opened:
        found = store_stats(opened)
        console.result(found.table(), {"status": "done", "exit_code": 0, **found.to_json()})


def list_memories(console: Console, *, store: str | None, kind: str, text: str, limit: int) -> None:
    """List memories, the most painful first."""
    if kind and kind not in KINDS:
        raise BadInput(f"there is no kind {kind!r}", hint=f"known: {', '.join(KINDS)}")
    with _translated(), _opened(store or default_store()) as opened:
        found = [
            record
            for record in export_memories(opened)
            if (not kind or record.kind == kind) and text.casefold() in record.text.casefold()
        ]
    found.sort(key=lambda record: (-record.pain, -record.confidence, record.id))
    lines = []
    for record in found[:limit]:
        places = ", ".join(
            f"{one.source}:{one.line}" if one.line else one.source for one in record.provenance[:1]
        )
        figures = f"pain {record.pain:.2f}  confidence {record.confidence:.2f}"
        lines.append(f"{record.id}  {record.kind:<10}  {figures}  {places}")
        lines.append(f"    {_short(record.text)}")
    if len(found) > limit:
        lines.append(f"and {len(found) - limit:,} more; --limit shows them")
    shown = [record.to_json() for record in found[:limit]]
    document = {"status": "done", "exit_code": 0, "total": len(found), "memories": shown}
    console.result("\n".join(lines) or "no memories", document)


def export_store(
    console: Console,
    *,
    store: str | None,
    output: Path | None,
    form: str,
    members: bool,
    force: bool,
) -> None:
    """Write the memories to a file or folder, or on stdout."""
    known = ("jsonl", "markdown", "cogx")
    if form not in known:
        raise BadInput(f"there is no export format {form!r}", hint=f"known: {', '.join(known)}")
    if form == "cogx" and output is None:
        raise BadInput("a COGX archive is a folder", hint="name one with --output")
    if output is not None and output.exists() and not force:
        hint = "choose another --output, or replace it with --force"
        raise BadInput(f"{str(output)!r} exists", hint=hint)
    if output is None and console.as_json:
        raise BadInput("--json and an export on stdout exclude each other", hint="give --output")
    with _translated(), _opened(store or default_store()) as opened:
        records = export_memories(opened, members=members)
        count = 0
        try:
            if form == "cogx":
                assert output is not None
                count = write_cogx(records, output)
            else:
                kept = list(records) if form == "markdown" else records
                lines = (
                    markdown_lines(kept)
                    if form == "markdown"
                    else (record.to_text() for record in kept)
                )
                out = output.open("w", encoding="utf-8", newline="\n") if output else sys.stdout
                for line in lines:
                    out.write(line + "\n")
                    count += form == "jsonl" or line.startswith("- ")
                if output:
                    out.close()
        except OSError as error:
            raise WriteError(
                f"cannot write {str(output)!r}: {error.strerror}", hint="check the folder"
            ) from error
    if output is not None:
        document = {"status": "done", "exit_code": 0, "output": str(output), "memories": count}
        console.result(f"{count:,} memories in {output}", document)


def show_formats(console: Console) -> None:
    """List the formats of imports."""
    text = "\n".join(f"{name:<15} {item.title}" for name, item in FORMATS.items())
    rows = [{"name": name, "title": item.title} for name, item in FORMATS.items()]
    console.result(text, {"status": "done", "exit_code": 0, "formats": rows})


# -- inputs -------------------------------------------------------------------------------------


@contextmanager
def _translated() -> Iterator[None]:
    """Errors of the engine as those of the product."""
    try:
        yield
    except ConfigurationError as error:
        raise BadInput(error.message, hint=error.hint) from error
    except EngineError as error:
        raise TemplateCreateError(error.message, hint=error.hint) from error


def _sources(paths: Sequence[Path], form: str) -> list[FileSource]:
    for path in paths:
        if not path.exists():
            raise BadInput(f"no such file or folder: {str(path)!r}", hint="check the path")
    return [source_for(path, form=form, label=path.as_posix()) for path in paths]


def _given(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if value is not None}


def _config(path: Path | None, settings: Mapping[str, Any]) -> BatchProcessingConfig:
    base = BatchProcessingConfig.from_toml(path) if path else BatchProcessingConfig()
    config = BatchProcessingConfig.from_environment(os.environ, base=base)
    size = settings.get("batch_size")
    if isinstance(size, str) and size.isdecimal():
        settings = {**settings, "batch_size": int(size)}
    return config.updated(**settings)


@contextmanager
def _opened(place: str, *, create: bool = False) -> Iterator[MemoryStore]:
    is_server = place.startswith(("postgresql://", "postgres://"))
    if not is_server and not create and not Path(place).exists():
        raise BadInput(
            f"there is no memory store at {place!r}",
            hint="import something first: template-create memory import CLAUDE.md",
        )
    if not is_server and create:
        Path(place).parent.mkdir(parents=True, exist_ok=True)
    with open_store(place) as store:
        yield store


@contextmanager
def _progress(console: Console, sources: Sequence[FileSource]) -> Iterator[Listener]:
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
        if source.importer.name == "jsonl" and source.path.is_file():
            with source.path.open("rb") as file:
                total += sum(1 for line in file if line.strip())
        elif source.path.is_file() and source.path.stat().st_size <= _COUNTED_BYTES:
            try:
                total += sum(1 for _ in source.read())
            except EngineError:
                total += 1  # the import will say what is wrong with it
        else:
            return None
    return total


# -- texts --------------------------------------------------------------------------------------


def _code(report: ImportReport) -> ExitCode:
    if report.status in ("stopped", "rolled_back"):
        return ExitCode.FAILED
    if not report.counts.failed:
        return ExitCode.DONE
    stored = report.counts.successful + report.counts.skipped
    return ExitCode.PARTIAL if stored else ExitCode.FAILED


def _told(console: Console, report: ImportReport, text: str, status: str, code: ExitCode) -> None:
    console.result(text, {**report.to_json(), "status": status, "exit_code": int(code)})
    if code:
        raise SystemExit(int(code))


def _checked(report: ImportReport, sources: Sequence[FileSource]) -> str:
    """What an import would do, with the format of each source and the first errors."""
    counts = report.counts
    lines = [f"{source.label}: {source.importer.name}" for source in sources]
    lines.append(
        f"{counts.processed:,} records: {counts.successful:,} would be stored, "
        f"{counts.skipped:,} are duplicates, {counts.failed:,} are not valid; "
        f"{counts.merged:,} would be merged, {counts.review:,} pairs reviewed"
    )
    for error in report.errors[:10]:
        lines.append(f"  {error.place}: {error.record.error}")
        problems = error.record.fields
        for problem in problems:
            if problem.expected:
                lines.append(
                    f"      {problem.path}: expected {problem.expected}, got {problem.got}"
                )
        lines.append(f"      {error.record.hint}")
    if counts.failed > 10:
        lines.append(f"  and {counts.failed - 10:,} more; --json has the first 1,000")
    return "\n".join(lines)


def _quality(report: ImportReport) -> str:
    quality = report.quality
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(quality.kinds.items()))
    lines = [f"kinds: {kinds or 'none'}"]
    if quality.migrated:
        found = ", ".join(f"{n:,} from {version}" for version, n in quality.migrated.items())
        lines.append(f"migrated to schema version 2: {found}")
    concerns = sorted(quality.warnings.items(), key=lambda item: (-item[1], item[0]))
    lines += [f"weak: {name} ({count:,})" for name, count in concerns[:_RULES_SHOWN]]
    return "\n".join(lines)


def _review_text(waiting: Sequence[OpenPair], taken: Sequence[Any], limit: int) -> str:
    lines = [
        f"{name}: {'merged' if verdict == 'merge' else 'kept apart'}" for name, verdict in taken
    ]
    if not waiting:
        return "\n".join([*lines, "no pairs wait for a decision"])
    for pair in waiting[:limit]:
        lines += _pair_lines(pair)
    if len(waiting) > limit:
        lines.append(f"and {len(waiting) - limit:,} more; --limit shows them")
    lines.append("decide: template-create memory review --accept PAIR --reject PAIR")
    return "\n".join(lines)


def _pair_lines(pair: OpenPair) -> list[str]:
    reasons = "; ".join(pair.reasons) or "alike, but below the merge threshold"
    return [
        f"{pair_name(pair)}  {pair.similarity:.2f} alike: {reasons}",
        f"    {pair.first.id}  {_short(pair.first.text)}",
        f"    {pair.second.id}  {_short(pair.second.text)}",
    ]


def _asked(console: Console, pairs: Mapping[str, OpenPair]) -> list[tuple[str, str]]:
    """What a person answers, pair by pair; an empty answer leaves the pair open."""
    taken = []
    for name, pair in pairs.items():
        console.note("\n".join(_pair_lines(pair)))
        sys.stderr.write("same? [y] merge, [n] keep both, [s]kip, [q]uit: ")
        sys.stderr.flush()
        answer = sys.stdin.readline().strip().lower()[:1]
        if answer == "q":
            break
        if answer in ("y", "n"):
            taken.append((name, "merge" if answer == "y" else "apart"))
    return taken


def _short(text: str) -> str:
    flat = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return flat if len(flat) <= _SHOWN_TEXT else flat[: _SHOWN_TEXT - 1] + "…"


def _shown_place(place: str) -> str:
    """The store without a password."""
    scheme, separator, rest = place.partition("://")
    if not separator:
        return place
    user, at, host = rest.rpartition("@")
    return f"{scheme}://{user.partition(':')[0]}{at}{host}"


def _store_option(store: str | None) -> str:
    return f" --store {_shown_place(store)}" if store else ""
