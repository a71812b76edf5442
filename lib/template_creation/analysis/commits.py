"""The format of commit subjects, counted in the log that the walk brought along."""

from __future__ import annotations

import re
from collections.abc import Sequence

from template_creation.values.analysis import CommitFormat

__all__ = ["find_commit_format"]

_LEAST = 20
_SHARE = 0.6
_MACHINE = re.compile(r"^(?:Merge\b|Revert \"|Bump \S+ from|v?\d+\.\d+)")
_FORMATS: tuple[tuple[str, str], ...] = (
    (
        "Subjects follow Conventional Commits (`type(scope): what`)",
        r"^(?:feat|fix|docs|chore|refactor|tests?|perf|build|ci|style|revert)(?:\([^)]+\))?!?: \S",
    ),
    ("Subjects begin with a gitmoji", r"^(?::[a-z0-9_]+:|[\u2190-\u2bff\U0001f300-\U0001faff])"),
    ("Subjects begin with a ticket number", r"^\[?[A-Z][A-Z0-9]+-\d+\]?\b"),
    ("Subjects begin with the area and a colon (`area: what`)", r"^[\w./-]{2,30}: \S"),
    ("Subjects begin with a capital letter and end without a full stop", r"^[A-Z].*[^.]$"),
)


def find_commit_format(log: Sequence[str]) -> CommitFormat | None:
    """The first format, from the strictest to the loosest, that at least six of ten subjects
    written by people follow; ``None`` for a short or mixed log."""
    subjects = [subject for subject in log if subject.strip() and not _MACHINE.match(subject)]
    if len(subjects) < _LEAST:
        return None
    for statement, pattern in _FORMATS:
        fitting = [subject for subject in subjects if re.search(pattern, subject)]
        if len(fitting) >= _SHARE * len(subjects):
            return CommitFormat(statement, pattern, len(fitting), len(subjects), tuple(fitting[:3]))
    return None
