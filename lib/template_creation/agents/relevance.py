"""Which measured facts concern which agent: its conventions, rules, commands."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from template_creation.agents.context import EnhancementContext
from template_creation.agents.roster import roster
from template_creation.bridges import is_habit, strength
from template_creation.values.agent import AgentSpec
from template_creation.values.analysis import Command, Convention, Rule

__all__ = ["Relevant", "relevant_facts"]

MAX_CONVENTIONS = 12
MAX_RULES = 6
MAX_COMMANDS = 6

_SHARED_BY = 1
"""A habit of the whole codebase is told by the agent with most of its places, not by all:
what concerns everyone stands in CLAUDE.md once."""

_RULE_SHARED_BY = 2

_PURPOSES = ("test", "lint", "types", "format", "build")
"""What can prove work; commands that run, migrate or generate prove nothing."""

_IN_BROWSER = re.compile(r"e2e|playwright|cypress|\bui\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Relevant:
    """The ids of the facts that concern an agent, best first."""

    conventions: tuple[str, ...]
    rules: tuple[str, ...]
    commands: tuple[str, ...]
    memories: tuple[str, ...] = ()


def relevant_facts(context: EnhancementContext) -> dict[str, Relevant]:
    """The facts that concern each agent of ``context``, by agent name."""
    conventions = _conventions(context)
    rules = _rules(context)
    return {
        spec.name: Relevant(
            conventions[spec.name],
            rules[spec.name],
            _commands(spec, context),
            tuple(key for key, item in context.memory_by_id.items() if spec.name in item.agents),
        )
        for spec in context.agents
    }


def _conventions(context: EnhancementContext) -> dict[str, tuple[str, ...]]:
    chosen: dict[str, list[str]] = {spec.name: [] for spec in context.agents}
    for key, item in context.convention_by_id.items():
        if not is_habit(item.kind, item.k, item.n):
            continue
        shares = [(spec, _share(item, spec)) for spec in context.agents]
        if item.layer:
            takers = [spec for spec, share in shares if share and item.layer in spec.layers]
        else:
            shares.sort(key=lambda pair: (-pair[1], pair[0].name))
            takers = [spec for spec, share in shares[:_SHARED_BY] if share >= 0.2]
        for spec in takers:
            chosen[spec.name].append(key)
    return {
        name: tuple(_varied(keys, context.convention_by_id)[:MAX_CONVENTIONS])
        for name, keys in chosen.items()
    }


def _share(item: Convention, spec: AgentSpec) -> float:
    """The share of the habit's places that lie in the agent's files, 0 to 1."""
    files = set(spec.files)
    sites = [*item.hits, *item.misses]
    return sum(site.path in files for site in sites) / len(sites) if sites else 0.0


def _varied(keys: Sequence[str], known: Mapping[str, Convention]) -> list[str]:
    """Strong habits first, and no kind twice before each kind was there once."""
    ranked = sorted(keys, key=lambda key: -_strength(known[key]))
    seen: Counter[str] = Counter()
    keyed = []
    for place, key in enumerate(ranked):
        kind = known[key].kind
        keyed.append((seen[kind], place, key))
        seen[kind] += 1
    return [key for _, _, key in sorted(keyed)]


def _strength(item: Convention) -> float:
    return strength(item.kind, item.k, item.n, own=bool(item.layer))


def _rules(context: EnhancementContext) -> dict[str, tuple[str, ...]]:
    words = {role.name: frozenset(role.words) for role in roster()}
    scored: dict[str, list[tuple[float, int, str]]] = {spec.name: [] for spec in context.agents}
    for place, (key, rule) in enumerate(context.rule_by_id.items()):
        points = [(_rule_points(rule, spec, words, context), spec) for spec in context.agents]
        best = sorted((item for item in points if item[0] > 0), key=lambda x: (-x[0], x[1].name))
        for value, spec in best[:_RULE_SHARED_BY]:
            scored[spec.name].append((-value, place, key))
    return {
        name: tuple(key for _, _, key in sorted(items)[:MAX_RULES])
        for name, items in scored.items()
    }


def _rule_points(
    rule: Rule,
    spec: AgentSpec,
    words: dict[str, frozenset[str]],
    context: EnhancementContext,
) -> float:
    if not _instructs(rule.text):
        return 0.0
    words_said = re.findall(r"[a-z][a-z0-9-]+", rule.text.lower())
    said = {*words_said, *(word.removesuffix("s") for word in words_said)}
    role = next((name for name in words if spec.name.endswith(name)), "")
    overlap = len({word.removesuffix("s") for word in said & words.get(role, frozenset())})
    overlap += sum(item.name.lower() in rule.text.lower() for item in spec.technologies)
    home = context.analysis.root_of(rule.path)
    roots = {context.analysis.root_of(path) for path in spec.files}
    if home and not any(root == home or root.startswith(f"{home}/") for root in roots):
        return 0.0
    needed = 1 if rule.modality == "must-not" else 2
    return float(overlap) if overlap >= needed else 0.0


_MODAL = re.compile(
    r"\b(must|should|always|never|do not|don't|shall|required to|make sure|ensure|avoid|prefer)\b",
    re.IGNORECASE,
)
_IMPERATIVE = re.compile(
    r"(?:add|apply|avoid|call|check|commit|consider|create|define|do|document|ensure|export|"
    r"extract|follow|format|handle|implement|import|include|install|keep|leave|limit|make|mark|"
    r"move|name|never|note|place|prefer|provide|put|read|remove|return|run|separate|set|split|"
    r"store|test|treat|update|use|validate|wrap|write)\b",
    re.IGNORECASE,
)
_LONGEST_RULE = 220


def _instructs(text: str) -> bool:
    """Whether a quoted sentence tells the reader what to do, early and in few words; a sentence
    that argues or explains is no rule to hand on."""
    plain = text.strip().lstrip("*_-> ")
    early = _MODAL.search(plain[:60])
    return len(plain) <= _LONGEST_RULE and bool(early or _IMPERATIVE.match(plain))


def _commands(spec: AgentSpec, context: EnhancementContext) -> tuple[str, ...]:
    main = _main_root(spec, context)
    scored = []
    for place, (key, item) in enumerate(context.command_by_id.items()):
        if item.purpose not in _PURPOSES or not _reaches(item, main):
            continue
        near = item.folder.strip("/") not in ("", ".")
        in_browser = bool(_IN_BROWSER.search(item.command)) != ("e2e" in spec.layers)
        scored.append((_PURPOSES.index(item.purpose), in_browser, not near, place, key))
    told: Counter[int] = Counter()
    kept = []
    for purpose, _, _, _, name in sorted(scored):
        told[purpose] += 1
        if told[purpose] <= (2 if _PURPOSES[purpose] == "test" else 1):
            kept.append(name)
    return tuple(kept[:MAX_COMMANDS])


def _main_root(spec: AgentSpec, context: EnhancementContext) -> str:
    """The package root of what the agent copies from first, else of most of its files."""
    for key in spec.templates[:1]:
        if key in context.template_by_id:
            return context.analysis.root_of(context.template_by_id[key].source)
    roots = Counter(context.analysis.root_of(path) for path in spec.files)
    return min(roots, key=lambda root: (-roots[root], root), default="")


def _reaches(item: Command, root: str) -> bool:
    folder = item.folder.strip("/")
    return folder in ("", ".") or root == folder or root.startswith(f"{folder}/")
