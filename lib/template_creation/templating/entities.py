"""The entities of a codebase: the nouns that its files and types are made around.

Path anti-unification (facts section 4): two files whose paths differ in one noun, such as
``routes/items.py`` and ``routes/users.py``, make that noun a candidate. The same is asked of
declared names (``ItemCreate``, ``UserCreate``), which finds the nouns of codebases that keep
one file per role. A candidate must be the name of a declared type.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from template_creation.templating.vocabulary import INVARIANT_WORDS, STOP_WORDS, TAIL_WORDS
from template_creation.templating.words import plural, plural_words, singular, split_words
from template_creation.values.analysis import Analysis

__all__ = ["Entity", "find_entities", "normal_words", "paths_of", "relative_path", "shared_names"]

_MAX_ENTITIES = 12
_MAX_WORDS = 3
_MIN_LETTERS = 3
_Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entity:
    """A noun with its evidence: ``patterns`` are the shapes of paths and names that it shares
    with other entities, ``files`` the files with the noun in their path, ``layers`` where
    these are, ``declared_in`` the first file that declares a type of this name."""

    words: tuple[str, ...]
    score: int
    patterns: tuple[str, ...]
    files: tuple[str, ...]
    layers: tuple[str, ...]
    declared_in: str

    @property
    def name(self) -> str:
        """The words with spaces."""
        return " ".join(self.words)


class _Nouns:
    """A set of nouns that is quick to look for: most names hold the first word of none."""

    def __init__(self, words: Iterable[_Words]) -> None:
        self.words = frozenset(words)
        self._heads = frozenset(item[0] for item in self.words)

    def within(self, name: _Words) -> set[_Words]:
        """The nouns that are a run of the words of ``name``."""
        if self._heads.isdisjoint(name):
            return set()
        return {
            name[start : start + length]
            for start, word in enumerate(name)
            if word in self._heads
            for length in range(1, min(_MAX_WORDS, len(name) - start) + 1)
            if name[start : start + length] in self.words
        }


def relative_path(analysis_roots: Iterable[str], path: str) -> tuple[str, str]:
    """The nearest root above ``path`` and the path below it."""
    roots = analysis_roots if isinstance(analysis_roots, set | frozenset) else set(analysis_roots)
    position = path.rfind("/")
    while position > 0:
        if path[:position] in roots:
            return path[:position], path[position + 1 :]
        position = path.rfind("/", 0, position)
    return "", path


@lru_cache(maxsize=1 << 17)
def normal_words(name: str) -> _Words:
    """The words of ``name``, each in the singular."""
    return tuple(singular(word) for word in split_words(name))


def find_entities(analysis: Analysis) -> tuple[Entity, ...]:
    """The entities of ``analysis``, best first, at most twelve.

    A name becomes one when it names a declared type, has a plural of its own, does not begin
    with a stop word, is used in the plural too, stands in two layers or in a path, and shares
    at least two patterns with another entity.
    """
    roots = frozenset(root.path for root in analysis.roots)
    declared = _declared_types(analysis)
    candidates = _in_both_numbers(analysis, {item for item in declared if _may_be_entity(item)})
    layer_of = analysis.layer_of
    nouns = _Nouns(candidates)
    patterns: dict[str, set[_Words]] = defaultdict(set)
    contexts: dict[_Words, set[str]] = defaultdict(set)
    files: dict[_Words, set[str]] = defaultdict(set)
    for path in sorted(analysis.files):
        if analysis.files[path].generated:
            continue
        _, below = relative_path(roots, path)
        for words, pattern in _path_patterns(below, nouns):
            patterns[pattern].add(words)
            files[words].add(path)
            contexts[words].add(layer_of.get(path) or pattern)
    names: dict[str, set[_Words]] = defaultdict(set)
    for path, facts in sorted(analysis.facts.items()):
        if _is_generated(analysis, path):
            continue
        layer = layer_of.get(path, "")
        for symbol in facts.symbols:
            if symbol.kind == "test":
                continue
            for words, pattern in _name_patterns(symbol.name, nouns):
                names[pattern].add(words)
                if layer:
                    contexts[words].add(layer)
    return _rank(candidates, patterns, names, contexts, files, declared)


def _rank(
    candidates: set[_Words],
    patterns: Mapping[str, set[_Words]],
    names: Mapping[str, set[_Words]],
    contexts: Mapping[_Words, set[str]],
    files: Mapping[_Words, set[str]],
    declared: Mapping[_Words, str],
) -> tuple[Entity, ...]:
    """Keep what shares patterns with others that are kept, until nothing changes."""
    alive = {words for words in candidates if len(contexts[words]) >= 2 or files.get(words)}
    found: dict[_Words, Entity] = {}
    while True:
        by_words: dict[_Words, list[str]] = defaultdict(list)
        for source, weight in ((patterns, 2), (names, 1)):
            for pattern, fillers in source.items():
                living = fillers & alive
                if len(living) >= 2:
                    for words in living:
                        by_words[words] += [pattern] * weight
        found = {
            words: Entity(
                words,
                len(by_words[words]),
                tuple(sorted(set(by_words[words]))),
                tuple(sorted(files.get(words, ()))),
                tuple(sorted(contexts[words])),
                declared[words],
            )
            for words in alive
            if len(set(by_words[words])) >= 2 or _stands_alone(words, files, contexts)
        }
        if len(found) == len(alive):
            break
        alive = set(found)
    ranked = sorted(found.values(), key=lambda item: (-item.score, -len(item.files), item.words))
    return tuple(_without_parts(ranked)[:_MAX_ENTITIES])


def _stands_alone(
    words: _Words, files: Mapping[_Words, set[str]], contexts: Mapping[_Words, set[str]]
) -> bool:
    """An entity without siblings: it runs through the paths of three layers all the same."""
    return len(files.get(words, ())) >= 4 and len(contexts[words]) >= 3


def _without_parts(ranked: list[Entity]) -> list[Entity]:
    """Leave out names that only extend a better one (``item view`` beside ``item``)."""
    kept: list[Entity] = []
    for entity in ranked:
        extends = any(
            len(other.words) < len(entity.words)
            and entity.words[: len(other.words)] == other.words
            and other.score > 2 * entity.score
            for other in kept
        )
        if not extends:
            kept.append(entity)
    return kept


def _in_both_numbers(analysis: Analysis, candidates: set[_Words]) -> set[_Words]:
    """The candidates whose singular and plural both occur as words of the codebase: things
    that there are many of, and whose plural is the one that we would write."""
    plurals = {plural_words(words): words for words in candidates}
    names = {name for facts in analysis.facts.values() for name in facts.identifiers}
    names.update(part for path in analysis.files for part in path.split("/"))
    wanted = _Nouns(plurals)
    seen = {words for name in names for words in wanted.within(split_words(name))}
    return {plurals[words] for words in seen}


def _declared_types(analysis: Analysis) -> dict[_Words, str]:
    """The words of each declared type, and the first file that declares it."""
    found: dict[_Words, str] = {}
    for path, facts in sorted(analysis.facts.items()):
        if _is_generated(analysis, path):
            continue
        for name in facts.declared_types:
            words = split_words(name)
            if words and len(words) <= _MAX_WORDS and singular(words[-1]) == words[-1]:
                found.setdefault(words, path)
    return found


def _is_generated(analysis: Analysis, path: str) -> bool:
    file = analysis.files.get(path)
    return file is not None and file.generated


def _may_be_entity(words: _Words) -> bool:
    last = words[-1]
    return (
        words[0] not in STOP_WORDS
        and (last not in STOP_WORDS or last in TAIL_WORDS)
        and all(len(word) >= _MIN_LETTERS and word.isascii() and word.isalpha() for word in words)
        and not any(word in INVARIANT_WORDS for word in words)
        and plural(last) != last
        and singular(plural(last)) == last
    )


def _path_patterns(path: str, nouns: _Nouns) -> Iterator[tuple[_Words, str]]:
    """Each candidate in ``path`` with the path's words around it."""
    parts = [normal_words(part) for part in path.split("/")]
    for words in {words for part in parts for words in nouns.within(part)}:
        yield words, "/".join(_replaced(part, words) for part in parts)


