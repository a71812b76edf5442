"""Promises of phases as steps of the engine."""

from __future__ import annotations

from itertools import count

import pytest

from batch_engine.core import Event, ItemCompleted, StepCompleted, StepFailed, StepStarted
from template_creation.create.phases import PhaseLog
from template_creation.phases import WorkflowPhase


@pytest.fixture
def log() -> tuple[PhaseLog, list[Event]]:
    heard: list[Event] = []
    return PhaseLog([heard.append], clock=count().__next__), heard


def test_a_phase_is_announced_by_its_title_with_each_item(
    log: tuple[PhaseLog, list[Event]],
) -> None:
    phases, heard = log
    with phases.phase(WorkflowPhase.TEMPLATES) as advance:
        advance(1, 3)
        advance(3, 3)
    assert [event.step for event in heard] == ["templates"] * len(heard)
    assert [event.total for event in heard if isinstance(event, StepStarted)] == [None, 3]
    assert sum(isinstance(event, ItemCompleted) for event in heard) == 3
    ended = heard[-1]
    assert isinstance(ended, StepCompleted)
    assert ended.counts.ok == 3


def test_a_phase_that_raises_is_told_as_failed_and_raises(
    log: tuple[PhaseLog, list[Event]],
) -> None:
    phases, heard = log
    with pytest.raises(ValueError, match="broken"), phases.phase(WorkflowPhase.GUIDES):
        raise ValueError("broken")
    ended = heard[-1]
    assert isinstance(ended, StepFailed)
    assert ended.error.error == "broken"


def test_the_seconds_of_a_phase_add_up_over_its_parts(
    log: tuple[PhaseLog, list[Event]],
) -> None:
    phases, _ = log
    with phases.timed(WorkflowPhase.ANALYSIS):
        pass
    with phases.timed(WorkflowPhase.ANALYSIS):
        pass
    assert phases.seconds == {"analysis": 2.0}


def test_a_listener_that_raises_is_recorded_and_never_fatal() -> None:
    def broken(_event: Event) -> None:
        raise RuntimeError("display is gone")

    phases = PhaseLog([broken])
    with phases.phase(WorkflowPhase.GUIDES):
        pass
    assert any("display is gone" in text for text in phases.listener_failures)
