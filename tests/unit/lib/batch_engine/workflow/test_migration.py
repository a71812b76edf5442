"""State of yaml-workflow is taken over: what it did is done, all else runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from batch_engine.workflow import (
    ImportReport,
    WorkflowEngine,
    WorkflowError,
    WorkflowResult,
    import_former_run,
    parse_workflow,
    read_former_state,
)

TEXT = """
name: digest
params:
  word: {type: string, default: a}
  most: {type: integer, default: 0}
steps:
  - {name: begin, task: echo, inputs: {message: "begun {{ args.word }}"}}
  - name: work
    task: batch
    inputs:
      items: [x, 1, "1", {k: 1}, x]
      tolerated_failures: "{{ args.most }}"
      task: {task: echo, inputs: {message: ["new", "{{ item }}"]}}
  - name: end
    task: echo
    inputs: {message: "{{ steps.begin.result }}, {{ steps.work.result.results | length }}"}
  - {name: last, task: echo, inputs: {message: last}}
"""


def _state(*, status: str = "failed", **steps: Any) -> dict[str, Any]:
    outputs = {name: {"status": "completed", "result": result} for name, result in steps.items()}
    return {
        "execution_state": {
            "current_step_name": None,
            "completed_steps": list(outputs),
            "failed_step": None,
            "step_outputs": outputs,
            "status": status,
            "flow": None,
        },
        "namespaces": {"args": {"most": "0"}, "env": {}, "steps": {}, "batch": {}},
        "workflow_name": "digest",
        "created_at": "2026-01-02T03:04:05.000006",
        "run_number": 4,
    }


def _batch(processed: list[Any], failed: list[Any]) -> dict[str, Any]:
    return {
        "processed": processed,
        "failed": [{"item": item, "error": "it broke", "step_name": "s"} for item in failed],
        "results": [["old", item] for item in processed],
        "stats": {"total": len(processed) + len(failed)},
    }


def _written(folder: Path, state: Any) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / ".workflow_metadata.json").write_text(json.dumps(state))
    return folder


def _engine(folder: Path) -> WorkflowEngine:
    return WorkflowEngine(parse_workflow(TEXT), folder, say=lambda text: None)


def _taken(
    folder: Path, params: dict[str, Any] | None = None
) -> tuple[ImportReport, WorkflowResult]:
    report = import_former_run(_engine(folder), read_former_state(folder), params)
    return report, _engine(folder).run(resume=True)


def test_done_steps_and_items_are_not_run_again(workspace: Path) -> None:
    everything = _batch(["x", 1, "1", {"k": 1}, "x"], [])
    report, result = _taken(_written(workspace, _state(begin="begun long ago", work=everything)))
    assert report.steps == ("begin", "work")
    assert (report.items, report.failed) == (5, 0)
    assert report.left == ("end: it was not done",)
    assert result.ok
    assert [step.reused for step in result.steps.values()] == [True, True, False, False]
    assert result.steps["work"].result["results"] == everything["results"]
    assert result.outputs["end"] == "begun long ago, 5"


def test_items_that_are_missing_run_and_types_tell_items_apart(workspace: Path) -> None:
    part = _batch(["x", "1"], [])
    report, result = _taken(_written(workspace, _state(begin="begun", work=part, end="old end")))
    assert report.left == (
        "work: 3 of its items have no result",
        "end: it comes after a step that runs again",
    )
    found = result.steps["work"].result["results"]
    assert found == [["old", "x"], ["new", 1], ["old", "1"], ["new", {"k": 1}], ["new", "x"]]
    assert result.steps["work"].counts["loaded"] == 2
    assert result.outputs["end"] == "begun, 5"


def test_items_of_a_batch_after_a_step_that_has_to_run_are_taken_too(workspace: Path) -> None:
    """The former batch task left nothing but its own state: its items are not done twice."""
    folder = workspace / ".batch_state"
    folder.mkdir()
    (folder / "work_state.json").write_text('{"processed": ["{\'k\': 1}"], "failed": ["x"]}')
    report, result = _taken(workspace, {"most": 2})
    assert report.steps == ()
    assert (report.items, report.failed) == (1, 2)
    assert report.left == (
        "begin: it was not done",
        "work: 2 of its items failed, 2 of its items have no result",
    )
    work = result.steps["work"]
    assert work.counts == {"total": 5, "processed": 3, "loaded": 1, "failed": 2, "retried": 0}
    assert work.result["results"] == [["new", 1], ["new", "1"], None]


def test_items_that_need_a_result_which_is_not_there_are_left(workspace: Path) -> None:
    text = TEXT.replace('["new", "{{ item }}"]', '"{{ steps.begin.result }} {{ item }}"')
    state = _state(work=_batch(["x", 1], []))
    engine = WorkflowEngine(parse_workflow(text), workspace)
    report = import_former_run(engine, read_former_state(_written(workspace, state)))
    assert (report.items, report.left[1]) == (0, "work: it comes after a step that runs again")


def test_failed_items_stay_failed_until_they_are_retried(workspace: Path) -> None:
    part = _batch(["x", "1", {"k": 1}, "x"], [1])
    report, result = _taken(_written(workspace, _state(begin="begun", work=part)))
    assert report.failed == 1
    assert result.status == "failed"
    (failure,) = result.steps["work"].failures
    assert (failure.item, failure.error.error, failure.error.code) == (
        1, "it broke", "task.imported",
    )  # fmt: skip
    again = _engine(workspace).run(retry=True)
    assert again.ok
    assert again.steps["work"].counts["loaded"] == 4


def test_a_step_that_failed_runs_again(workspace: Path) -> None:
    state = _state()
    outputs = state["execution_state"]["step_outputs"]
    outputs["begin"] = {"status": "failed", "error": "Task 'begin' failed: no", "skipped": False}
    report, result = _taken(_written(workspace, state))
    assert (report.steps, report.left) == ((), ("begin: it failed",))
    assert result.ok
    assert result.outputs["begin"] == "begun a"


def test_parameters_can_be_given_and_change_what_is_done(workspace: Path) -> None:
    folder = _written(workspace, _state(begin="begun"))
    report, result = _taken(folder, {"word": "b"})
    assert report.steps == ("begin",)  # the results are those of whoever gave the state
    assert result.outputs["begin"] == "begun"


def test_the_state_of_the_former_batch_task_is_matched_by_text(workspace: Path) -> None:
    _written(workspace, _state(begin="begun"))
    folder = workspace / ".batch_state"
    folder.mkdir()
    state = {"processed": ["x", "1"], "failed": {"{'k': 1}": {"error": "it broke"}}}
    file = folder / "work_state.json"
    file.write_text(json.dumps({**state, "timestamp": "2025-04-16T10:00:00"}))
    report, result = _taken(workspace, {"most": 1})
    assert (report.items, report.failed) == (2, 1)
    assert report.left == (
        "work: 1 of its items failed, 2 of its items have no result, "
        "2 of these cannot be told apart by their text",
    )
    assert result.steps["work"].result["results"] == [
        None,
        ["new", 1],
        ["new", "1"],
        None,
    ]
    assert [entry.item for entry in result.steps["work"].failures] == [{"k": 1}]
    assert read_former_state(file).workspace == workspace
    assert json.loads(file.read_text())["processed"] == ["x", "1"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"execution_state": {"step_outp', "a crash can cut it off"),
        ("[1]", "expected a mapping"),
        ("{}", "expected execution_state.step_outputs"),
        ('{"execution_state": {"step_outputs": {"a": 1}}}', "a status for every step"),
    ],
)
def test_a_state_that_cannot_be_read_is_told(text: str, said: str, workspace: Path) -> None:
    (workspace / ".workflow_metadata.json").write_text(text)
    with pytest.raises(WorkflowError) as caught:
        read_former_state(workspace)
    assert said in f"{caught.value.message} {caught.value.hint}"


def test_state_that_does_not_fit_is_refused_and_nothing_is_written(workspace: Path) -> None:
    with pytest.raises(WorkflowError, match="no state of yaml-workflow"):
        read_former_state(workspace)
    other = _written(workspace, {**_state(), "workflow_name": "other"})
    with pytest.raises(WorkflowError, match="'other', not of 'digest'"):
        import_former_run(_engine(workspace), read_former_state(other))
    mine = _written(workspace, _state(begin="begun"))
    with pytest.raises(WorkflowError, match="there is no parameter 'wrod'"):
        import_former_run(_engine(workspace), read_former_state(mine), {"wrod": "b"})
    assert not (workspace / ".workflow").exists()
    import_former_run(_engine(workspace), read_former_state(mine))
    with pytest.raises(WorkflowError, match="has a run of 'digest' already"):
        import_former_run(_engine(workspace), read_former_state(mine))


FORMER = """
steps:
  - name: work
    task: batch_processor
    inputs:
      iterate_over: [1, 2]
      parallel_settings: {chunk_size: 2, max_workers: 2}
      resume: true
      aggregator: {task: echo}
      processing_task: {task: echo, inputs: {message: "{{ item }}"}}
"""


def test_a_step_of_the_former_batch_task_runs_with_a_word_about_it(workspace: Path) -> None:
    workflow = parse_workflow(FORMER, file="w.yaml")
    assert sorted(str(entry).splitlines()[0] for entry in workflow.warnings) == [
        "w.yaml:4:11: warning: steps.0.task: the task 'batch_processor' is called 'batch' now",
        "w.yaml:8:7: warning: steps.0.inputs.resume: 'resume' has no effect",
        "w.yaml:9:7: warning: steps.0.inputs.aggregator: 'aggregator' has no effect",
    ]
    result = WorkflowEngine(workflow, workspace).run()
    assert result.outputs["work"]["results"] == [1, 2]
