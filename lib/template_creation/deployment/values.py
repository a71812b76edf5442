"""What is to be placed, where, and what becomes of each file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

__all__ = ["Change", "Item", "Plan", "Site", "Step"]

Change = Literal["new", "updated", "same", "kept", "replaced", "removed"]
"""``kept`` is somebody's edit or own file that stays; ``replaced`` one that does not, by force."""


@dataclass(frozen=True, slots=True)
class Item:
    """A file to place, at ``path`` below the site. With ``block`` only the part between two
    marks of that name is ours. ``once``: placed where nothing is, and the user's from then on."""

    path: str
    data: bytes
    block: str = ""
    once: bool = False


@dataclass(frozen=True, slots=True)
class Site:
    """A folder that files are placed below, the folder of its record, and whose files they are
    (``owner``, for example ``package:shop``): one record can hold several owners."""

    root: Path
    record_folder: Path
    owner: str


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of one file. ``data`` is what to write, ``None`` for nothing; ``digest`` what
    the record holds of it afterwards; ``was`` what it held."""

    path: str
    change: Change
    why: str = ""
    data: bytes | None = None
    digest: str = ""
    was: tuple[str, ...] = ()
    block: str = ""

    @property
    def drifts(self) -> bool:
        """Whether the file is not as it is wanted."""
        return self.change != "same"


@dataclass(frozen=True)
class Plan:
    """The steps for one owner at one site; ``about`` goes into the record with them."""

    site: Site
    steps: tuple[Step, ...]
    about: Mapping[str, Any] = field(default_factory=dict)

    def of(self, *changes: Change) -> tuple[Step, ...]:
        """The steps with one of these changes."""
        return tuple(step for step in self.steps if step.change in changes)

    @property
    def drift(self) -> tuple[Step, ...]:
        """The steps that are not ``same``."""
        return tuple(step for step in self.steps if step.drifts)
