"""Promises of the progress display."""

from __future__ import annotations

import io

from batch_engine.core import (
    Counts,
    ItemCompleted,
    ItemsLoaded,
    StepCompleted,
    StepStarted,
)
from template_creation.cli.progress import progress_listener


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run(stream: io.StringIO, *, quiet: bool = False) -> str:
    with progress_listener(quiet=quiet, stream=stream) as listener:
        listener(StepStarted(step="analysis", total=3))
        listener(ItemsLoaded(step="analysis", number=1, keys=("a",)))
        listener(ItemCompleted(step="analysis", number=1, key="b"))
        listener(ItemCompleted(step="analysis", number=1, key="c"))
        listener(StepCompleted(step="analysis", counts=Counts(ok=2, loaded=1), elapsed_s=0.5))
    return stream.getvalue()


def test_elsewhere_than_on_a_terminal_a_phase_is_one_plain_line() -> None:
    text = run(io.StringIO())
    assert text.startswith("- analysis: 3, 1 from the last run, ")
    assert text.count("\n") == 1
    assert "\r" not in text


def test_on_a_terminal_the_count_moves_and_the_line_is_cleared() -> None:
    text = run(Terminal())
    assert "analysis  0/3" in text
    assert text.rstrip("\n").rsplit("\r", 1)[-1].startswith("- analysis: 3")


def test_quiet_says_nothing() -> None:
    assert run(io.StringIO(), quiet=True) == ""


def test_a_phase_that_did_nothing_is_not_told() -> None:
    stream = io.StringIO()
    with progress_listener(quiet=False, stream=stream) as listener:
        listener(StepStarted(step="settings"))
        listener(StepCompleted(step="settings", counts=Counts(), elapsed_s=0.0))
    assert stream.getvalue() == ""
