"""Prices come from dated files, and what is not in one is unknown, never free."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from template_creation.errors import BadInput
from template_creation.exchange.prices import PRICES_VARIABLE, TokenCounts, load_prices
from template_creation.values.answer import RequestUsage


def own(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "prices.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_shipped_list_is_dated_and_names_its_source() -> None:
    """So that an estimate can be judged years later."""
    prices = load_prices(environ={})
    assert prices.describe().startswith(f"prices of {prices.as_of.isoformat()} (https://")


def test_every_shipped_model_has_a_price_a_window_and_falls_under_no_gap() -> None:
    """A tier for every prompt that fits the window."""
    for facts in load_prices(environ={}).models.values():
        assert facts.max_output_tokens < facts.context_tokens
        for prompt in (1, facts.context_tokens):
            assert facts.cost(TokenCounts(prompt, 1))


def test_a_model_that_is_not_listed_costs_an_unknown_amount() -> None:
    """None, so that nobody adds a zero."""
    prices = load_prices(environ={})
    assert prices.model("gpt-99") is None
    assert prices.cost("gpt-99", TokenCounts(10, 10)) is None


def test_a_dated_id_is_the_model_itself() -> None:
    """The API answers with the dated one."""
    prices = load_prices(environ={})
    assert prices.model("claude-haiku-4-5-20251001") is prices.model("claude-haiku-4-5")


def test_the_whole_prompt_decides_the_tier_of_every_token() -> None:
    """Cached tokens count as prompt; above the limit the answer costs more too."""
    prices = load_prices(environ={})
    below = prices.cost("claude-haiku-5-5", TokenCounts(60_000, 1_000, 40_000))
    above = prices.cost("claude-haiku-5-5", TokenCounts(60_000, 1_000, 40_001))
    assert below == pytest.approx((60_000 * 0.10 + 1_000 * 0.50 + 40_000 * 0.01) / 1e6)
    assert above == pytest.approx((60_000 * 0.50 + 1_000 * 2.50 + 40_001 * 0.05) / 1e6)


def test_what_a_model_reported_can_be_priced_as_it_is() -> None:
    """Cache writes included."""
    usage = RequestUsage(
        request_id="r",
        model="claude-sonnet-5-5",
        agents=("a",),
        input_tokens=1_000,
        output_tokens=2_000,
        cache_write_tokens=4_000,
    )
    cost = load_prices(environ={}).cost(usage.model, usage)
    assert cost == pytest.approx((1_000 * 2 + 2_000 * 10 + 4_000 * 2.5) / 1e6)


def test_unknown_cache_prices_are_the_usual_multiples(tmp_path: Path) -> None:
    """Rather than nothing."""
    file = own(
        tmp_path,
        "[models.m]\ncontext_tokens = 9\nmax_output_tokens = 1\n"
        "prices = [{ input = 10, output = 0 }]\n",
    )
    facts = load_prices(file).model("m")
    assert facts is not None
    assert facts.cost(TokenCounts(0, 0, 1_000_000)) == pytest.approx(1.0)
    assert facts.cost(TokenCounts(0, 0, 0, 1_000_000)) == pytest.approx(12.5)


def test_a_file_of_ones_own_replaces_single_values_and_adds_models(tmp_path: Path) -> None:
    """What it does not say stays as shipped, and the source names both."""
    file = own(
        tmp_path,
        'as_of = 2027-01-01\nsource = "our contract"\n'
        "[models.claude-opus-5-5]\nprices = [{ input = 1, output = 2 }]\n"
        "[models.local]\ncontext_tokens = 32_000\nmax_output_tokens = 8_000\n",
    )
    prices = load_prices(file)
    shipped = load_prices(environ={})
    assert prices.cost("claude-opus-5-5", TokenCounts(1_000_000, 0)) == 1.0
    opus, before = prices.model("claude-opus-5-5"), shipped.model("claude-opus-5-5")
    assert opus is not None
    assert before is not None
    assert opus.context_tokens == before.context_tokens
    assert prices.model("claude-sonnet-5-5") == shipped.model("claude-sonnet-5-5")
    assert prices.cost("local", TokenCounts(1, 1)) is None
    assert prices.describe().startswith("prices of 2027-01-01 (our contract; else https://")


def test_the_environment_can_name_the_file_and_an_argument_goes_before_it(tmp_path: Path) -> None:
    """As with every other setting."""
    file = own(tmp_path, '[models.claude-opus-5-5]\nthinking = "off"\n')
    named = load_prices(environ={PRICES_VARIABLE: str(file)}).model("claude-opus-5-5")
    assert named is not None
    assert named.thinking == "off"
    other = tmp_path / "other.toml"
    other.write_text("", encoding="utf-8")
    given = load_prices(other, environ={PRICES_VARIABLE: str(file)}).model("claude-opus-5-5")
    assert given is not None
    assert given.thinking == "always"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("models = ", "is no TOML"),
        ("[models.m]\ncontext_tokens = 5\n", "models.m.max_output_tokens"),
        ("[models.claude-opus-5-5]\npriices = []\n", "models.claude-opus-5-5.priices"),
        ("[models.claude-opus-5-5]\nprices = [{ input = -1, output = 1 }]\n", "prices.0.input"),
        (
            "[models.claude-opus-5-5]\n"
            "prices = [{ input = 1, output = 1 }, { input = 1, output = 1 }]\n",
            "have to rise",
        ),
        (
            "[models.claude-opus-5-5]\n"
            "prices = [{ up_to_prompt_tokens = 5, input = 1, output = 1 }]\n",
            "the last without it",
        ),
        ("[models]\nm = 1\n", "table of tables"),
        ("models = [1]\n", "table of tables"),
        ("[models.claude-opus-5-5]\nprices = [{ input = inf, output = 1 }]\n", "prices.0.input"),
        ("colour = 1\n", "colour"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_with_its_name_and_place(
    tmp_path: Path, text: str, told: str
) -> None:
    """A misspelt price must not silently be the shipped one."""
    with pytest.raises(BadInput, match=r"prices\.toml") as caught:
        load_prices(own(tmp_path, text))
    assert told in str(caught.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """Also when only the environment names it."""
    with pytest.raises(BadInput, match="cannot read the price file"):
        load_prices(environ={PRICES_VARIABLE: str(tmp_path / "none.toml")})


def test_the_file_that_the_document_shows_fits(tmp_path: Path) -> None:
    """Who copies it gets what it says."""
    document = Path(__file__).parents[5] / "docs" / "enhancement-costs.md"
    (shown,) = re.findall(r"```toml\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL)
    prices = load_prices(own(tmp_path, shown))
    assert prices.cost("claude-haiku-5-5", TokenCounts(1_000_000, 0)) == 0.08
    assert prices.cost("our-local-model", TokenCounts(1_000_000, 1)) == 0
