"""Where files live, in a few words: folders with ``*`` where siblings differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

__all__ = ["folder_globs", "holds"]


def folder_globs(paths: Iterable[str], *, limit: int = 3) -> tuple[str, ...]:
    """The folders of ``paths``, those with most files first, at most ``limit``.

    A folder that holds four of five files stands for them. Else folders of one depth that agree
    in at least half of their names become one, with ``*`` where they differ. Up to two files
    stand for themselves, and files of one name in many folders are told by it.

    >>> folder_globs(["app/items/api/a.py", "app/users/api/b.py", "app/users/api/c.py"])
    ('app/*/api',)
    """
    files = sorted(set(paths))
    if len(files) <= 2:
        return tuple(files[:limit])
    counts = Counter(path.rpartition("/")[0] for path in files)
    if named := _same_name(files):
        return (named,)
    home = _home(counts, len(files))
    if home:
        inside = {folder for folder in counts if f"{folder}/".startswith(f"{home}/")}
        counts = Counter({key: counts[key] for key in counts if key not in inside})
        limit -= 1
    clusters = _clusters(counts)
    kept = ["/".join(parts) or "." for parts, count in clusters if not home or count >= 3]
    return (*([home] if home else []), *kept[:limit])


def holds(globs: Iterable[str], path: str) -> bool:
    """Whether ``path`` is one of ``globs``, or in a folder that is or lies below one.

    >>> holds(["app/*/api"], "app/items/api/v1/a.py"), holds(["."], "app/a.py")
    (True, False)
    """
    parts = path.split("/")
    return any(
        len(parts) == 1 if glob == "." else _begins(parts, glob.split("/")) for glob in globs
    )


def _begins(parts: list[str], glob: list[str]) -> bool:
    if glob[0] == "**":
        return parts[-1] == glob[-1]
    return len(glob) <= len(parts) and all(
        word in ("*", part) for word, part in zip(glob, parts, strict=False)
    )


def _same_name(files: list[str]) -> str:
    """``*/models.py`` where most files have one name in folders of their own, as in layouts by
    application; or nothing."""
    names = Counter(path.rpartition("/")[2] for path in files)
    name, count = max(names.items(), key=lambda item: (item[1], item[0]))
    if count < 3 or count * 5 < len(files) * 3:
        return ""
    folders = [path.rpartition("/")[0].split("/") for path in files if path.endswith(f"/{name}")]
    if len({len(parts) for parts in folders}) != 1:
        return f"**/{name}"
    merged = [part[0] if len(set(part)) == 1 else "*" for part in zip(*folders, strict=True)]
    return "/".join([*merged, name])


def _home(counts: Counter[str], total: int) -> str:
    """The deepest folder that holds four of five files and says something; or nothing."""
    held: Counter[str] = Counter()
    for folder, count in counts.items():
        parts = folder.split("/")
        for depth in range(1, len(parts) + 1):
            held["/".join(parts[:depth])] += count
    enough = [folder for folder, count in held.items() if count * 5 >= total * 4]
    enough = [folder for folder in enough if folder not in _TOO_WIDE]
    return max(enough, key=lambda folder: (folder.count("/"), folder), default="")


def _clusters(counts: Counter[str]) -> list[tuple[list[str], int]]:
    clusters: list[tuple[list[str], int]] = []
    for folder, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        parts = folder.split("/")
        place = next((i for i, (known, _) in enumerate(clusters) if _alike(known, parts)), None)
        if place is None:
            clusters.append((parts, count))
        else:
            known, total = clusters[place]
            merged = [a if a == b else "*" for a, b in zip(known, parts, strict=True)]
            clusters[place] = (merged, total + count)
    return sorted(clusters, key=lambda item: (-item[1], item[0]))


_TOO_WIDE = frozenset(
    {"", "src", "lib", "apps", "packages", "pkg", "internal", "crates", "projects", "source"}
    | {"backend", "frontend", "server", "client", "web", "app"}
)


def _alike(known: list[str], parts: list[str]) -> bool:
    if len(known) != len(parts) or len(parts) < 2:
        return False
    same = sum(a == b for a, b in zip(known, parts, strict=True))
    return known[0] == parts[0] and same * 2 >= len(parts) and same < len(parts)
