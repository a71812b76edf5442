"""Promises of the phases."""

from __future__ import annotations

import pytest

from template_creation.errors import BadInput
from template_creation.phases import WorkflowPhase


@pytest.mark.parametrize("phase", list(WorkflowPhase))
def test_every_phase_is_found_by_its_number(phase: WorkflowPhase) -> None:
    assert WorkflowPhase.from_number(phase.number) is phase
    assert WorkflowPhase.from_number(float(phase.number)) is phase


@pytest.mark.parametrize("number", ["", "10", "7.50", 0, 7.4, "phase 7"])
def test_an_unknown_phase_is_an_error_and_never_a_default(number: str | float) -> None:
    with pytest.raises(BadInput, match="unknown phase"):
        WorkflowPhase.from_number(number)
