"""From an analysis to proven templates: choose, extract, prove, and say what was dropped."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from template_creation.scan.secrets import find_secrets  # the door also opens the walk, with git
from template_creation.syntax import parse
from template_creation.templating.entities import Entity, find_entities
from template_creation.templating.exemplars import Group, Member, find_groups, in_rounds
from template_creation.templating.names import Names, collect_names
from template_creation.templating.paths import (
    PathStyles,
    illegal_path,
    measure_styles,
    path_segments,
)
from template_creation.templating.placeholders import choose, to_segments
from template_creation.templating.proofs import (
    Subject,
    grade_of,
    line_similarity,
    measure_leaks,
    probe_terms,
    prove_names,
    prove_round_trip,
    prove_syntax,
)
from template_creation.templating.purpose import describe, technologies_of, top_symbols
from template_creation.templating.render import render_path, render_segments
from template_creation.templating.segments import choose_delimiter, encode_path
from template_creation.templating.vocabulary import STOP_WORDS
from template_creation.templating.words import plural_words
from template_creation.values.analysis import Analysis
from template_creation.values.facts import FileFacts
from template_creation.values.source import FileReader
from template_creation.values.template import (
    Delimiter,
    Placeholder,
    Proof,
    Segment,
    Template,
    TemplateSet,
    Term,
)

Verified = Literal["full", "text-only", "verbatim"]

__all__ = ["Dropped", "TemplateBuild", "build_templates"]

_TRIES_PER_GROUP = 3
_ATTEMPTS = 4
_MAX_SIBLINGS = 10


@dataclass(frozen=True, slots=True)
class Dropped:
    """A file that was to become a template and did not: ``bar`` is the one that it failed."""

    path: str
    reason: str
    bar: str


@dataclass(frozen=True)
class TemplateBuild:
    """The proven templates, the entities that were found, and what was dropped and why."""

    templates: TemplateSet
    entities: tuple[Entity, ...]
    dropped: tuple[Dropped, ...]


@dataclass(frozen=True)
class _Workshop:
    analysis: Analysis
    read: FileReader
    names: Names
    styles: PathStyles
    project: Term | None


def build_templates(
    analysis: Analysis,
    read: FileReader,
    *,
    max_templates: int = 15,
    secret_paths: Collection[str] = (),
    on_candidate: Callable[[int, int], None] | None = None,
) -> TemplateBuild:
    """At most ``max_templates`` proven templates of the analysed codebase.

    ``read`` gives a file's bytes; ``secret_paths`` are never read. ``on_candidate(done,
    wanted)`` is called after each file that was tried. Every template passes B1 to B4, B6 and
    B8; a file that cannot is shipped verbatim or listed in ``dropped``. (Facts sections 4-9.)
    """
    entities = find_entities(analysis)
    groups = in_rounds(find_groups(analysis, entities, secret_paths))
    shop = _Workshop(
        analysis,
        read,
        collect_names(analysis),
        measure_styles(sorted(analysis.files)),
        _project_term(analysis),
    )
    built: list[Template] = []
    dropped: list[Dropped] = []
    taken: set[str] = set()
    for group in groups:
        if len(built) >= max_templates:
            break
        template = _build_from_group(shop, group, taken, dropped)
        if template is not None:
            built.append(template)
            taken |= _rendered_paths(template)
        if on_candidate is not None:
            on_candidate(len(built), max_templates)
    return TemplateBuild(_finish(built, analysis), entities, tuple(dropped))


def _project_term(analysis: Analysis) -> Term | None:
    words = analysis.project.words
    plain = all(word.isascii() and word[:1].isalpha() and word.isalnum() for word in words)
    if not words or not plain or len("".join(words)) < 3:
        return None
    if len(words) == 1 and words[0] in STOP_WORDS:
        return None
    return Term("project", words)


def _build_from_group(
    shop: _Workshop, group: Group, taken: Collection[str], dropped: list[Dropped]
) -> Template | None:
    for member in group.members[:_TRIES_PER_GROUP]:
        result = _build(shop, group, member, taken)
        if isinstance(result, Template):
            return result
        if result not in dropped:
            dropped.append(result)
    return None


def _build(
    shop: _Workshop, group: Group, member: Member, taken: Collection[str]
) -> Template | Dropped:
    path = member.path
    file = shop.analysis.files[path]
    data = shop.read(path)
    secrets = find_secrets(data)
    if secrets:
        detail = ", ".join(sorted({f"{item.rule} in line {item.line}" for item in secrets}))
        return Dropped(path, f"it may hold a secret: {detail}", "B6")
    terms = _terms(shop, member)
    facts = shop.analysis.facts.get(path)
    language = file.language or "text"
    content, proofs, verified = _extract(shop, path, language, data, terms, facts)
    in_path = path_segments(path, terms, shop.styles)
    original = tuple(
        term
        for term in terms
        if any(isinstance(s, Placeholder) and s.term == term.key for s in (*content, *in_path))
    )
    technologies = technologies_of(facts, shop.analysis.technologies)
    leak_proof, leaks = measure_leaks(content, terms)
    subject = " ".join(plural_words(member.entity.words)) if member.entity else ""
    template = Template(
        id="",
        path="",
        source=path,
        layer=group.layer,
        role=group.role,
        language=language,
        purpose=describe(facts, group.layer, subject, technologies),
        segments=content,
        path_segments=in_path,
        original=original,
        grade="example",
        support=0,
        similarity=None,
        siblings=(),
        proofs=(),
        symbols=(),
        technologies=tuple(item.name for item in technologies),
        sha256=hashlib.sha256(data).hexdigest(),
        lines=file.lines,
        verified=verified,
        leaks=leaks,
    )
    path_proof = _prove_path(template, taken)
    if not path_proof.passed:
        return Dropped(path, path_proof.detail, "B8")
    template = _with_similarity(shop, group, template)
    secret_proof = Proof("B6", True, "no secret found")
    return replace(
        template,
        proofs=(*proofs, leak_proof, secret_proof, *template.proofs, path_proof),
    )


def _terms(shop: _Workshop, member: Member) -> tuple[Term, ...]:
    terms: list[Term] = []
    if member.entity is not None:
        terms.append(Term("entity", member.entity.words))
    project = shop.project
    if project is not None and (member.entity is None or project.words != member.entity.words):
        terms.append(project)
    return tuple(terms)


def _extract(
    shop: _Workshop,
    path: str,
    language: str,
    data: bytes,
    terms: Sequence[Term],
    facts: FileFacts | None,
) -> tuple[tuple[Segment, ...], tuple[Proof, ...], Verified]:
    """The content's segments with the proofs B1 to B4, retried with what failed left
    literal."""
    tree = parse(data, language)
    verbatim: tuple[Segment, ...] = (data,) if data else ()
    if tree is None:
        proofs = (prove_round_trip(verbatim, terms, data), *_not_applied("no grammar"))
        return verbatim, proofs, "text-only"
    names = shop.names.for_file(path, facts or FileFacts(language))
    refused: set[str] = set()
    offsets: set[int] = set()
    reason = "no name of ours in it"
    for _ in range(_ATTEMPTS):
        choices = choose(
            data, tree, terms, names, shop.styles, refused=refused, refused_offsets=offsets
        )
        if not choices:
            break
        segments = to_segments(data, choices)
        subject = Subject(data, language, tuple(terms), names, choices, segments, tree)
        syntax_proofs, faults = prove_syntax(subject)
        names_proof, names_fault = prove_names(subject)
        faults = [*faults, *([names_fault] if names_fault else [])]
        round_trip = prove_round_trip(segments, terms, data)
        if not faults and round_trip.passed:
            return segments, (round_trip, *syntax_proofs, names_proof), "full"
        before = len(refused) + len(offsets)
        for fault in faults:
            refused |= fault.identifiers
            offsets |= fault.offsets
            reason = f"{fault.proof.bar}: {fault.proof.detail}"
        if len(refused) + len(offsets) == before:
            break
    proofs = (prove_round_trip(verbatim, terms, data), *_not_applied(reason))
    return verbatim, proofs, "verbatim"


def _not_applied(reason: str) -> tuple[Proof, ...]:
    return tuple(Proof(bar, True, f"content is literal ({reason})") for bar in ("B2", "B3", "B4"))


def _rendered_paths(template: Template) -> set[str]:
    """The folded paths of the template for two probe values and for the original ones."""
    probes = [{}, *probe_terms(template.original, ())]
    return {render_path(template, values).casefold() for values in probes}


def _prove_path(template: Template, taken: Collection[str]) -> Proof:
    """B8: the path gives the source's own, is unique and legal for every value tried."""
    if render_path(template, {}) != template.source:
        return Proof("B8", False, "the path does not render back")
    package_path = f"templates/{encode_path(template, Delimiter('{{', '}}'))}.template"
    rendered = _rendered_paths(template)
    clash = sorted(rendered & set(taken))
    if clash:
        return Proof("B8", False, f"another template renders to {clash[0]!r}")
    for path in (package_path, *sorted(rendered)):
        reason = illegal_path(path)
        if reason is not None:
            return Proof("B8", False, reason)
    return Proof("B8", True, "renders back, unique, legal on Windows")


