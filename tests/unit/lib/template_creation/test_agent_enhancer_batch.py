"""The eight unit tests that seed 002 names, on real folders and through real code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from template_creation.agents import AgentEnhancer, load_folder, read_frontmatter
from template_creation.bridges import AgentBridgeInvoker
from template_creation.errors import GenerationError
from template_creation.exchange import render_batch_prompt
from template_creation.testing import FakeBridge

STUB = """---
name: "agent-{number}"
description: "Use when working on part {number}."
tools: "Read, Edit"
technologies: ["Express (package.json:{number})"]
layer: "services"
enhancement: "none"
---

# Agent {number}

Works on part {number} of the shop.
"""

CODE = """export async function handle{number}(request, response) {{
  const body = schema{number}.parse(request.body);
  const saved = await repository{number}.save(body);
  response.status(201).json(saved);
}}
"""


@pytest.fixture
def package(tmp_path: Path) -> Callable[[int, int], Path]:
    """A package folder with so many agents and templates."""

    def build(agents: int, templates: int) -> Path:
        (tmp_path / "agents").mkdir()
        for number in range(agents):
            file = tmp_path / "agents" / f"agent-{number}.md"
            file.write_text(STUB.format(number=number), encoding="utf-8")
        folder = tmp_path / "templates" / "services"
        if templates:
            folder.mkdir(parents=True)
        for number in range(templates):
            text = CODE.format(number=number) * 10
            (folder / f"handler{number}.js.template").write_text(text, encoding="utf-8")
        return tmp_path

    return build


def enhanced_content(number: int) -> str:
    """A markdown answer of 150 lines and more, with code of a template."""
    practices = "\n".join(
        f"- Practice {n} of agent {number} parses input before it is saved." for n in range(60)
    )
    limits = "\n".join(
        f"- Do not answer case {n} of agent {number} before it is saved." for n in range(65)
    )
    code = CODE.format(number=number)
    return f"""---
name: agent-{number}
---
# Agent {number}

## Template References

- `templates/services/handler{number}.js.template`: parses, saves and answers.

## Best Practices

{practices}

## Code Examples

```javascript
{code}```

## Constraints

{limits}
"""


def answer_for(numbers: range) -> dict[str, Any]:
    return {
        "enhancements": [
            {"agent_name": f"agent-{number}", "enhanced_content": enhanced_content(number)}
            for number in numbers
        ]
    }


def test_batch_enhancement_all_agents_enhanced(package: Callable[[int, int], Path]) -> None:
    """Ten agents and fifteen templates: one invocation, every file rewritten."""
    output = package(10, 15)
    bridge = FakeBridge(answer_for(range(10)))
    result = AgentEnhancer(bridge_invoker=bridge).enhance_all_agents(output)

    assert result["errors"] == []
    assert result["status"] == "success"
    assert result["enhanced_count"] == 10
    assert result["failed_count"] == 0
    assert result["success_rate"] == 100.0

    assert len(bridge.requests) == 1
    assert bridge.requests[0].agent_name == "agent-content-enhancer"
    assert len(bridge.requests[0].input_data["agents"]) == 10
    assert len(bridge.requests[0].input_data["template_catalog"]) == 15
    for path in sorted((output / "agents").glob("*.md")):
        text = path.read_text(encoding="utf-8")
        assert 150 <= text.count("\n") <= 250
        assert read_frontmatter(text)[0]["name"] == path.stem


def test_batch_enhancement_partial_success(package: Callable[[int, int], Path]) -> None:
    """Seven of ten: seven written, three named, and the honest status beside the seed's."""
    output = package(10, 15)
    bridge = FakeBridge(answer_for(range(7)))
    result = AgentEnhancer(bridge_invoker=bridge).enhance_all_agents(output)

    assert result["status"] == "partial"
    assert result["seed_status"] == "success"  # the seed: still success if any was enhanced
    assert result["enhanced_count"] == 7
    assert result["failed_count"] == 3
    assert result["success_rate"] == 70.0
    assert len(result["errors"]) == 3
    stub = (output / "agents" / "agent-9.md").read_text(encoding="utf-8")
    assert stub == STUB.format(number=9)


def test_batch_enhancement_no_templates(package: Callable[[int, int], Path]) -> None:
    """Skipped, with the reason, and nothing asked for."""
    bridge = FakeBridge(answer_for(range(3)))
    result = AgentEnhancer(bridge_invoker=bridge).enhance_all_agents(package(3, 0))
    assert result["status"] == "skipped"
    assert result["total_count"] == 3
    assert result["reason"] == "no templates available"
    assert bridge.requests == []


