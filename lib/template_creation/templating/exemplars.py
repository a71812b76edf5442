"""Exemplars: groups of files with one job, and in each group the file most like the others.

A group is what shares a path pattern (``routes/{E}.py``), else what shares package root,
layer, role and extension. Its exemplar is the medoid by cosine of the bags of syntax node
types, with the bonuses of the facts (section 5).
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from template_creation.syntax import GRAMMAR_LANGUAGES
from template_creation.templating.entities import (
    Entity,
    normal_words,
    paths_of,
    relative_path,
)
from template_creation.templating.vocabulary import OVERLOADED_ENTITIES, words_in
from template_creation.templating.words import split_words
from template_creation.values.analysis import Analysis

__all__ = ["Group", "Member", "find_groups", "second_exemplars"]

_MIN_LINES, _MAX_LINES = 8, 400
_SHAPELESS = frozenset({"index", "__init__", "main", "mod", "lib", "conftest", "setup"})
_NOT_CODE = words_in(
    """csv diff gitattributes gomod gosum ignore ini json markdown mdx notebook properties
    restructuredtext solution svg text toml xml yaml dotenv make"""
)
_NO_SHAPE = re.compile(
    r"\d{6}[^/]*$|(^|/)\d{3,}_[^/]*$|(^|/)(alembic|migrations)/env\.py$|\.d\.ts$"
)
"""Names with a date or a running number: migrations, which are history and no shape, like the
environment that their tool writes; and declarations of types for others' code."""
_COPY_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Member:
    """A file of a group: the entity it is about, if any, and how good an exemplar it is."""

    path: str
    entity: Entity | None
    score: float


@dataclass(frozen=True, slots=True)
class Group:
    """Files with one job; ``members`` come best exemplar first. ``pattern`` is the path
    pattern that they share, empty for a group by role. ``value`` orders the groups."""

    layer: str
    role: str
    pattern: str
    members: tuple[Member, ...]
    value: float


def find_groups(
    analysis: Analysis, entities: Sequence[Entity], secret_paths: Collection[str] = ()
) -> tuple[Group, ...]:
    """The groups of ``analysis``, sorted by layer and falling value; files that share no role
    with another one of their layer are a group together."""
    roots = _kept_roots(analysis)
    folders = frozenset(root.path for root in analysis.roots)
    layer_of = analysis.layer_of
    found: dict[tuple[str, ...], list[tuple[str, Entity | None]]] = defaultdict(list)
    loose: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    lonely: dict[tuple[str, ...], list[tuple[str, Entity | None]]] = defaultdict(list)
    for path in sorted(analysis.files):
        layer = layer_of.get(path)
        if layer is None or not _usable(analysis, path) or path in secret_paths:
            continue
        root, below = relative_path(folders, path)
        if root not in roots:
            continue
        extension = _extension(path)
        about = _entity_in_path(entities, _without_project(below, analysis.project.words))
        if about is not None:
            found[("pattern", layer, _pattern_key(about[1]), extension)].append((path, about[0]))
        elif analysis.files[path].language in GRAMMAR_LANGUAGES:
            loose[(root, layer, extension)].append(path)
    for (root, layer, extension), paths in loose.items():
        for role, members in _by_role(paths).items():
            found[("role", layer, role, extension, root)] += [
                (path, _entity_in_names(entities, analysis, path)) for path in members
            ]
    for key in [key for key, members in found.items() if key[0] == "pattern" and len(members) == 1]:
        path, entity = found.pop(key)[0]
        lonely[("folder", key[1], _folder_role(path), key[3])].append((path, entity))
    found.update(lonely)
    rest: dict[tuple[str, ...], list[tuple[str, Entity | None]]] = defaultdict(list)
    for key in [key for key, members in found.items() if key[0] == "role" and len(members) == 1]:
        rest[("rest", key[1], key[1], *key[3:])] += found.pop(key)
    found.update(rest)
    top = _leading(entities)
    groups = [_group(key, members, analysis, top) for key, members in found.items()]
    return tuple(
        sorted(groups, key=lambda group: (group.layer, -group.value, group.members[0].path))
    )


