"""Protocol 1.0 on paper: what a host's file says, and the envelope that we build for it.

Pure. Tolerant where nothing can be confused: unknown keys, missing defaults, ``result`` for
``response``, an object where the protocol wants a string. (facts/agent-enhancement.md 2.3,
F17, F25, F26.)
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["Envelope", "Status", "build_envelope", "read_envelope"]

Status = Literal["success", "error", "timeout", "cancelled"]

_PAYLOADS = ("response", "result")
_STATUSES: dict[str, Status] = {
    "success": "success",
    "succeeded": "success",
    "ok": "success",
    "completed": "success",
    "error": "error",
    "failed": "error",
    "failure": "error",
    "timeout": "timeout",
    "cancelled": "cancelled",
    "canceled": "cancelled",
}
_ID = re.compile(r'"request_id"\s*:\s*"([^"\\]{1,200})"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A host's file, read.

    ``bare`` is a payload without envelope, which names no request; ``broken`` was no JSON, so
    ``payload`` is its text. ``problem`` says why it cannot be taken as it is, or is empty.
    """

    request_id: str = ""
    status: Status = "success"
    payload: object = None
    error_message: str = ""
    error_type: str = ""
    bare: bool = False
    broken: bool = False
    problem: str = ""


def read_envelope(text: str) -> Envelope:
    """What ``text`` says; never raises.

    >>> read_envelope('{"enhancements": []}').bare
    True
    """
    try:
        data = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        found = _ID.search(text[:4000])
        if found:
            return Envelope(request_id=found[1], payload=text, broken=True)
        return Envelope(payload=text, bare=True, broken=True)
    if not isinstance(data, Mapping) or not ({"request_id", "status"} & data.keys()):
        return Envelope(payload=_unwrapped(data), bare=True)
    return _of_mapping(data)


def _unwrapped(data: object) -> object:
    """A payload under ``response`` or ``result`` alone."""
    if isinstance(data, Mapping):
        return next((data[key] for key in _PAYLOADS if data.get(key) is not None), data)
    return data


def _of_mapping(data: Mapping[str, Any]) -> Envelope:
    said = data.get("request_id")
    request_id = said if isinstance(said, str) else ""
    payload = next((data[key] for key in _PAYLOADS if data.get(key) is not None), None)
    if payload is None and data.keys() & {"enhancements", "enhanced_agents", "agents"}:
        payload = {key: value for key, value in data.items() if key not in _KEYS}
    message = data.get("error_message") or data.get("error") or ""
    status = _status(data.get("status"), payload, message)
    return Envelope(
        request_id=request_id,
        status=status,
        payload=payload,
        error_message=message if isinstance(message, str) else json.dumps(message),
        error_type=str(data.get("error_type") or ""),
        problem=_problem(data, request_id, status, payload),
    )


_KEYS = frozenset(
    {"request_id", "version", "status", "error_message", "error_type", "created_at"}
    | {"duration_seconds", "metadata", "response", "result"}
)


def _status(said: object, payload: object, message: object) -> Status:
    if isinstance(said, str) and said.strip().lower() in _STATUSES:
        return _STATUSES[said.strip().lower()]
    return "success" if payload is not None and not message else "error"


def _problem(data: Mapping[str, Any], request_id: str, status: Status, payload: object) -> str:
    if not request_id:
        return "the envelope has no request_id"
    version = str(data.get("version") or "1.0")
    if version.split(".")[0] != "1":
        return f"the envelope has version {version!r}, this program reads 1.0"
    if status == "success" and payload is None:
        return 'the envelope says success and has no "response"'
    return ""


def build_envelope(
    request_id: str,
    *,
    agent_name: str,
    created_at: str,
    response: str | None = None,
    error_message: str | None = None,
    error_type: str | None = None,
) -> dict[str, Any]:
    """A response as protocol 1.0 has it: ``response`` is text, or an error is told."""
    status = "success" if error_message is None else "error"
    if error_type == "TIMEOUT":
        status = "timeout"
    return {
        "request_id": request_id,
        "version": "1.0",
        "status": status,
        "response": response,
        "error_message": error_message,
        "error_type": error_type,
        "created_at": created_at,
        "duration_seconds": None,
        "metadata": {"agent_name": agent_name, "by": "template-create bridge respond"},
    }
