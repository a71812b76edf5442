"""Which layer gets the next template: places by the size of the layers.

Every layer of the code gets one; of the layers that support it (end-to-end tests, scripts,
documents, configuration) a few do; then the layer with the most files per template it has is
next, where files count by their square root (highest averages, as seats go to parties). Files
in which nothing can be named anew come last, and once where a layer has nothing else.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Generic, TypeVar

from template_creation.templating.exemplars import Group, second_exemplars

__all__ = ["allot"]

Made = TypeVar("Made")

_LATE_LAYERS = ("e2e", "infra", "scripts", "docs", "config", "ci")
_TELLING_LAYERS = ("models", "data", "services", "domain", "api", "schemas", "errors", "auth")
"""Layers whose only file says much about the codebase, the most first."""
_TESTS_SHARE = 4
_LATE_SHARE = 5
_MAX_LATE = 2
_MAX_LITERAL = 2
_SIBLINGS = 2.5
"""A layer with more files than this gets a literal one before others get their second."""
_LITERAL_WEIGHT = 0.6
_LITERAL_TRIES = 4
"""So many files without a name to replace are tried before a layer is taken to have no other."""


def allot(
    groups: Iterable[Group],
    limit: int,
    make: Callable[[Group], Made | None],
    accept: Callable[[Made], bool],
    rank: Callable[[Made], int],
) -> None:
    """Offer the groups' files to ``accept`` until it took ``limit``, fair to every layer.

    ``make`` gives what a group yields, if anything; ``accept`` takes it or refuses. ``rank``
    tells what a candidate is good for: 0 its entity can be named anew, 1 it is literal and
    like its siblings, 2 it is literal and like nothing else. Literal ones wait until their
    layer has nothing better, one-offs until it has nothing else at all. Tests get at most a
    quarter of the places, supporting layers together a fifth before the code has had its
    share. A file without any sibling stands for a layer that has no other.
    """
    held = list(groups)
    desk = _Desk([group for group in held if not _is_single(group)], limit, make, accept, rank)
    late = [layer for layer in _LATE_LAYERS if layer in desk.queues]
    early = [layer for layer in desk.layers if layer not in late]
    for layer in early:
        desk.serve(layer, worst=2 if desk.weights[layer] ** 2 >= _SIBLINGS else 1)
    room = limit // _LATE_SHARE
    for layer in late:
        room -= room > 0 and desk.serve(layer, worst=0)
    desk.add(group for group in held if _is_single(group) and not desk.given[group.layer])
    alone = [layer for layer in _TELLING_LAYERS if not desk.given[layer]]
    for layer in [layer for layer in alone if layer in desk.queues][: limit // _TESTS_SHARE]:
        desk.serve(layer, worst=2)
    desk.share(early)
    for layer in late:
        if not desk.given[layer]:
            desk.serve(layer, worst=1)
    desk.share(late)
    for layer in (*(layer for layer in desk.layers if layer not in late), *late):
        if not desk.given[layer]:
            desk.serve(layer, worst=2)


def _is_single(group: Group) -> bool:
    return len(group.members) == 1 and group.members[0].entity is None


class _Desk(Generic[Made]):
    """The waiting groups per layer, and how many templates each layer has."""

    def __init__(
        self,
        groups: Iterable[Group],
        limit: int,
        make: Callable[[Group], Made | None],
        accept: Callable[[Made], bool],
        rank: Callable[[Made], int],
    ) -> None:
        self.limit = limit
        self.make, self.accept, self.rank = make, accept, rank
        self.queues: dict[str, deque[Group]] = {}
        self.weights: dict[str, float] = {}
        self.waiting: dict[str, list[Made]] = defaultdict(list)
        self.given: Counter[str] = Counter()
        self.literal: Counter[str] = Counter()
        self.layers: list[str] = []
        self.add(groups)

    def add(self, groups: Iterable[Group]) -> None:
        """Let ``groups`` wait behind those that do."""
        by_layer: dict[str, list[Group]] = defaultdict(list)
        for group in groups:
            by_layer[group.layer].append(group)
        for layer, held in by_layer.items():
            self.queues.setdefault(layer, deque()).extend(_in_order(held))
            self.weights[layer] = math.sqrt(sum(len(group.members) for group in held))
        best = {layer: max(group.value for group in held) for layer, held in by_layer.items()}
        self.layers += sorted(
            best.keys() - set(self.layers), key=lambda layer: (-best[layer], layer)
        )

    def share(self, layers: Collection[str]) -> None:
        """Serve the layer with the most files per template until none has anything left."""
        open_layers = set(layers)
        while open_layers and self.given.total() < self.limit:
            layer = min(open_layers, key=lambda item: (-self._claim(item), item))
            if not self._may_have_more(layer) or not self.serve(layer, worst=1):
                open_layers.discard(layer)

    def _claim(self, layer: str) -> float:
        """How much is due to ``layer``; less where only literal files are left."""
        self._look(layer)
        best = min(map(self.rank, self.waiting[layer]), default=2)
        return self.weights[layer] / (self.given[layer] + 1) * (1.0, _LITERAL_WEIGHT, 0.0)[best]

    def _may_have_more(self, layer: str) -> bool:
        if layer == "tests":
            return self.given[layer] < max(1, self.limit // _TESTS_SHARE)
        return layer not in _LATE_LAYERS or self.given[layer] < _MAX_LATE

    def _look(self, layer: str) -> None:
        """Make candidates until one is of the best kind or a few are not."""
        queue, waiting = self.queues[layer], self.waiting[layer]
        while (
            queue and len(waiting) < _LITERAL_TRIES and not any(not self.rank(m) for m in waiting)
        ):
            made = self.make(queue.popleft())
            if made is not None:
                waiting.append(made)

    def serve(self, layer: str, *, worst: int) -> bool:
        """Give ``layer`` its next template, of no rank above ``worst``; whether there was one."""
        while self.given.total() < self.limit:
            self._look(layer)
            waiting = self.waiting[layer]
            if not waiting:
                return False
            made = min(waiting, key=self.rank)
            rank = self.rank(made)
            if rank > worst or (rank and self.literal[layer] >= _MAX_LITERAL):
                return False
            waiting.remove(made)
            if self.accept(made):
                self.given[layer] += 1
                self.literal[layer] += rank > 0
                return True
        return False


def _in_order(groups: Sequence[Group]) -> list[Group]:
    """The groups of a layer: those about an entity first, the best of them before the others;
    second exemplars last."""
    ordered = sorted(
        groups,
        key=lambda group: (
            all(member.entity is None for member in group.members),
            -group.value,
            group.members[0].path,
        ),
    )
    return [*ordered, *second_exemplars(ordered)]
