"""The built-in tasks: Python, shell, files, templates, agents."""

from __future__ import annotations

import json
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from batch_engine.core import NetworkError, TaskError, WorkTimeoutError
from batch_engine.workflow import (
    AnswerPending,
    CommandFailedError,
    FileAgent,
    HttpError,
    Services,
    Stopped,
    TaskInputError,
    UnsafePathError,
)

Call = Callable[..., Any]


# -- shell -------------------------------------------------------------------------------------


def test_a_command_gives_code_and_output_and_runs_in_the_workspace(
    call: Call, workspace: Path
) -> None:
    done = call("shell", command="pwd; echo oops >&2")
    assert done == {"return_code": 0, "stdout": f"{workspace}\n", "stderr": "oops\n"}


@pytest.mark.parametrize("item", ["a b", "$(id)", "`id`", "; exit 9", "*", "it's", "-n", "\n"])
def test_arguments_of_a_list_reach_the_command_as_they_are(call: Call, item: str) -> None:
    program = "import sys; sys.stdout.write(repr(sys.argv[1]))"
    done = call("shell", argv=[sys.executable, "-c", program, item])
    assert done["stdout"] == repr(item)


def test_a_line_can_do_without_a_shell(call: Call) -> None:
    assert call("shell", command="echo '$HOME x'", shell=False)["stdout"] == "$HOME x\n"


def test_environment_and_standard_input_carry_values(call: Call) -> None:
    done = call("shell", command='printf %s "$X"; cat', env={"X": "$(id)", "N": 3}, stdin="in")
    assert done["stdout"] == "$(id)in"


def test_an_exit_code_other_than_0_is_a_failure_with_the_last_words(call: Call) -> None:
    with pytest.raises(CommandFailedError) as caught:
        call("shell", command="echo first >&2; echo last >&2; exit 75")
    assert str(caught.value) == "the command failed with exit code 75: last"
    assert (caught.value.returncode, caught.value.stderr) == (75, "first\nlast\n")
    assert call("shell", command="exit 3", check=False)["return_code"] == 3


def test_a_timeout_ends_the_whole_group_even_one_that_ignores_sigterm(
    call: Call, workspace: Path
) -> None:
    line = "trap '' TERM; (trap '' TERM; echo $$ > child; sleep 60) & echo $! > child; sleep 60"
    started = time.monotonic()
    with pytest.raises(WorkTimeoutError, match=r"longer than 0\.3 s"):
        call("shell", command=line, timeout=0.3, kill_after=0.1)
    assert time.monotonic() - started < 10
    child = int((workspace / "child").read_text())
    deadline = time.monotonic() + 5
    while _lives(child) and time.monotonic() < deadline:
        os.sched_yield()
    assert not _lives(child)


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().split()[2]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def test_much_output_is_cut_in_the_middle(call: Call) -> None:
    line = "echo begin; yes | head -c 10000000; echo end"
    done = call("shell", command=line, max_output=10_000)
    assert done["truncated"] is True
    assert len(done["stdout"]) < 10_100
    assert done["stdout"].startswith("begin")
    assert done["stdout"].endswith("end\n")
    assert "bytes left out" in done["stdout"]
    kept, cut = re.split(r"\n\[\.\.\. ", done["stdout"], maxsplit=1)
    told, rest = cut.split(" bytes left out ...]\n")
    assert len(kept) + int(told.replace(",", "")) + len(rest) == 6 + 10_000_000 + 4


def test_a_stop_ends_the_command_and_is_no_failure(call: Call) -> None:
    services = Services()
    threading.Timer(0.2, services.stop.set).start()
    with pytest.raises(Stopped):
        call("shell", command="sleep 60", services=services)


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({}, "needs either 'argv' or 'command'"),
        ({"argv": ["a"], "command": "a"}, "needs either"),
        ({"argv": "ls -l"}, "expected a list"),
        ({"argv": ["no-such-command-anywhere"]}, "is not there"),
        ({"argv": ["echo", None]}, "argument 1"),
        ({"argv": ["echo", ["x"]]}, "argument 1"),
        ({"argv": ["echo", "a\0b"]}, "NUL"),
        ({"command": "ls", "working_dir": "nowhere"}, "is not there"),
        ({"command": ""}, "expected a text"),
    ],
)
def test_a_command_that_cannot_be_is_an_input_error(
    call: Call, inputs: dict[str, Any], said: str
) -> None:
    with pytest.raises(TaskInputError, match=said):
        call("shell", **inputs)


# -- Python ------------------------------------------------------------------------------------


