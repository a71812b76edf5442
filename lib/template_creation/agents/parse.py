"""One agent's object out of an answer, checked item by item against the ids that exist.

One bad item loses that item, one bad agent loses that agent, never the rest. Names are only
used to find the agent; nothing of its identity is taken. (F28-F34, F45 of the facts.)
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ValidationError

from template_creation.agents.context import EnhancementContext
from template_creation.agents.frontmatter import read_frontmatter
from template_creation.exchange import canonical, did_you_mean, plain_key, read_answer
from template_creation.values.agent import Issue
from template_creation.values.answer import AnsweredAgent
from template_creation.values.response import (
    AgentSections,
    ConstraintItem,
    ExampleItem,
    PracticeItem,
    TemplateItem,
)

__all__ = ["KnownIds", "ParsedAgent", "ParsedAnswer", "parse_agent", "parse_answer"]

_KEYS = {
    "id": "id templateid symbolid template symbol ref",
    "why": "why reason purpose description",
    "text": "text practice constraint rule statement",
    "cites": "cites citations cite evidence ids sources",
    "title": "title heading name",
    "note": "note explanation",
}
_ITEM_KEYS = {word: key for key, words in _KEYS.items() for word in words.split()}
MAX_ITEMS = 100
"""The most items of one list that are read."""
_DRESSED = re.compile(r"[\s`'\"\[\](){}*]+")


@dataclass(frozen=True)
class KnownIds:
    """The ids that an answer may cite; ``facts`` include the ``commands``. ``paths`` gives the
    template of a path, of the package or of the codebase: some answers cite what an id stands
    for."""

    templates: frozenset[str]
    symbols: frozenset[str]
    facts: frozenset[str]
    commands: frozenset[str] = frozenset()
    paths: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, context: EnhancementContext) -> KnownIds:
        """Everything of ``context`` that has an id: templates, declarations and facts."""
        return cls(
            frozenset(context.template_by_id),
            frozenset(context.symbol_by_id),
            frozenset(
                (
                    *context.convention_by_id,
                    *context.rule_by_id,
                    *context.command_by_id,
                    *context.technology_by_id,
                    *context.memory_by_id,
                )
            ),
            frozenset(context.command_by_id),
            {path: item.id for item in context.templates for path in (item.source, item.path)},
        )

    @classmethod
    def of_request(cls, document: Mapping[str, Any]) -> KnownIds:
        """The ids that a request's document lists: all that its reader can know of."""
        catalog = document.get("template_catalog", ())
        found = {
            kind: [item["id"] for item in document.get(kind, ())]
            for kind in ("conventions", "rules", "commands", "technologies", "memories")
        }
        return cls(
            frozenset(item["id"] for item in catalog),
            frozenset(one["id"] for item in catalog for one in item.get("symbols", ())),
            frozenset(one for ids in found.values() for one in ids),
            frozenset(found["commands"]),
            {
                item[key]: item["id"]
                for item in catalog
                for key in ("source", "path")
                if key in item
            },
        )

    def find(self, said: str, among: Collection[str]) -> str:
        """The id of ``among`` that ``said`` is, also in brackets, in other case or as the path
        of its template; or nothing."""
        if said in among:
            return said
        plain = _DRESSED.sub("", said)
        for one in (plain, plain.upper(), _symbol_case(plain), self.paths.get(plain, "")):
            if one in among:
                return one
        return ""


@dataclass(frozen=True, slots=True)
class ParsedAgent:
    """What an answer says of one agent: its ``sections``, or its whole text as ``markdown``;
    ``issues`` are the items that were refused, and what else was left out."""

    name: str
    sections: AgentSections | None = None
    markdown: str = ""
    short_because: str = ""
    issues: tuple[Issue, ...] = ()


@dataclass
class ParsedAnswer:
    """What an answer holds: sections or whole text by agent name, and everything that was
    refused, by agent name (``""``: of the answer as a whole)."""

    sections: dict[str, AgentSections] = field(default_factory=dict)
    markdown: dict[str, str] = field(default_factory=dict)
    issues: dict[str, list[Issue]] = field(default_factory=dict)
    agents: dict[str, ParsedAgent] = field(default_factory=dict)

    def add(self, found: ParsedAgent | Issue) -> None:
        """One more agent, or one more refusal."""
        if isinstance(found, Issue):
            self.issues.setdefault(found.agent, []).append(found)
            return
        self.agents[found.name] = found
        if found.sections is not None:
            self.sections[found.name] = found.sections
        else:
            self.markdown[found.name] = found.markdown
        for issue in found.issues:
            self.issues.setdefault(found.name, []).append(issue)


def parse_answer(payload: object, agents: Sequence[str], known: KnownIds) -> ParsedAnswer:
    """The whole answer for ``agents``, in any form that `exchange.read_answer` takes; never
    raises for what an answer says."""
    parsed = ParsedAnswer()
    for found in read_answer(payload, agents):
        parsed.add(parse_agent(found, known) if isinstance(found, AnsweredAgent) else found)
    return parsed


def parse_agent(answered: AnsweredAgent, known: KnownIds) -> ParsedAgent:
    """One agent's object as sections or Markdown, with what was refused in it.

    Markdown loses its frontmatter, but for the reason why it is short: who an agent is, and
    what it may do, never comes from an answer.
    """
    fields = canonical(answered.data)
    items = _Items(answered.name, answered.place, known)
    reason = fields.get("short_because")
    reason = reason.strip() if isinstance(reason, str) else ""
    content = fields.get("enhanced_content")
    if isinstance(content, str) and content.strip():
        text, told = items.without_frontmatter(content)
        return ParsedAgent(
            answered.name,
            markdown=text,
            short_because=reason or told,
            issues=tuple(items.issues),
        )
    cited = known.facts | known.symbols | known.templates
    sections = AgentSections(
        agent_name=answered.name,
        templates=items.read("templates", fields, TemplateItem, known.templates),
        practices=items.read("practices", fields, PracticeItem, cited),
        examples=items.read("examples", fields, ExampleItem, known.symbols | known.templates),
        constraints=items.read("constraints", fields, ConstraintItem, cited),
        commands=items.read_ids("commands", fields, known.commands),
        short_because=reason,
    )
    return ParsedAgent(answered.name, sections, short_because=reason, issues=tuple(items.issues))


