"""An agent hands over to those who work next to it, in its own language and package."""

from __future__ import annotations

from dataclasses import replace

from template_creation.agents import EnhancementContext
from template_creation.agents.partners import neighbours
from template_creation.values.agent import AgentSpec
from template_creation.values.analysis import PackageRoot


def spec(name: str, layer: str, *files: str) -> AgentSpec:
    return AgentSpec(name, name, "", "", (), (layer,), files, (), (), 1)


def context_of(shop, *agents: AgentSpec, roots: tuple[str, ...] = ()) -> EnhancementContext:
    made = tuple(PackageRoot(root, f"{root}/manifest", "", root) for root in roots)
    return replace(shop.context, agents=agents, analysis=replace(shop.analysis, roots=made))


def test_of_two_testing_agents_the_one_with_the_language_is_named(shop) -> None:
    """Python endpoints are not tested in TypeScript."""
    api = spec("api-specialist", "api", "backend/api/items.py")
    python = spec("python-testing-specialist", "tests", "backend/tests/test_items.py")
    typescript = spec("typescript-testing-specialist", "tests", "web/src/items.test.ts")
    context = context_of(shop, api, typescript, python)
    assert neighbours(api, context) == ["tests to `python-testing-specialist`"]


def test_the_partner_of_the_same_package_comes_first(shop) -> None:
    """A monorepo has an agent for each part; work stays in its part."""
    ui = spec("ui-component-specialist", "components", "web/a.tsx")
    far = spec("far-testing-specialist", "tests", "admin/a.test.tsx")
    near = spec("near-testing-specialist", "tests", "web/a.test.tsx")
    context = context_of(shop, ui, far, near, roots=("web", "admin"))
    assert neighbours(ui, context) == ["tests to `near-testing-specialist`"]


def test_files_without_a_language_of_their_own_keep_their_partners(shop) -> None:
    """Markup is written next to any code."""
    view = spec("server-view-specialist", "views", "app/views/a.html")
    api = spec("api-specialist", "api", "app/api/a.rb")
    assert neighbours(view, context_of(shop, view, api)) == ["API endpoints to `api-specialist`"]


def test_an_agent_of_no_role_names_nobody(shop) -> None:
    """What is next to its work is not known."""
    other = spec("tea-maker", "kitchen", "a.py")
    assert neighbours(other, context_of(shop, other, spec("api-specialist", "api", "b.py"))) == []