def test_a_function_by_its_import_path(call: Call) -> None:
    assert call("python_function", function="operator:add", args=[2, 3]) == 5
    assert call("python_function", module="json", function="dumps", kwargs={"obj": [1]}) == "[1]"
    assert call("python_function", function="asyncio:sleep", args=[0, "slept"]) == "slept"
    for wrong in ("operator:nope", "no.such:f", "operator:__name__"):
        with pytest.raises(TaskInputError, match="function"):
            call("python_function", function=wrong)


def test_code_is_never_rendered_and_has_to_be_allowed(call: Call, workspace: Path) -> None:
    code = "import os\nopen('here', 'w').close()\nresult = f'{args} {{x}} ' + extra"
    with pytest.raises(TaskInputError, match="not allowed"):
        call("python_code", code=code)
    services = Services(allow_code=True)
    before = Path.cwd()
    assert call("python_code", code=code, extra="{{ e }}", services=services) == (
        "{'a': 1} {x} {{ e }}"
    )
    assert (workspace / "here").exists()
    assert Path.cwd() == before
    with pytest.raises(TaskInputError, match="sets no variable 'y'"):
        call("python_code", code="x = 1", result_variable="y", services=services)


def test_scripts_and_modules_run_as_programs(call: Call, workspace: Path) -> None:
    (workspace / "mine.py").write_text("import sys; print(sys.argv[1:]); sys.exit(len(sys.argv))")
    with pytest.raises(CommandFailedError, match="exit code 2"):
        call("python_script", script_path="mine.py", args=["a"])
    done = call("python_module", module="mine", args=["a"], check=False)
    assert (done["stdout"], done["returncode"]) == ("['a']\n", 2)
    with pytest.raises(TaskInputError, match="no script"):
        call("python_script", script_path="other.py")


# -- files -------------------------------------------------------------------------------------


def test_files_are_read_written_appended_copied_moved_listed(call: Call, workspace: Path) -> None:
    call("write_file", file="a/one.txt", content="1\n")
    call("append_file", file="a/one.txt", content="2")
    assert call("read_file", file="a/one.txt")["content"] == "1\n2"
    call("copy_file", source="a/one.txt", destination="b/two.txt")
    call("move_file", source="b/two.txt", destination="three.txt")
    assert call("list_files", pattern="**/*.txt")["files"] == ["a/one.txt", "three.txt"]
    call("delete_file", file="three.txt")
    assert call("list_files", pattern="**/*", directory="a")["total"] == 1
    call("write_json", file="d.json", data={"k": "007"})
    call("write_yaml", file="d.yaml", data={"k": "007", "on": "no"})
    assert call("read_json", file="d.json") == {"data": {"k": "007"}}
    assert call("read_yaml", file="d.yaml") == {"data": {"k": "007", "on": "no"}}
    assert not list(workspace.glob("**/.writing-*"))


@pytest.mark.parametrize(
    "path", ["../x", "/etc/hostname", "a/../../x", "link/x", ".workflow/r", "x\0"]
)
@pytest.mark.parametrize("task", ["read_file", "write_file", "append_file", "delete_file"])
def test_no_path_leads_out_of_the_workspace(
    call: Call, workspace: Path, tmp_path: Path, path: str, task: str
) -> None:
    (workspace / "link").symlink_to(tmp_path)
    (tmp_path / "x").write_text("mine")
    with pytest.raises(UnsafePathError):
        call(task, file=path, content="evil")
    assert (tmp_path / "x").read_text() == "mine"


@pytest.mark.parametrize("task", ["read_file", "write_file", "append_file", "delete_file"])
@pytest.mark.parametrize("path", ["", ".", "a/.."])
def test_the_workspace_itself_is_no_file(
    call: Call, workspace: Path, path: str, task: str, tmp_path: Path
) -> None:
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(TaskInputError, match="names no file"):
        call(task, file=path, content="x")
    assert sorted(tmp_path.rglob("*")) == before


