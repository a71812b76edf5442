"""One look at a project and the user's folder: every agent, every finding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from template_creation.doctor.folders import misplaced
from template_creation.doctor.places import AgentFile, agent_folders, agents_in
from template_creation.doctor.programs import Program, find_claude, program_issues
from template_creation.doctor.records import is_installed, record_issues
from template_creation.doctor.rules import agent_issues
from template_creation.errors import BadInput
from template_creation.installing import claude_home
from template_creation.values.agent import Issue

__all__ = ["Examination", "examine", "shown_from"]


@dataclass(frozen=True)
class Examination:
    """What was looked at and found; ``agents`` come nearest folder first."""

    start: Path
    claude: Program
    agents: tuple[AgentFile, ...]
    issues: tuple[Issue, ...]

    @property
    def errors(self) -> tuple[Issue, ...]:
        """What does not work."""
        return tuple(item for item in self.issues if item.severity == "error")

    @property
    def warnings(self) -> tuple[Issue, ...]:
        """What works otherwise than the files say."""
        return tuple(item for item in self.issues if item.severity != "error")

    @property
    def names(self) -> tuple[str, ...]:
        """The agents that a session in ``start`` has, besides Claude Code's own; sorted."""
        return tuple(sorted({file.call_name for file in self.agents if file.loads}))


def examine(
    start: Path, *, config: Path | None = None, claude: Program | None = None
) -> Examination:
    """Examine a session in ``start``. ``config`` is the user's ``~/.claude``, ``claude`` the
    program, if it is known already.

    Raises `BadInput` where ``start`` is no folder.
    """
    if not start.is_dir():
        raise BadInput(f"no such folder: {str(start)!r}", hint="give the folder of a project")
    home = claude_home() if config is None else config
    program = find_claude() if claude is None else claude
    show = shown_from(start, home)
    folders = agent_folders(start, home)
    agents = tuple(file for folder in folders for file in agents_in(folder))
    project = start / ".claude"
    installed = is_installed(home) or is_installed(project)
    issues = [
        *program_issues(program, installed=installed),
        *agent_issues(agents, show),
        *misplaced(start, home, folders, show),
        *record_issues(home, home.parent, option="--user", shown=show(home)),
    ]
    if project.resolve() != home.resolve():
        issues += record_issues(project, start, option=f"--project {start}", shown=show(project))
    return Examination(start, program, agents, tuple(issues))


def shown_from(start: Path, home: Path) -> Callable[[Path], str]:
    """How a path is told: relative to ``start``, below ``~/.claude``, or whole."""

    def show(path: Path) -> str:
        for base, prefix in ((start, ""), (start.resolve(), ""), (home, "~/.claude/")):
            if path.is_relative_to(base):
                inside = path.relative_to(base).as_posix()
                return (prefix + inside).removesuffix("/.") if inside != "." else prefix[:-1] or "."
        return str(path)

    return show
