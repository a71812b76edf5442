"""What an API's failure means for us: a typed error, whether to ask again, and the way out.

Every failure becomes one error of `batch_engine.core`; the engine decides what to do with it.
No message holds the key, not even one that a proxy sent back. (facts/llm-api.md sections 1
and 2; docs/api-bridge.md has the table.)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from batch_engine.core import (
    AuthError,
    BudgetError,
    ErrorCategory,
    NetworkError,
    RateLimitError,
    RejectedResultError,
    TaskError,
    TransientError,
    WorkError,
    WorkTimeoutError,
)
from template_creation.bridges.api.words import retry_after_s, shortened, spoken

__all__ = [
    "AnswerTooLongError",
    "Failures",
    "NoRoomError",
    "NotAcceptedError",
    "RefusedError",
    "RequestTooLargeError",
]


_NO_ROOM = ("max_tokens", "model_context_window_exceeded", "length")
"""Reasons to stop before the end; the last is that of OpenAI's interface, which some keep."""


class NotAcceptedError(TaskError):
    """The server did not take the request as it is written."""

    code = "input.request_not_accepted"
    category = ErrorCategory.INPUT


class RequestTooLargeError(TaskError):
    """The request does not fit the model or the server; it would not fit the next time."""

    code = "input.request_too_large"
    category = ErrorCategory.INPUT


class RefusedError(TaskError):
    """The model declined to answer; asking the same again would spend money for the same."""

    code = "task.refused"


class AnswerTooLongError(RejectedResultError):
    """The answer ran out of room behind complete agents, so that the next request, for the
    others, has more of it."""

    code = "validation.answer_too_long"


class NoRoomError(TaskError):
    """The answer ran out of room before one agent was complete; the same request would end at
    the same place, for the same money."""

    code = "task.no_room"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """Translates the failures of one bridge. ``base_url`` is empty for the vendor's own API;
    ``hide`` takes the key out of a text."""

    model: str
    base_url: str
    known_models: Sequence[str]
    retry_after_cap_s: float
    hide: Callable[[str], str]
    now: Callable[[], datetime]

    @property
    def where(self) -> str:
        """Whom we speak to, for messages."""
        return self.base_url or "the API"

    def of_status(self, status: int, body: object, headers: Mapping[str, str]) -> WorkError:
        """What an HTTP answer with an error's status means."""
        request_id = headers.get("request-id") or headers.get("x-request-id") or ""
        wait = retry_after_s(headers, now=self.now(), cap_s=self.retry_after_cap_s)
        return self._translated(self._case(status, body, request_id), wait)

    def of_event(self, event: Mapping[str, Any], request_id: str = "") -> WorkError:
        """What an ``error`` event inside a stream that began well (status 200) means."""
        return self._translated(self._case(200, event, request_id), None)

    def of_connection(self, problem: str, *, timed_out: bool = False) -> WorkError:
        """What a connection that failed, or broke, means; ``problem`` in the words of the
        libraries below us."""
        words, where = shortened(self.hide(problem)), self.where
        if timed_out:
            return WorkTimeoutError(f"{where} {words}", hint="the read timeout can be raised")
        low = words.lower()
        if "certificate" in low:
            return TaskError(
                f"the connection to {where} is not trusted: {words}",
                hint="behind a proxy that reads TLS, point SSL_CERT_FILE to its certificate",
            )
        if "ssl" in low or "tls" in low or "wrong version number" in low:
            return TaskError(
                f"{where} answered, but not by TLS: {words}",
                hint="does the address begin with http:// rather than https://?",
            )
        if any(
            sign in low for sign in ("name or service", "nodename", "getaddrinfo", "resolution")
        ):
            hint = "check the network" + (", and the address" if self.base_url else "")
            return NetworkError(f"{where} was not found: {words}", hint=hint)
        if "refused" in low and self.base_url:
            return NetworkError(f"nothing listens at {where}: {words}", hint="is it running?")
        return NetworkError(f"the connection to {where} failed: {words}")

    def of_stop(
        self,
        reason: str,
        details: Mapping[str, Any],
        *,
        finished: int,
        max_tokens: int,
        by_cost: bool = False,
    ) -> WorkError | None:
        """Why an answer that came to its end is not a whole one, or ``None`` if it is.

        ``finished`` counts its complete agents: an answer that ran out of room can be asked for
        again only where that leaves less to ask for. ``by_cost`` says that ``max_tokens`` is what
        was left of a limit of cost.
        """
        if reason == "refusal":
            told = " ".join(str(details.get(k) or "") for k in ("category", "explanation"))
            why = shortened(self.hide(told)) or "no reason given"
            return RefusedError(
                f"{self.model} refused to answer: {why}",
                hint="another model, or the offline bridge, may do it",
            )
        if reason in _NO_ROOM:
            return self._too_long(reason, finished, max_tokens, by_cost=by_cost)
        if reason == "tool_use":
            return RejectedResultError(f"{self.model} called a tool instead of answering")
        if reason == "pause_turn":
            return TransientError(f"{self.model} paused its turn before the answer was whole")
        return None

    def _too_long(self, reason: str, finished: int, max_tokens: int, *, by_cost: bool) -> WorkError:
        context = reason == "model_context_window_exceeded"
        limit = "the context window" if context else f"max_tokens ({max_tokens})"
        more = "--max-answer allows more"
        if context:
            more = "a model with a larger context has more room"
        elif by_cost:
            limit += ", which is what --max-cost left"
            more = "--max-cost allows more"
        if finished:
            return AnswerTooLongError(
                f"the answer ran into {limit} after {finished} complete "
                f"{'agent' if finished == 1 else 'agents'}",
                hint=f"--no-batch asks for one agent at a time; {more}",
            )
        return NoRoomError(
            f"the answer ran into {limit} before one agent was complete",
            hint=f"--no-batch asks for one agent at a time; {more}; less --effort leaves more room",
        )

    def _translated(self, case: _Case, wait: float | None) -> WorkError:
        make = _BY_KIND.get(case.kind) or _BY_STATUS.get(case.status)
        if make is None:
            unsaid = case.status == 200 and case.kind != "invalid_request_error"
            make = _server if unsaid or case.status >= 500 else _invalid
        return make(self, case, wait)

    def _case(self, status: int, body: object, request_id: str) -> _Case:
        said = spoken(body)
        kind, words, mark = (shortened(self.hide(t)) for t in (said.kind, said.words, request_id))
        return _Case(status, kind, words, mark)


