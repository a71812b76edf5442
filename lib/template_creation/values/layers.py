"""The closed table of layers; every module that names a layer takes it from here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["LAYER_TITLES"]

LAYER_TITLES: Mapping[str, str] = MappingProxyType(
    {
        "api": "API endpoints",
        "auth": "authentication and authorization",
        "ci": "continuous integration",
        "cli": "command line",
        "commands": "commands",
        "components": "UI components",
        "config": "configuration",
        "data": "data access",
        "docs": "documentation",
        "domain": "domain logic",
        "e2e": "end-to-end tests",
        "errors": "error handling",
        "hooks": "hooks",
        "infra": "infrastructure",
        "jobs": "background jobs",
        "mailers": "mail",
        "mapping": "mapping",
        "models": "data models",
        "pages": "pages and routes",
        "queries": "queries",
        "schemas": "schemas and transfer objects",
        "scripts": "scripts",
        "services": "services",
        "state": "state management",
        "stories": "component stories",
        "tests": "tests",
        "utilities": "utilities",
        "validators": "validators",
        "views": "server-rendered views",
    }
)
