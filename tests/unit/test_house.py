"""The house rules that no linter knows, each proved able to fail on a planted tree.

A check is a function from a root folder to the list of what breaks the rule there.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOTS = ("lib", "installer")
SKIPPED = {".git", ".venv", "build", "dist", "demo-output", "node_modules", "__pycache__"}
Check = Callable[[Path], list[str]]


def _files(root: Path, *folders: str, suffix: str = ".py") -> Iterator[Path]:
    for folder in folders:
        for path in sorted((root / folder).rglob(f"*{suffix}")):
            if not SKIPPED & set(path.relative_to(root).parts):
                yield path


def _modules(root: Path) -> list[Path]:
    return list(_files(root, *ROOTS))


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def _door(tree: ast.Module) -> list[str] | None:
    """The names in ``__all__``, or ``None`` where it is missing or not a literal list."""
    for node in tree.body:
        target = node.target if isinstance(node, ast.AnnAssign) else None
        targets = node.targets if isinstance(node, ast.Assign) else [target]
        if any(isinstance(item, ast.Name) and item.id == "__all__" for item in targets):
            value = getattr(node, "value", None)
            if isinstance(value, ast.List | ast.Tuple):
                return [str(ast.literal_eval(item)) for item in value.elts]
    return None


def _public_names(tree: ast.Module, *, imports: bool) -> set[str]:
    """The public names that the module's top level binds; imported ones count in a door."""
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {item.id for item in node.targets if isinstance(item, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
        elif imports and isinstance(node, ast.ImportFrom) and node.module != "__future__":
            names |= {item.asname or item.name for item in node.names}
    return {name for name in names if not name.startswith("_")}


def _order(name: str) -> tuple[int, str]:
    """The linter's order of an ``__all__``: constants, classes, functions."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


def _has_code(tree: ast.Module) -> bool:
    return any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in tree.body)


def doors_not_exact(root: Path) -> list[str]:
    """Doors whose ``__all__`` is missing, unsorted, or not what the door binds."""
    found = []
    for path in _modules(root):
        if path.name != "__init__.py":
            continue
        tree, place = _tree(path), path.relative_to(root).as_posix()
        bound, names = _public_names(tree, imports=True), _door(tree)
        lazy = any(isinstance(n, ast.FunctionDef) and n.name == "__getattr__" for n in tree.body)
        if names is None:
            found += [f"{place}: binds {sorted(bound)} without an __all__"] if bound else []
            continue
        if names != sorted(set(names), key=_order):
            found.append(f"{place}: __all__ is not sorted or repeats a name")
        # A door with code of its own also imports what that code needs.
        own = _public_names(tree, imports=False)
        if missing := (own if _has_code(tree) else bound) - set(names):
            found.append(f"{place}: not in __all__: {sorted(missing)}")
        extra = {name for name in set(names) - bound if not name.startswith("__")}
        if extra and not lazy:
            found.append(f"{place}: in __all__ and not bound: {sorted(extra)}")
    return found


def lists_not_honest(root: Path) -> list[str]:
    """Modules whose ``__all__`` names what they do not bind."""
    found = []
    for path in _modules(root):
        tree = _tree(path)
        names = _door(tree)
        if path.name == "__init__.py" or names is None:
            continue
        bound = _public_names(tree, imports=True)
        if extra := {name for name in names if not name.startswith("_")} - bound:
            found.append(f"{path.relative_to(root).as_posix()}: not bound: {sorted(extra)}")
    return found


def path_edits(root: Path) -> list[str]:
    """Places that edit ``sys.path``."""
    edit = re.compile(r"sys\.path\s*(\.(insert|append|extend)|\[|\+?=[^=])")
    return _lines_matching(root, edit, *ROOTS, "tests", "docs", "benchmarks")


def mocks(root: Path) -> list[str]:
    """Places in the tests that use a mocking library."""
    mock = re.compile(
        r"^\s*(import|from)\s+(unittest\.mock|mock)\b|\bunittest import mock|\bmocker\b"
    )
    return _lines_matching(root, mock, "tests")


def sleeps_in_tests(root: Path) -> list[str]:
    """Places in the tests that wait for the clock."""
    return _lines_matching(root, re.compile(r"\btime\.sleep\(|\basyncio\.sleep\([^0)]"), "tests")


def machine_words(root: Path) -> list[str]:
    """Places that name a folder of one machine or the host of a package registry."""
    # In pieces, so that this file does not name them itself.
    words = [
        "/wor" + "k/",
        "/roo" + "t/",
        "pypi" + r"\.org",
        "pythonhoste" + "d",
        "registry" + r"\.npm",
    ]
    machine = re.compile("|".join(words))
    places: list[str] = []
    for suffix in (".py", ".md", ".toml", ".j2", ".yml", ".yaml", ".json", ".txt", ".cfg"):
        places += _lines_matching(root, machine, ".", suffix=suffix)
    return places


def _lines_matching(
    root: Path, pattern: re.Pattern[str], *folders: str, suffix: str = ".py"
) -> list[str]:
    this = Path(__file__).name
    return [
        f"{path.relative_to(root).as_posix()}:{number}"
        for path in _files(root, *folders, suffix=suffix)
        if path.name != this
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if pattern.search(line)
    ]


def undocumented_modules(root: Path) -> list[str]:
    """Modules without a line of their own in ``docs/architecture.md``, and lines whose module
    is gone. A module's line is a table row that starts with its path from the source root."""
    text = (root / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([\w/]+\.py)` \| *(\S?)", text, flags=re.MULTILINE)
    described = {path for path, words in rows if words not in ("", "|")}
    modules = {
        path.relative_to(root / source).as_posix()
        for source in ROOTS
        for path in _files(root, source)
        if path.name != "__init__.py"
    }
    return [
        *(f"no line for {path}" for path in sorted(modules - described)),
        *(f"no module for the line {path}" for path in sorted({row[0] for row in rows} - modules)),
    ]


def undrawn_layers(root: Path) -> list[str]:
    """The layers of import contracts that the drawing of ``docs/architecture.md`` lacks."""
    data = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    drawn = (root / "docs/architecture.md").read_text(encoding="utf-8").splitlines()
    missing: list[str] = []
    for contract in data["tool"].get("importlinter", {}).get("contracts", []):
        place = 0
        for layer in contract.get("layers", []):
            names = layer.replace("template_creation.", "")
            found = [
                n for n, line in enumerate(drawn) if f"{line.strip()}  ".startswith(f"{names}  ")
            ]
            if not [n for n in found if n >= place]:
                missing.append(f"{contract['name']}: {layer}")
            place = min((n for n in found if n >= place), default=place)
    return missing


def untyped_packages(root: Path) -> list[str]:
    """Distributed packages without a ``py.typed``."""
    data = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    packages = data["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    return [package for package in packages if not (root / package / "py.typed").is_file()]


def unreleased_versions(root: Path) -> list[str]:
    """The version, if the changelog does not know it."""
    data = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    version = data["project"]["version"]
    log = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    heads = re.findall(r"^## \[([^\]]+)\]", log, flags=re.MULTILINE)
    return [] if version in heads or "Unreleased" in heads else [version]


def missing_papers(root: Path) -> list[str]:
    """Documents that a project of ours must have, and does not."""
    papers = (
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "LICENSE",
        "Makefile",
        "README.md",
        ".ci/run",
        "docs/architecture.md",
        "docs/glossary.md",
        "docs/research/phase-7-5-agent-enhancement-architecture-analysis.md",
    )
    return [name for name in papers if not (root / name).is_file()]


CHECKS: tuple[Check, ...] = (
    doors_not_exact,
    lists_not_honest,
    path_edits,
    mocks,
    sleeps_in_tests,
    machine_words,
    undocumented_modules,
    undrawn_layers,
    untyped_packages,
    unreleased_versions,
    missing_papers,
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_house_keeps_its_rule(check: Check, checkout: Path) -> None:
    assert check(checkout) == []


PLANTED: tuple[tuple[Check, str, str, str], ...] = (
    (
        doors_not_exact,
        "lib/shop/__init__.py",
        "from shop.a import b\n",
        "lib/shop/__init__.py: binds",
    ),
    (doors_not_exact, "lib/shop/__init__.py", "a = b = 1\n__all__ = ['b', 'a']\n", "not sorted"),
    (
        doors_not_exact,
        "lib/shop/__init__.py",
        "a = 1\nb = 2\n__all__ = ['a']\n",
        "not in __all__: ['b']",
    ),
    (doors_not_exact, "lib/shop/__init__.py", "__all__ = ['gone']\n", "not bound: ['gone']"),
    (lists_not_honest, "lib/shop/till.py", "__all__ = ['gone']\n", "lib/shop/till.py: not bound"),
    (
        path_edits,
        "tests/conftest.py",
        "import sys\nsys.path.insert(0, '.')\n",
        "tests/conftest.py:2",
    ),
    (mocks, "tests/test_till.py", "from unittest.mock import Mock\n", "tests/test_till.py:1"),
    (sleeps_in_tests, "tests/test_till.py", "import time\ntime.sleep(1)\n", "tests/test_till.py:2"),
    (machine_words, "docs/a.md", "see /wor" + "k/main\n", "docs/a.md:1"),
    (undocumented_modules, "lib/shop/till.py", "", "no line for shop/till.py"),
    (undocumented_modules, "docs/architecture.md", "| `shop/gone.py` | x |\n", "line shop/gone.py"),
    (undocumented_modules, "docs/architecture.md", "| `shop/gone.py` | |\n", "line shop/gone.py"),
    (
        undrawn_layers,
        "docs/architecture.md",
        "```\n  cart\n  till\n```\n",
        "layers: shop.cart | shop.bag",
    ),
    (undrawn_layers, "docs/architecture.md", "  shop.cart | shop.bag\n", "layers: shop.till"),
    (
        undrawn_layers,
        "docs/architecture.md",
        "shop.till\nshop.cart | shop.bag\n",
        "layers: shop.till",
    ),
    (untyped_packages, "lib/shop/till.py", "", "lib/shop"),
    (unreleased_versions, "CHANGELOG.md", "# Changelog\n", "9.9"),
    (missing_papers, "README.md", "", "LICENSE"),
)


@pytest.mark.parametrize(
    ("check", "path", "text", "expected"),
    PLANTED,
    ids=[f"{check.__name__}-{number}" for number, (check, *_) in enumerate(PLANTED)],
)
def test_each_rule_finds_what_breaks_it(
    check: Check, path: str, text: str, expected: str, tmp_path: Path
) -> None:
    pyproject = (
        "[project]\nversion = '9.9'\n[tool.hatch.build.targets.wheel]\npackages = ['lib/shop']\n"
        "[[tool.importlinter.contracts]]\nname = 'layers'\n"
        "layers = ['shop.cart | shop.bag', 'shop.till']\n"
    )
    kept = {"docs/architecture.md": "", "CHANGELOG.md": "## [9.9]\n", "pyproject.toml": pyproject}
    for name, content in {**kept, path: text}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    found = check(tmp_path)
    assert any(expected in line for line in found), found
