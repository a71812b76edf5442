"""The secret rules: id, the literals that announce it, the pattern, and what is a value.

Rules come specific before generic: a line is reported under the first one that matches.
Ids follow the naming of the common scanners. Patterns are bounded everywhere, so that no
input makes them slow.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from template_creation.scan.placeholders import (
    entropy,
    is_placeholder,
    is_trivial,
    looks_random,
)

__all__ = ["RULES", "Rule"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of secret. ``literals`` are lower-case and stand where ``pattern`` begins;
    ``accepts`` judges the last group of the match, or all of it."""

    id: str
    literals: tuple[bytes, ...]
    pattern: re.Pattern[bytes]
    accepts: Callable[[bytes], bool]


def _varied(value: bytes) -> bool:
    """Not one character repeated, as in ``ghp_xxxxxxxx``; documented examples count."""
    return len(set(value)) >= 8 and b"xxxxx" not in value.lower()


def _anything(value: bytes) -> bool:
    return bool(value)


def _random_tail(value: bytes) -> bool:
    """Digits and letters, and not a chain of lower-case words: ``sk-fading-circle-...``."""
    one_piece = re.search(rb"[A-Z]|[A-Za-z0-9]{24}", value) is not None
    return _varied(value) and one_piece and looks_random(value, 3.2)


def _base64_key(value: bytes) -> bool:
    """Capitals, small letters and digits, which a commit hash has not."""
    kinds = (rb"[A-Z]", rb"[a-z]", rb"[0-9]")
    return all(re.search(kind, value) for kind in kinds) and entropy(value) >= 3.8


def _password(value: bytes) -> bool:
    return not is_placeholder(value) and not is_trivial(value)


def _assigned(value: bytes) -> bool:
    return _password(value) and looks_random(value, 2.8)


_MEMBER: Final = re.compile(rb"[A-Za-z_]\w*(?:(?:::|\.|->|&\.)[A-Za-z_]\w*[?!]?){1,9}")


def _assigned_bare(value: bytes) -> bool:
    """Without quotes it could be code, so more is asked of it."""
    if _MEMBER.fullmatch(value):
        return False
    signs = re.search(rb"[^A-Za-z0-9_.:/-]", value) is not None
    mixed = re.search(rb"[a-z][0-9]|[0-9][a-z]", value) is not None and value.lower() != value
    return _password(value) and looks_random(value, 3.0) and (signs or mixed)


def _hex(value: bytes) -> bool:
    return len(set(value.lower())) >= 8 and not is_placeholder(value)


def _rule(
    rule: str, literals: str, pattern: str, accepts: Callable[[bytes], bool] = _varied
) -> Rule:
    places = tuple(part.encode() for part in literals.split("|"))
    return Rule(rule, places, re.compile(pattern.encode()), accepts)


def _token(
    rule: str, literals: str, pattern: str, accepts: Callable[[bytes], bool] = _varied
) -> Rule:
    """A token that its own prefix tells; it does not begin inside a word."""
    return _rule(rule, literals, f"(?<![A-Za-z0-9])(?:{pattern})", accepts)


_NAMES: Final = "pass|pwd|secret|token|key|credential"
_NAMED: Final = (
    r"(?i:pass(?:w(?:or)?d|phrase)|pwd|secret|(?<!publickey)token|credential"
    r"|(?:(?<=api)|(?<=access)|(?<=private)|(?<=auth)|(?<=encryption)|(?<=signing)"
    r"|(?<=api[_-])|(?<=access[_-])|(?<=private[_-])|(?<=auth[_-])|(?<=encryption[_-])"
    r"|(?<=signing[_-]))key)"
)
_TO_VALUE: Final = (
    r"[\w.-]{0,40}"  # the rest of the name
    r"(?:[\"']\]?[ \t]{0,4}(?:=>|:=|={1,3}|:|,)"  # a quoted name: JSON, hashes, define()
    r"|[ \t]{0,8}:[ \t]{0,4}[\w.\[\]<>?| ]{1,30}="  # a name with its type
    r"|[ \t]{0,8}(?:=>|:=|={1,3}|:|\())"
    r"[ \t]{0,8}[bru]{0,2}"
)

