"""The record of what was placed: one JSON file, with the hashes of what was written last."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from template_creation.errors import BadInput
from template_creation.package import to_json

__all__ = ["RECORD", "Deployed", "Record", "read_record"]

RECORD = ".template-create.json"
"""The file name of the record."""
_VERSION = "1.0"


@dataclass(frozen=True)
class Deployed:
    """What one owner placed: ``files`` by path, each with the hashes that are ours. That is one,
    or two while a run that would change the file has not ended. ``about`` says whose version."""

    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def unfinished(self) -> bool:
        """Whether a run ended in the middle."""
        return any(len(digests) > 1 for digests in self.files.values())


@dataclass(frozen=True)
class Record:
    """Everything that was placed beside it, by owner."""

    owners: Mapping[str, Deployed] = field(default_factory=dict)

    def of(self, owner: str) -> Deployed:
        """What ``owner`` placed; nothing where it is not known."""
        return self.owners.get(owner, Deployed())

    def with_owner(self, owner: str, deployed: Deployed) -> Record:
        """The record with this of ``owner``; without files the owner is forgotten."""
        others = {name: item for name, item in self.owners.items() if name != owner}
        return Record({**others, owner: deployed} if deployed.files else others)

    def document(self) -> bytes:
        """The record as the bytes of its file."""
        owners = {
            name: {
                **item.about,
                "files": {
                    path: digests[0] if len(digests) == 1 else list(digests)
                    for path, digests in sorted(item.files.items())
                },
            }
            for name, item in sorted(self.owners.items())
        }
        return to_json({"schema_version": _VERSION, "placed": owners})


def read_record(folder: Path) -> Record:
    """The record in ``folder``; an empty one where there is none.

    Raises `BadInput` where it cannot be understood: then nobody knows what was edited.
    """
    path = folder / RECORD
    try:
        document = json.loads(path.read_bytes())
        if str(document["schema_version"]).split(".")[0] != _VERSION.split(".")[0]:
            raise ValueError(f"schema_version {document['schema_version']!r}")
        owners = {str(name): _deployed(item) for name, item in document["placed"].items()}
    except (FileNotFoundError, NotADirectoryError):
        return Record()
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as exc:
        raise BadInput(
            f"cannot read the record {str(path)!r}: {exc}",
            hint="restore it, or delete it: then every file that differs counts as edited",
        ) from exc
    return Record(owners)


def _deployed(item: Mapping[str, Any]) -> Deployed:
    files = {
        str(path): (digests,) if isinstance(digests, str) else tuple(map(str, digests))
        for path, digests in item["files"].items()
    }
    return Deployed(files, {key: value for key, value in item.items() if key != "files"})
