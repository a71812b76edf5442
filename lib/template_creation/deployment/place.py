"""Planned by looking, carried out file by file, so that a kill in between loses nothing.

Before the first file the record takes up what is about to be written: whatever a killed run left
is then known as ours, and the next run ends its work.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from batch_engine.core.failpoints import failpoint
from template_creation.deployment.blocks import BrokenMarks, find_block, put_block, remove_block
from template_creation.deployment.record import RECORD, Deployed, Record, read_record
from template_creation.deployment.values import Item, Plan, Site, Step
from template_creation.errors import BadInput, WriteError
from template_creation.package import digest, write_file

__all__ = ["carry_out", "plan", "take_away"]

_EDITED = "edited since it was placed"
_FOREIGN = "was there before and differs"


def plan(
    site: Site,
    items: Sequence[Item],
    *,
    about: Mapping[str, Any] | None = None,
    force: bool = False,
) -> Plan:
    """What placing ``items`` would do; nothing is written. With ``force`` edited files are
    ``replaced`` instead of ``kept``.

    Raises `BadInput` where a path leads out of the site or is a folder, or the record is broken.
    """
    record = read_record(site.record_folder)
    known = record.of(site.owner)
    pending: dict[Path, bytes] = {}
    steps = [_whose(record, _step(site, item, known, force, pending)) for item in items]
    wanted = {_key(item.path, item.block) for item in items if not item.once}
    for key in sorted(set(known.files) - wanted):
        step = _leaving(site, key, known.files[key], force)
        if other := _other(record, site.owner, key):
            step = Step(step.path, "kept", why=f"is there for {other} too", block=step.block)
        steps.append(step)
    return Plan(site, tuple(steps), dict(about or {}))


def take_away(site: Site, *, force: bool = False) -> Plan:
    """What removing everything of the owner would do; edited files are ``kept`` without
    ``force``."""
    return plan(site, (), force=force)


def carry_out(planned: Plan) -> None:
    """Do it. Raises `WriteError`; then the files that are not written yet are as they were, and
    the same command goes on from there."""
    site = planned.site
    record = read_record(site.record_folder)
    after = _after(planned)
    if record.of(site.owner).unfinished:
        _sweep(site, planned.steps)
    todo = [step for step in planned.steps if step.data is not None or step.change == "removed"]
    final = record.with_owner(site.owner, Deployed(after, planned.about if after else {}))
    if not todo:
        if final.document() != record.document():
            _write_record(site, final)
        return
    between = {**record.of(site.owner).files, **_intent(after, todo)}
    _write_record(site, record.with_owner(site.owner, Deployed(between, planned.about)))
    failpoint("deploy_after_intent")
    for step in todo:
        _carry(site, step)
        failpoint("deploy_after_file")
    failpoint("deploy_before_record")
    _write_record(site, final)


def _key(path: str, block: str) -> str:
    return f"{path}#{block}" if block else path


def _step(site: Site, item: Item, known: Deployed, force: bool, pending: dict[Path, bytes]) -> Step:
    """``pending`` is what earlier steps write, so that two blocks can go into one file."""
    target = _target(site, item.path)
    if target in pending and not item.block:
        raise BadInput(f"{item.path!r} would be written twice", hint="remove the link there")
    present = pending[target] if target in pending else _read(target)
    ours = known.files.get(_key(item.path, item.block), ())
    wanted = digest(_content(item))
    blank = Step(item.path, "same", digest="" if item.once else wanted, was=ours, block=item.block)
    try:
        part = find_block(present, item.block) if present and item.block else present
    except BrokenMarks as exc:
        held = ours[0] if ours else ""
        return replace(blank, change="kept", why=f"{exc}; mend or remove them", digest=held)
    step = _decide(blank, part, item, force)
    if step.change not in ("same", "kept"):
        data = put_block(present, item.block, item.data) if item.block else item.data
        pending[target] = data
        return replace(step, data=data)
    return step


def _whose(record: Record, step: Step) -> Step:
    """``step`` with the name of the package or export that placed what is in its way."""
    if step.why == _FOREIGN and (name := _other(record, "", _key(step.path, step.block))):
        return replace(step, why=f"is there for {name}, and differs")
    return step


def _other(record: Record, owner: str, key: str) -> str:
    """Who else than ``owner`` placed the file ``key``, by the name of the package; or nobody."""
    found = (
        name for name, placed in record.owners.items() if name != owner and key in placed.files
    )
    return min(found, default="").rpartition(":")[2]


def _decide(blank: Step, part: bytes | None, item: Item, force: bool) -> Step:
    """What becomes of a file that holds ``part`` now."""
    ours = blank.was
    if part is None:
        return replace(blank, change="new", why="was deleted" if ours else "")
    if digest(part) == digest(_content(item)):
        return blank
    if item.once:
        return replace(blank, change="kept", why=_FOREIGN)
    if digest(part) in ours:
        return replace(blank, change="updated")
    why = _EDITED if ours else _FOREIGN
    if force:
        return replace(blank, change="replaced", why=why)
    return replace(blank, change="kept", why=why, digest=ours[0] if ours else "")


def _content(item: Item) -> bytes:
    """What is hashed: a block's with LF and an end, as `find_block` gives it back."""
    if not item.block:
        return item.data
    data = item.data.replace(b"\r\n", b"\n")
    return data if data.endswith(b"\n") else data + b"\n"


