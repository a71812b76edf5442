"""Phase 7.5: one request, agent by agent written or kept, and told as it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from batch_engine.core import NO_RETRY, MemoryRunStore, RetryPolicy, SqliteRunStore
from template_creation.agents import SEED, AgentEnhancer, read_frontmatter, validate_agent
from template_creation.bridges import OfflineBridge
from template_creation.errors import BadInput, GenerationError, InvocationPending
from template_creation.testing import FakeBridge, as_text, without_agents
from template_creation.values.enhancement import EnhancementOptions
from template_creation.values.template import TemplateSet


def run(shop, bridge, **options: Any):
    return AgentEnhancer(bridge, **{"retry": NO_RETRY, **options}).enhance(
        shop.context, shop.package
    )


def texts(shop) -> dict[str, str]:
    return {
        path.stem: path.read_text(encoding="utf-8")
        for path in sorted((shop.package / "agents").glob("*.md"))
    }


def test_all_agents_are_enhanced_by_one_request(shop) -> None:
    """The normal case: one invocation, every file rewritten and valid."""
    bridge = FakeBridge()
    result = run(shop, bridge)
    assert (result.status, result.enhanced_count, result.total_count) == ("success", 2, 2)
    assert len(bridge.requests) == 1
    assert bridge.requests[0].agent_name == "agent-content-enhancer"
    assert bridge.requests[0].context["agent_count"] == 2
    for name, text in texts(shop).items():
        assert read_frontmatter(text)[0]["enhancement"] == "fake"
        found = validate_agent(text, spec=shop.context.spec(name), context=shop.context)
        assert [issue for issue in found if issue.severity == "error"] == []


def test_lines_and_shortness_are_those_of_the_files_on_disk(shop) -> None:
    """Counts are read from what was written, never from what was meant (F49)."""
    result = run(shop, OfflineBridge())
    for outcome in result.agents:
        text = texts(shop)[outcome.name]
        assert outcome.lines == text.count("\n")
        assert bool(outcome.short_because) == ("short_because" in read_frontmatter(text)[0])


def test_two_runs_write_the_same_bytes(shop) -> None:
    """Enhancing an enhanced package changes nothing (F41)."""
    run(shop, OfflineBridge())
    first = texts(shop)
    run(shop, OfflineBridge())
    assert texts(shop) == first


def test_a_missing_agent_stays_a_stub_and_the_rest_is_written(shop) -> None:
    """Partial is partial: by its name, its count, its error."""
    stub = texts(shop)["testing-specialist"]
    result = run(shop, FakeBridge(without_agents("testing-specialist")))
    assert result.status == "partial"
    assert (result.enhanced_count, result.failed_count) == (1, 1)
    assert result.errors == ("testing-specialist: the answer leaves it out",)
    assert texts(shop)["testing-specialist"] == stub
    assert result.to_dict()["seed_status"] == "success"


def test_a_rejected_agent_stays_a_stub_with_the_reason(shop) -> None:
    """The rule and the place are in the error, so that a person can act."""
    before = texts(shop)
    templates = [{"id": "T1", "why": "It shows the form."}]
    answer = {
        "enhancements": [
            {"agent_name": spec.name, "templates": templates} for spec in shop.context.agents
        ]
    }
    result = run(shop, FakeBridge(answer))
    assert result.status == "failed"
    assert all("empty-section" in error for error in result.errors)
    assert texts(shop) == before


@pytest.mark.parametrize(
    "answer",
    [
        as_text(before="Here it is:\n", after="\nDone."),
        as_text(fenced=False),
    ],
)
def test_an_answer_as_text_is_read(shop, answer) -> None:
    """Fences and prose around it do not matter (F28)."""
    assert run(shop, FakeBridge(answer)).status == "success"


def test_an_answer_cut_off_fails_without_harm(shop) -> None:
    """Nothing is written from half an object."""
    before = texts(shop)
    result = run(shop, FakeBridge(as_text(keep=0.5)))
    assert result.status == "failed"
    assert texts(shop) == before


def test_a_bridge_that_fails_leaves_every_agent_basic(shop) -> None:
    """The failure is told per agent; the package stays usable."""
    before = texts(shop)
    result = run(shop, FakeBridge(GenerationError("no model at hand")))
    assert result.status == "failed"
    assert all("no model at hand" in error for error in result.errors)
    assert len(result.errors) == 2
    assert texts(shop) == before


def test_a_pause_passes_through_with_its_own_type(shop) -> None:
    """Only the CLI makes an exit code of it (F09)."""
    pending = InvocationPending("waiting", finished=("api-specialist",))
    with pytest.raises(InvocationPending) as caught:
        run(shop, FakeBridge(pending))
    assert caught.value is pending


def test_a_host_that_edits_the_agents_itself_is_undone(shop) -> None:
    """Only validated text stands in an agent's file (F22)."""
    path = shop.agent("api-specialist")

    def meddling(call: Any) -> Mapping[str, Any]:
        path.write_text("I did it myself", encoding="utf-8")
        return {"enhancements": []}

    before = path.read_text(encoding="utf-8")
    assert run(shop, FakeBridge(meddling)).status == "failed"
    assert path.read_text(encoding="utf-8") == before


