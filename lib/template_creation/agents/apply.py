"""One agent's parsed answer made into its finished file, or into the reason why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from template_creation.agents.context import EnhancementContext
from template_creation.agents.expand import expand_agent
from template_creation.agents.frontmatter import read_frontmatter, write_frontmatter
from template_creation.agents.parse import ParsedAnswer
from template_creation.agents.profiles import Profile
from template_creation.agents.validate import has_errors, validate_agent
from template_creation.values.agent import AgentSpec, Issue

__all__ = ["Applied", "apply_answer", "finish_markdown"]


@dataclass(frozen=True, slots=True)
class Applied:
    """An agent's finished file in ``text``; empty when it was rejected, and ``error`` says
    why. ``issues`` holds refused items, warnings, and the errors of a rejection."""

    name: str
    text: str
    short_because: str
    error: str
    issues: tuple[Issue, ...]
    dropped: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """This as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Applied:
        """What `to_json` gave, as a value again."""
        fields = dict(data)
        fields["issues"] = tuple(Issue(**item) for item in data["issues"])
        fields["dropped"] = tuple(data["dropped"])
        return cls(**fields)


def apply_answer(
    spec: AgentSpec,
    parsed: ParsedAnswer,
    context: EnhancementContext,
    *,
    current: str,
    profile: Profile,
    enhancement: str,
) -> Applied:
    """The finished file of ``spec``, from its part of the answer; ``current`` is its file now,
    whose own frontmatter keys are kept."""
    refused = tuple(parsed.issues.get(spec.name, ()))
    dropped: tuple[str, ...] = ()
    if spec.name in parsed.sections:
        head, _, _ = read_frontmatter(current)
        expanded = expand_agent(
            spec,
            parsed.sections[spec.name],
            context,
            enhancement=enhancement,
            template_source=str(head.get("template_source", context.analysis.project.slug)),
            generated_by=str(head.get("generated_by", "template-create")),
            min_lines=profile.min_lines,
            max_lines=profile.max_lines,
            extra={key: value for key, value in head.items() if key != "short_because"},
        )
        text, short, dropped = expanded.text, expanded.short_because, expanded.dropped
    elif spec.name in parsed.markdown:
        text = finish_markdown(current, parsed.markdown[spec.name], enhancement=enhancement)
        short = str(read_frontmatter(text)[0].get("short_because", ""))
    else:
        return Applied(spec.name, "", "", _why_missing(refused, parsed.issues.get("", ())), refused)
    found = validate_agent(text, spec=spec, context=context, profile=profile)
    if has_errors(found):
        errors = [item for item in found if item.severity == "error"]
        reason = "; ".join(f"{item.rule} at {item.place}: {item.message}" for item in errors)
        return Applied(spec.name, "", "", reason, (*refused, *found))
    return Applied(spec.name, text, short, "", (*refused, *found), dropped)


def _why_missing(refused: Sequence[Issue], general: Sequence[Issue]) -> str:
    """Why there is no answer for an agent: what was refused of its own, else of the whole."""
    own = [item.message for item in refused if item.severity == "error"]
    if own:
        return "; ".join(own)
    if not general:
        return "the answer leaves it out"
    more = f", and {len(general) - 1} more" if len(general) > 1 else ""
    return f"the answer leaves it out ({general[0].message}{more})"


def finish_markdown(current: str, content: str, *, enhancement: str) -> str:
    """``content`` under the frontmatter of ``current``: a markdown answer contributes its
    body, never who the agent is (F45)."""
    head, _, problem = read_frontmatter(current)
    answered, body, _ = read_frontmatter(content)
    if problem:
        return content
    reason = answered.get("short_because")
    head = {**head, "enhancement": enhancement}
    if isinstance(reason, str) and reason:
        head["short_because"] = reason
    return write_frontmatter(head) + "\n" + body.strip("\n") + "\n"
