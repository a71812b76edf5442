"""The roster of specialists as values, read from ``roster.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["Role", "roster"]


@dataclass(frozen=True, slots=True)
class Role:
    """One row of the roster; ``roster.toml`` explains the fields."""

    name: str
    title: str
    layers: tuple[str, ...]
    near: tuple[str, ...]
    roles: tuple[str, ...]
    work: str
    purpose: str
    words: tuple[str, ...]
    used: tuple[str, ...] = ()
    fallback: tuple[str, ...] = ()
    joins: str = ""


@cache
def roster() -> tuple[Role, ...]:
    """Every row, in order of preference.

    >>> roster()[0].name
    'api-specialist'
    """
    text = files("template_creation.agents").joinpath("roster.toml").read_text(encoding="utf-8")
    rows: list[dict[str, Any]] = tomllib.loads(text)["agent"]
    return tuple(_role(row) for row in rows)


def _role(row: dict[str, Any]) -> Role:
    fields: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in row.items()
    }
    return Role(**fields)
