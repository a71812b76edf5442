"""One run of a pipeline: its steps one after the other, its chunks handed out on the way."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from batch_engine.core import (
    ConfigurationError,
    Emitter,
    ListenerFailure,
    RunCompleted,
    RunStarted,
    TaskError,
)
from batch_engine.core.failpoints import failpoint
from batch_engine.pipeline.agent import Agent, StageContext, only_list
from batch_engine.pipeline.answers import check_declared_fields, fields_merged, matched
from batch_engine.pipeline.executor import PipelineBatchExecutor
from batch_engine.pipeline.flow import Chain, Flow, Parallel
from batch_engine.pipeline.items import Elements, ItemResult
from batch_engine.pipeline.reducers import FieldMerge
from batch_engine.pipeline.results import BatchReport, BatchResult, PipelineResult, ScopeReport
from batch_engine.pipeline.scope import BatchingScope, PlanStep
from batch_engine.pipeline.settings import RunSettings
from batch_engine.pipeline.stage_log import StageLog

if TYPE_CHECKING:
    from batch_engine.pipeline.pipeline import Pipeline

__all__ = ["PipelineStream", "Start"]

_KEPT_BATCHES = 1_000


@dataclass(frozen=True, slots=True)
class Start:
    """Where a run begins: the fields, the first step, and results that are known, by scope."""

    context: Mapping[str, Any]
    step: int = 0
    known: Mapping[str, Mapping[str, ItemResult]] = field(default_factory=dict)
    keys: tuple[str, ...] = ()


class PipelineStream:
    """An iterator over the chunks of a run. ``result`` tells how far it came: also during the
    run, and after an exception (``stopped`` is then "unfinished")."""

    def __init__(
        self, pipeline: Pipeline, start: Start, settings: RunSettings, *, keep: bool
    ) -> None:
        self._pipeline = pipeline
        self._settings = settings
        self._keep = keep
        self._start = start
        self._emitter = Emitter(settings.listeners)
        self._fields: dict[str, Any] = dict(start.context)
        self._entries: dict[int, dict[str, Any]] = {}
        self._executors: dict[int, PipelineBatchExecutor] = {}
        self._reports: list[ScopeReport] = []
        self._warnings: list[str] = []
        self._hook_failures: list[ListenerFailure] = []
        self._listener_failures: list[ListenerFailure] = []
        self._stopped = ""
        self._finished = False
        self._begun = settings.clock()
        self._batches = self._drive()

    def __iter__(self) -> Iterator[BatchResult]:
        """The stream itself: it can be read once."""
        return self

    def __next__(self) -> BatchResult:
        """The next chunk, when it is stored."""
        return next(self._batches)

    def __enter__(self) -> Self:
        """The stream itself; leaving the block closes it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """See `close`."""
        self.close()

    def close(self) -> None:
        """Ends the run early: nothing new is started; what was finished is stored."""
        self._batches.close()

    @property
    def result(self) -> PipelineResult:
        """The result so far. Lists that were only streamed are not in it."""
        return PipelineResult(
            context=dict(self._fields),
            scopes=tuple(self._reports),
            run_id=self._settings.run_id,
            elapsed_s=self._settings.clock() - self._begun,
            stopped=self._stopped or ("" if self._finished else "unfinished"),
            warnings=tuple(self._warnings),
            hook_failures=tuple(self._hook_failures),
            listener_failures=(*self._listener_failures, *self._emitter.failures),
            hook_failure_count=sum(run.hook_failure_count for run in self._executors.values()),
            listener_failure_count=self._emitter.failure_counts.total()
            + sum(run.listener_failure_count for run in self._executors.values()),
            _again=self._again if self._keep else None,
        )

    # -- the run ----------------------------------------------------------------------------

    def _drive(self) -> Generator[BatchResult, None, None]:
        name, clock = self._pipeline.name, self._settings.clock
        self._emitter.emit(RunStarted(step=name))
        status = "interrupted"
        try:
            plan = self._pipeline._plan
            for number in range(self._start.step, len(plan)):
                step = plan[number]
                if isinstance(step, BatchingScope):
                    yield from self._scope(number, step, last=number == len(plan) - 1)
                    if self._stopped:
                        break
                else:
                    self._plain(step)
            status = "completed" if not self._stopped else self._stopped
            self._finished = True
        finally:
            elapsed = clock() - self._begun
            self._emitter.emit(RunCompleted(step=name, status=status, elapsed_s=elapsed))

    def _scope(self, number: int, scope: BatchingScope, *, last: bool) -> Iterator[BatchResult]:
        keep = self._keep or not last
        self._entries[number] = dict(self._fields)
        executor = PipelineBatchExecutor(
            scope,
            self._settings,
            keep,
            self._start.known.get(scope.name, {}),
            self._start.keys if number == self._start.step else (),
        )
        self._executors[number] = executor
        begun = self._settings.clock()
        results: list[Any] = []
        failed: list[BatchReport] = []
        merge = FieldMerge(scope.options.reduce)
        warnings: dict[str, None] = {}
        count = 0
        batches = executor.stream(self._fields)
        stopped = "unfinished"
        try:
            for batch in batches:
                count += 1
                warnings.update(dict.fromkeys(batch.warnings))
                if keep:
                    results.extend(batch.results)
                    merge.add(batch.fields)
                if not batch.ok and len(failed) < _KEPT_BATCHES:
                    failed.append(batch.report())
                yield batch
                del batch  # nobody keeps a chunk while the next one is worked on
            stopped = executor.stopped
        finally:
            cast(Any, batches).close()
            self._stopped = executor.stopped
            warnings.update(dict.fromkeys(merge.warnings))
            self._warnings += [*warnings, *(executor.warnings if not stopped else ())]
            self._hook_failures += executor.hook_failures
            self._listener_failures += executor.listener_failures
            self._reports.append(
                ScopeReport(
                    name=scope.name,
                    field=executor.field_name,
                    counts=executor.counts,
                    batch_count=count,
                    failed_batches=tuple(failed),
                    stopped=stopped,
                    elapsed_s=self._settings.clock() - begun,
                    fingerprint=executor.fingerprint,
                )
            )
            if executor.field_name:
                self._entries[number][executor.field_name] = executor.unread(
                    self._fields[executor.field_name]
                )
                if keep:
                    self._fields.update({**merge.fields, executor.field_name: results})
                else:
                    del self._fields[executor.field_name]
        failpoint("before_terminator")

    def _again(self, options: Mapping[str, Any]) -> PipelineResult:
        """Runs from the first scope with failures on, with what is known of every scope."""
        begin = next(
            number
            for number, executor in sorted(self._executors.items())
            if executor.counts.failed or executor.stopped
        )
        known = dict(self._start.known)
        for executor in self._executors.values():
            # With what is known from before: a run that was stopped has not come to all of it.
            name = executor.scope.name
            known[name] = {**known.get(name, {}), **executor.done}
        settings = {
            name: getattr(self._settings, name)
            for name in RunSettings.__dataclass_fields__
            if name not in ("hooks", "listeners", "run_id", "on_error", "max_failures")
        }
        keys = tuple(self._executors[begin].keys)
        start = Start(self._entries[begin], begin, known, keys)
        return self._pipeline._run(start, {**settings, **options})

    # -- stages outside scopes --------------------------------------------------------------

    def _plain(self, step: PlanStep) -> None:
        note = f"in pipeline {self._pipeline.name!r}"
        try:
            written = self._apply(cast(Flow, step), self._fields)
        except StopIteration as error:  # a generator, as which a run is driven, cannot raise it
            raise TaskError(f"a stage raised StopIteration, {note}") from error
        except BaseException as error:
            error.add_note(note)
            raise
        self._fields.update(written)

    def _apply(self, node: Flow, fields: Mapping[str, Any], within: str = "") -> dict[str, Any]:
        if isinstance(node, Chain):
            written: dict[str, Any] = {}
            for part in node.parts:
                written |= self._apply(part, {**fields, **written}, within)
            return written
        if isinstance(node, Parallel):
            return self._side_by_side(node, fields, within)
        return self._run_agent(cast(Agent, node), fields, within)

    def _side_by_side(
        self, node: Parallel, fields: Mapping[str, Any], within: str
    ) -> dict[str, Any]:
        """Branches are parts of one step, which is told of if any of their stages is."""
        told = any(agent.announced for agent in node.agents())
        group = StageLog(
            self._emitter if told else Emitter(), node.label, self._settings.clock, within
        )
        with (
            group,
            ThreadPoolExecutor(len(node.branches), thread_name_prefix="branch") as threads,
        ):
            futures = [
                threads.submit(self._apply, branch, fields, node.label) for branch in node.branches
            ]
            results = [future.result() for future in futures]
            return fields_merged(results, [branch.label for branch in node.branches], None)

    def _run_agent(self, agent: Agent, fields: Mapping[str, Any], within: str) -> dict[str, Any]:
        emitter = self._emitter if agent.announced else Emitter()
        step = StageLog(emitter, agent.label, self._settings.clock, within)
        errors = {key: record for scope in self._reports for key, record in scope.errors.items()}
        with step:
            failpoint("before_stage")
            answer = agent.run(
                StageContext(fields, stage=agent.label, advance=step.advance, errors=errors)
            )
            failpoint("after_stage")
            return _fields_of(agent, answer, fields)


def _fields_of(agent: Agent, answer: object, fields: Mapping[str, Any]) -> dict[str, Any]:
    """What a stage outside scopes writes; a list stands for the items of a list field."""
    if answer is None:
        return {}
    if isinstance(answer, Mapping):
        check_declared_fields(agent, answer)
        return dict(answer)
    if not isinstance(answer, list | tuple):
        raise ConfigurationError(
            f"stage {agent.label!r} returned {type(answer).__name__}",
            hint="return a mapping of the fields it writes, or None",
        )
    name = getattr(agent, "over", None) or only_list(fields, agent.label)
    values = list(fields[name])
    live = Elements(range(len(values)), tuple(map(str, range(len(values)))), values)
    after, failures, _ = matched(agent, answer, live, name)
    if failures:
        raise next(iter(failures.values()))
    return {name: list(after.values)}
