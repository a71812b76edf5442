"""T14: a pipeline that cannot work is refused when it is written, naming stage, field and fix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from batch_engine.core import ByCount
from batch_engine.pipeline import (
    Agent,
    BatchingScopeManager,
    DefinitionError,
    Pipeline,
    StageContext,
    batched,
    ends_batching,
    filtered,
    mapped,
    on_batch_complete,
    stage,
    triggers_batching,
)


class Plain(Agent):
    def run(self, context: StageContext) -> dict[str, Any]:
        return {}


class Other(Plain):
    pass


@triggers_batching(chunk_size=2, over="rows")
class Start(Plain):
    pass


@ends_batching
class End(Plain):
    pass


class Writer(Plain):
    reads = ("rows",)
    writes = {"report": str}  # noqa: RUF012 - a declaration


def twice() -> object:
    @triggers_batching(chunk_size=3)
    @triggers_batching(chunk_size=2)
    class Twice(Plain):
        pass

    return Twice


def both() -> object:
    @ends_batching
    @triggers_batching(chunk_size=2)
    class Both(Plain):
        pass

    return Both


def misspelt_method() -> object:
    class Misspelt(Plain):
        def on_batch_finished(self, event: object) -> None: ...

    return Misspelt


def method_named_like_a_hook() -> object:
    class Hooked(Plain):
        def on_batch_complete(self, event: object) -> None: ...

    return Hooked


def without_context() -> object:
    class Short(Agent):
        def run(self) -> None: ...  # type: ignore[override]  # what the test is about

    return Short


def asynchronous() -> object:
    class Later(Agent):
        async def run(self, context: StageContext) -> None: ...

    return Later


def hooked(kind: type[Agent]) -> type[Agent]:
    return on_batch_complete(print_event)(type("Hooked", (kind,), {}))


def print_event(event: object) -> None: ...


class Bare(Agent):
    pass


async def later(value: object) -> bool:
    return True


def two_arguments(event: object, number: int) -> None: ...


LISTS = {"rows": list, "notes": list[str], "region": str}


@dataclass(frozen=True)
class Case:
    name: str
    make: Callable[[], object]
    stage: str
    field: str
    problem: str
    fix: str


CASES = [
    *(
        Case(f"size {size!r}", lambda size=size: batched(Plain(), chunk_size=size), "Plain",  # type: ignore[misc]  # the default binds the loop's value
             "chunk_size", f"chunk_size is {size!r}", "whole number of at least 1")
        for size in (0, -1, "100", True, 1.5, None)
    ),
    Case("size of a decorator", lambda: triggers_batching(chunk_size=0)(Other), "Other",
         "chunk_size", "chunk_size is 0", "whole number"),
    Case("in_chunks_of", lambda: Plain().in_chunks_of(0), "Plain", "in_chunks_of",
         "in_chunks_of is 0", "whole number"),
    Case("unknown hook of a scope",
         lambda: batched(Plain(), chunk_size=1, on_batch_finish=print), "Plain",
         "on_batch_finish", "no hook 'on_batch_finish'", "did you mean on_batch_start?"),
    Case("unknown hook of a pipeline", lambda: Pipeline(Plain(), on_batch_completed=print),
         "pipeline", "on_batch_completed", "no hook", "did you mean on_batch_complete?"),
    Case("unknown hook of a class", misspelt_method, "Misspelt", "on_batch_finished", "no hook",
         "did you mean"),
    Case("a method that would never be called", method_named_like_a_hook, "Hooked",
         "on_batch_complete", "would never be called", "put @on_batch_complete(function)"),
    Case("a chunker for in_chunks_of", lambda: Plain().in_chunks_of(ByCount(2)), "Plain",
         "in_chunks_of", "in_chunks_of is ByCount", "chunkers are for chunk_size"),
    Case("an async callback", lambda: batched(Plain(), chunk_size=1, skip_if=later), "Plain",
         "skip_if", "skip_if is an async function", "without async"),
    *(
        Case(f"{name} of a scope", lambda name=name, value=value:  # type: ignore[misc]  # the defaults bind the loop's values
             batched(Plain(), chunk_size=1, **{name: value}), "5" if name == "name" else "Plain",
             name, f"{name} is {value!r}", fix)
        for name, value, fix in (("retry", 3, "a RetryPolicy"), ("reduce", "sum", "a mapping"),
                                 ("name", 5, "a text"))
    ),
    Case("a reducer of another kind", lambda: batched(Plain(), chunk_size=1, reduce={"t": ["x"]}),
         "Plain", "t", "no reducer ['x']", "use concat"),
    *(
        Case(f"{name} of a pipeline", lambda name=name, value=value:  # type: ignore[misc]  # the defaults bind the loop's values
             Pipeline(Plain(), **{name: value}), "pipeline", name, f"{name} is {value!r}", fix)
        for name, value, fix in (
            ("on_error", "explode", "'fail_fast'"), ("max_workers", 0, "at least 1"),
            ("max_failures", "3", "at least 0"), ("store", "/x", "SqliteRunStore"),
            ("executor", "process", "'processes'"), ("listeners", [1], "functions of an event"),
            ("retry", 3, "a RetryPolicy"),
        )
    ),
    Case("run without a context", without_context, "Short", "run", "signature (self)",
         "def run(self, context)"),
    Case("run that has to be awaited", asynchronous, "Later", "run", "is an async function",
         "without async"),
    Case("an agent that does nothing", lambda: Pipeline(batched(Bare(), chunk_size=1)), "Bare",
         "run", "does nothing", "def run(self, context)"),
    Case("a hook outside of scopes", lambda: Pipeline(Plain() | hooked(Plain)()), "Hooked",
         "on_batch_complete", "it stands in no scope", "batched(..., on_batch_complete=...)"),
    Case("a hook of the end of a scope", lambda: Pipeline(Start() >> hooked(End)()), "Hooked",
         "on_batch_complete", "it stands in no scope", "an agent of the scope"),
    Case("a start without brackets", lambda: triggers_batching(Other), "Other", "chunk_size",
         "without a chunk size", "@triggers_batching(chunk_size=100)"),
    *(
        Case(f"{name} on what is no agent", lambda decorate=decorate: decorate(dict), "dict", name,  # type: ignore[misc]  # the default binds the loop's value
             "no agent", "derived from Agent")
        for name, decorate in (("triggers_batching", triggers_batching(chunk_size=1)),
                               ("ends_batching", ends_batching),
                               ("on_batch_complete", on_batch_complete(print_event)))
    ),
    Case("a start on a function", lambda: triggers_batching(chunk_size=1)(two_arguments),  # type: ignore[type-var]  # what the test is about
         "two_arguments", "triggers_batching", "no agent", "derived from Agent"),
    Case("a run without an input", lambda: Pipeline(Plain(), inputs=LISTS).run({"rows": []}),
         "pipeline", "notes", "not in the context", "there are rows"),
    Case("unknown option", lambda: batched(Plain(), chunk_size=1, skip=print), "Plain", "skip",
         "no option 'skip'", "did you mean skip_if?"),
    Case("hook with two parameters",
         lambda: batched(Plain(), chunk_size=1, on_batch_start=two_arguments), "Plain",
         "on_batch_start", "(event: 'object', number: 'int')", "def on_batch_start(event)"),
    Case("hook of a class", lambda: on_batch_complete(two_arguments)(Other), "Other",
         "on_batch_complete", "signature", "def on_batch_complete(event)"),
    Case("hook that is no function",
         lambda: Pipeline(Plain(), on_batch_error="log"), "pipeline", "on_batch_error",
         "on_batch_error is 'log'", "write a function of an event"),
    Case("end without start", lambda: Pipeline(Plain() >> End()), "End", "ends_batching",
         "none is open", "@triggers_batching"),
    Case("start without end", lambda: Pipeline(Start() >> Plain()), "Start",
         "triggers_batching", "never ends", "@ends_batching"),
    Case("start and end on one class", both, "Both", "ends_batching",
         "both starts and ends", "end the scope at"),
    Case("start twice on one class", twice, "Twice", "triggers_batching", "twice", "override=True"),
    Case("a second start before the end",
         lambda: Pipeline(Start() >> Start() >> End()), "Start", "chunk_size",
         "inside the scope that begins at 'Start'", "in_chunks_of"),
    Case("a scope in a scope",
         lambda: Pipeline(batched(Plain() >> batched(Other(), chunk_size=1), chunk_size=2)),
         "Other", "chunk_size", "inside the scope that begins at 'Plain'", "end the first scope"),
    Case("a start in a written scope", lambda: Pipeline(batched(Plain() >> Start(), chunk_size=2)),
         "Start", "chunk_size", "inside the scope", "end the first scope"),
    Case("an end in a written scope", lambda: Pipeline(batched(Plain() >> End(), chunk_size=2)),
         "End", "ends_batching", "from inside", "after the scope"),
    Case("a scope in a branch", lambda: Pipeline(Plain() | batched(Other(), chunk_size=1)),
         "Other", "chunk_size", "parallel branch", "batched(a | b, ...)"),
    Case("a filter in a branch",
         lambda: Pipeline(batched(Plain() | filtered(bool, name="keep"), chunk_size=1)),
         "keep", "shape", "cannot add or remove items", "before or after"),
    Case("two branches write one field",
         lambda: Pipeline(Writer() | stage(dict, name="Too", writes=("report",))), "Too", "report",
         "both write it", "a field of its own"),
    Case("two scopes of one name",
         lambda: Pipeline(batched(Plain(), chunk_size=1) >> batched(Plain(), chunk_size=1)),
         "Plain", "name", "two scopes", "name="),
    Case("unknown field", lambda: Pipeline(batched(Plain(), chunk_size=1, over="row"),
         inputs=LISTS), "Plain", "row", "no such field", "use one of notes, region, rows"),
    Case("unknown field that is read", lambda: Pipeline(Writer(), inputs={"a": list}), "Writer",
         "rows", "no such field", "use one of a"),
    Case("two lists and no over",
         lambda: Pipeline(batched(Plain(), chunk_size=1), inputs=LISTS), "Plain", "over",
         "2 list fields: notes, rows", "over='notes'"),
    Case("no list", lambda: Pipeline(batched(Plain(), chunk_size=1), inputs={"region": str}),
         "Plain", "over", "no list field among region", "declare the list"),
    Case("a field that is no list",
         lambda: Pipeline(batched(Plain(), chunk_size=1, over="region"), inputs=LISTS), "Plain",
         "region", "declared as str", "over='<list field>'"),
    Case("unknown reducer",
         lambda: batched(Plain(), chunk_size=1, reduce={"tokens": "add"}), "Plain", "tokens",
         "no reducer 'add'", "concat, deep_merge"),
    Case("a reducer for what nobody writes",
         lambda: Pipeline(batched(Writer(), chunk_size=1, reduce={"tokens": "sum"})), "Writer",
         "tokens", "no agent of the scope writes it", "reduce one of report"),
    Case("a reducer for the items",
         lambda: batched(Plain(), chunk_size=1, over="rows", reduce={"rows": "sum"}), "Plain",
         "rows", "input order", "take it out"),
    Case("on_missing", lambda: batched(Plain(), chunk_size=1, on_missing="ignore"), "Plain",
         "on_missing", "on_missing is 'ignore'", "'process', 'drop' or 'error'"),
    Case("load_existing alone", lambda: batched(Plain(), chunk_size=1, load_existing=list),
         "Plain", "load_existing", "never called", "skip_if="),
    Case("over", lambda: batched(Plain(), chunk_size=1, over=3), "Plain", "over", "over is 3",  # type: ignore[arg-type]  # what the test is about
         "name of a list field"),
    Case("a class for an agent", lambda: Plain() >> Other, "Other", "flow", "is no stage",
         "write Other()"),
    Case("a function for an agent", lambda: Plain() >> print, "print", "flow", "is no stage",
         "stage(function)"),
    Case("a shape that does not exist", lambda: type("Odd", (Agent,), {"shape": "odd"}), "Odd",
         "shape", "shape is 'odd'", "'map', 'filter' or 'flat_map'"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_is_refused_when_written_and_the_message_names_stage_field_and_fix(case: Case) -> None:
    with pytest.raises(DefinitionError) as caught:
        case.make()
    message = str(caught.value)
    assert (caught.value.stage, caught.value.field) == (case.stage, case.field)
    assert repr(case.stage) in message
    assert repr(case.field) in message
    assert case.problem in message
    assert case.fix in message
    assert caught.value.fields[0].path == f"{case.stage}.{case.field}"


RUN_CASES = [
    ({"row": [1]}, {"over": "rows"}, "rows", "no such field"),
    ({"rows": "text"}, {"over": "rows"}, "rows", "it is str, not a list"),
    ({"rows": {"a": 1}}, {"over": "rows"}, "rows", "it is dict, not a list"),
    ({"rows": None}, {"over": "rows"}, "rows", "it is NoneType, not a list"),
    ({"a": [1], "b": [2]}, {}, "over", "2 list fields: a, b"),
    ({"a": 1}, {}, "over", "no list field"),
]


@pytest.mark.parametrize(("context", "options", "field", "problem"), RUN_CASES)
def test_without_declared_inputs_the_field_is_checked_before_anything_of_the_scope_runs(
    context: dict[str, Any], options: dict[str, Any], field: str, problem: str
) -> None:
    ran: list[object] = []
    pipeline = Pipeline(batched(mapped(ran.append, name="note"), chunk_size=1, **options))
    with pytest.raises(DefinitionError, match=problem) as caught:
        pipeline.run(context)
    assert (caught.value.stage, caught.value.field) == ("note", field)
    assert ran == []


def test_a_stage_that_reads_a_field_that_is_not_there_says_which_there_are() -> None:
    pipeline = Pipeline(stage(lambda context: {"b": context["c"]}, name="read"))
    with pytest.raises(DefinitionError, match=r"stage 'read', field 'c': .*there are a"):
        pipeline.run({"a": 1})


# -- scopes found ---------------------------------------------------------------------------


def test_decorators_and_batched_compile_to_the_same_scope() -> None:
    first, middle, end = Start(), Plain(), End()
    (declared,) = BatchingScopeManager().detect_scopes(first >> middle >> end >> Other())
    assert declared.trigger_agent is first
    assert declared.scope_agents == (first, middle)
    assert declared.terminator_agent is end
    assert declared.valid
    assert declared.includes_agent(middle)
    assert not declared.includes_agent(end)
    assert declared.to_dict() == {
        "name": "Start", "trigger_agent": "Start", "scope_agents": ["Start", "Plain"],
        "terminator_agent": "End", "chunk_size": 2, "field": "rows",
    }  # fmt: skip
    written = batched(Plain() >> middle, chunk_size=2, over="rows", name="Start")
    (structural,) = BatchingScopeManager().detect_scopes(written >> Other())
    assert {**structural.to_dict(), "trigger_agent": "Start", "terminator_agent": "End",
            "scope_agents": ["Start", "Plain"]} == declared.to_dict()  # fmt: skip


def test_several_scopes_in_a_row_each_with_its_own_end() -> None:
    scopes = BatchingScopeManager().detect_scopes(
        Start() >> End() >> batched(Plain(), chunk_size=3, over="rows", name="second") >> Other()
    )
    assert [scope.name for scope in scopes] == ["Start", "second"]


def test_the_only_declared_list_is_the_field() -> None:
    pipeline = Pipeline(batched(Plain(), chunk_size=1), inputs={"rows": list, "region": str})
    assert pipeline.scopes[0].field == "rows"


def test_a_field_that_an_agent_writes_can_be_the_list_of_a_later_scope() -> None:
    find = stage(lambda context: {"found": []}, writes={"found": list}, name="find")
    pipeline = Pipeline(find >> batched(Plain(), chunk_size=1, over="found"), inputs=())
    assert pipeline.scopes[0].field == "found"


def test_the_flow_can_be_flattened() -> None:
    a, b, c, d = Plain(), Other(), Plain(), Other()
    flow = a >> (b | c.in_chunks_of(2)) >> batched(d, chunk_size=1)
    assert BatchingScopeManager().flatten_flow_chain(flow) == (a, b, c, d)


def test_a_class_tells_what_was_declared_and_subclasses_inherit_it() -> None:
    seen: list[object] = []

    @on_batch_complete(seen.append)
    @triggers_batching(chunk_size=4, over="rows")
    class First(Plain):
        pass

    class Second(First):
        pass

    assert (Second.batching_trigger(), Second.batching_terminator()) == (True, False)
    assert Second.batching_config() == {
        "chunk_size": 4, "over": "rows", "terminator": False, "hooks": ["on_batch_complete"],
    }  # fmt: skip
    triggers_batching(chunk_size=9)(Second)
    triggers_batching(chunk_size=10, override=True)(Second)
    assert (First.batching_config()["chunk_size"], Second.batching_config()["chunk_size"]) == (
        4,
        10,
    )
    assert End.batching_config() == {"terminator": True, "hooks": []}


def test_operators_bind_as_in_python_and_join_their_kind() -> None:
    a, b, c = Plain(), Other(), Plain()
    assert (a >> b | c).label == "(Plain >> Other | Plain)"
    assert (a | b | c).label == "(Plain | Other | Plain)"
    assert (a >> (b >> c)).label == "Plain >> Other >> Plain"
