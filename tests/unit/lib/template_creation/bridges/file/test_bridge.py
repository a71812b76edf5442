"""The life of a request: asked once, waited for, answered once, never for ever."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from batch_engine.core import (
    BudgetError,
    RejectedResultError,
    TaskError,
    TransientError,
    WorkTimeoutError,
)
from template_creation.bridges import AgentBridgeInvoker, FileBridge, StreamingBridge
from template_creation.errors import BadInput, WriteError
from template_creation.values.agent import Issue
from template_creation.values.answer import AnsweredAgent

BOTH = ["api-specialist", "testing-specialist"]


# -- asking -----------------------------------------------------------------------------------


def test_it_is_a_streaming_bridge(run) -> None:
    assert isinstance(run().bridge, StreamingBridge)
    assert isinstance(run().bridge, AgentBridgeInvoker)


def test_a_request_has_every_field_of_protocol_1_0_and_absolute_paths(
    run, host, request_data
) -> None:
    """Old hosts find what they look for; new ones find files, not a prompt in JSON (F20)."""
    pause = run().pending(request_data)
    request = host.request
    assert request["version"] == "1.0"
    assert (request["phase"], request["phase_name"]) == (7.5, "agent_enhancement")
    assert request["agent_name"] == "agent-content-enhancer"
    assert request["timeout_seconds"] == 3600
    assert request["created_at"].endswith("Z")
    assert request["context"] == {"mode": "batch", "phase": "7.5", "attempt": 1}
    assert request["model"] is None
    assert request["agents"] == BOTH
    assert (request["run_id"], request["name"]) == ("run-1", "shop")
    for key in ("prompt_path", "schema_path", "responses_dir"):
        assert Path(request[key]).is_absolute()
        assert Path(request[key]).exists(), key
    assert Path(request["response_path"]).parent == host.folder
    assert pause.request == request
    assert pause.exit_code == 42


def test_the_prompt_is_a_file_of_short_lines_and_the_request_points_to_it(
    run, host, request_data
) -> None:
    """A host hands on one short instruction; what it names can be paged and checked."""
    run().pending(request_data)
    prompt = Path(host.request["prompt_path"])
    text = prompt.read_text()
    assert hashlib.sha256(prompt.read_bytes()).hexdigest() == host.request["prompt_sha256"]
    assert text.startswith("# How to hand in your answer")
    assert "api-specialist" in text
    assert str(prompt) in host.request["prompt"]
    assert host.request["responses_dir"] in host.request["prompt"]
    assert len(host.request["prompt"].splitlines()) == 1
    assert json.loads(Path(host.request["schema_path"]).read_text())["type"] == "object"


def test_the_prompt_begins_with_where_the_answer_goes(run, host, only, request_data) -> None:
    """By the place of the file itself, so that it is the same wherever the folder is."""
    run().pending(request_data)
    head, _, rest = Path(host.request["prompt_path"]).read_text().partition("# Enhance")
    assert head == snapshot("""\
# How to hand in your answer

Write one file for each agent that is listed below: `NAME.json`, into the folder `responses`
beside this file. It holds the JSON object of that agent alone: what "The answer", further down,
has in `enhancements`. Write each file as soon as it is complete. Write and edit no other file:
the agents' own files are written by the program that asked. Do not describe what you would write;
write it. When all 2 files are there, answer with one line.

If you cannot write files, answer with one JSON object for all agents and nothing around it.

""")
    assert rest
    run().pending(only("api-specialist"))
    assert "When the file is there" in Path(host.request["prompt_path"]).read_text()


def test_the_same_question_asks_with_the_same_bytes_whatever_the_folder(
    run, host, request_data, tmp_path
) -> None:
    """The prompt holds no id, path or time, so its hash is the question's."""
    run().pending(request_data)
    first = host.request["prompt_sha256"]
    other = tmp_path / "other place"
    run(folder=other, run_id="run-2").pending(request_data)
    assert json.loads((other / ".agent-request.json").read_text())["prompt_sha256"] == first


