"""A step's state in the JSON shape of seed 003, out of a store and into one.

``{"version": 1, "processed": [keys in order], "failed": {key: error record}, "stats": {total,
processed, failed, retried}}``, and beside these, so that nothing is lost on the way back,
``results`` and ``attempts`` (how many) by key, ``order`` (all keys in input order) and
``retried`` (the error records of attempts that were followed by another, by key).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, TypeGuard

from batch_engine.core.errors import ConfigurationError
from batch_engine.core.plan import encode_json
from batch_engine.core.records import preview_of
from batch_engine.core.store import AttemptRow, ItemRow, ItemStatus, RunStore, StepRef

__all__ = ["STATE_VERSION", "export_state", "import_state"]

STATE_VERSION = 1
_BYTES = "$bytes"
# A result that looks like our own form of bytes gets another dollar, and loses it on the way back.
_LIKE_BYTES = re.compile(r"\$+bytes")


def export_state(store: RunStore, step: StepRef, *, results: bool = True) -> dict[str, Any]:
    """The state of a step, in input order; statistics are counted from the rows.

    ``retried`` of the statistics counts the items that had more than one attempt.
    ``results=False`` leaves the results and what goes with them out: then the state can be read
    by anyone, and no longer be imported whole.
    """
    rows = list(store.items(step))
    done = [row for row in rows if row.status == "ok"]
    failed = [row for row in rows if row.status == "failed"]
    state: dict[str, Any] = {
        "version": STATE_VERSION,
        "processed": [row.key for row in done],
        "failed": {row.key: json.loads(row.error or "{}") for row in failed},
        "stats": {
            "total": len(rows),
            "processed": len(done),
            "failed": len(failed),
            "retried": len({row.key for row in rows if row.attempts > 1}),
        },
    }
    if results:
        state["results"] = {row.key: _shown(row.data) for row in done}
        state["attempts"] = {row.key: row.attempts for row in rows}
        state["order"] = [row.key for row in rows]
        state["retried"] = {}
        for attempt in store.attempts(step):
            told = {"number": attempt.number, "error": json.loads(attempt.error)}
            state["retried"].setdefault(attempt.key, []).append(told)
    return state


def import_state(store: RunStore, step: StepRef, state: Mapping[str, Any]) -> int:
    """Stores an exported state (or one of another program in this shape) as a step's items;
    returns how many. An item that is ``processed`` without a result gets None as its result; one
    that is ``failed`` too was tried again, and is processed.

    Raises `ConfigurationError` if it is no such state; then nothing is stored.
    """
    version = state.get("version", STATE_VERSION)
    processed, failed = state.get("processed"), state.get("failed")
    if version != STATE_VERSION or not isinstance(processed, list) or not isinstance(failed, dict):
        raise ConfigurationError(
            f"this is no state of version {STATE_VERSION}: version {version!r}, with "
            f"{', '.join(sorted(map(str, state))) or 'nothing'} in it",
            hint="expected version, processed (a list of keys), failed (records by key), stats",
        )
    results, tries = _by_key(state, "results"), _by_key(state, "attempts")
    for key, count in tries.items():
        if type(count) is not int or count < 0:
            raise _broken("attempts", key, count, "a whole number")
    items: dict[str, tuple[ItemStatus, str | bytes | None, str | None]] = {
        str(key): ("ok", _stored(str(key), results.get(str(key))), None) for key in processed
    }
    for key, record in failed.items():
        if not isinstance(record, dict):
            raise _broken("failed", key, record, "an error record")
        items.setdefault(str(key), ("failed", None, encode_json(record)))
    order = dict.fromkeys([*map(str, state.get("order") or ()), *items])
    rows = [
        ItemRow(key, *items[key], tries.get(key, 1), position)
        for position, key in enumerate(key for key in order if key in items)
    ]
    attempts = _attempts(_by_key(state, "retried"))
    store.begin_step(step)
    store.put(step, rows, attempts=attempts)
    store.finish_step(step)  # what failed elsewhere is tried anew here
    return len(rows)


def _by_key(state: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A part of the state that may be missing."""
    part = state.get(name)
    if part is None:
        return {}
    if not isinstance(part, Mapping):
        raise ConfigurationError(f"{name!r} of this state is {preview_of(part)}, not by key")
    return {str(key): value for key, value in part.items()}


def _broken(part: str, key: object, value: object, expected: str) -> ConfigurationError:
    return ConfigurationError(
        f"{part!r} of this state has {preview_of(value)} for {key!r}, expected {expected}",
        hint="nothing was imported: mend the file, or export it again",
    )


def _attempts(retried: Mapping[str, Any]) -> list[AttemptRow]:
    rows = []
    for key, told in retried.items():
        try:
            rows += [AttemptRow(key, int(one["number"]), encode_json(one["error"])) for one in told]
        except (TypeError, KeyError, ValueError) as error:
            raise _broken("retried", key, told, "a list of numbers and errors") from error
    return rows


def _shown(data: str | bytes | None) -> Any:
    if isinstance(data, bytes):
        return {_BYTES: data.hex()}
    result = None if data is None else json.loads(data)
    return _renamed(result, "$") if _looks_like_bytes(result) else result


def _looks_like_bytes(result: Any) -> TypeGuard[dict[str, Any]]:
    if not isinstance(result, dict) or len(result) != 1:
        return False
    (name,) = result
    return isinstance(name, str) and _LIKE_BYTES.fullmatch(name) is not None


def _renamed(result: dict[str, Any], prefix: str) -> dict[str, Any]:
    ((name, value),) = result.items()
    return {prefix + name if prefix else name[1:]: value}


def _stored(key: str, result: Any) -> str | bytes:
    if not _looks_like_bytes(result):
        return encode_json(result)
    if _BYTES not in result:
        return encode_json(_renamed(result, ""))
    try:
        return bytes.fromhex(result[_BYTES])
    except (TypeError, ValueError) as error:
        raise _broken("results", key, result, f"hex digits under {_BYTES!r}") from error
