"""The batch request holds what concerns its agents, compact, and the codebase only as data."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from inline_snapshot import snapshot

from template_creation.agents import build_request
from template_creation.agents.catalog import build_catalog
from template_creation.exchange import request_document
from template_creation.values.analysis import Command, PackageRoot, Rule
from template_creation.values.request import BatchRequest


def test_the_catalog_lists_every_template_with_ids_to_cite(shop) -> None:
    """Also those that no agent ranks; declarations carry lines, signature and decorators."""
    first, second = build_catalog(shop.context)
    assert (first.id, second.id) == ("T1", "T2")
    assert first.symbols[0].model_dump() == snapshot(
        {
            "id": "T1.s1",
            "name": "read_items",
            "kind": "function",
            "lines": "9-13",
            "signature": "def read_items(session: SessionDep) -> list[Item]:",
            "marks": ('@router.get("/")',),
        }
    )


def test_each_agent_is_told_its_own_facts(shop) -> None:
    """Ranked templates, habits of its layers, rules with its words, commands that prove."""
    request = build_request(shop.context, shop.context.agents)
    api, tests = request.agents
    assert api.templates == ("T1", "T2")
    assert api.conventions == ("C3", "C1", "C2")
    assert api.rules == ("R1",)
    assert api.commands == ("K1", "K2")  # K3 only runs the thing
    assert tests.conventions == ("C4",)
    assert tests.rules == ("R2",)


def test_only_facts_of_the_shard_are_sent(shop) -> None:
    """A shard of one agent does not pay for the others' facts, but knows every template."""
    (api, _) = shop.context.agents
    request = build_request(shop.context, (api,))
    assert [item.id for item in request.conventions] == ["C1", "C2", "C3"]
    assert [item.id for item in request.rules] == ["R1"]
    assert [item.name for item in request.technologies] == ["FastAPI"]
    assert len(request.template_catalog) == 2


def test_the_document_reads_back_as_the_request(shop) -> None:
    """Fields left out are those with a default."""
    request = build_request(shop.context, shop.context.agents)
    document = json.loads(json.dumps(request_document(request)))
    assert BatchRequest.model_validate(document) == request
    assert document["version"] == "1.2"


def test_current_texts_go_along_in_the_markdown_contract_only(shop) -> None:
    """Sections need no text: the file is rendered here."""
    request = build_request(shop.context, shop.context.agents, current={"api-specialist": "# A"})
    assert request.contract == "markdown"
    assert request.agents[0].current_content == "# A"
    assert build_request(shop.context, shop.context.agents).contract == "sections"


@pytest.mark.parametrize(
    ("text", "handed_on"),
    [
        ("Never return a database error from a route handler.", True),
        ("Every route handler must declare its response.", True),
        ("Use `Depends` for the request of a handler.", True),
        ("Its route handlers answer each request with a response.", False),
        ("A handler " + "of a request and response " * 12 + "must answer.", False),
    ],
)
def test_a_sentence_that_instructs_nobody_is_no_rule(shop, text: str, handed_on: bool) -> None:
    """Documents explain much; only what tells the reader to do something is handed on."""
    rule = Rule("r", text, "README.md", 1, 1, "must")
    context = replace(shop.context, analysis=replace(shop.analysis, rules=(rule,)))
    request = build_request(context, shop.context.agents)
    assert bool(request.agents[0].rules) is handed_on


def test_why_an_answer_was_refused_goes_into_the_document(shop) -> None:
    """For the agents that are asked for again."""
    problems = {"api-specialist": ["unknown-id at $.templates[0]: no such id: 'T9' (use T1)"]}
    request = build_request(shop.context, shop.context.agents, problems=problems)
    assert request.agents[0].problems == tuple(problems["api-specialist"])
    assert request.agents[1].problems == ()


def test_an_instruction_may_be_given_instead(shop) -> None:
    """Settings can replace the text."""
    request = build_request(shop.context, shop.context.agents, instructions="Be brief.")
    assert request.enhancement_instructions == "Be brief."


def test_commands_come_from_where_the_agent_works(shop) -> None:
    """Nearest first, those of other packages never: `npm test` proves nothing about Python."""
    roots = tuple(PackageRoot(path, "x", "pypi", "x") for path in ("", "app", "web"))
    commands = tuple(
        Command(f"c-{number}", "test", command, folder, "pyproject.toml", number)
        for number, (command, folder) in enumerate(
            [("make test", ""), ("npm test", "web"), ("pytest", "app/")], 1
        )
    )
    analysis = replace(shop.analysis, roots=roots, commands=commands)
    context = replace(shop.context, analysis=analysis)
    api, _ = build_request(context, context.agents).agents
    assert api.commands == ("K3", "K1")


def test_what_is_done_here_and_there_is_no_habit(shop) -> None:
    """It is not handed on, so that nobody makes a rule of it."""
    first, *rest = shop.analysis.conventions
    seldom = replace(first, hits=first.hits[:1], misses=(*first.misses, *first.hits[1:]))
    analysis = replace(shop.analysis, conventions=(seldom, *rest))
    context = replace(shop.context, analysis=analysis)
    request = build_request(context, context.agents)
    assert "C1" not in {key for agent in request.agents for key in agent.conventions}
    assert "C1" not in {item.id for item in request.conventions}
    assert [item.example for item in request.conventions if item.id == "C2"] == [
        f"{rest[0].hits[0].path}:{rest[0].hits[0].line}"
    ]
