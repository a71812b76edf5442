"""Phase 1: the codebase, read file by file, with what each file says and what it may leak.

The facts of a file are stored under the hash of its content, so that a second run reads them
back instead of parsing. (facts/codebase-to-template, section 2.)
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from batch_engine.core import ByWeight, Listener, RunStore, each, fingerprint, run_batches
from template_creation.phases import WorkflowPhase
from template_creation.scan import find_secrets
from template_creation.syntax import (
    FACTS_VERSION,
    GRAMMAR_LANGUAGES,
    extract_facts,
    facts_from_json,
    facts_to_json,
)
from template_creation.values.facts import FileFacts
from template_creation.values.source import Codebase, Exclusion, FileReader, SourceFile

__all__ = ["Survey", "codebase_digest", "survey_files"]

_CHUNK_BYTES = 1_000_000
_SECRETS_VERSION = 1


@dataclass(frozen=True)
class Survey:
    """The codebase without the files that hold secrets, and the facts of the others.

    ``secrets`` are (path, line, rule), never the value.
    """

    codebase: Codebase
    facts: dict[str, FileFacts]
    secrets: tuple[tuple[str, int, str], ...]


@dataclass(frozen=True, slots=True)
class _FileReport:
    facts: FileFacts | None
    secrets: tuple[tuple[int, str], ...]


def codebase_digest(codebase: Codebase) -> str:
    """A hash over everything that a scan saw: paths, contents, exclusions, commit, log."""
    digest = hashlib.sha256()
    for file in codebase.files:
        digest.update(_bytes(f"{file.path}\0{file.sha256}\0{file.generated}\n"))
    for item in codebase.excluded:
        digest.update(_bytes(f"{item.path}\0{item.reason}\0{item.detail}\n"))
    for line in (codebase.commit or "", *codebase.log):
        digest.update(_bytes(f"{line}\n"))
    return digest.hexdigest()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def survey_files(codebase: Codebase, store: RunStore, listeners: Sequence[Listener] = ()) -> Survey:
    """Read every file once: its facts, and the places that look like secrets."""
    result = run_batches(
        codebase.files,
        each(partial(_report, codebase.read)),
        step=WorkflowPhase.ANALYSIS.title,
        key=_content_key,
        chunking=ByWeight(_CHUNK_BYTES, lambda file: file.size),
        store=store,
        fingerprint=fingerprint({"facts": FACTS_VERSION, "secrets": _SECRETS_VERSION}),
        listeners=listeners,
        dump=_dump,
        load=_load,
    )
    reports = {
        file.path: outcome for file, outcome in zip(codebase.files, result.in_order(), strict=True)
    }
    facts: dict[str, FileFacts] = {}
    secrets: list[tuple[str, int, str]] = []
    left_out: list[Exclusion] = []
    for path, outcome in reports.items():
        if outcome.value is None:
            message = outcome.error.error if outcome.error else "no result"
            left_out.append(Exclusion(path, "unreadable", message))
            continue
        if outcome.value.secrets:
            line, rule = outcome.value.secrets[0]
            left_out.append(Exclusion(path, "secret", f"{rule}, line {line}"))
            secrets.extend((path, line, rule) for line, rule in outcome.value.secrets)
        elif outcome.value.facts is not None:
            facts[path] = outcome.value.facts
    return Survey(_without(codebase, left_out), facts, tuple(secrets))


def _content_key(file: SourceFile) -> str:
    return f"{file.sha256}:{file.language or ''}:{'generated' if file.generated else 'source'}"


def _report(read: FileReader, file: SourceFile) -> _FileReport:
    data = read(file.path)
    facts = None
    if file.language in GRAMMAR_LANGUAGES:
        facts = extract_facts(data, file.language)
    found = () if file.generated else find_secrets(data)
    return _FileReport(facts, tuple((item.line, item.rule) for item in found))


def _dump(report: _FileReport) -> Any:
    return [None if report.facts is None else facts_to_json(report.facts), report.secrets]


def _load(document: Any) -> _FileReport:
    facts, secrets = document
    return _FileReport(
        None if facts is None else facts_from_json(facts),
        tuple((line, rule) for line, rule in secrets),
    )


def _without(codebase: Codebase, left_out: Sequence[Exclusion]) -> Codebase:
    if not left_out:
        return codebase
    gone = {item.path for item in left_out}
    return replace(
        codebase,
        files=tuple(file for file in codebase.files if file.path not in gone),
        excluded=tuple(sorted((*codebase.excluded, *left_out), key=lambda item: item.path)),
    )
