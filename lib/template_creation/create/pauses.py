"""Files of a package while a run on it waits: what changed in between is told.

A host that is asked to answer may edit the agents itself instead, and so may a person. Which of
them it was cannot be told apart, so nothing is undone in silence, and nothing is lost: the text
from before is put beside the state. (F22 of the facts.)
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from batch_engine.core import ItemRow, RunStore, StepRef
from template_creation.errors import InvocationPending

__all__ = ["changed_while_paused", "kept_at_a_pause"]

_STEP = StepRef("files at the pause", "1")
_FOLDER = "before-the-pause"


@contextmanager
def kept_at_a_pause(store: RunStore, root: Path, files: Sequence[Path]) -> Iterator[None]:
    """Keeps the texts of ``files`` of the package ``root`` if the block pauses, else forgets
    those of the last pause."""
    store.begin_step(_STEP)
    try:
        yield
    except InvocationPending:
        rows = [
            ItemRow(path.relative_to(root).as_posix(), "ok", json.dumps(_text(path)), position=n)
            for n, path in enumerate(files)
            if path.is_file()
        ]
        store.prune(_STEP, [row.key for row in rows])
        store.put(_STEP, rows)
        raise
    store.prune(_STEP, ())


def changed_while_paused(store: RunStore, root: Path, state: Path) -> tuple[str, ...]:
    """What to say of each file that is no longer as it was when the run paused; its text from
    then is put below ``state``."""
    found = []
    for row in store.items(_STEP):
        path, before = root / row.key, json.loads(row.data or '""')
        if path.is_file() and _text(path) == before:
            continue
        copy = state / _FOLDER / row.key
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(before.encode("utf-8", "surrogateescape"))
        what = "was changed" if path.is_file() else "was removed"
        found.append(
            f"{row.key} {what} while the run waited; what it says now counts as its owner's, and "
            f"is no answer. As it was: {copy}"
        )
    return tuple(found)


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "surrogateescape")
