"""What came of an enhancement: per agent, and as a whole in the seed's words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from template_creation.values.agent import Issue
from template_creation.values.answer import RequestUsage

__all__ = ["AgentOutcome", "EnhancementResult"]

Status = Literal["success", "partial", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class AgentOutcome:
    """One agent: ``enhanced`` (its file is written), ``failed`` (it stays a stub, ``error``
    says why) or ``skipped``. ``lines`` counts the file as it is now; ``short_because`` is the
    agent's own reason for being under the window; ``issues`` are warnings and errors; ``kept``
    are the sections that a person edited. With ``untouched`` its file had every section
    already, of a person, and stays as it was."""

    name: str
    status: Literal["enhanced", "failed", "skipped"]
    lines: int = 0
    short_because: str = ""
    error: str = ""
    issues: tuple[Issue, ...] = ()
    dropped_examples: tuple[str, ...] = ()
    untouched: bool = False
    kept: tuple[str, ...] = ()

    def to_report(self) -> dict[str, Any]:
        """This as the report of a package lists it."""
        return {
            "name": self.name,
            "status": self.status,
            "lines": self.lines,
            "short_because": self.short_because,
            "error": self.error,
            "issues": [asdict(issue) for issue in self.issues],
        }


@dataclass(frozen=True)
class EnhancementResult:
    """The outcome of every agent. ``reason`` says why nothing was tried (skipped); ``usage`` is
    what the ``requests`` of this process took, where the bridge tells."""

    agents: tuple[AgentOutcome, ...]
    reason: str = ""
    issues: tuple[Issue, ...] = field(default=())
    requests: int = 0
    usage: tuple[RequestUsage, ...] = ()

    @property
    def enhanced_count(self) -> int:
        """How many agents have an enhanced file."""
        return sum(item.status == "enhanced" for item in self.agents)

    @property
    def failed_count(self) -> int:
        """How many agents stayed stubs although they were asked for."""
        return sum(item.status == "failed" for item in self.agents)

    @property
    def total_count(self) -> int:
        """How many agents there are."""
        return len(self.agents)

    @property
    def is_complete(self) -> bool:
        """Whether every agent there is was enhanced."""
        return self.enhanced_count == self.total_count

    @property
    def success_rate(self) -> float:
        """Enhanced agents in percent of those tried; 0 when none was."""
        tried = self.enhanced_count + self.failed_count
        return 100.0 * self.enhanced_count / tried if tried else 0.0

    @property
    def status(self) -> Status:
        """``success`` only when every agent was enhanced (F50: any one was enough before)."""
        if not self.enhanced_count and not self.failed_count:
            return "skipped"
        if not self.failed_count:
            return "success"
        return "partial" if self.enhanced_count else "failed"

    @property
    def errors(self) -> tuple[str, ...]:
        """Every failure, as ``name: reason``."""
        return tuple(f"{item.name}: {item.error}" for item in self.agents if item.error)

    def to_dict(self) -> dict[str, Any]:
        """The seed's keys, plus ``seed_status`` (where a partial success counts as success),
        ``agents`` with the details and ``issues`` about all of them."""
        status = self.status
        document: dict[str, Any] = {
            "status": status,
            "seed_status": "success" if status == "partial" else status,
            "enhanced_count": self.enhanced_count,
            "failed_count": self.failed_count,
            "total_count": self.total_count,
            "success_rate": self.success_rate,
            "errors": list(self.errors),
            "requests": self.requests,
            "usage": [item.to_json() for item in self.usage],
            "agents": [_document(item) for item in self.agents],
            "issues": [asdict(item) for item in self.issues],
        }
        if status == "skipped":
            document["reason"] = self.reason
        return document

    @classmethod
    def skipped(cls, names: Sequence[str], reason: str) -> EnhancementResult:
        """Nothing was tried: every agent is as it was, and ``reason`` says why."""
        return cls(tuple(AgentOutcome(name, "skipped") for name in names), reason=reason)


def _document(item: AgentOutcome) -> dict[str, Any]:
    document = asdict(item)
    document["issues"] = [asdict(issue) for issue in item.issues]
    document["dropped_examples"] = list(item.dropped_examples)
    document["kept"] = list(item.kept)
    return document
