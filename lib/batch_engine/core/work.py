"""What a work function gets and gives: the chunk's context, and failures of single items."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from batch_engine.core.errors import ContractError, Pause, StoreError, TaskError
from batch_engine.core.events import Event, ListenerFailure
from batch_engine.core.records import ErrorRecord

__all__ = ["ChunkContext", "ItemFailure", "Work", "WorkAnswer", "each"]

T = TypeVar("T")
R = TypeVar("R")


class ItemFailure:
    """Stands in an answer where an item has no result; the rest of the chunk is not affected.

    The exception's type decides whether the item is tried again; a plain text is a `TaskError`.

    >>> ItemFailure("no such class").error
    TaskError('no such class')
    """

    __slots__ = ("error",)

    def __init__(self, error: Exception | str) -> None:
        self.error = TaskError(error) if isinstance(error, str) else error

    def __repr__(self) -> str:
        return f"ItemFailure({self.error!r})"


@dataclass(frozen=True)
class ChunkContext(Generic[T, R]):
    """What a work function can know about its call, and how it hands over items early.

    ``number`` is the chunk's (from 1). ``keys`` are those of the items and ``attempts`` the
    number of this attempt at each (from 1), in their order; ``attempt`` is the highest of them.
    Attempts count on in another process when the one before was paused or died. ``previous``
    holds, on a further attempt, why an item failed in its last one, by key. ``memo`` is empty at
    first and the same for all attempts of this process at this chunk: what a failed attempt had
    finished can wait there for the next one.
    """

    step: str
    number: int
    attempt: int
    keys: tuple[str, ...]
    previous: Mapping[str, ErrorRecord] = field(default_factory=dict)
    memo: dict[Any, Any] = field(default_factory=dict, repr=False)
    attempts: tuple[int, ...] = ()
    _complete: Callable[[T | None, str | None, R, bool], None] = field(kw_only=True, repr=False)
    _fail: Callable[[T | None, str | None, Exception], None] | None = field(
        default=None, kw_only=True, repr=False
    )
    _tell: Callable[[Event], None] | None = field(default=None, kw_only=True, repr=False)
    _note: Callable[[ListenerFailure], None] | None = field(default=None, kw_only=True, repr=False)

    def complete(self, item: T, result: R) -> None:
        """Stores the result of one item of this chunk now; when it returns, a crash, a pause or
        a failure of the rest cannot lose it. May be called from any thread.

        Raises `ContractError` if the item is not one of this call, or was completed before.
        """
        self._complete(item, None, result, False)

    def complete_key(self, key: str, result: R, *, amend: bool = False) -> None:
        """As `complete`, for the item with this key. With ``amend`` it replaces a result that
        was completed before; the replacement is stored with the rest of the chunk."""
        self._complete(None, key, result, amend)

    def fail(self, item: T, error: Exception | str) -> None:
        """Stores now that this attempt at one item of this chunk failed; when it returns, a
        crash, a pause or a failure of the rest cannot make it forgotten. The retry policy
        decides as for an `ItemFailure`: an item that may be tried again waits for the others
        of its chunk, its attempt counted; else it has failed for good and is announced.

        Raises `ContractError` as `complete` does.

        >>> context.fail(item, "no such class")
        """
        self._fail_early(item, None, error)

    def fail_key(self, key: str, error: Exception | str) -> None:
        """As `fail`, for the item with this key."""
        self._fail_early(None, key, error)

    def _fail_early(self, item: T | None, key: str | None, error: Exception | str) -> None:
        if self._fail is None:
            raise ContractError("this context was made by hand: there is nothing to store into")
        self._fail(item, key, ItemFailure(error).error)

    def note(self, failure: ListenerFailure) -> None:
        """Puts a failure of a callback, which cost no result, into the run's report, from a
        worker process too (`RunResult.listener_failures`)."""
        if self._note is not None:
            self._note(failure)

    @property
    def listening(self) -> bool:
        """Whether anyone listens; if not, an event need not be made."""
        return self._tell is not None

    def tell(self, event: Event) -> None:
        """Sends an event to the run's listeners, from a worker process too (`Event.at_ns`)."""
        if self._tell is not None:
            self._tell(event)


WorkAnswer = Sequence[R | ItemFailure] | Mapping[str, R | ItemFailure] | None
"""One result per item in the items' order, or results by key. Of a list, the items that were
completed or failed early may be left out; None will do if all were. An item that has no result,
in a mapping or after early ones, is a `MissingResultError`."""

Work = Callable[[list[T], ChunkContext[T, R]], WorkAnswer[R]]
"""Does a whole chunk: ``work(items, context)``."""


def each(function: Callable[[T], R]) -> Work[T, R]:
    """The work function that calls ``function`` once per item; an item that raises fails alone.

    It can be sent to worker processes if ``function`` can.

    >>> work = each(int)
    >>> work(["1", "x"], context)
    [1, ItemFailure(ValueError("invalid literal for int() with base 10: 'x'"))]
    """
    return _Each(function)


@dataclass(frozen=True, slots=True)
class _Each(Generic[T, R]):
    function: Callable[[T], R]

    def __call__(self, items: list[T], context: ChunkContext[T, R]) -> list[R | ItemFailure]:
        answer: list[R | ItemFailure] = []
        for item in items:
            try:
                answer.append(self.function(item))
            except (Pause, StoreError):
                raise
            except Exception as error:  # noqa: BLE001 - the edge of an item; it is recorded
                answer.append(ItemFailure(error))
        return answer
