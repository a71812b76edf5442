"""The edge to the anthropic SDK: one call, its bytes, and every exception translated.

The SDK is imported at the first call, as that takes a second. It never retries for us.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit, urlunsplit

from batch_engine.core import AuthError, TaskError, WorkError
from template_creation.bridges.api.failures import Failures
from template_creation.errors import BadInput

if TYPE_CHECKING:
    import httpx2
    from anthropic import Anthropic

__all__ = ["ApiClient", "Opened", "Secret", "base_url_of", "read_key"]

logger = logging.getLogger(__name__)

KEY_VARIABLE = "ANTHROPIC_API_KEY"
BASE_URL_VARIABLE = "ANTHROPIC_BASE_URL"
COUNT_TIMEOUT_S = 15.0
NO_KEY = "no-key-needed"
"""Sent to a server of the user's own where no key is set; such servers ask for none."""


class Secret:
    """A key that is in no representation of anything.

    >>> key = Secret("sk-very-secret")
    >>> key, key.hide("the header was 'Bearer sk-very-secret'")
    (Secret(...), "the header was 'Bearer [key]'")
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def __repr__(self) -> str:
        return "Secret(...)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key: no copies are made of it")

    def reveal(self) -> str:
        """The key itself, for the one header that carries it."""
        return self._value

    def hide(self, text: str) -> str:
        """``text`` without the key."""
        return text.replace(self._value, "[key]") if self._value else text


def read_key(given: str | None, *, base_url: str) -> Secret:
    """``given``, or what ``ANTHROPIC_API_KEY`` says now; raises `AuthError` with the way out.

    Only a server at ``base_url`` may be asked without a key.
    """
    value = (given or os.environ.get(KEY_VARIABLE, "")).strip()
    if not value and base_url:
        value = NO_KEY
    if not value:
        raise AuthError(
            "there is no API key",
            hint=f"set {KEY_VARIABLE}, or use --bridge offline (no key) or --bridge file",
        )
    if not value.isascii() or not value.isprintable() or " " in value:
        raise AuthError(
            "the API key has characters that no key has",
            hint=f"set {KEY_VARIABLE} to the key alone, without quotes or comments",
        )
    return Secret(value)


def base_url_of(given: str | None) -> str:
    """``given``, or what ``ANTHROPIC_BASE_URL`` says now, without the path that the SDK adds;
    ``""`` for the vendor's own. Raises `BadInput` for what is no web address.

    >>> base_url_of("http://127.0.0.1:8080/v1/messages")
    'http://127.0.0.1:8080'
    """
    url = (given or os.environ.get(BASE_URL_VARIABLE, "")).strip()
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        valid = False
    if not valid:
        raise BadInput(f"{url!r} is no web address", hint="give one such as http://127.0.0.1:8080")
    path = parts.path.rstrip("/").removesuffix("/messages").removesuffix("/v1").rstrip("/")
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def shown_url(url: str) -> str:
    """``url`` without a user and password in it."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


@dataclass(frozen=True, slots=True)
class Opened:
    """An answer that began: its bytes as they come, and the API's id of the request."""

    request_id: str
    chunks: Iterator[bytes]