def test_identity_never_comes_from_an_answer(shop) -> None:
    """A markdown answer that calls itself something else changes nothing of who it is (F45)."""
    run(shop, OfflineBridge())
    own = texts(shop)["api-specialist"]
    body = own.split("---\n", 2)[2]
    evil = f'---\nname: "evil"\ntools: "*"\nshort_because: "few files"\n---\n{body}'
    answer = {"enhancements": [{"agent_name": "api-specialist.md", "enhanced_content": evil}]}
    run(shop, FakeBridge(answer))
    head, _, _ = read_frontmatter(texts(shop)["api-specialist"])
    assert head["name"] == "api-specialist"
    assert head["tools"] == "Read, Grep, Glob, Edit, Write, Bash"


def test_loop_mode_is_the_same_road_with_shards_of_one(shop) -> None:
    """As many requests as agents, each knowing every template."""
    bridge = FakeBridge()
    result = run(shop, bridge, use_batch_enhancement=False)
    assert result.status == "success"
    assert [len(call.input_data["agents"]) for call in bridge.requests] == [1, 1]
    assert {call.context["mode"] for call in bridge.requests} == {"single"}


def test_more_agents_than_the_setting_allows_are_asked_for_one_by_one(shop) -> None:
    """The seed's rule: batch only up to ``max_batch_agents``."""
    few, many = FakeBridge(), FakeBridge()
    run(shop, few, options=EnhancementOptions(max_batch_agents=1))
    run(shop, many, options=EnhancementOptions(max_batch_agents=2))
    assert (len(few.requests), len(many.requests)) == (2, 1)


def test_finished_agents_are_not_asked_for_again(shop, tmp_path) -> None:
    """After a pause in the second shard, the first one's agent is loaded from the store."""
    pausing = FakeBridge(lambda call: FakeBridge().invoke(**_of(call)), InvocationPending("later"))
    with SqliteRunStore(tmp_path / "state") as store, pytest.raises(InvocationPending):
        run(shop, pausing, use_batch_enhancement=False, store=store)
    finished = texts(shop)["api-specialist"]
    assert read_frontmatter(finished)[0]["enhancement"] == "fake"

    resumed = FakeBridge()
    with SqliteRunStore(tmp_path / "state") as store:
        result = run(shop, resumed, use_batch_enhancement=False, store=store)
    assert result.status == "success"
    asked = [agent["name"] for call in resumed.requests for agent in call.input_data["agents"]]
    assert asked == ["testing-specialist"]
    assert texts(shop)["api-specialist"] == finished


def test_a_stored_result_is_written_again_when_the_file_is_a_stub(shop) -> None:
    """A package that was staged anew gets the finished text without another request."""
    stubs = texts(shop)
    store = MemoryRunStore()
    run(shop, OfflineBridge(), store=store)
    finished = texts(shop)
    for name, text in stubs.items():
        shop.agent(name).write_text(text, encoding="utf-8")
    result = run(shop, OfflineBridge(), store=store)
    assert result.requests == 0
    assert texts(shop) == finished


def test_a_retry_asks_only_for_what_is_missing(shop) -> None:
    """With the reasons at hand; the first answer's agent is kept."""
    bridge = FakeBridge(without_agents("testing-specialist"), _offline)
    policy = RetryPolicy(max_attempts=2, initial_s=0)
    assert run(shop, bridge, retry=policy).status == "success"
    asked = [[agent["name"] for agent in call.input_data["agents"]] for call in bridge.requests]
    assert asked == [["api-specialist", "testing-specialist"], ["testing-specialist"]]


