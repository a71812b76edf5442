"""What a report is told beside the package itself: the findings of validation, and runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from batch_engine.core import PastProcess
from template_creation.values.agent import Issue
from template_creation.values.answer import RequestUsage

__all__ = ["Findings", "NoRun", "Run"]


@dataclass(frozen=True)
class Findings:
    """What validation says of the package as it is on disk now. ``edited`` are files that differ
    from what was generated; ``checked`` counts what was looked at, by its name."""

    issues: tuple[Issue, ...]
    edited: tuple[str, ...]
    checked: Mapping[str, int]


@dataclass(frozen=True)
class Run:
    """A run that the run state remembers. ``title`` says which one it is, ``asked`` what it was
    asked for, as (name, value). ``requests`` are those of every process, oldest first, and
    ``note`` is what a reader has to know before reading on, or empty."""

    title: str
    status: str
    asked: tuple[tuple[str, str], ...]
    processes: tuple[PastProcess, ...]
    requests: tuple[RequestUsage, ...]
    note: str = ""


@dataclass(frozen=True)
class NoRun:
    """A run of which nothing can be told, and why."""

    title: str
    reason: str
