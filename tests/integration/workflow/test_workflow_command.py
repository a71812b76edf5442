"""``template-create workflow`` as a user has it: messages, exit codes, resume, status."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from typer.testing import Result

Command = Callable[..., Result]
Written = Callable[[str], Path]

TEXT = """
name: demo
params:
  most: {type: integer, default: 2}
  bad: {type: string, default: "b"}
steps:
  - {name: first, task: print_message, inputs: {message: "hello"}}
  - name: work
    task: batch
    inputs:
      items: [a, b, c]
      tolerated_failures: "{{ args.most }}"
      task: {task: shell, inputs: {command: "test {{ item }} != {{ args.bad }}"}}
"""


def test_exit_codes_reports_and_retry(
    workflow: Command, written: Written, tmp_path: Path, exported: Callable[[Path], Any]
) -> None:
    file = written(TEXT)
    done = workflow("run", file, "bad=z", "--json")
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    assert (document["status"], document["exit_code"]) == ("completed", 0)
    assert done.stderr == "hello\n"

    part = workflow("run", file, "--workspace", tmp_path / "part")
    assert part.exit_code == 7
    assert part.stdout.startswith("hello\n")
    assert "2 of 3, 1 failed" in part.stdout
    assert "work  task      1       'b': the command failed with exit code 1" in part.stdout
    assert "workflow retry" in part.stderr
    assert workflow("run", file, "--workspace", tmp_path / "p2", "--allow-failures").exit_code == 0

    failed = workflow(
        "run", file, "--param", "most=0", "--workspace", tmp_path / "failed", "--json"
    )
    assert failed.exit_code == 1
    again = workflow("retry", file, "--workspace", tmp_path / "failed", "--allow-failures")
    assert again.exit_code == 1  # it allows what the workflow tolerates, and no more
    document = json.loads(failed.stdout)
    assert document["errors_by_category"] == {"task": 1}

    assert workflow("retry", file, "--workspace", tmp_path / "part").exit_code == 7
    status = workflow("status", tmp_path / "part")
    assert "demo: completed_with_errors" in status.stdout
    assert "3 of 3 (100%), 1 failed" in status.stdout
    assert exported(tmp_path / "part")["steps"]["work"]["stats"]["failed"] == 1
    latest = workflow("run", file, "--resume")
    assert latest.exit_code == 0
    assert "from before" in latest.stdout


def test_a_secret_parameter_is_given_again_to_retry(
    workflow: Command, written: Written, tmp_path: Path
) -> None:
    file = written(
        "params: {pw: {type: string, secret: true}}\n"
        "steps: [{name: a, task: shell, inputs: {command: 'echo {{ args.pw }} >&2; false'}}]"
    )
    first = workflow("run", file, "pw=s3cret-0", "--workspace", "ws", "--json")
    assert first.exit_code == 1
    refused = workflow("retry", file, "--workspace", "ws")
    assert (refused.exit_code, "give it again: --param pw=..." in refused.stderr) == (2, True)
    again = workflow("retry", file, "pw=s3cret-0", "--workspace", "ws")
    assert again.exit_code == 1
    shown = [first, again, workflow("status", "ws"), workflow("export", "ws", "--results")]
    for done in shown:
        assert "s3cret-0" not in done.stdout + done.stderr
        assert "***" in done.stdout


def test_wrong_input_is_exit_code_2_with_the_way_out(
    workflow: Command, written: Written, tmp_path: Path
) -> None:
    file = written(TEXT.replace("task: batch", "task: bach"))
    done = workflow("validate", file)
    assert done.exit_code == 2
    assert f"{file}:9:11: error: steps.1.task: there is no task 'bach'" in done.stdout
    assert "did you mean 'batch'?" in done.stdout
    assert json.loads(workflow("validate", file, "--json").stdout)["problems"][0]["line"] == 9
    assert workflow("run", file).exit_code == 2
    fine = written(TEXT)
    for words, said in (
        (["run", fine, "mots=3"], "did you mean 'most'?"),
        (["run", fine, "most=x"], "expected integer"),
        (["run", fine, "--resume"], "no run of 'demo'"),
        (["run", fine, "--executor", "clouds"], "threads, processes, dask"),
        (["run", fine, "--scheduler", "tcp://127.0.0.1:1"], "goes with --executor dask"),
        (["run", fine, "--changed", "maybe"], "refuse, rerun, keep"),
        (["run", fine, "--bridge", "nobody"], "MODULE:OBJECT"),
        (["run", fine, "--bridge", "offline"], "not free prompts"),
        (["run", fine, "--model", "m"], "goes with --bridge api"),
        (["run", fine, "--bridge", "api"], "needs a model"),
        (
            ["run", fine, "--bridge", "api", "--model", "m", "--executor", "processes"],
            "asks from this process",
        ),
        (["run", fine, "--tasks", "no.such"], "no.such"),
        (["status", tmp_path / "nowhere"], "is no workspace"),
    ):
        done = workflow(*words)
        assert (done.exit_code, said in done.stderr) == (2, True), done.stderr
    assert not (tmp_path / "runs").exists()


def test_a_dry_run_shows_the_plan_and_does_nothing(
    workflow: Command, written: Written, tmp_path: Path
) -> None:
    done = workflow("run", written(TEXT), "--dry-run")
    assert done.exit_code == 0
    assert "2  work   batch          3 items of shell: 'a', 'b', 'c'" in done.stdout
    assert os.listdir(tmp_path) == ["w.yaml"]  # noqa: PTH208 - names are what matters


def test_the_schema_accepts_what_we_accept_and_refuses_what_we_refuse(
    workflow: Command, written: Written
) -> None:
    schema = json.loads(workflow("schema", "--json").stdout)
    check = jsonschema.Draft202012Validator(schema)
    good = yaml.safe_load(TEXT)
    assert list(check.iter_errors(good)) == []
    for path, value in (
        (("steps", 1, "inputs", "chunk_size"), 0),
        (("steps", 1, "inputs", "chunksize"), 3),
        (("steps", 1, "inputs", "tolerated_failures"), "ten"),
        (("steps", 1, "retry"), "often"),
        (("steps", 1, "on_error"), "contine"),
        (("steps", 0, "inputs"), 3),
        (("steps", 1, "inputs", "task", "inputs", "env"), 3),
        (("steps", 1, "inputs"), {"items": [1]}),
        (("nam",), "x"),
    ):
        wrong = yaml.safe_load(TEXT)
        place: Any = wrong
        for part in path[:-1]:
            place = place[part]
        place[path[-1]] = value
        assert list(check.iter_errors(wrong)), path


def test_a_pending_agent_is_exit_code_42_and_resume_takes_the_answer(
    workflow: Command, written: Written, tmp_path: Path
) -> None:
    file = written(
        "name: ask\nsteps:\n"
        "- {name: q, task: agent, inputs: {agent: critic, prompt: 'Well?'}}\n"
        "- {name: p, task: print_message, inputs: {message: '{{ steps.q.result.text }}'}}\n"
    )
    done = workflow("run", file, "--bridge", "file")
    assert done.exit_code == 42
    assert "--resume --bridge file" in done.stderr
    assert "paused" in workflow("status", tmp_path / "runs" / "ask_run_1").stdout
    (question,) = (tmp_path / "runs" / "ask_run_1" / "agents").glob("*.request.json")
    Path(json.loads(question.read_text())["answer_path"]).write_text('{"text": "Quite."}')
    done = workflow("run", file, "--bridge", "file", "--resume")
    assert (done.exit_code, done.stdout.splitlines()[0]) == (0, "Quite.")


# From the ninth item on, each says that it is there, and waits to be ended or allowed.
SLOW = """
name: slow
steps:
  - name: work
    task: batch
    inputs:
      items: "{{ range(20) | list }}"
      max_concurrency: 2
      task:
        task: shell
        inputs:
          command: |
            echo {{ item }} >> log
            [ {{ item }} -lt 8 ] || [ -e go ] || { echo here > pipe; sleep 60; }
