"""What the library offers, imported whole; `template_creation` hands it out lazily."""

from __future__ import annotations

from template_creation.agents import AgentEnhancer, EnhancementResult
from template_creation.analysis import analyse
from template_creation.bridges import AgentBridgeInvoker, OfflineBridge
from template_creation.codegen import generate, write_files
from template_creation.create import (
    CreateOptions,
    CreateResult,
    Enhanced,
    EnhanceOptions,
    create_template,
    enhance_agents,
)
from template_creation.errors import ExitCode, TemplateCreateError
from template_creation.package import Package, load_package
from template_creation.phases import WorkflowPhase
from template_creation.scan import scan_codebase
from template_creation.validate import PackageReport, validate_package
from template_creation.values.enhancement import BridgeChoice, EnhancementOptions
from template_creation.values.template import TemplateSet

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
