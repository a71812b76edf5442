"""Stages: agents as classes, functions as agents, and what a stage is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, TypeVar

from batch_engine.core import ErrorRecord, ItemFailure, Pause, StoreError
from batch_engine.pipeline.errors import DefinitionError
from batch_engine.pipeline.flow import Chunked, Flow, chunked
from batch_engine.pipeline.options import (
    HOOKS,
    HookName,
    ScopeOptions,
    check_callable,
    check_names,
)

__all__ = [
    "Agent",
    "Batch",
    "Shape",
    "StageContext",
    "ends_batching",
    "filtered",
    "flat_mapped",
    "mapped",
    "on_batch_complete",
    "on_batch_error",
    "on_batch_start",
    "stage",
    "triggers_batching",
]

Shape = Literal["map", "filter", "flat_map"]
A = TypeVar("A", bound="type[Agent]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The chunk that a stage in a scope works on.

    ``items`` are those of the scope's field; ``keys`` names each (after a ``flat_map``:
    ``key/1``, ``key/2``). ``number`` counts from 1; ``total`` is None if it cannot be known.
    ``previous`` holds, on a further attempt, why items of the chunk failed.
    """

    scope: str
    number: int
    total: int | None
    attempt: int
    items: Sequence[Any]
    keys: Sequence[str]
    previous: Mapping[str, ErrorRecord] = field(default_factory=dict)


class StageContext(Mapping[str, Any]):
    """The fields that a stage can read, and in a scope the chunk (``batch``).

    In a scope the scope's field holds the items of the chunk, elsewhere the whole list.
    ``advance(done, total)`` tells listeners how far a long stage is.
    """

    def __init__(
        self,
        fields: Mapping[str, Any],
        *,
        stage: str,
        batch: Batch | None = None,
        advance: Callable[[int, int | None], None] | None = None,
    ) -> None:
        self._fields = fields
        self._stage = stage
        self._advance = advance
        self.batch = batch

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
    stored results: None means the code itself (comments and formatting apart).

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
    _trigger: ClassVar[ScopeOptions | None] = None
    _terminator: ClassVar[bool] = False
    _hooks: ClassVar[tuple[tuple[HookName, Callable[[Any], object]], ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Names the stage after its class and refuses hooks that do not exist."""
        super().__init_subclass__(**kwargs)
        if "name" not in cls.__dict__:
            cls.name = cls.__name__
        check_names(cls.__name__, [n for n in cls.__dict__ if n.startswith("on_batch")], HOOKS)
        if cls.shape not in ("map", "filter", "flat_map"):
            raise DefinitionError(
                f"shape is {cls.shape!r}",
                stage=cls.__name__,
                field="shape",
                fix="say 'map', 'filter' or 'flat_map'",
            )

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


def triggers_batching(
    *, chunk_size: object, over: str | None = None, override: bool = False, **options: object
) -> Callable[[A], A]:
    """Class decorator: a scope begins with this agent. Options as in `batched`.

    Subclasses inherit it. Saying it twice on one class needs ``override=True``.
    """

    def decorate(cls: A) -> A:
        if "_trigger" in cls.__dict__ and not override:
            raise DefinitionError(
                "triggers_batching stands on it twice",
                stage=cls.__name__,
                field="triggers_batching",
                fix="take one away, or say override=True",
            )
        if cls._terminator:
            raise _both(cls)
        cls._trigger = ScopeOptions.checked(
            cls.__name__, chunk_size=chunk_size, over=over, **options
        )
        return cls

    return decorate


def ends_batching(cls: A) -> A:
    """Class decorator: the open scope ends before this agent, which gets the merged results."""
    if cls._trigger is not None:
        raise _both(cls)
    cls._terminator = True
    return cls


def _both(cls: type[Agent]) -> DefinitionError:
    return DefinitionError(
        "it both starts and ends a scope",
        stage=cls.__name__,
        field="ends_batching",
        fix="end the scope at the agent after the last one that works on chunks",
    )


def _hook(name: HookName, function: Callable[[Any], object]) -> Callable[[A], A]:
    def decorate(cls: A) -> A:
        check_callable(cls.__name__, name, function)
        cls._hooks = (*cls._hooks, (name, function))
        return cls

    return decorate


def on_batch_start(hook: Callable[[Any], object]) -> Callable[[A], A]:
    """Class decorator: ``hook(event)`` is called before each chunk of the agent's scope."""
    return _hook("on_batch_start", hook)


def on_batch_complete(hook: Callable[[Any], object]) -> Callable[[A], A]:
    """Class decorator: ``hook(event)`` is called when a chunk of the agent's scope is stored."""
    return _hook("on_batch_complete", hook)


def on_batch_error(hook: Callable[[Any], object]) -> Callable[[A], A]:
    """Class decorator: ``hook(event)`` is called for each chunk in which items failed."""
    return _hook("on_batch_error", hook)


class _Function(Agent):
    """A function of the context as a stage."""

    def __init__(self, function: Callable[[StageContext], Any], **declared: Any) -> None:
        self.function = function
        _declare(self, function, declared)

    def run(self, context: StageContext) -> Any:
        """Calls the function."""
        return self.function(context)


class _PerItem(Agent):
    """A function of one item as a stage; an item for which it raises fails alone."""

    def __init__(self, function: Callable[[Any], Any], over: str | None, **declared: Any) -> None:
        self.function = function
        self.over = over
        _declare(self, function, declared)

    def run(self, context: StageContext) -> list[Any]:
        """Calls the function once per item."""
        items = context.batch.items if context.batch else context[self.over or only_list(context)]
        return [_called(self.function, item) for item in items]


def _called(function: Callable[[Any], Any], item: Any) -> Any:
    try:
        return function(item)
    except (Pause, StoreError):
        raise
    except Exception as error:  # noqa: BLE001 - the edge of an item; it is recorded
        return ItemFailure(error)


def _declare(agent: Agent, function: Callable[..., Any], declared: Mapping[str, Any]) -> None:
    check_callable(declared.get("name") or _name_of(function), "function", function)
    name = declared.get("name") or _name_of(function)
    for key, value in {**declared, "name": name}.items():
        object.__setattr__(agent, key, value)


def _name_of(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", type(function).__name__)


def stage(
    function: Callable[[StageContext], Any],
    *,
    name: str = "",
    reads: tuple[str, ...] | None = None,
    writes: Mapping[str, Any] | tuple[str, ...] | None = None,
    shape: Shape = "map",
    version: object = None,
) -> Agent:
    """A stage that calls ``function(context)``; the rest is as in `Agent`."""
    return _Function(function, name=name, reads=reads, writes=writes, shape=shape, version=version)


def mapped(
    function: Callable[[Any], Any],
    *,
    over: str | None = None,
    name: str = "",
    version: object = None,
) -> Agent:
    """A stage that puts ``function(item)`` in the place of each item."""
    return _PerItem(function, over, name=name, shape="map", version=version)


def filtered(
    function: Callable[[Any], object],
    *,
    over: str | None = None,
    name: str = "",
    version: object = None,
) -> Agent:
    """A stage that keeps the items for which ``function(item)`` is true."""
    return _PerItem(function, over, name=name, shape="filter", version=version)


def flat_mapped(
    function: Callable[[Any], Any],
    *,
    over: str | None = None,
    name: str = "",
    version: object = None,
) -> Agent:
    """A stage that puts the items of ``function(item)`` in the place of each item."""
    return _PerItem(function, over, name=name, shape="flat_map", version=version)


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
