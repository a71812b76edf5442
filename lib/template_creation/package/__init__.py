"""The template package on disk: load, stage, write at once, keep what a user edited."""

from template_creation.package.atomic import write_file
from template_creation.package.documents import (
    manifest_document,
    report_document,
    settings_document,
    to_json,
)
from template_creation.package.layout import (
    AGENTS_FOLDER,
    AGENTS_GUIDE,
    CLAUDE_GUIDE,
    COPIER,
    MANIFEST,
    README,
    REPORT,
    SETTINGS,
    TEMPLATE_SUFFIX,
    TEMPLATES_FOLDER,
    check_name,
    default_output,
    default_state,
    product_home,
)
from template_creation.package.load import Package, agent_files, load_package, nested_agents
from template_creation.package.resealing import reseal
from template_creation.package.staging import (
    Placement,
    check_target,
    digest,
    is_current,
    list_files,
    place,
    planned_changes,
    read_recorded_hashes,
    staging_folder,
)

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
    "Package",
    "Placement",
    "agent_files",
    "check_name",
    "check_target",
    "default_output",
    "default_state",
    "digest",
    "is_current",
    "list_files",
    "load_package",
    "manifest_document",
    "nested_agents",
    "place",
    "planned_changes",
    "product_home",
    "read_recorded_hashes",
    "report_document",
    "reseal",
    "settings_document",
    "staging_folder",
    "to_json",
    "write_file",
]
