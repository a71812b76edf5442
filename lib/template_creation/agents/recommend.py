"""Which specialists a codebase supports, by its files, dependencies and templates.

No model is asked: a row of the roster becomes an agent when the codebase has files of its
layers and a template to learn them from. (facts/codebase-to-template.md section 10.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from template_creation.agents.describe import MAX_DESCRIPTION, describe
from template_creation.agents.families import family_of
from template_creation.agents.ranking import Ranking
from template_creation.agents.roster import Role, roster, supporting
from template_creation.values.agent import AgentSpec
from template_creation.values.analysis import Analysis, Technology
from template_creation.values.template import Template, TemplateSet

__all__ = ["MAX_AGENTS", "MAX_DESCRIPTION", "recommend_agents"]

MAX_AGENTS = 12
MAX_TECHNOLOGIES = 6
TOOLS = ("Read", "Grep", "Glob", "Edit", "Write", "Bash")

_FILES_WITH_TEMPLATE = 3
"""So many files of one job, one of them a template, are a field of work."""

_FILES_WITH_HABIT = 5
"""Without a template of its own, an agent needs so many files and a habit that they share."""

_SPLIT_AT = 4
"""A layer written in two languages becomes two agents when each has so many files."""

_ECOSYSTEM_FAMILIES = {
    "python": "python",
    "pypi": "python",
    "npm": "web",
    "javascript": "web",
    "node": "web",
    "nuget": "csharp",
    "dotnet": "csharp",
    "go": "go",
    "cargo": "rust",
    "rust": "rust",
    "maven": "jvm",
    "gradle": "jvm",
    "java": "jvm",
    "rubygems": "ruby",
    "ruby": "ruby",
    "bundler": "ruby",
}

_LANGUAGE_TITLES = {
    "csharp": "C#",
    "tsx": "TypeScript",
    "typescript": "TypeScript",
    "javascript": "JavaScript",
    "jsx": "JavaScript",
    "php": "PHP",
}


@dataclass(frozen=True)
class _Candidate:
    role: Role
    layers: tuple[str, ...]
    files: tuple[str, ...]
    own: tuple[Template, ...]
    technologies: tuple[Technology, ...]
    label: str = ""

    @property
    def score(self) -> int:
        points = 2 if self.technologies else 0
        points += (len(self.files) >= 2) + 2 * (len(self.files) >= 5)
        return points + min(3, len(self.own))


def recommend_agents(analysis: Analysis, templates: TemplateSet) -> tuple[AgentSpec, ...]:
    """The specialists that ``analysis`` supports, strongest evidence first, at most
    `MAX_AGENTS`; none where there are no files of a known job or no template to learn from.

    No two agents have the same files, and every technology of an agent is declared in a
    manifest that covers its files.
    """
    candidates = [
        part
        for candidate in _joined(analysis, templates)
        for part in _split_by_language(candidate, analysis)
    ]
    kept = [item for item in candidates if _is_supported(item, analysis)]
    order = {role.name: place for place, role in enumerate(roster())}
    kept.sort(key=lambda item: (-item.score, -len(item.files), order[item.role.name], item.label))
    ranking = Ranking(analysis, templates)
    specs = [_spec(item, analysis, templates, ranking) for item in _distinct(kept)]
    return tuple(spec for spec in specs if spec.templates)[:MAX_AGENTS]


def _joined(analysis: Analysis, templates: TemplateSet) -> list[_Candidate]:
    """A candidate for each role with files; weak ones hand their layers to the role they join."""
    layers = {layer.name: layer.files for layer in analysis.layers if layer.files}
    own_layers = {
        role.name: tuple(name for name in role.layers if name in layers) for role in roster()
    }

    def candidate(role: Role) -> _Candidate:
        mine = own_layers[role.name]
        files = [path for name in mine for path in layers[name]]
        return _candidate(role, mine, files, templates.in_layers(mine), analysis)

    for role in roster():
        mine = own_layers[role.name]
        if role.joins and mine and own_layers[role.joins]:
            item = candidate(role)
            if not (item.own and _is_supported(item, analysis)):
                own_layers[role.joins] += mine
                own_layers[role.name] = ()
    return [candidate(role) for role in roster() if own_layers[role.name]]


def _is_supported(item: _Candidate, analysis: Analysis) -> bool:
    """Whether there is a field of work: files enough, and a template or a habit to learn."""
    if item.own:
        return len(item.files) >= _FILES_WITH_TEMPLATE
    if len(item.files) < _FILES_WITH_HABIT:
        return False
    covered = set(item.files)
    return any(
        habit.layer in item.layers and any(site.path in covered for site in habit.hits)
        for habit in analysis.conventions
    )


def _candidate(
    role: Role,
    layers: tuple[str, ...],
    files: Iterable[str],
    own: Sequence[Template],
    analysis: Analysis,
    label: str = "",
) -> _Candidate:
    paths = tuple(sorted(set(files)))
    return _Candidate(
        role, layers, paths, tuple(own), _technologies(role, paths, own, analysis), label
    )


def _split_by_language(candidate: _Candidate, analysis: Analysis) -> list[_Candidate]:
    """One candidate for each language family with files and a template of its own; files of
    other languages stay with the largest."""
    by_family: dict[str, list[str]] = {}
    for path in candidate.files:
        by_family.setdefault(_family(path, analysis), []).append(path)
    sizes = sorted(by_family, key=lambda name: (-len(by_family[name]), name))
    strong = [
        name
        for name in sizes
        if name
        and len(by_family[name]) >= _SPLIT_AT
        and any(family_of(item.language) == name for item in candidate.own)
    ]
    if len(strong) < 2:
        return [candidate]
    parts = []
    for name in strong:
        files = list(by_family[name])
        own = [item for item in candidate.own if family_of(item.language) == name]
        if name == strong[0]:
            files += [p for rest in sizes if rest not in strong for p in by_family[rest]]
            own += [item for item in candidate.own if family_of(item.language) not in strong]
        languages = Counter(_language(path, analysis) for path in by_family[name])
        label = min(languages, key=lambda item: (-languages[item], item))
        label = {"tsx": "typescript", "jsx": "javascript"}.get(label, label)
        parts.append(_candidate(candidate.role, candidate.layers, files, own, analysis, label))
    return parts


def _language(path: str, analysis: Analysis) -> str:
    file = analysis.files.get(path)
    return (file.language if file else None) or ""


def _family(path: str, analysis: Analysis) -> str:
    return family_of(_language(path, analysis))


_Rank = tuple[bool, bool, int, int, int, int, int]


def _technologies(
    role: Role, files: Sequence[str], own: Sequence[Template], analysis: Analysis
) -> tuple[Technology, ...]:
    """The technologies of the role that a manifest above the files declares, each once: those
    that most own templates use first, then those declared nearest to most files.

    One with a role of ``role.used`` counts only when a template uses it; with nothing found
    that code is written against, the roles of ``role.fallback`` are tried too. Servers, drivers
    and the like (``supporting()``) come last: they run code, it does not follow them.
    """
    in_use = Counter(name.casefold() for item in own for name in item.technologies)
    roots = Counter(analysis.root_of(path) for path in files)
    families = {_family(path, analysis) for path in files} - {""}
    fitting = (*role.roles, *role.used, *role.fallback)
    found: dict[str, tuple[_Rank, Technology]] = {}
    spare: dict[str, tuple[_Rank, Technology]] = {}
    for place, item in enumerate(analysis.technologies):
        used = in_use[item.name.casefold()]
        if item.role not in fitting:
            continue
        home = analysis.root_of(item.path)
        covered = sum(count for root, count in roots.items() if _covers(home, root))
        family = _ECOSYSTEM_FAMILIES.get(item.ecosystem.lower(), "")
        if not covered or (family and families and family not in families):
            continue
        behind = item.name in supporting() and not used
        last = item.name in supporting()
        key = (last, behind, -used, fitting.index(item.role), -covered, -len(home), place)
        known = found if item.role in role.roles or used else spare
        if item.role in role.roles or used or item.role in role.fallback:
            known[item.name] = min(known.get(item.name, (key, item)), (key, item), key=_first)
    if all(key[1] for key, _ in found.values()):
        found = {**spare, **found}
    ordered = sorted(found.values(), key=_first)
    return tuple(item for _, item in ordered[:MAX_TECHNOLOGIES])


def _first(pair: tuple[_Rank, Technology]) -> tuple[int, ...]:
    return pair[0]


def _covers(home: str, root: str) -> bool:
    return home in ("", root) or root.startswith(f"{home}/")


def _distinct(candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """Without those whose files are nearly all another's (the same work under two names)."""
    kept: list[_Candidate] = []
    for item in candidates:
        files = set(item.files)
        if all(len(files & set(other.files)) < 0.9 * len(files) for other in kept):
            kept.append(item)
    return kept


def _spec(
    item: _Candidate, analysis: Analysis, templates: TemplateSet, ranking: Ranking
) -> AgentSpec:
    role = item.role
    name, title = role.name, role.title
    if item.label:
        language = _LANGUAGE_TITLES.get(item.label, item.label.title())
        name = f"{item.label}-{role.name}"
        title = f"{language} {role.title[0].lower()}{role.title[1:]}"
        if role.title.startswith(("API", "UI")):
            title = f"{language} {role.title}"
    spec = AgentSpec(
        name=name,
        title=title,
        purpose=role.purpose.format(project=analysis.project.name),
        description="",
        tools=TOOLS,
        layers=item.layers,
        files=item.files,
        technologies=item.technologies,
        templates=ranking.rank(role, item.layers, item.files, item.own, item.technologies),
        score=item.score,
    )
    return replace(spec, description=describe(spec, role.work, analysis, templates))
