"""Where things are: the files of a package and the folders of the product."""

from __future__ import annotations

import os
import re
from pathlib import Path

from template_creation.errors import BadInput

__all__ = [
    "AGENTS_FOLDER",
    "AGENTS_GUIDE",
    "CLAUDE_GUIDE",
    "COPIER",
    "MANIFEST",
    "README",
    "REPORT",
    "SETTINGS",
    "TEMPLATES_FOLDER",
    "TEMPLATE_SUFFIX",
    "check_name",
    "default_output",
    "default_state",
    "product_home",
]

MANIFEST = "manifest.json"
SETTINGS = "settings.json"
REPORT = "report.json"
CLAUDE_GUIDE = "CLAUDE.md"
AGENTS_GUIDE = "AGENTS.md"
README = "README.md"
COPIER = "copier.yml"
TEMPLATES_FOLDER = "templates"
AGENTS_FOLDER = "agents"
TEMPLATE_SUFFIX = ".template"

_NAME = re.compile(r"[a-z0-9-]{3,50}")


def check_name(name: str) -> str:
    """``name`` if it may name a package (``^[a-z0-9-]{3,50}$``), else `BadInput`.

    >>> check_name("my-shop")
    'my-shop'
    """
    if not _NAME.fullmatch(name):
        suggestion = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:50]
        hint = "use 3 to 50 lower-case letters, digits and hyphens"
        if _NAME.fullmatch(suggestion):
            hint += f", for example {suggestion!r}"
        raise BadInput(f"{name!r} cannot name a package", hint=hint)
    return name


def product_home() -> Path:
    """The product's own folder: ``TEMPLATE_CREATE_HOME``, else ``~/.agentecflow``."""
    override = os.environ.get("TEMPLATE_CREATE_HOME")
    return Path(override).absolute() if override else Path.home() / ".agentecflow"


def default_output(name: str) -> Path:
    """Where the package ``name`` goes without ``--output``."""
    return product_home() / "templates" / name


def default_state(name: str) -> Path:
    """Where the run state of ``name`` lives; outside the codebase and the package."""
    return product_home() / "state" / name
