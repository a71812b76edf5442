"""The standard interface of batch tasks (seed 003, 1): one decorator, one context."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from batch_engine.core import ItemFailure, TransientError
from batch_engine.workflow import (
    TaskCall,
    TaskInputError,
    TaskRegistry,
    WorkflowEngine,
    WorkflowError,
    create_batch_task_handler,
    parse_workflow,
    register_task,
)
from batch_engine.workflow.task import handler_of, load_task_module
from batch_engine.workflow.tasks import builtin_registry

Run = Callable[..., Any]


@pytest.fixture
def registry() -> TaskRegistry:
    """The built-in tasks, and room for the test's own."""
    return TaskRegistry(builtin_registry().handlers())


def test_the_decorator_gives_items_step_and_the_batch_context(tmp_path: Path) -> None:
    seen: list[Any] = []

    @create_batch_task_handler
    def handler(items: Any, step: Any, batch_context: Any) -> str:
        """What it does."""
        seen.append((items, step["model"], batch_context))
        return "done"

    step = {"name": "embed", "items": [1, 2], "model": "m", "retry": {"max_attempts": 2}}
    assert handler(step, {"engine": "E"}, tmp_path) == "done"
    items, model, context = seen[0]
    assert (items, model) == ([1, 2], "m")
    assert context == {
        "workspace": tmp_path,
        "engine": "E",
        "batch_name": "embed",
        "retry_config": {"max_attempts": 2},
    }
    assert (handler.__name__, handler.__doc__) == ("handler", "What it does.")


def test_items_can_be_called_iterate_over_and_have_defaults_around_them(tmp_path: Path) -> None:
    handler = create_batch_task_handler(lambda items, step, context: (items, context))
    items, context = handler({"iterate_over": ["a"]}, {}, tmp_path)
    assert items == ["a"]
    assert (context["batch_name"], context["retry_config"]) == ("unnamed_batch", {})


@pytest.mark.parametrize("step", [{}, {"items": []}, {"items": None, "iterate_over": []}])
def test_no_items_are_a_value_error(step: dict[str, Any], tmp_path: Path) -> None:
    handler = create_batch_task_handler(lambda items, step, context: items)
    with pytest.raises(ValueError, match="No items provided for batch processing"):
        handler(step, {}, tmp_path)


def test_in_a_workflow_it_gets_chunks_and_what_it_finished_is_not_asked_again(
    registry: TaskRegistry, tmp_path: Path
) -> None:
    chunks: list[Any] = []

    def embed(items: list[Any], step: dict[str, Any], batch_context: dict[str, Any]) -> list[Any]:
        chunks.append((list(items), batch_context["attempt"], step["model"]))
        first = batch_context["attempt"] == 1
        return [
            ItemFailure(TransientError("busy")) if item == 3 and first else item * 10
            for item in items
        ]

    register_task("embed", registry=registry)(create_batch_task_handler(embed))
    text = """
steps:
  - name: vectors
    task: embed
    inputs: {items: "{{ [1, 2, 3, 4, 5] }}", chunk_size: 2, model: "{{ 'small' }}",
             retry: {max_attempts: 2, delay: 0}}
"""
    workflow = parse_workflow(text, registry=registry)
    first = WorkflowEngine(workflow, tmp_path / "w", registry=registry).run()
    assert first.outputs["vectors"]["results"] == [10, 20, 30, 40, 50]
    assert chunks == [
        ([1, 2], 1, "small"), ([3, 4], 1, "small"), ([3], 2, "small"), ([5], 1, "small"),
    ]  # fmt: skip
    WorkflowEngine(workflow, tmp_path / "w", registry=registry).run(resume=True)
    assert len(chunks) == 4


def test_a_wrong_number_of_results_fails_the_chunk(registry: TaskRegistry, tmp_path: Path) -> None:
    handler = create_batch_task_handler(lambda items, step, context: items[:-1])
    register_task("short", registry=registry)(handler)
    text = "steps: [{name: s, task: short, inputs: {items: [1, 2]}}]"
    engine = WorkflowEngine(parse_workflow(text, registry=registry), tmp_path, registry=registry)
    result = engine.run()
    assert result.status == "failed"
    assert result.errors_by_category == {"internal": 2}
    assert "1 results for 2 items" in result.steps["s"].failures[0].error.error


