"""The main job: analysis, templates, agents, enhancement, guides, package, validation.

Phases follow the numbers of `WorkflowPhase`; what each makes is a value that the next takes.
The package is built beside its target and moved into place when it has been validated.
(DESIGN section 3; seed 002.)
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from batch_engine.core import Listener, RunStore, fingerprint
from template_creation.agents import (
    AgentEnhancer,
    AgentOutcome,
    EnhancementContext,
    EnhancementResult,
    build_request,
    estimate_tokens,
    recommend_agents,
    render_batch_prompt,
    render_stub,
)
from template_creation.analysis import analyse
from template_creation.analysis.layers import CODE_LANGUAGES
from template_creation.bridges import AgentBridgeInvoker, OfflineBridge
from template_creation.create.phases import PhaseLog
from template_creation.create.state import open_state
from template_creation.create.survey import Survey, codebase_digest, survey_files
from template_creation.create.values import (
    CreateOptions,
    CreateResult,
    PlannedFile,
)
from template_creation.errors import (
    AnalysisError,
    BadInput,
    GenerationError,
    ValidationFailed,
    WriteError,
)
from template_creation.guides import render_guides
from template_creation.package import (
    AGENTS_FOLDER,
    COPIER,
    MANIFEST,
    REPORT,
    SETTINGS,
    check_name,
    check_target,
    default_output,
    digest,
    is_current,
    list_files,
    load_package,
    manifest_document,
    place,
    planned_changes,
    report_document,
    settings_document,
    staging_folder,
    to_json,
)
from template_creation.phases import WorkflowPhase
from template_creation.scan import scan_codebase
from template_creation.templating import (
    CopierConfig,
    TemplateBuild,
    build_templates,
    copier_config,
    encode_template,
)
from template_creation.validate import validate_package
from template_creation.values.agent import AgentSpec
from template_creation.values.analysis import Analysis
from template_creation.values.languages import GRAMMAR_LANGUAGES
from template_creation.values.source import Codebase
from template_creation.version import version

__all__ = ["create_template"]

Json = dict[str, Any]


@dataclass(frozen=True)
class _Material:
    """What the package is made of, once the codebase is understood."""

    options: CreateOptions
    target: Path
    inputs: str
    survey: Survey
    analysis: Analysis
    build: TemplateBuild
    agents: tuple[AgentSpec, ...]
    copier: CopierConfig


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
    log = PhaseLog(listeners)
    with open_state(options) as store:
        codebase = _scan(root, store, log)
        inputs = _inputs(codebase, options, bridge)
        if not (options.dry_run or options.fresh) and is_current(target, inputs):
            return _unchanged(options, target, codebase, log)
        material = _understand(options, target, inputs, codebase, store, log)
        if options.dry_run:
            return _plan(material, bridge, store, log)
        return _make(material, bridge, store, log)


def _existing_folder(path: Path) -> Path:
    folder = path.expanduser().resolve()
    if not folder.exists():
        raise BadInput(f"no such codebase: {str(path)!r}", hint="give --path an existing folder")
    if not folder.is_dir():
        raise BadInput(f"the codebase {str(path)!r} is a file", hint="give --path a folder")
    return folder


def _scan(root: Path, store: RunStore, log: PhaseLog) -> Codebase:
    with log.timed(WorkflowPhase.ANALYSIS):
        codebase = scan_codebase(root, store=store, listeners=log.listeners)
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


def _unchanged(
    options: CreateOptions, target: Path, codebase: Codebase, log: PhaseLog
) -> CreateResult:
    return CreateResult(
        status="unchanged",
        name=options.name,
        package=target,
        files=len(codebase.files),
        excluded=codebase.excluded,
        seconds=log.seconds,
    )


def _understand(
    options: CreateOptions,
    target: Path,
    inputs: str,
    codebase: Codebase,
    store: RunStore,
    log: PhaseLog,
) -> _Material:
    """Phases 1, 4 and 5: facts, templates, agents."""
    with log.timed(WorkflowPhase.ANALYSIS):
        survey = survey_files(codebase, store, log.listeners)
        analysis = analyse(survey.codebase, survey.facts)
    with log.phase(WorkflowPhase.TEMPLATES) as advance:
        build = build_templates(
            analysis,
            survey.codebase.read,
            max_templates=options.max_templates,
            on_candidate=advance,
        )
    agents: tuple[AgentSpec, ...] = ()
    if options.with_agents:
        with log.phase(WorkflowPhase.AGENT_RECOMMENDATION) as advance:
            agents = recommend_agents(analysis, build.templates)
            advance(len(agents), len(agents))
    if not build.templates and not agents:
        raise GenerationError(_nothing_found(analysis))
    return _Material(
        options=options,
        target=target,
        inputs=inputs,
        survey=survey,
        analysis=analysis,
        build=build,
        agents=agents,
        copier=copier_config(build.templates),
    )


def _nothing_found(analysis: Analysis) -> str:
    shares = ", ".join(f"{item.files} {item.name}" for item in analysis.languages[:5])
    unread = _without_grammar(analysis)
    if unread:
        why = f"{unread} has no grammar here, so its files cannot be taken apart"
    elif any(item.name in GRAMMAR_LANGUAGES for item in analysis.languages):
        why = "no two source files have the same role, so there is no shape to repeat"
    else:
        why = "there is no source file in a known language"
    files = "1 file" if len(analysis.files) == 1 else f"{len(analysis.files)} files"
    return f"no template and no agent can be made of {files} ({shares or 'no known kind'}): {why}"


def _without_grammar(analysis: Analysis) -> str:
    """The programming language that most of the code is in, if it has no grammar here."""
    code = [item for item in analysis.languages if item.name in CODE_LANGUAGES]
    main = max(code, key=lambda item: (item.lines, item.name), default=None)
    return "" if main is None or main.name in GRAMMAR_LANGUAGES else main.name


def _warnings(analysis: Analysis) -> tuple[str, ...]:
    unread = _without_grammar(analysis)
    if not unread:
        return ()
    return (
        f"most of this code is {unread}, which has no grammar here: templates, habits and agents "
        "are about the rest",
    )


# -- writing ------------------------------------------------------------------------------------


def _make(
    material: _Material, bridge: AgentBridgeInvoker, store: RunStore, log: PhaseLog
) -> CreateResult:
    """Phases 6 to 9.5: write the package beside its target, check it, move it into place."""
    with staging_folder(material.target) as staged:
        result = _build_in(staged, material, bridge, store, log)
        with log.phase(WorkflowPhase.VALIDATION):
            _check(staged)
        with log.phase(WorkflowPhase.PACKAGE):
            placement = place(staged, material.target, lambda folder: _seal(folder, material))
    return replace(result, placement=placement, seconds=log.seconds)


def _build_in(
    staged: Path,
    material: _Material,
    bridge: AgentBridgeInvoker | None,
    store: RunStore,
    log: PhaseLog,
) -> CreateResult:
    _write(staged / COPIER, material.copier.text.encode())
    with log.phase(WorkflowPhase.SETTINGS):
        _write(staged / SETTINGS, to_json(settings_document(material.analysis)))
    for template in material.build.templates:
        content = encode_template(template, material.build.templates.delimiter)
        _write(staged / template.path, content)
    with log.phase(WorkflowPhase.AGENT_WRITING) as advance:
        for spec in material.agents:
            _write(staged / AGENTS_FOLDER / f"{spec.name}.md", _stub(spec, material).encode())
        advance(len(material.agents), len(material.agents))
    with log.phase(WorkflowPhase.MANIFEST):
        _write(staged / REPORT, to_json(_report(material, ())))
        _seal(staged, material)
    enhanced = _enhance(staged, material, bridge, store, log)
    with log.phase(WorkflowPhase.GUIDES) as advance:
        guides = render_guides(
            _manifest(material, {}),
            material.analysis,
            material.build.templates,
            material.agents,
            material.copier.excluded,
        )
        for name, text in guides.items():
            _write(staged / name, text.encode())
        advance(len(guides), len(guides))
    _write(staged / REPORT, to_json(_report(material, enhanced.agents)))
    _seal(staged, material)
    return _result(material, enhanced, log)


def _stub(spec: AgentSpec, material: _Material) -> str:
    return render_stub(spec, material.build.templates, template_source=material.options.name)


def _enhance(
    staged: Path,
    material: _Material,
    bridge: AgentBridgeInvoker | None,
    store: RunStore,
    log: PhaseLog,
) -> EnhancementResult:
    """Phase 7.5: one batch request for all agents, from what is on disk by now."""
    if not material.agents:
        return EnhancementResult(())
    enhancer = AgentEnhancer(bridge_invoker=bridge, store=store, listeners=log.listeners)
    with log.timed(WorkflowPhase.AGENT_ENHANCEMENT):
        return enhancer.enhance(EnhancementContext.of(load_package(staged)), staged)


def _check(staged: Path) -> None:
    report = validate_package(staged)
    if report.errors:
        first = "; ".join(f"{item.place}: {item.message}" for item in report.errors[:5])
        raise ValidationFailed(
            f"the package breaks {len(report.errors)} rules, so it was not put in place: {first}",
            hint="this is a bug in template-create: please report it with the message above",
        )


def _seal(staged: Path, material: _Material) -> None:
    """Write the manifest with the hashes of all other files."""
    hashes = {
        path: digest((staged / path).read_bytes())
        for path in list_files(staged)
        if path != MANIFEST
    }
    _write(staged / MANIFEST, to_json(_manifest(material, hashes)))


def _manifest(material: _Material, hashes: Json) -> Json:
    return manifest_document(
        material.options.name,
        material.analysis,
        material.build.templates,
        material.agents,
        generator_version=version(),
        inputs=material.inputs,
        files=hashes,
    )


def _report(material: _Material, outcomes: Sequence[AgentOutcome]) -> Json:
    return report_document(
        material.analysis,
        material.build.templates,
        dropped=[
            {"path": item.path, "bar": item.bar, "reason": item.reason}
            for item in material.build.dropped
        ],
        entities=[" ".join(item.words) for item in material.build.entities],
        agents=[
            {
                "name": item.name,
                "status": item.status,
                "lines": item.lines,
                "short_because": item.short_because,
                "error": item.error,
                "issues": [asdict(issue) for issue in item.issues],
            }
            for item in outcomes
        ],
        agent_files={spec.name: spec.files for spec in material.agents},
        excluded=[
            {"path": item.path, "reason": item.reason, "detail": item.detail}
            for item in material.survey.codebase.excluded
        ],
        copier={
            "excluded": list(material.copier.excluded),
            "retargeted": list(material.copier.retargeted),
        },
    )


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as exc:
        raise WriteError(
            f"cannot write {path.name!r} for the package: {exc.strerror or exc}",
            hint="check that there is room where --output points to",
        ) from exc


def _result(material: _Material, enhanced: EnhancementResult, log: PhaseLog) -> CreateResult:
    complete = enhanced.enhanced_count == enhanced.total_count
    return CreateResult(
        status="done" if complete else "partial",
        name=material.options.name,
        package=material.target,
        files=len(material.survey.codebase.files),
        templates=tuple(material.build.templates),
        agents=enhanced.agents,
        excluded=material.survey.codebase.excluded,
        dropped=tuple((item.path, item.bar, item.reason) for item in material.build.dropped),
        copier_excluded=material.copier.excluded,
        warnings=(
            *material.survey.codebase.notes,
            *_warnings(material.analysis),
            *(f"{item.path}:{item.line}: {item.message}" for item in material.analysis.problems),
            *log.listener_failures,
        ),
        errors=enhanced.errors,
        seconds=log.seconds,
    )


# -- planning -----------------------------------------------------------------------------------


def _plan(
    material: _Material, bridge: AgentBridgeInvoker, store: RunStore, log: PhaseLog
) -> CreateResult:
    """A dry run: the package is built in a scratch folder that is thrown away.

    Only the offline bridge is asked; what would be sent to a model is shown instead.
    """
    context = EnhancementContext(material.analysis, material.build.templates, material.agents)
    prompt = render_batch_prompt(build_request(context, material.agents)) if material.agents else ""
    asked = bridge if isinstance(bridge, OfflineBridge) else None
    with tempfile.TemporaryDirectory(prefix="template-create-") as folder:
        result = _build_in(Path(folder), material, asked, store, log)
        changes = planned_changes(Path(folder), material.target)
        plan = tuple(
            PlannedFile(path, (Path(folder) / path).stat().st_size, change)
            for path, change in sorted(changes.items())
        )
    return replace(
        result,
        status="planned",
        plan=plan,
        prompt=prompt,
        prompt_tokens=estimate_tokens(prompt),
    )
