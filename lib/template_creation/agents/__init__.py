"""From an analysis to specialist agents: recommend, ask, validate, render, write."""

from template_creation.agents.asking import ignore
from template_creation.agents.budget import plan_requests
from template_creation.agents.context import EnhancementContext, PackageView
from template_creation.agents.enhancer import AgentEnhancer
from template_creation.agents.expand import Expanded, expand_agent
from template_creation.agents.files import load_folder
from template_creation.agents.folders import folder_globs
from template_creation.agents.frontmatter import read_frontmatter, write_frontmatter
from template_creation.agents.ledger import Ledger, Spent
from template_creation.agents.parse import KnownIds, ParsedAnswer, parse_answer
from template_creation.agents.plans import LeftOut, Limits, PlannedRequest, RequestPlan
from template_creation.agents.profiles import BOUNDARIES, SEED, Profile, SectionRule
from template_creation.agents.recommend import MAX_AGENTS, recommend_agents
from template_creation.agents.request import (
    build_request,
)
from template_creation.agents.results import AgentOutcome, EnhancementResult
from template_creation.agents.scope import ENHANCEMENT_FIELDS
from template_creation.agents.stubs import MAX_STUB_LINES, render_stub
from template_creation.agents.validate import has_errors, shared_prose, validate_agent

__all__ = [
    "BOUNDARIES",
    "ENHANCEMENT_FIELDS",
    "MAX_AGENTS",
    "MAX_STUB_LINES",
    "SEED",
    "AgentEnhancer",
    "AgentOutcome",
    "EnhancementContext",
    "EnhancementResult",
    "Expanded",
    "KnownIds",
    "Ledger",
    "LeftOut",
    "Limits",
    "PackageView",
    "ParsedAnswer",
    "PlannedRequest",
    "Profile",
    "RequestPlan",
    "SectionRule",
    "Spent",
    "build_request",
    "expand_agent",
    "folder_globs",
    "has_errors",
    "ignore",
    "load_folder",
    "parse_answer",
    "plan_requests",
    "read_frontmatter",
    "recommend_agents",
    "render_stub",
    "shared_prose",
    "validate_agent",
    "write_frontmatter",
]
