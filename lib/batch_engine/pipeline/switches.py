"""Two switches for everyone, read from the environment when a pipeline runs.

``BATCH_ENGINE_BATCHING=off`` runs every scope as one chunk: to see whether a problem comes from
batching. ``BATCH_ENGINE_DEBUG=1`` logs every event of every pipeline on stderr.
"""

from __future__ import annotations

import logging
import os

from batch_engine.core import Listener, LoggingListener

__all__ = ["BATCHING_VARIABLE", "DEBUG_VARIABLE", "batching_is_on", "debug_listeners"]

BATCHING_VARIABLE = "BATCH_ENGINE_BATCHING"
DEBUG_VARIABLE = "BATCH_ENGINE_DEBUG"
_OFF = frozenset({"off", "0", "false", "no"})


def batching_is_on() -> bool:
    """Whether scopes are cut into chunks."""
    return os.environ.get(BATCHING_VARIABLE, "on").strip().lower() not in _OFF


def debug_listeners() -> tuple[Listener, ...]:
    """A listener that logs everything on stderr, if the switch is on."""
    if os.environ.get(DEBUG_VARIABLE, "").strip().lower() in {"", *_OFF}:
        return ()
    logger = logging.getLogger("batch_engine.debug")
    if not logger.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
    return (LoggingListener(logger),)
