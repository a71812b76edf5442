"""Options go over the environment, that over the configuration, that over the defaults."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from template_creation import EnhanceOptions, enhance_agents
from template_creation.cli.configuration import load_configuration
from template_creation.cli.enhancement_options import Flags, asking
from template_creation.errors import BadInput
from template_creation.fake_api import FakeMessagesServer
from template_creation.values.enhancement import BridgeChoice, EnhancementOptions


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


SAID = Flags(
    bridge="api",
    model="some",
    base_url="http://127.0.0.1:9",
    effort="high",
    schema="on",
    read_timeout=9.0,
    max_answer=4_000,
)


def test_how_the_api_is_asked_is_said_by_options_or_keys(sealed: Path) -> None:
    """Options go over keys; both are kept in the record of the run."""
    chosen = bridge(SAID)
    assert (chosen.effort, chosen.structured) == ("high", "on")
    assert (chosen.read_timeout_s, chosen.max_answer_tokens) == (9.0, 4_000)
    keys = 'effort = "low"\nschema = "off"\nread_timeout = 7\nmax_answer = 5000\n'
    configured(sealed, keys)
    assert bridge(SAID) == chosen
    by_keys = bridge(Flags(bridge="api", model="some"))
    assert (by_keys.effort, by_keys.structured) == ("low", "off")
    assert (by_keys.read_timeout_s, by_keys.max_answer_tokens) == (7, 5_000)
    assert bridge(Flags(bridge="claude")).effort is None, "it is no setting of theirs"
    options = EnhancementOptions(bridge=chosen)
    assert EnhancementOptions.from_json(json.loads(json.dumps(options.to_json()))) == options
    expected = asking(SAID, resume=True, environ={}).expected
    assert expected["enhancement.bridge.max_answer_tokens"] == 4_000


def test_how_the_api_is_asked_reaches_the_server(tmp_path: Path) -> None:
    for name, text in (
        ("templates/api.py.template", "def route(request):\n    return look_up(request)\n"),
        ("agents/helper.md", "---\nname: helper\ndescription: Knows routes\n---\n# Helper\n"),
    ):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text, encoding="utf-8")
    with FakeMessagesServer() as server:
        chosen = replace(bridge(SAID), base_url=server.url)
        enhance_agents(
            EnhanceOptions(package=tmp_path, enhancement=EnhancementOptions(bridge=chosen))
        )
    request = server.requests[0]
    assert request.body["max_tokens"] == 4_000
    assert request.body["output_config"]["effort"] == "high"
    assert request.schema is not None


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (Flags(bridge="api", model="m", effort="huge"), "no effort 'huge'"),
        (Flags(bridge="api", model="m", schema="yes"), "no schema 'yes'"),
        (Flags(bridge="api", model="m", read_timeout=0), "the longest silence is 0"),
        (Flags(bridge="api", model="m", read_timeout=float("nan")), "the longest silence is nan"),
        (Flags(bridge="api", model="m", max_answer=0), "the longest answer is 0"),
        (Flags(bridge="file", effort="low"), "the file bridge has no use for --effort"),
        (Flags(schema="on"), "the offline bridge has no use for --schema"),
        (Flags(bridge="claude", read_timeout=3), "the claude bridge has no use for --read-timeout"),
        (Flags(max_answer=3), "the offline bridge has no use for --max-answer"),
    ],
)
def test_what_cannot_be_of_the_api_is_refused(flags: Flags, message: str) -> None:
    with pytest.raises(BadInput, match=message) as caught:
        asking(flags, environ={})
    assert caught.value.hint
