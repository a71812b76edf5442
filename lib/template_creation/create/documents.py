"""What the package is made of, and the files that tell of the others: manifest and report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from template_creation.agents import AgentOutcome
from template_creation.create.runs import RunRecord
from template_creation.errors import WriteError
from template_creation.package import (
    MANIFEST,
    digest,
    list_files,
    manifest_document,
    report_document,
    to_json,
)
from template_creation.templating import CopierConfig, TemplateBuild
from template_creation.values.agent import AgentSpec
from template_creation.values.analysis import Analysis
from template_creation.values.source import Codebase
from template_creation.version import version

__all__ = ["Material", "package_manifest", "package_report", "seal", "write"]

Json = dict[str, Any]


@dataclass(frozen=True)
class Material:
    """What the package is made of, once the codebase is understood, and where it is made."""

    run: RunRecord
    inputs: str
    staged: Path
    codebase: Codebase
    analysis: Analysis
    build: TemplateBuild
    agents: tuple[AgentSpec, ...]
    copier: CopierConfig


def seal(staged: Path, material: Material, *, complete: bool) -> None:
    """Write the manifest with the hashes of all other files.

    Only a ``complete`` package says what it was made from: the same command on one whose agents
    stayed basic tries again instead of finding nothing to do.
    """
    hashes = {
        path: digest((staged / path).read_bytes())
        for path in list_files(staged)
        if path != MANIFEST
    }
    inputs = material.inputs if complete else ""
    write(staged / MANIFEST, to_json(package_manifest(material, hashes, inputs)))


def package_manifest(material: Material, hashes: Json, inputs: str = "") -> Json:
    """The manifest, with the hashes of the files and the fingerprint of what they were made
    from, where these are known."""
    return manifest_document(
        material.run.name,
        material.analysis,
        material.build.templates,
        material.agents,
        generator_version=version(),
        inputs=inputs,
        files=hashes,
    )


def package_report(material: Material, outcomes: Sequence[AgentOutcome]) -> Json:
    """The report, with what became of the agents."""
    return report_document(
        material.analysis,
        material.build.templates,
        dropped=[
            {"path": item.path, "bar": item.bar, "reason": item.reason}
            for item in material.build.dropped
        ],
        entities=[" ".join(item.words) for item in material.build.entities],
        agents=[item.to_report() for item in outcomes],
        agent_files={spec.name: spec.files for spec in material.agents},
        excluded=[
            {"path": item.path, "reason": item.reason, "detail": item.detail}
            for item in material.codebase.excluded
        ],
        copier={
            "excluded": list(material.copier.excluded),
            "retargeted": list(material.copier.retargeted),
        },
    )


def write(path: Path, data: bytes) -> None:
    """Write a file and the folders above it; raises `WriteError`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as exc:
        raise WriteError(
            f"cannot write {path.name!r} for the package: {exc.strerror or exc}",
            hint="check that there is room where --output points to",
        ) from exc
