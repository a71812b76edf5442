"""``template-create validate``: check a package and tell what is broken."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from template_creation.cli.run import Console
from template_creation.errors import ExitCode
from template_creation.validate import PackageReport, validate_package
from template_creation.values.agent import Issue

__all__ = ["run_validate"]


def run_validate(console: Console, *, package: Path, codebase: Path | None) -> None:
    """Print the findings; exit 5 when one of them is an error."""
    report = validate_package(package, codebase=codebase)
    code = ExitCode.VALIDATION_FAILED if report.errors else ExitCode.DONE
    document = {
        "status": "invalid" if report.errors else "valid",
        "exit_code": int(code),
        "package": str(report.package),
        "checked": report.checked,
        "errors": [asdict(item) for item in report.errors],
        "warnings": [asdict(item) for item in report.warnings],
        "edited": list(report.edited),
    }
    console.result(_text(report), document)
    if code:
        raise SystemExit(int(code))


def _text(report: PackageReport) -> str:
    lines = [_finding(item) for item in (*report.errors, *report.warnings)]
    if report.edited:
        lines.append(f"edited since it was made: {', '.join(report.edited)}")
    checked = ", ".join(_count(count, what) for what, count in report.checked.items())
    verdict = "invalid" if report.errors else "valid"
    found = f"{_count(len(report.errors), 'errors')}, {_count(len(report.warnings), 'warnings')}"
    lines.append(f"{verdict}: {found} (checked {checked})")
    return "\n".join(lines)


def _count(number: int, plural: str) -> str:
    return f"{number} {plural.removesuffix('s') if number == 1 else plural}"


def _finding(item: Issue) -> str:
    return f"{item.severity}: {item.place}: {item.message} [{item.rule}]\n  {item.fix}"
