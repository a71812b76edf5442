"""One object out of an answer, read although it is not quite JSON; mended, never completed.

What is mended is punctuation: commas, quotes, escapes, comments, brackets inside. Where reading
would add, lose or move a letter or a digit, nothing is read. (F30 of the facts;
facts/llm-api.md section 8: json-repair alone keeps half items and invents.)
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from template_creation.exchange.lexer import Brackets, Token, complete_tokens

__all__ = ["MAX_DEPTH", "MAX_MENDED", "Read", "decode_string", "read_object"]

MAX_DEPTH = 64
"""How many brackets an agent's object may have open at once."""
MAX_MENDED = 400_000
"""The longest text, in characters, that more than its punctuation is mended in."""

_LITERALS = {"True": "true", "False": "false", "None": "null"}
_BAD_ESCAPE = re.compile(r"\\(?:(?=[\"\\/bfnrt])|(?=u[0-9a-fA-F]{4}))(.)|\\", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|.)", re.DOTALL)
_LETTERS = re.compile(r"[^A-Za-z0-9]+")
_KEY = re.compile(r"[\w .@/-]{1,100}")
_SURROGATE = re.compile("[\ud800-\udfff]")


class Read(NamedTuple):
    """``data`` is the object, or ``None`` with the ``problem`` in words; ``repaired`` says what
    was mended."""

    data: dict[str, Any] | None
    repaired: str = ""
    problem: str = ""


class _UnreadableError(ValueError):
    """Not to be read as it stands."""


def read_object(text: str) -> Read:
    """The object that ``text`` holds from its first brace to its last.

    >>> read_object("{'a': 1, // one\\n 'b': [True,],}")
    Read(data={'a': 1, 'b': [True]}, repaired='punctuation', problem='')
    >>> read_object('{"a": 1, "a": 2}').problem
    "two values for 'a'"
    """
    try:
        return _read(text)
    except _UnreadableError as exc:
        return Read(None, problem=str(exc))
    except RecursionError:
        return Read(None, problem="nested too deeply")


def decode_string(text: str) -> str:
    """What the JSON string ``text`` says, with its quotes or without; a string that was cut is
    decoded as far as it goes."""
    quoted = text[:1] in "\"'\u201c\u2018" and text[:1]
    body = text[1:] if quoted else text
    if quoted and len(text) > 1 and text[-1] in "\"'\u201d\u2019":
        body = body[:-1]
    body = re.sub(r"(?<!\\)((?:\\\\)*)\\(?:u[0-9a-fA-F]{0,3})?\Z", r"\1", body)
    return _plain(str(json.loads(_strict_string(f'"{body}"'), strict=False)))


def _read(text: str) -> Read:
    for strict, repaired in ((True, ""), (False, "control characters")):
        try:
            return _checked(_loads(text, strict=strict), repaired)
        except json.JSONDecodeError:
            continue
    tokens = complete_tokens(text)
    try:
        return _checked(_loads("".join(_strict(text, tokens)), strict=False), "punctuation")
    except json.JSONDecodeError as exc:
        problem = f"it is no JSON: {exc.msg} at character {exc.pos}"
    return _guessed(text, tokens, problem)


def _loads(text: str, *, strict: bool) -> Any:
    return json.loads(text, strict=strict, object_pairs_hook=_pairs, parse_constant=_constant)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found and found[key] != value:
            raise _UnreadableError(f"two values for {key!r}")
        found[key] = value
    return found


def _constant(name: str) -> Any:
    raise _UnreadableError(f"{name} is no value")


def _checked(data: Any, repaired: str) -> Read:
    if not isinstance(data, dict):
        raise _UnreadableError("it is no object")
    if _is_deep(data):
        raise _UnreadableError("nested too deeply")
    cleaned = _cleaned(data)
    if cleaned is not data:
        repaired = ", ".join(filter(None, (repaired, "characters that are none")))
    return Read(cleaned, repaired)


def _is_deep(data: Any) -> bool:
    """Whether more than `MAX_DEPTH` brackets are open somewhere."""
    level = [data]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for item in level
            for inner in (item.values() if isinstance(item, dict) else item)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


def _cleaned(data: Any) -> Any:
    """``data`` itself where all its text can be written as UTF-8, else a copy where it can."""
    text = json.dumps(data, ensure_ascii=False)
    if not _SURROGATE.search(text):
        return data
    return json.loads(_plain(text))


