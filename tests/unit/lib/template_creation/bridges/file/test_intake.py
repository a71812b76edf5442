"""Which answer is bound to which request: by id, by folder, by question, never by luck."""

from __future__ import annotations

import copy
import json
import os
import time
from pathlib import Path

import pytest

from batch_engine.core import RejectedResultError, WorkTimeoutError

BOTH = ["api-specialist", "testing-specialist"]


def reason(folder: Path, number: int = 1) -> str:
    told = json.loads((folder / f".agent-bridge/refused/{number:03}/reason.json").read_text())
    assert told["fix"]
    return str(told["reason"])


def test_a_wrong_id_is_refused_and_the_request_still_waits(
    run, host, request_data, folder, kept
) -> None:
    """F17: kept with its reason, told at once, and no failed attempt."""
    run().pending(request_data)
    request_id = host.request["request_id"]
    host.write(host.envelope(request_id="11111111-2222-3333-4444-555555555555"))
    pause = run().pending(request_data)
    assert host.request["request_id"] == request_id
    assert "was refused: no request '11111111" in pause.message
    assert "no request '11111111" in reason(folder)
    assert kept("refused") == ["001/agent-response.json", "001/reason.json"]
    host.write(host.envelope())
    assert run().agents(request_data) == BOTH


def test_an_envelope_without_id_is_refused_with_the_way_to_a_right_one(
    run, host, request_data, folder
) -> None:
    """F17: an envelope that names no request could be for any."""
    run().pending(request_data)
    host.write({"status": "success", "response": json.dumps(host.answer)})
    run().pending(request_data)
    assert reason(folder) == "the envelope has no request_id"


def test_the_answer_of_another_run_of_the_same_name_is_taken_for_the_same_question(
    run, host, request_data
) -> None:
    """A late answer fits by id and question, whichever run asked."""
    run(run_id="run-1").pending(request_data)
    late = host.envelope()
    run(run_id="run-2").pending(request_data)
    assert host.request["request_id"] != late["request_id"]
    host.write(late)
    assert run(run_id="run-2").agents(request_data) == BOTH
    assert not (host.folder / ".agent-request.json").exists()


def test_an_answer_to_another_name_or_codebase_is_refused(run, host, request_data, folder) -> None:
    """F07: the same questions about another codebase are other questions."""
    run(codebase="/src/old").pending(request_data)
    foreign = host.envelope()
    run(codebase="/src/new").pending(request_data)
    host.write(foreign)
    run(codebase="/src/new").pending(request_data)
    assert "'/src/old'" in reason(folder)


def test_a_late_answer_to_an_earlier_request_of_the_same_question_is_taken(
    run, host, request_data, clock
) -> None:
    """The deadline passed, the question was asked again under a new id, then the host came."""
    run(timeout_s=100).pending(request_data)
    late = host.envelope()
    clock.ahead = 200
    with pytest.raises(WorkTimeoutError):
        run(timeout_s=100).events(request_data)
    run(timeout_s=100).pending(request_data)
    host.write(late)
    assert run(timeout_s=100).agents(request_data) == BOTH
    assert not (host.folder / ".agent-request.json").exists()


def test_late_files_count_where_they_were_asked_for(run, host, only, request_data, clock) -> None:
    run(timeout_s=100).pending(request_data)
    place = Path(host.request["responses_dir"])
    clock.ahead = 200
    with pytest.raises(WorkTimeoutError):
        run(timeout_s=100).events(request_data)
    run(timeout_s=100).pending(request_data)
    for item in host.answer["enhancements"]:
        host.write(item, place / f"{item['agent_name']}.json")
    assert run(timeout_s=100).agents(request_data) == BOTH


def test_an_answer_to_a_changed_question_is_refused(run, host, request_data, folder) -> None:
    """The codebase changed while the host worked: T1 is another file now."""
    run().pending(request_data)
    old = host.envelope()
    changed = copy.deepcopy(request_data)
    changed["template_catalog"][0]["source"] = "app/renamed.py"
    run().pending(changed)
    host.write(old)
    run().pending(changed)
    assert "changed since request" in reason(folder)


def test_an_answer_stays_good_for_the_agents_whose_question_did_not_change(
    run, host, request_data
) -> None:
    """The unit is the agent: what one is asked does not age because another's changed."""
    run().pending(request_data)
    old = host.envelope()
    changed = copy.deepcopy(request_data)
    changed["agents"][0]["purpose"] = "Something else."
    run().pending(changed)
    host.write(old)
    assert run().agents(changed) == ["testing-specialist"]