_TOKENS: Final = (
    _rule(
        "private-key", "-----begin",
        "-----BEGIN[ A-Z0-9_-]{0,60}PRIVATE KEY(?: BLOCK)?-----", _anything,
    ),
    _token("aws-access-key-id", "akia|asia", "(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])"),
    _rule(
        "aws-secret-access-key", "aws|secret",
        r"(?i:aws|secret)[^\n]{0,80}?(?<![A-Za-z0-9/+])([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])",
        _base64_key,
    ),
    _token("github-fine-grained-pat", "github_pat_", r"github_pat_\w{22,255}"),
    _token("github-token", "ghp_|gho_|ghu_|ghs_|ghr_", "gh[pousr]_[A-Za-z0-9]{30,255}"),
    _token("gitlab-token", "glpat-", r"glpat-[\w-]{18,255}"),
    _token("slack-token", "xox|xapp-", r"(?:xox[abeoprs]|xapp)-[\w-]{10,255}"),
    _token(
        "slack-webhook", "hooks.slack.com/",
        r"hooks\.slack\.com/(?:services|workflows)/[\w/+-]{24,255}",
    ),
    _token("anthropic-api-key", "sk-", r"sk-ant-[\w-]{16,255}"),
    _token(
        "openai-api-key", "sk-",
        r"sk-(?:proj-|svcacct-|admin-|or-v1-|None-)?[\w-]{20,255}", _random_tail,
    ),
    _rule(
        "stripe-secret-key", "k_live_|k_test_",
        "(?<=[rs])(?<![A-Za-z0-9][rs])k_(?:live|test)_[A-Za-z0-9]{10,255}",
    ),
    _token("stripe-webhook-secret", "whsec_", "whsec_[A-Za-z0-9+/]{24,255}"),
    _token("google-api-key", "aiza", r"AIza[\w-]{30,45}"),
    _token("google-oauth-secret", "gocspx-", r"GOCSPX-[\w-]{20,60}"),
    _token("jwt", "eyj", r"eyJ[\w-]{8,2000}\.[\w-]{8,4000}\.[\w-]{8,2000}"),
    _token("npm-token", "npm_", "npm_[A-Za-z0-9]{30,50}"),
    _token("pypi-token", "pypi-age", r"pypi-AgE[\w-]{16,400}"),
    _token("sendgrid-token", "sg.", r"SG\.[\w-]{16,60}\.[\w-]{16,80}"),
    _rule("digitalocean-token", "_v1_", "(?<=do[opr])_v1_[a-f0-9]{40,80}"),
    _token("huggingface-token", "hf_", "hf_[A-Za-z0-9]{30,60}"),
    _token("mailgun-key", "key", "key-[a-f0-9]{32}(?![a-f0-9])"),
    _token("shopify-token", "shpat_|shpss_", "shp(?:at|ss)_[a-fA-F0-9]{32}"),
    _token("databricks-token", "dapi", "dapi[a-f0-9]{32}"),
    _token("docker-token", "dckr_", r"dckr_[po]at_[\w-]{20,80}"),
    _token("grafana-token", "glsa_", r"glsa_[\w+/=]{32,400}"),
    _token("sentry-token", "sntry", r"sntry[su]_[\w+/=-]{40,400}"),
    _token("linear-token", "lin_api_", "lin_api_[A-Za-z0-9]{32,80}"),
    _token("notion-token", "ntn_", "ntn_[A-Za-z0-9]{40,60}"),
    _token("notion-secret", "secret", "secret_[A-Za-z0-9]{43}(?![A-Za-z0-9])"),
    _token("vault-token", "hvs.", r"hvs\.[\w-]{24,300}"),
    _token("atlassian-token", "atatt3", r"ATATT3[\w=-]{40,400}"),
    _rule("age-secret-key", "secret", "(?<=AGE-)SECRET-KEY-1[0-9A-Z]{50,80}"),
    _rule("telegram-bot-token", ":aa", r"(?<=[0-9]{8}):AA[\w-]{32,34}(?![\w-])"),
)  # fmt: skip

_PLACES: Final = (
    _rule("azure-key", "key", "(?i:(?<=account)|(?<=access))(?i:key)=([A-Za-z0-9+/=]{32,120})"),
    _rule(
        "azure-storage-key", "key",
        rf"(?i:key){_TO_VALUE}[\"'`]?([A-Za-z0-9+/]{{86}}==)(?![A-Za-z0-9+/=])", _base64_key,
    ),
    _rule(
        "url-credentials", "://",
        r"://[^\s/:@\"'<>`]{0,80}:([^\s/:@\"'<>`]{3,120})@[\w\[$%{.-]", _password,
    ),
    _rule(
        "connection-string", "pass|pwd",
        r"(?:(?<=[;\"'])|(?<=[;\"'] ))(?i:password|pwd) ?= ?([^;\"'\s()\[\]{}]{5,120})"
        r"(?:[;\"']|(?=\r?\n|\Z))",
        _password,
    ),
    _rule(
        "authorization-header", "bearer |basic ",
        "(?i:bearer|basic) ([A-Za-z0-9+/=_.~-]{20,400})(?![A-Za-z0-9])", _assigned,
    ),
    _rule(
        "hex-token", "key|token|secret|auth|salt",
        rf"(?i:key|token|secret|auth|salt){_TO_VALUE}[\"'`]?([A-Fa-f0-9]{{32,128}})(?![A-Za-z0-9])",
        _hex,
    ),
    _rule(
        "generic-secret", _NAMES, rf"{_NAMED}{_TO_VALUE}([\"'`])([^\"'`\s]{{8,200}})\1", _assigned
    ),
    _rule(
        "generic-secret-unquoted", _NAMES,
        rf"{_NAMED}[\w.-]{{0,40}}[ \t]{{0,4}}[=:][ \t]{{0,4}}"
        r"([^\s\"'`(){}\[\],;<>$]{10,200})[ \t]{0,8}(?=\r?\n|\Z)",
        _assigned_bare,
    ),
)  # fmt: skip

RULES: Final[tuple[Rule, ...]] = _TOKENS + _PLACES
"""Every rule, specific before generic."""
