"""Who the codebase is: its name, the words its own code uses for itself, licence and digest."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from template_creation.analysis.manifests import Manifest
from template_creation.analysis.text import TextCache, folder_of
from template_creation.values.analysis import ProjectIdentity
from template_creation.values.facts import FileFacts
from template_creation.values.source import Codebase

__all__ = ["identify", "slug_of", "words_of"]

_GENERIC_TEXT = """
    app apps src lib api core server backend frontend web main client project package pkg internal
    root workspace monorepo site my example test tests service services common myapp mysite code
    scripts docs com org io net github dev www
"""
_GENERIC = frozenset(_GENERIC_TEXT.split())
_LICENCES: tuple[tuple[str, str], ...] = (
    ("Apache-2.0", "apache license version 2.0"),
    ("AGPL-3.0", "gnu affero general public license version 3"),
    ("LGPL-3.0", "gnu lesser general public license version 3"),
    ("LGPL-2.1", "gnu lesser general public license version 2.1"),
    ("GPL-3.0", "gnu general public license version 3"),
    ("GPL-2.0", "gnu general public license version 2"),
    ("MPL-2.0", "mozilla public license version 2.0"),
    ("EPL-2.0", "eclipse public license - v 2.0"),
    ("BSL-1.0", "boost software license"),
    ("Unlicense", "this is free and unencumbered software released into the public domain"),
    ("CC0-1.0", "cc0 1.0 universal"),
    ("MIT-0", "mit no attribution"),
    ("MIT", "permission is hereby granted, free of charge, to any person obtaining a copy"),
    ("ISC", "permission to use, copy, modify, and/or distribute this software for any purpose"),
    ("BSD-3-Clause", "neither the name of"),
    ("BSD-2-Clause", "redistributions in binary form must reproduce the above copyright"),
    ("WTFPL", "do what the fuck you want to public license"),
)
_SPDX = re.compile(r"SPDX-License-Identifier:\s*([\w.+\-]+)")
_LICENCE_FILE = re.compile(r"(?:licen[cs]e|copying|unlicense)(?:[.-][\w.-]+)?", re.IGNORECASE)
_PACKAGE_LANGUAGES = {
    "python": "python",
    "csharp": "dotnet",
    "go": "go",
    "java": "java",
    "kotlin": "java",
    "rust": "rust",
    "ruby": "ruby",
    "typescript": "javascript",
    "tsx": "javascript",
    "javascript": "javascript",
    "jsx": "javascript",
}


def words_of(name: str) -> tuple[str, ...]:
    """The lower-case words of a name in any case style.

    >>> words_of("CleanArchitecture"), words_of("spring-petclinic"), words_of("HTTPServer2")
    (('clean', 'architecture'), ('spring', 'petclinic'), ('http', 'server2'))
    """
    spaced = re.sub(r"([a-z0-9])([A-Z])|([A-Z]+)([A-Z][a-z])", r"\1\3 \2\4", name)
    return tuple(word.lower() for word in re.findall(r"[^\W_]+", spaced))


def slug_of(name: str) -> str:
    """The kebab form of a name."""
    return "-".join(words_of(name))


def identify(
    codebase: Codebase,
    manifests: Sequence[Manifest],
    facts: Mapping[str, FileFacts],
    texts: TextCache,
) -> ProjectIdentity:
    """Name, namespace words, licence and digest of the codebase."""
    namespace = _namespace(codebase, manifests, facts, texts)
    name = _name(codebase, manifests, namespace)
    return ProjectIdentity(
        name=name,
        slug=slug_of(name),
        words=words_of(_as_spelled(namespace, facts)),
        commit=codebase.commit,
        licence=_licence(codebase, manifests, texts),
        files=len(codebase.files),
        digest=_digest(codebase),
    )


def _as_spelled(namespace: str, facts: Mapping[str, FileFacts]) -> str:
    """A namespace of one word as the code's own names spell it, where they show its words:
    ``petclinic`` is ``PetClinic`` in ``PetClinicApplication``. A spelling that no naming style
    gives back (``FastAPI``) tells nothing."""
    if not re.fullmatch(r"[a-z]{5,}", namespace):
        return namespace
    found: Counter[str] = Counter()
    wanted = re.compile(rf"(?<![A-Za-z])(?i:{namespace})(?![a-z])")
    for fact in facts.values():
        for name in fact.declared:
            if namespace in name.lower():
                found.update(match.group() for match in wanted.finditer(name))
    humps = {
        spelled: count
        for spelled, count in found.items()
        if len(words_of(spelled)) > 1 and "".join(map(str.capitalize, words_of(spelled))) == spelled
    }
    return min(humps, key=lambda item: (-humps[item], item)) if humps else namespace


def _digest(codebase: Codebase) -> str:
    total = hashlib.sha256()
    for file in sorted(codebase.files, key=lambda item: item.path):
        total.update(f"{file.path}\0{file.sha256}\n".encode("utf-8", "surrogateescape"))
    return total.hexdigest()


def _name(codebase: Codebase, manifests: Sequence[Manifest], namespace: str) -> str:
    if _solution(codebase):
        return _solution(codebase)
    tops = [item for item in manifests if not folder_of(item.path) and item.name]
    named = [item.name for item in tops if item.ecosystem not in {"infra"}]
    for name in named:
        last = name.rpartition("/")[2] if not name.startswith("@") else name[1:]
        if _is_own(words_of(last)):
            return last
    folder = codebase.root.resolve().name
    return folder if words_of(folder) else namespace or "project"


def _solution(codebase: Codebase) -> str:
    """The name of the .NET solution at the top, if there is one."""
    for file in codebase.files:
        if "/" not in file.path and file.path.endswith((".sln", ".slnx")):
            return file.path.rpartition(".")[0]
    return ""


def _is_own(words: Sequence[str]) -> bool:
    return any(word not in _GENERIC for word in words)


def _namespace(
    codebase: Codebase,
    manifests: Sequence[Manifest],
    facts: Mapping[str, FileFacts],
    texts: TextCache,
) -> str:
    lines: Counter[str] = Counter()
    for file in codebase.files:
        ecosystem = _PACKAGE_LANGUAGES.get(file.language or "")
        if ecosystem and not file.generated:
            lines[ecosystem] += file.lines
    for ecosystem, _ in sorted(lines.items(), key=lambda item: (-item[1], item[0])):
        found = _namespace_in(ecosystem, codebase, manifests, facts, texts)
        if found and _is_own(words_of(found)):
            return found
    return ""


def _namespace_in(
    ecosystem: str,
    codebase: Codebase,
    manifests: Sequence[Manifest],
    facts: Mapping[str, FileFacts],
    texts: TextCache,
) -> str:
    own = [item for item in manifests if item.ecosystem == ecosystem]
    if ecosystem in {"dotnet", "java"}:
        languages = {key for key, value in _PACKAGE_LANGUAGES.items() if value == ecosystem}
        spaces = [
            fact.namespace
            for _, fact in sorted(facts.items())
            if fact.language in languages and fact.namespace
        ]
        common = _common_prefix(spaces)
        if not common:
            return ""
        if ecosystem == "dotnet":
            solution = tuple(_solution(codebase).split("."))
            return ".".join(solution) if common[: len(solution)] == solution else common[0]
        return common[-1]
    if ecosystem == "go":
        modules = [tuple(item.module.split("/")) for item in own if item.module]
        return _last_own(_shared(modules)) if modules else ""
    if ecosystem == "rust":
        return next((item.name for item in own if item.name), "")
    if ecosystem == "ruby":
        return _rails_module(codebase, texts)
    if ecosystem == "python":
        return _python_package(codebase, own)
    names = [item.name for item in own if item.name]
    scopes = Counter(name.split("/")[0][1:] for name in names if name.startswith("@"))
    if scopes and scopes.most_common(1)[0][1] * 2 > len(names):
        return min(scopes, key=lambda scope: (-scopes[scope], scope))
    return ""


def _common_prefix(spaces: Sequence[str]) -> tuple[str, ...]:
    """The longest dotted prefix that four of five namespaces share."""
    prefix: tuple[str, ...] = ()
    split = [tuple(space.split(".")) for space in spaces]
    while True:
        depth = len(prefix)
        following = Counter(
            parts[depth] for parts in split if len(parts) > depth and parts[:depth] == prefix
        )
        if not following:
            return prefix
        word, count = min(following.items(), key=lambda item: (-item[1], item[0]))
        if count < 0.8 * len(split):
            return prefix
        prefix = (*prefix, word)


def _shared(modules: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    shared = modules[0]
    for parts in modules[1:]:
        same = [left == right for left, right in zip(shared, parts, strict=False)]
        shared = shared[: same.index(False) if False in same else len(same)]
    return shared


def _last_own(parts: Iterable[str]) -> str:
    """The last path word that is not a version (``v2``)."""
    kept = [part for part in parts if not re.fullmatch(r"v\d+", part)]
    return kept[-1] if len(kept) > 1 or (kept and "." not in kept[0]) else ""


def _rails_module(codebase: Codebase, texts: TextCache) -> str:
    if "config/application.rb" not in codebase.by_path:
        return ""
    found = re.search(r"^module\s+(\w+)", texts.text("config/application.rb"), re.MULTILINE)
    return found.group(1) if found else ""


def _python_package(codebase: Codebase, own: Sequence[Manifest]) -> str:
    """The top package that holds most Python files and is imported by name."""
    roots = {folder_of(item.path) for item in own if item.is_root} | {""}
    packages: Counter[str] = Counter()
    for file in codebase.files:
        if file.language != "python":
            continue
        for root in roots:
            inner = file.path.removeprefix(f"{root}/") if root else file.path
            if root and inner == file.path:
                continue
            parts = inner.removeprefix("src/").split("/")
            if len(parts) > 1 and parts[0].isidentifier():
                packages[parts[0]] += 1
    named = {"_".join(words_of(item.name)) for item in own if item.name}
    for package, _ in sorted(packages.items(), key=lambda item: (-item[1], item[0])):
        if "_".join(words_of(package)) in named:
            return package
    for package, count in sorted(packages.items(), key=lambda item: (-item[1], item[0])):
        has_init = any(path.endswith(f"{package}/__init__.py") for path in codebase.by_path)
        settings = any(path.endswith(f"{package}/settings.py") for path in codebase.by_path)
        if has_init and (settings or count * 2 > packages.total()):
            return package
    return ""


def _licence(codebase: Codebase, manifests: Sequence[Manifest], texts: TextCache) -> str | None:
    for file in codebase.files:
        if "/" not in file.path and _LICENCE_FILE.fullmatch(file.path):
            text = texts.text(file.path)
            marked = _SPDX.search(text)
            if marked:
                return marked.group(1)
            plain = re.sub(r"[\s,]+", " ", text.lower())
            for spdx, phrase in _LICENCES:
                if phrase.replace(",", "") in plain.replace(",", ""):
                    return spdx
    for manifest in manifests:
        if not folder_of(manifest.path) and re.fullmatch(r"[\w.+\- ]{2,40}", manifest.licence):
            return manifest.licence
    return None