def _plain(text: str) -> str:
    """``text`` with halves of pairs joined, and single halves as U+FFFD."""
    if not _SURROGATE.search(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _strict(text: str, tokens: list[Token]) -> Iterator[str]:
    """The tokens as strict JSON, where only commas, quotes, escapes and literals differ."""
    comma = False
    before: Token | None = None
    for number, token in enumerate(tokens):
        following = tokens[number + 1].kind if number + 1 < len(tokens) else ""
        shown = text[token.start : token.end]
        if token.kind == ",":
            comma = before is not None and before.kind not in ("{", "[", ":")
            continue
        if token.kind in ("}", "]"):
            comma = False
        elif token.kind != ":" and before is not None and not comma:
            comma = _is_lost_comma(text, before, token)
        if token.kind == "word" and following in (",", "]") and not shown.strip(".\u2026"):
            continue
        if comma:
            yield ","
            comma = False
        elif before is not None and before.end < token.start:
            yield " "  # or two words would become one
        yield _strict_token(shown, token, following)
        before = token


def _is_lost_comma(text: str, before: Token, token: Token) -> bool:
    """Whether a value has ended and the next begins, on another line or after a bracket."""
    ends = before.kind in ("string", "word", "}", "]")
    begins = token.kind in ("string", "word", "{", "[")
    apart = before.kind in ("}", "]") or "\n" in text[before.end : token.start]
    return ends and begins and apart


def _strict_token(shown: str, token: Token, following: str) -> str:
    if token.kind == "string":
        return _strict_string(shown)
    if token.kind == "word":
        return json.dumps(shown) if following == ":" else _LITERALS.get(shown, shown)
    return shown


def _strict_string(shown: str) -> str:
    body = shown[1:-1]
    if shown[0] != '"':
        body = re.sub(r"\\(.)|\"", _requoted, body, flags=re.DOTALL)
    return '"' + _BAD_ESCAPE.sub(_escaped, body) + '"'


def _requoted(match: re.Match[str]) -> str:
    if match[1] is None:
        return '\\"'
    return "'" if match[1] == "'" else match[0]


def _escaped(match: re.Match[str]) -> str:
    return match[0] if match[1] is not None else "\\\\"


def _guessed(text: str, tokens: list[Token], problem: str) -> Read:
    """What json-repair makes of it, where every letter and every key stays where it was."""
    if len(text) > MAX_MENDED or not _is_closed(tokens):
        return Read(None, problem=problem)
    from json_repair import repair_json  # 0.3 s, for damaged answers only

    data = repair_json(text, return_objects=True, skip_json_loads=True)
    if not isinstance(data, dict):
        return Read(None, problem=problem)
    said = "".join(text[token.start : token.end] for token in tokens)
    if _letters(said) != _letters(json.dumps(data, ensure_ascii=False)):
        return Read(None, problem=f"{problem}; mending it would change what it says")
    if keys := _made_keys(data, text):
        return Read(None, problem=f"{problem}; mending it would make {keys[0]!r} a key")
    return _checked(data, "guessed punctuation")


def _is_closed(tokens: list[Token]) -> bool:
    """Whether the object ends with its own last token, and not before."""
    brackets = Brackets()
    for number, token in enumerate(tokens, 1):
        brackets.see(token.kind)
        if not brackets.depth and number < len(tokens):
            return False
    if brackets.deepest > MAX_DEPTH:
        raise _UnreadableError("nested too deeply")
    return not brackets.depth


def _letters(text: str) -> str:
    return _LETTERS.sub("", _ESCAPE.sub("", text))


def _made_keys(data: Any, text: str) -> list[str]:
    """Keys that do not stand as such in ``text``: behind a brace or a comma, before a colon,
    without marks in them."""
    wanted: Counter[str] = Counter(_keys(data))
    return [
        key
        for key, count in wanted.items()
        if not _KEY.fullmatch(key)
        or len(re.findall(rf"[{{,\n]\s*[\"']?{re.escape(key)}[\"']?\s*:", text)) < count
    ]


def _keys(data: Any) -> Iterator[str]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield key
            yield from _keys(value)
    elif isinstance(data, list):
        for value in data:
            yield from _keys(value)
