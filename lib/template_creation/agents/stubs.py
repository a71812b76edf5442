"""The agent before enhancement: who it is and where its evidence lies, in <= 33 lines."""

from __future__ import annotations

from typing import Any

from template_creation.agents.folders import folder_globs
from template_creation.agents.frontmatter import write_frontmatter
from template_creation.agents.merge import mark_sections
from template_creation.exchange import render_prompt
from template_creation.values.agent import AgentSpec
from template_creation.values.analysis import Technology
from template_creation.values.layers import LAYER_TITLES
from template_creation.values.template import TemplateSet

__all__ = ["MAX_STUB_LINES", "identity", "render_stub", "technology_label"]

MAX_STUB_LINES = 33


def technology_label(item: Technology) -> str:
    """A technology with the manifest line that proves it: ``FastAPI (pyproject.toml:9)``; its
    name alone where none is known."""
    return f"{item.name} ({item.path}:{item.line})" if item.path else item.name


def identity(
    spec: AgentSpec, *, generated_by: str, template_source: str, enhancement: str
) -> dict[str, Any]:
    """The frontmatter of an agent; the same before and after enhancement but for
    ``enhancement``. Nothing of it ever comes from an answer."""
    return {
        "name": spec.name,
        "description": spec.description,
        "tools": ", ".join(spec.tools),
        "technologies": [technology_label(item) for item in spec.technologies],
        "layer": ", ".join(spec.layers),
        "evidence": {"files": len(spec.files), "templates": len(spec.templates)},
        "generated_by": generated_by,
        "template_source": template_source,
        "enhancement": enhancement,
    }


def render_stub(
    spec: AgentSpec,
    templates: TemplateSet,
    *,
    template_source: str,
    generated_by: str = "template-create",
) -> str:
    """The agent file before enhancement; ``template_source`` names the codebase it is from.

    At most `MAX_STUB_LINES` lines, LF, valid for Claude Code as it stands.
    """
    head = identity(
        spec,
        generated_by=generated_by,
        template_source=template_source,
        enhancement="none",
    )
    body = render_prompt(
        "agent_stub.md.j2",
        {
            "title": spec.title,
            "purpose": spec.purpose,
            "technologies": [technology_label(item) for item in spec.technologies],
            "layers": [LAYER_TITLES.get(name, name) for name in spec.layers],
            "folders": folder_globs(spec.files),
            "files": len(spec.files),
            "templates": [item for key in spec.templates if (item := templates.get(key))],
        },
    )
    return mark_sections(write_frontmatter(head) + body)