def _leaving(site: Site, key: str, ours: tuple[str, ...], force: bool) -> Step:
    """A file that was placed and is no longer wanted."""
    path, _, block = key.partition("#")
    target = _target(site, path)
    present = _read(target)
    gone = Step(path, "removed", was=ours, block=block)
    try:
        part = find_block(present, block) if present and block else present
    except BrokenMarks as exc:
        return replace(gone, change="kept", why=f"{exc}; remove them by hand")
    if part is None:
        return replace(gone, change="removed", why="is gone already")
    if digest(part) not in ours and not force:
        return replace(gone, change="kept", why=_EDITED)
    if block and present is not None:
        rest = remove_block(present, block)
        return replace(gone, data=rest) if rest.strip() else gone
    return gone


def _after(planned: Plan) -> dict[str, tuple[str, ...]]:
    """The record's hashes afterwards: of an edited file the one that it was placed with."""
    return {
        _key(step.path, step.block): (step.digest,)
        for step in planned.steps
        if step.digest and step.change != "removed"
    }


def _intent(
    after: Mapping[str, tuple[str, ...]], todo: Iterable[Step]
) -> dict[str, tuple[str, ...]]:
    """For each file to change: what it will be and what it was. A file that is removed and one
    that is only new also count as changing, by a second mark that nothing has."""
    both: dict[str, tuple[str, ...]] = {}
    for step in todo:
        key = _key(step.path, step.block)
        both[key] = tuple(dict.fromkeys((*after.get(key, ()), *step.was, "unfinished")))
    return both


def _carry(site: Site, step: Step) -> None:
    target = _target(site, step.path)
    try:
        if step.data is not None:
            target.parent.mkdir(parents=True, exist_ok=True)
            write_file(target, step.data)
        else:
            target.unlink(missing_ok=True)
            _prune(target.parent, site.root.resolve())
    except (OSError, WriteError) as exc:
        raise _cannot_write(target, exc) from exc


def _write_record(site: Site, record: Record) -> None:
    path = site.record_folder / RECORD
    try:
        if not record.owners:
            path.unlink(missing_ok=True)
            _prune(path.parent, site.root.resolve())
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, record.document())
    except (OSError, WriteError) as exc:
        raise _cannot_write(path, exc) from exc


def _prune(folder: Path, root: Path) -> None:
    """Remove ``folder`` and those above it while they are empty, never the root."""
    while folder != root and root in folder.parents:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent


def _sweep(site: Site, todo: Iterable[Step]) -> None:
    """Remove the half-written files of a run that was killed, by the names `write_file` gives."""
    for path in (site.record_folder / RECORD, *(_target(site, step.path) for step in todo)):
        for leftover in _beside(path):
            leftover.unlink(missing_ok=True)


def _beside(path: Path) -> Iterator[Path]:
    pattern = re.compile(re.escape(f".{path.name}.") + r"[a-z0-9_]{8}")
    if path.parent.is_dir():
        yield from (item for item in path.parent.iterdir() if pattern.fullmatch(item.name))


def _target(site: Site, path: str) -> Path:
    """The file that ``path`` leads to, links followed; never out of the site."""
    root = site.root.resolve()
    target = (root / path).resolve()
    if root not in target.parents:
        raise BadInput(
            f"{path!r} leads out of {str(site.root)!r} (to {str(target)!r})",
            hint="remove the link, or choose the folder that it leads to",
        )
    return target


def _read(target: Path) -> bytes | None:
    try:
        return target.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise BadInput(
            f"cannot read {str(target)!r}: {exc.strerror}",
            hint="a file has to be placed there; move what is in the way",
        ) from exc


def _cannot_write(path: Path, exc: Exception) -> WriteError:
    cause = exc if isinstance(exc, OSError) else exc.__cause__
    reason = cause.strerror if isinstance(cause, OSError) else None
    return WriteError(
        f"cannot write {str(path)!r}: {reason or exc}",
        hint="free the place and run the same command again; it goes on from there",
    )