def test_without_templates_on_disk_nothing_is_tried(shop) -> None:
    """Found 10 agents and 0 templates: said, not passed over (F60)."""
    (shop.package / shop.templates.get("T1").path).unlink()
    bridge = FakeBridge()
    result = run(shop, bridge)
    assert result.status == "skipped"
    assert result.reason == "1 of 2 templates are not on disk"
    assert bridge.requests == []


def test_without_a_bridge_nothing_is_tried(shop) -> None:
    """The agents stay basic, and that is no success."""
    result = run(shop, None).to_dict()
    assert (result["status"], result["enhanced_count"]) == ("skipped", 0)
    assert result["reason"] == "no bridge invoker available"


def test_without_a_package_there_is_a_clear_error(tmp_path) -> None:
    """A wrong path is the caller's, not an empty success."""
    with pytest.raises(BadInput, match="no such package"):
        AgentEnhancer(OfflineBridge()).enhance_all_agents(tmp_path / "nowhere")


def test_keys_that_a_person_added_to_the_frontmatter_stay(shop) -> None:
    """``model: haiku`` is the user's, not ours to drop."""
    path = shop.agent("api-specialist")
    text = path.read_text(encoding="utf-8").replace("---\n", '---\nmodel: "haiku"\n', 1)
    path.write_text(text, encoding="utf-8")
    run(shop, OfflineBridge())
    assert read_frontmatter(path.read_text(encoding="utf-8"))[0]["model"] == "haiku"


def test_extension_files_are_no_agents(shop) -> None:
    """They are parts of one, and were counted once."""
    (shop.package / "agents" / "api-specialist-ext.md").write_text("more", encoding="utf-8")
    assert run(shop, OfflineBridge()).total_count == 2


def test_what_was_refused_is_reported_beside_a_success(shop) -> None:
    """An invented id costs its item and is told, the agent is written."""

    def inventive(call: Any) -> dict[str, Any]:
        answer = _offline(call)
        answer["enhancements"][0]["practices"].append({"text": "Invent.", "cites": ["C99"]})
        return answer

    result = run(shop, FakeBridge(inventive))
    assert result.status == "success"
    assert [issue.rule for issue in result.agents[0].issues if issue.rule != "short"] == [
        "unknown-id"
    ]


def _of(call: Any) -> dict[str, Any]:
    return {"agent_name": call.agent_name, "input_data": call.input_data, "context": call.context}


def _offline(call: Any) -> dict[str, Any]:
    return OfflineBridge().invoke(**_of(call))


def test_a_change_of_one_agents_evidence_asks_for_that_agent_alone(shop) -> None:
    """The others are loaded: what shapes one agent is in its own key."""
    store = MemoryRunStore()
    run(shop, FakeBridge(), store=store)
    changed = [
        replace(item, purpose="new words") if item.id == "T1" else item for item in shop.templates
    ]
    specs = [
        replace(spec, templates=tuple(key for key in spec.templates if key == "T2"))
        if spec.name == "testing-specialist"
        else spec
        for spec in shop.context.agents
    ]
    context = replace(shop.context, agents=tuple(specs))
    bridge = FakeBridge()
    result = AgentEnhancer(bridge, store=store).enhance(context, shop.package)
    assert result.errors == ()
    assert [agent["name"] for agent in bridge.requests[0].input_data["agents"]] == [
        "testing-specialist"
    ]
    context = replace(context, templates=TemplateSet(tuple(changed)))
    again = FakeBridge()
    AgentEnhancer(again, store=store).enhance(context, shop.package)
    assert [agent["name"] for agent in again.requests[0].input_data["agents"]] == ["api-specialist"]


def test_another_bridge_profile_or_set_of_agents_asks_for_all(shop) -> None:
    """What shapes every agent is in the fingerprint."""
    store = MemoryRunStore()
    run(shop, FakeBridge(), store=store)
    unchanged = FakeBridge()
    run(shop, unchanged, store=store)
    assert unchanged.requests == []
    wider = FakeBridge()
    run(shop, wider, store=store, profile=replace(SEED, max_lines=400))
    assert len(wider.requests[0].input_data["agents"]) == 2
    one = replace(shop.context, agents=shop.context.agents[:1])
    alone = FakeBridge()
    AgentEnhancer(alone, store=store).enhance(one, shop.package)
    assert alone.requests