"""


def test_status_while_it_runs_an_interrupt_ends_commands_and_resume_finishes(
    workflow: Command, written: Written, tmp_path: Path, program: str
) -> None:
    file, folder = written(SLOW), tmp_path / "ws"
    folder.mkdir()
    os.mkfifo(folder / "pipe")
    background = ["bash", "-c", 'trap "" INT; exec "$@"', "bash"]  # SIGINT is ignored there
    running = subprocess.Popen(
        [*background, program, "workflow", "run", str(file), "--workspace", str(folder)],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert (folder / "pipe").read_text().startswith("here")
    status = json.loads(workflow("status", folder, "--json").stdout)
    assert status["status"] == "running"
    assert status["steps"][0]["total"] == 20
    second = workflow("run", file, "--workspace", folder, "--resume")
    assert second.exit_code == 2
    assert "in use by process" in second.stderr
    running.send_signal(signal.SIGTERM)
    _, said = running.communicate(timeout=30)
    assert running.returncode == 130
    assert "--resume" in said
    assert workflow("status", folder).stdout.startswith("slow: interrupted")
    (folder / "go").touch()
    assert workflow("run", file, "--workspace", folder, "--resume").exit_code == 0
    ran = (folder / "log").read_text().split()
    assert len(set(ran)) == 20
    assert len(ran) <= 22  # the two that were interrupted ran again


def test_items_can_run_in_worker_processes(
    workflow: Command, written: Written, tmp_path: Path
) -> None:
    (tmp_path / "own.py").write_text(
        "import os\nfrom batch_engine.workflow import register_task\n"
        "@register_task()\ndef whoami(n: int) -> list: return [n, os.getpid()]\n"
    )
    file = written(
        "steps: [{name: a, task: batch, inputs: {items: [1, 2, 3], as: n, max_concurrency: 2,"
        " task: {task: whoami}}}]"
    )
    done = workflow("run", file, "--tasks", tmp_path / "own.py", "--executor", "processes",
                    "--workspace", tmp_path / "ws")  # fmt: skip
    assert done.exit_code == 0, done.stderr
    assert "3 of 3" in done.stdout
    state = json.loads(workflow("export", tmp_path / "ws", "--results").stdout)
    results = list(state["steps"]["a"]["results"].values())
    assert sorted(n for n, _ in results) == [1, 2, 3]
    assert str(os.getpid()) not in {str(pid) for _, pid in results}


def test_items_can_run_on_a_cluster_that_is_there(
    workflow: Command, written: Written, tmp_path: Path, exported: Callable[[Path], Any]
) -> None:
    distributed = pytest.importorskip("distributed", reason="pip install template-create[dask]")
    (tmp_path / "own.py").write_text(
        "from batch_engine.workflow import register_task\n"
        "@register_task()\ndef half(n: int) -> float: return n / (n - 2)\n"
    )
    file = written(
        "steps: [{name: a, task: batch, inputs: {items: [1, 2, '3', 4], as: n, chunk_size: 2,"
        " tolerated_failures: 2, task: {task: half}}}]"
    )
    cluster = distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, protocol="tcp", dashboard_address=None
    )
    with cluster:
        words = ("--executor", "dask", "--scheduler", cluster.scheduler_address)
        done = workflow("run", file, "--tasks", tmp_path / "own.py", "--workspace", "ws", *words)
    assert done.exit_code == 7, done.stderr
    assert "2 of 4, 2 failed" in done.stdout
    assert f"--executor dask --scheduler {cluster.scheduler_address}" in done.stderr
    state = exported(tmp_path / "ws")["steps"]["a"]
    assert [error["type"] for error in state["failed"].values()] == [
        "ZeroDivisionError", "TypeError"]  # fmt: skip


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nowhere", "a://b:c"])
def test_a_scheduler_that_is_not_there_is_wrong_input(
    workflow: Command, written: Written, address: str, tmp_path: Path
) -> None:
    pytest.importorskip("distributed", reason="pip install template-create[dask]")
    done = workflow("run", written(TEXT), "--executor", "dask", "--scheduler", address)
    assert done.exit_code == 2
    assert f"--scheduler '{address}' cannot be reached" in done.stderr
    assert not (tmp_path / "runs").exists()
