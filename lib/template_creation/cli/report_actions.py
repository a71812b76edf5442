"""What ``template-create report`` does: read package and run state, write the page, show it."""

from __future__ import annotations

import webbrowser
from pathlib import Path

from template_creation.cli.report_runs import recorded_runs
from template_creation.cli.run import Console
from template_creation.errors import BadInput, WriteError
from template_creation.package import load_package, write_file
from template_creation.reporting import GENERATOR_MARK, Findings, Run, render_report
from template_creation.validate import validate_package

__all__ = ["write_report"]

_HEAD = 2_000


def write_report(
    console: Console,
    *,
    package: Path,
    output: Path | None,
    state: Path | None,
    open_it: bool,
    force: bool,
) -> None:
    """Write the page and say where it is; with ``open_it`` also show it in a browser."""
    loaded = load_package(package)
    target = (output or Path(f"{loaded.manifest['name']}-report.html")).expanduser().absolute()
    _check_target(target, force=force)
    checked = validate_package(package)
    findings = Findings(checked.issues, checked.edited, checked.checked)
    runs = recorded_runs(loaded, state)
    page = render_report(loaded, findings=findings, runs=runs).encode()
    write_file(target, page)
    opened = open_it and _open(console, target)
    recorded = [run.title for run in runs if isinstance(run, Run)]
    document = {
        "status": "written",
        "exit_code": 0,
        "package": str(package),
        "report": str(target),
        "bytes": len(page),
        "agents": len(loaded.agent_paths),
        "templates": len(loaded.templates),
        "conventions": len(loaded.analysis.conventions),
        "errors": len(checked.errors),
        "warnings": len(checked.warnings),
        "recorded_runs": recorded,
        "opened": opened,
    }
    for run in runs:
        if not isinstance(run, Run):
            console.note(f"{run.title}: not recorded: {run.reason}")
    if checked.errors:
        noun = "error" if len(checked.errors) == 1 else "errors"
        console.note(f"The package has {len(checked.errors)} {noun}; the page lists them.")
    console.result(f"Report: {target} ({len(page) / 1000:.0f} kB)", document)


def _check_target(target: Path, *, force: bool) -> None:
    """Raises `BadInput` for a folder, and for a file that is not a report unless ``force``;
    `WriteError` where there is no folder to write into."""
    if target.is_dir():
        raise BadInput(f"{str(target)!r} is a folder", hint="name a file with --output")
    if not target.parent.is_dir():
        raise WriteError(f"there is no folder {str(target.parent)!r}", hint="make it first")
    if force or not target.exists():
        return
    try:
        with target.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as exc:
        raise WriteError(f"cannot read {str(target)!r}: {exc.strerror}") from exc
    if GENERATOR_MARK.encode() not in head:
        raise BadInput(
            f"{str(target)!r} is there, and no report of template-create",
            hint="name another file with --output, or replace it with --force",
        )


def _open(console: Console, target: Path) -> bool:
    """Whether a browser took the page; without one it is only said where the page is."""
    try:
        opened = webbrowser.open(target.as_uri())
    except webbrowser.Error:
        opened = False
    if not opened:
        console.note("No browser could be opened here; open the file yourself.")
    return opened
