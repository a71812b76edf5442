"""Helpers for those who write work functions."""

from __future__ import annotations

import pytest

from batch_engine.core import ItemFailure, Pause, StoreFullError, TaskError, each, run_batches


def test_a_failure_given_as_text_is_a_task_error() -> None:
    failure = ItemFailure("no class in here")
    assert isinstance(failure.error, TaskError)
    assert repr(failure) == "ItemFailure(TaskError('no class in here'))"


@pytest.mark.parametrize("error", [Pause("later"), StoreFullError("full"), KeyboardInterrupt()])
def test_each_lets_a_pause_a_store_error_and_an_interrupt_through(error: BaseException) -> None:
    def function(item: int) -> int:
        raise error

    with pytest.raises(type(error)):
        run_batches([1], each(function), step="s")
