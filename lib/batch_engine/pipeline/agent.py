"""Stages: what an agent is, what it declares, and what it is given when it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any, ClassVar, Literal, TypeVar

from batch_engine.core import ContractError, ErrorRecord
from batch_engine.pipeline.errors import DefinitionError
from batch_engine.pipeline.flow import Chunked, Flow, chunked
from batch_engine.pipeline.options import (
    HOOKS,
    HookName,
    ScopeOptions,
    check_callable,
    check_field_names,
    check_names,
)

__all__ = ["Agent", "Batch", "Shape", "StageContext", "only_list"]

Shape = Literal["map", "filter", "flat_map"]
A = TypeVar("A", bound="type[Agent]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The chunk that a stage in a scope works on.

    ``items`` are those of the scope's field; ``keys`` names each (after a ``flat_map``:
    ``key/1``, ``key/2``). ``number`` counts from 1; ``total`` is None if it cannot be known.
    ``attempt`` is the highest number of this attempt at any item of the chunk (from 1, counted
    on after a pause or a crash), and ``previous`` holds, on a further attempt, why items of the
    chunk failed in their last one, by the key of the item that the scope was given.
    """

    scope: str
    number: int
    total: int | None
    attempt: int
    items: Sequence[Any]
    keys: Sequence[str]
    previous: Mapping[str, ErrorRecord] = field(default_factory=dict)
    _complete: Callable[[Any, Any, str | None], None] | None = field(default=None, repr=False)

    def complete(self, item: Any, result: Any, *, key: str | None = None) -> None:
        """Stores the result of one item now; when it returns, neither a crash nor a pause nor a
        failure of the rest can lose it. May be called from any thread.

        For the last stage of a scope, whose result is the scope's. The stage then gives entries
        for the other items, or for all; None will do if all were completed. ``key`` (of
        ``keys``) says which item is meant where items are alike.

        >>> for item, answer in zip(context.batch.items, ask_all(context.batch.items)):
        ...     context.batch.complete(item, answer)

        Raises `ContractError` in any other stage, in a branch or a stage with another shape than
        ``"map"``, with ``persist_each_batch``, for an item that a ``flat_map`` made one of
        several, for an item that is not of this call, and for one that was completed before.
        """
        if self._complete is None:
            raise ContractError("this batch was made by hand: there is nothing to store into")
        self._complete(item, result, key)


