"""Where memories are kept without another word."""

from __future__ import annotations

import os
from collections.abc import Sequence

from template_creation.package.layout import product_home

__all__ = ["default_store", "named_places"]

STORE_VARIABLE = "TEMPLATE_CREATE_MEMORIES"
DEFAULT = "default"


def default_store() -> str:
    """The store without ``--store``: ``TEMPLATE_CREATE_MEMORIES``, else a file below the
    product's folder."""
    return os.environ.get(STORE_VARIABLE) or str(product_home() / "memories.sqlite3")


def named_places(places: Sequence[str] | None) -> tuple[str, ...] | None:
    """What ``--memories`` names, with "default" as the default store; None stays None."""
    if not places:
        return None
    return tuple(default_store() if place == DEFAULT else place for place in places)
