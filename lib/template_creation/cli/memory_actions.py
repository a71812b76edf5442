"""What ``template-create memory`` does, for `template_creation.cli.memory_command`."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, TextIO

from memory_processing import (
    KINDS,
    FileSource,
    ImportReport,
    MemoryRecord,
    export_memories,
    import_memories,
    preview_memories,
    store_stats,
)
from memory_processing.exporting import markdown_lines, write_cogx
from memory_processing.importers import FORMATS
from template_creation.cli.memory_inputs import (
    given,
    merged_into,
    not_read,
    opened,
    progress_of,
    settled,
    short,
    shown_place,
    sources_at,
    store_option,
    translated,
)
from template_creation.cli.memory_place import default_store
from template_creation.cli.run import Console
from template_creation.errors import BadInput, ExitCode, WriteError

__all__ = [
    "export_store",
    "import_paths",
    "list_memories",
    "show_formats",
    "show_stats",
    "validate_paths",
]

_RULES_SHOWN = 8


def validate_paths(
    console: Console, paths: Sequence[Path], *, form: str, config: Path | None
) -> None:
    """Show what an import would do; exit 1 when a record cannot be imported."""
    with translated():
        settings = {"log_progress": False}
        sources = sources_at(paths, form)
        with progress_of(console, sources) as listener:
            report = preview_memories(sources, settled(config, settings), listeners=[listener])
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
    with translated():
        chosen = settled(config, {"log_progress": console.verbose, **given(settings)})
        if chosen.log_progress:
            logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s")
        sources = sources_at(paths, form)
        with opened(place, create=True) as memories, progress_of(console, sources) as listener:
            report = import_memories(
                sources, memories, chosen, listeners=[listener], dry_run=dry_run
            )
        told = [report.text(), *_without_records(report, sources), *not_read(sources)]
        text = "\n".join([*told, f"store: {shown_place(place)}"])
        if report.counts.review and not dry_run:
            text += f"\nnext: template-create memory review{store_option(store)}"
        _told(console, report, text, report.status, _code(report))


def show_stats(console: Console, *, store: str | None) -> None:
    """Show what the store holds and how imports went."""
    with translated(), opened(store or default_store(), read_only=True) as memories:
        found = store_stats(memories)
        console.result(found.table(), {"status": "done", "exit_code": 0, **found.to_json()})


def list_memories(console: Console, *, store: str | None, kind: str, text: str, limit: int) -> None:
    """List memories, the most painful first, each with those that are merged into it."""
    if kind and kind not in KINDS:
        raise BadInput(f"there is no kind {kind!r}", hint=f"known: {', '.join(KINDS)}")
    with translated(), opened(store or default_store(), read_only=True) as memories:
        found = [
            record
            for record in export_memories(memories)
            if (not kind or record.kind == kind) and text.casefold() in record.text.casefold()
        ]
        found.sort(key=lambda record: (-record.pain, -record.confidence, record.id))
        merged = merged_into(memories, found[:limit])
    lines = []
    for record in found[:limit]:
        places = ", ".join(
            f"{one.source}:{one.line}" if one.line else one.source for one in record.provenance[:1]
        )
        figures = f"pain {record.pain:.2f}  confidence {record.confidence:.2f}"
        lines.append(f"{record.id}  {record.kind:<10}  {figures}  {places}")
        lines.append(f"    {short(record.text)}")
        for one in merged.get(record.id, ()):
            lines.append(f"    = {one['id']}  {one['similarity']:.2f} alike, by {one['by']}")
            lines.append(f"      {short(one['text'])}")
            for item in one["conflicts"]:
                if item["field"] != "text":  # both texts stand there
                    others = short(", ".join(item["others"]))
                    lines.append(f"      {item['field']}: {short(item['kept'])}, not {others}")
    if len(found) > limit:
        lines.append(f"and {len(found) - limit:,} more; --limit shows them")
    shown = [{**record.to_json(), "merged": merged.get(record.id, [])} for record in found[:limit]]
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
    with translated(), opened(store or default_store(), read_only=True) as memories:
        try:
            with closing(export_memories(memories, members=members)) as records:
                count = _written(records, output, form)
        except OSError as error:
            raise WriteError(
                f"cannot write {str(output)!r}: {error.strerror}",
                hint="check the folder and its space; what was there before is unchanged",
            ) from error
    if output is not None:
        document = {"status": "done", "exit_code": 0, "output": str(output), "memories": count}
        console.result(f"{count:,} memories in {output}", document)


def _written(records: Iterator[MemoryRecord], output: Path | None, form: str) -> int:
    """How many were written. A file is new as a whole or what it was, also on a full disk."""
    if form == "cogx" and output is not None:
        return write_cogx(records, output)
    lines = markdown_lines(records) if form == "markdown" else (one.to_text() for one in records)
    if output is None:
        return _lines_into(sys.stdout, lines, form)
    beside = output.with_name(f".{output.name}.{os.getpid()}.part")
    try:
        with beside.open("w", encoding="utf-8", newline="\n") as file:
            count = _lines_into(file, lines, form)
        beside.replace(output)
    finally:
        beside.unlink(missing_ok=True)
    return count


def _lines_into(out: TextIO, lines: Iterable[str], form: str) -> int:
    count = 0
    for line in lines:
        out.write(line + "\n")
        count += form == "jsonl" or line.startswith("- ")
    return count


def show_formats(console: Console) -> None:
    """List the formats of imports."""
    text = "\n".join(f"{name:<15} {item.title}" for name, item in FORMATS.items())
    rows = [{"name": name, "title": item.title} for name, item in FORMATS.items()]
    console.result(text, {"status": "done", "exit_code": 0, "formats": rows})


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


def _without_records(report: ImportReport, sources: Sequence[FileSource]) -> list[str]:
    """Said where there was nothing at all: "completed" alone would sound like work done."""
    if report.counts.processed:
        return []
    return [f"nothing to import: no records in {', '.join(one.label for one in sources)}"]


def _checked(report: ImportReport, sources: Sequence[FileSource]) -> str:
    """What an import would do, with the format of each source and the first errors."""
    counts = report.counts
    lines = [f"{source.label}: {source.importer.name}" for source in sources]
    lines += not_read(sources)
    lines += _without_records(report, sources)
    lines.append(
        f"{counts.processed:,} record{'s' * (counts.processed != 1)}: "
        f"{counts.successful:,} new, {counts.skipped:,} duplicates, "
        f"{counts.failed:,} not valid; {counts.merged:,} merges, {counts.review:,} to review"
    )
    for error in report.errors[:10]:
        problems = error.record.fields
        if not problems:
            lines.append(f"  {error.place}: {error.record.error}")
            lines.append(f"      {error.record.hint}")
        for problem in problems:
            message, _, remedy = problem.problem.partition("; ")
            lines.append(f"  {error.place}: {problem.path or 'record'} {message}")
            if problem.expected:
                lines.append(f"      expected {problem.expected}, got {problem.got}")
            lines.append(f"      {remedy or error.record.hint}")
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
