"""``template-create export``: a package's agents for other assistants."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from template_creation.cli.plan_text import finish, plan_document
from template_creation.cli.run import Console
from template_creation.deployment import carry_out
from template_creation.exports import plan_exports

__all__ = ["run_export"]

_KEPT = "kept files stay as you have them; --force replaces them, your edits are lost then"


def run_export(
    console: Console,
    *,
    package: Path,
    dest: Path,
    formats: Sequence[str],
    force: bool,
    check: bool,
    dry_run: bool,
) -> None:
    """Write the formats below ``dest``; with ``check`` only tell the drift (exit 5)."""
    exports = plan_exports(package, dest, formats, force=force)
    for item in exports:
        if not (check or dry_run):
            carry_out(item.plan)
        for loss in item.losses:
            console.note(f"{item.name}: {loss}")
    document = {
        "dest": str(dest),
        "exports": [
            {"format": item.name, "losses": list(item.losses), **plan_document(item.plan)}
            for item in exports
        ],
    }
    finish(
        console,
        document,
        steps=[step for item in exports for step in item.plan.steps],
        done=f"{', '.join(item.name for item in exports)} in {dest}",
        dry_run=dry_run,
        check=check,
        help_kept=_KEPT,
    )