def _with_similarity(shop: _Workshop, group: Group, template: Template) -> Template:
    others = [member for member in group.members if member.path != template.source]
    others.sort(key=lambda member: member.path)
    step = max(1, -(-len(others) // _MAX_SIBLINGS))
    values = []
    compared = others[::step]
    for member in compared:
        words = member.entity.words if member.entity else None
        mine = {"entity": words} if words else {}
        rendered = render_segments(template.segments, template.original, mine)
        values.append(line_similarity(rendered, shop.read(member.path)))
    proof, grade, similarity = grade_of(values)
    return replace(
        template,
        grade=grade,
        similarity=similarity,
        support=len(compared),
        siblings=tuple(member.path for member in compared),
        proofs=(proof,),
    )


def _finish(built: Sequence[Template], analysis: Analysis) -> TemplateSet:
    """Ids in a stable order, one delimiter for all, paths inside the package."""
    ordered = sorted(built, key=lambda item: (item.layer, item.source))
    contents = [part for item in ordered for part in (item.segments, item.path_segments)]
    delimiter = choose_delimiter(contents)
    finished = []
    for number, template in enumerate(ordered, start=1):
        identifier = f"T{number}"
        finished.append(
            replace(
                template,
                id=identifier,
                path=f"templates/{encode_path(template, delimiter)}.template",
                symbols=top_symbols(analysis.facts.get(template.source), identifier),
            )
        )
    return TemplateSet(tuple(finished), delimiter)
