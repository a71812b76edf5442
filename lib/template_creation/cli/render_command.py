"""``template-create render``: code from the templates of a package."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from template_creation.cli.run import Console
from template_creation.codegen import (
    RenderedFile,
    generate,
    select_templates,
    templates_for,
    write_files,
)
from template_creation.errors import BadInput
from template_creation.package import load_package

__all__ = ["run_render", "values_of"]


def run_render(
    console: Console,
    *,
    package: Path,
    dest: Path,
    sets: Sequence[str],
    original: bool,
    every: bool,
    like: str,
    only: Sequence[str],
    force: bool,
    dry_run: bool,
) -> None:
    """Write the rendered files below ``dest``; files that are there and differ are refused
    without ``force``."""
    values = values_of(sets)
    if original and values:
        raise BadInput("--original and --set exclude each other", hint="leave one of them out")
    loaded = load_package(package)
    chosen = select_templates(loaded.templates, only)
    left: tuple[tuple[str, str], ...] = ()
    if values and not (only or every):
        selection = templates_for(chosen, values, like=like)
        chosen, left = selection.chosen or chosen, selection.left if selection.chosen else ()
    files = generate(chosen, None if original else values)
    outcomes = write_files(files, dest, force=force, dry_run=dry_run)
    document = {
        "status": "planned" if dry_run else "done",
        "exit_code": 0,
        "dest": str(dest),
        "files": [asdict(item) for item in outcomes],
        "left": [{"template": name, "reason": reason} for name, reason in left],
    }
    console.result(_text(outcomes, dest, dry_run=dry_run), document)
    for template_id, reason in left:
        console.note(f"left {template_id}: {reason}")
    if left:
        console.note("--all or --only writes them too; --like ENTITY starts from another one")


def values_of(sets: Sequence[str]) -> dict[str, str]:
    """The values of ``--set KEY=VALUE``. Raises `BadInput` for another form or a key twice."""
    values: dict[str, str] = {}
    for key, value in map(_pair, sets):
        if key in values:
            raise BadInput(f"--set {key}= is given twice", hint="give it once")
        values[key] = value
    return values


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
    files = "1 file" if new == 1 else f"{new} files"
    return "\n".join([*lines, f"{verb} {files} to {dest}{tail}."])
