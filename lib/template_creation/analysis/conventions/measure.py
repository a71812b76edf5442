"""Measuring: sites that could follow a habit, and the pattern that tells which of them do.

The facts of the syntax tree choose the sites and say what to expect; the pattern, which anyone
can run, decides. Where the two disagree at more than one site in fifty, the habit is not
claimed at all: then the pattern does not say what the statement says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from template_creation.analysis.text import TextCache
from template_creation.values.analysis import Convention, Site
from template_creation.values.source import FileReader

__all__ = ["MIN_SHARE", "MIN_SITES", "Ledger", "Sample", "recount"]

MIN_SITES = 5
"""Fewer sites are an anecdote."""
MIN_SHARE = 0.6
"""Below this share there is no habit to follow."""
_MIN_HITS = 4
_MAX_DISAGREEMENT = 0.02
_FLAGS = re.DOTALL | re.MULTILINE


@dataclass(frozen=True, slots=True)
class Sample:
    """A site, whether the facts say that it follows the habit, and what it does (``label``),
    for saying what the misses have in common."""

    site: Site
    hit: bool
    label: str = ""


def recount(convention: Convention, read: FileReader) -> tuple[int, int]:
    """``(k, n)`` of a convention counted again from its pattern and the files alone.

    A site's text is the lines ``line..end_line`` of the UTF-8 text without BOM, with line
    feeds only; for ``subject="path"`` it is the path. Equal to ``(convention.k, convention.n)``
    while the files are unchanged.
    """
    texts = TextCache(read)
    wanted = re.compile(convention.pattern, _FLAGS)
    sites = (*convention.hits, *convention.misses)
    count = sum(1 for site in sites if wanted.search(_text_of(site, convention.subject, texts)))
    return count, len(sites)


def _text_of(site: Site, subject: str, texts: TextCache) -> str:
    return site.path if subject == "path" else texts.lines(site.path, site.line, site.end_line)


class Ledger:
    """Collects the habits that hold."""

    def __init__(self, texts: TextCache) -> None:
        self.texts = texts
        self.found: list[Convention] = []
        self.refused: list[tuple[str, int, int]] = []
        self._known: dict[tuple[str, Site], bool] = {}

    def _matches(self, wanted: re.Pattern[str], site: Site, subject: str) -> bool:
        """Whether the pattern is found at the site; a layer and the whole codebase ask alike."""
        if subject == "path":
            return wanted.search(site.path) is not None
        key = (wanted.pattern, site)
        if key not in self._known:
            text = self.texts.lines(site.path, site.line, site.end_line)
            self._known[key] = wanted.search(text) is not None
        return self._known[key]

    def measure(
        self,
        key: str,
        kind: str,
        statement: str,
        pattern: str,
        samples: Iterable[Sample],
        *,
        layer: str = "",
        language: str = "",
        subject: Literal["text", "path"] = "text",
        otherwise: str = "",
    ) -> bool:
        """Adds the convention if it holds at enough sites; tells whether it did. ``key``
        makes the id unique within its layer, language and kind."""
        chosen = _unique(samples)
        if len(chosen) < MIN_SITES or sum(item.hit for item in chosen) < MIN_SHARE * len(chosen):
            return False
        wanted = re.compile(pattern, _FLAGS)
        matched = [self._matches(wanted, item.site, subject) for item in chosen]
        pairs = list(zip(chosen, matched, strict=True))
        wrong = sum(item.hit != found for item, found in pairs)
        identity = "-".join(part for part in (layer or "project", language, kind, key) if part)
        if wrong > _MAX_DISAGREEMENT * len(chosen):
            self.refused.append((identity, wrong, len(chosen)))
            return False
        hits = tuple(item.site for item, found in pairs if found)
        misses = [item for item, found in pairs if not found]
        if len(hits) < max(_MIN_HITS, MIN_SHARE * len(chosen)):
            return False
        self.found.append(
            Convention(
                id=re.sub(r"[^a-z0-9.]+", "-", identity.lower()).strip("-"),
                kind=kind,
                statement=statement,
                layer=layer,
                language=language,
                pattern=pattern,
                subject=subject,
                hits=hits,
                misses=tuple(item.site for item in misses),
                otherwise=_said_of_all(misses, otherwise),
            )
        )
        return True


def _unique(samples: Iterable[Sample]) -> list[Sample]:
    """Each site once, in path and line order."""
    by_site = {(s.site.path, s.site.line, s.site.end_line): s for s in samples}
    return [by_site[key] for key in sorted(by_site)]


def _said_of_all(misses: Sequence[Sample], otherwise: str) -> str:
    """What the misses do, said only where it is true of every one of them: a reader takes
    "the other 8: `Router`" to mean all eight. A site that the facts count as following the
    habit did something else than the label says, so one of those ends it too."""
    if not misses or any(item.hit for item in misses):
        return ""
    labels = {otherwise or item.label for item in misses}
    return labels.pop() if len(labels) == 1 else ""
