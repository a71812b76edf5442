"""Items on their way through a scope, and what came of a source item in the end."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from batch_engine.core import ItemFailure

__all__ = [
    "DumpResult",
    "Element",
    "Elements",
    "Handed",
    "ItemResult",
    "LoadResult",
    "plain_results",
    "result_of",
]


class Element(NamedTuple):
    """An item on its way: the place of its source item in the chunk, its key, its value."""

    source: int
    key: str
    value: Any

    def now(self, value: Any) -> Element:
        """The same item with another value."""
        return Element(self.source, self.key, value)


class Elements:
    """Elements in columns. Most stages change nothing but the values; then the other columns are
    handed on as they are, and an object per item is never made. Iterating makes them.

    >>> [element.value for element in Elements(range(2), ("a", "b"), [1, 2])]
    [1, 2]
    """

    __slots__ = ("keys", "sources", "values")

    def __init__(self, sources: Sequence[int], keys: Sequence[str], values: Sequence[Any]) -> None:
        self.sources = sources
        self.keys = keys
        self.values = values

    @classmethod
    def of(cls, elements: Iterable[Element]) -> Elements:
        """The columns of single elements."""
        columns = list(zip(*elements, strict=True)) or [(), (), ()]
        return cls(columns[0], columns[1], columns[2])

    def __len__(self) -> int:
        """How many there are."""
        return len(self.values)

    def __iter__(self) -> Iterator[Element]:
        """Each as an `Element`."""
        return map(_element, zip(self.sources, self.keys, self.values, strict=True))

    def now(self, values: Sequence[Any]) -> Elements:
        """The same items with other values."""
        return Elements(self.sources, self.keys, values)

    def within(self, sources: Container[int]) -> Elements:
        """Those that come from these sources."""
        return Elements.of(element for element in self if element.source in sources)

    def without(self, sources: Container[int]) -> Elements:
        """Those that come from other sources."""
        return Elements.of(element for element in self if element.source not in sources)

    def joined(self, others: Elements) -> Elements:
        """Both in the order of their sources."""
        return Elements.of(sorted((*others, *self), key=lambda element: element.source))


class ItemResult(tuple[Any, ...]):
    """What came of one source item: the items that it became, as a tuple (none: it was filtered
    out). Mostly that is all; `told` adds the rest.

    ``loaded`` says whether they were loaded (``load_existing``). With the first result of a chunk
    go the ``fields`` that the chunk's stages wrote beside the items. ``also`` names, by field,
    the items that the field was written for and that failed later on: when they are run again,
    what is then written for them must not count a second time. ``carrier`` is the key of the
    result with which the fields of an item's chunk are, and with those ``covered`` says how many
    results name it: if one of them is missing in a later run, the fields are no longer exact.
    ``warnings`` tell what was odd about the fields.
    """

    __slots__ = ()
    loaded: bool = False
    fields: Mapping[str, Any] | None = None
    also: Mapping[str, Sequence[str]] | None = None
    carrier: str = ""
    covered: int = 0
    warnings: Sequence[str] = ()

    def told(self, **parts: Any) -> ItemResult:
        """The same items with some of the rest changed."""
        return _ToldResult(self, {**getattr(self, "__dict__", {}), **parts})

    def parts(self) -> list[Any]:
        """All of it, in the order in which `of_parts` takes it."""
        return [tuple(self), *(getattr(self, name) for name in _REST)]

    @staticmethod
    def of_parts(outputs: Iterable[Any], *rest: Any) -> ItemResult:
        """The result that `parts` describes; what is left out at the end is as usual."""
        return ItemResult(outputs).told(**dict(zip(_REST, rest, strict=False)))


_REST = ("loaded", "fields", "also", "carrier", "covered", "warnings")


class _ToldResult(ItemResult):
    """One with more than its items; an object of its own kind, so that the usual one is small."""

    def __new__(cls, outputs: Iterable[Any], parts: Mapping[str, Any] | None = None) -> _ToldResult:
        result = super().__new__(cls, outputs)
        result.__dict__.update(parts or {})
        return result


# Calling the class would be half of the cost of a stage.
_element: Callable[[tuple[int, str, Any]], Element] = partial(tuple.__new__, Element)

Handed = Any
"""What the core is handed for a source item: an `ItemResult`; or, since that is mostly all there
is to tell, the one item that it became. None stands for what failed, and for nothing else."""

_MEAN_MORE = (type(None), Exception, ItemFailure, ItemResult)


def plain_results(values: Sequence[Any]) -> Sequence[Handed]:
    """For each value a result that consists of it alone."""
    if any(issubclass(kind, _MEAN_MORE) for kind in set(map(type, values))):
        return [ItemResult((value,)) for value in values]
    return values


def result_of(handed: Handed) -> ItemResult:
    """The result in full.

    >>> result_of("x"), result_of(ItemResult(("x", "y")))
    (('x',), ('x', 'y'))
    """
    return handed if isinstance(handed, ItemResult) else ItemResult((handed,))


@dataclass(frozen=True, slots=True)
class DumpResult:
    """A result as JSON values: ``[outputs]``, or all of its parts; ``dump`` is for one
    output."""

    dump: Callable[[Any], Any] | None

    def __call__(self, handed: Handed) -> list[Any]:
        """See the class."""
        result = result_of(handed)
        outputs = [self.dump(output) for output in result] if self.dump else result
        return [outputs] if type(result) is ItemResult else [outputs, *result.parts()[1:]]


@dataclass(frozen=True, slots=True)
class LoadResult:
    """The `ItemResult` that `DumpResult` gave as JSON values; ``load`` is for one output."""

    load: Callable[[Any], Any] | None

    def __call__(self, data: list[Any]) -> ItemResult:
        """See the class."""
        outputs = [self.load(output) for output in data[0]] if self.load else data[0]
        return ItemResult.of_parts(outputs, *data[1:]) if data[1:] else ItemResult(outputs)
