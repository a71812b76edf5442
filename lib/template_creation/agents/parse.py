"""From whatever a bridge returned to checked answers, agent by agent, item by item.

One bad item loses that item, one bad agent loses that agent, never the rest. Names are only
used to find the agent; nothing of its identity is taken. (F28-F34 of the facts; the corpus of
damaged answers belongs to the bridges to models.)
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from template_creation.agents.context import EnhancementContext
from template_creation.values.agent import Issue
from template_creation.values.response import (
    AgentSections,
    ConstraintItem,
    ExampleItem,
    PracticeItem,
    TemplateItem,
)

__all__ = ["KnownIds", "ParsedAnswer", "parse_answer"]

_LISTS = ("enhancements", "enhanced_agents", "agents", "results")
_NAMES = ("agent_name", "name", "agent")
_CONTENTS = ("enhanced_content", "content", "markdown")
_FENCED = re.compile(r"^(`{3,}|~{3,})[ \t]*(?:json)?[ \t]*\n(.*?)^\1", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class KnownIds:
    """The ids that an answer may cite."""

    templates: frozenset[str]
    symbols: frozenset[str]
    facts: frozenset[str]

    @classmethod
    def of(cls, context: EnhancementContext) -> KnownIds:
        """Every template, declaration, habit, rule, command and technology of ``context``."""
        return cls(
            frozenset(context.template_by_id),
            frozenset(context.symbol_by_id),
            frozenset(
                (
                    *context.convention_by_id,
                    *context.rule_by_id,
                    *context.command_by_id,
                    *context.technology_by_id,
                )
            ),
        )


@dataclass
class ParsedAnswer:
    """What an answer holds: sections or whole text by agent name, and every item that was
    refused, by agent name (``""``: of the answer as a whole)."""

    sections: dict[str, AgentSections] = field(default_factory=dict)
    markdown: dict[str, str] = field(default_factory=dict)
    issues: dict[str, list[Issue]] = field(default_factory=dict)

    def refuse(self, agent: str, rule: str, place: str, message: str, fix: str = "") -> None:
        """Records that something at ``place`` was not taken."""
        issue = Issue(rule, place, message, fix, "warning")
        self.issues.setdefault(agent, []).append(issue)


def parse_answer(payload: object, agents: Sequence[str], known: KnownIds) -> ParsedAnswer:
    """The answer for ``agents``; never raises for what an answer says.

    ``payload`` is the object, a list of its items, or JSON text (bare, in a fence, or with
    prose around it). Agents that are not asked for, and second answers for one agent, are
    refused and recorded.
    """
    parsed = ParsedAnswer()
    data = _decoded(payload)
    if data is None:
        parsed.refuse("", "answer-json", "$", "the answer holds no JSON object", "answer with JSON")
        return parsed
    items = list(_items(data))
    if not items:
        message = "the answer has no enhancements"
        parsed.refuse("", "answer-empty", "$.enhancements", message, "one object per agent")
    for place, item in items:
        _take(item, place, agents, known, parsed)
    return parsed


def _decoded(payload: object) -> object:
    """``payload`` with text decoded, also text in text; ``None`` where there is no JSON."""
    for _ in range(3):
        if not isinstance(payload, str):
            break
        payload = _from_text(payload.removeprefix("\ufeff").strip())
    if isinstance(payload, Mapping) and isinstance(payload.get("response"), str | Mapping | list):
        return _decoded(payload["response"])
    return payload if isinstance(payload, Mapping | list) else None


def _from_text(text: str) -> object:
    blocks = sorted((match[2] for match in _FENCED.finditer(text)), key=len, reverse=True)
    for source in (text, *blocks):
        try:
            return json.loads(source, strict=False)
        except ValueError:
            continue
    for start in (match.start() for match in re.finditer(r"[{\[]", text)):
        try:
            found, _ = json.JSONDecoder(strict=False).raw_decode(text, start)
        except ValueError:
            continue
        if isinstance(found, Mapping | list) and found:
            return found
    return None


def _items(data: object) -> Iterator[tuple[str, object]]:
    """Each agent's object with its place; also where the list is keyed by name or bare."""
    if isinstance(data, Mapping):
        for key in _LISTS:
            if isinstance(data.get(key), list | Mapping):
                yield from _items_of(data[key], f"$.{key}")
                return
        if any(isinstance(data.get(key), str) for key in _NAMES):
            yield "$", data
        return
    yield from _items_of(data, "$")


