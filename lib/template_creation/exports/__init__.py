"""A package's agents for other assistants, all from one model, with a check for drift."""

from template_creation.exports.formats import COPILOT_LIMIT, FORMATS, export_as
from template_creation.exports.model import (
    Exported,
    SourceAgent,
    SourcePackage,
    read_source,
)
from template_creation.exports.rules import check_export
from template_creation.exports.write import Export, plan_exports

__all__ = [
    "COPILOT_LIMIT",
    "FORMATS",
    "Export",
    "Exported",
    "SourceAgent",
    "SourcePackage",
    "check_export",
    "export_as",
    "plan_exports",
    "read_source",
]
