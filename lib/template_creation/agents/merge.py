"""What was written for an agent, put into the file that it has, so that no user's text is lost.

Each section that we write leaves its digest in the frontmatter. A section that still has it is
ours and may be replaced; one that has not was edited, or is a user's own, and stays as it is.
Merging twice is merging once. (F41-F43, F45, F46, F48 of the facts.)
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from template_creation.agents.frontmatter import edit_frontmatter, read_frontmatter
from template_creation.agents.markdown import normal_heading, top_headings
from template_creation.agents.profiles import SEED, Profile
from template_creation.values.agent import Issue

__all__ = ["GENERATED", "Merged", "mark_sections", "merge_agent", "own_text", "section_digests"]

GENERATED = "generated_sections"
"""The frontmatter's key with the digest of each section that we wrote, by normal heading."""

_MANAGED = ("enhancement", "short_because", GENERATED)
_DIGEST_LENGTH = 8
_INTRODUCTIONS = ("role", "purpose")
_SPECIFIC = re.compile(r"`[^`\n]+`")


@dataclass(frozen=True, slots=True)
class Merged:
    """The file's new ``text``; ``kept`` are headings of sections of ours that a user edited or
    wrote, ``issues`` say so. An error among them says that what was written would not stand as
    sections beside the file's own; then ``text`` is the file as it was."""

    text: str
    kept: tuple[str, ...] = ()
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class _Block:
    """A section with its heading, as it stands; ``key`` is unique in the file."""

    key: str
    title: str
    line: int
    text: str

    @property
    def digest(self) -> str:
        lines = [line.rstrip() for line in self.text.splitlines()]
        plain = "\n".join(lines).strip("\n")
        return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_LENGTH]


def section_digests(body: str) -> dict[str, str]:
    """The digest of each section of ``body``, by normal heading; ``""`` is what comes first."""
    return {block.key: block.digest for block in _blocks(body)}


def mark_sections(text: str) -> str:
    """``text`` with the digests of all its sections in the frontmatter: all of it is ours."""
    _, body, problem = read_frontmatter(text)
    if problem:
        return text
    return edit_frontmatter(text, {GENERATED: section_digests(body)})


def own_text(text: str) -> str:
    """The body of an agent file without the sections that are ours and untouched: what others
    wrote, from which the agent is known however often it was enhanced."""
    head, body, _ = read_frontmatter(text)
    marks = head.get(GENERATED)
    marks = marks if isinstance(marks, Mapping) else {}
    return "".join(block.text for block in _blocks(body) if marks.get(block.key) != block.digest)


def merge_agent(current: str, written: str, *, profile: Profile = SEED, file: str = "") -> Merged:
    """``written`` put into ``current``, the file as it is.

    A file whose own sections take the place of all that was written stays as it is.
    Sections of ours that nobody touched are replaced, new ones are put where ``written`` or the
    profile has them; everything else of ``current`` stays byte for byte. Of the frontmatter only
    our own keys change. ``file`` begins the places of what is said.
    """
    head, body, problem = read_frontmatter(current)
    new_head, new_body, new_problem = read_frontmatter(written)
    if new_problem:
        raise ValueError(f"what was written has no frontmatter: {new_problem}")
    if problem and body == current.removeprefix("\ufeff"):
        head, current = {}, _only_head(written, new_body) + body
    marks = head.get(GENERATED)
    first_line = current.count("\n", 0, len(current) - len(body)) + 1
    merging = _Merging(
        {str(k): str(v) for k, v in marks.items()} if isinstance(marks, Mapping) else {},
        profile,
        file,
        first_line,
    )
    newline = "\r\n" if body.count("\r\n") * 2 > body.count("\n") else "\n"
    fresh = [_with_newline(block, newline) for block in _blocks(new_body)]
    blocks = merging.merged(_blocks(body), fresh)
    values: dict[str, Any] = {key: new_head.get(key) for key in _MANAGED}
    values[GENERATED] = merging.new_marks
    changed = {key: value for key, value in values.items() if head.get(key) != value}
    if not (problem or merging.new_marks or isinstance(marks, Mapping)):
        return Merged(current, _titles(merging.issues), tuple(merging.issues))
    begin, joined = current[: len(current) - len(body)], _joined(blocks, newline)
    text = edit_frontmatter(begin, changed) + joined
    unexcused = edit_frontmatter(begin, {**changed, "short_because": None}) + joined
    if written.count("\n") < profile.min_lines <= unexcused.count("\n"):
        text = unexcused
    if spoiled := _spoiled(blocks, joined, file):
        return Merged(current, issues=(spoiled,))
    return Merged(text, _titles(merging.issues), tuple(merging.issues))


def _spoiled(blocks: Sequence[_Block], joined: str, file: str) -> Issue | None:
    """What is wrong where a reader of ``joined`` does not see each of ``blocks`` as a section of
    its own, as it was written."""
    meant = [(normal_heading(item.title), item.digest) for item in blocks if item.title]
    seen = [(normal_heading(item.title), item.digest) for item in _blocks(joined) if item.title]
    if meant == seen:
        return None
    headings = {heading for heading, _ in seen}
    titles = [item.title for item in blocks if item.title]
    lost = next((title for title in titles if normal_heading(title) not in headings), "")
    message = f"{lost or 'a section'!r} would run into the text of the file around it"
    fix = "close what the file leaves open before it"
    return Issue("unplaced-section", file or "file", message, fix)


