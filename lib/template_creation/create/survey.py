"""Phase 1: what each file of the codebase says about itself.

The facts of a file are stored under the hash of its content, so that a second run reads them
back instead of parsing. (facts/codebase-to-template, section 2.)
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from batch_engine.core import ByWeight, RunStore, StepRef
from batch_engine.pipeline import Agent, Flow, ScopeReport, StageContext, batched, mapped
from template_creation.analysis import analyse
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

__all__ = ["Analyse", "codebase_digest", "facts_scope", "forget_others", "parsable"]

_CHUNK_BYTES = 1_000_000


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


def parsable(codebase: Codebase) -> list[SourceFile]:
    """The files in a language with a grammar."""
    return [file for file in codebase.files if file.language in GRAMMAR_LANGUAGES]


def facts_scope(read: FileReader) -> Flow:
    """A scope that puts the `FileFacts` of each of ``files`` in its place."""
    title = WorkflowPhase.ANALYSIS.title
    return batched(
        mapped(partial(_facts, read), name=title, version=FACTS_VERSION),
        chunk_size=ByWeight(_CHUNK_BYTES, lambda file: file.size),
        over="files",
        name=title,
        key=_content_key,
        dump=facts_to_json,
        load=facts_from_json,
    )


class Analyse(Agent):
    """What the codebase is like, of the facts of all files that could be read.

    It is the end of the phase that `facts_scope` announces.
    """

    name = "analyse"
    reads = ("codebase", "files")
    writes = ("codebase", "analysis")
    announced = False

    def run(self, context: StageContext) -> dict[str, Any]:
        """Takes facts, and the errors of the files without."""
        codebase = context["codebase"]
        failed = {file.path: context.errors.get(_content_key(file)) for file in parsable(codebase)}
        paths = [path for path, error in failed.items() if error is None]
        facts = dict(zip(paths, context["files"], strict=True))
        left_out = [
            Exclusion(path, "unreadable", error.error) for path, error in failed.items() if error
        ]
        read = _without(codebase, left_out)
        return {"codebase": read, "analysis": analyse(read, facts)}


def forget_others(store: RunStore, codebase: Codebase, scope: ScopeReport) -> None:
    """Stored facts of contents that are gone are forgotten, so that the state does not grow."""
    keys = {_content_key(file) for file in parsable(codebase)}
    store.prune(StepRef(scope.name, scope.fingerprint), keep=keys)


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
