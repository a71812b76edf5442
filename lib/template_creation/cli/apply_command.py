"""``template-create apply``: a package's agents, guides and code in a project."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from template_creation.apply import Application, plan_apply, plan_unapply
from template_creation.cli.plan_text import finish, plan_document
from template_creation.cli.render_command import values_of
from template_creation.cli.run import Console
from template_creation.deployment import carry_out
from template_creation.errors import BadInput

__all__ = ["run_apply"]

_KEPT = (
    "kept files stay as you have them; delete one and apply again to take the package's, or take "
    "another package out first (apply OTHER DEST --remove)"
)


def run_apply(
    console: Console,
    *,
    package: Path,
    dest: Path,
    templates: Sequence[str],
    sets: Sequence[str],
    like: str,
    remove: bool,
    check: bool,
    dry_run: bool,
) -> None:
    """Place what the package has for a project; with ``check`` only tell the drift (exit 5)."""
    if remove and (templates or sets or check):
        raise BadInput("--remove goes with no other choice", hint="it takes what was placed away")
    if remove:
        application = Application(plan_unapply(package, dest))
    else:
        application = plan_apply(
            package, dest, templates=templates, values=values_of(sets), like=like
        )
    planned, left = application.plan, application.left
    if not (check or dry_run):
        carry_out(planned)
    document = {
        **plan_document(planned),
        "left": [{"template": name, "reason": reason} for name, reason in left],
    }
    name = planned.site.owner.partition(":")[2]
    done = f"{name} {'taken out of' if remove else 'in'} {dest}"
    for template, reason in left:
        console.note(f"left {template}: {reason}")
    finish(
        console,
        document,
        steps=planned.steps,
        done=done,
        dry_run=dry_run,
        check=check,
        help_kept=_KEPT,
    )