def _items_of(data: object, place: str) -> Iterator[tuple[str, object]]:
    if isinstance(data, Mapping):
        for name, item in data.items():
            named = {"agent_name": name, **item} if isinstance(item, Mapping) else item
            yield f"{place}.{name}", named
    elif isinstance(data, list):
        for number, item in enumerate(data):
            yield f"{place}[{number}]", item


def _take(
    item: object, place: str, agents: Sequence[str], known: KnownIds, parsed: ParsedAnswer
) -> None:
    if not isinstance(item, Mapping):
        parsed.refuse("", "answer-item", place, f"an agent's answer is {_kind(item)}", "an object")
        return
    said = next((item[key] for key in _NAMES if isinstance(item.get(key), str)), "")
    name = said.strip().rpartition("/")[2].removesuffix(".md").strip()
    if name not in agents:
        hint = _did_you_mean(name, agents)
        parsed.refuse("", "unknown-agent", place, f"{said!r} was not asked for", hint)
        return
    if name in parsed.sections or name in parsed.markdown:
        parsed.refuse(name, "second-answer", place, f"{name} is answered twice", "answer once")
        return
    content = next((item[key] for key in _CONTENTS if isinstance(item.get(key), str)), "")
    if content.strip():
        parsed.markdown[name] = content
        return
    parsed.sections[name] = _sections(name, item, place, known, parsed)


def _sections(
    name: str, item: Mapping[str, Any], place: str, known: KnownIds, parsed: ParsedAnswer
) -> AgentSections:
    cites = known.facts | known.symbols | known.templates
    shown = known.symbols | known.templates

    def listed(
        key: str, model: type[BaseModel], ids: Collection[str], ids_of: str
    ) -> tuple[Any, ...]:
        taken: list[BaseModel] = []
        values = item.get(key, ())
        if not isinstance(values, list | tuple):
            parsed.refuse(name, "answer-list", f"{place}.{key}", f"{key} is {_kind(values)}")
            values = ()
        for number, value in enumerate(values):
            spot = f"{place}.{key}[{number}]"
            try:
                made = model.model_validate(value)
            except ValidationError as exc:
                problem = exc.errors(include_url=False)[0]
                if problem["type"] == "too_short" and not value.get(ids_of):
                    parsed.refuse(
                        name, "no-evidence", spot, f"{key} item cites nothing", "cite ids"
                    )
                    continue
                field_name = ".".join(str(part) for part in problem["loc"])
                parsed.refuse(name, "answer-item", f"{spot}.{field_name}", problem["msg"])
                continue
            named = getattr(made, ids_of)
            cited = [named] if isinstance(named, str) else named
            unknown = [one for one in cited if one not in ids]
            if unknown:
                hint = _did_you_mean(unknown[0], ids)
                parsed.refuse(name, "unknown-id", spot, f"no such id: {unknown[0]!r}", hint)
            elif made not in taken:
                taken.append(made)
        return tuple(taken)

    wanted = item.get("commands", ())
    commands = []
    for number, key in enumerate(wanted if isinstance(wanted, list | tuple) else ()):
        if key in known.facts:
            commands.append(key)
        else:
            spot = f"{place}.commands[{number}]"
            hint = _did_you_mean(str(key), known.facts)
            parsed.refuse(name, "unknown-id", spot, f"no such command: {key!r}", hint)
    reason = item.get("short_because", "")
    return AgentSections(
        agent_name=name,
        templates=listed("templates", TemplateItem, known.templates, "id"),
        practices=listed("practices", PracticeItem, cites, "cites"),
        examples=listed("examples", ExampleItem, shown, "id"),
        constraints=listed("constraints", ConstraintItem, cites, "cites"),
        commands=tuple(dict.fromkeys(commands)),
        short_because=reason if isinstance(reason, str) else "",
    )


def _did_you_mean(word: str, known: Collection[str]) -> str:
    close = get_close_matches(word, sorted(known), n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else "use an id of the request"


def _kind(value: object) -> str:
    names = {str: "text", list: "a list", type(None): "null"}
    return names.get(type(value), type(value).__name__)
