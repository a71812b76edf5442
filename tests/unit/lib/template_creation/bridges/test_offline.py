"""The offline bridge answers like a good model would: from the facts, and only from them."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest

from template_creation.bridges import AgentBridgeInvoker, OfflineBridge
from template_creation.errors import GenerationError
from template_creation.values.response import SectionsResponse


def answer(data: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = OfflineBridge().invoke(agent_name="x", input_data=data, context={})
    return {item["agent_name"]: item for item in found["enhancements"]}


def test_it_is_a_bridge_that_answers_in_the_sections_contract(request_data) -> None:
    """The same road as a model's answer: every agent once, and the schema holds."""
    found = OfflineBridge().invoke(agent_name="x", input_data=request_data, context={})
    assert isinstance(OfflineBridge(), AgentBridgeInvoker)
    response = SectionsResponse.model_validate(json.loads(json.dumps(found)))
    names = [item.agent_name for item in response.enhancements]
    assert names == ["api-specialist", "testing-specialist"]


def test_it_cites_only_ids_of_the_request(request_data) -> None:
    """Nothing can be invented: every id is one that came in."""
    known = set(re.findall(r'"id": "([A-Z][\w.]+)"', json.dumps(request_data)))
    text = json.dumps(answer(request_data))
    cited = set(re.findall(r'"([TCRKD]\d+(?:\.s\d+)?)"', text))
    assert cited
    assert cited <= known


def test_it_does_not_touch_the_request_and_answers_the_same_again(request_data) -> None:
    """Pure: same request, same answer."""
    before = copy.deepcopy(request_data)
    assert answer(request_data) == answer(request_data)
    assert request_data == before


def test_templates_come_with_what_they_show(request_data) -> None:
    """By the names of their declarations, and by their place next to the agent's work."""
    whys = {item["id"]: item["why"] for item in answer(request_data)["api-specialist"]["templates"]}
    assert whys["T1"] == (
        "Start here. Api number 1. It declares `read_items` (GET), `read_item` (GET) "
        "and `create_item` (POST)."
    )
    assert whys["T2"].startswith("The tests that go with this work. Tests number 2.")
    assert whys["T3"] == "Next to this work. Config number 3."


def test_practices_are_imperatives_that_cite_their_habit(request_data) -> None:
    """Eight of ten is a practice, six of ten is usual, below that nothing is said."""
    practices = answer(request_data)["api-specialist"]["practices"]
    assert [(item["text"], item["cites"]) for item in practices] == [
        ("Write a docstring.", ["R2"]),
        ("Give functions a docstring.", ["C2"]),
        ("Usually raise errors as `HTTPException`.", ["C3"]),
    ]


def test_what_few_places_do_is_not_told(request_data) -> None:
    """4 of 23, and 4 of 4 too: the first is no habit, the second may be chance."""
    text = json.dumps(answer(request_data))
    assert '"C4"' not in text
    assert '"C5"' not in text


def test_a_call_is_told_only_where_nearly_all_files_make_it(request_data) -> None:
    """6 of 9 files that import a helper are no instruction."""
    assert '"C6"' not in json.dumps(answer(request_data))


def test_constraints_come_from_the_projects_own_rules_and_habits_without_exception(
    request_data,
) -> None:
    """Phrased as what not to do; a habit is either a practice or a constraint, never both."""
    found = answer(request_data)["api-specialist"]
    assert [(item["text"], item["cites"]) for item in found["constraints"]] == [
        ("Never return database errors.", ["R1"]),
        ("Write no functions without a return annotation.", ["C1"]),
        (
            "Add no dependency without asking: "
            "API endpoints use FastAPI (`pyproject.toml:7`) today.",
            ["D1"],
        ),
    ]
    assert "C1" not in json.dumps(found["practices"])


def test_commands_that_prove_the_work_are_cited(request_data) -> None:
    """All that the request says concern the agent."""
    assert answer(request_data)["api-specialist"]["commands"] == ["K1", "K2"]


def test_an_agent_without_habits_still_says_what_to_do(request_data) -> None:
    """By its own templates: what a new file of the kind consists of."""
    (practice, *_) = answer(request_data)["testing-specialist"]["practices"]
    assert practice["cites"] == ["T2"]
    assert "`test_create_item`" in practice["text"]
    (constraint,) = answer(request_data)["testing-specialist"]["constraints"]
    assert constraint["cites"] == ["T2"]


def test_few_practices_come_with_the_layout_of_the_agents_own_file(request_data) -> None:
    """As far as it can be said in a sentence; with enough practices there is none."""
    request_data["conventions"] = [c for c in request_data["conventions"] if c["id"] == "C2"]
    few = answer(request_data)["api-specialist"]["practices"]
    assert (few[-1]["text"], few[-1]["cites"]) == (
        "Lay out a new file of this kind as `file1.py` is: `read_items`, `read_item`, "
        "`create_item` and `helper`, in this order.",
        ["T1"],
    )
    extra = dict(request_data["template_catalog"][0]["symbols"][-1], id="T1.s5", name="more")
    request_data["template_catalog"][0]["symbols"].append(extra)
    assert len(answer(request_data)["api-specialist"]["practices"]) == len(few) - 1


def test_short_because_tells_the_evidence(request_data) -> None:
    """Counts of what there is, so that the reader can judge."""
    reason = answer(request_data)["testing-specialist"]["short_because"]
    assert reason.startswith("only 1 of its 4 files became a template")


def test_a_request_of_another_version_is_refused(request_data) -> None:
    """With the field that is wrong."""
    with pytest.raises(GenerationError, match="version"):
        answer({**request_data, "version": "9.9"})


def test_a_request_for_nobody_gets_an_empty_answer(request_data) -> None:
    """A shard without agents is no error."""
    assert answer({**request_data, "agents": []}) == {}
