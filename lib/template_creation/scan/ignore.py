"""The list of a folder without git: ignore files stacked folder by folder, as git does it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pathspec import GitIgnoreSpec

from template_creation.scan.listing import Entry, Listing
from template_creation.scan.names import PRUNED_FOLDERS

__all__ = ["list_with_pathspec"]

_VERSION_CONTROL: Final = frozenset({b".git", b".hg", b".svn", b".bzr", b".jj"})
_MAX_IGNORE_BYTES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class _Layer:
    """The rules of one ignore file; ``prefix`` is its folder relative to the top, with a
    slash at the end."""

    prefix: str
    spec: GitIgnoreSpec

    def decide(self, path: str) -> bool | None:
        """True: ignored; False: taken back by a negation; None: no rule says anything."""
        return self.spec.check_file(path[len(self.prefix) :]).include


def list_with_pathspec(root: Path, *, notes: tuple[str, ...] = ()) -> Listing:
    """Every file under ``root`` that no ignore file leaves out. Symbolic links are listed and
    never followed. Inside a repository that git did not list, the ignore files above ``root``
    and ``.git/info/exclude`` count too, unless they ignore ``root`` itself."""
    top = _repository_top(root)
    layers = list(_layers_above(top, root)) if top is not None else []
    inside = "" if top is None else _relative(root, top)
    if _leads_through_ignored(inside, layers):
        layers = []
    return Listing(tuple(_walk(root, layers, inside)), "pathspec", notes=notes)


def _leads_through_ignored(inside: str, layers: list[_Layer]) -> bool:
    parts = inside.split("/")[:-1]
    folders = ("/".join(parts[:end]) + "/" for end in range(1, len(parts) + 1))
    return any(
        _is_ignored(
            folder,
            (
                layer
                for layer in layers
                if folder != layer.prefix and folder.startswith(layer.prefix)
            ),
        )
        for folder in folders
    )


def _repository_top(root: Path) -> Path | None:
    return next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), None)


def _relative(folder: Path, top: Path) -> str:
    relative = folder.relative_to(top).as_posix()
    return "" if relative == "." else f"{relative}/"


def _layers_above(top: Path, root: Path) -> Iterator[_Layer]:
    exclude = _spec(os.fsencode(top / ".git" / "info" / "exclude"))
    if exclude is not None:
        yield _Layer("", exclude)
    if top != root:
        between = [folder for folder in root.parents if folder == top or top in folder.parents]
        for folder in reversed(between):
            spec = _spec(os.fsencode(folder / ".gitignore"))
            if spec is not None:
                yield _Layer(_relative(folder, top), spec)


def _walk(root: Path, layers: list[_Layer], inside: str) -> Iterator[Entry]:
    """Entries below ``root``; ``inside`` is its path from the top of the repository."""
    base = os.fsencode(root)
    pending: list[tuple[bytes, list[_Layer]]] = [(b"", layers)]
    while pending:
        folder, above = pending.pop()
        here = base + b"/" + folder
        prefix = inside + folder.decode("utf-8", "surrogateescape")
        spec = _spec(here + b"/.gitignore")
        active = [*above, _Layer(prefix, spec)] if spec is not None else above
        try:
            found = sorted(os.scandir(here), key=lambda item: item.name)
        except OSError:
            yield Entry(folder.rstrip(b"/"), "unreadable")
            continue
        for item in found:
            path = folder + item.name
            text = prefix + item.name.decode("utf-8", "surrogateescape")
            if item.is_symlink():
                if not _is_ignored(text, active):
                    yield Entry(path, "symlink")
            elif not item.is_dir(follow_symlinks=False):
                if not _is_ignored(text, active):
                    yield Entry(path)
            elif item.name not in _VERSION_CONTROL and not _is_ignored(f"{text}/", active):
                if item.name.lower() in PRUNED_FOLDERS:
                    yield Entry(path, "vendored")
                elif os.path.lexists(item.path + b"/.git"):
                    yield Entry(path, "submodule")
                else:
                    pending.append((path + b"/", active))


def _is_ignored(path: str, layers: Iterable[_Layer]) -> bool:
    """The nearest ignore file with an opinion decides."""
    for layer in reversed(list(layers)):
        if (decision := layer.decide(path)) is not None:
            return decision
    return False


def _spec(path: bytes) -> GitIgnoreSpec | None:
    """The rules of the ignore file at ``path``; git does not follow a linked one, nor do we."""
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return None
        with open(path, "rb") as stream:  # noqa: PTH123 - a bytes path, Path takes none
            data = stream.read(_MAX_IGNORE_BYTES)
    except OSError:
        return None
    lines = data.decode("utf-8-sig", "surrogateescape").splitlines()
    return GitIgnoreSpec.from_lines(lines) if lines else None
