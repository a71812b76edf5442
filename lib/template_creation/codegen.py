"""Code from templates, written into a folder: all of it or nothing, never over an edit.

(Issue 2, ``template-create render``; DESIGN section 5, Templates.)
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from template_creation.errors import BadInput, WriteError
from template_creation.templating import (
    check_values,
    render_original,
    render_path,
    render_template,
)
from template_creation.templating.render import PLURAL_SUFFIX
from template_creation.values.template import Placeholder, Template, TemplateSet

__all__ = [
    "Rendered",
    "RenderedFile",
    "Selection",
    "generate",
    "select_templates",
    "templates_for",
    "write_files",
]


@dataclass(frozen=True, slots=True)
class Rendered:
    """A file to write: its path below the destination, its bytes, the template's id."""

    path: str
    data: bytes
    template: str


@dataclass(frozen=True, slots=True)
class RenderedFile:
    """What became of a file: ``new``, ``replaced`` (only with force) or ``same``."""

    path: str
    template: str
    change: Literal["new", "replaced", "same"]


def select_templates(templates: TemplateSet, only: Sequence[str]) -> tuple[Template, ...]:
    """The templates named by id (``T3``) or layer; all of them for an empty ``only``.

    Raises `BadInput` for a name that is neither, and for a package without templates.
    """
    if not len(templates):
        raise BadInput("the package has no templates", hint="make it from a larger codebase")
    ids = {item.id for item in templates}
    unknown = [name for name in only if name not in ids and name not in templates.layers]
    if unknown:
        raise BadInput(
            f"--only {unknown[0]!r} is neither a template nor a layer of the package",
            hint=f"ids: {', '.join(sorted(ids, key=_by_number))}; "
            f"layers: {', '.join(templates.layers)}",
        )
    wanted = set(only)
    return tuple(
        item for item in templates if not wanted or item.id in wanted or item.layer in wanted
    )


@dataclass(frozen=True, slots=True)
class Selection:
    """The templates to render for a new thing, and why the others were left."""

    chosen: tuple[Template, ...]
    left: tuple[tuple[str, str], ...]


def templates_for(
    templates: Sequence[Template], values: Mapping[str, str], *, like: str = ""
) -> Selection:
    """The templates that make one new thing: path and content name it, and all come from the
    same entity, ``like`` or the most frequent one, so that the files fit together.

    ``left`` has the id of each other template and the reason. Raises `BadInput` where no
    template comes from ``like``.
    """
    given = {key.removesuffix(PLURAL_SUFFIX) for key in values}
    about = [item for item in templates if _names(item, given)]
    left = [
        (item.id, "would only be a copy: it does not name the new thing")
        for item in templates
        if item not in about
    ]
    origins = Counter(_entity(item) for item in about)
    wanted = _origin(like, origins)
    chosen = [item for item in about if _entity(item) in (wanted, "")]
    left += [
        (item.id, f"comes from {_entity(item)}, the others from {wanted}")
        for item in about
        if item not in chosen
    ]
    return Selection(tuple(chosen), tuple(left))


def _names(template: Template, terms: Collection[str]) -> bool:
    return all(
        any(isinstance(part, Placeholder) and part.term in terms for part in segments)
        for segments in (template.path_segments, template.segments)
    )


def _entity(template: Template) -> str:
    """The original entity of a template that has a placeholder for it, else nothing."""
    if all(item.term != "entity" for item in template.placeholders):
        return ""
    return next((" ".join(term.words) for term in template.original if term.key == "entity"), "")


def _origin(like: str, origins: Counter[str]) -> str:
    named = {name: count for name, count in origins.items() if name}
    if like and like.lower() not in named:
        known = ", ".join(sorted(named)) or "none"
        raise BadInput(f"no template comes from {like!r}", hint=f"there are: {known}")
    return like.lower() or min(named, key=lambda name: (-named[name], name), default="")


