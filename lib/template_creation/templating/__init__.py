"""Templates from a codebase: entities, exemplars, placeholders, proofs, rendering, copier."""

from template_creation.templating.build import Dropped, TemplateBuild, build_templates
from template_creation.templating.checks import check_values
from template_creation.templating.copier import CopierConfig, copier_config
from template_creation.templating.entities import Entity
from template_creation.templating.render import (
    original_values,
    render_original,
    render_path,
    render_template,
)
from template_creation.templating.segments import (
    decode_template,
    encode_path,
    encode_template,
)

__all__ = [
    "CopierConfig",
    "Dropped",
    "Entity",
    "TemplateBuild",
    "build_templates",
    "check_values",
    "copier_config",
    "decode_template",
    "encode_path",
    "encode_template",
    "original_values",
    "render_original",
    "render_path",
    "render_template",
]
