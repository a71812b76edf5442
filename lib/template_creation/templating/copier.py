"""``copier.yml``: the same package as a template of copier, with the same names and result.

Copier renders with Jinja, which rewrites line ends; templates with other ends than LF are
left to our own renderer and listed in ``excluded``. It knows one value per question, so that
templates of a second entity come out for the one that is asked. (Facts:
claude-code-and-agent-files, section 7; copier 9, ``_envops`` and ``_exclude``.)
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from template_creation.templating.segments import choose_marks
from template_creation.templating.vocabulary import IRREGULAR_PLURALS, RESERVED_WORDS
from template_creation.templating.words import plural_words
from template_creation.values.template import (
    Delimiter,
    Placeholder,
    Segment,
    Template,
    TemplateSet,
    Term,
)

__all__ = ["CopierConfig", "copier_config"]


@dataclass(frozen=True, slots=True)
class CopierConfig:
    """The text of ``copier.yml``; the sources that copier leaves out because it would rewrite
    their line ends (``excluded``); and those whose own entity is not the default of the
    question, so that ``copier copy --defaults`` gives them for that one (``retargeted``)."""

    text: str
    excluded: tuple[str, ...]
    retargeted: tuple[str, ...]


def copier_config(templates: TemplateSet) -> CopierConfig:
    """The configuration under which ``copier copy`` renders the package of ``templates``.

    The defaults of the questions are original values: ``copier copy --defaults`` gives the
    source files of the default entity byte for byte, but for those in ``excluded``.
    """
    defaults = _defaults(templates)
    excluded = [item for item in templates if b"\r" in _literals(item.segments)]
    retargeted = [
        item.source
        for item in templates
        if any(defaults[term.key] != term.words for term in item.original)
    ]
    lines = [
        "# Renders this package with copier (https://copier.readthedocs.io), 9.6 or newer:",
        "#   copier copy PACKAGE DESTINATION",
        '_min_copier_version: "9.6.0"',
        "_subdirectory: templates",
        "_templates_suffix: .template",
        *_environment(templates, defaults),
        "_exclude:" if excluded else "_exclude: []",
        *(f"  - {_quoted(_pattern(item, templates.delimiter))}" for item in excluded),
        *_questions(templates, defaults),
    ]
    return CopierConfig(
        "\n".join(lines) + "\n", tuple(item.source for item in excluded), tuple(retargeted)
    )


def _defaults(templates: Iterable[Template]) -> dict[str, tuple[str, ...]]:
    """The most frequent original words of each term; ties go to the first by name."""
    counts: dict[str, Counter[tuple[str, ...]]] = {}
    for template in templates:
        for term in template.original:
            counts.setdefault(term.key, Counter())[term.words] += 1
    return {
        key: min(counter, key=lambda words: (-counter[words], words))
        for key, counter in sorted(counts.items())
    }


def _literals(segments: Iterable[Segment]) -> bytes:
    return b"\0".join(item for item in segments if isinstance(item, bytes))


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _environment(templates: TemplateSet, defaults: Mapping[str, tuple[str, ...]]) -> list[str]:
    texts = [_literals(part) for item in templates for part in (item.segments, item.path_segments)]
    texts += [templates.delimiter.start.encode(), templates.delimiter.end.encode()]
    texts += [" ".join(words).encode() for words in defaults.values()]
    block, comment = choose_marks(texts, "%"), choose_marks(texts, "#")
    marks = {
        "variable_start_string": templates.delimiter.start,
        "variable_end_string": templates.delimiter.end,
        "block_start_string": block[0],
        "block_end_string": block[1],
        "comment_start_string": comment[0],
        "comment_end_string": comment[1],
    }
    return [
        "_envops:",
        *(f"  {name}: {_quoted(mark)}" for name, mark in marks.items()),
        "  keep_trailing_newline: true",
    ]


def _pattern(template: Template, delimiter: Delimiter) -> str:
    """The path as an anchored ignore pattern; copier renders it before it matches."""
    escaped = [
        item if isinstance(item, Placeholder) else re.sub(rb"([\\*?!#\[\] ])", rb"\\\1", item)
        for item in template.path_segments
    ]
    start, end = delimiter.start, delimiter.end
    return "/" + "".join(
        f"{start}{item.name}{end}" if isinstance(item, Placeholder) else item.decode()
        for item in escaped
    )


def _questions(templates: TemplateSet, defaults: Mapping[str, tuple[str, ...]]) -> list[str]:
    used = {
        item.name: item
        for template in templates
        for item in template.placeholders
    }  # fmt: skip
    languages = sorted({template.language for template in templates})
    reserved = sorted({word for name in languages for word in RESERVED_WORDS.get(name, ())})
    expression = _Expression(templates.delimiter)
    lines: list[str] = []
    for key, words in defaults.items():
        lines += _term_questions(Term(key, words), expression, reserved)
    for name in sorted(used):
        lines += [
            f"{name}:",
            "  type: str",
            f"  default: {_quoted(expression.form(used[name]))}",
            "  when: false",
        ]
    return lines


def _term_questions(term: Term, expression: _Expression, reserved: Sequence[str]) -> list[str]:
    what = "project or namespace" if term.key == "project" else "thing that the files are about"
    lines = [
        f"{term.key}:",
        "  type: str",
        f"  help: Name of the {what}, in the singular; any case style",
        f"  default: {_quoted(' '.join(term.words))}",
        f"  validator: {_quoted(expression.check(term.key, reserved))}",
        f"{term.key}_words:",
        "  type: str",
        f"  default: {_quoted(expression.words(term.key))}",
        "  when: false",
    ]
    if term.key != "project":
        plural = expression.plural(term)
        lines += [
            "irregular_plurals:",
            "  type: json",
            f"  default: {_quoted(json.dumps(dict(IRREGULAR_PLURALS)))}",
            "  when: false",
            f"{term.key}_plural:",
            "  type: str",
            "  help: The same in the plural",
            f"  default: {_quoted(plural)}",
            f"  validator: {_quoted(expression.check_plural(term.key))}",
            f"{term.key}_plural_words:",
            "  type: str",
            f"  default: {_quoted(expression.words(term.key + '_plural'))}",
            "  when: false",
        ]
    return lines


class _Expression:
    """Jinja expressions between the package's own marks."""

    def __init__(self, delimiter: Delimiter) -> None:
        self._start, self._end = delimiter.start + " ", " " + delimiter.end

    def _wrap(self, text: str) -> str:
        return f"{self._start}{text}{self._end}"

    def words(self, name: str) -> str:
        """The lower-case words of an answer, between spaces."""
        return self._wrap(self._words(name))

    def _words(self, name: str) -> str:
        return (
            f"{name} | regex_replace('([A-Z]+)([A-Z][a-z])', '\\\\1 \\\\2')"
            " | regex_replace('([a-z0-9])([A-Z])', '\\\\1 \\\\2')"
            " | regex_replace('[^A-Za-z0-9]+', ' ') | lower | trim"
        )

    def plural(self, term: Term) -> str:
        """The plural by the common rules; exact for the original and the irregular ones."""
        words, last = f"{term.key}_words", f"{term.key}_words.split(' ') | last"
        rules = (
            f"{words} | regex_replace('(s|x|z|ch|sh)$', '\\\\1e')"
            " | regex_replace('([^aeiou])y$', '\\\\1ie')"
        )
        original = _literal(" ".join(term.words))
        many = _literal(" ".join(plural_words(term.words)))
        head = f"{words}.split(' ')[:-1] | map('regex_replace', '$', ' ') | join"
        return self._wrap(
            f"{many} if {words} == {original} else "
            f"(({head}) ~ irregular_plurals[{last}]) if ({last}) in irregular_plurals else "
            f"(({rules}) ~ 's')"
        )

    def check(self, name: str, reserved: Sequence[str]) -> str:
        """What is wrong with an answer, or nothing."""
        words = f"({self._words(name)})"
        listed = ", ".join(_literal(word) for word in reserved)
        return self._wrap(
            f"'Use letters a to z, digits, spaces, - and _; start each word with a letter'"
            f" if not ({name} | regex_search('^[A-Za-z0-9 _-]+$')) or"
            f" not ({words} | regex_search('^[a-z][a-z0-9]*( [a-z][a-z0-9]*)*$'))"
            f" else ('A reserved word of the language' if {words} in [{listed}] else '')"
        )

    def check_plural(self, name: str) -> str:
        """What is wrong with the plural, or nothing."""
        plural = f"({self._words(name + '_plural')})"
        return self._wrap(
            f"'The plural must differ from the singular' if {plural} == {name}_words or"
            f" not ({plural} | regex_search('^[a-z][a-z0-9]*( [a-z][a-z0-9]*)*$')) else ''"
        )

    def form(self, placeholder: Placeholder) -> str:
        """A placeholder's text from the words of its term."""
        suffix = "_plural_words" if placeholder.number == "plural" else "_words"
        words = placeholder.term + suffix
        pascal = f"{words}.split(' ') | map('capitalize') | join"
        return self._wrap(
            {
                "pascal": pascal,
                "camel": f"{words}.split(' ')[0] ~ ({words}.split(' ')[1:] "
                "| map('capitalize') | join)",
                "snake": f"{words} | replace(' ', '_')",
                "kebab": f"{words} | replace(' ', '-')",
                "scream": f"{words} | replace(' ', '_') | upper",
                "flat": f"{words} | replace(' ', '')",
                "title": f"{words}.split(' ') | map('capitalize') | join(' ')",
                "words": words,
                "sentence": f"{words} | capitalize",
            }[placeholder.case]
        )


def _literal(text: str) -> str:
    return f"'{text}'"
