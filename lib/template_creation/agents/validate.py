"""Whether an agent file may be written: structure, substance, identity, grounding.

Pure: text and facts in, findings out. Each finding names the rule, the place and the fix; an
``error`` rejects the file. (DESIGN section 5; F36-F46, F57, F58, F62, F69 of the facts.)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from template_creation.agents.context import EnhancementContext
from template_creation.agents.frontmatter import read_frontmatter
from template_creation.agents.grounding import check_grounding
from template_creation.agents.markdown import Document, Section, read_markdown
from template_creation.agents.profiles import SEED, Profile, SectionRule
from template_creation.agents.safety import check_safety
from template_creation.agents.stubs import technology_label
from template_creation.agents.substance import check_substance, is_stuffing
from template_creation.values.agent import AgentSpec, Issue

__all__ = ["has_errors", "shared_prose", "validate_agent"]

LONGEST_DESCRIPTION = 250
FEWEST_WORDS = 4
_REFERENCE = re.compile(r"^(?:\./)?templates/\S+")


def has_errors(issues: tuple[Issue, ...]) -> bool:
    """Whether any of ``issues`` rejects."""
    return any(issue.severity == "error" for issue in issues)


def validate_agent(
    text: str,
    *,
    spec: AgentSpec | None = None,
    context: EnhancementContext | None = None,
    profile: Profile = SEED,
    file: str = "",
    own: str = "",
) -> tuple[Issue, ...]:
    """What is wrong with the agent file ``text``; empty when nothing is.

    Without ``spec`` the identity is not compared; without ``context`` references, quotes and
    technologies are not checked against a package. ``file`` begins the places (``file:line``).
    ``own`` is what a person said of the agent before: what is said in the same words is neither
    judged for what it hides nor for what it names.
    """
    head, body, problem = read_frontmatter(text)
    first_line = text.count("\n", 0, len(text) - len(body)) + 1
    document = read_markdown(body, first_line=first_line)
    found: list[Issue] = []
    if spec is not None or problem == "" or text.startswith("---"):
        found += _identity(head, problem, spec)
    found += _sections(document, profile, context)
    found += _window(text, head, profile)
    found += _fences(document)
    found += check_substance(document, profile, is_grounded=context is not None)
    brought = document.beside(own) if own else document
    found += check_safety(brought)
    if context is not None:
        found += check_grounding(brought, context)
        found += _technologies(head, spec)
    return tuple(_placed(issue, file) for issue in found) if file else tuple(found)


def _placed(issue: Issue, file: str) -> Issue:
    """The finding with its place in ``file``."""
    line = re.fullmatch(r"line (\d+)", issue.place)
    if line:
        return replace(issue, place=f"{file}:{line[1]}")
    return replace(issue, place=file if issue.place == "file" else f"{file}: {issue.place}")


def shared_prose(texts: Mapping[str, str]) -> tuple[Issue, ...]:
    """Sentences of the practices and constraints that two agents share, as warnings: what
    concerns everyone belongs in CLAUDE.md once. ``texts`` are files by agent name."""
    owners: dict[str, list[tuple[str, int]]] = {}
    for name, text in sorted(texts.items()):
        _, body, _ = read_frontmatter(text)
        first_line = text.count("\n", 0, len(text) - len(body)) + 1
        for section in read_markdown(body, first_line=first_line).sections:
            for line, item in section.items:
                sentence = " ".join(item.split())
                if len(sentence.split()) >= 6 and not _is_reference(section):
                    owners.setdefault(sentence, []).append((name, line))
    return tuple(
        Issue(
            "shared-prose",
            f"agents/{places[1][0]}.md:{places[1][1]}",
            f"{places[0][0]} says the same: {sentence[:80]!r}",
            "say it in one agent, or in CLAUDE.md",
            "warning",
        )
        for sentence, places in sorted(owners.items())
        if len({name for name, _ in places}) > 1
    )


def _is_reference(section: Section) -> bool:
    return "template" in section.heading.casefold() or "prove" in section.heading.casefold()


def _identity(head: Mapping[str, Any], problem: str, spec: AgentSpec | None) -> Iterator[Issue]:
    if problem:
        yield Issue("frontmatter", "frontmatter", problem, "begin with a --- block of YAML")
        return
    name, description = head.get("name"), head.get("description")
    if not isinstance(name, str) or not name:
        yield Issue("frontmatter", "frontmatter.name", f"name is {name!r}", "give it as text")
    elif spec is not None and name != spec.name:
        message = f"name is {name!r}, the agent is {spec.name!r}"
        yield Issue("identity", "frontmatter.name", message, "keep the agent's name")
    if not isinstance(description, str) or not description.strip():
        message = "there is no description, so no host would load the agent"
        yield Issue("frontmatter", "frontmatter.description", message, "say when to use it")
        return
    if spec is not None and description != spec.description:
        message = "the description is not the agent's own"
        yield Issue("identity", "frontmatter.description", message, "keep it as it was")
    if len(description) > LONGEST_DESCRIPTION or "use when" not in description.casefold():
        lack = (
            f"it has {len(description)} characters, and every session pays for them"
            if len(description) > LONGEST_DESCRIPTION
            else "it does not say when to use the agent"
        )
        yield Issue(
            "description",
            "frontmatter.description",
            lack,
            f'say "Use when ..." in at most {LONGEST_DESCRIPTION} characters',
            "error" if spec is not None else "warning",
        )


def _sections(
    document: Document, profile: Profile, context: EnhancementContext | None
) -> Iterator[Issue]:
    for rule in profile.sections:
        section = document.section(*rule.names)
        if section is None:
            near = get_close_matches(rule.title, [s.heading for s in document.sections], n=1)
            fix = f"add ## {rule.title}" + (f", did you mean {near[0]!r}?" if near else "")
            yield Issue("missing-section", rule.title, f"no section {rule.title!r}", fix)
        elif lack := _lack(section, rule, context):
            yield Issue("empty-section", f"line {section.line}", f"{rule.title}: {lack}", "fill it")


def _lack(section: Section, rule: SectionRule, context: EnhancementContext | None) -> str:
    """What a section lacks to say something, or nothing."""
    if rule.needs == "references":
        known = None if context is None else {item.path for item in context.templates}
        texts = [code.text for code in section.codes]
        texts += [word for _, text in section.prose for word in text.split()]
        named = [text for text in texts if _REFERENCE.match(text) or text.endswith(".template")]
        if known is not None:
            named = [text for text in named if text in known]
        return "" if named else "it names no template of the package"
    if rule.needs == "code":
        quoted = [fence for fence in section.fences if len(fence.content.split("\n")) > 3]
        return "" if quoted else "it shows no code of three lines or more"
    blocks = section.items if rule.needs == "items" else section.prose
    said = [
        text for _, text in blocks if len(text.split()) >= FEWEST_WORDS and not is_stuffing(text)
    ]
    return "" if said else "it has no item that says something"


def _window(text: str, head: Mapping[str, Any], profile: Profile) -> Iterator[Issue]:
    lines = text.count("\n") + (not text.endswith("\n"))
    if lines > profile.max_lines:
        message = f"{lines} lines, at most {profile.max_lines}"
        yield Issue("too-long", "file", message, "leave out examples")
    if lines < profile.min_lines:
        reason = head.get("short_because")
        honest = isinstance(reason, str) and bool(reason.strip())
        yield Issue(
            "short",
            "file",
            f"{lines} lines, at least {profile.min_lines}" + (f": {reason}" if honest else ""),
            "nothing to do" if honest else "add evidence, or say short_because",
            "warning" if honest else "error",
        )


def _fences(document: Document) -> Iterator[Issue]:
    for fence in document.fences:
        if not fence.closed:
            message = "a fence is opened and never closed"
            yield Issue("open-fence", f"line {fence.line}", message, "close it")


def _technologies(head: Mapping[str, Any], spec: AgentSpec | None) -> Iterator[Issue]:
    if spec is None:
        return
    proved = {technology_label(item) for item in spec.technologies}
    listed = head.get("technologies") or []
    for number, label in enumerate(listed if isinstance(listed, list) else [listed]):
        if label not in proved:
            yield Issue(
                "technology",
                f"frontmatter.technologies[{number}]",
                f"{label!r} has no manifest that proves it for this agent",
                "list only technologies with evidence",
            )
