"""An export planned: made, checked against its own rules, compared with what is there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from template_creation.deployment import Item, Plan, Site, plan, templates_home
from template_creation.errors import BadInput, ValidationFailed
from template_creation.exports.formats import FORMATS, MARKETPLACE, export_as
from template_creation.exports.model import SourcePackage, read_source
from template_creation.exports.rules import check_export

__all__ = ["Export", "plan_exports"]


@dataclass(frozen=True)
class Export:
    """One format: what writing it would do, and what it cannot hold. ``templates`` is not one, but
    the templates that agents and guide cite, for all formats that lie in a project."""

    name: str
    plan: Plan
    losses: tuple[str, ...]


def plan_exports(
    package: Path, dest: Path, formats: Sequence[str], *, force: bool = False
) -> tuple[Export, ...]:
    """What exporting ``package`` into ``dest`` would do, format by format; nothing is written.

    Raises `BadInput` for an unknown format, a folder that is no package or has no guide to export,
    a ``dest`` in it or with a marketplace of others;
    `ValidationFailed` where a file would break the rules of its format.
    """
    for name in formats:
        if name not in FORMATS:
            raise BadInput(f"there is no format {name!r}", hint=f"there are: {', '.join(FORMATS)}")
    if not formats:
        raise BadInput("no format given", hint=f"--to one of: {', '.join(FORMATS)}")
    source = read_source(package)
    if "agents-md" in formats and not source.guide:
        raise BadInput(
            f"{str(package)!r} has no AGENTS.md, which is what agents-md writes",
            hint="leave agents-md out, or write one",
        )
    inner, outer = dest.resolve(), package.resolve()
    if inner == outer or outer in inner.parents:
        raise BadInput(
            f"{str(dest)!r} is the package itself or lies in it", hint="give another folder"
        )
    if dest.exists() and not dest.is_dir():
        raise BadInput(f"{str(dest)!r} is a file", hint="give a folder")
    if "claude-plugin" in formats and not force:
        _check_marketplace(source, dest)
    found = [_planned(name, source, dest, force) for name in dict.fromkeys(formats)]
    if source.templates and set(formats) != {"claude-plugin"}:
        found.append(_templates(source, dest, force))
    return tuple(found)


def _check_marketplace(source: SourcePackage, dest: Path) -> None:
    """A marketplace that is somebody else's is kept; then it has to name the plugin already."""
    path = dest / MARKETPLACE
    try:
        present = json.loads(path.read_bytes())
        names = {plugin["name"] for plugin in present["plugins"]}
    except FileNotFoundError:
        return
    except (OSError, ValueError, TypeError, KeyError) as exc:
        raise BadInput(
            f"{str(path)!r} is no marketplace ({exc!r})", hint="move it, or give another folder"
        ) from exc
    if source.name not in names:
        raise BadInput(
            f"{str(path)!r} is of other plugins and does not name {source.name!r}",
            hint="give a folder of its own, or add the plugin to that file first",
        )


def _templates(source: SourcePackage, dest: Path, force: bool) -> Export:
    """All that the package cites, whichever formats are asked for: it belongs to all of them."""
    home = templates_home(source.name)
    items = [Item(home + path, data) for path, data in source.templates.items()]
    site = Site(dest, dest, f"export:templates:{source.name}")
    about = {"version": source.version}
    return Export("templates", plan(site, items, about=about, force=force), ())


def _planned(name: str, source: SourcePackage, dest: Path, force: bool) -> Export:
    exported = export_as(name, source)
    issues = check_export(name, exported)
    if issues:
        more = f" (and {len(issues) - 1} more)" if len(issues) > 1 else ""
        raise ValidationFailed(
            f"{name}: {issues[0].place} {issues[0].message}{more}", hint=issues[0].fix
        )
    items = [
        Item(path, data, block=source.name if path in exported.blocks else "")
        for path, data in exported.files.items()
    ]
    site = Site(dest, dest, f"export:{name}:{source.name}")
    about = {"version": source.version}
    return Export(name, plan(site, items, about=about, force=force), exported.losses)
