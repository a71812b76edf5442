"""A stored result is used again only if what made it is the same; all that can be told counts."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from batch_engine.core import SqliteRunStore
from batch_engine.pipeline import (
    Agent,
    BatchingScopeManager,
    DefinitionError,
    Pipeline,
    batched,
    mapped,
    stage,
)
from batch_engine.pipeline.fingerprints import scope_fingerprint


def of(agent: Any) -> str:
    (scope,) = BatchingScopeManager().detect_scopes(batched(agent, chunk_size=1, over="rows"))
    return scope_fingerprint(scope, {"rows": []}, "rows")


def closure(factor: Any) -> Callable[[int], Any]:
    return lambda n: (n, factor)


def default(factor: Any) -> Callable[[int], Any]:
    def times(n: int, by: Any = factor) -> Any:
        return n, by

    return times


def keyword(factor: Any) -> Callable[[int], Any]:
    def times(n: int, *, by: Any = factor) -> Any:
        return n, by

    return times


class Times:
    def __init__(self, factor: Any) -> None:
        self.factor = factor

    def __call__(self, n: int) -> Any:
        return n, self.factor

    def method(self, n: int) -> Any:
        return n, self.factor


@dataclass(frozen=True)
class Frozen:
    factor: Any


def with_factor(factor: Any, n: int) -> Any:
    return n, factor


IN_HELPER = """
def helper(n):
    return n, {factor!r}

class Made(Agent):
    def run(self, context):
        return [helper(n) for n in context["rows"]]
"""

IN_CONSTANT = """
PROMPT = {factor!r}

class Made(Agent):
    def run(self, context):
        return [(n, PROMPT) for n in context["rows"]]
"""


def made(code: str, factor: Any) -> Agent:
    """An agent without a source that can be read."""
    names: dict[str, Any] = {"Agent": Agent, "__name__": "made"}
    exec(code.format(factor=factor), names)
    agent: Agent = names["Made"]()
    return agent


WAYS: dict[str, Callable[[Any], Any]] = {
    "closure": lambda f: mapped(closure(f), name="f"),
    "closure of a closure": lambda f: mapped(closure(closure(f)), name="f"),
    "a frozen value in a closure": lambda f: mapped(closure((Frozen(f), "x")), name="f"),
    "default": lambda f: mapped(default(f), name="f"),
    "keyword default": lambda f: mapped(keyword(f), name="f"),
    "callable object": lambda f: mapped(Times(f), name="f"),
    "bound method": lambda f: mapped(Times(f).method, name="f"),
    "partial": lambda f: mapped(partial(with_factor, f), name="f"),
    "partial of an object": lambda f: mapped(partial(Times(f)), name="f"),
    "exec, in a helper": lambda f: made(IN_HELPER, f),
    "exec, in a constant": lambda f: made(IN_CONSTANT, f),
}


@pytest.mark.parametrize("way", WAYS)
def test_whatever_shapes_the_result_is_seen(way: str) -> None:
    make = WAYS[way]
    assert of(make(2)) == of(make(2))
    assert of(make(2)) != of(make(3))
    assert of(make("2")) != of(make(2))


def test_code_without_a_source_is_seen_by_what_it_compiles_to() -> None:
    def typed_in(answer: str) -> Agent:
        names: dict[str, Any] = {"Agent": Agent, "__name__": "typed"}
        exec(f"class A(Agent):\n    def run(self, context):\n        return {answer}\n", names)
        agent: Agent = names["A"]()
        return agent

    assert of(typed_in("1")) == of(typed_in("1"))
    assert of(typed_in("1")) != of(typed_in("2"))


def test_functions_that_use_each_other_are_told_in_a_moment() -> None:
    """Each of 100 uses all others: what was told once is only named."""
    names: dict[str, Any] = {"__name__": "many"}
    body = "\n    ".join(f"f{n}(x)" for n in range(100))
    exec("".join(f"def f{n}(x):\n    {body}\n" for n in range(100)), names)
    assert len(of(mapped(names["f0"]))) == 32


def test_of_a_client_of_another_package_only_its_kind_counts() -> None:
    """How it is set changes with its use, and its code with each update."""

    class Asks(Agent):
        def __init__(self, client: Any) -> None:
            self.client = client

        def run(self, context: Any) -> Any:
            return None

    loud, quiet = logging.getLogger("a test's"), logging.getLogger("another test's")
    quiet.setLevel(logging.ERROR)
    assert of(Asks(loud)) == of(Asks(quiet))
    assert of(Asks(loud)) != of(Asks(logging.StreamHandler()))


def test_what_a_run_fills_as_it_goes_is_not_taken_for_other_code() -> None:
    seen: list[int] = []
    agent = mapped(lambda n: seen.append(n), name="f")  # type: ignore[func-returns-value]  # on purpose
    before = of(agent)
    seen.append(1)
    assert of(agent) == before


def test_a_version_stands_for_the_code() -> None:
    assert of(mapped(closure(1), name="f", version=1)) == of(
        mapped(closure(2), name="f", version=1)
    )
    assert of(mapped(closure(1), name="f", version=1)) != of(
        mapped(closure(1), name="f", version=2)
    )


PROGRAM = """
import sys
from batch_engine.pipeline import *
from batch_engine.pipeline.fingerprints import scope_fingerprint

def known(n):
    return n in {"a", "b", "c", "d"}

class Ask(Agent):
    def run(self, context):
        return [known(n) for n in context["rows"]]

(scope,) = BatchingScopeManager().detect_scopes(batched(Ask(), chunk_size=1, over="rows"))
print(scope_fingerprint(scope, {}, "rows"))
"""


def test_it_is_the_same_in_every_process_also_for_a_program_from_standard_input() -> None:
    def printed(seed: str) -> str:
        done = subprocess.run(
            [sys.executable, "-"],
            input=PROGRAM,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    assert printed("1") == printed("2")


def test_results_of_another_factor_are_not_handed_out(tmp_path: Path) -> None:
    def run(factor: int) -> Any:
        with SqliteRunStore(tmp_path) as store:
            pipeline = Pipeline(batched(mapped(closure(factor), name="f"), chunk_size=2))
            return pipeline.run({"rows": [1]}, store=store)["rows"]

    assert [run(2), run(3), run(2)] == [[(1, 2)], [(1, 3)], [[1, 2]]]


def test_a_text_where_names_are_expected_is_refused() -> None:
    """A missing comma; its letters would be the fields, and none of them be seen."""

    def read() -> object:
        class Reads(Agent):
            reads = "region"  # type: ignore[assignment]  # the mistake

        return Reads

    flow = batched(mapped(str), chunk_size=1)
    for wrong in (
        read,
        lambda: stage(len, writes="region"),  # type: ignore[arg-type]  # the mistake
        lambda: Pipeline(flow, inputs="region"),
    ):
        with pytest.raises(DefinitionError, match="is the text 'region'"):
            wrong()
    with pytest.raises(DefinitionError, match="shape is 'mpa'"):
        stage(len, shape="mpa")  # type: ignore[arg-type]  # the mistake