@dataclass(frozen=True, kw_only=True)
class ApiClient:
    """Makes single calls. Times in seconds; ``http_client`` is an ``httpx2.Client`` of the
    caller's own, who also closes it."""

    key: Secret
    base_url: str
    failures: Failures
    connect_timeout_s: float
    read_timeout_s: float
    http_client: httpx2.Client | None = None

    def load(self) -> None:
        """Imports the SDK, so that no call is charged with that time."""
        _libraries()

    @contextmanager
    def opened(self, body: Mapping[str, Any]) -> Iterator[Opened]:
        """The streamed answer to ``body``; leaving closes the connection, whatever happened.

        Raises the core errors of `Failures`, here and while the bytes are read. They are raised
        outside of the ``except`` that caught the cause: a foreign exception carries the request
        with its key, and would go along as the context into whatever prints it.
        """
        sdk, http = _libraries()
        with ExitStack() as stack:
            client = self._client(sdk, stack)
            failure: WorkError | None = None
            try:
                call = client.messages.with_streaming_response.create(stream=True, **body)
                response = stack.enter_context(call)
            except (sdk.AnthropicError, http.HTTPError, http.InvalidURL) as exc:
                failure = self._translated(exc, sdk, http)
            if failure is not None:
                raise failure
            kind = response.headers.get("content-type", "")
            if "text/event-stream" not in kind:
                found = kind or "no content type"
                raise TaskError(
                    f"{self.failures.where} answered with {found!r} instead of a stream",
                    hint="the address has to be that of a server of the Messages API",
                )
            yield Opened(
                self.key.hide(response.request_id or ""), self._chunks(response, sdk, http)
            )

    def count(self, body: Mapping[str, Any]) -> int:
        """The API's own count of the tokens of ``body``; raises the core errors of `Failures`.

        Nobody waits for it as long as for an answer, which may still come without it.
        """
        sdk, http = _libraries()
        failure: WorkError | None = None
        with ExitStack() as stack:
            client = self._client(sdk, stack)
            try:
                limit = min(COUNT_TIMEOUT_S, self.read_timeout_s)
                return int(client.messages.count_tokens(**body, timeout=limit).input_tokens)
            except (sdk.AnthropicError, http.HTTPError, http.InvalidURL) as exc:
                failure = self._translated(exc, sdk, http)
            except (TypeError, ValueError, AttributeError):
                failure = TaskError("the count of tokens is no number")
        raise failure

    def _client(self, sdk: ModuleType, stack: ExitStack) -> Anthropic:
        timeout = sdk.Timeout(self.read_timeout_s, connect=self.connect_timeout_s)
        # A redirect would carry the prompt to a host that the user did not name.
        own = self.http_client or sdk.DefaultHttpxClient(timeout=timeout, follow_redirects=False)
        client: Anthropic = sdk.Anthropic(
            api_key=self.key.reveal(),
            base_url=self.base_url or None,
            max_retries=0,
            timeout=timeout,
            http_client=own,
        )
        if self.http_client is None:
            stack.callback(client.close)
        return client

    def _chunks(self, response: Any, sdk: ModuleType, http: ModuleType) -> Iterator[bytes]:
        failure: WorkError | None = None
        try:
            yield from response.iter_bytes()
        except (sdk.AnthropicError, http.HTTPError, http.StreamError) as exc:
            failure = self._translated(exc, sdk, http)
        if failure is not None:
            raise failure

    def _translated(self, exc: Exception, sdk: ModuleType, http: ModuleType) -> WorkError:
        if isinstance(exc, sdk.APIStatusError):
            return self.failures.of_status(exc.status_code, exc.body, exc.response.headers)
        cause = exc
        if isinstance(exc, sdk.APIConnectionError) and isinstance(exc.__cause__, Exception):
            cause = exc.__cause__
        if isinstance(cause, http.ConnectTimeout | http.PoolTimeout):
            problem = f"took no connection for {self.connect_timeout_s:g} s"
            return self.failures.of_connection(problem, timed_out=True)
        if isinstance(cause, sdk.APITimeoutError | http.TimeoutException):
            problem = f"sent nothing for {self.read_timeout_s:g} s"
            return self.failures.of_connection(problem, timed_out=True)
        name = type(cause).__name__
        return self.failures.of_connection(f"{name}: {cause}" if str(cause) else name)


def _libraries() -> tuple[ModuleType, ModuleType]:
    """The SDK and its HTTP library, imported when they are needed."""
    import anthropic
    import httpx2

    # At DEBUG the SDK logs whole requests, prompts included; who wants that says so to the SDK.
    theirs = logging.getLogger("anthropic")
    if theirs.level == logging.NOTSET and not os.environ.get("ANTHROPIC_LOG"):
        theirs.setLevel(logging.INFO)
    return anthropic, httpx2
