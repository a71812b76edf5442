"""What the CLI says when it fails, as an error of the engine with the way out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from batch_engine.core import (
    AuthError,
    BudgetError,
    NetworkError,
    RateLimitError,
    RejectedResultError,
    TaskError,
    TransientError,
    WorkError,
)
from template_creation.bridges.api.failures import (
    AnswerTooLongError,
    NoRoomError,
    NotAcceptedError,
    RefusedError,
    RequestTooLargeError,
)
from template_creation.bridges.api.words import shortened
from template_creation.errors import BadInput, TemplateCreateError

__all__ = ["Ended", "failure_of", "no_result"]

_OLD = re.compile(r"unknown option '?(--[\w-]+)")
_LIMIT = re.compile(r"hit your .*limit|usage limit|limit reached", re.IGNORECASE)
_OVERLOADED = re.compile(r"overloaded|\b529\b|at capacity", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The end of a call: the ``result`` event, the kind of error that the CLI named before it,
    what it objected to in the answer, and how many agents were complete by then; ``hide`` takes
    secrets out of a text."""

    result: Mapping[str, Any]
    error: str
    objection: str
    finished: int
    asked_for: str
    budget_usd: float | None
    hide: Callable[[str], str]


def failure_of(ended: Ended) -> WorkError | None:
    """Why the call did not bring a whole answer, or ``None`` if it did."""
    subtype = str(ended.result.get("subtype") or "")
    if subtype == "success" and not ended.result.get("is_error"):
        return None
    stop = str(ended.result.get("stop_reason") or "")
    said = ended.result.get("result") or "; ".join(ended.result.get("errors") or ()) or subtype
    words = shortened(ended.hide(str(said)))
    if subtype == "error_max_budget_usd":
        return BudgetError(
            f"claude reached the budget of ${ended.budget_usd or 0:.4f}: {words}",
            hint="what is finished is kept: raise --max-cost and run again with --resume",
        )
    if stop == "refusal":
        return RefusedError(
            f"{ended.asked_for} refused to answer: {words}",
            hint="another model, or the offline bridge, may do it",
        )
    if stop == "max_tokens" or ended.error == "max_output_tokens":
        return _too_long(ended)
    if subtype in ("error_max_turns", "error_max_structured_output_retries"):
        why = ended.objection or "it did not call the tool that takes the answer"
        return RejectedResultError(
            f"claude did not accept the model's answer: {shortened(ended.hide(why))}"
        )
    if subtype == "error_during_execution":
        return TransientError(f"claude broke off: {words}")
    return _of_kind(ended, words)


def _too_long(ended: Ended) -> WorkError:
    if ended.finished:
        return AnswerTooLongError(
            f"the answer ran out of room after {ended.finished} complete agents",
            hint="--no-batch asks for one agent at a time",
        )
    return NoRoomError(
        "the answer ran out of room before one agent was complete",
        hint="ask for one agent at a time with --no-batch, or raise CLAUDE_CODE_MAX_OUTPUT_TOKENS",
    )


def _of_kind(ended: Ended, words: str) -> WorkError:
    text = f"claude could not ask the model: {words}"
    match ended.error:
        case "authentication_failed" | "oauth_org_not_allowed":
            return AuthError(text, hint="run `claude` once and log in, or use --bridge offline")
        case "billing_error":
            return BudgetError(text, hint="add credit to the account, or use --bridge offline")
        case "rate_limit":
            hint = "go on with --resume when the limit is reset" if _LIMIT.search(words) else ""
            return RateLimitError(text, hint=hint)
        case "model_not_found":
            return TaskError(text, hint="name another one with --model, or none for your default")
        case "invalid_request":
            if "too long" in words or ended.result.get("terminal_reason") == "prompt_too_long":
                return RequestTooLargeError(
                    text, hint="ask for fewer agents at once, or a model with a larger context"
                )
            return NotAcceptedError(text)
    if _OVERLOADED.search(words):
        return RateLimitError(text)
    return NetworkError(text)


def no_result(code: int, last_words: str) -> WorkError | TemplateCreateError:
    """What a call means that ended without its ``result``: crashed, killed, or never begun."""
    old = _OLD.search(last_words)
    if old:
        return BadInput(
            f"this claude does not know {old[1]}: it is too old for the claude bridge",
            hint="run `claude update`; docs/claude-code.md says which version was tried",
        )
    how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
    words = f": {shortened(last_words)}" if last_words else ""
    return TransientError(f"claude {how} before its answer was whole{words}")
