"""Files of a package while its agents are asked for: what others write there in the meantime.

A host that is asked to answer may edit the agents itself instead, and so may a person; which of
them it was cannot be told apart. An answer is about the texts that were asked about. So a run
that goes on puts these back, and what it finds instead is set aside, told, and never lost; a new
run takes the files as they are. (F22 of the facts.)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from batch_engine.core import ItemRow, RunStore, StepRef
from template_creation.agents import Origins
from template_creation.errors import InvocationPending, WriteError
from template_creation.package import digest, read_recorded_hashes, write_file
from template_creation.values.agent import Issue

__all__ = ["PAUSE_STEP", "SetAside", "kept_at_a_pause", "put_back", "tell_changes"]

PAUSE_STEP = StepRef("files at the pause", "1")
"""Where a store has the texts that were asked about, while a run waits."""

_ASIDE = "set-aside"
_BEFORE = "before-the-pause"
_PAUSED = "."
"""The key of a row that says only that there was a pause; no file has it."""

RULE = "changed-while-asked"


class SetAside:
    """Keeps below the folder ``state`` what others made of files of the package ``root`` while
    they were asked for; ``issues`` says of each what became of it."""

    def __init__(self, root: Path, state: Path) -> None:
        self._root, self._state = root, state
        self.issues: list[Issue] = []
        self._told = 0

    def __call__(self, path: Path) -> None:
        """Keeps the text of ``path``, which is about to be written over or removed. Raises
        `WriteError` where it cannot be kept."""
        place = path.relative_to(self._root).as_posix()
        if not path.is_file():
            message = "was removed while it was asked for, and is put back"
            self._say(place, message, "remove it again, if it was to go")
            return
        copy = _copied(path.read_bytes(), self._state / _ASIDE / place)
        message = "was changed while it was asked for; that is no answer, and is undone"
        self._say(place, message, f"if it is yours: it is kept as {copy}")

    def tell(self, notify: Callable[[str], None]) -> None:
        """Says what was not said yet, all of it in one note."""
        news = self.issues[self._told :]
        self._told = len(self.issues)
        gone = [item.place for item in news if " removed " in item.message]
        changed = [item.place for item in news if " removed " not in item.message]
        if changed:
            notify(
                f"Note: {_listed(changed)} changed while asked for. That is no answer, and is "
                f"undone. What was written there is kept in {self._state / _ASIDE}: if it is "
                "yours, copy it back and run again without --resume."
            )
        if gone:
            notify(f"Note: {_listed(gone)} removed while asked for, and put back.")

    def _say(self, place: str, message: str, fix: str) -> None:
        self.issues.append(Issue(RULE, place, message, fix, "warning"))


@dataclass(frozen=True, slots=True)
class _Change:
    """A file that is not as it was at the pause; ``before`` is what it said then."""

    path: Path
    place: str
    before: bytes


@contextmanager
def kept_at_a_pause(store: RunStore, root: Path, files: Sequence[Path]) -> Iterator[None]:
    """Keeps the texts of ``files`` of the package ``root`` if the block pauses, else forgets
    those of the last pause."""
    store.begin_step(PAUSE_STEP)
    try:
        yield
    except InvocationPending:
        rows = [
            ItemRow(path.relative_to(root).as_posix(), "ok", json.dumps(_text(path)), position=n)
            for n, path in enumerate(files)
            if path.is_file()
        ]
        rows.append(ItemRow(_PAUSED, "ok", position=len(rows)))
        store.prune(PAUSE_STEP, [row.key for row in rows])
        store.put(PAUSE_STEP, rows)
        raise
    store.prune(PAUSE_STEP, ())


def put_back(
    store: RunStore, root: Path, aside: SetAside, *, there: Sequence[Path] | None = None
) -> None:
    """Every file of the package ``root`` as it was when the run paused, for the run that goes
    on; what others made of it goes to ``aside``. Of ``there``, the files that are there now,
    those that were not are removed. Raises `WriteError`."""
    try:
        for path in _new(store, root, there or ()):
            aside(path)
            path.unlink()
        for change in _changes(store, root):
            aside(change.path)
            change.path.parent.mkdir(parents=True, exist_ok=True)
            write_file(change.path, change.before)
    except OSError as exc:
        raise WriteError(f"cannot put back agents of {str(root)!r}: {exc.strerror}") from exc


def tell_changes(store: RunStore, root: Path, state: Path, notify: Callable[[str], None]) -> None:
    """Says to a new run which files changed since one paused; what they said then is put below
    ``state``, what they say now counts."""
    for change in _changes(store, root):
        copy = _copied(change.before, state / _BEFORE / change.place)
        what = "changed" if change.path.is_file() else "removed"
        notify(
            f"Note: {change.place} was {what} since it was asked for; as it is now it counts. "
            f"As it was: {copy}"
        )


def _changes(store: RunStore, root: Path) -> Iterator[_Change]:
    """What others changed: neither the run itself, which may have been killed after it wrote,
    nor a run that made the package anew."""
    origins, recorded = Origins(store), read_recorded_hashes(root) or {}
    for row in store.items(PAUSE_STEP):
        if row.data is None:
            continue
        path, before = root / row.key, str(json.loads(row.data))
        if path.is_file():
            now = _text(path)
            if now == before or origins.of(now) == origins.of(before):
                continue
            if recorded.get(row.key) == digest(path.read_bytes()):
                continue
        yield _Change(path, row.key, before.encode("utf-8", "surrogateescape"))


def _new(store: RunStore, root: Path, there: Sequence[Path]) -> list[Path]:
    """Files that were not there at the pause, if there was one, and that we did not write."""
    known, recorded = {row.key for row in store.items(PAUSE_STEP)}, read_recorded_hashes(root) or {}
    places = {path: path.relative_to(root).as_posix() for path in there}
    return [
        path
        for path, place in places.items()
        if _PAUSED in known
        and place not in known
        and recorded.get(place) != digest(path.read_bytes())
    ]


def _copied(data: bytes, target: Path) -> Path:
    """``data`` at ``target``, or under the next number where something else is there."""
    path, number = target, 1
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        while path.exists() and path.read_bytes() != data:
            number += 1
            path = target.with_name(f"{target.stem}-{number}{target.suffix}")
    except OSError as exc:
        raise WriteError(f"cannot keep {str(target)!r}: {exc.strerror}") from exc
    if not path.exists():
        write_file(path, data)
    return path


def _listed(places: Sequence[str]) -> str:
    more = f" and {len(places) - 3} more" if len(places) > 3 else ""
    return f"{', '.join(places[:3])}{more} {'was' if len(places) == 1 else 'were'}"


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "surrogateescape")
