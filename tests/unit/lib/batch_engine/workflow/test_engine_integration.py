"""The engine: steps in order, flows, conditions, errors, parameters, batches (seed 003, 2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from batch_engine.core import Event, RunCompleted, StepCompleted
from batch_engine.workflow import (
    ParameterError,
    WorkflowEngine,
    WorkflowError,
    load_workflow,
    parse_workflow,
    plan_workflow,
)

Run = Callable[..., Any]

ITEMS = ["007", "1.10", "0x1F", "true", "a/b", "", None, 1, "1", {"k": 1}, "é😀", "a\nb",
         "{{ x }}", "{{ 6*7 }}", "$(id)"]  # fmt: skip


def _statuses(result: Any) -> dict[str, str]:
    return {name: step.status for name, step in result.steps.items()}


def test_results_go_from_step_to_step_with_their_types(run: Run) -> None:
    result = run(
        """
name: typed
params: {n: {type: integer, default: 2}}
steps:
  - {name: a, task: echo, inputs: {message: {list: [1, "1"], n: "{{ args.n }}"}}}
  - {name: b, task: echo, inputs: {message: "{{ steps.a.result.list[1] }}"}}
  - {name: c, task: echo, inputs: {message: "{{ steps.a.result.n + n }} {{ workflow_name }}"}}
""",
        {"n": 40},
    )
    assert result.outputs == {"a": {"list": [1, "1"], "n": 40}, "b": "1", "c": "80 typed"}
    assert result.ok


def test_every_item_reaches_its_task_unchanged(run: Run) -> None:
    text = """
params: {items: {type: array}}
steps:
  - name: work
    task: batch
    inputs:
      items: "{{ args.items }}"
      as: it
      task: {task: echo, inputs: {message: ["{{ it }}", "{{ batch.item }}", "{{ args.it }}"]}}
  - {name: again, task: batch, inputs: {items: "{{ args.items }}", arg_name: message,
     task: {task: echo}}}
"""
    result = run(text, {"items": ITEMS})
    assert result.outputs["work"]["results"] == [[item] * 3 for item in ITEMS]
    assert result.outputs["again"]["results"] == ITEMS
    kinds = [type(item) for item in result.outputs["again"]["processed"]]
    assert kinds == [type(item) for item in ITEMS]


def test_items_are_data_to_the_shell_and_code_is_never_rendered(run: Run) -> None:
    text = """
params: {items: {type: array}}
steps:
  - name: line
    task: batch
    inputs: {items: "{{ args.items }}", collect: "{{ result.stdout }}",
             task: {task: shell, inputs: {command: 'printf %s {{ item }}'}}}
  - name: argv
    task: batch
    inputs: {items: "{{ args.items }}", collect: "{{ result.stdout }}",
             task: {task: shell, inputs: {argv: [printf, "%s", "{{ item }}"]}}}
  - name: code
    task: batch
    inputs: {items: "{{ args.items }}",
             task: {task: python_code, inputs: {code: "result = batch['item'] + '{{ item }}'"}}}
"""
    items = ["$(id)", "`id`", "; exit 9", "it's", '"', "a  b", "*", "{{ 6*7 }}", "%s\\n"]
    result = run(text, {"items": items}, allow_code=True)
    assert result.ok
    assert result.outputs["line"]["results"] == items
    assert result.outputs["argv"]["results"] == items
    assert result.outputs["code"]["results"] == [item + "{{ item }}" for item in items]


def test_items_written_in_the_file_are_data_too(run: Run) -> None:
    result = run(
        """
steps:
  - name: work
    task: batch
    inputs: {items: ["007", "0x1F", on, "a/b\\n", 1, "1", null],
             task: {task: echo, inputs: {message: "{{ item }}"}}}
"""
    )
    assert result.outputs["work"]["results"] == ["007", "0x1F", "on", "a/b\n", 1, "1", None]


def test_a_condition_skips_a_step_and_what_is_no_truth_value_fails_it(run: Run) -> None:
    text = """
params: {flag: {type: boolean, default: false}, n: 3}
steps:
  - {name: off, task: noop, condition: "{{ args.flag }}"}
  - {name: bare, task: noop, condition: "args.n == 3"}
  - {name: "on", task: noop, condition: "{{ args.n == 3 }}"}
  - {name: word, task: noop, condition: '{% if args.n > 2 %}True{% else %}False{% endif %}'}
  - {name: constant, task: noop, condition: false}
  - {name: number, task: noop, condition: "{{ args.n }}", on_error: continue}
  - {name: missing, task: noop, condition: "{{ steps.off.result }}"}
