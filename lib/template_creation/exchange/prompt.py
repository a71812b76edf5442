"""A batch request as the prompt that a model reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from template_creation.exchange.digest import (
    agent_lines,
    catalog_lines,
    fact_lines,
    memory_lines,
)
from template_creation.exchange.prompts import prompt_text, render_prompt
from template_creation.values.request import BatchRequest

__all__ = [
    "AnswerStyle",
    "Contract",
    "PromptParts",
    "example_answer",
    "prompt_parts",
    "render_batch_prompt",
    "request_document",
]

Contract = Literal["sections", "markdown"]
"""What an agent's part of an answer is: items that cite ids, or the whole text."""

AnswerStyle = Literal["plain", "per_agent"]
"""How the answer holds its agents: a list of objects that name them, or one property for each."""


class PromptParts(NamedTuple):
    """A prompt in two parts, to be sent one after the other: ``shared`` is the same for all
    shards of a package at one level of detail (what a prompt cache can keep), ``own`` is not."""

    shared: str
    own: str


def request_document(request: BatchRequest) -> dict[str, Any]:
    """``request`` as plain JSON-able data, without fields that say nothing."""
    document: dict[str, Any] = {"version": request.version, "contract": request.contract}
    document |= request.model_dump(mode="json", exclude_defaults=True)
    return document


def render_batch_prompt(
    request: BatchRequest | Mapping[str, Any], *, style: AnswerStyle = "plain"
) -> str:
    """What a model reads: the instructions, the answer to give with an example, and the facts.

    Text from the codebase is only ever inside fences, which it cannot close, and the
    instructions say that nothing in them is an instruction. ``style`` has to be that of the
    schema that is sent with it, if one is.
    """
    return "".join(prompt_parts(request, style=style))


def prompt_parts(
    request: BatchRequest | Mapping[str, Any], *, style: AnswerStyle = "plain"
) -> PromptParts:
    """`render_batch_prompt` in its two parts."""
    if not isinstance(request, BatchRequest):
        request = BatchRequest.model_validate(request)
    shared = {
        "instructions": request.enhancement_instructions.strip(),
        "contract": request.contract,
        "example": example_answer(request.contract, style=style),
        "catalog": "\n".join(catalog_lines(request)),
    }
    own = {
        "names": "[" + ",\n".join(_compact(item.name) for item in request.agents) + "]",
        "count": len(request.agents),
        "facts": "\n".join(fact_lines(request)),
        "memories": "\n".join(memory_lines(request)),
        "agents": "\n".join(agent_lines(request)),
        "refused": any(item.problems for item in request.agents),
        "bodies": [(item.id, item.body) for item in request.template_catalog if item.body],
        "currents": [
            (place, item.current_content)
            for place, item in enumerate(request.agents, 1)
            if item.current_content
        ],
    }
    return PromptParts(
        render_prompt("enhance_shared.md.j2", shared), render_prompt("enhance_own.md.j2", own)
    )


def example_answer(contract: Contract, *, style: AnswerStyle = "plain") -> str:
    """A whole answer for a fictional agent, as JSON text: what `render_batch_prompt` shows, and
    what the planner's expectation of an answer is measured by."""
    agent = json.loads(prompt_text("enhance_example.json"))
    if contract == "markdown":
        content = prompt_text("enhance_example.md")
        agent = {
            "agent_name": agent["agent_name"],
            "enhanced_content": content,
            "short_because": "",
        }
    if style == "plain":
        return _compact({"enhancements": [agent]})
    name = agent.pop("agent_name")
    return _compact({"enhancements": {name: agent}})


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