def _name_patterns(name: str, nouns: _Nouns) -> Iterator[tuple[_Words, str]]:
    normal = normal_words(name)
    for words in nouns.within(normal):
        if len(words) < len(normal):
            yield words, f"name: {_replaced(normal, words)}"


def _replaced(part: _Words, words: _Words) -> str:
    out: list[str] = []
    index = 0
    while index < len(part):
        if part[index : index + len(words)] == words:
            out.append("{E}")
            index += len(words)
        else:
            out.append(part[index])
            index += 1
    return " ".join(out)


@lru_cache(maxsize=64)
def _nouns_of(words: tuple[_Words, ...]) -> _Nouns:
    return _Nouns(words)


def paths_of(entities: Iterable[Entity], path: str) -> Iterator[tuple[Entity, str]]:
    """The entities whose words stand in ``path``, each with the pattern of the path."""
    by_words = {entity.words: entity for entity in entities}
    for words, pattern in _path_patterns(path, _nouns_of(tuple(by_words))):
        yield by_words[words], pattern


def shared_names(
    analysis: Analysis, entities: Sequence[Entity]
) -> dict[tuple[str, ...], frozenset[str]]:
    """Names that contain an entity's noun and mean something else, per entity: files about
    other entities use them too, no other entity has a name like it, and no file about the
    entity declares it.

    ``FormItem`` of a form library that was copied into the codebase is no item: the user form
    uses it as well, and there is no ``FormUser``.
    """
    nouns = _Nouns(entity.words for entity in entities)
    roots = frozenset(root.path for root in analysis.roots)
    patterns: dict[str, set[_Words]] = defaultdict(set)
    outside: dict[_Words, dict[str, str]] = defaultdict(dict)
    own: dict[_Words, set[str]] = defaultdict(set)
    for path, facts in sorted(analysis.facts.items()):
        about = {entity.words for entity, _ in paths_of(entities, relative_path(roots, path)[1])}
        for found in about:
            own[found].update(symbol.name for symbol in facts.symbols)
        for name in facts.identifiers:
            normal = normal_words(name)
            for found in nouns.within(normal):
                if len(found) == len(normal):
                    continue
                pattern = _replaced(normal, found)
                patterns[pattern].add(found)
                if about and found not in about:
                    outside[found][name] = pattern
    return {
        found: frozenset(
            name
            for name, pattern in names.items()
            if len(patterns[pattern]) == 1 and name not in own[found]
        )
        for found, names in outside.items()
    }
