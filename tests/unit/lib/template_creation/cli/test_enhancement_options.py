"""Options go over the environment, that over the configuration, that over the defaults."""

from __future__ import annotations

from pathlib import Path

import pytest

from template_creation.cli.configuration import load_configuration
from template_creation.cli.enhancement_options import Flags, asking
from template_creation.errors import BadInput
from template_creation.values.enhancement import BridgeChoice


def configured(sealed: Path, text: str) -> None:
    (sealed / "config.toml").write_text(text, encoding="utf-8")


def bridge(flags: Flags, **environ: str) -> BridgeChoice:
    options = asking(flags, environ=environ).options
    assert options is not None
    return options.bridge


def test_offline_is_what_happens_if_nobody_says_anything() -> None:
    assert bridge(Flags()) == BridgeChoice()


def test_each_source_goes_over_the_next(sealed: Path) -> None:
    configured(sealed, 'bridge = "api"\nmodel = "claude-haiku-5-5"\n')
    assert bridge(Flags()) == BridgeChoice(kind="api", model="claude-haiku-5-5")
    assert bridge(Flags(), TEMPLATE_CREATE_BRIDGE="file").kind == "file"
    assert bridge(Flags(bridge="offline"), TEMPLATE_CREATE_BRIDGE="file").kind == "offline"
    assert bridge(Flags(model="claude-opus-5-5")).model == "claude-opus-5-5"


def test_every_setting_is_read(sealed: Path) -> None:
    configured(
        sealed,
        "max_cost = 2\ncontract = 'markdown'\nuse_batch_enhancement = false\n"
        "max_batch_agents = 5\nprices = '~/prices.toml'\nbridge = 'file'\ntimeout = 30\n",
    )
    asked = asking(Flags(), environ={})
    assert asked.options is not None
    assert asked.options.contract == "markdown"
    assert asked.options.use_batch_enhancement is False
    assert asked.options.max_batch_agents == 5
    assert asked.options.bridge.timeout_s == 30
    assert asked.prices == sealed / "prices.toml"
    assert asked.max_cost_usd is None, "nobody is paid for answering by files"
    paid = asking(Flags(bridge="api", model="claude-haiku-5-5"), environ={})
    assert paid.max_cost_usd == 2
    assert asking(Flags(batch=True), environ={}).options != asked.options


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("brigde = 'api'", "no setting is called 'brigde'", "did you mean bridge?"),
        ("max_cost = 'much'", "max_cost is 'much'", "give a number"),
        ("max_cost = nan", "max_cost is nan", "a number above 0"),
        ("timeout = -1", "timeout is -1", "a number above 0"),
        ("max_batch_agents = true", "max_batch_agents is True", "a whole number"),
        ("bridge = ", "is no TOML", "correct that line"),
    ],
)
def test_a_configuration_that_means_nothing_is_an_error(
    sealed: Path, text: str, message: str, hint: str
) -> None:
    """With the file's name, what is wrong, and the way out."""
    configured(sealed, text)
    with pytest.raises(BadInput, match=message) as caught:
        load_configuration({})
    assert hint in caught.value.hint
    assert "config.toml" in caught.value.message


def test_a_configuration_that_was_named_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="names no file"):
        load_configuration({"TEMPLATE_CREATE_CONFIG": str(tmp_path / "none.toml")})


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (Flags(bridge="pigeon"), "--bridge names no bridge: 'pigeon'"),
        (Flags(bridge="api"), "the api bridge needs a model"),
        (Flags(model="x"), "the offline bridge has no use for --model"),
        (Flags(max_cost=1.0), "the offline bridge has no use for --max-cost"),
        (Flags(bridge="api", model="x", bridge_dir=Path()), "the api bridge has no use for"),
        (Flags(bridge="api", model="x", base_url="http://me:pw@localhost"), "holds a name or a"),
        (Flags(contract="haiku"), "there is no contract 'haiku'"),
        (Flags(bridge="file", timeout=0.0), "the timeout is 0.0"),
    ],
)
def test_options_that_cannot_be_are_refused(flags: Flags, message: str) -> None:
    """Nothing that a user asks for is dropped in silence."""
    with pytest.raises(BadInput, match=message):
        asking(flags, environ={})


def test_a_resumed_run_is_compared_with_what_is_said_again() -> None:
    """The same command with --resume goes on; only the limit may change."""
    asked = asking(Flags(bridge="file", batch=True, max_cost=3.0), resume=True, environ={})
    assert asked.options is None
    assert asked.expected == {
        "enhancement.bridge.kind": "file",
        "enhancement.use_batch_enhancement": True,
    }
    assert asked.max_cost_usd == 3.0


def test_the_claude_bridge_takes_a_configured_model_only_where_it_is_configured(
    sealed: Path,
) -> None:
    """Its CLI has a default of its own; a model for another bridge is none for it."""
    assert bridge(Flags(bridge="claude")) == BridgeChoice(kind="claude")
    assert bridge(Flags(bridge="claude", model="sonnet", timeout=9)).describe() == "claude sonnet"
    configured(sealed, 'bridge = "api"\nmodel = "a-local-model"\nbase_url = "http://127.0.0.1:1"\n')
    assert bridge(Flags(bridge="claude")) == BridgeChoice(kind="claude")
    configured(sealed, 'bridge = "claude"\nmodel = "opus"\nmax_cost = 1\n')
    assert bridge(Flags()) == BridgeChoice(kind="claude", model="opus")


@pytest.mark.parametrize(
    "flags",
    [
        Flags(bridge="claude", base_url="http://127.0.0.1:1"),
        Flags(bridge="claude", bridge_dir=Path("x")),
        Flags(bridge="file", model="sonnet"),
    ],
)
def test_an_option_that_the_bridge_would_not_read_is_refused(flags: Flags) -> None:
    with pytest.raises(BadInput, match="has no use for"):
        asking(flags, environ={})
