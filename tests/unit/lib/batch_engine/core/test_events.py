"""Listeners are told everything and can break nothing."""

from __future__ import annotations

import dataclasses

import pytest

from batch_engine.core import Counts, Emitter, Event, StepStarted


class Recorder:
    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event) -> None:
        self.events.append(event)


def _raises(event: Event) -> None:
    raise RuntimeError("my display broke")


def test_a_listener_that_raises_is_recorded_and_the_others_still_hear() -> None:
    before, after = Recorder(), Recorder()
    emitter = Emitter([before, _raises, after])
    event = StepStarted(step="read", total=3)
    emitter.emit(event)
    assert before.events == after.events == [event]
    (failure,) = emitter.failures
    assert (failure.listener, failure.event) == ("_raises", "StepStarted")
    assert failure.error == "RuntimeError: my display broke"
    assert "in _raises" in failure.stack


def test_all_failures_are_counted_and_the_first_hundred_are_kept() -> None:
    emitter = Emitter([_raises])
    for _ in range(150):
        emitter.emit(StepStarted(step="s"))
    assert emitter.failure_counts == {"StepStarted": 150}
    assert len(emitter.failures) == 100


def test_an_interrupt_in_a_listener_is_an_interrupt() -> None:
    def interrupted(event: Event) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Emitter([interrupted]).emit(StepStarted(step="s"))


def test_an_event_cannot_be_changed_by_a_listener() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        StepStarted(step="s").step = "t"  # type: ignore[misc]  # what the test is about


def test_counts_add_up() -> None:
    both = Counts(ok=1, loaded=2, failed=3, duplicates=4) + Counts(ok=10, failed=30)
    assert both == Counts(ok=11, loaded=2, failed=33, duplicates=4)
    assert both.total == 50
