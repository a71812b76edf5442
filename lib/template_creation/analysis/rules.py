"""Rules that the project wrote down, quoted to the letter.

Read from the files that tell people and assistants how to work here. A rule is a list item or
a sentence with an imperative or modal word; greetings, legal text, links and code are not.
Text that tries to instruct a model to do something else is data and never a rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from template_creation.analysis.text import TextCache
from template_creation.values.analysis import Rule
from template_creation.values.source import Codebase

__all__ = ["MAX_RULES", "find_rules", "rules_in"]

MAX_RULES = 40
"""How many rules are kept, from the most specific sources first."""

_SOURCES: tuple[re.Pattern[str], ...] = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(.*/)?AGENTS\.md",
        r"(.*/)?CLAUDE\.md",
        r"(.*/)?\.cursor/rules/.*\.mdc?|\.cursorrules",
        r"\.github/(copilot-instructions\.md|instructions/.*\.md)",
        r"(\.github/|docs/(en/docs/)?)?CONTRIBUTING\.(md|rst|adoc|txt)",
        r"(docs/)?(ARCHITECTURE|CONVENTIONS|STYLE|STYLEGUIDE|CODE_STYLE)[\w-]*\.(md|rst)",
        r"docs/(project-(standards|structure)|coding-standards|style-?guide|testing)\.md",
        r"(\.github/)?(PULL_REQUEST_TEMPLATE)\.md",
    )
)
_MUST_NOT = re.compile(
    r"\b(?:must not|mustn't|never|do not|don't|should not|shouldn't|cannot|can't be|"
    r"not allowed|forbidden|avoid|no longer use)\b",
    re.IGNORECASE,
)
_MUST = re.compile(
    r"\b(?:must|always|required?|ensure|make sure|needs? to|have to|has to|only use|mandatory)\b",
    re.IGNORECASE,
)
_PREFER = re.compile(
    r"\b(?:should|prefer(?:red|ably)?|instead of|rather than|favou?r)\b", re.IGNORECASE
)
_IMPERATIVE = re.compile(
    r"(?:Use|Keep|Run|Add|Write|Put|Place|Follow|Name|Import|Return|Raise|Test|Document|Update|"
    r"Include|Wrap|Inject|Declare|Define|Create|Check|Commit|Format|Handle|Validate|Export|"
    r"Store|Annotate|Register|Limit|Omit|Group|Split|Mirror|Reuse|Leave|Treat)\b"
)
_NOT_A_RULE = re.compile(
    r"\b(?:thank|welcome|happy|feel free|glad|appreciate|code of conduct|licen[sc]e[ds]?|copyright|"
    r"warrant|liab|sponsor|donat|hereby|trademark|harass|legal|"
    r"if you (?:want|wish|would like|like)|you can also|"
    r"for more information|see the|read more|click|introduction|tutorial|"
    r"we believe|discord|twitter|star the repo)\b",
    re.IGNORECASE,
)
_INJECTION = re.compile(
    r"\b(?:ignore|disregard|forget)\b.{0,40}\b(?:instructions?|prompts?|rules|above|previous)\b|"
    r"system prompt|you are now|pretend (?:to be|you)|jailbreak|exfiltrat|"
    r"reveal\b.{0,30}\b(?:secret|key|prompt)|"
    r"\bcurl\b.{0,60}\|\s*(?:ba)?sh|"
    r"send\b.{0,40}\b(?:credentials?|tokens?|api keys?)\b.{0,20}\bto\b",
    re.IGNORECASE,
)
_LICENCE_HEADING = re.compile(
    r"licen[sc]e|conduct|legal|sponsor|community|contributors|acknowledg|security polic|financial",
    re.IGNORECASE,
)
_ITEM = re.compile(r"^(\s*)(?:[-*+]|\d+[.)])\s+(?:\[[ xX]\]\s+)?")


@dataclass(frozen=True, slots=True)
class _Block:
    """A list item or a paragraph: its lines as written, without the item's mark."""

    lines: tuple[str, ...]
    line: int
    is_item: bool
    heading: str


