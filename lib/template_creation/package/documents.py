"""The JSON documents of a package: manifest, settings and report.

Same input, same bytes: no time stamps, no machine paths, keys in a fixed order.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import PurePosixPath
from typing import Any

from template_creation.package.facts import facts_to_document
from template_creation.values.agent import AgentSpec
from template_creation.values.analysis import Analysis, Layer
from template_creation.values.template import Placeholder, Template, TemplateSet, TemplateSymbol

__all__ = [
    "MANIFEST_VERSION",
    "REPORT_VERSION",
    "manifest_document",
    "report_document",
    "settings_document",
    "template_document",
    "to_json",
]

MANIFEST_VERSION = "1.0.0"
REPORT_VERSION = "1.0.0"

_LINE = 100

Json = dict[str, Any]


def to_json(document: Mapping[str, Any]) -> bytes:
    """``document`` as UTF-8 JSON with a final newline: what fits on a line stays on one, the
    rest is indented by two spaces.

    >>> to_json({"hits": [[1, 2]], "n": 1})
    b'{"hits": [[1, 2]], "n": 1}\\n'
    """
    return (_pretty(document, 0) + "\n").encode()


def _pretty(value: Any, depth: int) -> str:
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) + 2 * depth <= _LINE or not isinstance(value, dict | list | tuple):
        return flat
    pad = "  " * (depth + 1)
    if isinstance(value, dict):
        parts = [
            f"{pad}{json.dumps(key, ensure_ascii=False)}: {_pretty(item, depth + 1)}"
            for key, item in value.items()
        ]
        start, end = "{", "}"
    else:
        parts = [pad + _pretty(item, depth + 1) for item in value]
        start, end = "[", "]"
    return f"{start}\n" + ",\n".join(parts) + f"\n{'  ' * depth}{end}"


def manifest_document(
    name: str,
    analysis: Analysis,
    templates: TemplateSet,
    agents: Sequence[AgentSpec],
    *,
    generator_version: str,
    inputs: str,
    files: Mapping[str, str],
) -> Json:
    """What the package is, what it asks for and what is in it.

    ``inputs`` is the fingerprint of everything that went in; ``files`` maps each generated
    path to the SHA-256 of its bytes (the manifest itself is not in it).
    """
    project = analysis.project
    main = analysis.languages[0].name if analysis.languages else ""
    return {
        "schema_version": MANIFEST_VERSION,
        "name": name,
        "display_name": name.replace("-", " ").title(),
        "description": _description(analysis, templates, agents),
        "version": "1.0.0",
        "generator": {"name": "template-create", "version": generator_version, "inputs": inputs},
        "source": {
            "name": project.name,
            "commit": project.commit,
            "licence": project.licence,
            "files": project.files,
            "digest": project.digest,
        },
        "language": main,
        "languages": [asdict(item) for item in analysis.languages],
        "frameworks": [
            {"name": item.name, "version": item.version, "purpose": item.role, "proof": item.path}
            for item in _distinct_technologies(analysis)
        ],
        "layers": [layer.name for layer in analysis.layers],
        "placeholders": _placeholder_documents(templates),
        "delimiters": {"start": templates.delimiter.start, "end": templates.delimiter.end},
        "templates": [template_document(item) for item in templates],
        "agents": [_agent_document(item) for item in agents],
        "files": dict(sorted(files.items())),
    }


def _description(analysis: Analysis, templates: TemplateSet, agents: Sequence[AgentSpec]) -> str:
    parts = [f"{len(templates)} templates"] if len(templates) != 1 else ["1 template"]
    if agents:
        parts.append(f"{len(agents)} agents" if len(agents) != 1 else "1 agent")
    return f"{' and '.join(parts)} from {analysis.project.name}"


def _distinct_technologies(analysis: Analysis) -> list[Any]:
    """One entry a technology: the first manifest that proves it, in the analysis's order."""
    seen: dict[str, Any] = {}
    for item in analysis.technologies:
        seen.setdefault(item.name, item)
    return list(seen.values())


