"""The file bridge: a request on disk, an answer from whoever works there, a pause in between.

Protocol 1.0 and what goes beyond it: ``docs/file-bridge.md``.
"""

from template_creation.bridges.file.bridge import DEFAULT_TIMEOUT_S, FileBridge
from template_creation.bridges.file.desk import ERROR_TYPES, Checked, Desk, pending_request
from template_creation.bridges.file.failpoints import FILE_BRIDGE_FAILPOINTS
from template_creation.bridges.file.layout import REQUEST_FILE, Layout
from template_creation.bridges.file.wording import instructions

__all__ = [
    "DEFAULT_TIMEOUT_S",
    "ERROR_TYPES",
    "FILE_BRIDGE_FAILPOINTS",
    "REQUEST_FILE",
    "Checked",
    "Desk",
    "FileBridge",
    "Layout",
    "instructions",
    "pending_request",
]
