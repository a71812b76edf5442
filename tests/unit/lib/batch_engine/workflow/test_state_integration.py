"""The state of the engine: resume, retry, changed files, edited lists (seed 003, 3)."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from batch_engine.core import Pause, Progress, SqliteRunStore, StepRef
from batch_engine.workflow import (
    ChangedWorkflowError,
    WorkflowEngine,
    WorkflowError,
    WorkflowState,
    parse_workflow,
    state_folder,
)
from batch_engine.workflow.own_code import own_files

Run = Callable[..., Any]

# Each item says that it ran; the ones in the file "bad" fail.
TEXT = """
params: {items: {type: array, default: [a, b, c, d]}}
steps:
  - {name: before, task: append_file, inputs: {file: log, content: "before "}}
  - name: work
    task: batch
    inputs:
      items: "{{ args.items }}"
      max_concurrency: 1
      task:
        task: shell
        inputs: {command: 'printf "%s " {{ item }} >> log; ! grep -qx {{ item }} bad'}
  - {name: after, task: shell, inputs: {
      command: 'printf "after:{{ steps.work.result.stats.processed }} " >> log'}}
"""


@pytest.fixture
def log(workspace: Path) -> Callable[[], list[str]]:
    """What ran since it was asked last."""
    (workspace / "bad").write_text("")
    path = workspace / "log"

    def read() -> list[str]:
        words = path.read_text().split() if path.exists() else []
        path.unlink(missing_ok=True)
        return words

    return read


def test_what_is_finished_does_not_run_again(run: Run, log: Any) -> None:
    first = run(TEXT)
    assert log() == ["before", "a", "b", "c", "d", "after:4"]
    again = run(TEXT, resume=True)
    assert log() == []
    assert all(step.reused for step in again.steps.values())
    assert again.outputs == first.outputs


def test_after_a_failed_step_resume_tries_it_again_and_goes_on(
    run: Run, log: Any, workspace: Path
) -> None:
    (workspace / "bad").write_text("b\n")
    assert run(TEXT).status == "failed"
    assert log() == ["before", "a", "b", "c", "d"]
    (workspace / "bad").write_text("")
    result = run(TEXT, resume=True)
    assert result.status == "completed"
    assert log() == ["b", "after:4"]
    assert result.steps["work"].counts["loaded"] == 3


def test_retry_runs_only_what_failed_and_what_follows_from_it(
    run: Run, log: Any, workspace: Path
) -> None:
    text = TEXT.replace("max_concurrency: 1", "max_concurrency: 1\n      tolerated_failures: 2")
    (workspace / "bad").write_text("b\nd\n")
    assert run(text).status == "completed_with_errors"
    assert log() == ["before", "a", "b", "c", "d", "after:2"]
    assert run(text, resume=True).status == "completed_with_errors"
    assert log() == []
    (workspace / "bad").write_text("d\n")
    assert run(text, retry=True).status == "completed_with_errors"
    assert log() == ["b", "d", "after:3"]
    assert run(text, retry=True).status == "completed_with_errors"
    assert log() == ["d"]  # still failing: nothing that follows sees anything new


@pytest.mark.parametrize(
    ("items", "ran"),
    [
        (["x", "a", "b", "c", "d"], ["x", "after:5"]),
        (["d", "c", "b", "a"], ["after:4"]),
        (["a", "c"], ["after:2"]),
        (["c", "y", "a"], ["y", "after:3"]),
    ],
)
def test_an_edited_list_runs_exactly_the_new_items(
    items: list[str], ran: list[str], run: Run, log: Any
) -> None:
    run(TEXT)
    log()
    run(TEXT, {"items": items}, resume=True)
    assert log() == ran


def test_a_changed_step_is_noticed_and_needs_a_word(run: Run, log: Any) -> None:
    run(TEXT)
    log()
    changed = TEXT.replace("! grep", "true; ! grep")
    with pytest.raises(ChangedWorkflowError) as caught:
        run(changed, resume=True)
    assert caught.value.steps == ("work",)
    assert "w.yaml:5:5: the step 'work' is not what it was" in str(caught.value)
    assert "4 of its items have a result" in str(caught.value)
    run(changed, resume=True, changed="keep")
    assert log() == []
    run(changed, resume=True, changed="rerun")
    assert log() == ["a", "b", "c", "d", "after:4"]
    run(changed, resume=True)
    assert log() == []


def test_what_follows_a_step_that_runs_again_runs_again_too(run: Run) -> None:
    text = """
params: {word: a}
steps:
  - {name: first, task: shell, inputs: {command: "echo {{ args.word }} > word"}}
  - {name: second, task: shell, inputs: {command: "cat word"}}