def test_a_second_copy_of_a_taken_answer_is_refused_as_such(
    run, host, only, request_data, folder
) -> None:
    """F04: a host that writes its old answer again answers nothing new."""
    run().pending(request_data)
    old = host.envelope()
    host.write(old)
    run().agents(request_data)
    again = only(*BOTH, problems=("too short",))
    run().pending(again)
    host.write(old)
    pause = run().pending(again)
    assert "was answered before" in pause.message
    assert "was answered before" in reason(folder)


def test_a_bare_payload_from_before_the_request_is_refused(run, host, request_data, folder) -> None:
    """It names no request, so only its time can say that it is stale."""
    run().pending(request_data)
    path = host.write(host.answer)
    hour_ago = time.time() - 3600
    os.utime(path, (hour_ago, hour_ago))
    run().pending(request_data)
    assert "older than the pending one" in reason(folder)


def test_a_bare_payload_that_lay_there_before_anything_was_asked_is_refused(
    run, host, request_data, folder
) -> None:
    """It was written for somebody else: an answer cannot come before its question."""
    folder.mkdir()
    (folder / ".agent-response.json").write_text('{"enhancements": []}')
    pause = run().pending(request_data)
    assert "no request is pending" in pause.message
    assert "no request is pending" in reason(folder)


def test_files_that_come_again_are_kept_beside_the_first(
    run, host, only, request_data, kept
) -> None:
    """A host that writes the file of a finished agent once more changes nothing and loses
    nothing."""
    run().pending(request_data)
    request_id = host.request["request_id"]
    (first, _) = host.write_files()
    content = first.read_text()
    run().agents(request_data)
    run().pending(only("testing-specialist", problems=("too short",)))
    first.write_text(content)
    run().pending(only("testing-specialist", problems=("too short",)))
    assert kept("answered") == [
        f"{request_id}/api-specialist-2.json",
        f"{request_id}/api-specialist.json",
        f"{request_id}/testing-specialist.json",
    ]


def test_a_newer_protocol_is_refused(run, host, request_data, folder) -> None:
    run().pending(request_data)
    host.write(host.envelope(version="2.0"))
    with pytest.raises(RejectedResultError):
        run().events(request_data)
    assert "version '2.0'" in reason(folder)


def test_an_answer_in_a_place_where_hosts_put_it_by_mistake_is_copied(
    run, host, request_data, tmp_path
) -> None:
    """F14: bound by its id; the file itself is left, since the place is not ours."""
    run().pending(request_data)
    place = tmp_path / "project"
    stray = host.write(host.envelope(), place / ".agent-response.json")
    before = stray.read_bytes()
    assert run(also_look_in=[place]).agents(request_data) == BOTH
    assert stray.read_bytes() == before
    run(also_look_in=[place]).pending(request_data)


@pytest.mark.parametrize("content", ["bare", "unknown id", "no id"])
def test_nothing_else_is_taken_or_touched_in_such_a_place(
    run, host, request_data, tmp_path, content, kept
) -> None:
    """What names no request of ours there belongs to somebody else."""
    run().pending(request_data)
    place = tmp_path / "project"
    said = {
        "bare": host.answer,
        "unknown id": host.envelope(request_id="other"),
        "no id": {"status": "success", "response": json.dumps(host.answer)},
    }
    host.write(said[content], place / ".agent-response.json")
    run(also_look_in=[place]).pending(request_data)
    assert kept("refused") == []


def test_files_of_the_host_that_are_no_answers_are_left_alone(run, host, request_data) -> None:
    """Hidden and temporary files are somebody's work in progress."""
    run().pending(request_data)
    place = Path(host.request["responses_dir"])
    for name in (".api-specialist.json.swp", "api-specialist.json.tmp", "notes.txt"):
        host.write("draft", place / name)
    run().pending(request_data)
    assert len(list(place.iterdir())) == 3


def test_one_file_for_all_in_the_place_of_single_ones_is_read(run, host, request_data) -> None:
    run().pending(request_data)
    host.write(host.answer, Path(host.request["responses_dir"]) / "answer.json")
    assert run().agents(request_data) == BOTH


def test_the_second_known_response_name_is_read_too(run, host, request_data) -> None:
    """Later hosts of the protocol put the phase into the name."""
    run().pending(request_data)
    host.write(host.envelope(), host.folder / ".agent-response-phase7.5.json")
    assert run().agents(request_data) == BOTH
