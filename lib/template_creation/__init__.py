"""template-create as a library: a codebase you like becomes a proven template package.

>>> from pathlib import Path
>>> from template_creation import CreateOptions, create_template
>>> result = create_template(CreateOptions(name="shop", path=Path("../shop")))
>>> result.status, len(result.templates), len(result.enhanced)
('done', 14, 7)

Names are imported when they are first used, so that ``template-create --help`` stays fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from template_creation.agents import AgentEnhancer
    from template_creation.analysis import analyse
    from template_creation.bridges import AgentBridgeInvoker, OfflineBridge
    from template_creation.create import CreateOptions, CreateResult, create_template
    from template_creation.errors import ExitCode, TemplateCreateError
    from template_creation.generate import generate, write_files
    from template_creation.package import Package, load_package
    from template_creation.phases import WorkflowPhase
    from template_creation.scan import scan_codebase
    from template_creation.validate import PackageReport, validate_package
    from template_creation.values.template import TemplateSet

__all__ = [
    "AgentBridgeInvoker",
    "AgentEnhancer",
    "CreateOptions",
    "CreateResult",
    "ExitCode",
    "OfflineBridge",
    "Package",
    "PackageReport",
    "TemplateCreateError",
    "TemplateSet",
    "WorkflowPhase",
    "analyse",
    "create_template",
    "generate",
    "load_package",
    "scan_codebase",
    "validate_package",
    "write_files",
]

_HOMES = {
    "AgentBridgeInvoker": "bridges",
    "AgentEnhancer": "agents",
    "CreateOptions": "create",
    "CreateResult": "create",
    "ExitCode": "errors",
    "OfflineBridge": "bridges",
    "Package": "package",
    "PackageReport": "validate",
    "TemplateCreateError": "errors",
    "TemplateSet": "values.template",
    "WorkflowPhase": "phases",
    "analyse": "analysis",
    "create_template": "create",
    "generate": "generate",
    "load_package": "package",
    "scan_codebase": "scan",
    "validate_package": "validate",
    "write_files": "generate",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'template_creation' has no attribute {name!r}")
    return getattr(import_module(f"template_creation.{_HOMES[name]}"), name)