@dataclass(frozen=True, slots=True)
class _Case:
    """A failure as it was told: status 200 is an error event inside a stream."""

    status: int
    kind: str
    words: str
    request_id: str

    def text(self, what: str) -> str:
        """``what`` with the server's words and everything to look it up by."""
        place = "in the stream" if self.status == 200 else f"HTTP {self.status}"
        marks = ", ".join(mark for mark in (place, self.kind, self.request_id) if mark)
        return f"{what} ({marks})" + (f": {self.words}" if self.words else "")


_Make = Callable[[Failures, _Case, "float | None"], WorkError]


def _auth(to: Failures, case: _Case, wait: float | None) -> WorkError:
    return AuthError(
        case.text(f"{to.where} refused the key"),
        hint="set ANTHROPIC_API_KEY to a key that it accepts, or use --bridge offline",
    )


def _permission(to: Failures, case: _Case, wait: float | None) -> WorkError:
    return AuthError(
        case.text(f"the key may not use {to.model!r}"),
        hint="use a model that the key's workspace allows, or a key of another workspace",
    )


def _billing(to: Failures, case: _Case, wait: float | None) -> WorkError:
    return BudgetError(
        case.text("the account cannot pay for the request"),
        hint="add credit to the account, or use --bridge offline",
    )


def _not_found(to: Failures, case: _Case, wait: float | None) -> WorkError:
    if "model" not in case.words.lower():
        return _no_api(to, case, wait)
    if to.base_url:
        return TaskError(
            case.text(f"{to.base_url} has no model {to.model!r}"), hint="name one that it serves"
        )
    close = get_close_matches(to.model, to.known_models, n=1, cutoff=0.6)
    guess = f"did you mean {close[0]!r}? " if close and close[0] != to.model else ""
    listed = ", ".join(to.known_models)
    return TaskError(case.text(f"there is no model {to.model!r}"), hint=f"{guess}known: {listed}")


def _no_api(to: Failures, case: _Case, wait: float | None) -> WorkError:
    return TaskError(
        case.text(f"{to.where} has no Messages API at this address"),
        hint="give the address without /v1/messages, such as http://127.0.0.1:8080",
    )


def _too_large(to: Failures, case: _Case, wait: float | None) -> WorkError:
    return RequestTooLargeError(
        case.text("the request is too large"),
        hint="ask for fewer agents at once, or take a model with a larger context",
    )


def _rate(to: Failures, case: _Case, wait: float | None) -> WorkError:
    return RateLimitError(case.text(f"{to.where} had too many requests"), retry_after_s=wait)


def _overloaded(to: Failures, case: _Case, wait: float | None) -> WorkError:
    return RateLimitError(case.text(f"{to.where} is overloaded"), retry_after_s=wait)


def _timeout(to: Failures, case: _Case, wait: float | None) -> WorkError:
    return WorkTimeoutError(case.text(f"{to.where} took too long"), retry_after_s=wait)


def _conflict(to: Failures, case: _Case, wait: float | None) -> WorkError:
    return TransientError(case.text(f"{to.where} asks to try again"), retry_after_s=wait)


def _server(to: Failures, case: _Case, wait: float | None) -> WorkError:
    return NetworkError(case.text(f"{to.where} failed"), retry_after_s=wait)


_TOO_LARGE = re.compile(
    r"prompt is too long|context (window|length|size)|too many (input )?tokens|maximum context"
    r"|exceeds? the (available|maximum) context",
    re.IGNORECASE,
)
_BILLING = re.compile(r"credit balance|billing|purchase credits", re.IGNORECASE)


def _invalid(to: Failures, case: _Case, wait: float | None) -> WorkError:
    """A request that was not accepted: by its words, as one status means many things."""
    if _BILLING.search(case.words):
        return _billing(to, case, wait)
    if _TOO_LARGE.search(case.words):
        return _too_large(to, case, wait)
    return NotAcceptedError(case.text(f"{to.where} did not accept the request"))


_BY_KIND: dict[str, _Make] = {
    "authentication_error": _auth,
    "permission_error": _permission,
    "billing_error": _billing,
    "request_too_large": _too_large,
    "rate_limit_error": _rate,
    "overloaded_error": _overloaded,
    "timeout_error": _timeout,
    "not_found_error": _not_found,
}
"""The API's own types, which proxies keep while they change the status; the two that say
least (``invalid_request_error``, ``api_error``) are left to the status."""

_BY_STATUS: dict[int, _Make] = {
    **dict.fromkeys((301, 302, 303, 307, 308), _no_api),
    401: _auth,
    402: _billing,
    403: _permission,
    404: _not_found,
    405: _no_api,
    408: _timeout,
    409: _conflict,
    413: _too_large,
    425: _conflict,
    429: _rate,
    501: _invalid,
    504: _timeout,
    529: _overloaded,
}
