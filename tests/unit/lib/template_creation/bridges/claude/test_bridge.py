"""The claude bridge: what the CLI is told, what is read of it, and what its failures mean."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from batch_engine.core import (
    AuthError,
    BudgetError,
    NetworkError,
    RateLimitError,
    RejectedResultError,
    TaskError,
    TransientError,
    WorkTimeoutError,
)
from template_creation.bridges import ClaudeBridge, StreamingBridge
from template_creation.bridges.api.failures import (
    AnswerTooLongError,
    NoRoomError,
    NotAcceptedError,
    RefusedError,
    RequestTooLargeError,
)
from template_creation.errors import BadInput
from template_creation.values.agent import Issue
from template_creation.values.answer import AnsweredAgent, RequestUsage

AGENT = {"practices": [{"text": "Return the schema.", "cites": ["C1"]}]}
FIRST = json.dumps({"enhancements": {"api-specialist": AGENT}})[:-2]
REST = "," + json.dumps({"testing-specialist": AGENT})[1:] + "}"
BEGIN = f"say(INIT, message(), delta({FIRST!r}))\n"
WHOLE = BEGIN + f"say(delta({REST!r}), result())\n"


def outcome(bridge: ClaudeBridge, asked: Mapping[str, Any]) -> tuple[list[Any], Exception | None]:
    """What came, and the error that ended it."""
    events: list[Any] = []
    try:
        for event in bridge.stream(**asked):
            events.append(event)
    except Exception as exc:  # noqa: BLE001 - it is what the test looks at
        return events, exc
    return events, None


def names(events: list[Any]) -> list[str]:
    return [event.name for event in events if isinstance(event, AnsweredAgent)]


# -- a good answer ------------------------------------------------------------------------------


def test_agents_come_while_the_program_still_writes(program: Any, asked: dict[str, Any]) -> None:
    """The first is handed over before the second is written: the program waits for that."""
    gate = program.folder / "gate"
    os.mkfifo(gate)
    held = f"open(os.path.join(HERE, 'gate')).read()\nsay(delta({REST!r}), result())\n"
    events = program.bridge(BEGIN + held).stream(**asked)
    assert next(events).name == "api-specialist"
    gate.write_text("go")
    rest = list(events)
    assert names(rest) == ["testing-specialist"]
    assert [type(event) for event in rest] == [AnsweredAgent, RequestUsage]


def test_what_it_took_is_what_the_program_says(program: Any, asked: dict[str, Any]) -> None:
    asked["context"] = {"estimated_input_tokens": 800, "estimator": "characters/2.4"}
    events, error = outcome(program.bridge(WHOLE), asked)
    usage = events[-1]
    assert error is None
    assert (usage.model, usage.request_id, usage.stop_reason) == (
        "claude-opus-4-8",
        "s-1",
        "tool_use",
    )
    assert (usage.input_tokens, usage.output_tokens, usage.cost_usd) == (900, 400, 0.02)
    assert (usage.cache_read_tokens, usage.cache_write_tokens) == (30, 20)
    assert (usage.estimated_input_tokens, usage.estimator) == (800, "characters/2.4")
    assert usage.agents == ("api-specialist", "testing-specialist")
    assert 0 < usage.first_agent_seconds <= usage.seconds


def test_one_object_for_whoever_does_not_stream(program: Any, asked: dict[str, Any]) -> None:
    bridge = program.bridge(WHOLE, model="opus")
    answer = bridge.invoke(**asked)
    assert [item["agent_name"] for item in answer["enhancements"]] == [
        "api-specialist",
        "testing-specialist",
    ]
    assert answer["usage"]["output_tokens"] == 400
    assert isinstance(bridge, StreamingBridge)
    assert (bridge.identity, repr(bridge)) == ("claude opus", "ClaudeBridge(model='opus')")
    broken = program.bridge(BEGIN).invoke(**asked)
    assert len(broken["enhancements"]) == 1
    assert "before its answer was whole" in broken["stopped"]["message"]


# -- what the program is given --------------------------------------------------------------------


def test_it_can_touch_nothing_and_is_asked_once(program: Any, asked: dict[str, Any]) -> None:
    """No tool, no settings of the project, no extension, one turn, no retry of its own; an empty
    folder that is gone afterwards; the prompt on standard input, whole."""
    asked["input_data"] = {**asked["input_data"], "enhancement_instructions": "word," * 200_000}
    outcome(program.bridge(WHOLE, model="haiku"), asked)
    argv = program.noted("argv")
    said = {
        name: argv[argv.index(name) + 1]
        for name in argv
        if name.startswith("--") and argv.index(name) + 1 < len(argv)
    }
    assert said["--tools"] == ""
    assert said["--max-turns"] == "1"
    assert said["--setting-sources"] == "user"
    assert said["--model"] == "haiku"
    assert {"--safe-mode", "--strict-mcp-config", "--disable-slash-commands"} <= set(argv)
    assert "--max-budget-usd" not in argv
    schema = json.loads(said["--json-schema"])
    assert schema["properties"]["enhancements"]["required"] == [
        "api-specialist",
        "testing-specialist",
    ]
    assert program.noted("env")["CLAUDE_CODE_MAX_RETRIES"] == "0"
    folder, inside = program.noted("cwd")
    assert inside == []
    assert not Path(folder).exists()
    prompt = program.noted("stdin")
    assert prompt.count("word,") == 200_000
    assert not any("word,word" in item for item in argv)


def test_it_gets_its_login_and_no_other_secret(program: Any, asked: dict[str, Any]) -> None:
    """A cloud's credentials only where the CLI reaches its model through that cloud, and nothing
    of a Claude Code around us."""
    environ = {
        "ANTHROPIC_API_KEY": "sk-ant-own",
        "CLAUDE_CODE_OAUTH_TOKEN": "own",
        "HTTPS_PROXY": "http://127.0.0.1:1",
        "OPENAI_API_KEY": "other",
        "GITHUB_TOKEN": "other",
        "AWS_SECRET_ACCESS_KEY": "other",
        "CLAUDECODE": "1",
        "CLAUDE_CODE_ENTRYPOINT": "cli",
    }
    outcome(program.bridge(WHOLE, environ=environ), asked)
    given = program.noted("env")
    assert {"ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN", "HTTPS_PROXY", "HOME"} <= set(given)
    assert "other" not in given.values()
    assert not {"CLAUDECODE", "CLAUDE_CODE_ENTRYPOINT"} & set(given)
    outcome(program.bridge(WHOLE, environ={**environ, "CLAUDE_CODE_USE_BEDROCK": "1"}), asked)
    given = program.noted("env")
    assert given["AWS_SECRET_ACCESS_KEY"] == "other"
    assert "GITHUB_TOKEN" not in given


@pytest.mark.parametrize(
    ("own", "left", "told"),
    [(None, 0.25, "0.250000"), (0.1, 0.25, "0.100000"), (2, None, "2.000000")],
)
def test_the_smaller_of_both_limits_is_the_budget_of_the_call(
    own: float | None, left: float | None, told: str, program: Any, asked: dict[str, Any]
) -> None:
    asked["context"] = {} if left is None else {"max_cost_usd": left}
    outcome(program.bridge(WHOLE, max_budget_usd=own), asked)
    argv = program.noted("argv")
    assert argv[argv.index("--max-budget-usd") + 1] == told


def test_nothing_is_started_when_nothing_is_left_of_the_limit(
    program: Any, asked: dict[str, Any]
) -> None:
    asked["context"] = {"max_cost_usd": 0.0}
    _, error = outcome(program.bridge(WHOLE), asked)
    assert isinstance(error, BudgetError)
    assert "--max-cost" in error.hint
    assert not (program.folder / "argv").exists()


def test_a_schema_too_long_for_an_argument_goes_without_its_ids(
    program: Any, asked: dict[str, Any]
) -> None:
    """Linux takes 128 KiB in one argument; ids can be long."""
    conventions = [
        {**item, "id": item["id"] + "x" * 30_000} for item in asked["input_data"]["conventions"]
    ]
    asked["input_data"] = {**asked["input_data"], "conventions": conventions}
    events, error = outcome(program.bridge(WHOLE), asked)
    argv = program.noted("argv")
    schema = argv[argv.index("--json-schema") + 1]
    assert len(schema) < 10_000
    assert json.loads(schema)["properties"]["enhancements"]["type"] == "array"
    assert (len(names(events)), error) == (2, None)


# -- where the program is -------------------------------------------------------------------------


def test_the_program_is_looked_for_where_installers_put_it(program: Any, tmp_path: Path) -> None:
    program.script("")
    ClaudeBridge(environ={"PATH": str(program.folder), "HOME": "/nowhere"})
    local = tmp_path / "home" / ".local" / "bin"
    local.mkdir(parents=True)
    (program.folder / "claude").rename(local / "claude")
    ClaudeBridge(environ={"PATH": "/usr/bin", "HOME": str(tmp_path / "home")})


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"PATH": "/nowhere"}, "no 'claude' on the PATH"),
        ({"PATH": "/nowhere", "TEMPLATE_CREATE_CLAUDE": "/no/claude"}, "is '/no/claude'"),
    ],
)
def test_without_the_program_the_way_out_is_said_before_any_work(
    environ: dict[str, str], says: str
) -> None:
    with pytest.raises(BadInput, match=says) as caught:
        ClaudeBridge(environ={"HOME": "/nowhere", **environ})
    assert caught.value.hint


@pytest.mark.parametrize("wrong", [{"deadline_s": 0}, {"max_budget_usd": -1}, {"model": "--print"}])
def test_settings_that_cannot_be_are_refused(wrong: dict[str, Any], program: Any) -> None:
    with pytest.raises(BadInput):
        program.bridge("", **wrong)


def test_a_program_that_is_none_is_the_users_to_mend(program: Any, asked: dict[str, Any]) -> None:
    bridge = program.bridge("")
    (program.folder / "claude").write_bytes(b"\x7fELF, but not really")
    _, error = outcome(bridge, asked)
    assert isinstance(error, BadInput)
    assert "cannot be started" in error.message


# -- failures -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Failure:
    """How the CLI ends a call that failed, and what has to come of it."""

    id: str
    type: type[Exception]
    says: str
    result: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    before: str = ""


def said(text: str, **more: Any) -> dict[str, Any]:
    """As the CLI ends when it could not ask the model: a success that is an error."""
    return {
        "is_error": True,
        "result": text,
        "stop_reason": "stop_sequence",
        "modelUsage": {},
        "total_cost_usd": 0,
        **more,
    }


def broken(subtype: str, text: str, **more: Any) -> dict[str, Any]:
    return {"subtype": subtype, "is_error": True, "errors": [text], **more}


OBJECTION = (
    'say({"type": "user", "message": {"content": [{"type": "tool_result", "is_error": True, '
    '"content": "root: must have required property"}]}})\n'
)
FAILURES = [
    Failure(
        "not logged in",
        AuthError,
        "Please run /login",
        said("Not logged in · Please run /login"),
        "authentication_failed",
    ),
    Failure("organization", AuthError, "not allowed", said("not allowed"), "oauth_org_not_allowed"),
    Failure(
        "no credit",
        BudgetError,
        "Credit balance is too low",
        said("Credit balance is too low"),
        "billing_error",
    ),
    Failure(
        "rate limit", RateLimitError, "429", said("API Error: Request rejected (429)"), "rate_limit"
    ),
    Failure(
        "subscription's limit",
        RateLimitError,
        "resets 3pm",
        said("You've hit your session limit · resets 3pm"),
        "rate_limit",
    ),
    Failure("overloaded", RateLimitError, "529", said("API Error: 529 Overloaded"), "server_error"),
    Failure("server", NetworkError, "500 boom", said("API Error: 500 boom"), "server_error"),
    Failure(
        "reset",
        NetworkError,
        "ECONNRESET",
        said("API Error: Unable to connect to API (ECONNRESET)"),
        "server_error",
    ),
    Failure("unknown", NetworkError, "malformed", said("API returned a malformed"), "unknown"),
    Failure(
        "no such model",
        TaskError,
        "selected model",
        said("the selected model (x)"),
        "model_not_found",
    ),
    Failure(
        "too long",
        RequestTooLargeError,
        "Prompt is too long",
        said("Prompt is too long", terminal_reason="prompt_too_long"),
        "invalid_request",
    ),
    Failure("not accepted", NotAcceptedError, "400", said("API Error: 400"), "invalid_request"),
    Failure(
        "refusal",
        RefusedError,
        "Usage Policy",
        said("Usage Policy", stop_reason="refusal"),
        "invalid_request",
    ),
    Failure(
        "budget",
        BudgetError,
        "maximum budget",
        broken("error_max_budget_usd", "Reached maximum budget ($1)"),
    ),
    Failure(
        "not the schema",
        RejectedResultError,
        "must have required property",
        broken("error_max_turns", "Reached maximum number of turns (1)"),
        before=OBJECTION,
    ),
    Failure(
        "only prose",
        RejectedResultError,
        "did not call the tool",
        broken("error_max_turns", "Reached maximum number of turns (1)"),
    ),
    Failure(
        "no room",
        NoRoomError,
        "before one agent",
        broken("error_max_turns", "turns", stop_reason="max_tokens"),
    ),
    Failure(
        "no room for all",
        AnswerTooLongError,
        "after 1 complete",
        broken("error_max_turns", "turns", stop_reason="max_tokens"),
        before=f"say(delta({FIRST!r}))\n",
    ),
    Failure("broke off", TransientError, "oops", broken("error_during_execution", "oops")),
    Failure("empty", RejectedResultError, "empty"),
]


@pytest.mark.parametrize("case", FAILURES, ids=lambda case: case.id)
def test_each_failure_is_the_error_that_says_whether_to_ask_again(
    case: Failure, program: Any, asked: dict[str, Any]
) -> None:
    named = f"say({{'type': 'assistant', 'message': {{}}, 'error': {case.error!r}}})\n"
    text = f"say(INIT, message())\n{case.before}{named if case.error else ''}"
    bridge = program.bridge(f"{text}say(result(**{case.result!r}))\nsys.exit(1)\n")
    events, error = outcome(bridge, asked)
    assert type(error) is case.type
    assert case.says in str(error)
    assert len(names(events)) == (1 if "delta" in case.before else 0)


@dataclass(frozen=True)
class Crash:
    """A program that goes without saying how it ended."""

    id: str
    text: str
    type: type[Exception]
    says: str


CRASHES = [
    Crash("killed", "os.kill(os.getpid(), signal.SIGKILL)", TransientError, "killed by signal 9"),
    Crash("exit code", "sys.exit('no space left')", TransientError, "code 1.*no space left"),
    Crash("garbage", "print('Segmentation fault')", TransientError, "no event: b'Segmentation"),
    Crash("half a line", "print('{\"type\": \"res', end='')", TransientError, "no event"),
    Crash("not an object", "print('[]')", TransientError, "no event"),
    Crash("leak", "sys.exit('bad key sk-ant-own-key')", TransientError, r"bad key \[hidden\]"),
]


@pytest.mark.parametrize("case", CRASHES, ids=lambda case: case.id)
def test_what_was_complete_before_a_crash_is_kept(
    case: Crash, program: Any, asked: dict[str, Any]
) -> None:
    bridge = program.bridge(
        f"{BEGIN}{case.text}\n", environ={"ANTHROPIC_API_KEY": "sk-ant-own-key"}
    )
    events, error = outcome(bridge, asked)
    assert names(events) == ["api-specialist"]
    assert type(error) is case.type
    with pytest.raises(case.type, match=case.says):
        raise error
    (usage,) = (event for event in events if isinstance(event, RequestUsage))
    assert (usage.cost_usd, usage.output_tokens > 0) == (None, True)


def test_a_failure_behind_the_last_agent_costs_nothing(program: Any, asked: dict[str, Any]) -> None:
    """All that was asked for is there: a warning, no error."""
    bridge = program.bridge(f"{BEGIN}say(delta({REST!r}))\nsys.exit(3)\n")
    events, error = outcome(bridge, asked)
    assert error is None
    assert len(names(events)) == 2
    assert [event.rule for event in events if isinstance(event, Issue)] == ["answer-tail"]


def test_an_old_program_is_told_from_a_broken_one(program: Any, asked: dict[str, Any]) -> None:
    text = "sys.exit(\"error: unknown option '--safe-mode'\")"
    _, error = outcome(program.bridge(text), asked)
    assert isinstance(error, BadInput)
    assert "--safe-mode" in error.message
    assert "claude update" in error.hint


def test_a_program_that_gives_the_model_tools_is_stopped(
    program: Any, asked: dict[str, Any]
) -> None:
    """Before the model said anything: a version that reads the options in another way."""
    text = f"INIT['tools'].append('Bash')\n{WHOLE}"
    events, error = outcome(program.bridge(text), asked)
    assert (events, type(error)) == ([], TaskError)
    assert "Bash" in str(error)


def test_a_second_attempt_of_the_program_itself_is_read_anew(
    program: Any, asked: dict[str, Any]
) -> None:
    """Half an agent of the first is no part of the second, and nobody is taken twice."""
    begun = FIRST + ', "testing-specialist": {"practices": [{"te'
    text = (
        f"say(INIT, message(), delta({begun!r}), message('m2'), delta({FIRST + REST!r}), result())"
    )
    events, error = outcome(program.bridge(text), asked)
    assert error is None
    assert names(events) == ["api-specialist", "testing-specialist"]
    assert events[1].rule == "answer-cut"


HOLDS = (
    "subprocess.Popen([sys.executable, '-IS', '-c', 'import sys; sys.stdin.read()'], "
    "stdin=os.open(os.path.join(HERE, 'held'), os.O_RDWR), stdout=subprocess.DEVNULL)\n"
)
WAITS = "import threading\nthreading.Event().wait()\n"


@pytest.fixture
def ended(program: Any) -> threading.Thread:
    """Ends when all have ended that the program started and itself: they hold a FIFO open."""
    path: Path = program.folder / "held"
    os.mkfifo(path)
    thread = threading.Thread(target=path.read_bytes, daemon=True)
    thread.start()
    return thread


def test_at_the_deadline_the_whole_group_is_ended(
    program: Any, asked: dict[str, Any], ended: threading.Thread
) -> None:
    """Also what the program started; what was complete before is kept."""
    now = [0.0]
    bridge = program.bridge(f"{HOLDS}{BEGIN}{WAITS}", deadline_s=50, clock=lambda: now[0])
    events = bridge.stream(**asked)
    assert next(events).name == "api-specialist"
    now[0] = 51.0
    with pytest.raises(WorkTimeoutError, match="50 seconds") as caught:
        list(events)
    assert "--timeout" in caught.value.hint
    ended.join(timeout=10)
    assert not ended.is_alive()


def test_whoever_stops_reading_ends_the_program(
    program: Any, asked: dict[str, Any], ended: threading.Thread
) -> None:
    events = program.bridge(f"{HOLDS}{BEGIN}{WAITS}").stream(**asked)
    assert next(events).name == "api-specialist"
    events.close()
    ended.join(timeout=10)
    assert not ended.is_alive()
    assert not Path(program.noted("cwd")[0]).exists()