def test_a_rerun_issues_the_pending_request_again(run, host, request_data) -> None:
    """F18: the same id, the same creation time; nothing is overwritten by something new."""
    run().pending(request_data)
    first = host.request
    for _ in range(3):
        run().pending(request_data)
    assert host.request == first


def test_a_request_that_a_host_deleted_is_there_again(run, host, request_data) -> None:
    """Hosts of protocol 1.0 delete it before they run the command again."""
    run().pending(request_data)
    first = host.request
    (host.folder / ".agent-request.json").unlink()
    run().pending(request_data)
    assert host.request == first


def test_another_question_withdraws_the_request_and_says_so(
    run, host, only, request_data, kept
) -> None:
    """F18: the old request is kept, its id is in the message."""
    run().pending(request_data)
    old = host.request["request_id"]
    pause = run().pending(only("api-specialist"))
    assert host.request["request_id"] != old
    assert host.request["agents"] == ["api-specialist"]
    assert old in pause.message
    assert "withdrawn" in pause.message
    assert kept("withdrawn") == [f"{old}/agent-request.json"]


def test_reasons_that_only_a_dead_process_knew_do_not_ask_anew(run, host, only) -> None:
    """A run that forgot why it asks again still waits for the answer to that."""
    run().pending(only("api-specialist", problems=("too short",)))
    first = host.request
    run().pending(only("api-specialist"))
    assert host.request == first


def test_a_prompt_that_no_host_can_read_is_refused_before_it_is_asked(
    run, host, request_data
) -> None:
    """F11: the file readers of hosts end at 256 KB."""
    request_data["enhancement_instructions"] = "word " * 60_000
    with pytest.raises(BudgetError, match="bytes"):
        run().events(request_data)
    assert not (host.folder / ".agent-request.json").exists()


def test_a_folder_that_cannot_be_written_is_an_error_with_a_way_out(
    run, tmp_path, request_data
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WriteError) as caught:
        run(folder=tmp_path / "file" / "bridge").events(request_data)
    assert "--bridge-dir" in caught.value.hint


def test_the_bridge_hides_its_own_files_from_git(run, folder, request_data) -> None:
    """F15: with --bridge-dir in a working tree nothing of it is committed by accident."""
    run().pending(request_data)
    assert (folder / ".agent-bridge/.gitignore").read_text() == "*\n"


def test_the_working_directory_does_not_matter(
    run, host, request_data, tmp_path, monkeypatch
) -> None:
    """A relative folder is the one that it was when the bridge was made."""
    monkeypatch.chdir(tmp_path)
    started = run(folder=Path("bridge"))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    started.pending(request_data)
    host.write_files()
    assert run(folder=Path("../bridge")).agents(request_data) == BOTH


# -- answers ----------------------------------------------------------------------------------


def test_one_file_per_agent_is_an_answer(run, host, request_data, kept) -> None:
    """The agent's name is the file's; the files are kept, the request is gone."""
    run().pending(request_data)
    request_id = host.request["request_id"]
    host.write_files()
    events = run().events(request_data)
    assert [item.name for item in events] == BOTH
    assert all(isinstance(item, AnsweredAgent) and item.data["templates"] for item in events)
    assert kept("answered") == [f"{request_id}/{name}.json" for name in BOTH]
    assert not (host.folder / ".agent-request.json").exists()


@pytest.mark.parametrize(
    "form",
    ["string", "object", "result", "raw", "list", "fenced", "in prose", "no version", "utf-16"],
)
def test_every_form_that_hosts_write_is_an_answer(run, host, request_data, form) -> None:
    """F25, F26, F28: string or object, `result`, a bare payload, a fence, prose around it."""
    run().pending(request_data)
    answer, envelope = host.answer, host.envelope()
    path = host.write(envelope)
    content = {
        "string": envelope,
        "object": {**envelope, "response": answer},
        "result": {"request_id": envelope["request_id"], "status": "ok", "result": answer},
        "raw": answer,
        "list": answer["enhancements"],
        "fenced": f"```json\n{json.dumps(answer)}\n```\n",
        "in prose": f"Here it is:\n\n```json\n{json.dumps(answer)}\n```\nDone.",
        "no version": {"request_id": envelope["request_id"], "response": json.dumps(answer)},
    }.get(form)
    if form == "utf-16":
        path.write_bytes(json.dumps(envelope).encode("utf-16"))
    else:
        host.write(content)
    assert run().agents(request_data) == BOTH


