"""A model that keeps to its instructions: it reads the prompt and answers with what stands there.

Used by `template_creation.fake_api`, so that whole runs can be tried without a model. It knows
nothing but the text that a real one would read, so it shows at once when that leaves something
out. Answers in the *sections* contract only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

__all__ = ["good_answer"]

_LIST = re.compile(r"^(`{3,})json\n(\[.*?\])\n\1$", re.DOTALL | re.MULTILINE)
_TEMPLATE = re.compile(r"(T\d+) \S+: ")
_DECLARATION = re.compile(r" (s\d+) (\d+)-(\d+) (.+)")
_FACT = re.compile(r"(C\d+) \d+/\d+ (.+?)(?:; else .*)?(?: \(as T[\d.s]+\))?")
_RULE = re.compile(r"(R\d+) [\w-]+: (.+)")
_NAME = re.compile(r'(?:class|def|function|func|fn|const|interface|test) "?(\w+)')


@dataclass(frozen=True, slots=True)
class _Declaration:
    id: str
    lines: int
    name: str


def good_answer(prompt: str, schema: Mapping[str, Any] | None = None) -> str:
    """The answer to a prompt of `template_creation.exchange.render_batch_prompt`, as JSON text;
    in the form of ``schema`` where one was sent with it. Empty for any other text."""
    lists = _LIST.findall(prompt)
    if not lists:
        return ""
    names = json.loads(lists[-1][1])
    lines = prompt.splitlines()
    shown, facts = _declarations(lines), _facts(lines)
    agents = [_agent(name, place, lines, shown, facts) for place, name in enumerate(names)]
    if not _is_keyed(schema):
        return json.dumps({"enhancements": agents})
    keyed = {agent.pop("agent_name"): agent for agent in agents}
    return json.dumps({"enhancements": keyed})


def _is_keyed(schema: Mapping[str, Any] | None) -> bool:
    """Whether the schema has one property for each agent."""
    answers = (schema or {}).get("properties", {}).get("enhancements", {})
    return bool(answers.get("type") == "object")


def _declarations(lines: list[str]) -> dict[str, list[_Declaration]]:
    """By template, as the catalog lists them."""
    found: dict[str, list[_Declaration]] = {}
    template = ""
    for line in lines:
        if match := _TEMPLATE.match(line):
            template = match[1]
            found[template] = []
        elif template and (match := _DECLARATION.fullmatch(line)):
            name = _NAME.search(match[4])
            size = int(match[3]) - int(match[2]) + 1
            said = name[1] if name else match[4].split("(")[0].strip()
            found[template].append(_Declaration(f"{template}.{match[1]}", size, said))
    return found


def _facts(lines: list[str]) -> dict[str, str]:
    """What conventions and rules say, by id."""
    matches = (_FACT.fullmatch(line) or _RULE.fullmatch(line) for line in lines)
    return {match[1]: match[2] for match in matches if match}


def _agent(
    name: str,
    place: int,
    lines: list[str],
    shown: Mapping[str, list[_Declaration]],
    facts: Mapping[str, str],
) -> dict[str, Any]:
    ids = _own_ids(name, lines)
    templates = [key for key in ids if key.startswith("T")][:5]
    stated = [key for key in ids if key in facts]
    return {
        "agent_name": name,
        "templates": [
            {"id": key, "why": f"Number {number} to start from in the work of the {name}."}
            for number, key in enumerate(templates, 1)
        ],
        "practices": [
            {"text": f"Keep to this: {facts[key]}.", "cites": [key]} for key in stated[:8]
        ]
        or [
            {"text": f"Lay out a file of the {name} as this template is.", "cites": [key]}
            for key in templates[:2]
        ],
        "examples": _examples(templates, shown, place),
        "constraints": [
            {"text": f"Leave no part of {facts[key]!r} undone.", "cites": [key]}
            for key in stated[8:10]
        ]
        or [
            {"text": f"Take no other layout for the {name} than that.", "cites": [key]}
            for key in templates[:1]
        ],
        "commands": [key for key in ids if key.startswith("K")][:3],
        "short_because": "a model that costs nothing writes little",
    }


def _own_ids(name: str, lines: list[str]) -> list[str]:
    """The ids in the line below the agent's."""
    for line, below in pairwise(lines):
        if line.startswith((f"{name} (", f"{name}: ")) and below.startswith(" "):
            return re.findall(r"\b[TCRKD]\d+\b", below)
    return []


def _examples(
    templates: list[str], shown: Mapping[str, list[_Declaration]], place: int
) -> list[dict[str, str]]:
    """Up to 160 lines of declarations, the agents beginning at different ones; a template
    without any is shown whole."""
    found: list[dict[str, str]] = []
    room = 160
    for template in templates:
        listed = shown.get(template, [])
        turn = place % max(1, len(listed))
        for item in [*listed[turn:], *listed[:turn]][:3]:
            if item.lines <= room and len(found) < 6:
                found.append({"id": item.id, "title": f"How {item.name} is made", "note": ""})
                room -= item.lines
        if not listed and len(found) < 6:
            found.append({"id": template, "title": "The whole file", "note": ""})
    return found
