"""What a deployment does or did, for a person and as a document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from template_creation.cli.run import Console
from template_creation.deployment import Plan, Step
from template_creation.errors import ExitCode

__all__ = ["finish", "plan_document", "step_lines"]


def step_lines(steps: Sequence[Step]) -> list[str]:
    """One line for each step that is not ``same``."""
    return [_line(step) for step in steps if step.drifts]


def plan_document(planned: Plan) -> dict[str, Any]:
    """The steps of ``planned`` as data."""
    return {
        "dest": str(planned.site.root),
        "files": [
            {"path": step.path, "change": step.change, "why": step.why} for step in planned.steps
        ],
    }


def finish(
    console: Console,
    document: dict[str, Any],
    *,
    steps: Sequence[Step],
    done: str,
    dry_run: bool,
    check: bool = False,
    help_kept: str = "",
) -> None:
    """Print the result. With ``check`` a difference ends with exit code 5."""
    code = ExitCode.DONE
    status = "planned" if dry_run else "done"
    lines = step_lines(steps)
    drifting = [step for step in steps if step.drifts]
    if check:
        status = "drifted" if drifting else "current"
        code = ExitCode.VALIDATION_FAILED if drifting else ExitCode.DONE
        lines.append(_verdict(steps, drifting))
    else:
        lines.append(_summary(steps, done, dry_run=dry_run))
    console.result("\n".join(lines), {"status": status, "exit_code": int(code), **document})
    if help_kept and any(step.change == "kept" for step in steps):
        console.note(help_kept)
    if code:
        raise SystemExit(int(code))


def _line(step: Step) -> str:
    part = " (its part)" if step.block else ""
    why = f": {step.why}" if step.why else ""
    return f"  {step.change:<8}  {step.path}{part}{why}"


def _verdict(steps: Sequence[Step], drifting: Sequence[Step]) -> str:
    if not drifting:
        return f"No drift: {_files(len(steps))} as wanted."
    return f"Drift: {len(drifting)} of {_files(len(steps))} not as wanted."


def _summary(steps: Sequence[Step], done: str, *, dry_run: bool) -> str:
    counts = {
        word: sum(step.change in changes for step in steps)
        for word, changes in (
            ("to write" if dry_run else "written", ("new", "updated", "replaced")),
            ("to remove" if dry_run else "removed", ("removed",)),
            ("kept as you have them", ("kept",)),
            ("as they are" if dry_run else "as they were", ("same",)),
        )
    }
    told = ", ".join(f"{number} {word}" for word, number in counts.items() if number)
    nothing = "; nothing was changed" if dry_run else ""
    return f"{done}: {told or 'nothing to do'}{nothing}."


def _files(number: int) -> str:
    return f"{number} file" if number == 1 else f"{number} files"
