"""The templates that an agent or a guide cites, taken along to where its reader looks for them.

A package says ``templates/api/a.py.template``, which leads nowhere in the project that the text
is put into: there the file lies below a folder of its own, and the text says so. (Issue 7, Using
a package.)
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from template_creation.package import TEMPLATE_SUFFIX, TEMPLATES_FOLDER

__all__ = ["cite_from", "cited_templates", "templates_home"]


def templates_home(name: str) -> str:
    """Where the templates of the package ``name`` lie in a project, for every assistant.

    >>> templates_home("shop")
    '.template-create/shop/'
    """
    return f".template-create/{name}/"


def cited_templates(root: Path, texts: Iterable[str]) -> dict[str, bytes]:
    """The templates of the package ``root`` that ``texts`` name, by their path in it. Links are
    no templates."""
    folder = root / TEMPLATES_FOLDER
    files = {
        path.relative_to(root).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }
    pattern = _citation(files)
    found = {match[1] for text in texts for match in pattern.finditer(text)} if files else set()
    return {path: file.read_bytes() for path, file in files.items() if _names(path) & found}


def cite_from(text: str, templates: Mapping[str, bytes], prefix: str) -> str:
    """``text`` with each citation of one of ``templates`` below ``prefix``; the rest stays.

    >>> cite_from("See `templates/a.py`, not templates/b.py", {"templates/a.py": b""}, "x/")
    'See `x/templates/a.py`, not templates/b.py'
    """
    return _citation(templates).sub(lambda match: prefix + match[1], text) if templates else text


def _names(path: str) -> set[str]:
    return {path, path.removesuffix(TEMPLATE_SUFFIX)}


def _citation(paths: Collection[str]) -> re.Pattern[str]:
    """Each path as a whole, with its suffix or without, and with the dots that lead to it from
    the agents' folder."""
    names = sorted({name for path in paths for name in _names(path)}, key=lambda n: (-len(n), n))
    choices = "|".join(map(re.escape, names))
    return re.compile(rf"(?<![\w/.}}-])(?:\.{{1,2}}/)*({choices})(?![\w/])")