def _leading(entities: Sequence[Entity]) -> dict[tuple[str, ...], float]:
    """A bonus for the best entities: most for the first plain one, so that the templates of a
    package are about one thing where they can be."""
    plain = [item.words for item in entities if not OVERLOADED_ENTITIES & {*item.words}]
    return {words: 0.3 if index == 0 else 0.1 for index, words in enumerate(plain[:3])}


def _folder_role(path: str) -> str:
    return "-".join(split_words(path.split("/")[-2])) if "/" in path else "file"


def _usable(analysis: Analysis, path: str) -> bool:
    file = analysis.files[path]
    return (
        not file.generated
        and file.language is not None
        and file.language not in _NOT_CODE
        and _MIN_LINES <= file.lines <= _MAX_LINES
        and not _NO_SHAPE.search(path)
    )


def _extension(path: str) -> str:
    name = path.rpartition("/")[2]
    return name.partition(".")[2] if name.count(".") > 1 else name.rpartition(".")[2]


def _kept_roots(analysis: Analysis) -> frozenset[str]:
    """Package roots without those that are mostly copies of a larger one."""
    folders = frozenset(root.path for root in analysis.roots)
    ecosystem = {root.path: root.ecosystem for root in analysis.roots}
    below: dict[str, set[str]] = defaultdict(set)
    for path in analysis.facts:
        root, rest = relative_path(folders, path)
        below[root].add(rest)
    kept: list[str] = []
    for root in sorted(below, key=lambda item: (-len(below[item]), item)):
        copied = any(
            ecosystem.get(root) == ecosystem.get(other)
            and len(below[root] & below[other]) >= _COPY_SHARE * len(below[root])
            and len(below[root]) >= 3
            for other in kept
        )
        if not copied:
            kept.append(root)
    return frozenset(kept) | (folders - set(below)) | {""}


def _without_project(path: str, words: Sequence[str]) -> str:
    """``path`` with the project's name masked: the ``pet`` of ``PetClinic`` is no entity."""
    flat = "".join(words)
    return re.sub(re.escape(flat), "_", path, flags=re.IGNORECASE) if flat else path


def _entity_in_path(entities: Sequence[Entity], below: str) -> tuple[Entity, str] | None:
    """The entity that ``below`` is about, with the path pattern: one in the file's name
    before one in a folder, more words before fewer, better before worse."""
    rank = {entity.words: index for index, entity in enumerate(entities)}
    best: tuple[tuple[bool, int, int], Entity, str] | None = None
    for entity, pattern in paths_of(entities, below):
        in_name = "{E}" in pattern.rpartition("/")[2]
        if not in_name and OVERLOADED_ENTITIES & {*entity.words}:
            continue
        key = (not in_name, -len(entity.words), rank[entity.words])
        if best is None or key < best[0]:
            best = (key, entity, pattern)
    return (best[1], best[2]) if best is not None else None


def _entity_in_names(entities: Sequence[Entity], analysis: Analysis, path: str) -> Entity | None:
    """The entity that at least half of the file's declarations are named after; never one
    that everything refers to, such as a user."""
    facts = analysis.facts.get(path)
    names = [item.name for item in facts.symbols if item.kind != "method"] if facts else []
    texts = [f" {' '.join(normal_words(name))} " for name in names]
    joined = "".join(texts)
    for entity in entities:
        if f" {entity.name} " not in joined:
            continue
        count = sum(f" {entity.name} " in text for text in texts)
        if count >= 2 and 2 * count >= len(texts) and not OVERLOADED_ENTITIES & {*entity.words}:
            return entity
    return None


def _pattern_key(pattern: str) -> str:
    """What files of one job share: their name's pattern if it says more than the entity, else
    the whole path's."""
    name = pattern.rpartition("/")[2]
    words = name.split(" ")
    return name if "{E}" in words and len(words) > 2 else pattern


def _by_role(paths: Iterable[str]) -> dict[str, list[str]]:
    """Files by the last word of their name where several share it, else by their folder."""
    members = sorted(paths)
    last = {path: (split_words(_stem(path)) or ("",))[-1] for path in members}
    frequent = {word for word, count in Counter(last.values()).items() if count >= 2 and word}
    roles: dict[str, list[str]] = defaultdict(list)
    for path in members:
        named = last[path] in frequent and len(split_words(_stem(path))) > 1
        roles[last[path] if named else _folder_role(path)].append(path)
    return roles


