"""``template-create render``: code from the templates of a package."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from template_creation.cli.run import Console
from template_creation.errors import BadInput
from template_creation.generate import RenderedFile, about, generate, select_templates, write_files
from template_creation.package import load_package

__all__ = ["run_render"]


def run_render(
    console: Console,
    *,
    package: Path,
    dest: Path,
    sets: Sequence[str],
    original: bool,
    every: bool,
    only: Sequence[str],
    force: bool,
    dry_run: bool,
) -> None:
    """Write the rendered files below ``dest``; files that are there and differ are refused
    without ``force``."""
    values = dict(_pair(item) for item in sets)
    if original and values:
        raise BadInput("--original and --set exclude each other", hint="leave one of them out")
    loaded = load_package(package)
    chosen = select_templates(loaded.templates, only)
    if not (original or only or every):
        chosen = about(chosen, values) or chosen
    files = generate(chosen, None if original else values)
    outcomes = write_files(files, dest, force=force, dry_run=dry_run)
    document = {
        "status": "planned" if dry_run else "done",
        "exit_code": 0,
        "dest": str(dest),
        "files": [asdict(item) for item in outcomes],
    }
    console.result(_text(outcomes, dest, dry_run=dry_run), document)
    left = len(loaded.templates) - len(chosen)
    if left and not only:
        console.note(
            f"{left} templates do not name it in their path and were left; --all adds them."
        )


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise BadInput(f"--set takes KEY=VALUE, not {text!r}", hint='for example entity="order"')
    return key.strip(), value


def _text(outcomes: Sequence[RenderedFile], dest: Path, *, dry_run: bool) -> str:
    lines = [f"  {item.change:<8}  {item.path}  ({item.template})" for item in outcomes]
    verb = "Would write" if dry_run else "Wrote"
    new = sum(item.change != "same" for item in outcomes)
    same = len(outcomes) - new
    tail = f"; {same} were there already" if same else ""
    return "\n".join([*lines, f"{verb} {new} files to {dest}{tail}."])
