"""A plan is one request where one fits, says what it leaves out, and keeps every limit."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from template_creation.agents import EnhancementContext
from template_creation.agents.budget import plan_requests
from template_creation.agents.material import Material
from template_creation.agents.plans import Limits, RequestPlan, expected_output
from template_creation.errors import BadInput
from template_creation.exchange import (
    Estimator,
    estimate_tokens,
    load_prices,
    pick_estimator,
    render_batch_prompt,
)
from template_creation.values.template import Template, TemplateSet

CHARACTERS = pick_estimator(environ={})
WIDE = Limits(aim_tokens=30_000)


def module(name: str, functions: int) -> str:
    parts = [
        f"@router.get('/{name}/{place}')\n"
        f"def {name}_{place}(session: SessionDep, id: int, limit: int = {place}) -> Any:\n"
        f'    """Give number {place}."""\n'
        f"    return session.get({name.title()}, id + {place})\n"
        for place in range(functions)
    ]
    return "\n\n".join(parts)


@pytest.fixture
def context(shop, make_template: Callable[..., Template]) -> EnhancementContext:
    """Six agents over eight templates of ten declarations; T7 and T8 are listed by none."""
    names = ("item", "order", "client", "stock", "invoice", "parcel", "label", "audit")
    templates = tuple(
        make_template(number, f"app/api/{name}s/items.py", module(name, 10), "api")
        for number, name in enumerate(names, 1)
    )
    (api, _) = shop.context.agents
    specs = tuple(
        replace(api, name=f"{names[place]}-specialist", templates=(f"T{place + 1}", "T1"))
        for place in range(6)
    )
    return EnhancementContext(shop.analysis, TemplateSet(templates), specs)


def plan(context: EnhancementContext, limits: Limits | None = None, **options) -> RequestPlan:
    return plan_requests(
        context,
        context.agents,
        limits=limits or Limits(),
        **{"estimator": CHARACTERS, **options},
    )


def prompt_tokens(planned) -> int:
    return estimate_tokens(render_batch_prompt(planned.request))


def test_with_room_one_request_holds_the_texts_that_agents_list(context) -> None:
    """The best of many agents first; what no agent lists stays an outline."""
    found = plan(context, WIDE)
    (only,) = found.requests
    assert only.agents == tuple(spec.name for spec in context.agents)
    assert only.texts[0] == "T1"
    assert set(only.texts) == {"T1", "T2", "T3", "T4", "T5", "T6"}
    assert only.detail == "outlines, and the text of 6 templates"
    assert only.left_out == ()
    assert only.input_tokens == prompt_tokens(only)
    assert "def item_3(session: SessionDep" in only.request.template_catalog[0].body
    assert found.estimator == "characters/2.4"


def test_texts_go_first_then_declarations_of_what_no_agent_lists(context) -> None:
    """Every template stays in the catalog, whatever the aim; each step is smaller."""
    sizes, seen = [], []
    for aim in (20_000, 7_500, 6_000, 4_900, 100):
        (only,) = plan(context, Limits(aim_tokens=aim)).requests
        catalog = only.request.template_catalog
        assert [item.id for item in catalog] == [f"T{number}" for number in range(1, 9)]
        listed = [len(item.symbols) for item in catalog]
        assert min(listed[:6]) >= max(listed[6:])
        sizes.append(only.input_tokens)
        seen.append((len(only.texts), listed[0], listed[7]))
    assert sizes == sorted(sizes, reverse=True)
    assert seen[0] == (6, 10, 10)
    assert 0 < seen[1][0] < 6
    assert seen[-1] == (0, 4, 1)


def test_an_aim_is_no_limit_and_what_is_above_it_is_told(context) -> None:
    """A model that knows no declarations writes about none."""
    (only,) = plan(context, Limits(aim_tokens=100)).requests
    assert only.over_aim == only.input_tokens - 100
    assert only.detail.startswith("shorter outlines: 4 declarations")


def test_the_aim_grows_with_more_than_ten_agents(context) -> None:
    """It is what ten may take."""
    assert Limits(aim_tokens=1_000).aimed_input("sections", 3) == 1_000
    assert Limits(aim_tokens=1_000).aimed_input("sections", 12) == 1_200
    assert Limits().aimed_input("markdown", 10) == 25_000


def test_ten_agents_take_at_most_fourteen_thousand_tokens_with_their_answers() -> None:
    """By characters/2.4, which the budget of the issue is stated in."""
    prompt = Limits().aimed_input("sections", 10)
    assert prompt + expected_output("sections", 10, CHARACTERS) <= 14_000
    assert expected_output("sections", 10, CHARACTERS) <= 6_000


def test_what_does_not_fit_becomes_several_even_requests_in_order(context) -> None:
    """Only a limit makes shards, after all detail is gone that may go."""
    found = plan(context, Limits(total_tokens=7_000))
    assert [len(group) for group in found.groups] == [3, 3]
    assert [name for group in found.groups for name in group] == [
        spec.name for spec in context.agents
    ]


@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
)
@given(
    most=st.none() | st.integers(1_500, 9_000),
    window=st.none() | st.integers(2_500, 12_000),
    aim=st.none() | st.integers(0, 12_000),
    agents=st.none() | st.integers(1, 7),
    output=st.none() | st.integers(900, 8_000),
)
def test_every_plan_keeps_its_limits_and_loses_nothing(
    context, most, window, aim, agents, output
) -> None:
    """Whatever the limits: each agent once and in order, no prompt too large, nothing left
    out that is not told; or a clear refusal."""
    limits = Limits(
        input_tokens=most,
        total_tokens=window,
        aim_tokens=aim,
        agents=agents,
        output_tokens=output,
    )
    try:
        found = plan(context, limits)
    except BadInput:
        with pytest.raises(BadInput, match="are allowed"):
            plan(context, replace(limits, agents=1))
        return
    assert [name for group in found.groups for name in group] == [
        spec.name for spec in context.agents
    ]
    for planned in found.requests:
        tokens = prompt_tokens(planned)
        assert tokens == planned.input_tokens
        assert agents is None or len(planned.agents) <= agents
        assert most is None or tokens <= most
        assert window is None or tokens + 1.5 * planned.output_tokens <= window
        assert output is None or 1.5 * planned.output_tokens <= output + 1
        told = {(item.what, item.of): item.amount for item in planned.left_out}
        listed = {
            key for spec in context.agents if spec.name in planned.agents for key in spec.templates
        }
        for entry in planned.request.template_catalog:
            assert bool(entry.body) == (entry.id in planned.texts)
            assert entry.body or entry.id not in listed or ("text", entry.id) in told
            assert len(entry.symbols) + told.get(("declarations", entry.id), 0) == 10


def test_one_agent_at_a_time_is_a_limit_of_one(context) -> None:
    """The seed's loop, on the same road; each knows every template."""
    found = plan(context, Limits(agents=1))
    assert found.groups == tuple((spec.name,) for spec in context.agents)
    assert {len(item.request.template_catalog) for item in found.requests} == {8}
    assert found.requests[1].texts == ("T2", "T1")


