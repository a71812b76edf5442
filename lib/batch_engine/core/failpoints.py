"""Named places where a test can kill the process, to prove what survives.

``BATCH_ENGINE_FAILPOINT=before_persist:3`` kills this process with SIGKILL (no clean-up, as a
crash would) when ``before_persist`` is reached for the third time; ``:1`` may be left out.
The variable is read once, at the first of these places that a process comes to: a look-up in the
environment at each would be the dearest part of a small chunk. The names, in the order of a
chunk's life:
"""

from __future__ import annotations

import os
import signal
from collections import Counter

__all__ = ["FAILPOINTS", "FAILPOINT_VARIABLE", "failpoint"]

FAILPOINT_VARIABLE = "BATCH_ENGINE_FAILPOINT"

FAILPOINTS: dict[str, str] = {
    "during_load": "stored results of a chunk were looked up",
    "before_work": "the chunk is about to be worked on",
    "after_item": "one item was stored early, its chunk still runs",
    "after_work": "the work returned, nothing of it is stored",
    "before_wait": "failed attempts are stored, the wait for the next one has not begun",
    "before_persist": "outcomes are known, the transaction has not begun",
    "mid_transaction": "rows are written, the transaction is not committed",
    "after_persist": "the transaction is committed, nobody was told",
    "after_announce": "listeners were told that the chunk is complete",
    "before_merge": "all chunks are done, the result is not put together",
}

_NOT_READ = "?"
_wanted: str | None = _NOT_READ
_hits: Counter[str] = Counter()


def failpoint(name: str) -> None:
    """Dies here if the environment says so; otherwise does nothing."""
    if _wanted is not None:
        _die_if_wanted(name)


def _die_if_wanted(name: str) -> None:
    global _wanted
    if _wanted is _NOT_READ:
        _wanted = os.environ.get(FAILPOINT_VARIABLE)
    point, _, nth = (_wanted or "").partition(":")
    if point == name:
        _hits[name] += 1
        if _hits[name] == int(nth or "1"):
            os.kill(os.getpid(), signal.SIGKILL)
