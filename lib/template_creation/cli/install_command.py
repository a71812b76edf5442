"""``template-create install`` and ``uninstall``: the commands for Claude Code."""

from __future__ import annotations

from pathlib import Path

from template_creation.cli.plan_text import finish, plan_document
from template_creation.cli.run import Console
from template_creation.deployment import carry_out
from template_creation.errors import BadInput
from template_creation.installing import plan_install, plan_uninstall
from template_creation.version import version

__all__ = ["run_install", "run_uninstall"]


def run_install(
    console: Console, *, user: bool, project: Path | None, dry_run: bool, force: bool
) -> None:
    """Place the assets; files that somebody edited are kept without ``force``."""
    _one_place(user, project)
    planned = plan_install(project, force=force)
    if not dry_run:
        carry_out(planned)
    where = planned.site.root
    again = "install --force takes the new version of the kept files; your edits are lost then"
    document = {"version": version(), **plan_document(planned)}
    done = f"template-create {version()} in {where}"
    finish(console, document, steps=planned.steps, done=done, dry_run=dry_run, help_kept=again)
    if not dry_run and planned.of("new", "updated", "replaced"):
        console.note("Start Claude Code anew, then type /template-create --name NAME")


def run_uninstall(
    console: Console, *, user: bool, project: Path | None, dry_run: bool, force: bool
) -> None:
    """Remove what was installed; files that somebody edited are kept without ``force``."""
    _one_place(user, project)
    planned = plan_uninstall(project, force=force)
    if not dry_run:
        carry_out(planned)
    if not planned.steps:
        console.note("nothing of template-create is recorded there")
    left = "the kept files are yours now: delete them by hand"
    done = f"template-create taken out of {planned.site.root}"
    finish(
        console,
        plan_document(planned),
        steps=planned.steps,
        done=done,
        dry_run=dry_run,
        help_kept=left,
    )


def _one_place(user: bool, project: Path | None) -> None:
    if user and project is not None:
        raise BadInput("--user and --project exclude each other", hint="leave one of them out")