def test_invoke_gives_the_same_as_a_mapping(run, host, request_data) -> None:
    """For callers that know no streams: the seed's call shape."""
    run().pending(request_data)
    host.write(host.envelope())
    found = run().bridge.invoke(agent_name="x", input_data=request_data, context={})
    assert [item["agent_name"] for item in found["enhancements"]] == BOTH


def test_an_answer_in_part_is_taken_in_part(run, host, only, request_data) -> None:
    """What is missing is asked for by a request of its own; late files of the first still
    count."""
    run().pending(request_data)
    responses = Path(host.request["responses_dir"])
    host.write_files("api-specialist")
    rest = host.answer["enhancements"][1]
    assert run().agents(request_data) == ["api-specialist"]
    run().pending(only("testing-specialist"))
    assert host.request["agents"] == ["testing-specialist"]
    host.write(rest, responses / "testing-specialist.json")
    assert run().agents(only("testing-specialist")) == ["testing-specialist"]
    assert not (host.folder / ".agent-request.json").exists()


def test_files_beside_the_prompt_count_as_well(run, host, request_data) -> None:
    """A host that misses the `responses` folder by one is understood."""
    run().pending(request_data)
    for item in host.answer["enhancements"]:
        place = Path(host.request["prompt_path"]).with_name(f"{item['agent_name']}.json")
        host.write(item, place)
    assert run().agents(request_data) == BOTH


def test_markdown_in_a_file_is_the_text_of_its_agent(run, host, request_data) -> None:
    run().pending(request_data)
    host.write("# API\n\nText.\n", Path(host.request["responses_dir"]) / "api-specialist.md")
    (event,) = run().events(request_data)
    assert event.name == "api-specialist"
    assert event.data["enhanced_content"].startswith("# API")


def test_a_file_cannot_answer_for_another_agent_than_its_own(run, host, request_data) -> None:
    """Identity never comes from a model: the file of one agent is not another's."""
    run().pending(request_data)
    other = host.answer["enhancements"][1]
    host.write(other, Path(host.request["responses_dir"]) / "api-specialist.json")
    with pytest.raises(RejectedResultError):
        run().events(request_data)


def test_a_receipt_beside_the_files_is_no_failure(run, host, request_data) -> None:
    """Hosts put the subagent's last line ("wrote 2 files") into the envelope."""
    run().pending(request_data)
    host.write_files()
    host.write(host.envelope(response="Wrote 2 files."))
    assert run().agents(request_data) == BOTH


def test_an_agent_that_is_answered_twice_is_taken_once(run, host, request_data) -> None:
    """Files first; what else says something of the same agent is told."""
    run().pending(request_data)
    host.write_files("api-specialist")
    host.write(host.envelope())
    events = run().events(request_data)
    agents = [item for item in events if isinstance(item, AnsweredAgent)]
    assert sorted(item.name for item in agents) == BOTH
    assert [item.rule for item in events if isinstance(item, Issue)] == ["second-answer"]


def test_an_answer_is_taken_once(run, host, request_data) -> None:
    """The next run that asks the same asks again; it does not find the old answer."""
    run().pending(request_data)
    first = host.request["request_id"]
    host.write(host.envelope())
    assert run().agents(request_data) == BOTH
    run().pending(request_data)
    assert host.request["request_id"] != first


