"""A request's facts as dense lines for a model: everything it may cite, nothing said twice.

As JSON the same facts take about twice the tokens: keys on every line, paths that share their
folders, and proofs (manifest lines, places) that are put in afterwards, by id, on our side.
What each line means is explained once, in ``prompts/enhance_shared.md.j2``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from template_creation.values.request import (
    AgentRequest,
    BatchRequest,
    CatalogEntry,
    CatalogSymbol,
    ConventionFact,
    TechnologyFact,
)

__all__ = ["agent_lines", "catalog_lines", "fact_lines", "memory_lines"]

LONGEST_SIGNATURE = 90
LONGEST_TEXT = 500
MOST_FOLDERS = 3
ELIDED = "(..)"
_TESTS = frozenset({"tests", "e2e"})


def catalog_lines(request: BatchRequest) -> list[str]:
    """The project, then every template below its folder, and its declarations below it::

        project bookshop (python, markdown)
    backend/app/api/routes/
    T1 items.py: api, example, per entity, 113 lines. FastAPI: 5 endpoints for items [FastAPI]
     s1 13-45 @router.get("/") def read_items(session: SessionDep) -> Any
     3 more declarations
    """
    languages = ", ".join(request.languages)
    lines = [f"project {_flat(request.project)}" + (f" ({languages})" if languages else "")]
    for folder, entries in groupby(request.template_catalog, _folder):
        lines.append(f"{folder}/" if folder else "./")
        for entry in entries:
            lines += _entry(entry, whole_path=request.contract == "markdown")
    return lines


def fact_lines(request: BatchRequest) -> list[str]:
    """Conventions by layer with their counts, rules as the project wrote them, commands, and
    technologies by role."""
    lines: list[str] = []
    for (layer, language), group in groupby(request.conventions, _where):
        lines.append(f"conventions of {layer or 'the whole codebase'} ({language})")
        lines += [_convention(item, request) for item in group]
    if request.rules:
        lines.append("rules")
        lines += [
            f"{item.id} {item.modality}: {_short(_flat(item.text), LONGEST_TEXT)}"
            for item in request.rules
        ]
    if request.commands:
        lines.append("commands")
        for command in request.commands:
            where = f" in {command.folder}" if command.folder.strip("./") else ""
            said = _short(_flat(command.command), LONGEST_TEXT)
            lines.append(f"{command.id} {command.purpose}{where}: {said}")
    if request.technologies:
        lines.append("technologies")
        lines += _technologies(request.technologies)
    return lines


def memory_lines(request: BatchRequest) -> list[str]:
    """What was learned in the project, quoted on one line each, with its source::

    M1 failure: "Migrations ran twice. Fix: take a lock." (lessons.md:3)
    """
    return [
        f'{item.id} {item.kind}: "{_short(_seen(item.text), LONGEST_TEXT)}"'
        + (f" ({_short(_seen(item.source), LONGEST_SIGNATURE)})" if item.source else "")
        for item in request.memories
    ]


def agent_lines(request: BatchRequest) -> list[str]:
    """Every agent: its work and files, then the ids of its facts, best first; and why its last
    answer was refused::

        api-specialist (api): Adds API endpoints. 7 files in backend/app/api
         T1 T14 / C2 C3 / R1 / K17 K18 / D5
         refused: unknown-id at $.templates[0]: no such id: 'T99' (use an id of the request)
    """
    lines = []
    for agent in request.agents:
        lines.append(_agent(agent, request.project))
        facts = (agent.templates, agent.conventions, agent.rules, agent.commands)
        listed = [" ".join(ids) for ids in (*facts, agent.dependencies, agent.memories) if ids]
        if listed:
            lines.append(f" {' / '.join(listed)}")
        lines += [f" refused: {_short(_flat(text), LONGEST_TEXT)}" for text in agent.problems]
    return lines


def _entry(entry: CatalogEntry, *, whole_path: bool) -> Iterator[str]:
    marks = [entry.category, entry.grade]
    if entry.path != f"templates/{entry.source}.template":
        marks.append("per entity")
    marks.append(f"{entry.lines} lines")
    used = f" [{', '.join(entry.technologies)}]" if entry.technologies else ""
    name = entry.source.rpartition("/")[2]
    yield f"{entry.id} {name}: {', '.join(marks)}. {_purpose(entry)}{used}"
    if whole_path:
        yield f" {entry.path}"
    for symbol, shown in zip(entry.symbols, _signatures(entry), strict=True):
        yield f" {symbol.id.rpartition('.')[2]} {symbol.lines} {shown}"
    if entry.more_symbols:
        noun = "declaration" if entry.more_symbols == 1 else "declarations"
        yield f" {entry.more_symbols} more {noun}"


def _folder(entry: CatalogEntry) -> str:
    return entry.source.rpartition("/")[0]


def _purpose(entry: CatalogEntry) -> str:
    """Without the list of declarations where they are listed below."""
    head, _, tail = entry.purpose.partition(": ")
    repeats = any(symbol.name in tail for symbol in entry.symbols)
    counts = re.match(r"\d+ (?!endpoint|test)", tail) and entry.symbols
    return head if repeats or counts else entry.purpose


def _signatures(entry: CatalogEntry) -> Iterator[str]:
    """Each declaration's decorators and head. Parameters that are those of the declaration
    before are left out, and in tests all but the first ones: they say little there."""
    before = ""
    for number, symbol in enumerate(entry.symbols):
        text = _head(symbol)
        marks = "".join(f"{mark.rstrip('({ ')} " for mark in symbol.marks)
        name, bracket, parameters = text.partition("(")
        alike = parameters == before or (number and entry.category in _TESTS)
        if symbol.kind == "test" and not symbol.name.isidentifier():
            text = f'test "{_flat(symbol.name)}"'
        elif bracket and alike and len(parameters) > len(ELIDED):
            text = f"{name}{ELIDED}"
        else:
            before = parameters
        yield marks + _short(text, LONGEST_SIGNATURE)


def _head(symbol: CatalogSymbol) -> str:
    """The signature without what only layout needs."""
    text = re.sub(r"(?:\s*(?:=>|[:{;]))+\s*$", "", _flat(symbol.signature))
    return re.sub(r"(?<=[(\[]) | (?=[)\]])|,(?= ?[)\]])", "", text)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most].rstrip() + "…"


def _where(item: ConventionFact) -> tuple[str, str]:
    return item.layer, item.language


def _convention(item: ConventionFact, request: BatchRequest) -> str:
    """With the place of an example only where that is a template, which can be cited."""
    said = _flat(item.statement).replace(f" of the {item.layer} layer", "")
    other = f"; else {_flat(item.otherwise)}" if item.otherwise else ""
    shown = _declaration(item.example, request)
    return f"{item.id} {item.k}/{item.n} {said}{other}{f' (as {shown})' if shown else ''}"


def _declaration(place: str, request: BatchRequest) -> str:
    """The id of the declaration at ``path:line``, or of the template, or nothing."""
    path, _, line = place.rpartition(":")
    entry = next((one for one in request.template_catalog if one.source == path), None)
    if entry is None:
        return ""
    for symbol in entry.symbols:
        first, _, last = symbol.lines.partition("-")
        if int(first) <= int(line) <= int(last):
            return symbol.id
    return entry.id


def _technologies(items: Sequence[TechnologyFact]) -> Iterator[str]:
    """One line for each role; with its manifest where a name is there twice."""
    names = [item.name for item in items]
    ordered = sorted(items, key=lambda item: item.role)
    for role, group in groupby(ordered, lambda item: item.role):
        parts = []
        for item in group:
            folder = item.source.rpartition("/")[0]
            where = f" ({folder or '.'})" if names.count(item.name) > 1 else ""
            parts.append(f"{item.id} {item.name}{where}")
        yield f"{role or 'other'}: {', '.join(parts)}"


def _agent(agent: AgentRequest, project: str) -> str:
    layers = f" ({', '.join(agent.layers)})" if agent.layers else ""
    work = _flat(agent.purpose).replace(f" of {project}", "")
    said = f"{agent.name}{layers}: {work}"
    if agent.files:
        folders = ", ".join(agent.folders[:MOST_FOLDERS])
        noun = "file" if agent.files == 1 else "files"
        said += f" {agent.files} {noun}" + (f" in {folders}" if folders else "")
    return said


def _seen(text: str) -> str:
    """`_flat`, without characters that no reader sees."""
    return _flat("".join(char if char.isprintable() else " " for char in text))


def _flat(text: str) -> str:
    """On one line, so that a text of the codebase cannot begin a line of its own."""
    return " ".join(text.split())