def test_a_function_gets_inputs_as_arguments_the_call_and_the_context(
    registry: TaskRegistry, tmp_path: Path
) -> None:
    @register_task(registry=registry)
    def shout(text: str, mark: str = "!", *, context: dict[str, Any]) -> str:
        return text.upper() + mark + context["workflow_name"]

    @register_task("where", registry=registry)
    def where(call: TaskCall) -> str:
        return f"{call.step} {call.attempt} {call.workspace.name}"

    text = """
name: w
steps:
  - {name: a, task: shout, inputs: {text: hi}}
  - {name: b, task: where}
  - {name: c, task: batch, inputs: {items: [x, y], as: text, task: {task: shout}}}
"""
    workflow = parse_workflow(text, registry=registry)
    result = WorkflowEngine(workflow, tmp_path / "ws", registry=registry).run()
    assert result.outputs["a"] == "HI!w"
    assert result.outputs["b"] == "b 1 ws"
    assert result.outputs["c"]["results"] == ["X!w", "Y!w"]


def test_inputs_that_a_function_lacks_or_does_not_know_are_told(registry: TaskRegistry) -> None:
    @register_task(registry=registry)
    def resize(path: str, width: int = 1) -> None: ...

    text = "steps: [{name: a, task: resize, inputs: {widht: 3}}]"
    with pytest.raises(WorkflowError) as caught:
        parse_workflow(text, registry=registry)
    assert "needs the input 'path'" in str(caught.value)
    assert "did you mean 'width'?" in str(caught.value)


def test_a_module_by_path_registers_its_tasks(tmp_path: Path) -> None:
    file = tmp_path / "my_own_tasks.py"
    file.write_text(
        "from batch_engine.workflow import register_task\n"
        "@register_task('my_own_task')\n"
        "def f(n): return n + 1\n"
    )
    load_task_module(str(file))
    assert builtin_registry().get("my_own_task") is not None
    for wrong in (str(tmp_path / "none.py"), "no.such.module"):
        with pytest.raises(WorkflowError, match=r"none\.py|no\.such"):
            load_task_module(wrong)


def test_an_installed_package_offers_tasks_by_entry_points(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an installer leaves it: a module, and its metadata beside it."""
    (tmp_path / "offered_tasks.py").write_text(
        "def greet(name, times=1): return [f'hi {name}'] * times\n"
    )
    metadata = tmp_path / "offered_tasks-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: offered-tasks\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        "[batch_engine.workflow.tasks]\n"
        "greet = offered_tasks:greet\nbroken = offered_tasks.no_such:task\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    registry = TaskRegistry()
    text = "steps: [{name: a, task: greet, inputs: {name: '007', times: 2}}]"
    workflow = parse_workflow(text, registry=registry)
    result = WorkflowEngine(workflow, tmp_path / "ws", registry=registry).run()
    assert result.outputs["a"] == ["hi 007", "hi 007"]
    with pytest.raises(WorkflowError, match="broken cannot be loaded: No module named"):
        registry.find("broken")
    own = TaskRegistry([handler_of(len, name="greet")])
    assert own.find("greet").function is len  # what is there already is not replaced
    monkeypatch.delitem(sys.modules, "offered_tasks")


def test_an_unknown_task_names_what_is_near(registry: TaskRegistry) -> None:
    with pytest.raises(WorkflowError) as caught:
        registry.find("shel")
    assert caught.value.hint == "did you mean 'shell'?"


def test_a_missing_or_wrong_input_of_a_call_is_an_input_error(call: Run) -> None:
    with pytest.raises(TaskInputError, match="needs the input 'file'"):
        call("read_file")
    with pytest.raises(TaskInputError, match="expected str"):
        call("read_file", file=3)
