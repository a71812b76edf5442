"""What the analysis found: each claim with the file, line and count that prove it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from template_creation.values.facts import FileFacts
from template_creation.values.source import SourceFile

__all__ = [
    "Analysis",
    "Command",
    "CommitFormat",
    "Convention",
    "LanguageShare",
    "Layer",
    "LayerEvidence",
    "PackageRoot",
    "Problem",
    "ProjectIdentity",
    "Rule",
    "Site",
    "Technology",
    "ToolSetting",
]


@dataclass(frozen=True, slots=True)
class ProjectIdentity:
    """Who the codebase is. ``name`` comes from its manifests, else its folder; ``slug`` is the
    kebab form. ``words`` are the lower-case words of the namespace that the code itself uses
    (``("clean", "architecture")``), empty where code names no project. ``licence`` is an SPDX
    id or ``None``; ``digest`` is the hash over all paths and contents."""

    name: str
    slug: str
    words: tuple[str, ...]
    commit: str | None
    licence: str | None
    files: int
    digest: str


@dataclass(frozen=True, slots=True)
class LanguageShare:
    """A language with the number of files and lines that are written in it."""

    name: str
    files: int
    lines: int


@dataclass(frozen=True, slots=True)
class PackageRoot:
    """A folder with a manifest of its own; ``path`` is ``""`` for the codebase itself."""

    path: str
    manifest: str
    ecosystem: str
    name: str


@dataclass(frozen=True, slots=True)
class Technology:
    """A framework, library or tool, with the manifest and line that prove it.

    ``role`` is a word of the role table (api, web, data, schema, test, ui, ...); ``version``
    is the text of the declaration or empty; ``package`` is the dependency's own name.
    """

    name: str
    role: str
    package: str
    version: str
    path: str
    line: int
    ecosystem: str


@dataclass(frozen=True, slots=True)
class LayerEvidence:
    """Why files belong to a layer: ``signal`` says what was seen (``decorator @router.get``),
    ``count`` in how many files, ``example`` where, as ``path:line`` or a path."""

    signal: str
    count: int
    example: str


@dataclass(frozen=True, slots=True)
class Layer:
    """Files with one job. ``name`` is a slug from the layer table (api, services, data,
    models, schemas, tests, e2e, components, pages, hooks, state, commands, queries, domain,
    config, jobs, auth, errors, utilities, docs, ci, ...); files are sorted paths."""

    name: str
    title: str
    files: tuple[str, ...]
    evidence: tuple[LayerEvidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Site:
    """A place in a file: 1-based inclusive lines; ``line`` 0 means the path itself."""

    path: str
    line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class Convention:
    """A measured habit: ``k`` of ``n`` sites follow it, and every site is listed.

    ``pattern`` is a regular expression (Python, ``re.DOTALL | re.MULTILINE``) that is found in
    the text of each site in ``hits`` and in none in ``misses``, so that anyone can recount it
    without our parser; for ``subject="path"`` it is matched against the path.
    ``statement`` is one sentence without the numbers. ``layer`` is a layer name or empty for
    the whole codebase. ``otherwise`` says in a few words what the misses do, if known.
    """

    id: str
    kind: str
    statement: str
    layer: str
    language: str
    pattern: str
    subject: Literal["text", "path"]
    hits: tuple[Site, ...]
    misses: tuple[Site, ...]
    otherwise: str = ""

    @property
    def k(self) -> int:
        """How many sites follow the habit."""
        return len(self.hits)

    @property
    def n(self) -> int:
        """How many sites there are."""
        return len(self.hits) + len(self.misses)


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the project's own configuration. ``purpose`` is install, run, test, lint,
    format, types, build, migrate, generate or other; ``folder`` is where it is run."""

    id: str
    purpose: str
    command: str
    folder: str
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that the project wrote down, quoted to the letter, from ``path:line``."""

    id: str
    text: str
    path: str
    line: int
    end_line: int
    modality: Literal["must", "must-not", "prefer"]


@dataclass(frozen=True, slots=True)
class Memory:
    """Something that the team or its assistants learned, quoted from the memories that the user
    gave, not from the codebase. ``record`` is its id there, ``source`` where it was written
    down, ``agents`` whom it concerns; ``hurt`` says whether it is about what went wrong."""

    record: str
    kind: str
    text: str
    source: str
    agents: tuple[str, ...]
    hurt: bool = False


@dataclass(frozen=True, slots=True)
class ToolSetting:
    """A setting of a formatter, linter or checker that decides how code is written here:
    ``text`` is the stripped line that sets it, without a final comma."""

    tool: str
    text: str
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class CommitFormat:
    """How commit subjects are written: ``k`` of the last ``n`` subjects written by people
    match ``pattern``; up to three of them are ``examples``."""

    statement: str
    pattern: str
    k: int
    n: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that the analysis could not use, and why: a broken manifest, for one."""

    path: str
    line: int
    message: str


@dataclass(frozen=True)
class Analysis:
    """Everything that later phases may say about the codebase."""

    project: ProjectIdentity
    languages: tuple[LanguageShare, ...]
    roots: tuple[PackageRoot, ...]
    technologies: tuple[Technology, ...]
    layers: tuple[Layer, ...]
    conventions: tuple[Convention, ...]
    commands: tuple[Command, ...]
    rules: tuple[Rule, ...]
    facts: Mapping[str, FileFacts] = field(repr=False)
    files: Mapping[str, SourceFile] = field(repr=False)
    excluded_by_reason: Mapping[str, int]
    problems: tuple[Problem, ...] = ()
    commits: CommitFormat | None = None
    settings: tuple[ToolSetting, ...] = ()
    memories: tuple[Memory, ...] = ()

    @property
    def layer_of(self) -> dict[str, str]:
        """The layer name of each file that has one."""
        return {path: layer.name for layer in self.layers for path in layer.files}

    def root_of(self, path: str) -> str:
        """The nearest package root above ``path``: its folder, ``""`` for the codebase."""
        folders = {root.path for root in self.roots}
        parts = path.split("/")[:-1]
        while parts:
            if "/".join(parts) in folders:
                return "/".join(parts)
            parts.pop()
        return ""
