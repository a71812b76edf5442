"""YAML workflows with durable batch steps."""

from __future__ import annotations

__all__: list[str] = []
