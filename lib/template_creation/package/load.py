"""Read a package from disk into values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from template_creation.errors import BadInput
from template_creation.package.documents import MANIFEST_VERSION, REPORT_VERSION
from template_creation.package.facts import facts_from_document
from template_creation.package.layout import (
    AGENTS_FOLDER,
    MANIFEST,
    REPORT,
    SETTINGS,
    TEMPLATE_SUFFIX,
    TEMPLATES_FOLDER,
    check_name,
)
from template_creation.templating import decode_template
from template_creation.values.agent import AgentSpec
from template_creation.values.analysis import Analysis
from template_creation.values.template import (
    Delimiter,
    Placeholder,
    Proof,
    Template,
    TemplateSet,
    TemplateSymbol,
    Term,
)

__all__ = ["Package", "agent_files", "load_package", "nested_agents"]

Json = dict[str, Any]


@dataclass(frozen=True)
class Package:
    """A package on disk, read. ``analysis`` holds the facts without those per file."""

    root: Path
    manifest: Json
    settings: Json
    report: Json
    analysis: Analysis
    templates: TemplateSet
    agents: tuple[AgentSpec, ...]

    @property
    def agent_paths(self) -> tuple[Path, ...]:
        """The agent files that are there, by name; ``-ext`` files are no agents (F-5.1)."""
        return agent_files(self.root)


_DOCUMENTS = frozenset({"readme", "index", "changelog", "contributing", "license", "todo"})
"""Names of files that tell of the agents beside them, where they have no frontmatter."""


def agent_files(root: Path) -> tuple[Path, ...]:
    """The agent files of the package folder ``root``, by name; ``-ext`` files are parts of
    another, and a README without frontmatter is none."""
    found = sorted((root / AGENTS_FOLDER).glob("*.md"))
    return tuple(
        path for path in found if not path.stem.endswith("-ext") and not _is_document(path)
    )


def nested_agents(root: Path) -> tuple[Path, ...]:
    """Agents in folders below the one of the agents, by place: hosts may load them, but they are
    no agents of the package."""
    folder = root / AGENTS_FOLDER
    return tuple(
        path
        for path in sorted(folder.glob("*/**/*.md"))
        if not path.stem.endswith("-ext") and path.is_file() and _has_frontmatter(path)
    )


def _is_document(path: Path) -> bool:
    return path.stem.casefold() in _DOCUMENTS and path.is_file() and not _has_frontmatter(path)


def _has_frontmatter(path: Path) -> bool:
    return path.read_bytes().removeprefix(b"\xef\xbb\xbf").startswith(b"---")


def load_package(root: Path) -> Package:
    """The package in ``root``.

    Raises `BadInput` where there is none, or where one of its documents cannot be read.
    """
    manifest = _document(root, MANIFEST)
    report = _document(root, REPORT)
    for name, document, known in (
        (MANIFEST, manifest, MANIFEST_VERSION),
        (REPORT, report, REPORT_VERSION),
    ):
        _check_version(root / name, document, known)
    _check_identity(root / MANIFEST, manifest)
    try:
        delimiter = Delimiter(manifest["delimiters"]["start"], manifest["delimiters"]["end"])
        placeholders = {
            name: Placeholder(name, item["term"], item["number"], item["case"])
            for name, item in manifest["placeholders"].items()
        }
        analysis = facts_from_document(report["facts"])
        templates = tuple(
            _template(root, item, report["templates"].get(item["id"], {}), delimiter, placeholders)
            for item in manifest["templates"]
        )
        agents = tuple(
            _agent(item, report["agent_files"][item["name"]], analysis)
            for item in manifest["agents"]
        )
    except (KeyError, TypeError, AttributeError) as exc:
        raise BadInput(
            f"{str(root)!r} is a package of another form: {exc!r}",
            hint="make it anew with template-create --name",
        ) from exc
    return Package(
        root=root,
        manifest=manifest,
        settings=_document(root, SETTINGS),
        report=report,
        analysis=analysis,
        templates=TemplateSet(templates, delimiter),
        agents=agents,
    )


_IDENTITY: tuple[tuple[str, type], ...] = (
    ("display_name", str),
    ("description", str),
    ("version", str),
    ("generator.name", str),
    ("generator.version", str),
    ("source", dict),
    ("files", dict),
)
"""What every command relies on, wherever else a manifest may be wrong."""


def _check_identity(path: Path, manifest: Json) -> None:
    """The name goes into paths and marks, and a manifest may come from anywhere."""
    name = manifest.get("name")
    check_name(name if isinstance(name, str) else repr(name))
    for key, kind in _IDENTITY:
        value: Any = manifest
        for part in key.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if not isinstance(value, kind):
            raise BadInput(
                f"{str(path)!r} has {value!r} as its {key}",
                hint="restore the file, or make the package anew",
            )


def _check_version(path: Path, document: Json, known: str) -> None:
    found = document.get("schema_version")
    if not isinstance(found, str) or found.split(".")[0] != known.split(".")[0]:
        raise BadInput(
            f"{str(path)!r} has schema_version {found!r}, this program reads {known!r}",
            hint="use the template-create that made it, or make the package anew",
        )


def _document(root: Path, name: str) -> Json:
    path = root / name
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as exc:
        raise BadInput(
            f"{str(root)!r} is no template package: it has no {name}",
            hint="give the folder that template-create --name wrote",
        ) from exc
    except (OSError, ValueError) as exc:
        raise BadInput(f"cannot read {str(path)!r}: {exc}", hint="make the package anew") from exc
    if not isinstance(document, dict):
        raise BadInput(f"{str(path)!r} holds no JSON object", hint="make the package anew")
    return document


def _template(
    root: Path,
    item: Mapping[str, Any],
    details: Mapping[str, Any],
    delimiter: Delimiter,
    placeholders: Mapping[str, Placeholder],
) -> Template:
    path = root / item["path"]
    try:
        content = path.read_bytes()
    except OSError as exc:
        raise BadInput(
            f"the package lists {item['path']!r}, which cannot be read: {exc.strerror}",
            hint="restore the file, or make the package anew",
        ) from exc
    inner = item["path"].removeprefix(f"{TEMPLATES_FOLDER}/").removesuffix(TEMPLATE_SUFFIX)
    known = [placeholders[name] for name in item["placeholders"]]
    return Template(
        id=item["id"],
        path=item["path"],
        source=item["source"],
        layer=item["layer"],
        role=item["role"],
        language=item["language"],
        purpose=item["purpose"],
        segments=decode_template(content, delimiter, known),
        path_segments=decode_template(inner.encode("utf-8", "surrogateescape"), delimiter, known),
        original=tuple(Term(key, tuple(words)) for key, words in item["original"].items()),
        grade=item["grade"],
        support=item["support"],
        similarity=item["similarity"],
        siblings=tuple(details.get("siblings", ())),
        proofs=tuple(Proof(**proof) for proof in details.get("proofs", ())),
        symbols=tuple(
            TemplateSymbol(
                symbol["id"],
                symbol["name"],
                symbol["kind"],
                symbol["lines"][0],
                symbol["lines"][1],
                symbol["signature"],
            )
            for symbol in item["symbols"]
        ),
        technologies=tuple(item["technologies"]),
        sha256=item["sha256"],
        lines=item["lines"],
        verified=item["verified"],
        leaks=tuple(details.get("leaks", ())),
    )


def _agent(item: Mapping[str, Any], files: Sequence[str], analysis: Analysis) -> AgentSpec:
    declared = {(known.name, known.path, known.line): known for known in analysis.technologies}
    return AgentSpec(
        name=item["name"],
        title=item["title"],
        purpose=item["purpose"],
        description=item["description"],
        tools=tuple(item["tools"]),
        layers=tuple(item["layers"]),
        files=tuple(files),
        technologies=tuple(
            declared[found["name"], found["path"], found["line"]] for found in item["technologies"]
        ),
        templates=tuple(item["templates"]),
        score=item["score"],
    )