class StageContext(Mapping[str, Any]):
    """The fields that a stage can read, and in a scope the chunk (``batch``).

    In a scope the scope's field holds the items of the chunk, elsewhere the whole list.
    ``advance(done, total)`` tells listeners how far a long stage is. ``errors`` holds, after a
    scope, why items of it have no result, by key.
    """

    def __init__(
        self,
        fields: Mapping[str, Any],
        *,
        stage: str,
        batch: Batch | None = None,
        advance: Callable[[int, int | None], None] | None = None,
        errors: Mapping[str, ErrorRecord] | None = None,
    ) -> None:
        self._fields = fields
        self._stage = stage
        self._advance = advance
        self.batch = batch
        self.errors: Mapping[str, ErrorRecord] = errors or {}

    def advance(self, done: int, total: int | None = None) -> None:
        """Tells listeners that ``done`` of ``total`` steps of this stage are through."""
        if self._advance is not None:
            self._advance(done, total)

    def __getitem__(self, name: str) -> Any:
        """The value of a field; `DefinitionError` if there is none of that name."""
        try:
            return self._fields[name]
        except KeyError:
            raise DefinitionError(
                "there is no such field in the context",
                stage=self._stage,
                field=name,
                fix=f"there are {', '.join(sorted(self._fields)) or 'none'}",
            ) from None

    def __contains__(self, name: object) -> bool:
        """Whether there is a field of that name."""
        return name in self._fields

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a field, or ``default``."""
        return self._fields.get(name, default)

    def __iter__(self) -> Iterator[str]:
        """The names of the fields."""
        return iter(self._fields)

    def __len__(self) -> int:
        """How many fields there are."""
        return len(self._fields)


class Agent(Flow):
    """A stage: subclass it and write ``run``.

    ``run(context)`` gives back a mapping of the fields it writes, or None. In a scope it may also
    give a list: one entry per item of the chunk, in order (`ItemFailure` where one failed). The
    scope's field in a mapping may be such a list, or a mapping by item key.

    ``shape`` says what the entries are: the new items (``"map"``); for ``"filter"`` one truth
    value per item; for ``"flat_map"`` one list of new items per item.

    ``reads`` and ``writes`` declare fields, and let a pipeline be checked before it runs; the
    values of ``writes`` may be types. ``version`` stands for the code in the fingerprint of
    stored results: None means the code itself (comments and formatting apart). ``announced =
    False`` makes it no step of its own: outside a scope listeners are not told of it.

    >>> class Score(Agent):
    ...     reads = ("companies", "region")
    ...     def run(self, context):
    ...         return [{**company, "score": rate(company)} for company in context["companies"]]
    """

    name: ClassVar[str] = ""
    reads: ClassVar[tuple[str, ...] | None] = None
    writes: ClassVar[Mapping[str, Any] | tuple[str, ...] | None] = None
    shape: ClassVar[Shape] = "map"
    version: ClassVar[object] = None
    announced: ClassVar[bool] = True
    _trigger: ClassVar[ScopeOptions | None] = None
    _terminator: ClassVar[bool] = False
    _hooks: ClassVar[tuple[tuple[HookName, Callable[[Any], object]], ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Names the stage after its class and refuses hooks that do not exist."""
        super().__init_subclass__(**kwargs)
        if "name" not in cls.__dict__:
            cls.name = cls.__name__
        hooks = [name for name in cls.__dict__ if name.startswith("on_batch")]
        check_names(cls.__name__, hooks, HOOKS)
        if hooks:
            raise DefinitionError(
                f"a method {hooks[0]} would never be called",
                stage=cls.__name__,
                field=hooks[0],
                fix=f"write a function of one event and put @{hooks[0]}(function) above the class",
            )
        check_declared(cls.__name__, cls.shape, cls.reads, cls.writes)
        run = cls.__dict__.get("run")
        if isinstance(run, FunctionType):
            check_callable(cls.__name__, "run", run, before=1)

    def run(self, context: StageContext) -> Any:
        """What the stage does; see the class."""
        raise NotImplementedError(f"{type(self).__name__} has no run(context)")

    @property
    def label(self) -> str:
        """Its name."""
        return self.name

    def agents(self) -> Iterator[Agent]:
        """Itself."""
        yield self

    def in_chunks_of(self, size: object, *, over: str | None = None) -> Chunked:
        """This agent, given at most ``size`` items at a time; in a scope: of each chunk."""
        return chunked(self, size, over)

    @classmethod
    def batching_trigger(cls) -> bool:
        """Whether a scope begins with this agent."""
        return cls._trigger is not None

    @classmethod
    def batching_terminator(cls) -> bool:
        """Whether a scope ends before this agent, which gets the merged results."""
        return cls._terminator

    @classmethod
    def batching_config(cls) -> dict[str, Any]:
        """What was declared about batching on this class or a base."""
        hooks = [name for name, _ in cls.batching_hooks()]
        if cls._trigger is None:
            return {"terminator": cls._terminator, "hooks": hooks}
        return {
            "chunk_size": cls._trigger.chunk_size,
            "over": cls._trigger.over,
            "terminator": cls._terminator,
            "hooks": hooks,
        }

    @classmethod
    def batching_hooks(cls) -> tuple[tuple[HookName, Callable[[Any], object]], ...]:
        """The hooks that were declared on this class or a base."""
        return cls._hooks


def check_declared(stage: str, shape: object, reads: object, writes: object) -> None:
    """`DefinitionError` for a shape that there is not, and for names that are one text."""
    if shape not in ("map", "filter", "flat_map"):
        raise DefinitionError(
            f"shape is {shape!r}",
            stage=stage,
            field="shape",
            fix="say 'map', 'filter' or 'flat_map'",
        )
    for name, given in (("reads", reads), ("writes", writes)):
        check_field_names(stage, name, given)


def only_list(context: Mapping[str, Any], stage: str = "batching") -> str:
    """The name of the only list field; `DefinitionError` if there are none or several."""
    lists = sorted(name for name, value in context.items() if isinstance(value, list | tuple))
    if len(lists) == 1:
        return lists[0]
    problem = (
        f"there are {len(lists)} list fields: {', '.join(lists)}"
        if lists
        else ("there is no list field in the context")
    )
    raise DefinitionError(problem, stage=stage, field="over", fix="say over='<list field>'")