def test_what_invoke_gave_to_a_process_that_died_is_given_once_more(
    run, host, only, request_data
) -> None:
    """Nothing is asked for twice because a process died between the answer and its store."""
    run().pending(request_data)
    host.write(host.envelope())
    for _ in range(2):  # the second one is another process
        found = run().bridge.invoke(agent_name="x", input_data=request_data, context={})
        assert len(found["enhancements"]) == 2
    run().pending(request_data)


def test_what_was_refused_is_not_given_once_more(run, host, only, request_data) -> None:
    """A request that tells reasons was refused: the answer was not lost."""
    run().pending(request_data)
    host.write(host.envelope())
    run().bridge.invoke(agent_name="x", input_data=request_data, context={})
    run().pending(only(*BOTH, problems=("too short",)))


def test_a_stream_that_is_dropped_uses_nothing_up(run, host, request_data) -> None:
    """Who stops in the middle finds the whole answer again."""
    run().pending(request_data)
    host.write_files()
    stream = run().bridge.stream(agent_name="x", input_data=request_data, context={})
    assert next(stream).name == "api-specialist"
    stream.close()
    assert run().agents(request_data) == BOTH


def test_after_a_crash_in_the_middle_only_the_rest_is_taken(run, host, only, request_data) -> None:
    """The engine stored the first agent and asks for the other: the old answer has it."""
    run().pending(request_data)
    host.write(host.envelope())
    stream = run().bridge.stream(agent_name="x", input_data=request_data, context={})
    next(stream)
    stream.close()
    assert run().agents(only("testing-specialist")) == ["testing-specialist"]


# -- failures ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"status": "error", "error_type": "AGENT_NOT_FOUND"}, TaskError),
        ({"status": "error", "error_type": "INVOCATION_FAILED"}, TransientError),
        ({"status": "error", "error_type": "AgentInvocationError"}, TransientError),
        ({"status": "error", "error_type": "TIMEOUT"}, WorkTimeoutError),
        ({"status": "error", "error_type": "PARSE_ERROR"}, RejectedResultError),
        ({"status": "timeout"}, WorkTimeoutError),
        ({"status": "cancelled"}, TaskError),
    ],
    ids=lambda value: value.get("error_type", value["status"]) if isinstance(value, dict) else "",
)
def test_what_a_host_says_of_its_failure_is_raised_once(
    run, host, request_data, said, error
) -> None:
    """F16: the error's type says whether asking again helps; the next run asks, it does not
    fail again by the same file."""
    run().pending(request_data)
    first = host.request["request_id"]
    host.write(host.envelope(response=None, error_message="it broke", **said))
    with pytest.raises(error, match="it broke") as caught:
        run().events(request_data)
    assert type(caught.value) is error
    run().pending(request_data)
    assert host.request["request_id"] != first


@pytest.mark.parametrize(
    "content", ["I enhanced both agents as you asked.", '{"enhancements": []}', "[]", "nothing"]
)
def test_an_answer_without_agents_is_refused_once_and_kept(
    run, host, request_data, content, kept, clock
) -> None:
    """F20, F21: a summary is no answer; it fails the attempt, with its reason beside it."""
    run().pending(request_data)
    host.write(host.envelope(response=content))
    with pytest.raises(RejectedResultError):
        run().events(request_data)
    assert kept("refused") == ["001/agent-response.json", "001/reason.json"]
    run().pending(request_data)