class _Merging:
    def __init__(
        self, marks: Mapping[str, str], profile: Profile, file: str, first_line: int
    ) -> None:
        self.issues: list[Issue] = []
        self.new_marks: dict[str, str] = {}
        self._marks, self._file, self._first = marks, file, first_line
        self._profile = profile

    def merged(self, current: Sequence[_Block], fresh: Sequence[_Block]) -> list[_Block]:
        """The blocks of the file, in their order."""
        own = " ".join(
            word
            for block in current
            if self._marks.get(block.key) != block.digest
            for word in block.text.split()
        )
        fresh = [block for block in (_without_said(item, own) for item in fresh) if block]
        waiting = {self._name(block.key): block for block in fresh}
        order = self._profile.order or tuple(waiting)
        result: list[_Block] = []
        for block in current:
            new = waiting.pop(self._name(block.key), None)
            is_ours = self._marks.get(block.key) == block.digest
            if not is_ours:
                result.append(self._kept(block, new))
            elif new is not None:
                result.append(self._replaced(block, new))
        for name, block in waiting.items():
            place = self._place(name, [self._name(item.key) for item in result], order)
            result.insert(place, block)
            self.new_marks[block.key] = block.digest
        return result

    def _name(self, key: str) -> str:
        """The heading that a profile knows this one as; introductions are one."""
        if key in _INTRODUCTIONS:
            return _INTRODUCTIONS[0]
        for rule in self._profile.sections:
            if key in rule.names:
                return rule.names[0]
        return key

    def _kept(self, block: _Block, new: _Block | None) -> _Block:
        was_ours = block.key in self._marks
        if was_ours:
            self.new_marks[block.key] = self._marks[block.key]
        if new is not None or was_ours:
            what = "was edited since it was written" if was_ours else "is the file's own"
            self._say("kept-section", block, f"{what}; it is kept, and nothing is put beside it")
        return block

    def _replaced(self, block: _Block, new: _Block) -> _Block:
        if _specifics(new.text) == 0 < _specifics(block.text) and block.key:
            self._say("generic", block, "what was written names nothing of the code; it is kept")
            self.new_marks[block.key] = block.digest
            return block
        self.new_marks[new.key] = new.digest
        return new

    def _say(self, rule: str, block: _Block, what: str) -> None:
        place = f"{self._file}:{self._first + block.line}" if self._file else "line "
        place = place if self._file else f"line {self._first + block.line}"
        title = block.title or "the beginning"
        fix = "delete the section to have it written anew"
        self.issues.append(Issue(rule, place, f"{title}: {what}", fix, "warning"))

    @staticmethod
    def _place(name: str, present: Sequence[str], order: Sequence[str]) -> int:
        """Behind the last section that comes before it, else before the first that comes after
        it, else behind the introduction or at the end; an introduction is the first section."""
        if name == _INTRODUCTIONS[0]:
            return 1 if present[:1] == [""] else 0
        if name not in order:
            return len(present)
        rank = order.index(name)
        begins = ("", _INTRODUCTIONS[0])
        before = [at for at, one in enumerate(present) if one in order[:rank]]
        if before and present[before[-1]] not in begins:
            return before[-1] + 1
        after = [at for at, one in enumerate(present) if one in order[rank + 1 :]]
        introduced = [at + 1 for at in before if present[at]]
        return (after or introduced or [len(present)])[0]


def _titles(kept: Iterable[Issue]) -> tuple[str, ...]:
    return tuple(issue.message.partition(":")[0] for issue in kept)


def _without_said(block: _Block, own: str) -> _Block | None:
    """An introduction without the lines that the user's own text has; nothing, if it has all."""
    if block.key not in _INTRODUCTIONS:
        return block
    lines = block.text.splitlines(keepends=True)
    heading, said = lines[:1], lines[1:]
    left = [line for line in said if not line.strip() or " ".join(line.split()) not in own]
    if not any(line.strip() for line in left) and any(line.strip() for line in said):
        return None
    return replace(block, text="".join([*heading, *left]))


def _specifics(text: str) -> int:
    """How many words of the code, paths or blocks of code a section has."""
    return len(_SPECIFIC.findall(text)) + text.count("```")


def _blocks(body: str) -> list[_Block]:
    """``body`` cut at its top-level headings of levels 1 and 2; the first heading of level 1
    belongs to the beginning, which has an empty key."""
    lines = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z", body)
    cuts: list[tuple[int, str]] = [(0, "")]
    for line, level, title in top_headings(body):
        if level == 1 and len(cuts) == 1:
            continue
        cuts.append((line, title))
    found: list[_Block] = []
    seen: dict[str, int] = {}
    for number, (start, title) in enumerate(cuts):
        end = cuts[number + 1][0] if number + 1 < len(cuts) else len(lines)
        key = normal_heading(title) if number else ""
        seen[key] = seen.get(key, 0) + 1
        unique = key if seen[key] == 1 else f"{key} {seen[key]}"
        found.append(_Block(unique, title, start, "".join(lines[start:end])))
    return found


def _with_newline(block: _Block, newline: str) -> _Block:
    text = block.text.replace("\r\n", "\n").strip("\n")
    if not block.key:
        text = "\n" + text
    return replace(block, text=(text + "\n").replace("\n", newline))


def _joined(blocks: Iterable[_Block], newline: str) -> str:
    """The blocks with a blank line between them, where there is none."""
    text = ""
    for block in blocks:
        if not block.text.strip():
            text += block.text
            continue
        if text and not text.endswith(("\n", "\r")):
            text += newline
        if text.strip() and not text.endswith((newline * 2, "\n\n", "\r\r")):
            text += newline
        text += block.text
    return text


def _only_head(written: str, body: str) -> str:
    return written[: len(written) - len(body)] + "\n"
