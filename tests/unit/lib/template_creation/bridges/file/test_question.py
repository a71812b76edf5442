"""When an answer to one request stands for another."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from template_creation.bridges.file.question import same_question

API = "api-specialist"
Change = Callable[[dict[str, Any]], object]


def drop_other_agent(data: dict[str, Any]) -> None:
    del data["agents"][1]


def tell_problems(data: dict[str, Any]) -> None:
    data["agents"][0]["problems"] = ["too short"]


def show_less(data: dict[str, Any]) -> None:
    """What the token budget leaves out changes nothing of what the ids mean."""
    data["template_catalog"][0]["symbols"] = data["template_catalog"][0]["symbols"][:1]
    del data["template_catalog"][2]


@pytest.mark.parametrize("change", [drop_other_agent, tell_problems, show_less])
def test_the_question_of_an_agent_is_the_same(request_data, change: Change) -> None:
    other = copy.deepcopy(request_data)
    change(other)
    assert same_question(request_data, other, API)


def rename_symbol(data: dict[str, Any]) -> None:
    data["template_catalog"][0]["symbols"][0]["name"] = "read_other"


def move_template(data: dict[str, Any]) -> None:
    data["template_catalog"][0]["source"] = "app/other.py"


def change_habit(data: dict[str, Any]) -> None:
    data["conventions"][0]["statement"] = "Something else"


def change_purpose(data: dict[str, Any]) -> None:
    data["agents"][0]["purpose"] = "Something else"


def change_instructions(data: dict[str, Any]) -> None:
    data["enhancement_instructions"] = "Something else"


def change_contract(data: dict[str, Any]) -> None:
    data["contract"] = "markdown"


CHANGES = [
    rename_symbol,
    move_template,
    change_habit,
    change_purpose,
    change_instructions,
    change_contract,
]


@pytest.mark.parametrize("change", CHANGES)
def test_the_question_of_an_agent_is_another(request_data, change: Change) -> None:
    """An id that means something else would be cited wrongly."""
    other = copy.deepcopy(request_data)
    change(other)
    assert not same_question(request_data, other, API)
