"""A package put to use: its agents, guides and chosen templates in a project.

Agents go where Claude Code reads them, guides into CLAUDE.md and AGENTS.md between marks, the
templates that both cite into a folder of their own, code from templates beside the project's own.
What a user wrote is never written over. (Issue 7.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from template_creation.codegen import generate, select_templates, templates_for
from template_creation.deployment import (
    Item,
    Plan,
    Site,
    cite_from,
    cited_templates,
    plan,
    take_away,
    templates_home,
)
from template_creation.errors import BadInput
from template_creation.package import AGENTS_GUIDE, CLAUDE_GUIDE, MANIFEST, Package, digest
from template_creation.package import load_package as load

__all__ = ["Application", "owner_of", "plan_apply", "plan_unapply"]


@dataclass(frozen=True)
class Application:
    """What applying would do, and the templates that were ``left`` out, each with the reason."""

    plan: Plan
    left: tuple[tuple[str, str], ...] = ()


def owner_of(name: str) -> str:
    """Whose files those of the package ``name`` are, in the record."""
    return f"package:{name}"


def plan_apply(
    package: Path,
    dest: Path,
    *,
    templates: Sequence[str] = (),
    values: Mapping[str, str] | None = None,
    like: str = "",
) -> Application:
    """What placing ``package`` in the project ``dest`` would do; nothing is written.

    ``templates`` are ids or layers, rendered with ``values`` as ``render`` does; with values alone
    those templates are taken that make one new thing. Without either no code is placed. Raises
    `BadInput` for a folder that is no package or no project, and for refused values.
    """
    loaded = load(package)
    _check_dest(package, dest)
    code, left = _code(loaded, templates, values or {}, like)
    items = [*_cited(loaded, [*_agents(loaded), *_guides(loaded, dest)]), *code]
    return Application(plan(_site(loaded, dest), items, about=_about(loaded)), left)


def plan_unapply(package: Path, dest: Path) -> Plan:
    """What taking the agents and guides of ``package`` out of ``dest`` would do; edited ones and
    code stay."""
    _check_dest(package, dest)
    return take_away(_site(load(package), dest))


def _site(package: Package, dest: Path) -> Site:
    return Site(dest, dest / ".claude", owner_of(package.manifest["name"]))


def _about(package: Package) -> dict[str, object]:
    """Which package this was: its version, its generator, and the hash of its manifest."""
    return {
        "version": package.manifest["version"],
        "generator": {key: package.manifest["generator"][key] for key in ("name", "version")},
        "manifest": digest((package.root / MANIFEST).read_bytes()),
    }


def _check_dest(package: Path, dest: Path) -> None:
    if not dest.is_dir():
        raise BadInput(f"no such project: {str(dest)!r}", hint="give the folder of a project")
    inner, outer = dest.resolve(), package.resolve()
    if inner == outer or outer in inner.parents:
        raise BadInput(
            f"{str(dest)!r} is the package itself or lies in it",
            hint="give the folder of the project that is to use it",
        )


def _agents(package: Package) -> list[Item]:
    paths = package.agent_paths
    return [Item(f".claude/agents/{path.name}", path.read_bytes()) for path in paths]


def _cited(package: Package, items: Sequence[Item]) -> list[Item]:
    """``items`` with the templates that they cite, and citing them from where those will lie."""
    texts = [item.data.decode("utf-8", "surrogateescape") for item in items]
    templates = cited_templates(package.root, texts)
    home = templates_home(package.manifest["name"])
    moved = [
        replace(item, data=cite_from(text, templates, home).encode("utf-8", "surrogateescape"))
        for item, text in zip(items, texts, strict=True)
    ]
    return [*moved, *(Item(home + path, data) for path, data in templates.items())]


def _guides(package: Package, dest: Path) -> list[Item]:
    """The guides as blocks; CLAUDE.md imports AGENTS.md, so one is enough where both are one
    file."""
    same = (dest / CLAUDE_GUIDE).resolve() == (dest / AGENTS_GUIDE).resolve()
    names = (AGENTS_GUIDE,) if same else (AGENTS_GUIDE, CLAUDE_GUIDE)
    present = [package.root / name for name in names if (package.root / name).is_file()]
    name = package.manifest["name"]
    return [Item(path.name, path.read_bytes(), block=name) for path in present]


def _code(
    package: Package, templates: Sequence[str], values: Mapping[str, str], like: str
) -> tuple[list[Item], tuple[tuple[str, str], ...]]:
    if not templates and not values:
        return [], ()
    if not values:
        raise BadInput(
            "templates need values", hint='add --set entity="order line", or leave --template out'
        )
    chosen = select_templates(package.templates, templates)
    left: tuple[tuple[str, str], ...] = ()
    if not templates:
        selection = templates_for(chosen, values, like=like)
        chosen, left = selection.chosen or chosen, selection.left if selection.chosen else ()
    files = generate(chosen, values)
    return [Item(file.path, file.data, once=True) for file in files], left
