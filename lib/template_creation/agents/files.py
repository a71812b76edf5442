"""Agent files on disk: found, written whole or not at all."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from template_creation.agents.context import EnhancementContext
from template_creation.agents.foreign import folder_templates, read_agent
from template_creation.agents.frontmatter import read_frontmatter
from template_creation.agents.merge import own_text
from template_creation.agents.references import TemplatePaths, find_references
from template_creation.errors import BadInput, WriteError
from template_creation.package import agent_files
from template_creation.values.agent import AgentSpec
from template_creation.values.analysis import Analysis, ProjectIdentity, Technology
from template_creation.values.template import Template, TemplateSet

__all__ = [
    "context_of_files",
    "load_folder",
    "spec_for",
    "spec_of_text",
    "write_atomically",
]

_LABEL = re.compile(r"^(?P<name>.+?) \((?P<path>\S+):(?P<line>\d+)\)$")
_COMMENT = re.compile(r"<!--.*?-->[ \t]*", re.DOTALL)
_MOST_TEMPLATES = 5
_COMMON = frozenset({"specialist", "expert", "agent", "and", "for", "the", "with", "use", "when"})


def write_atomically(path: Path, text: str) -> None:
    """``text`` into ``path`` as UTF-8 with LF: afterwards the file is new or untouched.

    Raises `WriteError`.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(text.encode("utf-8"))
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as exc:
        raise WriteError(f"cannot write {path.name}: {exc.strerror}") from exc


def load_folder(package: Path) -> EnhancementContext:
    """What ``package`` holds by its folders alone: ``agents/*.md`` and every file below
    ``templates/``, for packages without our manifest and report.

    There are no facts then, so answers can cite templates and their declarations only; what is
    amiss in the folder `check_folder` tells. Raises `BadInput` where the folder is none.
    """
    if not package.is_dir():
        raise BadInput(f"no such package: {str(package)!r}", hint="give the package's folder")
    templates = folder_templates(package)
    return context_of_files(agent_files(package), templates, name=package.name)


def context_of_files(
    files: Sequence[Path], templates: TemplateSet, *, name: str = ""
) -> EnhancementContext:
    """A context without facts: agents as their files tell, and ``templates``."""
    specs = tuple(spec_of_text(path.stem, read_agent(path)[0], templates) for path in files)
    technologies = tuple(dict.fromkeys(item for spec in specs for item in spec.technologies))
    project = ProjectIdentity(name, name, (), None, None, 0, "")
    analysis = Analysis(project, (), (), technologies, (), (), (), (), {}, {}, {})
    return EnhancementContext(analysis, templates, specs)


def spec_for(path: Path, context: EnhancementContext) -> AgentSpec:
    """The declared agent of a file, else the one that the file itself tells; its name is the
    file's, so that no answer can be told to be another's."""
    spec = context.spec(path.stem)
    if spec is not None:
        return spec
    text, _ = read_agent(path)
    return replace(spec_of_text(path.stem, text, context.templates), name=path.stem)


def spec_of_text(name: str, text: str, templates: TemplateSet) -> AgentSpec:
    """The agent that the file ``name``.md with ``text`` describes; what the frontmatter does
    not say is empty."""
    head, body, _ = read_frontmatter(text)
    title = re.search(r"^#[ \t]+(.+)$", body, re.MULTILINE)
    layers = tuple(_words(head.get("layer")))
    own = own_text(text)
    near = _nearest(f"{name} {head.get('description') or ''}", own, layers, templates)
    tools = head.get("tools")
    return AgentSpec(
        name=str(head.get("name") or name),
        title=title[1].strip() if title else name.replace("-", " ").capitalize(),
        purpose=" ".join(_purpose(own).split()) or _purpose(body).partition("\n")[0],
        description=str(head.get("description") or ""),
        tools=tuple(_words(tools)),
        layers=layers,
        files=(),
        technologies=tuple(_technology(label) for label in _words(head.get("technologies"))),
        templates=near[:_MOST_TEMPLATES],
        score=0,
    )


def _nearest(
    said: str, body: str, layers: Collection[str], templates: TemplateSet
) -> tuple[str, ...]:
    """The ids of all templates: those that the agent's text refers to, in its order, then those
    of its layers, then those whose paths share most words with what it is."""
    paths = [path for _, path in find_references(body)]
    words = set(re.findall(r"[a-z]{3,}", said.casefold())) - _COMMON

    def rank(item: Template) -> tuple[int, bool, int, int]:
        known = TemplatePaths(frozenset({item.path}))
        named = next((at for at, path in enumerate(paths) if known.is_file(path)), len(paths))
        own = set(re.findall(r"[a-z]{3,}", item.path.casefold()))
        shared = sum(any(one.startswith(word[:5]) for one in own) for word in words)
        return named, item.layer not in layers, -shared, int(item.id[1:])

    return tuple(item.id for item in sorted(templates, key=rank))


def _purpose(body: str) -> str:
    """The first paragraph that is no heading and no comment, with its lines."""
    for block in re.split(r"\n\s*\n", _COMMENT.sub("", body)):
        if block.strip() and not block.lstrip().startswith(("#", "-", "`", ">", "|")):
            return "\n".join(" ".join(line.split()) for line in block.strip().splitlines())
    return ""


def _words(value: Any) -> list[str]:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return [str(part) for part in value] if isinstance(value, list) else []


def _technology(label: str) -> Technology:
    match = _LABEL.match(label)
    fields: Mapping[str, str] = match.groupdict() if match else {"name": label}
    return Technology(
        name=fields["name"],
        role="",
        package="",
        version="",
        path=fields.get("path", ""),
        line=int(fields.get("line", "0")),
        ecosystem="",
    )
