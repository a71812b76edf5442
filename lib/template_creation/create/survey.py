"""Phase 1: what each file of the codebase says about itself.

The facts of a file are stored under the hash of its content, so that a second run reads them
back instead of parsing. (facts/codebase-to-template, section 2.)
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from batch_engine.core import ByWeight, Listener, RunStore, StepRef, each, fingerprint, run_batches
from template_creation.phases import WorkflowPhase
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


@dataclass(frozen=True)
class Survey:
    """The codebase without the files that could not be read, and the facts of the others."""

    codebase: Codebase
    facts: dict[str, FileFacts]


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
    """The facts of every file in a language with a grammar.

    Stored facts of contents that are gone are forgotten, so that the state does not grow.
    """
    files = [file for file in codebase.files if file.language in GRAMMAR_LANGUAGES]
    step = StepRef(WorkflowPhase.ANALYSIS.title, fingerprint({"facts": FACTS_VERSION}))
    result = run_batches(
        files,
        each(partial(_facts, codebase.read)),
        step=step.name,
        key=_content_key,
        chunking=ByWeight(_CHUNK_BYTES, lambda file: file.size),
        store=store,
        fingerprint=step.fingerprint,
        listeners=listeners,
        dump=facts_to_json,
        load=facts_from_json,
    )
    store.prune(step, keep=set(result.keys))
    facts: dict[str, FileFacts] = {}
    left_out: list[Exclusion] = []
    for file, outcome in zip(files, result.in_order(), strict=True):
        if outcome.value is not None:
            facts[file.path] = outcome.value
        else:
            reason = outcome.error.error if outcome.error else "no result"
            left_out.append(Exclusion(file.path, "unreadable", reason))
    return Survey(_without(codebase, left_out), facts)


def _content_key(file: SourceFile) -> str:
    return f"{file.sha256}:{file.language}"


def _facts(read: FileReader, file: SourceFile) -> FileFacts:
    return extract_facts(read(file.path), file.language or "")


def _without(codebase: Codebase, left_out: Sequence[Exclusion]) -> Codebase:
    if not left_out:
        return codebase
    gone = {item.path for item in left_out}
    return replace(
        codebase,
        files=tuple(file for file in codebase.files if file.path not in gone),
        excluded=tuple(sorted((*codebase.excluded, *left_out), key=lambda item: item.path)),
    )
