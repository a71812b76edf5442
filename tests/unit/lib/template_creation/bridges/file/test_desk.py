"""The other end of the bridge: what is asked is shown, answers are checked and handed in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from template_creation.bridges.file import Desk
from template_creation.errors import BadInput, ValidationFailed

BOTH = ["api-specialist", "testing-specialist"]


@pytest.fixture
def desk(run, request_data, folder) -> Desk:
    run().pending(request_data)
    return Desk.open(folder)


def test_it_shows_what_the_host_sees(desk, host) -> None:
    assert desk.request == host.request
    assert desk.prompt == Path(host.request["prompt_path"]).read_text()
    assert desk.schema["type"] == "object"
    assert desk.document["project"] == "shop"


def test_without_a_pending_request_it_says_what_became_of_the_last(
    desk, host, run, request_data, folder
) -> None:
    host.write(host.envelope())
    run().events(request_data)
    with pytest.raises(BadInput, match="no request is pending") as caught:
        Desk.open(folder)
    assert "2 of 2 agents were answered" in caught.value.hint


def test_an_empty_folder_has_nothing_pending(tmp_path) -> None:
    with pytest.raises(BadInput, match="no request is pending"):
        Desk.open(tmp_path)


@pytest.mark.parametrize("form", ["envelope", "payload", "prose"])
def test_what_is_handed_in_is_what_the_run_takes(desk, host, run, request_data, form) -> None:
    """`respond` builds the envelope, whatever it is given."""
    text = {
        "envelope": json.dumps(host.envelope()),
        "payload": json.dumps(host.answer),
        "prose": f"Sure:\n```json\n{json.dumps(host.answer)}\n```",
    }[form]
    path, checked = desk.respond(text, source="answer.json")
    assert [item.name for item in checked.agents] == BOTH
    written = json.loads(path.read_text())
    assert written["request_id"] == host.request["request_id"]
    assert isinstance(written["response"], str)
    assert run().agents(request_data) == BOTH


def test_an_agent_can_be_handed_in_alone(desk, host, run, request_data) -> None:
    for item in host.answer["enhancements"]:
        del item["commands"]
        path, _ = desk.respond(json.dumps(item), source="x", agent=item["agent_name"])
        assert path.name == f"{item['agent_name']}.json"
    assert run().agents(request_data) == BOTH


def test_markdown_can_be_handed_in_for_one_agent(desk, run, request_data) -> None:
    path, _ = desk.respond("# API\n\nText.\n", source="x", agent="api-specialist")
    assert path.name == "api-specialist.md"
    assert run().agents(request_data) == ["api-specialist"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("I did it.", "is no answer"),
        ('{"enhancements": [{"agent_name": "nobody", "enhanced_content": "x"}]}', "is no answer"),
        ('{"status": "success", "response": "x"}', "request_id"),
    ],
)
def test_what_answers_for_nobody_is_not_written(desk, host, text, why) -> None:
    """Checked before it is written: the place of answers stays empty."""
    with pytest.raises(ValidationFailed, match=why) as caught:
        desk.respond(text, source="answer.json")
    assert caught.value.hint
    assert not Path(host.request["response_path"]).exists()


def test_the_envelope_of_another_request_is_not_handed_in(desk, host) -> None:
    with pytest.raises(ValidationFailed, match="answers request 'other'"):
        desk.respond(json.dumps(host.envelope(request_id="other")), source="answer.json")


def test_an_agent_that_is_not_asked_for_is_told(desk) -> None:
    with pytest.raises(BadInput, match="'nobody'") as caught:
        desk.respond("{}", source="x", agent="nobody")
    assert "api-specialist" in caught.value.hint


def test_a_second_answer_takes_the_place_of_the_first_which_is_kept(
    desk, host, run, request_data, kept
) -> None:
    """Nothing that was handed in is lost."""
    desk.respond(json.dumps({"enhancements": host.answer["enhancements"][:1]}), source="x")
    desk.respond(json.dumps(host.answer), source="x")
    assert kept("refused") == ["001/agent-response.json", "001/reason.json"]
    desk.respond("# Text\n", source="x", agent="api-specialist")
    desk.respond(json.dumps(host.answer["enhancements"][0]), source="x", agent="api-specialist")
    events = {item.name: item for item in run().events(request_data) if hasattr(item, "data")}
    assert sorted(events) == BOTH
    assert "enhanced_content" not in events["api-specialist"].data


def test_a_failure_can_be_handed_in(desk, host) -> None:
    path = desk.respond_error("no such agent", error_type="AGENT_NOT_FOUND")
    written = json.loads(path.read_text())
    assert (written["status"], written["error_type"]) == ("error", "AGENT_NOT_FOUND")


def test_nothing_is_handed_in_to_a_request_that_ended_meanwhile(
    desk, host, run, request_data
) -> None:
    host.write_files()
    run().events(request_data)
    with pytest.raises(BadInput, match="no longer pending"):
        desk.respond_error("late", error_type="UNKNOWN")


def test_a_check_names_agents_that_are_missing_and_places_that_are_wrong(desk, host) -> None:
    answer = host.answer
    checked = desk.check(json.dumps({"enhancements": answer["enhancements"][:1]}), source="a.json")
    assert [item.name for item in checked.agents] == ["api-specialist"]
    assert checked.missing == ("testing-specialist",)
    assert checked.agents[0].place.startswith("a.json:$")
    other = desk.check(json.dumps(host.envelope(request_id="other")), source="a.json")
    assert [(item.rule, item.place) for item in other.issues] == [("request-id", "a.json")]
    assert host.request["request_id"] in other.issues[0].fix


def test_a_check_of_the_place_reads_all_that_is_there(desk, host) -> None:
    assert desk.check_place().missing == tuple(BOTH)
    host.write_files("api-specialist")
    assert desk.check_place().missing == ("testing-specialist",)
    host.write(host.envelope())
    assert desk.check_place().missing == ()


def test_a_check_says_that_the_host_failed(desk, host) -> None:
    text = json.dumps(host.envelope(status="error", response=None, error_message="no quota"))
    (issue,) = desk.check(text, source="a.json").issues
    assert issue.rule == "status"
    assert "no quota" in issue.message
