"""A step's state in the JSON shape of seed 003, out of a store and into one.

``{"version": 1, "processed": [keys in order], "failed": {key: error record}, "stats": {total,
processed, failed, retried}}``, and beside these ``results`` and ``attempts`` by key, so that
nothing is lost on the way back.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from batch_engine.core.errors import ConfigurationError
from batch_engine.core.plan import encode_json
from batch_engine.core.store import ItemRow, RunStore, StepRef

__all__ = ["STATE_VERSION", "export_state", "import_state"]

STATE_VERSION = 1
_BYTES = "$bytes"


def export_state(store: RunStore, step: StepRef, *, results: bool = True) -> dict[str, Any]:
    """The state of a step, in input order; statistics are counted from the rows.

    ``retried`` counts the items that had more than one attempt. ``results=False`` leaves the
    results out: then the state can be read by anyone, and no longer be imported whole.
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
    return state


def import_state(store: RunStore, step: StepRef, state: Mapping[str, Any]) -> int:
    """Stores an exported state (or one of another program in this shape) as a step's items;
    returns how many. An item that is ``processed`` without a result gets None as its result.

    Raises `ConfigurationError` if it is no such state; then nothing is stored.
    """
    processed, failed = state.get("processed"), state.get("failed")
    version = state.get("version", STATE_VERSION)
    if version != STATE_VERSION or not isinstance(processed, list) or not isinstance(failed, dict):
        raise ConfigurationError(
            f"this is no state of version {STATE_VERSION}: version {version!r}, with "
            f"{', '.join(sorted(map(str, state))) or 'nothing'} in it",
            hint="expected version, processed (a list of keys), failed (records by key), stats",
        )
    results, attempts = state.get("results", {}), state.get("attempts", {})
    rows = [
        ItemRow(str(key), "ok", _stored(results.get(key)), None, attempts.get(key, 1), position)
        for position, key in enumerate(processed)
    ]
    rows += [
        ItemRow(str(key), "failed", None, encode_json(record), attempts.get(key, 1), position)
        for position, (key, record) in enumerate(failed.items(), len(rows))
    ]
    store.begin_step(step)
    store.put(step, rows)
    store.finish_step(step)  # what failed elsewhere is tried anew here
    return len(rows)


def _shown(data: str | bytes | None) -> Any:
    if isinstance(data, bytes):
        return {_BYTES: data.hex()}
    return None if data is None else json.loads(data)


def _stored(result: Any) -> str | bytes:
    if isinstance(result, dict) and set(result) == {_BYTES}:
        return bytes.fromhex(result[_BYTES])
    return encode_json(result)
