"""The main job: analysis, templates, agents, enhancement, guides, package, validation.

The codebase is scanned; if that shows another codebase than the package was made from, the
phases run as a pipeline. The package is built beside its target and moved into place when it
has been validated. (DESIGN section 3; seed 002.)
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from batch_engine.core import Event, Listener, RunStore, StepStarted, fingerprint
from batch_engine.pipeline import Pipeline, PipelineResult
from template_creation.agents import (
    AgentEnhancer,
    EnhancementContext,
    build_request,
)
from template_creation.bridges import AgentBridgeInvoker, OfflineBridge
from template_creation.create.documents import Material
from template_creation.create.stages import FIELDS, Job, phases, without_grammar
from template_creation.create.state import open_state
from template_creation.create.survey import codebase_digest, forget_others, parsable
from template_creation.create.values import CreateOptions, CreateResult, PlannedFile
from template_creation.errors import AnalysisError, BadInput
from template_creation.exchange import estimate_tokens, render_batch_prompt
from template_creation.package import (
    check_name,
    check_target,
    default_output,
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
) -> CreateResult:
    """Make the package ``options.name`` from the codebase at ``options.path``.

    ``bridge`` answers the one batch request for all agents; without it they are enhanced by
    extraction. Listeners get the events of `batch_engine.core`, one step per phase.

    Raises `BadInput`, `AnalysisError`, `GenerationError`, `ValidationFailed`, `WriteError`, or
    `InvocationPending` where the bridge waits for an answer. The codebase is never written to.

    >>> result = create_template(CreateOptions(name="shop", path=Path("../shop")))
    >>> result.status
    'done'
    """
    check_name(options.name)
    root = _existing_folder(options.path)
    target = (options.output or default_output(options.name)).expanduser().resolve()
    check_target(target, root)
    bridge = bridge or OfflineBridge()
    seconds = _Seconds()
    with open_state(options) as store:
        codebase = _scan(root, store, [*listeners, seconds])
        inputs = _inputs(codebase, options, bridge)
        if not (options.dry_run or options.fresh) and is_current(target, inputs):
            result = CreateResult(
                status="unchanged",
                name=options.name,
                package=target,
                files=len(codebase.files),
                excluded=codebase.excluded,
            )
        else:
            with ExitStack() as folders:
                folder = _scratch() if options.dry_run else staging_folder(target)
                job = Job(options, target, inputs, lambda: folders.enter_context(folder))
                result = _run(job, codebase, bridge, store, [*listeners, seconds])
    return replace(result, seconds=seconds.taken())


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


def _existing_folder(path: Path) -> Path:
    folder = path.expanduser().resolve()
    if not folder.exists():
        raise BadInput(f"no such codebase: {str(path)!r}", hint="give --path an existing folder")
    if not folder.is_dir():
        raise BadInput(f"the codebase {str(path)!r} is a file", hint="give --path a folder")
    return folder


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


def _inputs(codebase: Codebase, options: CreateOptions, bridge: AgentBridgeInvoker) -> str:
    """The fingerprint of everything that shapes the package."""
    return fingerprint(
        {
            "codebase": codebase_digest(codebase),
            "name": options.name,
            "max_templates": options.max_templates,
            "agents": options.with_agents,
            "bridge": type(bridge).__name__,
            "version": version(),
        }
    )


@contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="template-create-") as folder:
        yield Path(folder)


def _run(
    job: Job,
    codebase: Codebase,
    bridge: AgentBridgeInvoker,
    store: RunStore,
    listeners: Sequence[Listener],
) -> CreateResult:
    """All phases; in a dry run only the offline bridge is asked."""
    ask = bridge if isinstance(bridge, OfflineBridge) or not job.options.dry_run else None
    flow = phases(codebase, job.options, AgentEnhancer(bridge_invoker=ask))
    run = Pipeline(flow, name="template-create", inputs=FIELDS, listeners=listeners).run(
        {"job": job, "codebase": codebase, "files": parsable(codebase), "specs": ()}, store=store
    )
    forget_others(store, codebase, run.scopes[0])
    result = _result(job, run)
    return _planned(job, run["material"], result) if job.options.dry_run else result


def _result(job: Job, run: PipelineResult) -> CreateResult:
    material: Material = run["material"]
    enhanced = run["enhanced"]
    return CreateResult(
        status="done" if enhanced.is_complete else "partial",
        name=job.options.name,
        package=job.target,
        files=len(material.codebase.files),
        templates=tuple(material.build.templates),
        agents=enhanced.agents,
        excluded=material.codebase.excluded,
        dropped=tuple((item.path, item.bar, item.reason) for item in material.build.dropped),
        copier_excluded=material.copier.excluded,
        placement=run.context.get("placement"),
        warnings=(
            *material.codebase.notes,
            *_warnings(material.analysis),
            *(f"{item.path}:{item.line}: {item.message}" for item in material.analysis.problems),
            *(f"{item.listener}: {item.error}" for item in run.listener_failures),
        ),
        errors=enhanced.errors,
    )


def _warnings(analysis: Analysis) -> tuple[str, ...]:
    unread = without_grammar(analysis)
    if not unread:
        return ()
    return (
        f"most of this code is {unread}, which has no grammar here: templates, habits and agents "
        "are about the rest",
    )


def _planned(job: Job, material: Material, result: CreateResult) -> CreateResult:
    """What a real run would write, and what would be sent to a model."""
    context = EnhancementContext(material.analysis, material.build.templates, material.agents)
    prompt = render_batch_prompt(build_request(context, material.agents)) if material.agents else ""
    changes = planned_changes(material.staged, job.target)
    plan = tuple(
        PlannedFile(path, (material.staged / path).stat().st_size, change)
        for path, change in sorted(changes.items())
    )
    return replace(
        result,
        status="planned",
        plan=plan,
        prompt=prompt,
        prompt_tokens=estimate_tokens(prompt),
    )
