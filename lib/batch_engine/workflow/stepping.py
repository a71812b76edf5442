"""The way through the steps of a run: one by one, or side by side where ``depends_on`` lets them.

A step that failed ends the run, unless ``on_error`` goes on after it or somewhere else; steps that
are under way then come to their end, and only ``always_run`` ones are begun.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from threading import Lock

from batch_engine.core import Event, Listener
from batch_engine.workflow.definition import Step, Workflow
from batch_engine.workflow.order import in_order, is_graph, waits_for
from batch_engine.workflow.rendering import RunContext, error_view
from batch_engine.workflow.report import StepReport
from batch_engine.workflow.state import WorkflowState
from batch_engine.workflow.step_runner import Changed, Mode, StepRunner

__all__ = ["Stepping"]

_SIDE_BY_SIDE = 4
"""Steps at the same time, unless ``settings.max_workers`` says otherwise."""


class Stepping:
    """Runs the steps of a flow; then ``reports`` has what came of each, and ``halted`` says why
    the run ended, if it did before its end."""

    def __init__(
        self,
        workflow: Workflow,
        run: RunContext,
        state: WorkflowState,
        *,
        mode: Mode,
        changed: Changed,
        listeners: Iterable[Listener],
    ) -> None:
        self.reports: dict[str, StepReport] = {}
        self.halted = ""
        self._workflow = workflow
        self._run = run
        self._state = state
        self._mode: Mode = mode
        self._changed: Changed = changed
        self._listeners = tuple(listeners)
        self._dirty: dict[str, bool] = {}

    def go(self, steps: Sequence[Step]) -> None:
        """Runs the steps, those that it is not their turn to be run told as skipped."""
        planned = in_order(steps)
        queue = self._side_by_side(planned) if is_graph(planned) else planned
        self._one_by_one(queue)
        for step in planned:
            if step.name not in self.reports:
                reason = "not reached" if self.halted else "the run went another way"
                told = StepReport(step.name, step.spec.task, "skipped", reason=reason)
                self.reports[step.name] = told
        self.reports = {
            name: self.reports[name]
            for name in dict.fromkeys([*(step.name for step in planned), *self.reports])
        }

    def _one_by_one(self, queue: list[Step]) -> None:
        runner = self._runner(self._run, self._listeners, dirty=any(self._dirty.values()))
        while queue:
            step, *queue = queue
            if step.name in self.reports or (self.halted and not step.spec.always_run):
                continue
            report = self.reports[step.name] = runner.run(step, len(self.reports))
            if report.status == "failed":
                jump = self._after_failure(step, report)
                queue = queue if jump is None else jump

    def _side_by_side(self, planned: list[Step]) -> list[Step]:
        """Runs the steps as soon as nothing that they wait for is left. Returns what is to be run
        one by one after them: where a failure leads to."""
        needs = waits_for(planned)
        waiting = list(enumerate(planned))
        running: dict[Future[StepReport], tuple[Step, RunContext, StepRunner]] = {}
        listeners = _one_at_a_time(self._listeners)
        jump: list[Step] | None = None
        stopped: BaseException | None = None

        most = self._workers()
        with ThreadPoolExecutor(most, thread_name_prefix="step") as pool:
            while True:
                ahead = {s.name for _, s in waiting if not self.halted or s.spec.always_run}
                ahead |= {step.name for step, _, _ in running.values()}
                for position, step in [] if stopped or jump is not None else list(waiting):
                    if step.name not in ahead or needs[step.name] & ahead:
                        continue
                    if len(running) == most:
                        break
                    waiting.remove((position, step))
                    view = self._view()
                    dirty = any(self._dirty.get(name, False) for name in needs[step.name])
                    runner = self._runner(view, listeners, dirty=dirty)
                    running[pool.submit(runner.run, step, position)] = (step, view, runner)
                if not running:
                    break
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    step, view, runner = running.pop(future)
                    if (error := future.exception()) is not None:
                        stopped = stopped or error  # a pause, say: the others come to their end
                        continue
                    self._dirty[step.name] = runner.dirty
                    report = self.reports[step.name] = future.result()
                    seen = view.variables["steps"]
                    if step.name in seen:
                        self._run.variables["steps"][step.name] = seen[step.name]
                    if report.status == "failed":
                        jump = self._after_failure(step, report) or jump
        if stopped is not None:
            raise stopped
        return jump or []

    def _view(self) -> RunContext:
        """What a step sees while others go on: the results that are there when it begins."""
        variables = self._run.variables
        return replace(self._run, variables={**variables, "steps": dict(variables["steps"])})

    def _runner(self, run: RunContext, listeners: Iterable[Listener], *, dirty: bool) -> StepRunner:
        return StepRunner(
            run,
            self._state,
            mode=self._mode,
            changed=self._changed,
            listeners=listeners,
            dirty=dirty,
        )

    def _workers(self) -> int:
        given = self._workflow.settings.get("max_workers")
        whole = isinstance(given, int) and not isinstance(given, bool) and given > 0
        return given if whole else _SIDE_BY_SIDE  # type: ignore[return-value]  # `whole` says so

    def _after_failure(self, step: Step, report: StepReport) -> list[Step] | None:
        """Ends the run if nothing else was said. Returns the steps that are to be run instead of
        those that are left, if the failure leads somewhere."""
        on_error, run = step.spec.on_error, self._run
        run.variables["error"] = error_view(step.name, report.error)
        message = f"step {step.name!r} failed: {report.message}"
        if on_error and on_error.message:
            told = run.message(step, on_error.message)
            message = f"step {step.name!r} failed: {told}"
            if not report.reused:
                run.services.say(told)
        if on_error and on_error.next:
            every = in_order(self._workflow.steps)
            names = [entry.name for entry in every]
            return every[names.index(on_error.next) :]
        if not on_error or on_error.action != "continue":
            self.halted = self.halted or message
        return None


def _one_at_a_time(listeners: Iterable[Listener]) -> list[Listener]:
    lock = Lock()

    def locked(listener: Listener) -> Callable[[Event], None]:
        def listen(event: Event) -> None:
            with lock:
                listener(event)

        return listen

    return [locked(listener) for listener in listeners]