def find_rules(codebase: Codebase, texts: TextCache) -> tuple[Rule, ...]:
    """Up to `MAX_RULES` rules, sources for assistants first, each text once."""
    found: list[Rule] = []
    seen: set[str] = set()
    for path in _sources(codebase):
        for rule in rules_in(path, texts.text(path)):
            key = re.sub(r"\W+", " ", rule.text.lower()).strip()
            if key not in seen:
                seen.add(key)
                found.append(rule)
    return tuple(found[:MAX_RULES])


def _sources(codebase: Codebase) -> list[str]:
    ranked = []
    for file in codebase.files:
        for rank, pattern in enumerate(_SOURCES):
            if pattern.fullmatch(file.path):
                ranked.append((rank, file.path.count("/"), file.path))
                break
    return [path for _, _, path in sorted(ranked)]


def rules_in(path: str, text: str) -> Iterator[Rule]:
    """The rules of one document in order. ``text`` of a rule is a run of characters that
    stands in the file, with the line breaks of a wrapped sentence turned into spaces."""
    for block in _blocks(text):
        if _LICENCE_HEADING.search(block.heading):
            continue
        for sentence, line, end_line in _sentences(block):
            modality = _modality(sentence, is_item=block.is_item)
            if modality:
                rule_id = f"{path}:{line}"
                yield Rule(rule_id, sentence, path, line, end_line, modality)


def _modality(sentence: str, *, is_item: bool) -> Literal["must", "must-not", "prefer"] | None:
    words = sentence.split()
    if not 4 <= len(words) <= 45 or len(sentence) > 300 or sentence.endswith((":", "?", "!")):
        return None
    if _NOT_A_RULE.search(sentence) or _INJECTION.search(sentence):
        return None
    if _MUST_NOT.search(sentence):
        return "must-not"
    if _MUST.search(sentence) and not re.match(r"(?:If|When) you\b.*\brequired\b", sentence):
        return "must"
    if _PREFER.search(sentence):
        return "prefer"
    bare = sentence.lstrip("*_`\"' ")
    return "must" if is_item and _IMPERATIVE.match(bare) else None


def _blocks(text: str) -> Iterator[_Block]:
    heading, fence = "", ""
    lines: list[str] = []
    start, is_item, in_front = 0, False, False
    numbered = list(enumerate(text.split("\n"), start=1))

    def block() -> Iterable[_Block]:
        return [_Block(tuple(lines), start, is_item, heading)] if lines else []

    for number, raw in numbered:
        stripped = raw.strip()
        if number == 1 and stripped == "---":
            in_front = True
            continue
        if in_front:
            in_front = stripped != "---"
            continue
        mark = re.match(r"(`{3,}|~{3,})", stripped)
        if fence or mark:
            yield from block()
            lines = []
            if not fence and mark:
                fence = mark.group(1)
            elif stripped.startswith(fence):
                fence = ""
            continue
        item = _ITEM.match(raw)
        closes = not stripped or stripped.startswith(
            ("#", "|", ">", "<", "!", "[!", "///", "====", "----")
        )
        if item or closes or (raw.startswith(("    ", "\t")) and not lines):
            yield from block()
            lines = []
            if stripped.startswith("#"):
                heading = stripped.lstrip("# ")
            if item:
                lines, start, is_item = [raw[item.end() :].strip()], number, True
        else:
            if not lines:
                start, is_item = number, False
            lines.append(stripped)
    yield from block()


def _sentences(block: _Block) -> Iterator[tuple[str, int, int]]:
    """Sentences of a block with the lines they stand on."""
    joined = " ".join(block.lines)
    ends: list[int] = []
    total = 0
    for line in block.lines:
        total += len(line) + 1
        ends.append(total)
    for match in re.finditer(r"\S.*?(?:[.!?](?=\s+[A-Z*`_\"(]|\s*$)|$)", joined):
        sentence = match.group(0).strip()
        first = next(index for index, end in enumerate(ends) if match.start() < end)
        last = next(index for index, end in enumerate(ends) if match.end() <= end)
        if sentence:
            yield sentence, block.line + first, block.line + last
