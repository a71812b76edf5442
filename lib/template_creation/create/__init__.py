"""The main job: one call from a codebase to a template package; and phase 7.5 by itself."""

from template_creation.create.enhance import Enhanced, EnhanceOptions, enhance_agents
from template_creation.create.job import create_template
from template_creation.create.values import (
    CreateOptions,
    CreateResult,
    PlannedFile,
)

__all__ = [
    "CreateOptions",
    "CreateResult",
    "EnhanceOptions",
    "Enhanced",
    "PlannedFile",
    "create_template",
    "enhance_agents",
]