def test_more_than_the_most_agents_are_asked_for_in_even_parts(context) -> None:
    """The seed's ``max_batch_agents``: six with at most four are three and three."""
    assert [len(group) for group in plan(context, Limits(agents=4)).groups] == [3, 3]
    assert len(plan(context, Limits(agents=6)).groups) == 1


def test_an_answer_that_would_be_too_long_is_divided(context) -> None:
    """A model that writes 2,000 tokens at most is asked for two agents."""
    found = plan(context, Limits(output_tokens=2_000))
    assert [len(group) for group in found.groups] == [2, 2, 2]


def test_a_request_that_cannot_fit_is_refused_with_its_largest_parts(context) -> None:
    """So that a user knows what to make smaller."""
    current = {spec.name: "A long paragraph. " * 900 for spec in context.agents}
    with pytest.raises(BadInput) as refused:
        plan(context, Limits(input_tokens=6_000), contract="markdown", current=current)
    message = str(refused.value)
    assert "the request for 'item-specialist' does not fit" in message
    assert "at most 6,000 are allowed" in message
    assert "Its largest parts: its current text 6,750, " in message
    assert refused.value.hint


def test_an_answer_that_cannot_fit_is_refused(context) -> None:
    """Before anything is asked."""
    with pytest.raises(BadInput, match="the answer for one agent may take 896 tokens"):
        plan(context, Limits(output_tokens=500))


