"""Every failure of the system before this one has a test here, or says why it needs none."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ALL = [f"F{number:02d}" for number in range(1, 79)]
TESTS = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def table() -> dict[str, dict[str, Any]]:
    return tomllib.loads((TESTS / "failures.toml").read_text(encoding="utf-8"))


@cache
def _tests_of(path: str) -> frozenset[str]:
    """The tests that are collected from a file; none where it is missing."""
    file = TESTS / path
    if not file.is_file():
        return frozenset()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    found = {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }
    return frozenset(found if file.name.startswith("test_") else ())


def _wrong(table: dict[str, dict[str, Any]]) -> Iterator[str]:
    """What is amiss with the table, a line each."""
    yield from (f"{key} is not in the table" for key in ALL if key not in table)
    yield from (f"{key} is no known failure" for key in table if key not in ALL)
    for key, row in table.items():
        tests, reason = row.get("tests", []), row.get("no_test_because", "")
        if not row.get("what"):
            yield f"{key} does not say what went wrong"
        if bool(tests) == bool(reason):
            yield f"{key} needs tests or a reason why there are none"
        for test in tests:
            path, _, name = test.partition("::")
            if name not in _tests_of(path):
                yield f"{key}: there is no test {test}"


def test_every_failure_has_a_test_that_exists(table: dict[str, dict[str, Any]]) -> None:
    assert list(_wrong(table)) == []


def test_a_hole_in_the_table_would_be_noticed(table: dict[str, dict[str, Any]]) -> None:
    """A row that is gone, empty, or names a test that was renamed."""
    broken = {key: row for key, row in table.items() if key not in ("F01", "F02", "F03")}
    broken["F02"] = {"what": "it stands alone"}
    broken["F03"] = {"what": "it names", "tests": ["unit/test_failures.py::test_nobody"]}
    assert list(_wrong(broken)) == [
        "F01 is not in the table",
        "F02 needs tests or a reason why there are none",
        "F03: there is no test unit/test_failures.py::test_nobody",
    ]


def test_answers_are_read_in_one_place(checkout: Path) -> None:
    """F35: what mends and cuts JSON of models is imported by one package of the product."""
    readers = {"json_repair", "ijson", "template_creation.exchange.mend"}
    found = {
        path.relative_to(checkout / "lib" / "template_creation").parts[0]
        for path in (checkout / "lib" / "template_creation").rglob("*.py")
        if readers & set(_imports(path))
    }
    assert found == {"exchange"}


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (item.name for item in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
