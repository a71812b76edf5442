"""CLAUDE.md, AGENTS.md, rules files and their like: one memory for each item and paragraph.

The kind follows from the sentence ("never ..." is a constraint), else from the headings above
it; a sentence that is neither is a fact (an item) or a note (a paragraph). Headings become tags,
the globs of a rules file its scope. ``@path`` imports are followed as the assistants do, up to
five hops, inside the folder of the first file only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from memory_processing.errors import MemoryStoreError, TransformError
from memory_processing.importers.folders import files_below, label_below
from memory_processing.importers.kinds import kind_of_label, kind_of_text
from memory_processing.importers.markdown import Block, blocks, slug, split_frontmatter
from memory_processing.importers.reading import Maker, numbered_lines, texts_of
from memory_processing.importers.seam import RawRecord
from memory_processing.record import Kind

__all__ = ["INSTRUCTION_SUFFIXES", "Instructions", "block_fields", "heading_tags", "pieces"]

INSTRUCTION_SUFFIXES = (".md", ".mdc", ".markdown")
_SUFFIXES_BELOW = (*INSTRUCTION_SUFFIXES, ".cursorrules", ".windsurfrules", ".clinerules")
_KNOWN = re.compile(
    r"(?:.*/)?(?:CLAUDE(?:\.local)?|AGENTS|GEMINI|MEMORY|copilot-instructions)\.md"
    r"|(?:.*/)?\.(?:cursorrules|windsurfrules|clinerules)"
    r"|(?:.*/)?\.(?:claude|cursor|continue|windsurf)/rules(?:/.*)?\.mdc?"
    r"|(?:.*/)?\.github/instructions/.*\.md|(?:.*/)?memory-bank/.*\.md",
    re.IGNORECASE,
)
"""The files that assistants read, where a folder holds other documents too."""
MAX_HOPS = 5
FEWEST_WORDS = 3
_MAX_TAGS = 4
_LONGEST_TAG = 40
_NO_TOPIC = frozenset({"agents-md", "claude-md", "claude", "agents", "overview", "rules", "notes"})
_IMPORT = re.compile(r"(?<![\w`@])@((?:\.{1,2}/|~/|/)?[\w.-]+(?:/[\w.-]+)*\.\w+)")
_LINK_ONLY = re.compile(r"^(?:\[[^\]]*\]\([^)]*\)|https?://\S+)[.:]?$")


class Instructions:
    """Reads one such file, or a folder: of a project those files that assistants read, of a
    folder without any (``.claude/rules``, ``memory-bank``) every Markdown file. Records name
    their own file and line."""

    name = "instructions"

    def read(self, path: Path, *, label: str) -> Iterator[RawRecord]:
        """The records of a file and of those it imports, or of a folder in order of paths."""
        path = Path(path)
        if not path.is_dir():
            yield from self._file(path, label, path.parent.resolve(), {path.resolve()}, 0)
            return
        seen: set[Path] = set()
        for file in _chosen(path, list(files_below(path, _SUFFIXES_BELOW, label))):
            if file.resolve() in seen:
                continue
            seen.add(file.resolve())
            yield from self._file(file, label_below(file, path, label), path.resolve(), seen, 0)

    def _file(
        self, path: Path, label: str, root: Path, seen: set[Path], hops: int
    ) -> Iterator[RawRecord]:
        make = Maker(label, self.name)
        line = None
        try:
            front, rest = split_frontmatter(numbered_lines(path, label))
            if front.problem:
                yield make.failed(1, _bad_frontmatter(front.problem))
            scope = _scope(front.fields)
            for block in blocks(rest):
                line = block.line
                imports = _imports(block.text)
                if not imports:  # a sentence that imports is a pointer, not a memory
                    yield from _record(make, block, scope)
                for target in _inside(imports, path, root) if hops < MAX_HOPS else ():
                    if target not in seen:
                        seen.add(target)
                        inner = label_below(target, path.parent.resolve(), label, beside=True)
                        yield from self._file(target, inner, root, seen, hops + 1)
        except TransformError as error:
            yield make.failed(line, error)
        except MemoryStoreError:
            if hops == 0:
                raise  # an import that is not there is passed over, as the assistants do


def _chosen(folder: Path, files: list[Path]) -> list[Path]:
    known = [file for file in files if _KNOWN.fullmatch(file.relative_to(folder).as_posix())]
    return known or files


def _record(make: Maker, block: Block, scope: dict[str, Any]) -> Iterator[RawRecord]:
    fields = block_fields(block, tags=heading_tags(block))
    if fields:
        yield make.record(block.line, **fields, scope=scope)


def heading_tags(block: Block) -> list[str]:
    """The headings above a block as tags: the nearest two that are short enough to be a topic,
    without the file's own title."""
    short = [title for title in block.headings[1:] or block.headings if len(title) <= _LONGEST_TAG]
    tags = [slug(title) for title in short[-2:]]
    return [tag for tag in tags if tag not in _NO_TOPIC]


def block_fields(
    block: Block, *, tags: list[str] | None = None, kind: Kind | None = None
) -> dict[str, Any]:
    """The fields of a memory that a block makes, none if it says too little to be one.

    ``kind`` is what the surroundings say; without it the sentence and its headings decide.
    """
    text = block.text
    if _says_too_little(block) or _LINK_ONLY.match(text):
        return {}
    if not kind:
        kind = kind_of_text(text) or _kind_of_headings(block)
    extra = {"heading": " > ".join(block.headings)} if block.headings else {}
    if block.end_line > block.line:
        extra["end_line"] = str(block.end_line)
    kept = [tag for tag in dict.fromkeys(tags or ()) if tag][:_MAX_TAGS]
    return {"kind": kind, "text": text, "tags": kept, "extra": extra}


def _says_too_little(block: Block) -> bool:
    """Whether it has less than three words; an item of two that tells what to do is enough."""
    words = block.text.count(" ") + 1
    told = block.is_item and words == FEWEST_WORDS - 1 and kind_of_text(block.text)
    return words < FEWEST_WORDS and not told


def pieces(text: str) -> Iterator[Block]:
    """A text of several lines as blocks, its lines counted from 1."""
    return blocks(enumerate(text.splitlines(), start=1))


def _kind_of_headings(block: Block) -> Kind:
    for heading in reversed(block.headings):
        found = kind_of_label(heading)
        if found and (block.is_item or found in ("lesson", "failure", "decision", "outcome")):
            return found
    return "fact" if block.is_item else "note"


def _bad_frontmatter(problem: str) -> TransformError:
    return TransformError(problem, hint="write `key: value` lines between the two `---`")


def _scope(fields: dict[str, Any]) -> dict[str, Any]:
    """The globs of Cursor (globs), Claude Code (paths) and Copilot (applyTo)."""
    globs = next((fields[key] for key in ("globs", "paths", "applyTo") if fields.get(key)), None)
    files = list(texts_of(globs))
    return {"files": files} if files else {}


def _imports(text: str) -> list[str]:
    return _IMPORT.findall(re.sub(r"`[^`]*`", "", text))


def _inside(imports: list[str], path: Path, root: Path) -> Iterator[Path]:
    for name in imports:
        target = (path.parent / name).resolve()
        if target.is_relative_to(root) and target.suffix.lower() in INSTRUCTION_SUFFIXES:
            yield target
