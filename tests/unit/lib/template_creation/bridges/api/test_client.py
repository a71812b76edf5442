"""Keys and addresses, before anything is sent."""

from __future__ import annotations

import pickle

import pytest

from batch_engine.core import AuthError
from template_creation.bridges.api.client import (
    KEY_VARIABLE,
    Secret,
    base_url_of,
    read_key,
    shown_url,
)
from template_creation.errors import BadInput


def test_a_secret_does_not_show() -> None:
    """In no representation, and it does not travel."""
    secret = Secret("sk-1")
    shown = [repr(secret), str(secret), f"{secret}", f"{[secret]}"]
    assert all("sk-1" not in text for text in shown)
    assert secret.reveal() == "sk-1"
    with pytest.raises(TypeError, match="no copies"):
        pickle.dumps(secret)


def test_the_key_is_read_when_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that is given goes before; space around it is dropped."""
    monkeypatch.setenv(KEY_VARIABLE, " sk-env\n")
    assert read_key(None, base_url="").reveal() == "sk-env"
    assert read_key("sk-given", base_url="").reveal() == "sk-given"


def test_without_a_key_the_way_out_is_told() -> None:
    """Only a server of one's own is asked without."""
    with pytest.raises(AuthError, match="no API key") as caught:
        read_key(None, base_url="")
    assert KEY_VARIABLE in caught.value.hint
    assert "--bridge offline" in caught.value.hint
    assert read_key("", base_url="http://127.0.0.1:1").reveal()


@pytest.mark.parametrize("bad", ["sk-1 # my key", "sk-ä", "sk-1\nsk-2", "sk\x00"])
def test_a_key_that_no_header_can_carry_is_refused_without_showing_it(bad: str) -> None:
    """The HTTP library would quote it in its own error."""
    with pytest.raises(AuthError, match="characters that no key has") as caught:
        read_key(bad, base_url="")
    assert "sk" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("http://localhost:1234/v1", "http://localhost:1234"),
        ("http://localhost:1234/v1/messages/", "http://localhost:1234"),
        (" https://gate.example.org/anthropic ", "https://gate.example.org/anthropic"),
        ("https://gate.example.org/anthropic/v1", "https://gate.example.org/anthropic"),
    ],
)
def test_an_address_is_taken_as_people_copy_it(given: str, expected: str) -> None:
    """With and without the path that the SDK adds."""
    assert base_url_of(given) == expected


@pytest.mark.parametrize("bad", ["localhost:8080", "ftp://x", "http://", "http://x:port", "http"])
def test_what_is_no_web_address_is_told_at_once(bad: str) -> None:
    """Not as a failed connection later."""
    with pytest.raises(BadInput, match="no web address"):
        base_url_of(bad)


def test_the_variable_of_the_sdk_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for every program that uses it; the option goes before."""
    assert base_url_of(None) == ""
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9/v1")
    assert base_url_of(None) == "http://127.0.0.1:9"
    assert base_url_of("http://127.0.0.1:7") == "http://127.0.0.1:7"


def test_a_password_in_an_address_is_not_shown() -> None:
    """Messages name the server by this."""
    assert shown_url("https://me:secret@gate.example.org/a") == "https://gate.example.org/a"