def _placeholder_documents(templates: TemplateSet) -> Json:
    documents: Json = {}
    for template in templates:
        originals = {term.key: " ".join(term.words) for term in template.original}
        for item in template.placeholders:
            document = documents.setdefault(item.name, _placeholder_document(item))
            original = originals.get(item.term, "")
            if original and original not in document["originals"]:
                document["originals"].append(original)
    return dict(sorted(documents.items()))


def _placeholder_document(item: Placeholder) -> Json:
    return {
        "name": item.name,
        "term": item.term,
        "number": item.number,
        "case": item.case,
        "description": f"the {item.term} in the {item.number}, {item.case} case",
        "required": item.term == "entity",
        "originals": [],
    }


def template_document(template: Template) -> Json:
    """A template as the manifest lists it; its content is in the file at ``path``."""
    return {
        "id": template.id,
        "path": template.path,
        "source": template.source,
        "layer": template.layer,
        "role": template.role,
        "language": template.language,
        "purpose": template.purpose,
        "grade": template.grade,
        "support": template.support,
        "similarity": template.similarity,
        "verified": template.verified,
        "technologies": list(template.technologies),
        "placeholders": [item.name for item in template.placeholders],
        "original": {term.key: list(term.words) for term in template.original},
        "sha256": template.sha256,
        "lines": template.lines,
        "symbols": [_symbol_document(symbol) for symbol in template.symbols],
    }


def _symbol_document(symbol: TemplateSymbol) -> Json:
    return {
        "id": symbol.id,
        "name": symbol.name,
        "kind": symbol.kind,
        "lines": [symbol.line, symbol.end_line],
        "signature": symbol.signature,
    }


def _agent_document(spec: AgentSpec) -> Json:
    return {
        "name": spec.name,
        "title": spec.title,
        "purpose": spec.purpose,
        "description": spec.description,
        "tools": list(spec.tools),
        "layers": list(spec.layers),
        "files": len(spec.files),
        "technologies": [
            {"name": item.name, "path": item.path, "line": item.line} for item in spec.technologies
        ],
        "templates": list(spec.templates),
        "score": spec.score,
    }


def settings_document(analysis: Analysis) -> Json:
    """The measured names and folders that a sibling project should keep."""
    return {
        "schema_version": "1.0.0",
        "naming_conventions": [
            {
                "kind": item.kind,
                "layer": item.layer,
                "statement": item.statement,
                "k": item.k,
                "n": item.n,
            }
            for item in analysis.conventions
            if item.subject == "path" or "nam" in item.kind or "suffix" in item.kind
        ],
        "layer_mappings": {layer.name: _layer_mapping(layer) for layer in analysis.layers},
    }


def _layer_mapping(layer: Layer) -> Json:
    folders = Counter(str(PurePosixPath(path).parent) for path in layer.files)
    endings = Counter(PurePosixPath(path).suffix for path in layer.files)
    return {
        "title": layer.title,
        "files": len(layer.files),
        "directories": [folder for folder, _ in sorted(folders.items(), key=_most_first)][:12],
        "file_patterns": [f"*{ending}" for ending, _ in sorted(endings.items(), key=_most_first)],
    }


def _most_first(item: tuple[str, int]) -> tuple[int, str]:
    return (-item[1], item[0])


def report_document(
    analysis: Analysis,
    templates: TemplateSet,
    *,
    dropped: Sequence[Mapping[str, Any]],
    entities: Sequence[str],
    agents: Sequence[Mapping[str, Any]],
    agent_files: Mapping[str, Sequence[str]],
    excluded: Sequence[Mapping[str, Any]],
    copier: Mapping[str, Any],
) -> Json:
    """Every check, count and place behind the package, for machines and for recounting."""
    return {
        "schema_version": REPORT_VERSION,
        "facts": facts_to_document(analysis),
        "entities": list(entities),
        "templates": {
            item.id: {
                "proofs": [asdict(proof) for proof in item.proofs],
                "siblings": list(item.siblings),
                "leaks": list(item.leaks),
            }
            for item in templates
        },
        "dropped_templates": [dict(item) for item in dropped],
        "agents": [dict(item) for item in agents],
        "agent_files": {name: list(files) for name, files in agent_files.items()},
        "excluded_files": [dict(item) for item in excluded],
        "copier": dict(copier),
    }