def test_the_markdown_contract_sends_the_current_texts_and_expects_whole_ones(context) -> None:
    """And the sections contract neither."""
    current = {spec.name: f"# {spec.title}\n" for spec in context.agents}
    markdown = plan(context, contract="markdown", current=current).requests[0]
    sections = plan(context, current=current).requests[0]
    assert markdown.request.agents[0].current_content == "# API specialist\n"
    assert sections.request.agents[0].current_content == ""
    assert markdown.request.contract == "markdown"
    assert markdown.output_tokens > 4 * sections.output_tokens


def test_code_that_templates_hold_leaves_the_current_texts_before_outlines_shrink(
    context,
) -> None:
    """What a person wrote stays, and the lines are told."""
    own = (
        "## Notes\n\nAsk Ann first.\n\n```python\nmine = 1\nmine += 1\nmine += 2\nmine += 3\n```\n"
    )
    quoted = f"# One\n\n```python\n{module('item', 10)}```\n\n{own}"
    current = {spec.name: quoted for spec in context.agents}
    wide = plan(context, WIDE, contract="markdown", current=current).requests[0]
    aim = wide.input_tokens - 5_000
    narrow = plan(context, Limits(aim_tokens=aim), contract="markdown", current=current)
    (only,) = narrow.requests
    assert wide.request.agents[0].current_content == quoted
    assert only.request.agents[0].current_content == (
        f"# One\n\n```python\n(58 lines of T1, as they stand there)\n```\n\n{own}"
    )
    assert only.input_tokens <= aim
    assert "T1" in only.texts
    told = [item for item in only.left_out if item.what == "quotes"]
    assert [(item.of, item.amount) for item in told] == [(spec.name, 58) for spec in context.agents]


def test_why_agents_were_refused_is_in_their_request(context) -> None:
    """And counted."""
    problems = {context.agents[1].name: ["unknown-id at $.templates[0]: no such id: 'T99'"]}
    with_them = plan(context, WIDE, problems=problems).requests[0]
    assert with_them.request.agents[1].problems == tuple(problems[context.agents[1].name])
    assert with_them.input_tokens > plan(context, WIDE).requests[0].input_tokens


def test_a_text_with_an_endless_line_is_not_sent_and_that_is_told(context, make_template) -> None:
    """Readers of long files would cut it off."""
    endless = make_template(1, "app/api/items.py", f"DATA = '{'x' * 2_000}'\n", "api")
    rest = tuple(context.templates)[1:]
    context = replace(context, templates=TemplateSet((endless, *rest)))
    (only,) = plan(context).requests
    assert "T1" not in only.texts
    (told,) = [item for item in only.left_out if item.of == "T1"]
    assert told.why == "it has a line of more than 1500 characters"


def test_an_outline_of_more_than_ten_declarations_tells_how_many_are_left_out(
    context, make_template
) -> None:
    """Also with all the room there is."""
    large = make_template(1, "app/api/items.py", module("item", 14), "api")
    context = replace(context, templates=TemplateSet((large, *tuple(context.templates)[1:])))
    (only,) = plan(context, WIDE).requests
    assert only.request.template_catalog[0].more_symbols == 4
    assert "\n 4 more declarations\n" in render_batch_prompt(only.request)
    assert [(item.what, item.amount, item.why) for item in only.left_out] == [
        ("declarations", 4, "at most 10 are listed")
    ]


def test_no_agents_need_no_request(context) -> None:
    """And cost nothing."""
    found = plan_requests(context, (), limits=Limits(), estimator=CHARACTERS)
    assert found.requests == ()
    assert found.cost(load_prices(environ={}), "claude-haiku-5-5") == 0


def test_the_same_plan_comes_out_again(context) -> None:
    """Byte for byte, with the limits that shaped it."""
    limits = Limits(input_tokens=4_000, aim_tokens=3_000)
    first, second = (json.dumps(plan(context, limits).report()) for _ in range(2))
    assert first == second
    assert json.loads(first)["limits"] == {"input_tokens": 4_000, "aim_tokens": 3_000}


def test_a_whole_that_counts_more_than_its_parts_is_still_within_the_aim(context) -> None:
    """Tokens of texts are reckoned one by one, and the prompt with them is counted again."""

    def count(text: str) -> int:
        return round(estimate_tokens(text) ** 1.1)

    estimator = Estimator("steep", count)
    limits = Limits(aim_tokens=round(8_500**1.1))
    (only,) = plan(context, limits, estimator=estimator).requests
    assert 0 < len(only.texts) < 6
    assert only.input_tokens <= round(8_500**1.1)


