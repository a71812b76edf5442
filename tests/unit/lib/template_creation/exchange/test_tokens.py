"""Every number of tokens says how it was found, and learns from what models report."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from template_creation.exchange.encodings import Encoding
from template_creation.exchange.tokens import (
    Calibration,
    Estimator,
    Measured,
    by_encoding,
    calibration_of,
    estimate_tokens,
    pick_estimator,
)

TEXT = "def read_items(session: SessionDep) -> list[Item]:\n    return session.exec(...)\n" * 20


def offline(**options: object) -> Estimator:
    return pick_estimator(environ={}, **options)  # type: ignore[arg-type]


def test_without_anything_characters_are_counted_and_the_name_says_so() -> None:
    """The estimator that the budgets of the seed are stated in."""
    found = offline()
    assert found.name == "characters/2.4"
    assert found.count(TEXT) == estimate_tokens(TEXT)


def test_a_calibration_is_in_the_number_and_in_the_name() -> None:
    """So that a report can be understood without the state it came from."""
    found = offline(calibrate=lambda name: Calibration(1.07, 6))
    assert found.name == "characters/2.4, calibrated 1.07 from 6 requests"
    assert found.count(TEXT) == pytest.approx(estimate_tokens(TEXT) * 1.07, abs=1)


def test_a_calibration_is_asked_for_by_the_name_of_what_it_corrects() -> None:
    """What was learnt of one estimator says nothing of another."""
    asked: list[str] = []
    offline(calibrate=asked.append)
    assert asked == ["characters/2.4"]


def row(reported: int, estimated: int = 100, estimator: str = "e", model: str = "m") -> Measured:
    return Measured(model, estimator, estimated, reported)


def test_only_the_latest_ten_requests_of_the_model_count() -> None:
    """A tokenizer that changed long ago is forgotten."""
    rows = [row(400)] * 5 + [row(120)] * 10
    assert calibration_of(rows, "m", "e") == Calibration(1.2, 10)
    assert calibration_of(rows, "other", "e") is None
    assert calibration_of(rows, "m", "other") is None


@pytest.mark.parametrize("reported", [0, 1, 5000])
def test_reports_that_cannot_be_counts_of_the_text_are_left_out(reported: int) -> None:
    """Some compatible servers report nothing or nonsense."""
    assert calibration_of([row(reported)], "m", "e") is None
    assert calibration_of([row(reported), row(90)], "m", "e") == Calibration(0.9, 1)
    assert calibration_of([row(90, estimated=0)], "m", "e") is None


@given(st.floats(0.5, 3.0), st.integers(1_000, 200_000))
def test_calibrating_again_and_again_comes_to_rest_at_the_truth(truth: float, size: int) -> None:
    """The ratio is always measured against the bare estimate, so that it never drifts."""
    rows: list[Measured] = []
    text = "x" * size
    for _ in range(4):
        found = offline(calibrate=lambda name: calibration_of(rows, "m", name))
        bare = estimate_tokens(text)
        rows.append(Measured("m", found.name, found.count(text), round(bare * truth)))
    assert found.count(text) == pytest.approx(bare * truth, rel=0.02, abs=2)


def test_a_damaged_encoding_falls_back_and_the_name_tells(tmp_path: Path) -> None:
    """Never a number by another rule than the one that is named."""
    (tmp_path / "o200k_base.tiktoken").write_bytes(b"not it")
    assert offline(encodings=tmp_path, factor=1.4).name == "characters/2.4"


def test_a_model_makes_so_many_tokens_of_each_of_an_encoding() -> None:
    """As many as the newest where nothing is known of it; a part of one is one."""
    letters = Encoding("o200k", len)
    newest, older = by_encoding(letters), by_encoding(letters, 1.3)
    assert (newest.name, newest.count("x" * 10)) == ("o200k x 1.80", 18)
    assert (older.name, older.count("x" * 7)) == ("o200k x 1.30", 10)
    assert older.scaled(2.0).name == older.name
    assert older.scaled(2.0).count("x" * 10) == 26
