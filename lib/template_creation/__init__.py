"""template-create as a library: a codebase you like becomes a proven template package.

>>> from pathlib import Path
>>> from template_creation import CreateOptions, create_template
>>> result = create_template(CreateOptions(name="shop", path=Path("../shop")))
>>> result.status, len(result.templates), len(result.enhanced)
('done', 14, 7)

Names are imported when they are first used, so that ``template-create --help`` stays fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from template_creation.library import (
        AgentBridgeInvoker,
        AgentEnhancer,
        BridgeChoice,
        CreateOptions,
        CreateResult,
        Enhanced,
        EnhancementOptions,
        EnhancementResult,
        EnhanceOptions,
        ExitCode,
        OfflineBridge,
        Package,
        PackageReport,
        TemplateCreateError,
        TemplateSet,
        WorkflowPhase,
        analyse,
        create_template,
        enhance_agents,
        generate,
        load_package,
        scan_codebase,
        validate_package,
        write_files,
    )

__all__ = [
    "AgentBridgeInvoker",
    "AgentEnhancer",
    "BridgeChoice",
    "CreateOptions",
    "CreateResult",
    "EnhanceOptions",
    "Enhanced",
    "EnhancementOptions",
    "EnhancementResult",
    "ExitCode",
    "OfflineBridge",
    "Package",
    "PackageReport",
    "TemplateCreateError",
    "TemplateSet",
    "WorkflowPhase",
    "analyse",
    "create_template",
    "enhance_agents",
    "generate",
    "load_package",
    "scan_codebase",
    "validate_package",
    "write_files",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'template_creation' has no attribute {name!r}")
    from template_creation import library

    return getattr(library, name)
