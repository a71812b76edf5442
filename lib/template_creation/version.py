"""The version of the installed distribution."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version

__all__ = ["version"]


def version() -> str:
    """The version, or ``"0+unknown"`` where the project is not installed."""
    try:
        return installed_version("template-create")
    except PackageNotFoundError:
        return "0+unknown"