"""
    run(text)
    again = run(text, {"word": "b"}, resume=True, changed="rerun")
    assert again.outputs["second"]["stdout"] == "b\n"


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("steps: [{name: a, task: echo, inputs: {message: '{{ env.WORD }}'}}]", {}),
        (
            "params: {word: x}\nsteps: [{name: a, task: python_code,"
            " inputs: {code: 'result = args[\"word\"]'}}]",
            {"allow_code": True},
        ),
    ],
)
def test_the_environment_and_what_code_can_see_count_too(
    run: Run, text: str, more: dict[str, Any]
) -> None:
    params = {"word": "a"} if more else None
    assert run(text, params, env={"WORD": "a"}, **more).outputs["a"] == "a"
    assert run(text, params, env={"WORD": "a"}, **more, resume=True).steps["a"].reused
    params = {"word": "b"} if more else None
    with pytest.raises(ChangedWorkflowError):
        run(text, params, env={"WORD": "b"}, **more, resume=True)


def test_failures_of_earlier_processes_count_for_what_is_tolerated(
    run: Run, workspace: Path
) -> None:
    text = """
params: {most: 2}
steps:
  - name: work
    task: batch
    inputs:
      items: "{{ range(args.most) | list }}"
      tolerated_failures: 2
      max_concurrency: 1
      task: {task: shell, inputs: {command: "echo {{ item }} >> log; false"}}
"""
    assert run(text).status == "completed_with_errors"
    assert run(text, {"most": 6}, resume=True).status == "failed"
    assert (workspace / "log").read_text().split() == ["0", "1", "2"]


def test_a_run_is_gone_on_with_in_its_own_flow(run: Run) -> None:
    text = "steps: [{name: a, task: noop}]\nflows: {definitions: [{f: [a]}, {g: [a]}]}"
    run(text, flow="f")
    assert run(text, flow="f", resume=True).ok
    with pytest.raises(WorkflowError, match="is of the flow 'f', not of 'g'"):
        run(text, flow="g", resume=True)


def test_how_a_batch_is_run_may_change(run: Run, log: Any) -> None:
    run(TEXT)
    log()
    more = "max_concurrency: 3\n      retry: 2\n      chunk_size: 2\n      tolerated_failures: 1"
    run(TEXT.replace("max_concurrency: 1", more), resume=True)
    assert log() == []


@pytest.mark.parametrize("reference", ["mark", "args.mark", "args['mark']"])
def test_a_parameter_that_a_step_refers_to_counts_as_its_change(
    reference: str, run: Run, log: Any
) -> None:
    text = TEXT.replace("params: {", "params: {mark: '-', other: 1, ").replace(
        '"before "', f'"{{{{ {reference} }}}} "'
    )
    run(text)
    log()
    run(text, {"other": 2}, resume=True)
    assert log() == []
    with pytest.raises(ChangedWorkflowError, match="'before'"):
        run(text, {"mark": "+"}, resume=True)
    run(text, {"mark": "+"}, resume=True, changed="rerun")
    assert log() == ["+", "after:4"]  # the items are the same


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A module of the user's, importable."""
    folder = tmp_path / "importable"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    yield folder / "users_code.py"
    sys.modules.pop("users_code", None)


