"""Values that would break the rendered code are refused, with the reason.

(Facts sections 6 and 7: ``news`` collapses two names into one, ``item`` for ``user`` collides
with what is there, a value without letter case has no naming styles.)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from template_creation.errors import BadInput
from template_creation.syntax import parse
from template_creation.templating.paths import illegal_path
from template_creation.templating.render import (
    PLURAL_SUFFIX,
    Value,
    numbered,
    render_original,
    render_path,
    render_template,
    words_of,
)
from template_creation.templating.sites import identifier_leaves
from template_creation.templating.vocabulary import RESERVED_WORDS
from template_creation.templating.words import in_case
from template_creation.values.template import Template, TemplateSet

__all__ = ["check_values"]

_MAX_LETTERS = 60
_SEPARATORS = " _-"


def check_values(
    templates: TemplateSet | Sequence[Template],
    values: Mapping[str, Value],
    *,
    names: Collection[str] = (),
) -> None:
    """Raise `BadInput` if rendering ``templates`` with ``values`` would give broken code.

    ``values`` maps ``entity`` and ``project`` (and ``entity_plural``, where our plural would
    be wrong) to what the user typed. ``names`` are further names that must not be taken.
    Refused are: a term that no template has; an empty value, one without letters or letter
    case, one that starts with a digit, is too long or holds anything but letters, digits,
    spaces, ``-`` and ``_``; a plural equal to its singular; two terms with one value; a
    reserved word of a language in play; a name that the templates' code already uses; a path
    that is illegal or taken.

    >>> check_values((), {"entity": "order line"})
    Traceback (most recent call last):
    template_creation.errors.BadInput: no template has a place for 'entity'
    """
    items = tuple(templates)
    known = {term.key for template in items for term in template.original}
    for key in sorted(values):
        term = key.removesuffix(PLURAL_SUFFIX)
        if term not in known:
            choices = ", ".join(sorted(known)) or "none"
            raise BadInput(f"no template has a place for {key!r}", hint=f"terms: {choices}")
        _check_text(key, values[key])
    _check_numbers(items, values)
    _check_reserved(items, values)
    for template in items:
        _check_collisions(template, values, names)
    _check_paths(items, values)


def _check_text(key: str, value: Value) -> None:
    """The value itself: letters with case, a letter first, nothing that leaves a path."""
    text = value if isinstance(value, str) else " ".join(value)
    words = words_of(value)
    shown = f"{key}={text!r}"
    if not text.strip() or not words:
        raise BadInput(f"{shown} is empty", hint="give a noun in the singular, such as 'order'")
    strange = sorted({char for char in text if not char.isalnum() and char not in _SEPARATORS})
    if strange:
        raise BadInput(
            f"{shown} holds {''.join(strange)!r}", hint="use letters, digits, spaces, '-' and '_'"
        )
    if not all(char.isdigit() or _has_case(char) for word in words for char in word):
        raise BadInput(
            f"{shown} has letters without upper and lower case, so that it has no naming styles",
            hint="use letters such as a to z",
        )
    if any(word[0].isdigit() for word in words):
        raise BadInput(f"{shown} has a word that starts with a digit", hint="start with a letter")
    if len("_".join(words)) > _MAX_LETTERS:
        raise BadInput(f"{shown} is longer than {_MAX_LETTERS} letters", hint="use a shorter name")


def _has_case(char: str) -> bool:
    upper, lower = char.upper(), char.lower()
    return upper != lower and len(upper) == len(lower) == 1 and upper.lower() == lower


def _check_numbers(templates: Iterable[Template], values: Mapping[str, Value]) -> None:
    for template in templates:
        forms = numbered(values, template.original)
        plurals = any(item.number == "plural" for item in template.placeholders)
        changed = {key.removesuffix(PLURAL_SUFFIX) for key in values}
        for key, (one, many) in forms.items():
            if key in changed and plurals and key != "project" and one == many:
                raise BadInput(
                    f"the plural of {key}={' '.join(one)!r} equals its singular, so that two "
                    "names of the code would become one",
                    hint=f"give another word, or set {key}{PLURAL_SUFFIX}",
                )
        owner: dict[str, str] = {}
        for key, pair in forms.items():
            for words in pair if key != "project" else pair[:1]:
                flat = "".join(words)
                if owner.setdefault(flat, key) != key and changed & {key, owner[flat]}:
                    raise BadInput(
                        f"{key} and {owner[flat]} are both {' '.join(words)!r}",
                        hint="give the two terms different values",
                    )


def _check_reserved(templates: Iterable[Template], values: Mapping[str, Value]) -> None:
    changed = {key.removesuffix(PLURAL_SUFFIX) for key in values}
    for template in templates:
        reserved = RESERVED_WORDS.get(template.language, frozenset())
        forms = numbered(values, template.original)
        for placeholder in template.placeholders:
            if placeholder.term not in changed:
                continue
            one, many = forms[placeholder.term]
            name = in_case(many if placeholder.number == "plural" else one, placeholder.case)
            if name in reserved:
                raise BadInput(
                    f"{name!r} is a reserved word of {template.language} "
                    f"({template.source} would not compile)",
                    hint="use another name, for example with a second word",
                )


def _check_collisions(
    template: Template, values: Mapping[str, Value], names: Collection[str]
) -> None:
    """A name that comes out of a placeholder must not be one that the file has already."""
    if template.verified != "full" or not any(
        f"{term.key}{suffix}" in values
        for term in template.original
        for suffix in ("", PLURAL_SUFFIX)
    ):
        return
    before = _identifiers(render_original(template), template.language)
    after = _identifiers(render_template(template, values), template.language)
    if len(before) != len(after):
        raise BadInput(
            f"the values change the syntax of {template.source}", hint="use another name"
        )
    kept = {old for old, new in zip(before, after, strict=True) if old == new}
    made = {new for old, new in zip(before, after, strict=True) if old != new}
    merged: dict[str, set[str]] = {}
    for old, new in zip(before, after, strict=True):
        merged.setdefault(new, set()).add(old)
    clashes = sorted(
        (made & kept) | (made & set(names)) | {new for new, old in merged.items() if len(old) > 1}
    )
    if clashes:
        listed = ", ".join(clashes[:5])
        raise BadInput(
            f"{template.source} already has the names {listed}, which the values would make again",
            hint="use a name that the code does not use yet",
        )


def _identifiers(data: bytes, language: str) -> list[str]:
    tree = parse(data, language)
    if tree is None:
        return []
    return [(node.text or b"").decode("utf-8", "replace") for node in identifier_leaves(tree)]


def _check_paths(templates: Iterable[Template], values: Mapping[str, Value]) -> None:
    seen: dict[str, str] = {}
    for template in templates:
        path = render_path(template, values)
        reason = illegal_path(path)
        if reason is not None:
            raise BadInput(reason, hint="use another name")
        other = seen.setdefault(path.casefold(), template.source)
        if other != template.source:
            raise BadInput(
                f"{template.source} and {other} would both become {path!r}", hint="use another name"
            )