"""
    result = run(text)
    assert _statuses(result) == {
        "off": "skipped", "bare": "skipped", "on": "completed", "word": "completed",
        "constant": "skipped", "number": "failed", "missing": "failed",
    }  # fmt: skip
    assert "gives 3, expected true or false" in result.steps["number"].message
    assert "no result of a step 'off'" in result.steps["missing"].message
    assert "w.yaml:10:" in result.error


ERRORS = """
params: {at: none}
steps:
  - {name: one, task: fail, condition: "{{ args.at == 'one' }}", inputs: {message: no luck}}
  - name: two
    task: fail
    condition: "{{ args.at == 'two' }}"
    on_error: {action: continue, message: "went on after {{ error.step }}: {{ error }}"}
  - name: three
    task: fail
    condition: "{{ args.at == 'three' }}"
    on_error: {action: retry, retry: 1, next: rescue}
  - {name: four, task: noop}
  - {name: rescue, task: echo, inputs: {message: "{{ error.step if error else 'fine' }}"}}
  - {name: last, task: echo, always_run: true, inputs: {message: bye}}
"""


@pytest.mark.parametrize(
    ("at", "status", "skipped", "failed"),
    [
        ("none", "completed", ["one", "two", "three"], []),
        ("one", "failed", ["two", "three", "four", "rescue"], ["one"]),
        ("two", "completed_with_errors", ["one", "three"], ["two"]),
        ("three", "completed_with_errors", ["one", "two", "four"], ["three"]),
    ],
)
def test_a_failure_ends_the_run_or_does_what_on_error_says(
    at: str, status: str, skipped: list[str], failed: list[str], run: Run, printed: list[str]
) -> None:
    result = run(ERRORS, {"at": at})
    assert result.status == status
    assert [n for n, s in _statuses(result).items() if s == "skipped"] == (
        sorted(skipped, key=list(result.steps).index)
    )
    assert [n for n, s in _statuses(result).items() if s == "failed"] == failed
    assert result.outputs["last"] == "bye"
    if at == "one":
        assert result.error == "step 'one' failed: no luck"
    if at == "two":
        assert printed == ["went on after two: Task failed"]
    if at == "three":
        assert result.outputs["rescue"] == "three"
        assert result.steps["three"].error.retry.attempt == 2


def test_flows_choose_steps_and_dependencies_order_them(run: Run, workspace: Path) -> None:
    text = """
steps:
  - {name: a, task: append_file, inputs: {file: log, content: a}, depends_on: c}
  - {name: b, task: append_file, inputs: {file: log, content: b}, depends_on: [a]}
  - {name: c, task: append_file, inputs: {file: log, content: c}, depends_on: []}
flows:
  default: short
  definitions: [{short: [a, c]}, {none: []}]
"""
    assert list(_statuses(run(text))) == ["c", "a"]
    assert (workspace / "log").read_text() == "ca"
    assert [s.name for s in plan_workflow(parse_workflow(text), flow="all")] == ["c", "a", "b"]
    with pytest.raises(WorkflowError, match="no flow 'shrt'"):
        parse_workflow(text).flow("shrt")


def test_a_batch_that_fails_beyond_what_is_tolerated_fails_the_run(run: Run) -> None:
    text = """
steps:
  - name: work
    task: batch
    inputs: {items: [1, 2, 3, 4], chunk_size: 1, task: {task: fail}}
  - {name: after, task: noop}
"""
    result = run(text)
    assert result.status == "failed"
    assert _statuses(result) == {"work": "failed", "after": "skipped"}
    assert "4 of 4 items failed; the first: task.failed: Task failed" in result.error


def test_tolerated_failures_let_the_run_go_on_and_are_told(run: Run) -> None:
    text = """
params: {most: {type: string, default: "50%"}}
steps:
  - name: work
    task: batch
    inputs:
      items: [1, 0, 2, 0]
      tolerated_failures: "{{ args.most }}"
      task: {task: python_function, inputs: {function: operator:truediv, args: [1, "{{ item }}"]}}
      collect: "{{ result * 10 }}"
  - {name: after, task: echo, inputs: {message: "{{ steps.work.result.stats.failed }}"}}
"""
    result = run(text)
    assert result.status == "completed_with_errors"
    assert result.outputs["work"]["results"] == [10.0, 5.0]
    assert [entry["item"] for entry in result.outputs["work"]["failed"]] == [0, 0]
    assert result.outputs["after"] == 2
    assert result.errors_by_category == {"task": 2}


def test_several_tasks_per_item_see_each_other(run: Run, workspace: Path) -> None:
    text = """