def test_a_half_written_answer_is_waited_for(run, host, request_data, clock) -> None:
    """A host still writes: not yet, and no error; once it is old, it is refused."""
    run().pending(request_data)
    whole = json.dumps(host.envelope())
    host.write(whole[: len(whole) // 3])
    pause = run().pending(request_data)
    assert "not complete" in pause.message
    host.write(whole)
    assert run().agents(request_data) == BOTH

    run().pending(request_data)
    host.write(json.dumps(host.envelope())[:100])
    clock.ahead = 60
    with pytest.raises(RejectedResultError):
        run().events(request_data)


def test_complete_files_wait_for_the_one_that_is_being_written(run, host, request_data) -> None:
    """No agent is called missing while its file grows."""
    run().pending(request_data)
    host.write_files("api-specialist")
    half = Path(host.request["responses_dir"]) / "testing-specialist.json"
    host.write('{"templates": [{"id": "T1"', half)
    run().pending(request_data)
    host.write_files("testing-specialist")
    assert run().agents(request_data) == BOTH


def test_a_truncated_answer_gives_its_complete_agents(run, host, request_data, clock) -> None:
    """F31: what is whole is taken, the rest is asked for again."""
    run().pending(request_data)
    text = json.dumps(host.answer)
    host.write(text[: int(len(text) * 0.9)])
    clock.ahead = 60
    assert run().agents(request_data) == ["api-specialist"]


def test_a_deadline_ends_the_attempt_once_and_the_next_request_has_a_new_id(
    run, host, request_data, clock
) -> None:
    """created_at + timeout_seconds is enforced by the clock, not by a sleeping process."""
    run(timeout_s=100).pending(request_data)
    first = host.request["request_id"]
    clock.ahead = 101
    with pytest.raises(WorkTimeoutError, match=first):
        run(timeout_s=100).events(request_data)
    run(timeout_s=100).pending(request_data)
    assert host.request["request_id"] != first


def test_an_answer_that_came_in_time_for_no_run_is_taken_after_the_deadline(
    run, host, request_data, clock
) -> None:
    """A deadline ends the waiting; it does not make an answer worse."""
    run(timeout_s=100).pending(request_data)
    host.write_files()
    clock.ahead = 1000
    assert run(timeout_s=100).agents(request_data) == BOTH


def test_runs_that_find_no_answer_come_to_an_end(run, host, request_data) -> None:
    """F03, F16: a host that only resumes gets a failure, then a new request."""
    run(max_resumes=3).pending(request_data)
    for _ in range(3):
        run(max_resumes=3).pending(request_data)
    with pytest.raises(TaskError, match="4 runs found no answer"):
        run(max_resumes=3).events(request_data)
    run(max_resumes=3).pending(request_data)


def test_requests_for_one_agent_come_to_an_end(run, host, request_data) -> None:
    """Bounded over processes by what is on disk, whatever answers come; the next run counts
    from the beginning."""
    for _ in range(3):
        run(max_requests=3).pending(request_data)
        host.write(host.envelope(response=None, status="error", error_message="no"))
        with pytest.raises(TransientError):
            run(max_requests=3).events(request_data)
    with pytest.raises(TaskError, match="3 times"):
        run(max_requests=3).events(request_data)
    run(max_requests=3).pending(request_data)


def test_nothing_that_a_host_wrote_is_ever_lost(run, host, request_data, folder, clock) -> None:
    """Every word of every answer is still in the folder after all of them were dealt with."""
    words = []
    for number, status in enumerate(["error", "success", "timeout"]):
        run().pending(request_data)
        words.append(f"unique-{number}")
        host.write(host.envelope(status=status, response=words[-1], error_message=words[-1]))
        with pytest.raises((TransientError, RejectedResultError, WorkTimeoutError)):
            run().events(request_data)
    files = [p.read_text(errors="replace") for p in folder.rglob("*.json")]
    assert all(any(word in text for text in files) for word in words)


def test_withdraw_ends_what_nobody_waits_for(run, host, request_data, kept) -> None:
    """A run that ended leaves no request behind (F15), and no answer is lost."""
    run().pending(request_data)
    request_id = host.request["request_id"]
    host.write_files("api-specialist")
    host.write(host.envelope())
    assert run().bridge.withdraw("made offline")
    assert not (host.folder / ".agent-request.json").exists()
    assert not (host.folder / ".agent-response.json").exists()
    assert kept("answered") == [
        f"{request_id}/agent-response.json",
        f"{request_id}/api-specialist.json",
    ]
    assert not run().bridge.withdraw("made offline")


# -- who else is there ------------------------------------------------------------------------


def test_another_name_in_the_same_folder_is_told_to_wait(run, host, request_data, clock) -> None:
    """F07: neither takes the other's request or answer; an abandoned one makes way."""
    run().pending(request_data)
    mine = host.request
    with pytest.raises(BadInput, match="'shop'") as caught:
        run(name="store").events(request_data)
    assert "--bridge-dir" in caught.value.hint
    assert host.request == mine
    host.write(host.envelope())
    with pytest.raises(BadInput):
        run(name="store").events(request_data)
    assert run().agents(request_data) == BOTH
    run().pending(request_data)
    clock.ahead = 4000
    run(name="store").pending(request_data)
    assert host.request["name"] == "store"


def test_two_runs_of_one_name_share_one_request(run, host, request_data) -> None:
    """Both wait for the same id; the first takes the answer."""
    run().pending(request_data)
    first = host.request["request_id"]
    run().pending(request_data)
    assert host.request["request_id"] == first
    host.write(host.envelope())
    assert run().agents(request_data) == BOTH


def test_a_request_of_another_program_is_not_overwritten(run, host, request_data, folder) -> None:
    folder.mkdir()
    (folder / ".agent-request.json").write_text('{"request_id": "other", "phase": 1}')
    with pytest.raises(BadInput, match="another program"):
        run().events(request_data)
    assert host.request == {"request_id": "other", "phase": 1}


def test_a_damaged_request_of_ours_is_written_again_and_said(
    run, host, request_data, folder, kept
) -> None:
    """Cut, overwritten or made a folder by a host: our record says what waits, and the answer to
    it counts. Where nothing of ours waits it is left alone."""
    folder.mkdir()
    (folder / ".agent-request.json").write_text("[1,2")
    with pytest.raises(BadInput, match=r"agent-request\.json' is no request that can be read"):
        run().events(request_data)
    (folder / ".agent-request.json").unlink()
    run().pending(request_data)
    request, answer = host.request, host.envelope()
    host.write('{"request_id": "', folder / ".agent-request.json")
    pause = run().pending(request_data)
    assert ".agent-request.json was damaged; it is written again" in pause.message
    assert host.request == request
    host.write("[1,2", folder / ".agent-request.json")
    host.write(answer, Path(request["response_path"]))
    run().bridge.check_free()
    assert run().agents(request_data) == BOTH
    assert not (folder / ".agent-request.json").exists()
    assert len(kept("withdrawn")) == 2


def test_a_moved_folder_goes_on_where_it_is(run, host, request_data, folder, tmp_path) -> None:
    """The request gets its new paths, under the same id; answers in the old place count."""
    run().pending(request_data)
    old, answer = host.request, host.answer
    target = tmp_path / "moved"
    folder.rename(target)
    run(folder=target).pending(request_data)
    request = json.loads((target / ".agent-request.json").read_text())
    assert request["request_id"] == old["request_id"]
    assert Path(request["prompt_path"]).is_relative_to(target)
    host.write(answer["enhancements"][0], Path(old["responses_dir"]) / "api-specialist.json")
    assert run(folder=target).agents(request_data) == ["api-specialist"]


def test_two_bridges_make_different_requests_by_default(tmp_path) -> None:
    one, two = (
        FileBridge(tmp_path / name, run_id="r", name=name, codebase="/src")
        for name in ("one", "two")
    )
    assert one.folder != two.folder


def test_runs_without_an_answer_are_counted_for_each_request_by_itself(
    run, host, only, request_data
) -> None:
    """F08: a host that was slow with one request has all its time for the next."""
    for _ in range(3):
        run(max_resumes=2).pending(request_data)
    host.write(host.envelope())
    assert run(max_resumes=2).agents(request_data) == BOTH
    other = only("testing-specialist")
    for _ in range(3):
        run(max_resumes=2).pending(other)
    with pytest.raises(TaskError, match="3 runs found no answer"):
        run(max_resumes=2).events(other)
