"""From an analysis to specialist agents: recommend, ask, validate, render, write."""

from template_creation.agents.apply import Applied, apply_agent, apply_answer
from template_creation.agents.asking import ignore, write_over
from template_creation.agents.budget import plan_requests
from template_creation.agents.context import EnhancementContext, PackageView
from template_creation.agents.enhancer import AgentEnhancer
from template_creation.agents.expand import Expanded, expand_agent
from template_creation.agents.files import load_folder
from template_creation.agents.folders import folder_globs
from template_creation.agents.foreign import check_folder
from template_creation.agents.frontmatter import read_frontmatter, write_frontmatter
from template_creation.agents.ledger import Ledger, Spent
from template_creation.agents.merge import Merged, mark_sections, merge_agent
from template_creation.agents.origins import Origins
from template_creation.agents.parse import (
    KnownIds,
    ParsedAgent,
    ParsedAnswer,
    parse_agent,
    parse_answer,
)
from template_creation.agents.plans import LeftOut, Limits, PlannedRequest, RequestPlan
from template_creation.agents.profiles import (
    BOUNDARIES,
    PROFILES,
    SEED,
    Profile,
    SectionRule,
    profile_from_settings,
)
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
    "PROFILES",
    "SEED",
    "AgentEnhancer",
    "AgentOutcome",
    "Applied",
    "EnhancementContext",
    "EnhancementResult",
    "Expanded",
    "KnownIds",
    "Ledger",
    "LeftOut",
    "Limits",
    "Merged",
    "Origins",
    "PackageView",
    "ParsedAgent",
    "ParsedAnswer",
    "PlannedRequest",
    "Profile",
    "RequestPlan",
    "SectionRule",
    "Spent",
    "apply_agent",
    "apply_answer",
    "build_request",
    "check_folder",
    "expand_agent",
    "folder_globs",
    "has_errors",
    "ignore",
    "load_folder",
    "mark_sections",
    "merge_agent",
    "parse_agent",
    "parse_answer",
    "plan_requests",
    "profile_from_settings",
    "read_frontmatter",
    "recommend_agents",
    "render_stub",
    "shared_prose",
    "validate_agent",
    "write_frontmatter",
    "write_over",
]