steps:
  - {name: prefix, task: echo, inputs: {message: p-}}
  - name: work
    task: batch
    inputs:
      items: [a, b]
      collect: "{{ result.second }}"
      steps:
        - {name: first, task: write_file, inputs: {file: "{{ item }}", content: "{{ item * 2 }}"}}
        - {name: second, task: echo, inputs: {
            message: "{{ steps.prefix.result }}{{ steps.first.result.content }}"}}
"""
    assert run(text).outputs["work"]["results"] == ["p-aa", "p-bb"]
    assert (workspace / "b").read_text() == "bb"


def test_keys_names_and_options_can_be_expressions(run: Run) -> None:
    text = """
params: {size: 2}
steps:
  - name: work
    task: batch
    inputs:
      iterate_over: [{id: 7, v: a}, {id: "7", v: b}]
      as: row
      key: "{{ row.id }}"
      parallel_settings: {chunk_size: "{{ args.size }}", max_workers: 2}
      processing_task: {task: echo, inputs: {message: "{{ batch.key }}={{ row.v }}"}}
"""
    failed = run(text)  # a failure of the step: items may come from steps that have run
    assert failed.status == "failed"
    assert "w.yaml:9:12: the items 0 and 1 have the same key '7'" in failed.steps["work"].message
    result = run(text.replace('id: "7"', "id: 8"), resume=True)
    assert result.outputs["work"]["results"] == ["7=a", "8=b"]


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ('"{{ 3 }}"', "the items are 3"),
        ("\"{{ {'a': 1} }}\"", "dictsort"),
        ('"{{ nope }}"', "nope"),
    ],
)
def test_items_that_are_no_list_fail_the_step(items: str, said: str, run: Run) -> None:
    result = run(
        f"steps: [{{name: a, task: batch, inputs: {{items: {items}, task: {{task: noop}}}}}}]"
    )
    assert result.status == "failed"
    assert said in result.steps["a"].message + result.steps["a"].error.hint


def test_an_empty_list_is_a_batch_without_items(run: Run) -> None:
    result = run("steps: [{name: a, task: batch, inputs: {items: [], task: {task: noop}}}]")
    assert result.outputs["a"]["stats"]["success_rate"] == 100.0


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({}, "'who' is required"),
        ({"who": "x", "wo": 1}, "did you mean 'who'?"),
        ({"who": "x", "n": "5"}, "expected integer"),
        ({"who": "x", "n": 11}, "at most 10"),
        ({"who": "x", "op": "mul"}, "'sum', 'mean'"),
        ({"who": ""}, "at least 1"),
        ({"who": "x", "code": "abc"}, "does not match"),
    ],
)
def test_parameters_are_checked_before_anything_is_made(
    params: dict[str, Any], said: str, tmp_path: Path
) -> None:
    text = """
params:
  who: {type: string, required: true, minLength: 1}
  n: {type: integer, default: 1, minimum: 1, maximum: 10}
  op: {enum: [sum, mean], default: sum}
  code: {pattern: "^[0-9]+$", default: "1"}