def test_batch_enhancement_bridge_failure(package: Callable[[int, int], Path]) -> None:
    """The agents stay as they were; every one is told with the cause."""
    output = package(3, 2)
    bridge = FakeBridge(GenerationError("the host is gone"))
    result = AgentEnhancer(bridge_invoker=bridge).enhance_all_agents(output)
    assert result["status"] == "failed"
    assert result["enhanced_count"] == 0
    assert len(result["errors"]) == 3
    assert all("the host is gone" in error for error in result["errors"])
    for number in range(3):
        text = (output / "agents" / f"agent-{number}.md").read_text(encoding="utf-8")
        assert text == STUB.format(number=number)


def test_batch_request_structure(package: Callable[[int, int], Path]) -> None:
    """Plain JSON with the agents, the whole catalog with ids, and instructions."""
    output = package(2, 3)
    enhancer = AgentEnhancer(bridge_invoker=None)
    files = sorted((output / "agents").glob("*.md"))
    templates = load_folder(output).templates
    request = enhancer._build_batch_enhancement_request(files, templates)

    assert json.loads(json.dumps(request)) == request
    assert [agent["name"] for agent in request["agents"]] == ["agent-0", "agent-1"]
    assert request["agents"][0]["technologies"] == ["Express"]
    assert request["agents"][0]["templates"][0] == "T1"
    catalog = enhancer._build_template_catalog(templates)
    assert [entry["id"] for entry in catalog] == ["T1", "T2", "T3"]
    assert [entry["path"] for entry in request["template_catalog"]] == [
        f"templates/services/handler{number}.js.template" for number in range(3)
    ]
    assert "3 to 5 templates" in request["enhancement_instructions"]


def test_batch_response_parsing(package: Callable[[int, int], Path]) -> None:
    """Names with ``.md``, a null entry and a repeated one: each agent is found once."""
    output = package(3, 3)
    files = sorted((output / "agents").glob("*.md"))
    answer = answer_for(range(3))
    answer["enhancements"][1]["agent_name"] = "agents/agent-1.md"
    answer["enhancements"] += [None, answer["enhancements"][0]]
    result = AgentEnhancer(bridge_invoker=None)._apply_batch_enhancements(files, answer, output)
    assert (result["status"], result["enhanced_count"]) == ("success", 3)


def test_enhancement_validation(package: Callable[[int, int], Path]) -> None:
    """Too short, without sections, and with their names only: all refused."""
    enhancer = AgentEnhancer(bridge_invoker=None)
    assert not enhancer._validate_enhancement("# Agent\n\n" + "line\n" * 50)
    assert not enhancer._validate_enhancement("# Agent\n\n" + "line\n" * 200)
    names = "Template References Best Practices Code Examples Constraints\n"
    assert not enhancer._validate_enhancement("# Agent\n\n" + names * 160)
    content = enhanced_content(1)
    content = content.replace("---\n", '---\ndescription: "Use when part 1 changes."\n', 1)
    assert enhancer._validate_enhancement(content)

    agent = package(2, 2) / "agents" / "agent-1.md"
    before = agent.read_text(encoding="utf-8")
    assert not enhancer._apply_single_enhancement(agent, {"enhanced_content": "short"})
    assert not enhancer._apply_single_enhancement(agent, {})
    assert agent.read_text(encoding="utf-8") == before
    assert enhancer._apply_single_enhancement(agent, {"enhanced_content": content})
    head, _, _ = read_frontmatter(agent.read_text(encoding="utf-8"))
    assert head["description"] == "Use when working on part 1."


def test_token_budget_compliance(package: Callable[[int, int], Path]) -> None:
    """Ten agents of about 100 lines and fifteen templates of 50 stay under 10,000 tokens as a
    model reads them, by the seed's estimate and by a stricter one."""
    output = package(10, 15)
    files = sorted((output / "agents").glob("*.md"))
    for number, path in enumerate(files):
        notes = "".join(f"- Note {n} of part {number} of the shop.\n" for n in range(88))
        path.write_text(STUB.format(number=number) + "\n## Notes\n\n" + notes, encoding="utf-8")
    templates = load_folder(output).templates
    request = AgentEnhancer(bridge_invoker=None)._build_batch_enhancement_request(files, templates)
    prompt = render_batch_prompt(request)
    assert all(agent["name"] in prompt for agent in request["agents"])
    assert all(f"{entry['id']} " in prompt for entry in request["template_catalog"])
    assert len(prompt) / 4 < 10_000
    assert len(prompt) / 2.4 < 10_000


def test_the_fake_is_a_bridge() -> None:
    """What tests use has the protocol that real bridges have."""
    assert isinstance(FakeBridge(), AgentBridgeInvoker)
