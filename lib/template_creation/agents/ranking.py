"""How relevant a template is to an agent: its layer first, then what the files share."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

from template_creation.agents.families import family_of
from template_creation.agents.roster import Role
from template_creation.agents.testmatch import TestMatch
from template_creation.syntax import language_of
from template_creation.values.analysis import Analysis, Technology
from template_creation.values.template import Placeholder, Template, TemplateSet

__all__ = ["MAX_TEMPLATES", "Ranking"]

MAX_TEMPLATES = 5

_TESTS = frozenset({"tests", "e2e"})

_OWN = 100
_NEAR = 30
_MIRRORED = 45
"""Tests that stand for a file of the agent, by name or folder, come before what is near."""

_USING = 25
"""Tests that only use files of the agent; one of them, where no tests mirror its files."""

_SAME_SUBJECT = 12
_ENOUGH = 20
_SAME_AGAIN = 8
"""What a second template of the same role loses, so that five copies of one shape do not
push the test or the schema that belongs to it off the list."""

_ALIKE = 20
"""What a template gains by full similarity with its siblings."""

_NAMED_FOR_ENTITY = 15
"""A file named after an entity is made again for the next one; others are made once."""

_MADE_ONCE = 30
"""What a template without a placeholder loses: there is nothing to fill in."""


class Ranking:
    """Ranks the templates of one package for its agents; made once, since import counts over
    the codebase are shared."""

    def __init__(self, analysis: Analysis, templates: TemplateSet) -> None:
        self._templates = templates
        self._imports = {
            path: frozenset(item.module for item in facts.imports)
            for path, facts in analysis.facts.items()
        }
        self._seen = Counter(name for names in self._imports.values() for name in names)

    def rank(
        self,
        role: Role,
        layers: Sequence[str],
        files: Sequence[str],
        own: Sequence[Template],
        technologies: Sequence[Technology],
    ) -> tuple[str, ...]:
        """Up to `MAX_TEMPLATES` template ids for an agent with these layers, files and own
        templates, most relevant first; only those with a reason to be there."""
        mine = {item.id for item in own}
        tests = TestMatch(files, self._imports)
        languages = {item.language for item in own}
        families = {family_of(name) for name in languages} | {
            family_of(language_of(f)) for f in files
        }
        subjects = frozenset(word for item in own for word in _words(item.source))
        used = frozenset(name for path in files for name in self._imports.get(path, ()))
        names = {item.name.casefold() for item in technologies}
        points: dict[str, float] = {}
        for template in self._templates:
            base = self._base(template, role, layers, mine, tests)
            if base and template.id not in mine and template.language not in languages:
                base -= 15 * bool(languages)
                if template.layer in _TESTS and family_of(template.language) not in families:
                    continue
            if base <= 0:
                continue
            base += _SAME_SUBJECT * bool(
                template.id not in mine and _words(template.source) & subjects
            )
            base += 5 * min(2, sum(item.casefold() in names for item in template.technologies))
            base += self._shared(template.source, used) + _ALIKE * (template.similarity or 0.0)
            base += _NAMED_FOR_ENTITY * any(
                isinstance(part, Placeholder) and part.term == "entity"
                for part in template.path_segments
            )
            base -= _MADE_ONCE * (template.verified == "verbatim" and template.id in mine)
            points[template.id] = base + min(3, template.support)
        return self._pick(self._with_fitting_tests(points, layers, tests))

    def _with_fitting_tests(
        self, points: dict[str, float], layers: Sequence[str], tests: TestMatch
    ) -> dict[str, float]:
        """Without tests of other layers: where tests mirror files of the agent only those,
        else at most the best that uses one."""
        if _TESTS & set(layers):
            return points
        found = [item for item in self._templates if item.layer in _TESTS and item.id in points]
        mirrored = {item.id for item in found if tests.mirrors(item.source)}
        if not mirrored:
            best = min(found, key=lambda item: (-points[item.id], item.source), default=None)
            mirrored = {best.id} if best else set()
        left_out = {item.id for item in found} - mirrored
        return {key: value for key, value in points.items() if key not in left_out}

    def _base(
        self,
        template: Template,
        role: Role,
        layers: Sequence[str],
        mine: set[str],
        tests: TestMatch,
    ) -> float:
        if template.id in mine:
            return _OWN - 5 * layers.index(template.layer) if template.layer in layers else _OWN
        if template.layer in _TESTS and not _TESTS & set(layers):
            if tests.mirrors(template.source):
                return _MIRRORED
            return _USING if tests.uses(template.source) else 0
        if template.layer in role.near:
            return max(10.0, _NEAR - 5.0 * role.near.index(template.layer))
        return 0

    def _shared(self, source: str, used: frozenset[str]) -> float:
        """Up to 10 points for imports in common, rare ones weighing most."""
        common = self._imports.get(source, frozenset()) & used
        return min(10.0, sum(10 / self._seen[name] for name in sorted(common)))

    def _pick(self, points: dict[str, float]) -> tuple[str, ...]:
        place = {item.id: number for number, item in enumerate(self._templates)}
        kinds = {item.id: (item.layer, item.role, item.language) for item in self._templates}
        chosen: list[str] = []
        taken: Counter[tuple[str, str, str]] = Counter()
        while points and len(chosen) < MAX_TEMPLATES:
            value = {key: points[key] - _SAME_AGAIN * taken[kinds[key]] for key in points}
            best = min(value, key=lambda key: (-value[key], place[key]))
            if value[best] < _ENOUGH:
                break
            chosen.append(best)
            taken[kinds[best]] += 1
            del points[best]
        return tuple(chosen)


def _words(path: str) -> frozenset[str]:
    """The words of a file name that can name its subject (``test_items`` -> ``items``)."""
    stem = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", PurePosixPath(path).name.split(".")[0])
    words = re.findall(r"[a-z]{4,}", stem.lower())
    return frozenset(word.rstrip("s") for word in words if word not in _NO_SUBJECT)


_NO_SUBJECT = frozenset(
    {"test", "tests", "spec", "index", "main", "init", "conftest", "page", "route", "routes"}
    | {"view", "views", "base", "utils", "util", "helper", "helpers", "types", "type", "model"}
    | {"models", "service", "services", "common", "core", "fixture"}
)
