"""From a folder to a `Codebase`: the only part that reads the reference codebase."""

from template_creation.scan.codebase import scan_codebase
from template_creation.scan.content import MAX_FILE_BYTES, MAX_LINE_BYTES
from template_creation.scan.secrets import SecretFinding, find_secrets

__all__ = [
    "MAX_FILE_BYTES",
    "MAX_LINE_BYTES",
    "SecretFinding",
    "find_secrets",
    "scan_codebase",
]