def _by_number(template_id: str) -> tuple[int, str]:
    digits = template_id.lstrip("T")
    return (int(digits) if digits.isdigit() else 0, template_id)


def generate(
    templates: Sequence[Template], values: Mapping[str, str] | None
) -> tuple[Rendered, ...]:
    """The files of ``templates`` for ``values``; the originals where ``values`` is ``None``.

    Raises `BadInput` for a value that is missing, unknown, or would break the code, and where
    two templates would be the same file.
    """
    if values is None:
        return tuple(Rendered(item.source, _original(item), item.id) for item in templates)
    _check_keys(templates, values)
    check_values(templates, values)
    files = tuple(
        Rendered(render_path(item, values), render_template(item, values), item.id)
        for item in templates
    )
    by_path: dict[str, str] = {}
    for file in files:
        if file.path in by_path:
            raise BadInput(
                f"{by_path[file.path]} and {file.template} would both be {file.path!r}",
                hint=f"render one of them: --only {file.template}",
            )
        by_path[file.path] = file.template
    return files


def _original(template: Template) -> bytes:
    data = render_original(template)
    if template.sha256 and hashlib.sha256(data).hexdigest() != template.sha256:
        raise BadInput(
            f"{template.path!r} was edited: it no longer gives {template.source!r} back",
            hint=f"restore it, or leave it out with --only (it is {template.id})",
        )
    return data


def _check_keys(templates: Sequence[Template], values: Mapping[str, str]) -> None:
    used = {placeholder.term for item in templates for placeholder in item.placeholders}
    known = used | {key + PLURAL_SUFFIX for key in used}
    for key in values:
        if key not in known:
            raise BadInput(
                f"these templates ask for no {key!r}",
                hint=f"they ask for: {', '.join(sorted(used))}",
            )
    if "entity" in used and "entity" not in values:
        raise BadInput(
            "no value for entity", hint='add --set entity="order line", or use --original'
        )


def write_files(
    files: Iterable[Rendered], dest: Path, *, force: bool = False, dry_run: bool = False
) -> tuple[RenderedFile, ...]:
    """Write ``files`` below ``dest``, each at once; nothing is written if one may not be.

    Raises `BadInput` where a file is there and differs (without ``force``) or a path leads out
    of ``dest``; `WriteError` where the disk refuses.
    """
    root = dest.expanduser().absolute()
    todo = [(file, _inside(root, file.path)) for file in files]
    outcomes = tuple(RenderedFile(file.path, file.template, _change(file, at)) for file, at in todo)
    in_the_way = [item.path for item in outcomes if item.change == "replaced"]
    if in_the_way and not force:
        more = f" and {len(in_the_way) - 3} more" if len(in_the_way) > 3 else ""
        raise BadInput(
            f"would overwrite {', '.join(in_the_way[:3])}{more}; nothing was written",
            hint="choose another folder or value, or --force",
        )
    if not dry_run:
        for (file, at), outcome in zip(todo, outcomes, strict=True):
            if outcome.change != "same":
                _write(at, file.data)
    return outcomes


def _inside(root: Path, path: str) -> Path:
    at = (root / path).resolve()
    if root.resolve() not in at.parents:
        raise BadInput(f"{path!r} leads out of {str(root)!r}", hint="choose another value")
    return at


def _change(file: Rendered, at: Path) -> Literal["new", "replaced", "same"]:
    if not at.exists():
        return "new"
    if at.is_file() and at.read_bytes() == file.data:
        return "same"
    return "replaced"


def _write(at: Path, data: bytes) -> None:
    partial = at.with_name(f".{at.name}.{os.getpid()}.part")
    try:
        at.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(data)
        partial.replace(at)
    except OSError as exc:
        partial.unlink(missing_ok=True)
        raise WriteError(
            f"cannot write {str(at)!r}: {exc.strerror or exc}",
            hint="check that the folder may be written to and that there is room",
        ) from exc
