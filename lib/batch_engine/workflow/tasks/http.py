"""The task ``http.request``: one request, errors by their status.

What it needs to send one is imported when it does: most workflows send none.
"""

from __future__ import annotations

import base64
import json
import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from batch_engine.core import NetworkError, WorkTimeoutError, classify
from batch_engine.workflow.errors import HttpError, TaskInputError
from batch_engine.workflow.process import DEFAULT_MAX_OUTPUT
from batch_engine.workflow.task import TaskCall, TaskInput, register_task

if TYPE_CHECKING:
    import ssl
    import urllib.error
    from email.message import Message

__all__ = ["http_request"]

_MAX_BODY = 50 * DEFAULT_MAX_OUTPUT
_RETRY_STATUS = (429, 500, 502, 503, 504)


@register_task(
    "http.request",
    inputs=(
        TaskInput("url", "http or https.", required=True),
        TaskInput("method", "GET by default."),
        TaskInput("headers", schema={"type": "object"}),
        TaskInput("body", "A text, or a mapping or list, which is sent as JSON."),
        TaskInput("timeout", "Seconds.  [default: 30]"),
        TaskInput("token", "For a bearer authorization."),
        TaskInput("auth", "{type: bearer, api_key or basic, ...}", schema={"type": "object"}),
        TaskInput("verify_ssl", "false: accept any certificate."),
        TaskInput("retry", "{max_attempts, delay, status_codes}", schema={"type": "object"}),
    ),
    outside=True,
    timed=True,
)
def http_request(call: TaskCall) -> dict[str, Any]:
    """Sends a request; gives status_code, headers, body and json."""
    retry = call.optional("retry", {}, dict)
    attempts = int(retry.get("max_attempts", 1))
    codes = retry.get("status_codes", list(_RETRY_STATUS))
    for attempt in range(1, attempts + 1):
        try:
            return _send(call)
        except _Status as error:
            if attempt == attempts or error.status not in codes:
                raise error.error from error
        except NetworkError:
            if attempt == attempts:
                raise
        if call.services.stop.wait(float(retry.get("delay", 1.0))):
            call.services.check_stop()
    raise TaskInputError(f"retry.max_attempts is {attempts}, expected at least 1")


class _Status(Exception):  # noqa: N818 - carries one
    def __init__(self, status: int, error: HttpError) -> None:
        super().__init__(status)
        self.status = status
        self.error = error


class _WithStatus(Exception):  # noqa: N818 - only to be classified by its status
    def __init__(self, status_code: int) -> None:
        super().__init__(status_code)
        self.status_code = status_code


def _send(call: TaskCall) -> dict[str, Any]:
    import urllib.error
    import urllib.request

    url = call.required("url")
    if not url.lower().startswith(("http://", "https://")):
        raise TaskInputError(f"the url is {url!r}, expected http://... or https://...")
    method = call.optional("method", "POST" if "body" in call.inputs else "GET").upper()
    headers = {str(name): str(value) for name, value in call.optional("headers", {}, dict).items()}
    body = call.inputs.get("body")
    if isinstance(body, Mapping | list):
        body = json.dumps(body)
        headers.setdefault("Content-Type", "application/json")
    headers |= _authorization(call)
    timeout = call.optional("timeout", call.timeout_s or 30, (int, float))
    request = urllib.request.Request(
        url, data=None if body is None else str(body).encode(), headers=headers, method=method
    )
    started = time.monotonic()
    try:
        with urllib.request.urlopen(request, timeout=timeout, context=_tls(call)) as response:
            return _answer(response.status, response.headers, response.read(_MAX_BODY))
    except urllib.error.HTTPError as error:
        with error:
            text = error.read(2_000).decode("utf-8", "replace")
            raise _Status(error.code, _http_error(method, url, error, text)) from error
    except TimeoutError as error:
        took = time.monotonic() - started
        raise WorkTimeoutError(f"{method} {url}: no answer after {took:.1f} s") from error
    except (urllib.error.URLError, OSError) as error:
        reason = getattr(error, "reason", error)
        raise NetworkError(f"{method} {url}: {reason}") from error


def _answer(status: int, headers: Message, raw: bytes) -> dict[str, Any]:
    text = raw.decode(headers.get_content_charset() or "utf-8", "replace")
    try:
        parsed = json.loads(text)
    except ValueError:
        parsed = None
    return {"status_code": status, "headers": dict(headers), "body": text, "json": parsed}


def _http_error(method: str, url: str, error: urllib.error.HTTPError, text: str) -> HttpError:
    kind = classify(_WithStatus(error.code))
    asked = error.headers.get("Retry-After", "") if error.headers else ""
    return HttpError(
        f"{method} {url}: HTTP {error.code} {error.reason}: {text[:300]}",
        code=kind.code,
        category=kind.category,
        retryable=kind.retryable,
        retry_after_s=float(asked) if asked.isdigit() else None,
    )


def _authorization(call: TaskCall) -> dict[str, str]:
    auth = call.optional("auth", None, dict)
    token = call.optional("token", None)
    if auth is None:
        return {"Authorization": f"Bearer {token}"} if token else {}
    kind = str(auth.get("type", "")).lower()
    if kind == "bearer":
        return {"Authorization": f"Bearer {_secret(auth, 'token')}"}
    if kind == "api_key":
        return {str(auth.get("header", "X-API-Key")): _secret(auth, "key")}
    if kind == "basic":
        pair = f"{_secret(auth, 'username')}:{_secret(auth, 'password')}"
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    raise TaskInputError(f"auth.type is {kind!r}, expected bearer, api_key or basic")


def _secret(auth: Mapping[str, Any], name: str) -> str:
    variable = auth.get(f"{name}_env")
    value = os.environ.get(str(variable)) if variable else auth.get(name)
    if not value:
        wanted = f"the environment variable {variable!r}" if variable else f"auth.{name}"
        raise TaskInputError(f"{wanted} is not set")
    return str(value)


def _tls(call: TaskCall) -> ssl.SSLContext | None:
    if call.inputs.get("verify_ssl", True) is not False:
        return None
    import ssl

    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
