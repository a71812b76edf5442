"""The roster of specialists as values, read from ``roster.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["Role", "roster", "supporting"]


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
    rows: list[dict[str, Any]] = _document()["agent"]
    return tuple(_role(row) for row in rows)


@cache
def supporting() -> frozenset[str]:
    """Technologies that code runs on or is measured by, and is not written against: servers,
    databases behind a library, drivers, coverage tools."""
    return frozenset(_document()["supporting"])


@cache
def _document() -> dict[str, Any]:
    text = files("template_creation.agents").joinpath("roster.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _role(row: dict[str, Any]) -> Role:
    fields: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in row.items()
    }
    return Role(**fields)
