"""One error format, one retry hint, the same rules for all tasks (seed 003, 2)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from batch_engine.core import (
    ErrorRecord,
    NetworkError,
    Pause,
    RateLimitError,
    error_record,
    error_record_schema,
)
from batch_engine.workflow import (
    AbandonedError,
    BatchProcessor,
    CommandFailedError,
    ExpressionError,
    RetrySpec,
    UnsafePathError,
)
from batch_engine.workflow.retrying import retry_policy
from batch_engine.workflow.spec import OnErrorSpec

Run = Callable[..., Any]


def _failed() -> CommandFailedError:
    return CommandFailedError("no", returncode=75, stderr="no")


def test_an_item_that_fails_has_the_seeds_format(tmp_path: Path) -> None:
    def handler(item: Any, config: Any, context: Any) -> Any:
        return config["by"] / item

    with BatchProcessor(tmp_path, "half", task_handler=handler) as processor:
        assert processor.process_item(2, {"by": 10}, {}) == {"success": True, "result": 5.0}
        assert processor.process_item(0, {"by": 10}, {}) == {
            "success": False,
            "error": "division by zero",
            "item": 0,
            "retryable": False,
        }


@pytest.mark.parametrize(
    ("error", "retryable"),
    [
        (TimeoutError(), True),
        (ConnectionResetError(), True),
        (RateLimitError("429"), True),
        (FileNotFoundError("x"), False),
        (PermissionError("x"), False),
        (ValueError("x"), False),
        (UnsafePathError("x"), False),
        (ExpressionError("x"), False),
        (AbandonedError("x"), False),
        (_failed(), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_retry_hint_refines_the_seeds_rule(
    error: Exception, retryable: bool, tmp_path: Path
) -> None:
    def handler(item: Any, config: Any, context: Any) -> Any:
        raise error

    with BatchProcessor(tmp_path, "b", task_handler=handler) as processor:
        assert processor.process_item("x", {}, {})["retryable"] is retryable


def test_a_pause_is_no_failure(tmp_path: Path) -> None:
    class Wait(Pause):
        pass

    def handler(item: Any, config: Any, context: Any) -> Any:
        raise Wait

    with (
        BatchProcessor(tmp_path, "b", task_handler=handler) as processor,
        pytest.raises(Wait),
    ):
        processor.process_item("x", {}, {})


def test_every_failed_item_has_a_record_that_fits_its_schema(run: Run) -> None:
    text = """
steps:
  - name: work
    task: batch
    inputs:
      items: ["true", "false", "exit 3", "{{ x }}"]
      tolerated_failures: 50%
      task: {task: shell, inputs: {argv: [sh, -c, "{{ item }}"]}}
  - name: files
    task: batch
    inputs:
      items: ["../x", "none"]
      tolerated_failures: 2
      task: {task: read_file, inputs: {file: "{{ item }}"}}
  - name: late
    task: batch
    inputs:
      items: [1]
      tolerated_failures: {percent: 100}
      timeout: 0.05
      task: {task: python_function, inputs: {function: "time:sleep", args: [5]}}
"""
    result = run(text.replace('"{{ x }}"', "\"{{ '{{ x }}' }}\""))
    assert result.status == "failed"  # 3 of 4 is more than half
    steps = result.to_json()["steps"]
    result = run(text.replace("50%", "100%").replace('"{{ x }}"', "'x'"), resume=True,
                 changed="rerun")  # fmt: skip
    steps += result.to_json()["steps"]
    schema = error_record_schema()
    records = [record for step in steps for record in step.get("errors", ())]
    for record in records:
        jsonschema.validate(record, schema)
    assert {record["code"] for record in records} == {
        "task.command_failed", "input.unsafe_path", "io.not_found", "timeout.abandoned",
    }  # fmt: skip
    assert result.errors_by_category == {"task": 3, "input": 1, "io": 1, "timeout": 1}
    shell = next(record for record in records if record["code"] == "task.command_failed")
    assert (shell["exit_code"], shell["item"]["preview"], shell["step"]) == (1, "'false'", "work")


def _delays(spec: RetrySpec, *errors: Exception) -> list[float | None]:
    policy = retry_policy(spec)
    return [
        policy.decide(error, attempt=number, elapsed_s=0, random=lambda: 0.5).delay_s
        for number, error in enumerate(errors, 1)
    ]


def test_delays_are_fixed_linear_or_exponential_with_or_without_jitter() -> None:
    errors = [NetworkError("x")] * 4
    assert _delays(RetrySpec(max_attempts=4, delay=2, backoff="fixed"), *errors) == [2, 2, 2, None]
    assert _delays(RetrySpec(max_attempts=4, delay=2, backoff="linear"), *errors) == [2, 4, 6, None]
    assert _delays(RetrySpec(max_attempts=4, delay=2), *errors) == [2, 4, 8, None]
    assert _delays(RetrySpec(max_attempts=4, delay=2, max_delay=3), *errors) == [2, 3, 3, None]
    assert _delays(RetrySpec(max_attempts=4, delay=2, jitter="full"), *errors) == [1, 2, 4, None]


def test_what_is_tried_again_can_be_named_by_code_category_class_or_exit() -> None:
    def again(error: Exception, **rules: Any) -> bool:
        return _delays(RetrySpec(max_attempts=2, **rules), error)[0] is not None

    assert again(_failed())  # asked to retry, a task's own failure counts
    assert again(NetworkError("x"))
    assert not again(ValueError("x"))
    assert not again(FileNotFoundError("x"))
    for name in ("exit 75", "exit:75", "task", "task.command_failed", "CommandFailedError"):
        assert again(_failed(), on=[name])
        assert not again(_failed(), on=[name], never=["task"])
    assert not again(_failed(), on=["exit 7"])
    assert not again(NetworkError("x"), on=["timeout"])
    assert again(ValueError("x"), on=["ValueError"])
    assert again(FileNotFoundError("x"), on=["OSError"])


def test_without_a_word_about_it_nothing_is_tried_again() -> None:
    assert retry_policy(None).max_attempts == 1
    assert retry_policy(None, OnErrorSpec(action="continue")).max_attempts == 1
    assert retry_policy(None, OnErrorSpec(action="retry")).max_attempts == 4
    policy = retry_policy(None, OnErrorSpec(action="fail", retry=2, delay=0.5))
    decision = policy.decide(ValueError(), attempt=2, elapsed_s=0, random=lambda: 0)
    assert (policy.max_attempts, decision.delay_s) == (3, 0.5)


def test_what_is_not_idempotent_is_not_tried_again() -> None:
    policy = retry_policy(RetrySpec(max_attempts=3), idempotent=False)
    decision = policy.decide(NetworkError("x"), attempt=1, elapsed_s=0, random=lambda: 0)
    assert decision.reason == "not_idempotent"


def test_items_are_tried_again_by_the_rules_and_counted(run: Run, workspace: Path) -> None:
    text = """
steps:
  - name: work
    task: batch
    inputs:
      items: [a, b]
      retry: {max_attempts: 3, delay: 0}
      task:
        task: shell
        inputs: {command: 'echo {{ batch.attempt }} >> {{ item }}; test {{ batch.attempt }} -ge 3'}
"""
    result = run(text)
    assert result.status == "completed"
    assert result.steps["work"].counts["retried"] == 2
    assert (workspace / "a").read_text().split() == ["1", "2", "3"]


def test_a_record_survives_its_json() -> None:
    record = error_record(_failed(), step="s")
    assert ErrorRecord.from_json(record.to_json()) == record
