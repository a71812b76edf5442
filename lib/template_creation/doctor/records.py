"""What we placed, compared with what is there: old versions, edits, files that are gone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from template_creation.deployment import Deployed, find_block, read_record
from template_creation.errors import BadInput
from template_creation.installing import INSTALLED, asset_items
from template_creation.package import digest
from template_creation.values.agent import Issue
from template_creation.version import version

__all__ = ["is_installed", "record_issues"]


def is_installed(folder: Path) -> bool:
    """Whether our commands were placed in ``folder`` (a ``.claude``)."""
    try:
        return bool(read_record(folder).of(INSTALLED).files)
    except BadInput:
        return False


def record_issues(folder: Path, root: Path, *, option: str, shown: str) -> Iterator[Issue]:
    """Findings on the record in ``folder``; packages were placed below ``root``, our commands in
    ``folder`` by ``install`` with ``option``. ``shown`` names the folder for a person."""
    try:
        record = read_record(folder)
    except BadInput as exc:
        yield Issue("record-broken", shown, exc.message, exc.hint)
        return
    install = f"template-create install {option}"
    for owner, deployed in record.owners.items():
        kind, _, name = owner.partition(":")
        if owner == INSTALLED:
            yield from _installed(folder, deployed, install, shown)
        elif kind == "package":
            again = f"template-create apply PACKAGE {root}"
            yield from _placed(root, deployed, name, again, shown)
        if deployed.unfinished:
            message = f"placing {name or 'our commands'} ended in the middle"
            fix = "run the same command again"
            yield Issue("deployment-unfinished", shown, message, fix)


def _installed(folder: Path, deployed: Deployed, install: str, shown: str) -> Iterator[Issue]:
    wanted = {item.path: digest(item.data) for item in asset_items()}
    for path in sorted(set(wanted) | set(deployed.files)):
        found = _hash(folder, path)
        place = f"{shown}/{path}"
        if found is None and path in wanted:
            yield Issue("install-missing", place, "was installed and is gone", install)
        elif found is not None and path in wanted and found != wanted[path]:
            if found in deployed.files.get(path, ()):
                message = f"is of version {_version(deployed.about)}, this is {version()}"
                yield Issue("install-stale", place, message, install, "warning")
            else:
                message = "was edited since it was installed"
                fix = f"{install} --force takes ours, your edits are lost then"
                yield Issue("install-edited", place, message, fix, "warning")


def _placed(root: Path, deployed: Deployed, name: str, again: str, shown: str) -> Iterator[Issue]:
    gone, edited = [], []
    for path, digests in deployed.files.items():
        found = _hash(root, path)
        if found is None:
            gone.append(path.partition("#")[0])
        elif found not in digests:
            edited.append(path.partition("#")[0])
    if gone:
        message = f"{len(gone)} files of the package {name} are gone: {', '.join(gone[:3])}"
        yield Issue("package-drift", shown, message, again, "warning")
    if edited:
        message = f"{len(edited)} files of the package {name} were edited: {', '.join(edited[:3])}"
        fix = f"nothing, if that was meant; {again} --check compares with the package"
        yield Issue("package-drift", shown, message, fix, "warning")


def _hash(root: Path, key: str) -> str | None:
    path, _, block = key.partition("#")
    try:
        data = (root / path).read_bytes()
        part = find_block(data, block) if block else data
    except (OSError, ValueError):
        return None
    return None if part is None else digest(part)


def _version(about: Any) -> str:
    generator = about.get("generator")
    return str(generator.get("version", "?")) if isinstance(generator, dict) else "?"
