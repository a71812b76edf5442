"""No character of a codebase can change how the page reads without being seen."""

from __future__ import annotations

import pytest

from template_creation.reporting.visible import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("a\r\nb", "a\nb"),
        ("a\u202eb", "a⟦U+202E⟧b"),
        ("\u2066\u2069", "⟦U+2066⟧⟦U+2069⟧"),
        ("\x00\x1b[31m", "⟦U+0000⟧⟦U+001B⟧[31m"),
        ("a\u200bb\ufeff", "a⟦U+200B⟧b⟦U+FEFF⟧"),
        ("\ud800", "⟦U+D800⟧"),
        ("\U000e0041", "⟦U+E0041⟧"),
        ("שלום 👩‍💻 é", "שלום 👩‍💻 é"),
    ],
)
def test_hidden_characters_are_named_and_visible_ones_stay(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert visible(shown) == shown
