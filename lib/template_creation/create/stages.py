"""The phases as stages of a pipeline, each named by its title; their order is `phases`.

What one stage makes is a field that the next ones read. (DESIGN section 3; seed 002.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batch_engine.pipeline import Agent, Flow, StageContext
from template_creation.agents import (
    ENHANCEMENT_FIELDS,
    AgentEnhancer,
    EnhancementContext,
    recommend_agents,
    render_stub,
)
from template_creation.analysis.layers import CODE_LANGUAGES
from template_creation.create.documents import (
    Material,
    package_manifest,
    package_report,
    seal,
    write,
)
from template_creation.create.runs import RunRecord
from template_creation.create.survey import Analyse, facts_scope
from template_creation.errors import GenerationError, ValidationFailed
from template_creation.evidence import with_memories
from template_creation.guides import render_guides
from template_creation.package import (
    AGENTS_FOLDER,
    COPIER,
    REPORT,
    SETTINGS,
    load_package,
    place,
    settings_document,
    to_json,
)
from template_creation.phases import WorkflowPhase
from template_creation.templating import (
    build_templates,
    copier_config,
    encode_template,
)
from template_creation.validate import validate_package
from template_creation.values.analysis import Analysis
from template_creation.values.languages import GRAMMAR_LANGUAGES
from template_creation.values.source import Codebase

if TYPE_CHECKING:
    from memory_processing import MemoryRecord

__all__ = ["FIELDS", "Job", "phases", "without_grammar"]

Json = dict[str, Any]

FIELDS = ("job", "codebase", "files", "specs")
"""The fields that the phases begin with."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is asked for. ``open_folder`` gives the empty folder to build the package in, once
    it is known that there will be one; ``inputs`` is the fingerprint of what shapes it;
    ``memories`` are all that the user gave."""

    run: RunRecord
    inputs: str
    open_folder: Callable[[], Path]
    memories: tuple[MemoryRecord, ...] = ()


def phases(
    codebase: Codebase, run: RunRecord, enhancer: AgentEnhancer, *, dry_run: bool = False
) -> Flow:
    """All phases in their order; a dry run ends before the package is checked and placed."""
    flow: Flow = facts_scope(codebase.read) >> Analyse() >> Templates()
    if run.with_agents:
        flow = flow >> AgentRecommendation()
    flow = flow >> Begin() >> Settings() >> AgentWriting() >> Manifest(enhancer)
    flow = flow >> enhancer.flow() >> Guides() >> Report()
    return flow if dry_run else flow >> Validation() >> Package()


class Templates(Agent):
    """Phase 4: what repeats in the codebase, proved."""

    name = WorkflowPhase.TEMPLATES.title
    reads = ("job", "codebase", "analysis")
    writes = ("build",)

    def run(self, context: StageContext) -> Json:
        """See `build_templates`."""
        build = build_templates(
            context["analysis"],
            context["codebase"].read,
            max_templates=context["job"].run.max_templates,
            on_candidate=context.advance,
        )
        return {"build": build}


class AgentRecommendation(Agent):
    """Phase 5: the agents that have something to say."""

    name = WorkflowPhase.AGENT_RECOMMENDATION.title
    reads = ("analysis", "build")
    writes = ("specs",)

    def run(self, context: StageContext) -> Json:
        """See `recommend_agents`."""
        specs = recommend_agents(context["analysis"], context["build"].templates)
        context.advance(len(specs), len(specs))
        return {"specs": specs}


class Begin(Agent):
    """From understanding to writing: the folder is opened if there is anything to put in."""

    name = "begin"
    reads = ("job", "codebase", "analysis", "build", "specs")
    writes = ("material",)
    announced = False

    def run(self, context: StageContext) -> Json:
        """Writes the templates; raises `GenerationError` if there are none, and no agents."""
        job, build = context["job"], context["build"]
        if not build.templates and not context["specs"]:
            raise GenerationError(_nothing_found(context["analysis"]))
        material = Material(
            run=job.run,
            inputs=job.inputs,
            staged=job.open_folder(),
            codebase=context["codebase"],
            analysis=with_memories(context["analysis"], context["specs"], job.memories),
            build=build,
            agents=context["specs"],
            copier=copier_config(build.templates),
        )
        write(material.staged / COPIER, material.copier.text.encode())
        for template in build.templates:
            content = encode_template(template, build.templates.delimiter)
            write(material.staged / template.path, content)
        return {"material": material}


class Settings(Agent):
    """Phase 3."""

    name = WorkflowPhase.SETTINGS.title
    reads = ("material",)
    writes = ()

    def run(self, context: StageContext) -> None:
        """Writes ``settings.json``."""
        material = context["material"]
        write(material.staged / SETTINGS, to_json(settings_document(material.analysis)))


class AgentWriting(Agent):
    """Phases 6 and 7: a stub for every agent."""

    name = WorkflowPhase.AGENT_WRITING.title
    reads = ("material",)
    writes = ()

    def run(self, context: StageContext) -> None:
        """Writes ``agents/*.md``."""
        material = context["material"]
        for spec in material.agents:
            text = render_stub(spec, material.build.templates, template_source=material.run.name)
            write(material.staged / AGENTS_FOLDER / f"{spec.name}.md", text.encode())
        context.advance(len(material.agents), len(material.agents))


class Manifest(Agent):
    """Phase 2: a package that can be read back, as phase 7.5 does."""

    name = WorkflowPhase.MANIFEST.title
    reads = ("material",)
    writes = ENHANCEMENT_FIELDS

    def __init__(self, enhancer: AgentEnhancer) -> None:
        self._enhancer = enhancer

    def run(self, context: StageContext) -> Json:
        """Writes manifest and report; gives what the enhancement takes."""
        material = context["material"]
        write(material.staged / REPORT, to_json(package_report(material, ())))
        seal(material.staged, material, complete=False)
        on_disk = EnhancementContext.of(load_package(material.staged))
        return self._enhancer.fields(on_disk, material.staged)


class Guides(Agent):
    """Phase 8: what a person and an assistant read first."""

    name = WorkflowPhase.GUIDES.title
    reads = ("material",)
    writes = ()

    def run(self, context: StageContext) -> None:
        """Writes the guides."""
        material = context["material"]
        guides = render_guides(
            package_manifest(material, {}),
            material.analysis,
            material.build.templates,
            material.agents,
            material.copier.excluded,
        )
        for name, text in guides.items():
            write(material.staged / name, text.encode())
        context.advance(len(guides), len(guides))


class Report(Agent):
    """The report and the manifest again, now of all that is there."""

    name = "report"
    reads = ("material", "enhanced")
    writes = ()
    announced = False

    def run(self, context: StageContext) -> None:
        """Writes both."""
        material = context["material"]
        write(
            material.staged / REPORT, to_json(package_report(material, context["enhanced"].agents))
        )
        seal(material.staged, material, complete=context["enhanced"].is_complete)


class Validation(Agent):
    """Phase 9.5."""

    name = WorkflowPhase.VALIDATION.title
    reads = ("material",)
    writes = ()

    def run(self, context: StageContext) -> None:
        """Raises `ValidationFailed` if the package on disk breaks a rule."""
        report = validate_package(context["material"].staged)
        if report.errors:
            first = "; ".join(f"{item.place}: {item.message}" for item in report.errors[:5])
            raise ValidationFailed(
                f"the package breaks {len(report.errors)} rules, so it was not put in place: "
                f"{first}",
                hint="this is a bug in template-create: please report it with the message above",
            )


class Package(Agent):
    """Phase 9: into place, at once."""

    name = WorkflowPhase.PACKAGE.title
    reads = ("job", "material", "enhanced")
    writes = ("placement",)

    def run(self, context: StageContext) -> Json:
        """See `place`."""
        material = context["material"]
        target = Path(context["job"].run.output)
        complete = context["enhanced"].is_complete
        placed = place(
            material.staged, target, lambda folder: seal(folder, material, complete=complete)
        )
        return {"placement": placed}


def _nothing_found(analysis: Analysis) -> str:
    shares = ", ".join(f"{item.files} {item.name}" for item in analysis.languages[:5])
    unread = without_grammar(analysis)
    if unread:
        why = f"{unread} has no grammar here, so its files cannot be taken apart"
    elif any(item.name in GRAMMAR_LANGUAGES for item in analysis.languages):
        why = "no two source files have the same role, so there is no shape to repeat"
    else:
        why = "there is no source file in a known language"
    files = "1 file" if len(analysis.files) == 1 else f"{len(analysis.files)} files"
    return f"no template and no agent can be made of {files} ({shares or 'no known kind'}): {why}"


def without_grammar(analysis: Analysis) -> str:
    """The programming language that most of the code is in, if it has no grammar here."""
    code = [item for item in analysis.languages if item.name in CODE_LANGUAGES]
    main = max(code, key=lambda item: (item.lines, item.name), default=None)
    return "" if main is None or main.name in GRAMMAR_LANGUAGES else main.name
