"""Our commands and subagent, where Claude Code reads them: for the user or for one project.

A file that somebody edited stays as it is and is told; the record in the same folder says what
was written last, and by which version. (Issue 7, Installer.)
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from template_creation.deployment import Item, Plan, Site, plan, take_away
from template_creation.errors import BadInput, GenerationError
from template_creation.version import version

__all__ = [
    "INSTALLED",
    "asset_items",
    "assets_folder",
    "claude_home",
    "install_site",
    "plan_install",
    "plan_uninstall",
]

INSTALLED = "install"
"""Whose files these are, in the record."""


def claude_home() -> Path:
    """The user's folder of Claude Code: ``CLAUDE_CONFIG_DIR``, else ``~/.claude``."""
    chosen = os.environ.get("CLAUDE_CONFIG_DIR")
    return Path(chosen).expanduser().absolute() if chosen else Path.home() / ".claude"


def install_site(project: Path | None) -> Site:
    """Where the assets go: below ``project``, or for the user where it is ``None``.

    Raises `BadInput` where the project is no folder.
    """
    if project is None:
        home = claude_home()
        return Site(home, home, INSTALLED)
    if not project.is_dir():
        raise BadInput(f"no such project: {str(project)!r}", hint="give --project a folder")
    return Site(project / ".claude", project / ".claude", INSTALLED)


def assets_folder() -> Path:
    """The folder of the assets, in a wheel and in a checkout. They are data of the package
    ``template_installer``, which is above this one, so it is found and not imported.

    Raises `GenerationError` in an installation without it.
    """
    spec = find_spec("template_installer")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (assets := Path(folder) / "assets").is_dir():
            return assets
    raise GenerationError(
        "the assets for Claude Code are missing",
        hint="install template-create again from its wheel",
    )


def asset_items() -> tuple[Item, ...]:
    """Every asset at its path below ``.claude``: ``commands/...`` and ``agents/...``."""
    root = assets_folder()
    return tuple(Item(path, (root / path).read_bytes()) for path in _paths(root))


def plan_install(project: Path | None, *, force: bool = False) -> Plan:
    """What installing would do; with ``force`` edited files are replaced."""
    about = {"generator": {"name": "template-create", "version": version()}}
    return plan(install_site(project), asset_items(), about=about, force=force)


def plan_uninstall(project: Path | None, *, force: bool = False) -> Plan:
    """What removing the assets would do; edited ones stay without ``force``."""
    return take_away(install_site(project), force=force)


def _paths(root: Path) -> Iterator[str]:
    for path in sorted(root.rglob("*.md")):
        yield path.relative_to(root).as_posix()
