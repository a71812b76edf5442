"""One agent's parsed answer made into its finished file, or into the reason why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from template_creation.agents.context import EnhancementContext
from template_creation.agents.expand import Expanded, expand_agent
from template_creation.agents.frontmatter import edit_frontmatter, read_frontmatter
from template_creation.agents.merge import GENERATED, mark_sections, merge_agent, own_text
from template_creation.agents.obstacles import obstacle
from template_creation.agents.parse import ParsedAgent, ParsedAnswer
from template_creation.agents.profiles import Profile
from template_creation.agents.validate import validate_agent
from template_creation.values.agent import AgentSpec, Issue

__all__ = ["Applied", "apply_agent", "apply_answer", "finish_markdown"]


@dataclass(frozen=True, slots=True)
class Applied:
    """An agent's finished file in ``text``; empty when it was rejected, and ``error`` says
    why. ``issues`` holds refused items, warnings, and the errors of a rejection; ``kept`` are
    sections of the file that a user wrote or edited, where something was written for them;
    ``untouched`` says that there was nothing to add to them."""

    name: str
    text: str
    short_because: str
    error: str
    issues: tuple[Issue, ...]
    dropped: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    untouched: bool = False

    def to_json(self) -> dict[str, Any]:
        """This as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Applied:
        """What `to_json` gave, as a value again."""
        fields = dict(data)
        fields["issues"] = tuple(Issue(**item) for item in data["issues"])
        for key in ("dropped", "kept"):
            fields[key] = tuple(data.get(key, ()))
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
    """`apply_agent` with its part of a whole answer, or why that has none."""
    agent = parsed.agents.get(spec.name)
    refused = tuple(parsed.issues.get(spec.name, ()))
    if agent is None:
        return Applied(spec.name, "", "", _why_missing(refused, parsed.issues.get("", ())), refused)
    agent = replace(agent, issues=refused)
    return apply_agent(
        spec, agent, context, current=current, profile=profile, enhancement=enhancement
    )


def apply_agent(
    spec: AgentSpec,
    parsed: ParsedAgent,
    context: EnhancementContext,
    *,
    current: str,
    profile: Profile,
    enhancement: str,
) -> Applied:
    """The finished file of ``spec``: what ``parsed`` says of it, checked against ``context``,
    put into ``current``, its file now. What a user wrote or edited there stays."""
    file = f"agents/{spec.name}.md"
    if error := obstacle(current.encode("utf-8", "surrogatepass"), file):
        return Applied(spec.name, "", "", error, parsed.issues)
    head, _, _ = read_frontmatter(current)
    name, spec = spec.name, _as_in_file(spec, head)
    written = _written(spec, parsed, context, current, profile, enhancement)
    found = validate_agent(
        written.text,
        spec=spec,
        context=context,
        profile=profile,
        file=file,
        own=own_text(current),
    )
    found = tuple(_told(issue) for issue in found)
    merged = merge_agent(current, written.text, profile=profile, file=file)
    errors = [item for item in (*found, *merged.issues) if item.severity == "error"]
    if errors:
        reason = "; ".join(f"{item.rule} at {item.place}: {item.message}" for item in errors)
        return Applied(name, "", "", reason, (*parsed.issues, *found, *merged.issues))
    short = read_frontmatter(merged.text)[0].get("short_because")
    return Applied(
        name,
        merged.text,
        short if isinstance(short, str) else "",
        "",
        (*parsed.issues, *found, *merged.issues),
        written.dropped,
        merged.kept,
        untouched=GENERATED not in read_frontmatter(merged.text)[0],
    )


def _written(
    spec: AgentSpec,
    parsed: ParsedAgent,
    context: EnhancementContext,
    current: str,
    profile: Profile,
    enhancement: str,
) -> Expanded:
    """The whole file as it would be without anything of a user."""
    head, _, _ = read_frontmatter(current)
    if parsed.sections is None:
        text = finish_markdown(
            current, parsed.markdown, enhancement=enhancement, short_because=parsed.short_because
        )
        return Expanded(text, (), parsed.short_because)
    return expand_agent(
        spec,
        parsed.sections,
        context,
        enhancement=enhancement,
        template_source=str(head.get("template_source", context.analysis.project.slug)),
        generated_by=str(head.get("generated_by", "template-create")),
        min_lines=profile.min_lines,
        max_lines=profile.max_lines,
        boundaries=profile.has_boundaries,
        extra={key: value for key, value in head.items() if key != "short_because"},
    )


def finish_markdown(
    current: str, content: str, *, enhancement: str, short_because: str = ""
) -> str:
    """``content`` under the frontmatter of ``current``: a markdown answer contributes its
    body, never who the agent is (F45). A frontmatter in it is left out, but for the reason why
    it is short."""
    _, _, problem = read_frontmatter(current)
    answered, body, _ = read_frontmatter(content)
    if problem:
        return content
    reason = short_because or answered.get("short_because")
    begin = current[: len(current) - len(read_frontmatter(current)[1])]
    changes = {
        "enhancement": enhancement,
        "short_because": reason if isinstance(reason, str) and reason else None,
        GENERATED: None,
    }
    return mark_sections(edit_frontmatter(begin, changes) + "\n" + body.strip("\r\n") + "\n")


def _as_in_file(spec: AgentSpec, head: Mapping[str, Any]) -> AgentSpec:
    """The agent with the name and the description that its file has: a user may have said them
    better, and hosts go by them."""
    name, said = head.get("name"), head.get("description")
    if isinstance(name, str) and name.strip():
        spec = replace(spec, name=name)
    return replace(spec, description=said) if isinstance(said, str) and said.strip() else spec


def _told(issue: Issue) -> Issue:
    """A finding about what no answer brings: how the file describes itself, and what technologies
    it lists. That is told, and no reason to refuse an answer."""
    is_own = issue.rule in ("description", "technology") or "frontmatter.name" in issue.place
    return replace(issue, severity="warning") if is_own else issue


def _why_missing(refused: Sequence[Issue], general: Sequence[Issue]) -> str:
    """Why there is no answer for an agent: what was refused of its own, else of the whole."""
    own = [item.message for item in refused if item.severity == "error"]
    if own:
        return "; ".join(own)
    if not general:
        return "the answer leaves it out"
    more = f", and {len(general) - 1} more" if len(general) > 1 else ""
    return f"the answer leaves it out ({general[0].message}{more})"
