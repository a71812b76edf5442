"""A secret is neither shown nor stored, and a run that goes on still works with it."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from batch_engine.core import ItemRow, MemoryRunStore, SqliteRunStore, StepRef
from batch_engine.workflow import (
    InvalidWorkflowError,
    Services,
    WorkflowError,
    WorkflowResult,
    WorkflowState,
    parse_workflow,
    state_folder,
)
from batch_engine.workflow.secrets import Secrets, SecretStore

Run = Callable[..., WorkflowResult]

TEXT = """
secrets: [TOKEN]
params:
  pw: {type: string, default: open, secret: true, minLength: 4}
steps:
  - {name: login, task: echo, inputs: {message: "session of {{ env.TOKEN }} and {{ args.pw }}"}}
  - name: work
    task: batch
    inputs:
      items: [1, 2]
      tolerated_failures: 1
      retry: {max_attempts: 2, delay: 0}
      task:
        task: shell
        inputs: {command: "echo {{ args.pw }}; echo {{ env.TOKEN }} >&2; [ {{ item }} = 1 ]"}
  - {name: last, task: shell, inputs: {command: "[ -e go ]", env: {X: "{{ steps.login.result }}"}}}
  - {name: say, task: print_message, inputs: {message: "{{ steps.login.result }}"}}
"""
VALUES = ("t0ken-é", "p'ass\"word")


def _leaks(folder: Path) -> list[str]:
    found = []
    for path in sorted(state_folder(folder).iterdir()):
        for value in VALUES:
            forms = (value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1])
            found += [path.name for form in forms if form.encode() in path.read_bytes()]
    return found


def test_secrets_are_not_in_the_state_and_come_back_with_resume(
    run: Run, workspace: Path, printed: list[str]
) -> None:
    env = {"TOKEN": VALUES[0]}
    first = run(TEXT, {"pw": VALUES[1]}, env=env)
    assert first.status == "failed"
    assert _leaks(workspace) == []
    with SqliteRunStore(state_folder(workspace), read_only=True) as store:
        exported = json.dumps(WorkflowState.shown(store).export(results=True))
    assert "session of *** and ***" in exported
    assert "exit code 1: ***" in exported
    assert "\\u0000" not in exported
    with pytest.raises(WorkflowError, match="'pw' is secret, so it was not stored"):
        run(TEXT, env=env, resume=True)
    (workspace / "go").touch()
    done = run(TEXT, {"pw": VALUES[1]}, env=env, resume=True)
    assert done.status == "completed_with_errors"
    assert done.steps["login"].reused
    assert done.outputs["login"] == f"session of {VALUES[0]} and {VALUES[1]}"
    assert done.outputs["work"]["results"][0]["stderr"] == f"{VALUES[0]}\n"
    assert printed == ["session of *** and ***"]
    assert _leaks(workspace) == []


def test_a_secret_parameter_is_a_text_and_no_message_shows_it(run: Run) -> None:
    with pytest.raises(InvalidWorkflowError, match="a secret parameter is a text"):
        parse_workflow("params: {n: {type: integer, secret: true}}\nsteps: [{name: a, task: noop}]")
    with pytest.raises(WorkflowError) as caught:
        run(TEXT, {"pw": "abc"}, env={"TOKEN": "t"})
    assert "'pw', which is secret, is not allowed" in str(caught.value)
    assert "abc" not in str(caught.value)


def test_only_texts_are_masked_so_that_a_short_secret_breaks_no_report() -> None:
    hidden = Secrets({"A": "0", "B": "10", "EMPTY": ""})
    document = {"code": 0, "n": 10, "ok": True, "said": ["10 of 20"], "none": None}
    assert hidden.masked(document) == {**document, "said": ["*** of 2***"]}
    assert not Secrets({"EMPTY": ""})
    assert Secrets({"A": "ab", "B": "abc"}).mask("abc ab") == "*** ***"  # the longest first


def test_nobody_else_can_write_the_mark_of_a_secret() -> None:
    """A result that looks like a stored secret does not become one when it is read again."""
    inner, step = MemoryRunStore(), StepRef("s")
    store = SecretStore(inner, Secrets({"TOKEN": "s3cret"}))
    forged: list[Any] = ["\0TOKEN\0", "\0", "s3cret\0s3cret", {"s3cret": "\0\0TOKEN\0"}]
    store.put(step, [ItemRow("k", "ok", json.dumps(forged))])
    assert "s3cret" not in str(inner.get_many(step, ["k"])["k"].data)
    assert json.loads(str(store.get_many(step, ["k"])["k"].data)) == forged
    (row,) = SecretStore(inner, Secrets({"TOKEN": "new"})).items(step)
    assert json.loads(str(row.data))[2] == "new\0new"


def test_what_is_said_in_a_worker_process_is_masked(capsys: pytest.CaptureFixture[str]) -> None:
    services = Services(secrets=Secrets({"TOKEN": "s3cret"}))
    pickle.loads(pickle.dumps(services)).say("it is s3cret")
    assert capsys.readouterr().err == "it is ***\n"


def test_a_worker_process_stores_no_secret_either(tmp_path: Path) -> None:
    hidden = Secrets({"TOKEN": "s3cret"})
    with SqliteRunStore(tmp_path) as inner:
        reopen = SecretStore(inner, hidden).reopener()
        assert reopen is not None
        joined = pickle.loads(pickle.dumps(reopen))()
        joined.put(StepRef("s"), [ItemRow("k", "ok", '"s3cret"')])
        joined.close()
        assert json.loads(str(inner.get_many(StepRef("s"), ["k"])["k"].data)) == "\0TOKEN\0"
