"""Steps that do not wait for each other run side by side, and end together."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from batch_engine.core import Pause
from batch_engine.workflow import WorkflowResult, parse_workflow
from batch_engine.workflow.order import waits_for

Run = Callable[..., WorkflowResult]

# Each of the two waits for the other: one by one, the first would run into its time limit.
BOTH = """
params: {word: {type: string, default: one}}
steps:
  - {name: left, task: shell, timeout: 20, inputs: {command: "echo l{{ args.word }} > a; cat b"}}
  - {name: right, task: shell, timeout: 20, inputs: {command: "cat a; echo r > b"}, depends_on: []}
  - name: after
    task: echo
    inputs: {message: "{{ steps.right.result.stdout }}{{ steps.left.result.stdout }}"}
    depends_on: [left]
  - {name: alone, task: shell, inputs: {command: "echo x >> log"}, depends_on: [right]}
"""


def test_independent_steps_run_side_by_side_and_only_what_follows_from_a_change_runs_again(
    run: Run, workspace: Path
) -> None:
    os.mkfifo(workspace / "a")
    os.mkfifo(workspace / "b")
    first = run(BOTH)
    assert first.outputs["after"] == "lone\nr\n"
    assert list(first.steps) == ["left", "right", "after", "alone"]
    assert all(step.reused for step in run(BOTH, resume=True).steps.values())
    (workspace / "a").unlink()
    (workspace / "b").unlink()
    (workspace / "b").write_text("from a file")
    again = run(BOTH, {"word": "two"}, resume=True, changed="rerun")
    assert [name for name, step in again.steps.items() if step.reused] == ["right", "alone"]
    assert again.outputs["after"] == "lone\nfrom a file"


def test_a_step_waits_for_what_it_depends_on_and_for_results_that_it_names() -> None:
    steps = parse_workflow(BOTH).steps
    assert waits_for(steps)["after"] == {"left", "right"}
    assert waits_for(steps)["right"] == frozenset()
    assert waits_for(steps[:1])["left"] == frozenset()


FAILING = """
settings: {max_workers: 2}
steps:
  - {name: bad, task: fail, on_error: WHAT}
  - {name: other, task: echo, inputs: {message: 1}, depends_on: []}
  - {name: next, task: echo, inputs: {message: 2}, depends_on: [other, bad]}
  - {name: end, task: print_message, inputs: {message: end}, depends_on: [next], always_run: true}
  - {name: rescue, task: print_message, inputs: {message: "{{ error.step }}"}, depends_on: [end]}
"""


@pytest.mark.parametrize(
    ("what", "status", "said", "skipped"),
    [
        ("fail", "failed", ["end"], ["next", "rescue"]),
        ("continue", "completed_with_errors", ["end", "bad"], []),
        ("{next: rescue}", "completed_with_errors", ["bad"], ["next", "end"]),
    ],
)
def test_a_failure_lets_the_others_end_and_does_what_on_error_says(
    run: Run, printed: list[str], what: str, status: str, said: list[str], skipped: list[str]
) -> None:
    result = run(FAILING.replace("WHAT", what))
    assert (result.status, printed) == (status, said)
    assert result.steps["other"].status == "completed"
    assert [name for name, s in result.steps.items() if s.status == "skipped"] == skipped


def test_no_more_steps_than_workers_are_begun_so_that_a_failure_stops_the_rest(run: Run) -> None:
    result = run(FAILING.replace("max_workers: 2", "max_workers: 1").replace("WHAT", "fail"))
    assert result.steps["other"].status == "skipped"


def test_a_pause_waits_for_the_steps_beside_it_and_resume_goes_on(run: Run) -> None:
    class Waiting(Pause):
        pass

    class Host:
        def __init__(self) -> None:
            self.answer: dict[str, Any] = {}

        def invoke(self, **_: Any) -> dict[str, Any]:
            if not self.answer:
                raise Waiting("no answer yet")
            return self.answer

    text = """
steps:
  - {name: ask, task: agent, inputs: {prompt: p}}
  - {name: beside, task: shell, inputs: {command: "echo x >> log; wc -l < log"}, depends_on: []}
  - {name: both, task: echo, inputs: {message: "{{ steps.beside.result.stdout }}{{ steps.ask }}"}}
"""
    host = Host()
    with pytest.raises(Waiting):
        run(text, invoker=host)
    host.answer = {"text": "yes"}
    result = run(text, invoker=host, resume=True)
    assert result.status == "completed"
    assert result.steps["beside"].reused
    assert "yes" in result.outputs["both"]
