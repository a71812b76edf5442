"""A body made to fit a limit of characters: whole sections are left out, and it is said."""

from __future__ import annotations

from dataclasses import dataclass

from template_creation.agents.markdown import normal_heading, top_headings

__all__ = ["Shortened", "length", "shorten", "without_examples"]

_FIRST_OUT = ("code examples", "examples", "related templates", "related files")


@dataclass(frozen=True)
class Shortened:
    """The text, and the headings of the sections that were left out; ``cut`` where even that
    was not enough and the rest was cut at a line."""

    text: str
    left_out: tuple[str, ...] = ()
    cut: bool = False


def length(text: str) -> int:
    """Characters as JavaScript counts them, so that no reader finds more."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def shorten(body: str, limit: int) -> Shortened:
    """``body`` in at most ``limit`` characters. Examples go first, then sections from the end; the
    last that is left is cut where it has to be. A note at the end names what is missing."""
    if length(body) <= limit:
        return Shortened(body)
    sections = _sections(body)
    kept = list(range(len(sections)))
    out: list[int] = []
    for number in _order(sections)[:-1]:
        kept.remove(number)
        out.append(number)
        names = tuple(sections[n][0] for n in sorted(out))
        text = "".join(sections[n][1] for n in kept).rstrip("\n") + "\n" + _note(names)
        if length(text) <= limit:
            return Shortened(text, names)
    names = tuple(sections[n][0] for n in sorted(out))
    note = _note((*names, "the end"))
    rest = "".join(sections[n][1] for n in kept)
    return Shortened(_cut(rest, limit - length(note)) + note, names, cut=True)


def without_examples(body: str) -> Shortened:
    """``body`` without the sections that are examples, whatever its length."""
    sections = _sections(body)
    out = [
        n for n, (heading, _) in enumerate(sections) if normal_heading(heading) in _FIRST_OUT[:2]
    ]
    if not out:
        return Shortened(body)
    names = tuple(sections[n][0] for n in out)
    kept = "".join(text for n, (_, text) in enumerate(sections) if n not in out)
    return Shortened(kept.rstrip("\n") + "\n" + _note(names), names)


def _sections(body: str) -> list[tuple[str, str]]:
    """Heading and text of each part; the first, with an empty heading, comes before them."""
    lines = body.splitlines(keepends=True)
    starts = [(line, text) for line, level, text in top_headings(body) if level == 2]
    bounds = [(0, ""), *starts]
    ends = [line for line, _ in starts] + [len(lines)]
    return [
        (text, "".join(lines[line:end])) for (line, text), end in zip(bounds, ends, strict=True)
    ]


def _order(sections: list[tuple[str, str]]) -> list[int]:
    names = {number: normal_heading(heading) for number, (heading, _) in enumerate(sections)}
    first = [number for number, name in names.items() if number and name in _FIRST_OUT]
    return first + [n for n in range(len(sections) - 1, 0, -1) if n not in first]


def _note(names: tuple[str, ...]) -> str:
    return f"\n> Shortened for this assistant. Left out: {', '.join(names)}.\n"


def _cut(text: str, limit: int) -> str:
    """The first lines of ``text`` that fit, a long one in part, an open fence closed."""
    taken: list[str] = []
    used, fence = 0, ""
    for line in text.splitlines(keepends=True):
        room = limit - 8 - used
        used += length(line)
        if used > limit - 8:
            taken += [_start(line, room)] if room > limit // 2 else []
            break
        mark = line.lstrip()[:3]
        if mark in ("```", "~~~"):
            fence = "" if fence else mark
        taken.append(line)
    return "".join(taken) + (f"{fence}\n" if fence else "")


def _start(line: str, room: int) -> str:
    """The words of ``line`` that fit into ``room`` characters, or of one word its beginning."""
    start = line.encode("utf-16-le", "surrogatepass")[: 2 * (room - 1)].decode(
        "utf-16-le", "ignore"
    )
    return (start[: start.rfind(" ") + 1] or start).rstrip() + "\n"