def test_changed_code_is_noticed_also_in_a_helper_and_comments_do_not_count(
    run: Run, module: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "steps: [{name: a, task: python_function, inputs: {function: 'users_code:f'}}]"

    def write(source: str) -> None:
        module.write_text(source)
        sys.modules.pop("users_code", None)
        importlib.invalidate_caches()

    write("def f():\n    return g()\ndef g():\n    return 1\n")
    assert run(text).outputs["a"] == 1
    write('# said\ndef f():\n    "doc"\n    return g()\ndef g():\n    return 1\n')
    assert run(text, resume=True).steps["a"].reused
    write("def f():\n    return g()\ndef g():\n    return 22\n")
    with pytest.raises(ChangedWorkflowError):
        run(text, resume=True)
    assert run(text, resume=True, changed="rerun").outputs["a"] == 22
    # Also in another module of the user's, which is imported by way of a third.
    package = module.parent / "users_package"
    package.mkdir()
    (package / "__init__.py").write_text("from users_package import inner\n")
    (package / "inner.py").write_text("import json, yaml\nfrom .deep import value\n")
    (package / "deep.py").write_text("value = 3\n")
    write("import users_package\ndef f():\n    return users_package.inner.value\n")
    assert run(text, resume=True, changed="rerun").outputs["a"] == 3
    assert run(text, resume=True).steps["a"].reused
    (package / "deep.py").write_text("value = 4\n")
    with pytest.raises(ChangedWorkflowError):
        run(text, resume=True)
    assert [path.name for path in own_files(module)] == [
        "users_code.py", "__init__.py", "deep.py", "inner.py"]  # fmt: skip
    for name in [name for name in sys.modules if name.startswith("users_package")]:
        monkeypatch.delitem(sys.modules, name)


class Waiting(Pause):
    """The answer is not there yet."""


class Host:
    """An invoker whose answers come when they come."""

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self.asked: list[str] = []

    def invoke(self, *, agent_name: str, input_data: Any, context: Any) -> dict[str, Any]:
        self.asked.append(input_data["prompt"])
        if input_data["prompt"] not in self.answers:
            raise Waiting("no answer yet")
        return {"text": self.answers[input_data["prompt"]]}


AGENTS = """
steps:
  - name: ask
    task: batch
    inputs:
      items: [a, b, c, d]
      max_concurrency: 1
      chunk_size: 2
      task: {task: agent, inputs: {agent: critic, prompt: "{{ item }}"}}
      collect: "{{ result.text }}"
"""


def test_a_pause_of_an_agent_pauses_the_run_and_answers_are_never_asked_for_twice(
    run: Run, workspace: Path
) -> None:
    host = Host()
    host.answers = {"b": "B"}
    with pytest.raises(Waiting):
        run(AGENTS, invoker=host)
    assert host.asked == ["a", "b"]  # nothing new is begun after the chunk that has to wait
    with SqliteRunStore(state_folder(workspace), read_only=True) as store:
        assert WorkflowState(store).status == "paused"
    host.asked.clear()
    host.answers |= {"a": "A", "c": "C"}
    with pytest.raises(Waiting):
        run(AGENTS, invoker=host, resume=True)
    assert host.asked == ["a", "c", "d"]
    host.answers["d"] = "D"
    host.asked.clear()
    result = run(AGENTS, invoker=host, resume=True)
    assert host.asked == ["d"]
    assert result.outputs["ask"]["results"] == ["A", "B", "C", "D"]


def test_an_interrupted_batch_goes_on_and_leaves_what_failed_as_it_is(
    run: Run, log: Any, workspace: Path
) -> None:
    text = TEXT.replace("max_concurrency: 1", "max_concurrency: 1\n      tolerated_failures: 1")
    (workspace / "bad").write_text("a\n")
    run(text)
    log()
    # As after a crash in the middle of "c".
    with SqliteRunStore(state_folder(workspace)) as store:
        state = WorkflowState(store)
        record = state.step("work")
        assert record is not None
        rows = list(store.items(record.ref))
        store.prune(record.ref, keep=[row.key for row in rows[:2]])
        state.put_step(replace(record, status="running", shape=""))
    assert run(text, resume=True).steps["work"].counts["failed"] == 1
    assert log() == ["c", "d", "after:3"]


def test_export_is_the_seeds_form_for_every_step(run: Run, log: Any, workspace: Path) -> None:
    (workspace / "bad").write_text("c\n")
    run(TEXT)
    with SqliteRunStore(state_folder(workspace), read_only=True) as store:
        state = WorkflowState(store).export()
    assert (state["version"], state["status"]) == (1, "failed")
    work = state["steps"]["work"]
    assert set(work) == {"task", "status", "processed", "failed", "stats"}
    assert work["stats"] == {"total": 4, "processed": 3, "failed": 1, "retried": 0}
    assert len(work["processed"]) == 3
    (record,) = work["failed"].values()
    assert record["item"]["preview"] == "'c'"


def test_what_is_not_idempotent_is_not_begun_twice_unless_asked(run: Run, workspace: Path) -> None:
    text = """
steps:
  - name: pay
    task: batch
    inputs: {items: [a, b], idempotent: false, tolerated_failures: 2, max_concurrency: 1,
             task: {task: shell, inputs: {command: 'echo {{ item }} >> log'}}}
"""
    engine = WorkflowEngine(parse_workflow(text), workspace)
    engine.run()
    # As after a crash in the middle of "b": it is noted as begun, and has no outcome.
    with SqliteRunStore(state_folder(workspace)) as store:
        state = WorkflowState(store)
        record = state.step("pay")
        assert record is not None
        rows = list(store.items(record.ref))
        store.prune(StepRef("pay", record.fingerprint), keep=[rows[0].key])
        state.put_step(replace(record, status="running", shape=""))
    result = run(text, resume=True)
    (failure,) = result.steps["pay"].failures
    assert (failure.item, failure.error.code) == ("b", "crash.interrupted")
    assert (workspace / "log").read_text().split() == ["a", "b"]
    assert run(text, retry=True).status == "completed"
    elsewhere = WorkflowEngine(parse_workflow(text), workspace / "p", executor="processes").run()
    assert "not idempotent cannot run in processes" in elsewhere.steps["pay"].message
    assert (workspace / "log").read_text().split() == ["a", "b", "b"]


def test_state_grows_with_the_items_and_no_faster(tmp_path: Path) -> None:
    sizes = []
    for count in (200, 2_000):
        text = f"""
steps: [{{name: a, task: batch, inputs: {{items: "{{{{ range({count}) | list }}}}",
          task: {{task: echo, inputs: {{message: "{{{{ item }}}}"}}}}}}}}]"""
        folder = tmp_path / str(count)
        WorkflowEngine(parse_workflow(text), folder).run()
        sizes.append((state_folder(folder) / "run.sqlite3").stat().st_size)
    assert sizes[1] <= 12 * sizes[0]


def test_what_follows_runs_again_when_an_item_fails_for_another_reason(
    run: Run, workspace: Path
) -> None:
    text = """
steps:
  - name: work
    task: batch
    inputs:
      items: [a]
      tolerated_failures: 1
      task: {task: shell, inputs: {command: "cat why >&2; exit 1"}}
  - name: after
    task: echo
    inputs: {message: "{{ steps.work.result.failed[0].error }}"}
"""
    (workspace / "why").write_text("first")
    assert "first" in run(text).outputs["after"]
    (workspace / "why").write_text("second")
    result = run(text, retry=True)
    assert "second" in result.outputs["after"]
    assert run(text, resume=True).steps["after"].reused


def test_progress_counts_the_items_that_stay_as_they_failed(run: Run, workspace: Path) -> None:
    text = """
steps:
  - name: work
    task: batch
    inputs:
      items: [a, b, c]
      tolerated_failures: 1
      task: {task: shell, inputs: {command: "[ {{ item }} = a ] && exit 1; true"}}
"""
    run(text)
    with SqliteRunStore(state_folder(workspace)) as store:
        state = WorkflowState(store)
        record = state.step("work")
        assert record is not None
        rows = list(store.items(record.ref))
        store.prune(record.ref, keep=[row.key for row in rows[:2]])
        state.put_step(replace(record, status="running"))
    progress = Progress()
    run(text, resume=True, listeners=[progress])
    now = progress.snapshot()
    assert (now.total, now.done, now.ok) == (3, 3, 1)


def test_a_failure_from_before_is_not_told_as_if_it_were_new(run: Run, printed: list[str]) -> None:
    text = """
steps:
  - {name: no, task: fail, on_error: {action: continue, message: "went wrong"}}
  - {name: end, task: echo, inputs: {message: end}}
"""
    run(text)
    again = run(text, resume=True)
    assert again.steps["no"].reused
    assert printed == ["went wrong"]


def test_what_left_the_list_is_not_counted_and_comes_back_with_its_result(
    run: Run, workspace: Path
) -> None:
    text = """
params: {items: {type: array, default: [a, b, c, d]}}
steps:
  - name: work
    task: batch
    inputs:
      items: "{{ args.items }}"
      tolerated_failures: 9
      task:
        task: shell
        inputs: {command: "echo {{ item }} >> log; case {{ item }} in c*) exit 1;; esac"}
      key: "{{ item }}"
"""

    def state() -> tuple[Any, Any, Any, int]:
        with SqliteRunStore(state_folder(workspace), read_only=True) as store:
            known = WorkflowState(store)
            work = known.export(results=True)["steps"]["work"]
            counts = known.counts(known.steps()[0])
        assert work["stats"]["total"] == counts.ok + counts.failed == len(work["order"])
        return work["processed"], list(work["failed"]), work["order"], work["stats"]["retried"]

    run(text)
    assert state() == (["a", "b", "d"], ["c"], ["a", "b", "c", "d"], 0)
    run(text, {"items": ["d", "x", "c"]}, resume=True)
    assert state() == (["d", "x"], ["c"], ["d", "x", "c"], 0)
    run(text, {"items": ["x"]}, resume=True)
    assert state() == (["x"], [], ["x"], 0)
    run(text, {"items": ["c", "d", "b", "x", "a"]}, resume=True)
    assert state() == (["d", "b", "x", "a"], ["c"], ["c", "d", "b", "x", "a"], 0)
    assert sorted((workspace / "log").read_text().split()) == ["a", "b", "c", "d", "x"]
    run(text, {"items": ["c", "c2"]}, resume=True)
    run(text, {"items": ["c", "c2", "y"]}, resume=True)
    assert state() == (["y"], ["c", "c2"], ["c", "c2", "y"], 0)
