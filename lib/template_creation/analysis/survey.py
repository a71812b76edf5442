"""The analysis as a whole: each part in its place, nothing read twice."""

from __future__ import annotations

from collections.abc import Mapping

from template_creation.analysis.commands import find_commands
from template_creation.analysis.commits import find_commit_format
from template_creation.analysis.conventions import find_conventions
from template_creation.analysis.identity import identify
from template_creation.analysis.layers import find_layers
from template_creation.analysis.manifests import read_manifests
from template_creation.analysis.roots import find_roots
from template_creation.analysis.rules import find_rules
from template_creation.analysis.settings import find_settings
from template_creation.analysis.technologies import find_technologies
from template_creation.analysis.text import TextCache
from template_creation.values.analysis import Analysis, LanguageShare
from template_creation.values.facts import FileFacts
from template_creation.values.source import Codebase

__all__ = ["analyse"]


def analyse(codebase: Codebase, facts: Mapping[str, FileFacts]) -> Analysis:
    """Everything that later phases may say about ``codebase``, each claim with its evidence.

    ``facts`` holds the facts of the files with a grammar, by path. Reads through
    ``codebase.read`` and touches nothing else. A manifest that cannot be read is in
    ``problems``. Same input, same result, in the same order.
    """
    texts = TextCache(codebase.read)
    manifests, problems = read_manifests(codebase, texts)
    technologies = find_technologies(manifests)
    roots = find_roots(manifests)
    layers = find_layers(codebase, facts, technologies, roots)
    rules, notices = find_rules(codebase, texts)
    return Analysis(
        project=identify(codebase, manifests, facts, texts),
        languages=_languages(codebase),
        roots=roots,
        technologies=technologies,
        layers=layers,
        conventions=find_conventions(codebase, facts, layers, technologies, texts),
        commands=find_commands(codebase, manifests, texts),
        rules=rules,
        facts=facts,
        files=codebase.by_path,
        excluded_by_reason=codebase.excluded_by_reason,
        problems=(*problems, *notices),
        commits=find_commit_format(codebase.log),
        settings=find_settings(codebase, texts),
    )


def _languages(codebase: Codebase) -> tuple[LanguageShare, ...]:
    files: dict[str, int] = {}
    lines: dict[str, int] = {}
    for file in codebase.files:
        if file.language and not file.generated:
            files[file.language] = files.get(file.language, 0) + 1
            lines[file.language] = lines.get(file.language, 0) + file.lines
    ordered = sorted(files, key=lambda name: (-lines[name], name))
    return tuple(LanguageShare(name, files[name], lines[name]) for name in ordered)
