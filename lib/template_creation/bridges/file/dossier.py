"""What is known of one request, kept on disk from its first second to its last.

Nothing here is in memory only: a run may be killed anywhere, and the next one reads where it
stood.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from template_creation.bridges.file.disk import decoded
from template_creation.bridges.file.layout import Layout
from template_creation.errors import BadInput

__all__ = [
    "Caller",
    "Dossier",
    "RequestState",
    "absolute",
    "iso",
    "load_all",
    "load_document",
    "request_document_of",
]

RequestState = Literal["pending", "answered", "failed", "withdrawn"]

FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """One request: whom it binds, what it asks, and what became of it.

    ``created_s`` is seconds since the epoch; ``folders`` are where the bridge was when it asked.
    ``resumes`` counts how often a run came back without finding an answer. ``taken`` names the
    agents whose answers were handed over; ``unsure`` those of them that nobody confirmed, with
    the process that had them. ``counted`` says that the request counts against the bound on
    requests of its run. ``reason`` says why it is no longer pending.
    """

    id: str
    run_id: str
    name: str
    codebase: str
    folders: tuple[str, ...]
    asked_of: str
    agents: tuple[str, ...]
    prompt_sha256: str
    created_s: float
    timeout_s: int
    context: Mapping[str, Any] = field(default_factory=dict)
    model: str | None = None
    state: RequestState = "pending"
    reason: str = ""
    resumes: int = 0
    taken: tuple[str, ...] = ()
    unsure: Mapping[str, str] = field(default_factory=dict)
    counted: bool = True

    @property
    def pending(self) -> bool:
        """Whether its answer is waited for."""
        return self.state == "pending"

    @property
    def deadline_s(self) -> float:
        """Until when an answer is waited for, in seconds since the epoch."""
        return self.created_s + self.timeout_s

    def to_json(self) -> dict[str, Any]:
        """This as plain JSON values."""
        document = asdict(self)
        lists = {key: list(document[key]) for key in ("agents", "folders", "taken")}
        return {"format": FORMAT, **document, **lists}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Dossier:
        """What `to_json` gave; raises `BadInput` for a newer format, ``KeyError`` or
        ``TypeError`` for something else."""
        if data["format"] > FORMAT:
            raise BadInput(
                f"a request here has format {data['format']!r}, this program knows {FORMAT}",
                hint="update template-create, or give another folder with --bridge-dir",
            )
        known = {key: data[key] for key in cls.__dataclass_fields__ if key in data}
        known |= {key: tuple(data[key]) for key in ("agents", "folders", "taken")}
        return cls(**known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whom a request is made for; an answer is bound to it."""

    run_id: str
    name: str
    codebase: str

    def asked(self, dossier: Dossier) -> bool:
        """Whether this name and codebase made the request, in whichever run."""
        return (dossier.name, dossier.codebase) == (self.name, self.codebase)

    def pending(self, dossiers: Mapping[str, Dossier]) -> Dossier | None:
        """Its newest request that waits."""
        mine = [item for item in dossiers.values() if item.pending and self.asked(item)]
        return mine[-1] if mine else None


def iso(seconds: float) -> str:
    """A time as protocol 1.0 writes it.

    >>> iso(0)
    '1970-01-01T00:00:00Z'
    """
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def load_all(layout: Layout) -> dict[str, Dossier]:
    """Every request that was ever made here, oldest first; a folder whose record is missing or
    damaged is no request."""
    found = []
    for record in layout.requests.glob("*/request.json"):
        try:
            found.append(Dossier.from_json(json.loads(decoded(record.read_bytes()))))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return {item.id: item for item in sorted(found, key=lambda item: (item.created_s, item.id))}


def load_document(layout: Layout, request_id: str) -> dict[str, Any]:
    """The request as data; empty where it cannot be read."""
    try:
        data = json.loads(decoded(layout.document(request_id).read_bytes()))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def request_document_of(dossier: Dossier, layout: Layout, prompt: str) -> dict[str, Any]:
    """``.agent-request.json``: the fields of protocol 1.0, then ours, all paths absolute.

    ``prompt`` is the one instruction that a host hands on (F20).
    """
    return {
        "request_id": dossier.id,
        "version": "1.0",
        "phase": 7.5,
        "phase_name": "agent_enhancement",
        "agent_name": dossier.asked_of,
        "prompt": prompt,
        "timeout_seconds": dossier.timeout_s,
        "created_at": iso(dossier.created_s),
        "context": dict(dossier.context),
        "model": dossier.model,
        "prompt_path": str(layout.prompt(dossier.id)),
        "schema_path": str(layout.schema(dossier.id)),
        "response_path": str(layout.response),
        "responses_dir": str(layout.responses_of(dossier.id)),
        "prompt_sha256": dossier.prompt_sha256,
        "run_id": dossier.run_id,
        "name": dossier.name,
        "codebase": dossier.codebase,
        "agents": list(dossier.agents),
    }


def absolute(folder: Path) -> Path:
    """``folder`` as it is now, whatever the working directory becomes."""
    return folder.expanduser().absolute()
