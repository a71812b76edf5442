"""Finds what must never leave the codebase: the rule and the line, never the value.

Every rule starts from literals that are searched in C; its regular expression is tried only
where one was found. So a text file without any costs microseconds, and every file of the
codebase can be asked (the same rules tried at every byte: about 1 s per 1,000 files).
Source: facts/codebase-to-template, section 3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from template_creation.scan.secret_rules import RULES, Rule

__all__ = ["SecretFinding", "find_secrets"]

_ALLOWED: Final = (b"gitleaks:allow", b"pragma: allowlist secret", b"nosec-secret")


def _by_literal() -> Iterator[tuple[bytes, tuple[tuple[int, Rule], ...]]]:
    """Each literal once, with the rules that begin there and their rank."""
    for literal in sorted({literal for rule in RULES for literal in rule.literals}):
        yield (
            literal,
            tuple((rank, rule) for rank, rule in enumerate(RULES) if literal in rule.literals),
        )


_BY_LITERAL: Final = tuple(_by_literal())


@dataclass(frozen=True, slots=True, order=True)
class SecretFinding:
    """A secret's place: 1-based ``line`` and the ``rule`` that found it. It holds nothing of
    the secret itself, so that it may be printed, logged and stored."""

    line: int
    rule: str


def find_secrets(data: bytes) -> tuple[SecretFinding, ...]:
    """The places in ``data`` that hold secrets, by line and rule; empty if there are none.

    Placeholders, environment look-ups and trivial test words are not secrets; a line that
    says ``gitleaks:allow`` or ``pragma: allowlist secret`` is taken at its word.

    >>> find_secrets(b"token = 'xoxb-" + b"1234-5678-9aBcDeFgHiJk'")
    (SecretFinding(line=1, rule='slack-token'),)
    >>> find_secrets(b"password = os.environ['DB_PASSWORD']")
    ()
    """
    lower = data.lower()
    found: dict[int, int] = {}
    for literal, rules in _BY_LITERAL:
        start = lower.find(literal)
        while start >= 0:
            for rank, rule in rules:
                line = _line_of(rule, data, start)
                if line and rank < found.get(line, len(RULES)):
                    found[line] = rank
            start = lower.find(literal, start + 1)
    return tuple(SecretFinding(line, RULES[rank].id) for line, rank in sorted(found.items()))


def _line_of(rule: Rule, data: bytes, start: int) -> int:
    """The 1-based line of the secret that ``rule`` finds at ``start``, or 0."""
    match = rule.pattern.match(data, start)
    if match is None:
        return 0
    group = match.lastindex or 0
    if not rule.accepts(match.group(group)) or _is_allowed(data, start):
        return 0
    return data.count(b"\n", 0, match.start(group)) + 1


def _is_allowed(data: bytes, start: int) -> bool:
    begin = data.rfind(b"\n", 0, start) + 1
    end = data.find(b"\n", start)
    line = data[begin : end if end >= 0 else len(data)]
    return any(mark in line for mark in _ALLOWED)
