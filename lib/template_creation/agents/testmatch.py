"""Which tests go with which files: by mirrored names and folders, else by what they import."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

__all__ = ["TestMatch"]

_AFFIX = re.compile(
    r"^(?:test|spec)[_-]|[._-](?:test|tests|spec|e2e|cy|stories)$|(?<=[a-z])(?:Tests?|Spec|IT)$"
)
_TEST_FOLDERS = frozenset(
    {"test", "tests", "spec", "specs", "__tests__", "unit", "integration", "functional", "e2e"}
)
_NO_STEMS = frozenset({"__init__", "index", "main", "mod", "conftest", "base", "helpers", "utils"})
_EXTENSION = re.compile(r"\.[A-Za-z]{1,5}$")


class TestMatch:
    """Tells of a test file whether it tests files of one agent, ``files``; ``imports`` holds
    the modules that each file of the codebase imports."""

    __test__ = False

    def __init__(self, files: Iterable[str], imports: Mapping[str, Iterable[str]]) -> None:
        self._imports = imports
        paths = [PurePosixPath(path) for path in files]
        self._stems = {_key(_stem(path.name)) for path in paths} - {_key(x) for x in _NO_STEMS}
        self._folders = {_key(_folder(path)) for path in paths} - {"", "src", "app", "lib"}
        self._modules = {_dotted(path) for path in paths}

    def mirrors(self, test: str) -> bool:
        """Whether the test is named for a file (``test_items.py`` for ``items.py``), or stands
        in a folder that is named for theirs (``tests/routers`` for ``app/routers``). Helpers
        of tests, which are not named as tests are, mirror nothing."""
        path = PurePosixPath(test)
        if _stem(path.name) == _EXTENSION.sub("", path.name) and "__tests__" not in path.parts:
            return False
        stem, folder = _key(_stem(path.name)), _key(_folder(path))
        if folder in self._folders or folder in self._stems:
            return True
        return stem in self._stems and not self._stands_for_another(folder)

    def _stands_for_another(self, folder: str) -> bool:
        """Whether the folder names another part of the code than these files."""
        return folder in _PARTS and folder not in self._folders

    def uses(self, test: str) -> bool:
        """Whether the test imports one of the files."""
        for module in self._imports.get(test, ()):
            wanted = tuple(part for part in re.split(r"[./\\:@~]+", module) if part)
            if len(wanted) > 1 and any(_ends(known, wanted) for known in self._modules):
                return True
        return False


_PARTS = frozenset(
    {"api", "router", "route", "controller", "service", "repository", "model", "schema", "view"}
    | {"component", "page", "hook", "store", "command", "query", "handler", "job", "mailer"}
)


def _stem(name: str) -> str:
    while True:
        cut = _EXTENSION.sub("", name, count=1) if "." in name.strip(".") else name
        cut = _AFFIX.sub("", cut)
        if cut == name or not cut:
            return name
        name = cut


def _folder(path: PurePosixPath) -> str:
    """The last folder that does not only say that tests are in it."""
    return next((part for part in reversed(path.parts[:-1]) if part not in _TEST_FOLDERS), "")


def _key(word: str) -> str:
    """A name without case, separators and plural: ``TodoItems`` and ``todo_item`` are one."""
    plain = re.sub(r"[^a-z0-9]", "", word.lower())
    if plain.endswith("ies") and len(plain) > 4:
        return f"{plain[:-3]}y"
    return plain[:-1] if plain.endswith("s") and not plain.endswith("ss") else plain


def _dotted(path: PurePosixPath) -> tuple[str, ...]:
    return (*path.parts[:-1], path.name.split(".")[0])


def _ends(known: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    """Whether the file is the module that is imported, or the module is a name in the file."""
    return known[-len(wanted) :] == wanted or known[-len(wanted) + 1 :] == wanted[:-1]
