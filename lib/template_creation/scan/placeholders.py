"""What looks like a secret and is none: placeholders, look-ups, trivial words, plain names."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import Final

__all__ = ["entropy", "is_placeholder", "is_trivial", "looks_random"]

_PLACEHOLDER: Final = re.compile(
    rb"(?i)change.?(?:this|me|it|in)|placeholder|example|sample|dummy|redacted|insert|replace"
    rb"|todo|fixme|your|my[_-]?(?:key|secret|token|pass)|put[_-]|enter[_-]|fill[_-]|some[_-]"
    rb"|fake|mock|lorem|ipsum|xxx|\*\*\*|\.\.\.|not.?(?:a|set|real)|undefined|none|null"
    rb"|12345678|abcdef(?:gh|12|$)|0000000|deadbeef|asdf|qwerty|foobar|secret[_-]?key$|test"
)
_LOOKUP: Final = re.compile(
    rb"[<>]|[$#{]\{|\$\(|\{%|%\(|\{[\w.]+\}|^%\w+%$|^\$\w+$|^@\w+$|^[\[({]"
    rb"|environ|getenv|process\.env|secrets\.|vars\.|vault:|^arn:|^(?:ref|env|file):"
    rb"|^https?://[^@]*$|^\.{0,2}/[a-z0-9._/{}:-]*$"
)
_NAME: Final = re.compile(
    rb"^/?[A-Za-z_]*(?:[.:/-][A-Za-z_{}*]*)*$"  # words with separators: a path, a key, a name
)
_PLACE: Final = re.compile(  # where something stands: web/package.json, go.mod:9
    rb"^[\w@.-]+(?:/[\w@.\[\]()-]+)+\.[A-Za-z]{1,6}(?::\d+(?:-\d+)?)?$"
    rb"|^[\w@.-]+\.[A-Za-z]{1,6}:\d+(?:-\d+)?$"
)
_HASH: Final = re.compile(
    rb"^\$(?:2[aby]|argon2\w*|pbkdf2\S*|5|6|apr1)\$|^(?:pbkdf2|argon2|bcrypt)_"
)
_WORDS: Final = (
    r"administrator|credentials|development|credential|passphrase|postgresql|different|"
    r"incorrect|localhost|customer|database|existing|identity|password|postgres|rabbitmq|"
    r"register|username|battery|changed|confirm|correct|current|default|initial|invalid|"
    r"letmein|refresh|secrets|session|testing|welcome|access|author|change|client|forgot|"
    r"hidden|master|member|openid|passwd|please|public|random|second|secret|secure|server|"
    r"simple|staple|string|strong|tester|unsafe|update|verify|admin|bogus|debug|email|empty|"
    r"error|false|first|guest|hello|horse|local|login|minio|mongo|mysql|other|owner|plain|"
    r"redis|reset|right|short|super|three|token|users|valid|value|world|wrong|auth|base|blog|"
    r"code|data|demo|door|fail|good|hash|item|jane|john|long|name|pass|post|root|safe|some|"
    r"temp|test|text|this|time|true|type|user|very|weak|word|any|api|app|bad|bar|baz|bob|dev|"
    r"doe|foo|jwt|key|new|not|old|one|pin|pwd|qwe|sys|the|tmp|too|two|zaq|db|do|is|it|my|no|of|"
    r"ok|pg|pw|sa"
)
_WORD: Final = re.compile(_WORDS)
_ENDING: Final = re.compile(r"[0-9!@#$%^&*._+?-]{0,6}$")
_KNOWN: Final = re.compile(r"p[a@4][s$5]{2}w[o0]rd|[a@4]dm[i1]n|l[e3]tm[e3][i1]n")


def is_placeholder(value: bytes) -> bool:
    """Whether ``value`` stands for a secret to be put in: ``changethis``, ``<token>``,
    ``${VAR}``, an environment look-up, one character repeated.

    >>> is_placeholder(b"your-api-key"), is_placeholder(b"${DB_PASSWORD}")
    (True, True)
    """
    return bool(_PLACEHOLDER.search(value) or _LOOKUP.search(value) or len(set(value)) < 4)


def is_trivial(value: bytes) -> bool:
    """Whether ``value`` is words that people type in tests and local settings, a name, a path
    or a password's hash, and so protects nothing.

    >>> is_trivial(b"testpassword123"), is_trivial(b"users/reset-password")
    (True, True)
    >>> is_trivial(b"k7Qp-92xLwz")
    False
    """
    if _NAME.match(value) or _PLACE.match(value) or _HASH.match(value):
        return True
    text = value.decode("utf-8", "replace")
    stem = _ENDING.sub("", text.lower(), count=1)
    if not stem or _KNOWN.fullmatch(stem):
        return True
    if _is_mixed(text) and not ("password" in stem or "admin" in stem):
        return False
    known = sum(map(len, _WORD.findall(stem)))
    return known * 3 >= 2 * len(stem) and not any(c.isdigit() for c in stem)


def _is_mixed(text: str) -> bool:
    """Capitals, small letters, digits and signs together: somebody meant it."""
    signs = any(not c.isalnum() for c in text)
    return signs and text.lower() != text != text.upper() and any(c.isdigit() for c in text)


def entropy(value: bytes) -> float:
    """Shannon entropy of ``value`` in bits per byte; 0.0 for empty.

    >>> entropy(b"aabb")
    1.0
    """
    counts = Counter(value).values()
    return -sum(n / len(value) * math.log2(n / len(value)) for n in counts) if value else 0.0


def looks_random(value: bytes, minimum: float) -> bool:
    """Whether ``value`` mixes letters with digits or signs at ``minimum`` bits per byte."""
    letters = any(65 <= byte <= 90 or 97 <= byte <= 122 for byte in value)
    others = any(48 <= byte <= 57 for byte in value)
    return letters and others and entropy(value) >= minimum