steps: [{name: a, task: noop}]
"""
    engine = WorkflowEngine(parse_workflow(text), base_dir=tmp_path / "runs")
    with pytest.raises(ParameterError) as caught:
        engine.run(params)
    assert said in f"{caught.value} {caught.value.hint}"
    assert not (tmp_path / "runs").exists()


def test_secrets_and_python_code_are_asked_for_before_the_start(
    run: Run, printed: list[str], workspace: Path
) -> None:
    with pytest.raises(WorkflowError, match="SURELY_NOT_SET"):
        run("secrets: [SURELY_NOT_SET]\nsteps: [{name: a, task: noop}]")
    text = "secrets: [T]\nsteps: [{name: a, task: print_message, inputs: {message: '{{ env.T }}'}}]"
    run(text, env={"T": "s3cret"})
    assert printed == ["***"]
    code = "steps: [{name: a, task: python_code, inputs: {code: 'result = 1'}}]"
    with pytest.raises(WorkflowError, match=r"w\.yaml:1:25: .* runs Python code"):
        run(code)
    engine = WorkflowEngine(parse_workflow(code), workspace / "code", allow_code=True)
    assert engine.run().outputs == {"a": 1}


def test_imports_come_first_and_own_parameters_win(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "base.yaml").write_text(
        "params: {a: 1, b: 1}\n"
        "steps: [{name: first, task: echo, inputs: {message: '{{ a }}{{ b }}'}}]"
    )
    main = tmp_path / "main.yaml"
    main.write_text("imports: [sub/base.yaml]\nparams: {b: 2}\nsteps: [{name: last, task: noop}]")
    workflow = load_workflow(main)
    assert [step.name for step in workflow.steps] == ["first", "last"]
    result = WorkflowEngine(workflow, tmp_path / "ws").run()
    assert result.outputs["first"] == "12"
    (tmp_path / "sub" / "base.yaml").write_text("imports: [../main.yaml]\nsteps: []")
    with pytest.raises(WorkflowError, match=r"main\.yaml -> base\.yaml -> \.\./main\.yaml"):
        load_workflow(main)


def test_listeners_hear_of_steps_and_the_run(run: Run) -> None:
    heard: list[Event] = []
    run("name: w\nsteps: [{name: a, task: noop}]", listeners=[heard.append])
    kinds = [type(event) for event in heard]
    assert kinds[-1] is RunCompleted
    assert StepCompleted in kinds


def test_a_step_has_a_time_limit(run: Run) -> None:
    result = run("steps: [{name: a, task: shell, timeout: 0.1, inputs: {argv: [sleep, '9']}}]")
    assert result.steps["a"].error.code == "timeout.work"


def test_runs_are_numbered_and_two_cannot_share_a_workspace(tmp_path: Path) -> None:
    workflow = parse_workflow("name: a b/c\nsteps: [{name: a, task: noop}]")
    engines = [WorkflowEngine(workflow, base_dir=tmp_path) for _ in range(2)]
    assert [engine.run().workspace.name for engine in engines] == ["a_b_c_run_1", "a_b_c_run_2"]
    with pytest.raises(WorkflowError, match="has a run of 'a b/c' already"):
        engines[0].run()
    with pytest.raises(WorkflowError, match="no run in"):
        WorkflowEngine(workflow, tmp_path / "other").run(resume=True)


def _problems(text: str) -> Iterator[str]:
    try:
        parse_workflow(text, file="w")
    except WorkflowError as error:
        yield from str(error).splitlines()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("3", "w:1:1: error: a workflow is a mapping"),
        ("steps: []", "w:1:1: error: there are no steps"),
        ("stebs: []", "did you mean 'steps'?"),
        ("steps: {a: {task: noop, inputs: 3}}", "w:1:33: error: steps.0.inputs: has a wrong value"),
        ("steps: [{task: noop}]", "'name' is missing"),
        ("steps: [{name: a, task: noop, on_error: contine}]", "did you mean 'continue'?"),
        ("steps: [{name: a, task: noop, conditon: x}]", "w:1:31: error: steps.0.conditon"),
        ("steps: [{name: a, task: batch}]", "'items' is missing"),
        ("steps: [{name: a, task: batch, inputs: {items: []}}]", "'task' is missing"),
        (
            "steps: [{name: a, task: batch, inputs: {items: [], task: {task: batch}}}]",
            "cannot stand inside of a batch",
        ),
        ("steps: [{name: a, task: noop, depends_on: [a]}]", "in a circle: 'a'"),
        ("steps: [{name: a, task: echo, inputs: {message: '{{ a( }}'}}]", "cannot be read"),
        ("flows: {definitions: [{f: [x]}]}\nsteps: [{name: a, task: noop}]", "names the step 'x'"),
        (
            "steps: [{name: a, task: batch, inputs: {items: [], task:"
            " {task: shell, inputs: {argv: [x], env: 3}}}}]",
            "w:1:97: error: steps.0.inputs.task.inputs.env: has a wrong value"
            " (expected a mapping, got 3)",
        ),
        # A step with something wrong in it is checked for what else is wrong.
        ("steps: [{name: a, task: noop, retry: 0, depends_on: [b]}]", "there is no step 'b'"),
        ("params: {n: {type: integer, default: x}}\nsteps: [{name: a, task: noop}]", "w:1:38"),
    ],
)
def test_a_wrong_file_is_told_with_place_expectation_and_suggestion(text: str, said: str) -> None:
    assert any(said in line for line in _problems(text)), list(_problems(text))


def test_all_problems_are_told_at_once_and_warnings_only_if_strict() -> None:
    text = "nam: x\nsteps:\n- {name: a, task: shel}\n- {name: b, task: noop, condition: bare}\n"
    told = [line for line in _problems(text) if not line.startswith("  ")]
    assert [line.split(" ")[1] for line in told] == ["error:", "error:", "warning:"]
    fine = "steps:\n- {name: b, task: noop, condition: bare, note: 3}\n"
    assert [w.severity for w in parse_workflow(fine).warnings] == ["warning", "warning"]
    back = "steps:\n- {name: a, task: noop}\n- {name: b, task: fail, on_error: {next: a}}\n"
    (warning,) = parse_workflow(back, file="w").warnings
    assert str(warning).startswith("w:3:42: warning: steps.1.on_error.next: 'a' stands before 'b'")
    with pytest.raises(WorkflowError):
        parse_workflow(fine, strict=True)
