"""Agents out of an answer, each as its object closes; whatever was not taken, with the reason.

A complete object is one whose own closing brace was seen: a half one is dropped, never
completed. Places are JSON paths. (DESIGN section 5; F25-F35 of the facts.)
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from template_creation.exchange.document import Document
from template_creation.exchange.taking import Taking
from template_creation.values.agent import Issue
from template_creation.values.answer import AnsweredAgent

__all__ = ["MAX_ANSWER", "AnswerReader", "read_answer"]

MAX_ANSWER = 32_000_000
"""The longest answer that is read, in characters."""


def read_answer(payload: object, expected: Sequence[str]) -> list[AnsweredAgent | Issue]:
    """Every agent of ``expected`` that ``payload`` answers for, then what was not taken.

    ``payload`` is text (bare JSON, in a fence, in prose, encoded more than once), an object, a
    list of its items or an envelope around it. Never raises for what it says.

    >>> read_answer('Sure: {"agents": [{"name": "API.md", "content": "# Api"}]}', ["api"])[0].name
    'api'
    """
    reader = AnswerReader(expected)
    if isinstance(payload, bytes | bytearray):
        payload = bytes(payload).decode("utf-8-sig", "replace")
    if not isinstance(payload, str):
        try:
            payload = json.dumps(payload, ensure_ascii=False)
        except (TypeError, ValueError, RecursionError) as exc:
            message = f"the answer is no JSON: {exc}"
            return [Issue("answer-json", "$", message[:200], "answer with one JSON object")]
    return [*reader.feed(payload), *reader.finish()]


class AnswerReader:
    """Reads an answer while it arrives.

    ``feed`` takes text in pieces of any size and gives each agent of ``expected`` as its object
    closes; ``finish`` gives what could still be saved, and an `Issue` for everything that was
    not taken. The outcome does not depend on how the text was cut into pieces.

    >>> reader = AnswerReader(["api", "db"])
    >>> reader.feed('{"enhancements": [{"agent_name": "api", "enhanced_content": "# A')
    []
    >>> [item.name for item in reader.feed('pi"}, {"agent_name": "db", "enhanc')]
    ['api']
    >>> [item.rule for item in reader.finish(cut=True)]
    ['answer-cut']
    """

    def __init__(self, expected: Sequence[str]) -> None:
        self._taking = Taking(expected)
        self._document = Document(self._taking, "$", 0)
        self._length = 0

    def feed(self, text: str) -> list[AnsweredAgent]:
        """The agents whose objects ``text`` completes."""
        room = MAX_ANSWER - self._length
        self._length += len(text)
        if room <= 0:
            return []
        self._taking.keep(text[:room])
        self._document.feed(text[:room])
        return self._taking.handed_over()

    def finish(self, *, cut: bool = False) -> list[AnsweredAgent | Issue]:
        """What is left to take, then what was refused; ``cut`` says that the answer is known
        to end too early."""
        self._document.finish(cut=cut)
        if self._length > MAX_ANSWER:
            message = f"the answer has more than {MAX_ANSWER} characters; the rest was not read"
            self._taking.refuse("answer-too-long", "$", message, "answer for fewer agents")
        return self._taking.rest()
