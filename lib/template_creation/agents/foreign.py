"""Packages that others made: their templates with what in them can be cited, and what is amiss.

Only two folders are asked for, ``agents/`` and ``templates/``. A template may have any suffix;
its placeholders are masked for the parser, so that declarations get ids there too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from template_creation.agents.frontmatter import is_strict, read_frontmatter
from template_creation.agents.references import dangling_references, without_suffix
from template_creation.package import agent_files
from template_creation.syntax import extract_facts, language_of
from template_creation.values.agent import Issue
from template_creation.values.facts import Symbol
from template_creation.values.template import Template, TemplateSet, TemplateSymbol

__all__ = ["check_folder", "folder_templates", "read_agent"]

MAX_TEMPLATE = 500_000
"""The largest template whose declarations are looked for, in bytes."""
_ABOUT = frozenset({"patterns-manifest.json", "manifest.json", "py.typed"})
"""Files beside templates that are none."""
_PLACEHOLDER = re.compile(rb"\{\{[{-]?[ \t]*([A-Za-z_][\w.\- ]{0,80}?)[ \t]*[-}]?\}\}")
_CONTROL = re.compile(rb"\{%.*?%\}|\{\{[#/^!>&].*?\}\}|<%.*?%>", re.DOTALL)


def folder_templates(package: Path) -> TemplateSet:
    """Every template below ``templates/`` of the folder ``package``, by path: all files but
    links, hidden ones and those that only tell of the others."""
    root = package / "templates"
    files = [
        path
        for path in _files(package)
        if path.name not in _ABOUT
        and not any(part.startswith(".") for part in path.relative_to(root).parts)
    ]
    return TemplateSet(
        tuple(
            _template(f"T{number}", path.relative_to(package).as_posix(), path.read_bytes())
            for number, path in enumerate(files, 1)
        )
    )


def _files(package: Path) -> list[Path]:
    root = package / "templates"
    return sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink())


def read_agent(path: Path) -> tuple[str, str]:
    """The text of an agent file, and what is wrong with its bytes or nothing; bytes that are not
    UTF-8 are shown as replacement characters."""
    data = path.read_bytes()
    try:
        return data.decode("utf-8"), ""
    except UnicodeDecodeError as exc:
        return data.decode("utf-8", "replace"), f"byte {exc.start} is not UTF-8"


def check_folder(package: Path) -> tuple[Issue, ...]:
    """What is amiss in a package's folder, agent by agent: frontmatter that hosts do not read,
    names that two files share, references that lead to no template. Nothing is passed over in
    silence: a file that is no agent is named. ``-ext`` files are parts of agents, so only their
    references are looked at.
    """
    known = {path.relative_to(package).as_posix() for path in _files(package)}
    agents = set(agent_files(package))
    found: list[Issue] = []
    owners: dict[str, str] = {}
    for path in sorted((package / "agents").rglob("*.md")):
        file = path.relative_to(package).as_posix()
        text, problem = read_agent(path)
        if problem:
            fix = "save it as UTF-8"
            found.append(Issue("encoding", file, f"{file} is not UTF-8: {problem}", fix, "warning"))
        if path in agents:
            found += _frontmatter(text, file, owners)
        elif not path.stem.endswith("-ext"):
            message, fix = (
                "it is below a folder of agents/, so it is not enhanced",
                "move it into agents/",
            )
            if path.parent == package / "agents":
                message = "it is called like a document and has no frontmatter, so it is no agent"
                fix = "nothing to do, or begin it with a --- block of YAML"
            found.append(Issue("not-an-agent", file, message, fix, "warning"))
        found += dangling_references(text, known, file=file)
    if not known:
        message = "the package has no templates, so nothing can be cited"
        found.append(Issue("no-templates", "templates", message, "add templates"))
    if not agents:
        found.append(Issue("no-agents", "agents", "there are no agents", "add agents/NAME.md"))
    return tuple(found)


def _frontmatter(text: str, file: str, owners: dict[str, str]) -> Iterator[Issue]:
    if text.startswith("\ufeff"):
        message = "it begins with a byte order mark, and hosts drop such files"
        yield Issue("frontmatter", f"{file}:1", message, "save it without one", "warning")
    head, _, problem = read_frontmatter(text)
    if problem:
        fix = "begin with a --- block of YAML that has name and description"
        yield Issue("frontmatter", f"{file}:1", f"{problem}; it cannot be enhanced", fix)
        return
    if not is_strict(text):
        message = "the frontmatter is no strict YAML; it was read with its values quoted"
        yield Issue("frontmatter", f"{file}:1", message, "quote the values", "warning")
    name = head.get("name")
    for key in ("name", "description"):
        if not isinstance(head.get(key), str) or not head[key]:
            message = f"{key} is {head.get(key)!r}, so no host loads the agent"
            yield Issue("frontmatter", f"{file}:1", message, f"give {key} as text")
    if isinstance(name, str) and name in owners:
        message = f"{owners[name]} has the name {name!r} too; a host loads one of them"
        yield Issue("same-name", f"{file}:1", message, "give each agent its own name", "warning")
    owners.setdefault(str(name), file)


def _template(number: str, path: str, data: bytes) -> Template:
    source = without_suffix(path.removeprefix("templates/"))
    language = language_of(source) or "plain"
    folder = source.split("/")[0] if "/" in source else "other"
    return Template(
        id=number,
        path=path,
        source=path,  # there is no codebase: places are those of the package
        layer=folder,
        role="",
        language=language,
        purpose="",
        segments=(data,),
        path_segments=(path.encode("utf-8", "surrogateescape"),),
        original=(),
        grade="example",
        support=0,
        similarity=None,
        siblings=(),
        proofs=(),
        symbols=_symbols(number, data, language),
        technologies=(),
        sha256="",
        lines=data.count(b"\n") + (not data.endswith(b"\n")),
        verified="verbatim",
    )


def _symbols(number: str, data: bytes, language: str) -> tuple[TemplateSymbol, ...]:
    """The declarations of a template, with the placeholders' own names in theirs."""
    if language == "plain" or len(data) > MAX_TEMPLATE or b"\0" in data:
        return ()
    masked, names = _masked(data)
    facts = extract_facts(masked, language)
    if facts.errors and not facts.symbols:
        return ()
    found = [
        TemplateSymbol(
            f"{number}.s{place}",
            symbol.name,
            symbol.kind,
            symbol.line,
            symbol.end_line,
            symbol.signature,
        )
        for place, symbol in enumerate(_distinct(facts.symbols), 1)
    ]
    return tuple(
        replace(
            symbol,
            name=_unmasked(symbol.name, names),
            signature=_unmasked(symbol.signature, names),
        )
        for symbol in found
    )


def _distinct(symbols: Iterable[Symbol]) -> Iterator[Symbol]:
    """The declarations that are no constants, each once however often it is repeated."""
    seen = set()
    for symbol in symbols:
        said = (symbol.name, symbol.kind, symbol.signature)
        if symbol.kind != "constant" and said not in seen:
            seen.add(said)
            yield symbol


def _masked(data: bytes) -> tuple[bytes, dict[str, str]]:
    """``data`` with identifiers for placeholders and blanks for control marks, line by line as
    before; and what each identifier stands for."""
    names: dict[str, str] = {}

    def identifier(match: re.Match[bytes]) -> bytes:
        word = re.sub(rb"\W", b"_", match[1])
        names[f"{word.decode('utf-8', 'replace')}_0"] = match[0].decode("utf-8", "replace")
        return word + b"_0"

    def blank(match: re.Match[bytes]) -> bytes:
        return re.sub(rb"[^\r\n]", b" ", match[0])

    return _PLACEHOLDER.sub(identifier, _CONTROL.sub(blank, data)), names


def _unmasked(text: str, names: Mapping[str, str]) -> str:
    for word in sorted(names, key=len, reverse=True):
        text = text.replace(word, names[word])
    return text
