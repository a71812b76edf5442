"""One step on its way: chunks planned, run, counted and handed out one by one."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

from batch_engine.core.chunk_run import ChunkRun
from batch_engine.core.chunks import Chunk, Chunker
from batch_engine.core.errors import ConfigurationError, StoreError
from batch_engine.core.events import Counts, StepCompleted, StepFailed, StepStarted
from batch_engine.core.failpoints import failpoint
from batch_engine.core.plan import ChunkPlan, Settings, Todos
from batch_engine.core.pools import ChunkPool
from batch_engine.core.records import error_record
from batch_engine.core.results import ChunkResult, Outcome

__all__ = ["StepRun", "Stop"]

T = TypeVar("T")
R = TypeVar("R")
Stop = Literal["", "fail_fast", "max_failures"]


@dataclass(slots=True, kw_only=True)
class StepRun(Generic[T, R]):
    """The state of one call of the runner; it keeps counts and no results.

    With ``distinct`` every key of the run is remembered, so that an item which occurs again is
    not run again. Without, a chunk knows its own keys only, and the store knows the others.
    With ``ordered`` chunks are handed out in input order, whatever the order of work.
    """

    settings: Settings[T, R]
    chunker: Chunker[T]
    on_error: Literal["continue", "fail_fast"]
    max_failures: int | None
    known: Mapping[str, R]
    distinct: bool
    ordered: bool
    pool: Callable[[Settings[T, R]], ChunkPool[T, R]] | None
    counts: Counts = field(default_factory=Counts)
    stopped: Stop = ""
    elapsed_s: float = 0.0
    _claimed: set[str] = field(default_factory=set)
    _look_up: bool = False
    _going_on: bool = False

    def chunks(
        self, items: Iterable[T], total: int | None
    ) -> Generator[ChunkResult[R], None, None]:
        """The finished chunks; each is stored and announced before it is handed out."""
        settings = self.settings
        started = settings.clock()
        settings.emitter.emit(StepStarted(step=settings.step.name, total=total))
        with self._telling_of_failure(started):
            if settings.store is not None:
                stored = settings.store.begin_step(settings.step)
                self._look_up = bool(stored.ok) or not self.distinct
                self._going_on = bool(stored.failed or stored.waiting)
            plans = (self._plan(chunk) for chunk in self.chunker.split(items))
            results = self._in_turn(plans) if self.pool is None else self._in_pool(plans, self.pool)
            with closing(results), self._finishing():
                for result in results:
                    self._count(result)
                    yield result
                    del result  # or it would be kept while the next chunk is worked on
            failpoint("before_merge")
        self.elapsed_s = settings.clock() - started
        settings.emitter.emit(
            StepCompleted(step=settings.step.name, counts=self.counts, elapsed_s=self.elapsed_s)
        )

    # -- planning ---------------------------------------------------------------------------

    def _plan(self, chunk: Chunk[T]) -> ChunkPlan[T, R]:
        settings = self.settings
        keys = _keys_of(chunk, settings.key)
        if set(map(type, keys)) != {str} or not all(keys):
            raise _bad_key(keys, chunk.start)
        positions = range(chunk.start, chunk.start + chunk.size)
        todo: Todos[T] = Todos(keys, chunk.items, positions, (0,) * chunk.size)
        claimed = self._claimed if self.distinct else set()
        if len(set(keys)) == len(keys) and claimed.isdisjoint(keys):
            claimed.update(keys)
        else:
            todo = Todos.of(entry for entry in todo if _claim(entry.key, claimed))
        loaded = self._load(todo.keys, chunk.number)
        if loaded:
            todo = Todos.of(entry for entry in todo if entry.key not in loaded)
        plan: ChunkPlan[T, R] = ChunkPlan(
            chunk.number, chunk.size, todo, tuple(loaded.values()), keys
        )
        return plan.going_on(settings) if self._going_on else plan

    def _load(self, fresh: Sequence[str], number: int) -> dict[str, Outcome[R]]:
        settings, known = self.settings, self.known
        loaded = {
            key: Outcome(key, "loaded", known[key], None, 0, number)
            for key in (fresh if known else ())
            if key in known
        }
        if settings.store is None or not self._look_up:
            return loaded
        asked = [key for key in fresh if key not in loaded]
        rows = settings.store.get_many(settings.step, asked)
        failpoint("during_load")
        stored = {
            name: Outcome(name, "loaded", settings.loaded(row), None, 0, number)
            for name, row in rows.items()
            if row.status == "ok"
        }
        if not loaded and not stored:
            return {}
        return {
            key: stored.get(key) or loaded[key] for key in fresh if key in stored or key in loaded
        }

    # -- running ----------------------------------------------------------------------------

    def _in_turn(self, plans: Iterator[ChunkPlan[T, R]]) -> Generator[ChunkResult[R], None, None]:
        for plan in plans:
            yield ChunkRun(self.settings, plan).run()
            if self.stopped:
                return

    def _in_pool(
        self,
        plans: Iterator[ChunkPlan[T, R]],
        open_pool: Callable[[Settings[T, R]], ChunkPool[T, R]],
    ) -> Generator[ChunkResult[R], None, None]:
        with open_pool(self.settings) as pool:
            try:
                for plan in plans:
                    pool.submit(plan)
                    if pool.full:
                        yield from pool.collect(ordered=self.ordered)
                    if self.stopped:
                        break
                while pool and not self.stopped:
                    yield from pool.collect(ordered=self.ordered)
            except GeneratorExit:
                pool.settle()
                raise
            except BaseException:
                for result in pool.settle():
                    self._count(result)
                raise
            yield from pool.settle()

    def _count(self, result: ChunkResult[R]) -> None:
        self.counts += result.summary.counts
        observe = getattr(self.chunker, "observe", None)
        if observe is not None:
            observe(result.summary)
        if self.on_error == "fail_fast" and self.counts.failed:
            self.stopped = "fail_fast"
        elif self.max_failures is not None and self.counts.failed > self.max_failures:
            self.stopped = "max_failures"

    # -- ending -----------------------------------------------------------------------------

    @contextmanager
    def _finishing(self) -> Iterator[None]:
        """Tells the store that the run came to its end: by itself, or because its user left it.
        A pause, an error and a killed process do not end it: attempts are counted on then."""
        store, step = self.settings.store, self.settings.step
        if store is None:
            yield
            return
        try:
            yield
        except (GeneratorExit, KeyboardInterrupt) as left:
            with suppress(StoreError):  # a stream that is forgotten is closed after its store
                store.finish_step(step, keep_waiting=isinstance(left, KeyboardInterrupt))
            raise
        store.finish_step(step)

    @contextmanager
    def _telling_of_failure(self, started: float) -> Iterator[None]:
        settings = self.settings
        try:
            yield
        except BaseException as error:
            self.elapsed_s = settings.clock() - started
            settings.emitter.emit(
                StepFailed(
                    step=settings.step.name,
                    counts=self.counts,
                    elapsed_s=self.elapsed_s,
                    error=error_record(error, step=settings.step.name, at=settings.now()),
                )
            )
            raise


def _keys_of(chunk: Chunk[T], key: Callable[[T], str]) -> tuple[str, ...]:
    try:
        return tuple(map(key, chunk.items))
    except ConfigurationError:
        raise
    except Exception as error:
        raise ConfigurationError(
            f"key= raised {type(error).__name__} for one of the items "
            f"{chunk.start} to {chunk.start + chunk.size - 1}: {error}",
            hint="a key has to be there for every item: it is what the result is stored under",
        ) from error


def _claim(key: str, claimed: set[str]) -> bool:
    if key in claimed:
        return False
    claimed.add(key)
    return True


def _bad_key(keys: Sequence[object], start: int) -> ConfigurationError:
    position, key = next(
        (place, key) for place, key in enumerate(keys, start) if type(key) is not str or not key
    )
    return ConfigurationError(
        f"the key of item {position} is {key!r}, expected a text that is not empty",
        hint="1 and '1' would be the same text: say which you mean, e.g. f'id:{item.id}'",
    )