def _stem(path: str) -> str:
    return path.rpartition("/")[2].split(".")[0]


def _group(
    key: tuple[str, ...],
    files: Sequence[tuple[str, Entity | None]],
    analysis: Analysis,
    top: Mapping[tuple[str, ...], float],
) -> Group:
    cohesion = _cohesion([path for path, _ in files], analysis)
    members = sorted(
        (Member(path, entity, _score(path, entity, cohesion[path], analysis, top))
         for path, entity in files),
        key=lambda member: (-member.score, member.path),
    )  # fmt: skip
    by_pattern = key[0] == "pattern"
    role = _role_of_pattern(key[2]) if by_pattern else key[2]
    fillers = len({member.entity.words for member in members if member.entity})
    mean = sum(cohesion.values()) / len(cohesion)
    value = min(len(members), 10) / 10 + mean
    parsed = analysis.files[members[0].path].language in GRAMMAR_LANGUAGES
    if by_pattern and fillers >= 2:
        value += 2.0 if parsed else 0.5
    elif fillers:
        value += 1.0 if key[0] == "folder" else 0.3
    return Group(key[1], role, key[2] if by_pattern else "", tuple(members), round(value, 6))


def _role_of_pattern(pattern: str) -> str:
    """The role that a path pattern names: its file words without the entity, else its folder.

    >>> _role_of_pattern("owner/{E} controller java"), _role_of_pattern("routes/{E} py")
    ('controller', 'routes')
    """
    *folders, name = pattern.split("/")
    words = [word for word in name.split(" ")[:-1] if word != "{E}"]
    if words:
        return "-".join(words)
    for folder in reversed(folders):
        rest = [word for word in folder.split(" ") if word != "{E}"]
        if rest:
            return "-".join(rest)
    return "file"


def _score(
    path: str,
    entity: Entity | None,
    cohesion: float,
    analysis: Analysis,
    top: Mapping[tuple[str, ...], float],
) -> float:
    facts = analysis.facts.get(path)
    lines = analysis.files[path].lines
    score = cohesion
    if entity is not None:
        score += 0.3 + top.get(entity.words, 0.0)
        score -= 0.25 if OVERLOADED_ENTITIES & set(entity.words) else 0.0
    score -= 0.1 if _stem(path).lower() in _SHAPELESS else 0.0
    score -= 0.3 if facts is not None and facts.errors else 0.0
    score -= 0.1 if lines > 250 or lines < 15 else 0.0
    score += 0.05 * min(lines, 150) / 150  # of two files, the one that shows more
    return round(score, 6)


def _cohesion(paths: Sequence[str], analysis: Analysis) -> dict[str, float]:
    """The mean cosine of each file's node bag to those of the others; 0 on its own. The sum of
    unit vectors gives all of them at once."""
    vectors = {
        path: _unit(analysis.facts[path].shape if path in analysis.facts else ()) for path in paths
    }
    total: dict[str, float] = defaultdict(float)
    for path in paths:
        for key, weight in vectors[path].items():
            total[key] += weight
    others = max(len(paths) - 1, 1)
    means: dict[str, float] = {}
    for path in paths:
        own = vectors[path]
        product = sum(weight * total[key] for key, weight in own.items())
        norm = sum(weight * weight for weight in own.values())
        means[path] = max(0.0, (product - norm) / others) if len(paths) > 1 else 0.0
    return means


def _unit(shape: Sequence[tuple[str, int]]) -> Mapping[str, float]:
    length = math.sqrt(sum(count * count for _, count in shape))
    return {kind: count / length for kind, count in shape} if length else {}


def second_exemplars(groups: Iterable[Group]) -> list[Group]:
    """The groups by role once more, without their best file: the next one says something too.
    Files of a pattern would only repeat it."""
    return [
        replace(group, members=group.members[1:])
        for group in groups
        if not group.pattern and len(group.members) >= 3
    ]