def test_texts_come_only_beside_whole_outlines(context, make_template) -> None:
    """Where outlines had to be cut, what is left of the room is no place for a text: knowing what
    there is helps more agents than the whole of one file."""
    short = make_template(8, "app/api/audits/items.py", "A = 1\n", "api")
    specs = tuple(replace(spec, templates=(*spec.templates, "T8")) for spec in context.agents)
    context = replace(
        context, templates=TemplateSet((*tuple(context.templates)[:7], short)), agents=specs
    )
    details = set()
    for aim in range(5_000, 9_000, 100):
        (only,) = plan(context, Limits(aim_tokens=aim)).requests
        details.add((only.detail.startswith("shorter"), bool(only.texts)))
        cut = any(x.what == "declarations" and x.why == "no room" for x in only.left_out)
        assert not (only.texts and cut), aim
    assert {(True, False), (False, True)} <= details, "both were tried"


def test_a_text_that_is_too_long_makes_room_for_the_next_ones(context, make_template) -> None:
    """The first choice of all agents may be the longest file of the package."""
    huge = make_template(1, "app/api/items.py", module("item", 150), "api")
    context = replace(context, templates=TemplateSet((huge, *tuple(context.templates)[1:])))
    (only,) = plan(context, Limits(aim_tokens=8_500)).requests
    assert only.texts[:2] == ("T2", "T3")
    assert ("text", "T1", "no room") in [(x.what, x.of, x.why) for x in only.left_out]


def test_the_limits_of_a_model_are_narrowed_by_ones_own() -> None:
    """What is not known of a model's window limits nothing."""
    haiku = load_prices(environ={}).model("claude-haiku-4-5")
    assert Limits.of_model(haiku, output_tokens=9, total_tokens=50_000, agents=10) == Limits(
        output_tokens=9, total_tokens=50_000, agents=10
    )
    assert Limits.of_model(haiku).total_tokens == 200_000
    assert Limits.of_model(None, input_tokens=9) == Limits(input_tokens=9)


def test_the_cost_is_that_of_all_requests_or_unknown(context) -> None:
    """Prompts in two requests are paid for twice."""
    prices = load_prices(environ={})
    one, six = plan(context), plan(context, Limits(agents=1))
    cheap, dear = (item.cost(prices, "claude-sonnet-5-5") for item in (one, six))
    assert cheap is not None
    assert dear is not None
    assert cheap == pytest.approx((one.input_tokens * 2 + one.output_tokens * 10) / 1e6)
    assert dear > 2 * cheap
    assert one.cost(prices, "unknown-model") is None


def test_a_plan_cuts_a_list_into_the_engines_chunks(context) -> None:
    """One for each request, with its tokens as weight."""
    found = plan(context, Limits(agents=4))
    chunks = list(found.chunks("abcdef"))
    assert [(item.number, item.start, item.items) for item in chunks] == [
        (1, 0, ("a", "b", "c")),
        (2, 3, ("d", "e", "f")),
    ]
    assert chunks[0].weight == found.requests[0].input_tokens
    with pytest.raises(ValueError, match="5 items"):
        list(found.chunks("abcde"))


def test_the_first_choice_of_one_agent_is_as_good_as_the_second_of_two(context) -> None:
    """Texts go by what they are to the agents that list them; ties by the package's order."""
    listed = (("T5", "T6"), ("T1", "T4"), ("T2", "T4"))
    specs = [
        replace(spec, templates=templates)
        for spec, templates in zip(context.agents, listed, strict=False)
    ]
    material = Material(context, "sections", {}, {}, None)
    assert material.ranked(specs) == ["T1", "T2", "T4", "T5", "T6"]


def test_nothing_is_told_to_be_left_out_that_went_along_or_never_was(context) -> None:
    """Texts of agents that quote templates go whole where there is room for them."""
    code = "\n".join(module("item", 3).splitlines()[:9])
    current = {spec.name: f"# {spec.name}\n" for spec in context.agents}
    current[context.agents[0].name] += f"\n```python\n{code}\n```\n"
    wide = plan(context, Limits(aim_tokens=60_000), contract="markdown", current=current)
    assert not [item for item in wide.requests[0].left_out if item.what == "quotes"]
    (tight,) = plan(
        context, Limits(aim_tokens=1_000), contract="markdown", current=current
    ).requests
    assert [item.of for item in tight.left_out if item.what == "quotes"] == [context.agents[0].name]
