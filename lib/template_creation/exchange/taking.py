"""What an answer has given so far: each expected agent once, and every refusal.

Identity is never taken from an answer: a name only says which agent an object is for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from template_creation.exchange.mend import read_object
from template_creation.exchange.shapes import (
    canonical,
    did_you_mean,
    find_name,
    has_substance,
    is_word,
)
from template_creation.values.agent import Issue
from template_creation.values.answer import AnsweredAgent

__all__ = ["Taking"]

MAX_ISSUES = 200
_MAX_PLAIN = 200_000
_LOSING = frozenset({"answer-cut", "answer-too-long", "answer-unreadable", "empty-answer"})
"""Rules that lose an agent; the rest loses something beside it."""
_HEADING = re.compile(r"^## ", re.MULTILINE)
_FENCE = re.compile(r"\A\s*(`{3,})[ \t]*(?:markdown|md)[ \t]*\n(.*)\n\1\s*\Z", re.DOTALL)

_NAMED = re.compile(
    r"[\"'\u201c]?(?:agent[_-]?name|name|agent)[\"'\u201d]?\s*:\s*[\"'\u201c]([^\"'\n]{1,200})",
    re.IGNORECASE,
)


class Taking:
    """Agents taken and things refused, for one answer with all the texts inside it.

    ``seen`` counts the objects that were judged, ``hollow`` those of them that named an agent
    and said nothing.
    """

    def __init__(self, expected: Sequence[str]) -> None:
        self.expected = tuple(dict.fromkeys(expected))
        self.seen = 0
        self.hollow = 0
        self._taken: set[str] = set()
        self._fresh: list[AnsweredAgent] = []
        self._issues: list[Issue] = []
        self._left_out = 0
        self._text: list[str] = []
        self._kept = 0

    def keep(self, text: str) -> None:
        """Keeps the answer's beginning where it may be one agent's whole Markdown."""
        if len(self.expected) == 1 and self._kept <= _MAX_PLAIN and not self._taken:
            self._text.append(text)
            self._kept += len(text)

    def name_of(self, said: str) -> str:
        """The expected agent that ``said`` names, or nothing."""
        return find_name(said, self.expected) if 0 < len(said) <= 300 else ""

    def handed_over(self) -> list[AnsweredAgent]:
        """The agents taken since this was asked last."""
        fresh, self._fresh = self._fresh, []
        return fresh

    def rest(self) -> list[AnsweredAgent | Issue]:
        """The agents not handed over yet, and everything that was refused."""
        if not self._taken:
            self._plain_markdown()
        if not self.seen and not self._issues:
            message = "the answer holds no agent's object"
            self.refuse("answer-empty", "$", message, "answer with one object for each agent")
        if self._left_out:
            message = f"{self._left_out} more things were refused"
            self._issues.append(
                Issue(
                    "answer-item", "$", message, "answer for the agents of the request", "warning"
                )
            )
        return [*self.handed_over(), *(self._weighed(issue) for issue in self._issues)]

    def _weighed(self, issue: Issue) -> Issue:
        """What concerns an agent that was taken all the same lost nothing."""
        return replace(issue, severity="warning") if issue.agent in self._taken else issue

    # -- taking -------------------------------------------------------------------------------

    def take(self, text: str, place: str, given: str) -> str:
        """Takes the object ``text`` for the agent that it names, or that its key ``given``
        names; gives the problem where it cannot be read, else nothing."""
        data, repaired, problem = read_object(text)
        if data is None:
            return problem
        self.accept(data, place, given, repaired)
        return ""

    def accept(self, data: Mapping[str, Any], place: str, given: str, repaired: str) -> None:
        """Takes ``data``, or refuses it with the reason."""
        self.seen += 1
        name = self._name(data, place, given)
        if not name:
            return
        if not has_substance(data):
            self.hollow += 1
            message = f"the answer for {name} says nothing"
            self.refuse("empty-answer", place, message, "fill its fields", agent=name)
        elif name in self._taken:
            message = f"{name} is answered twice; the first answer was taken"
            self.refuse("second-answer", place, message, "answer once", agent=name)
        else:
            self._taken.add(name)
            self._fresh.append(AnsweredAgent(name, data, place, repaired))

    def _name(self, data: Mapping[str, Any], place: str, given: str) -> str:
        said = canonical(data).get("agent_name")
        said = said if isinstance(said, str) else ""
        inside, outside = self.name_of(said), self.name_of(given)
        if said and is_word(given):
            outside = ""  # a key of the format is a name only where the object has none
        if inside and outside and inside != outside:
            message = f"the object of {outside} says that it is {inside}'s"
            self.refuse("identity", place, message, "one object for each agent")
            return ""
        if inside or outside:
            return inside or outside
        if not said and len(self.expected) == 1:
            return self.expected[0]
        if not said:
            fix = "say agent_name in each object"
            self.refuse("answer-unnamed", place, "the object names no agent", fix)
            return ""
        fix = did_you_mean(said, self.expected, "answer for the agents of the request")
        self.refuse("unknown-agent", place, f"{said[:80]!r} was not asked for", fix)
        return ""

    def _plain_markdown(self) -> None:
        """One agent was asked for and the answer is its Markdown, without any JSON around."""
        text = "".join(self._text)
        fenced = _FENCE.match(text)
        text = fenced[2] if fenced else text
        begins = text.lstrip("\ufeff \n\r\t").startswith(("---\n", "---\r\n", "# ", "## "))
        if len(self.expected) == 1 and begins and _HEADING.search(text):
            self._issues.clear()
            self.accept({"enhanced_content": text}, "$", self.expected[0], "plain Markdown")

    # -- refusing -------------------------------------------------------------------------------

    def refuse(self, rule: str, place: str, message: str, fix: str, *, agent: str = "") -> None:
        """Records that something at ``place`` was not taken."""
        severity = "error" if agent and rule in _LOSING else "warning"
        issue = Issue(rule, place, message, fix, severity, agent)
        if issue in self._issues[-20:]:
            return
        if len(self._issues) >= MAX_ISSUES:
            self._left_out += 1
            return
        self._issues.append(issue)

    def no_text(self, name: str, place: str, text: str) -> None:
        """Records that what stands where an agent's text belongs is none."""
        message = f"the answer for {name} has no heading: {' '.join(text.split())[:60]!r}"
        self.refuse("empty-answer", place, message, "answer with its sections", agent=name)

    def unreadable(self, text: str, place: str, given: str, problem: str) -> None:
        """Records an object that has an end and cannot be read."""
        self.seen += 1
        name = self._named_in(text, given)
        message = f"the answer for {name or 'an agent'} cannot be read: {problem}"
        self.refuse("answer-unreadable", place, message, "answer with strict JSON", agent=name)

    def half(self, rule: str, text: str, place: str, given: str) -> None:
        """Records an object, or an answer, that has no end."""
        self.seen += 1
        name = self._named_in(text, given)
        if name in self._taken:
            name = ""
        what = f"in the middle of {name}" if name else "before its end"
        message = f"the answer breaks off {what}"
        if rule == "answer-too-long":
            message = f"the answer for {name or 'an agent'} is too long to be read"
        self.refuse(rule, place, message, "answer for it again, shorter", agent=name)

    def _named_in(self, text: str, given: str) -> str:
        outside = self.name_of(given)
        if outside and not is_word(given):
            return outside
        match = _NAMED.search(text[:2000])
        return self.name_of(match[1].strip("\u201d")) if match else outside
