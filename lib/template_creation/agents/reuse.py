"""When a stored agent may be used again: what shapes all texts, and what shapes one.

The fingerprint of a run changes with what shapes every agent; then nothing old is used. The
key of an agent changes with its own evidence; then that agent alone is asked for.
(DESIGN section 4.)
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from batch_engine.core import fingerprint
from template_creation.agents.context import EnhancementContext
from template_creation.agents.files import spec_for
from template_creation.agents.frontmatter import read_frontmatter
from template_creation.agents.merge import GENERATED
from template_creation.agents.origins import Origins
from template_creation.agents.profiles import Profile
from template_creation.agents.relevance import Relevant, relevant_facts
from template_creation.agents.request import build_request
from template_creation.exchange import request_document
from template_creation.values.request import REQUEST_VERSION
from template_creation.version import version

__all__ = ["agent_keys", "fingerprint_of_all"]

_REWRITTEN = frozenset(
    {"name", "description", "tools", "technologies", "layer", "evidence"}
    | {"enhancement", "short_because", GENERATED}
)
"""Keys of the frontmatter that are written anew from what the agent is."""


def fingerprint_of_all(
    step: str, context: EnhancementContext, *, bridge: str, contract: str, profile: Profile
) -> str:
    """Of what shapes the text of every agent: this version of the tool, the request's form,
    the bridge, the profile, and who the agents are, since each names its partners."""
    request = request_document(build_request(context, ()))
    return fingerprint(
        step,
        REQUEST_VERSION,
        version(),
        bridge,
        contract,
        repr(profile),
        request["project"],
        request["enhancement_instructions"],
        repr([(spec.name, spec.layers) for spec in context.agents]),
    )


def agent_keys(
    files: Sequence[Path], context: EnhancementContext, *, origins: Origins | None = None
) -> dict[Path, str]:
    """For each agent file its name with a digest of what shapes its text: the agent, its facts
    and templates, and what a person added to its frontmatter; with ``origins``, for files that
    are enhanced in place, also the text that there was before."""
    if origins is not None:
        evidence = repr([(item.path, item.segments) for item in context.templates])
        evidence += repr(context.analysis.memories) if context.analysis.memories else ""
        return {path: _key_in_place(path, evidence, origins) for path in files}
    relevant = relevant_facts(context)
    return {path: _key(path, context, relevant) for path in files}


def _key_in_place(path: Path, evidence: str, origins: Origins) -> str:
    # What a file tells of its agent changes when it is enhanced; what it was made from stays.
    # By bytes: a reader that makes line ends alike would not know a file of CRLF again.
    origin = origins.of(path.read_bytes().decode("utf-8", "surrogateescape"))
    digest = hashlib.sha256(f"{origin} {evidence}".encode("utf-8", "surrogateescape")).hexdigest()
    return f"{path.stem}@{digest[:16]}"


def _key(path: Path, context: EnhancementContext, facts: Mapping[str, Relevant]) -> str:
    spec = spec_for(path, context)
    relevant = facts.get(spec.name, Relevant((), (), ()))
    head, _, _ = read_frontmatter(path.read_text(encoding="utf-8"))
    kept = {key: value for key, value in head.items() if key not in _REWRITTEN}
    evidence = (
        spec,
        [context.convention_by_id[key] for key in relevant.conventions],
        [context.rule_by_id[key] for key in relevant.rules],
        [context.command_by_id[key] for key in relevant.commands],
        [context.memory_by_id[key] for key in relevant.memories],
        [item for key in spec.templates if (item := context.template_by_id.get(key))],
        sorted(kept.items()),
    )
    digest = hashlib.sha256(repr(evidence).encode("utf-8", "surrogateescape")).hexdigest()
    return f"{path.stem}@{digest[:16]}"