def test_another_root_is_as_tight(call: Call, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("A")
    (tmp_path / "secret").write_text("S")
    root = str(tmp_path / "docs")
    assert call("read_file", file="a.md", root=root)["content"] == "A"
    assert call("list_files", root=root, pattern="*.md")["files"] == ["a.md"]
    with pytest.raises(UnsafePathError):
        call("read_file", file="../secret", root=root)
    with pytest.raises(TaskInputError):
        call("list_files", root=root, pattern="../*")


# -- small ones --------------------------------------------------------------------------------


def test_small_tasks(call: Call, workspace: Path) -> None:
    said: list[str] = []
    services = Services(say=said.append)
    assert call("echo", message="007") == "007"
    assert call("add_numbers", a=1, b=2.5) == 3.5
    assert call("join_strings", strings=["a", "b"], separator="-") == "a-b"
    assert call("hello_world") == "Hello, World!"
    assert call("noop", x=1)["processed_inputs"] == {"x": 1}
    call("print_message", message="hi", services=services)
    call("print_vars", message="all", services=services)
    call("notify", channel="log", message="m", services=services)
    call("notify", channel="file", file="n.txt", message="m")
    assert (said[0], said[2]) == ("hi", "info: m")
    assert "args: {'a': 1}" in said[1]
    assert (workspace / "n.txt").read_text() == "m\n"
    call("template", template="T", output_file="out/t.txt")
    assert (workspace / "out/t.txt").read_text() == "T"
    with pytest.raises(TaskError, match="on purpose"):
        call("fail", message="on purpose")
    with pytest.raises(TaskInputError, match="expected 'log' or 'file'"):
        call("notify", channel="pigeon")


# -- agents ------------------------------------------------------------------------------------


def test_an_agent_is_asked_through_the_invoker(call: Call) -> None:
    class Echo:
        def invoke(self, *, agent_name: str, input_data: Any, context: Any) -> dict[str, Any]:
            return {"who": agent_name, "got": input_data, "step": context["step"]}

    answer = call(
        "agent", agent="critic", prompt="?", input={"n": 1}, services=Services(invoker=Echo())
    )
    assert answer == {"who": "critic", "got": {"prompt": "?", "n": 1}, "step": "s"}
    with pytest.raises(TaskInputError, match="no agents"):
        call("agent", prompt="?")


def test_a_file_agent_asks_once_and_pauses_until_the_answer_is_there(
    call: Call, workspace: Path
) -> None:
    services = Services(invoker=FileAgent())
    for _ in range(2):
        with pytest.raises(AnswerPending) as caught:
            call("agent", agent="critic", prompt="a/b?", services=services)
    assert caught.value.waiting == 1
    (question,) = (workspace / "agents").glob("*.request.json")
    asked = json.loads(question.read_text())
    assert Path(asked["prompt_path"]).read_text() == "a/b?"
    assert asked["input"] == {}
    Path(asked["answer_path"]).write_text('{"text": "fine"}')
    assert call("agent", agent="critic", prompt="a/b?", services=services) == {"text": "fine"}


# -- http --------------------------------------------------------------------------------------


class _Server(BaseHTTPRequestHandler):
    fails_first = 0

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        status = int(self.path.strip("/"))
        if type(self).fails_first:
            type(self).fails_first -= 1
            status = 503
        self.send_response(status)
        self.send_header("Retry-After", "7")
        self.end_headers()
        said = {"body": body, "auth": self.headers.get("Authorization")}
        self.wfile.write(json.dumps(said).encode())

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Server)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_request_gives_the_answer_and_its_json(call: Call, url: str) -> None:
    auth = {"type": "bearer", "token": "t"}
    done = call("http.request", url=f"{url}/200", body={"k": "007"}, auth=auth)
    assert done["status_code"] == 200
    assert done["json"] == {"body": '{"k": "007"}', "auth": "Bearer t"}


def test_errors_are_told_by_their_status(call: Call, url: str) -> None:
    with pytest.raises(HttpError) as caught:
        call("http.request", url=f"{url}/429", method="POST", body="x")
    assert (caught.value.code, caught.value.retryable) == ("rate_limit.http_429", True)
    assert caught.value.retry_after_s == 7
    with pytest.raises(HttpError) as caught:
        call("http.request", url=f"{url}/404", method="POST", body="x")
    assert not caught.value.retryable
    _Server.fails_first = 1
    retry = {"max_attempts": 2, "delay": 0}
    assert call("http.request", url=f"{url}/200", body="x", retry=retry)["status_code"] == 200
    with pytest.raises(NetworkError):
        call("http.request", url="http://127.0.0.1:9/")
    with pytest.raises(TaskInputError, match="expected http"):
        call("http.request", url="file:///etc/passwd")


def test_the_message_of_a_failed_command_is_the_line_that_tells_most(call: Call) -> None:
    for said, told in (
        ("error: no such file\n  give another one\n", ": error: no such file"),
        ("Traceback\n  File x\nValueError: wrong\n", ": ValueError: wrong"),
        ("  only this", ": only this"),
    ):
        with pytest.raises(CommandFailedError) as caught:
            call("shell", argv=["sh", "-c", 'printf "%s" "$1" >&2; exit 3', "-", said])
        assert caught.value.message == f"the command failed with exit code 3{told}"
