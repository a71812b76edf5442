"""The main job: analysis, templates, agents, enhancement, guides, package, validation.

The codebase is scanned; if that shows another codebase than the package was made from, the
phases run as a pipeline. The package is built beside its target and moved into place when it
has been validated. (DESIGN section 3; seed 002.)
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from batch_engine.core import (
    Event,
    Listener,
    RunStore,
    StepStarted,
    fingerprint,
)
from batch_engine.pipeline import Pipeline, PipelineResult
from template_creation.agents import AgentEnhancer, Ledger, ignore
from template_creation.bridges import AgentBridgeInvoker, identity_of
from template_creation.create.bridging import open_bridge, put_request_away
from template_creation.create.documents import Material
from template_creation.create.pauses import SetAside, kept_at_a_pause, put_back
from template_creation.create.runs import (
    RunRecord,
    begin_run,
    resume_run,
    run_open,
    settle,
    settled_places,
)
from template_creation.create.stages import FIELDS, Job, phases, without_grammar
from template_creation.create.state import durability_for, forget_results, open_store, state_copy
from template_creation.create.survey import codebase_digest, forget_others, parsable
from template_creation.create.values import CreateOptions, CreateResult, PlannedFile
from template_creation.errors import AnalysisError
from template_creation.evidence import LoadedMemories, load_memories
from template_creation.exchange import load_prices
from template_creation.package import (
    agent_files,
    check_name,
    is_current,
    planned_changes,
    staging_folder,
)
from template_creation.phases import WorkflowPhase
from template_creation.scan import scan_codebase
from template_creation.values.analysis import Analysis
from template_creation.values.source import Codebase
from template_creation.version import version

__all__ = ["create_template"]

_TITLES = frozenset(phase.title for phase in WorkflowPhase)


def create_template(
    options: CreateOptions,
    *,
    bridge: AgentBridgeInvoker | None = None,
    listeners: Sequence[Listener] = (),
    notify: Callable[[str], None] = ignore,
) -> CreateResult:
    """Make the package ``options.name`` from the codebase at ``options.path``.

    ``bridge`` answers the batch request for all agents; without it the one that ``options``
    choose. Listeners get the events of `batch_engine.core`, one step per phase; ``notify`` gets
    what a person should read before it happens, such as what a request will cost.

    Raises `BadInput`, `AnalysisError`, `GenerationError`, `ValidationFailed`, `WriteError`, or
    `InvocationPending` where the bridge waits for an answer. The codebase is never written to.

    >>> result = create_template(CreateOptions(name="shop", path=Path("../shop")))
    >>> result.status
    'done'
    """
    check_name(options.name)
    wanted = None if options.resume else settle(options)
    seconds = _Seconds()
    with _store(options, wanted) as store:
        if options.fresh:
            forget_results(store)
        run = (
            begin_run(store, wanted, fresh=options.fresh)
            if wanted is not None
            else resume_run(store, options.name, _asked(options))
        )
        with run_open(store, run), ExitStack() as stack:
            ask = bridge or open_bridge(run, options.state_folder, options.prices)
            work = _Run(run, options, ask, store, [*listeners, seconds], notify)
            result = _made(work, stack)
        if not options.dry_run:
            put_request_away(run, options.state_folder)
    return replace(result, seconds=seconds.taken())


def _asked(options: CreateOptions) -> dict[str, object]:
    """What ``options`` say of the fields of a run, None where they leave it open."""
    return {
        "path": options.path and str(options.path.expanduser().resolve()),
        "output": options.output and str(options.output.expanduser().resolve()),
        "max_templates": options.max_templates,
        "with_agents": options.with_agents,
        "enhancement": options.enhancement,
        "memories": None if options.memories is None else settled_places(options.memories),
        **options.expected,
    }


@dataclass(frozen=True, slots=True)
class _Run:
    """All that a run works with."""

    run: RunRecord
    options: CreateOptions
    bridge: AgentBridgeInvoker
    store: RunStore
    listeners: Sequence[Listener]
    notify: Callable[[str], None]

    @property
    def target(self) -> Path:
        return Path(self.run.output)


def _store(options: CreateOptions, wanted: RunRecord | None) -> AbstractContextManager[RunStore]:
    """The store of this run; a copy of it for a dry run, which writes nothing."""
    if options.dry_run:
        return state_copy(options.state_folder)
    return open_store(
        options.state_folder,
        durability=durability_for(wanted),
        resume=options.name if options.resume else "",
    )


def _made(work: _Run, stack: ExitStack) -> CreateResult:
    aside = SetAside(work.target, work.options.state_folder)
    if work.options.resume:
        put_back(work.store, work.target, aside, there=agent_files(work.target))
        aside.tell(work.notify)
    with kept_at_a_pause(work.store, work.target, agent_files(work.target)):
        result = _package(work, stack)
    told = [f"{item.place} {item.message} ({item.fix})" for item in aside.issues]
    return replace(result, warnings=(*result.warnings, *told))


def _package(work: _Run, stack: ExitStack) -> CreateResult:
    codebase = _scan(Path(work.run.path), work.store, work.listeners)
    memories = load_memories(work.run.memories)
    inputs = _inputs(codebase, work, memories)
    options = work.options
    if not options.fresh and is_current(work.target, inputs):
        return CreateResult(
            status="unchanged",
            name=work.run.name,
            package=work.target,
            files=len(codebase.files),
            excluded=codebase.excluded,
        )
    folder = _scratch() if options.dry_run else staging_folder(work.target)
    job = Job(work.run, inputs, lambda: stack.enter_context(folder), memories.records)
    result = _run(work, job, codebase)
    if not memories.records:
        return result
    told = () if work.run.with_agents else ("without agents nobody reads the memories",)
    warnings = (*result.warnings, *(f"memory {text}" for text in memories.warnings), *told)
    return replace(result, warnings=warnings, memories_read=len(memories.records))


class _Seconds:
    """Listens how long each phase takes: from its start to the start of the next."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._phase = WorkflowPhase.ANALYSIS.title
        self._since = time.perf_counter()

    def __call__(self, event: Event) -> None:
        if isinstance(event, StepStarted) and event.step in _TITLES:
            self.taken()
            self._phase = event.step

    def taken(self) -> dict[str, float]:
        """Phase titles to seconds, up to now."""
        now = time.perf_counter()
        self._seconds[self._phase] = self._seconds.get(self._phase, 0.0) + now - self._since
        self._since = now
        return self._seconds