class _Items:
    """The items of one agent's object; those that cannot be taken become ``issues``."""

    def __init__(self, agent: str, place: str, known: KnownIds) -> None:
        self.issues: list[Issue] = []
        self._agent, self._place, self._known = agent, place, known

    def refuse(self, rule: str, spot: str, message: str, fix: str) -> None:
        """Records that an item was not taken."""
        place = f"{self._place}.{spot}"
        self.issues.append(Issue(rule, place, message, fix, "warning", self._agent))

    def without_frontmatter(self, content: str) -> tuple[str, str]:
        """The text below the frontmatter, and the reason for being short that stood in it."""
        head, body, problem = read_frontmatter(content.lstrip("\ufeff \r\n\t"))
        if problem and body == content.lstrip("\ufeff \r\n\t"):
            return content, ""
        reason = head.pop("short_because", "")
        if head or problem:
            said = ", ".join(sorted(head)) or problem
            message = f"the frontmatter in the answer was left out ({said[:120]})"
            self.refuse("frontmatter", "enhanced_content", message, "answer without frontmatter")
        return body, reason if isinstance(reason, str) else ""

    def read(
        self, key: str, fields: Mapping[str, Any], model: type[BaseModel], ids: Collection[str]
    ) -> tuple[Any, ...]:
        """The items of a list, each once."""
        taken: list[BaseModel] = []
        for number, value in enumerate(self._list(key, fields)):
            spot = f"{key}[{number}]"
            if not isinstance(value, Mapping):
                message = f"an item of {key} is {_kind(value)}"
                self.refuse("answer-item", spot, message, "an object with its fields")
                continue
            item = _plain_item(value)
            cites_before = item.get("cites")
            if not self._ids_of(item, spot, ids):
                continue
            if cites_before is not None and not item["cites"]:
                self.refuse("no-evidence", spot, f"an item of {key} cites nothing", "cite ids")
                continue
            made = self._made(model, item, spot)
            if made is not None and made not in taken:
                taken.append(made)
        return tuple(taken)

    def read_ids(
        self, key: str, fields: Mapping[str, Any], ids: Collection[str]
    ) -> tuple[str, ...]:
        """The ids of a list, each once."""
        found = []
        for number, value in enumerate(self._list(key, fields)):
            if one := self._known_id(value, f"{key}[{number}]", ids):
                found.append(one)
        return tuple(dict.fromkeys(found))

    def _list(self, key: str, fields: Mapping[str, Any]) -> Sequence[Any]:
        values = fields.get(key)
        if isinstance(values, list | tuple):
            if len(values) > MAX_ITEMS:
                message = f"{key} has {len(values)} items; the first {MAX_ITEMS} were read"
                self.refuse("answer-list", key, message, "say the most useful ones")
            return values[:MAX_ITEMS]
        if isinstance(values, str) and key == "commands":
            return [values] if values.strip() else []
        if values not in (None, "", {}):
            self.refuse("answer-list", key, f"{key} is {_kind(values)}", "a list")
        return ()

    def _ids_of(self, item: dict[str, Any], spot: str, ids: Collection[str]) -> bool:
        """Whether every id in ``item`` is known; they are written as they should be."""
        if "id" in item:
            item["id"] = self._known_id(item["id"], f"{spot}.id", ids)
            return bool(item["id"])
        if isinstance(item.get("cites"), str):
            item["cites"] = [word for word in re.split(r"[,;\s]+", item["cites"]) if word]
        if isinstance(item.get("cites"), list | tuple):
            spots = [f"{spot}.cites[{place}]" for place in range(len(item["cites"]))]
            found = [
                self._known_id(one, place, ids)
                for one, place in zip(item["cites"], spots, strict=True)
            ]
            item["cites"] = found
            return all(found)
        return True

    def _known_id(self, said: object, spot: str, ids: Collection[str]) -> str:
        if isinstance(said, str) and (found := self._known.find(said, ids)):
            return found
        fix = did_you_mean(str(said), sorted(ids), "use an id of the request")
        self.refuse("unknown-id", spot, f"no such id here: {str(said)[:80]!r}", fix)
        return ""

    def _made(self, model: type[BaseModel], item: dict[str, Any], spot: str) -> BaseModel | None:
        try:
            return model.model_validate(item)
        except ValidationError as exc:
            for problem in exc.errors(include_url=False):
                where = ".".join(str(part) for part in problem["loc"])
                self.refuse("answer-item", f"{spot}.{where}", problem["msg"], "fill it in")
        return None


def _plain_item(value: Mapping[str, Any]) -> dict[str, Any]:
    """An item with the contract's keys; a key that is right wins over one that drifted."""
    item: dict[str, Any] = {}
    for key, inner in value.items():
        known = _ITEM_KEYS.get(plain_key(str(key)))
        if known and (known not in item or key == known):
            item[known] = inner
    return item


def _symbol_case(said: str) -> str:
    head, dot, tail = said.partition(".")
    return f"{head.upper()}{dot}{tail.lower()}"


def _kind(value: object) -> str:
    names = {str: "text", list: "a list", type(None): "null", dict: "an object", bool: "a truth"}
    return names.get(type(value), "a number")
