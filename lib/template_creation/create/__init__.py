"""The main job: one call from a codebase to a template package."""

from template_creation.create.job import create_template
from template_creation.create.values import (
    CreateOptions,
    CreateResult,
    PlannedFile,
)

__all__ = ["CreateOptions", "CreateResult", "PlannedFile", "create_template"]