def _scan(root: Path, store: RunStore, listeners: Sequence[Listener]) -> Codebase:
    codebase = scan_codebase(root, store=store, listeners=listeners)
    if not codebase.files:
        left_out = ", ".join(f"{n} {reason}" for reason, n in codebase.excluded_by_reason.items())
        raise AnalysisError(
            f"there is nothing to learn from in {str(root)!r}: no usable text file"
            + (f" (left out: {left_out})" if left_out else ""),
            hint="point --path at the root of a codebase",
        )
    return codebase


def _inputs(codebase: Codebase, work: _Run, memories: LoadedMemories) -> str:
    """The fingerprint of everything that shapes the package."""
    told = [record.to_text() for record in memories.records]
    return fingerprint(
        {
            **({"memories": told} if told else {}),
            "codebase": codebase_digest(codebase),
            "name": work.run.name,
            "max_templates": work.run.max_templates,
            "agents": work.run.with_agents,
            "bridge": identity_of(work.bridge),
            "contract": work.run.enhancement.contract,
            "version": version(),
        }
    )


@contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="template-create-") as folder:
        yield Path(folder)


def _run(work: _Run, job: Job, codebase: Codebase) -> CreateResult:
    """All phases; in a dry run only the offline bridge is asked."""
    dry_run = work.options.dry_run
    enhancer = AgentEnhancer(
        work.bridge,
        options=work.run.enhancement,
        ledger=Ledger(work.store, run=work.run.run_id),
        max_cost_usd=work.options.max_cost_usd,
        prices=load_prices(work.options.prices),
        notify=ignore if dry_run else work.notify,
        dry_run=dry_run,
    )
    flow = phases(codebase, work.run, enhancer, dry_run=dry_run)
    done = Pipeline(flow, name="template-create", inputs=FIELDS, listeners=work.listeners).run(
        {"job": job, "codebase": codebase, "files": parsable(codebase), "specs": ()},
        store=work.store,
        **({"sleep": ignore} if dry_run else {}),
    )
    forget_others(work.store, codebase, done.scopes[0])
    result = _result(work, done)
    return _planned(work, enhancer, done["material"], result) if dry_run else result


def _result(work: _Run, done: PipelineResult) -> CreateResult:
    material: Material = done["material"]
    enhanced = done["enhanced"]
    return CreateResult(
        status="done" if enhanced.is_complete else "partial",
        name=work.run.name,
        package=work.target,
        files=len(material.codebase.files),
        templates=tuple(material.build.templates),
        agents=enhanced.agents,
        excluded=material.codebase.excluded,
        dropped=tuple((item.path, item.bar, item.reason) for item in material.build.dropped),
        copier_excluded=material.copier.excluded,
        placement=done.context.get("placement"),
        warnings=(
            *material.codebase.notes,
            *_warnings(material.analysis),
            *(f"{item.path}:{item.line}: {item.message}" for item in material.analysis.problems),
            *(f"{item.listener}: {item.error}" for item in done.listener_failures),
        ),
        errors=enhanced.errors,
        usage=enhanced.usage,
        memories=material.analysis.memories,
    )


def _warnings(analysis: Analysis) -> tuple[str, ...]:
    unread = without_grammar(analysis)
    if not unread:
        return ()
    return (
        f"most of this code is {unread}, which has no grammar here: templates, habits and agents "
        "are about the rest",
    )


def _planned(
    work: _Run, enhancer: AgentEnhancer, material: Material, result: CreateResult
) -> CreateResult:
    """What a real run would write, and what would be sent to a model."""
    changes = planned_changes(material.staged, work.target)
    files = tuple(
        PlannedFile(path, (material.staged / path).stat().st_size, change)
        for path, change in sorted(changes.items())
    )
    result = replace(result, status="planned", plan=files)
    if not material.agents:
        return result
    plan, planner = enhancer.planned, enhancer.planner
    report = planner.report(plan, max_cost_usd=work.options.max_cost_usd)
    return replace(result, prompts=planner.prompts(plan), requests=report)
