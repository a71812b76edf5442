"""What the main job is asked for, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from template_creation.agents import AgentOutcome
from template_creation.errors import BadInput, ExitCode
from template_creation.package import Placement, default_state
from template_creation.values.analysis import Memory
from template_creation.values.answer import RequestUsage
from template_creation.values.enhancement import EnhancementOptions
from template_creation.values.source import Exclusion
from template_creation.values.template import Template

__all__ = ["DEFAULT_TEMPLATES", "CreateOptions", "CreateResult", "PlannedFile"]

DEFAULT_TEMPLATES = 15
"""At most so many templates, where nothing else is asked for (seed 002)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateOptions:
    """What to make from what.

    What is None is the default: ``path`` the working directory, ``output`` and ``state`` folders
    below `package.product_home`, `DEFAULT_TEMPLATES`, agents, enhanced by extraction. With
    ``resume`` it is what the run that goes on was asked for, and anything else is refused, also
    where the run is not as ``expected`` (dotted fields of `RunRecord` to their values).
    ``memories`` are places of memories (`evidence.load_memories`) to hand to the agents.
    ``max_cost_usd`` bounds what the run spends in all. ``prices`` is a file that overrides the
    price list. ``fresh`` ignores what earlier runs stored. ``dry_run`` writes nothing, not even
    state.
    """

    name: str
    path: Path | None = None
    output: Path | None = None
    state: Path | None = None
    max_templates: int | None = None
    with_agents: bool | None = None
    enhancement: EnhancementOptions | None = None
    memories: tuple[str, ...] | None = None
    max_cost_usd: float | None = None
    prices: Path | None = None
    dry_run: bool = False
    fresh: bool = False
    resume: bool = False
    expected: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.resume and (self.fresh or self.dry_run):
            other = "--fresh" if self.fresh else "--dry-run"
            raise BadInput(f"--resume and {other} exclude each other", hint="leave one out")
        if self.max_cost_usd is not None and not 0 < self.max_cost_usd < float("inf"):
            raise BadInput(f"the cost limit is {self.max_cost_usd!r}", hint="give dollars above 0")

    @property
    def state_folder(self) -> Path:
        """Where the state of this run is; absolute."""
        return (self.state or default_state(self.name)).expanduser().absolute()


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file that a real run would write, with its size in bytes, and what that would change
    at the target: ``new``, ``changed``, ``same``, or ``kept`` where a user edited it."""

    path: str
    size: int
    change: Literal["new", "changed", "same", "kept"]


@dataclass(frozen=True, kw_only=True)
class CreateResult:
    """The outcome of the main job.

    ``status``: ``done`` (everything asked for succeeded), ``partial`` (the package is usable,
    some agents stay basic), ``unchanged`` (the package is already the result of this input) or
    ``planned`` (dry run). ``files`` is the number of usable files of the codebase,
    ``excluded`` what was left out of it and why. ``dropped`` are templates that could not be
    proved, as (path, bar, reason). ``seconds`` maps phase titles to time spent. ``plan``,
    ``prompts`` and ``requests`` (what would be asked for, in tokens and dollars) are only filled
    by a dry run.
    ``usage`` is what the requests of this run took. Of ``memories_read`` memories ``memories``
    were handed to agents.
    """

    status: Literal["done", "partial", "unchanged", "planned"]
    name: str
    package: Path
    files: int = 0
    templates: tuple[Template, ...] = ()
    agents: tuple[AgentOutcome, ...] = ()
    excluded: tuple[Exclusion, ...] = ()
    dropped: tuple[tuple[str, str, str], ...] = ()
    copier_excluded: tuple[str, ...] = ()
    placement: Placement | None = None
    warnings: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    plan: tuple[PlannedFile, ...] = ()
    prompts: tuple[str, ...] = ()
    requests: Mapping[str, Any] = field(default_factory=dict)
    usage: tuple[RequestUsage, ...] = ()
    memories: tuple[Memory, ...] = ()
    memories_read: int = 0

    @property
    def exit_code(self) -> ExitCode:
        """0 or 7; everything else is raised."""
        return ExitCode.PARTIAL if self.status == "partial" else ExitCode.DONE

    @property
    def enhanced(self) -> tuple[AgentOutcome, ...]:
        """The agents that were enhanced."""
        return tuple(agent for agent in self.agents if agent.status == "enhanced")

    @property
    def excluded_by_reason(self) -> dict[str, int]:
        """How many files each reason left out."""
        counts: dict[str, int] = {}
        for item in self.excluded:
            counts[item.reason] = counts.get(item.reason, 0) + 1
        return dict(sorted(counts.items()))

    def to_document(self) -> dict[str, Any]:
        """The result as one JSON object, for ``--json``."""
        placement = self.placement
        return {
            "status": self.status,
            "exit_code": int(self.exit_code),
            "name": self.name,
            "package": str(self.package),
            "files": self.files,
            "templates": [_template_row(item) for item in self.templates],
            "agents": [asdict(item) for item in self.agents],
            "enhanced_count": len(self.enhanced),
            "total_count": len(self.agents),
            "excluded_by_reason": self.excluded_by_reason,
            "secrets": [
                {"path": item.path, "found": item.detail}
                for item in self.excluded
                if item.reason == "secret"
            ],
            "dropped_templates": _rows(("path", "bar", "reason"), self.dropped),
            "copier_excluded": list(self.copier_excluded),
            "kept": list(placement.kept) if placement else [],
            "foreign": list(placement.foreign) if placement else [],
            "restored": list(placement.restored) if placement else [],
            "warnings": list(self.warnings),
            "errors": list(self.errors),
            "seconds": {title: round(value, 3) for title, value in self.seconds.items()},
            "plan": [asdict(item) for item in self.plan],
            "prompts": list(self.prompts),
            "requests": dict(self.requests),
            "usage": [item.to_json() for item in self.usage],
            "memories": {
                "read": self.memories_read,
                "used": [asdict(item) for item in self.memories],
            },
        }


def _template_row(item: Template) -> dict[str, Any]:
    return {
        "id": item.id,
        "path": item.path,
        "source": item.source,
        "layer": item.layer,
        "grade": item.grade,
        "support": item.support,
        "verified": item.verified,
    }


def _rows(names: Sequence[str], values: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(names, row, strict=True)) for row in values]
