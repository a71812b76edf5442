"""The fake bridge that users get does what its script says."""

from __future__ import annotations

import json

import pytest

from template_creation.testing import FakeBridge, as_text, without_agents

REQUEST = {
    "project": "p",
    "languages": [],
    "agents": [
        {"name": name, "title": "T", "purpose": "", "technologies": [], "layers": [], "files": 1}
        for name in ("one", "two")
    ],
    "template_catalog": [],
    "conventions": [],
    "rules": [],
    "commands": [],
    "enhancement_instructions": "",
}


def ask(bridge: FakeBridge) -> object:
    return bridge.invoke(agent_name="a", input_data=REQUEST, context={"mode": "batch"})


def test_it_answers_in_order_and_keeps_to_the_last() -> None:
    """Objects, wrong ones too, exceptions and functions."""
    bridge = FakeBridge({"enhancements": []}, None, lambda call: call.context["mode"])
    assert [ask(bridge) for _ in range(4)] == [{"enhancements": []}, None, "batch", "batch"]
    assert [call.input_data for call in bridge.requests] == [REQUEST] * 4


def test_it_raises_what_it_is_told_to() -> None:
    """And has recorded the call before."""
    bridge = FakeBridge(ConnectionError("gone"))
    with pytest.raises(ConnectionError, match="gone"):
        ask(bridge)
    assert len(bridge.requests) == 1


def test_without_a_script_it_answers_offline() -> None:
    """Every agent of the request."""
    names = [item["agent_name"] for item in ask(FakeBridge())["enhancements"]]  # type: ignore[index]
    assert names == ["one", "two"]


def test_it_can_leave_agents_out_and_cut_answers_off() -> None:
    """As models do."""
    (left,) = ask(FakeBridge(without_agents("one")))["enhancements"]  # type: ignore[index]
    assert left["agent_name"] == "two"
    whole, cut = ask(FakeBridge(as_text(fenced=False))), ask(FakeBridge(as_text(keep=0.5)))
    assert len(json.loads(str(whole))["enhancements"]) == 2
    assert str(cut).startswith("```json\n{")


def test_a_request_that_is_no_json_is_refused() -> None:
    """What a bridge gets has to survive a file or a socket."""
    with pytest.raises(TypeError):
        FakeBridge().invoke(agent_name="a", input_data={"x": object()}, context={})
