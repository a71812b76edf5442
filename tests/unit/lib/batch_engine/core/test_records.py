"""An error record keeps everything that is needed to understand a failure later."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_engine.core import (
    CauseLink,
    ErrorCategory,
    ErrorRecord,
    FieldProblem,
    ItemRef,
    ItemValidationError,
    RetryInfo,
    error_record,
)
from batch_engine.core.records import preview_of


def _raised(error: Exception) -> Exception:
    with pytest.raises(type(error)) as caught:
        raise error
    return caught.value


def test_the_minimal_view_is_the_seeds_format() -> None:
    record = error_record(TimeoutError("too slow"))
    assert record.minimal("item 7") == {
        "success": False,
        "error": "too slow",
        "item": "item 7",
        "retryable": True,
    }


def test_json_has_version_code_category_and_no_empty_fields() -> None:
    assert error_record(ValueError("no name")).to_json() == {
        "v": 1,
        "success": False,
        "code": "validation.value",
        "category": "validation",
        "error": "no name",
        "type": "ValueError",
        "retryable": False,
        "retry": {"attempt": 1, "max_attempts": 1, "delay_s": None, "reason": ""},
    }


def test_the_traceback_and_the_chain_of_causes_are_kept() -> None:
    def fails() -> None:
        try:
            raise KeyError("name")
        except KeyError as error:
            raise RuntimeError("cannot greet") from error

    with pytest.raises(RuntimeError) as caught:
        fails()
    record = error_record(caught.value)
    assert record.cause == (CauseLink("KeyError", "'name'"),)
    assert "raise KeyError" in record.stack
    assert "in fails" in record.stack


def test_of_a_group_the_members_are_kept_before_its_cause() -> None:
    group = ExceptionGroup("both", [ValueError("a"), TimeoutError("b")])
    group.__cause__ = OSError("c")
    assert [(link.type, link.error) for link in error_record(group).cause] == [
        ("ValueError", "a"),
        ("TimeoutError", "b"),
        ("OSError", "c"),
    ]


def test_an_error_without_a_message_is_called_by_its_type() -> None:
    assert error_record(RuntimeError()).error == "RuntimeError"


def test_a_failed_command_keeps_its_exit_code_and_the_end_of_its_output() -> None:
    script = "import sys; sys.stderr.write('no such table'); sys.exit(3)"
    with pytest.raises(subprocess.CalledProcessError) as caught:
        subprocess.run([sys.executable, "-S", "-c", script], check=True, capture_output=True)
    record = error_record(caught.value)
    assert record.exit_code == 3
    assert record.stderr_tail == "no such table"


def test_field_details_and_hint_come_from_the_error() -> None:
    problem = FieldProblem(path="a", problem="missing", expected="text")
    error = _raised(ItemValidationError("bad item", fields=(problem,), hint="add a"))
    record = error_record(error)
    assert (record.fields, record.hint) == ((problem,), "add a")
    assert record.category is ErrorCategory.VALIDATION


@pytest.mark.parametrize(
    ("item", "hidden"),
    [
        ({"api_key": "sk-12345"}, "sk-12345"),
        ({"user": "a", "password": "hunter2"}, "hunter2"),
        ("Authorization: Bearer abc.def", "abc.def"),
        ("token=abc123 rest", "abc123"),
    ],
)
def test_a_preview_never_shows_a_secret(item: object, hidden: str) -> None:
    assert hidden not in preview_of(item)
    assert "***" in preview_of(item)


def test_a_preview_is_short_even_for_a_huge_item() -> None:
    assert len(preview_of("x" * 1_000_000)) <= 200
    assert len(preview_of([list(range(1000))] * 1000)) <= 200


def test_an_item_that_cannot_show_itself_does_not_hide_the_error() -> None:
    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError("no repr")

    assert "Broken" in preview_of(Broken())


def test_the_stack_of_a_deep_failure_is_cut_at_the_front() -> None:
    def deep(levels: int) -> None:
        if levels == 0:
            raise RuntimeError("x" * 7000 + "the end")
        deep(levels - 1)

    with pytest.raises(RuntimeError) as caught:
        deep(50)
    stack = error_record(caught.value).stack
    assert len(stack) <= 8_000
    assert stack.rstrip().endswith("the end")


def test_a_record_of_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="version 2"):
        ErrorRecord.from_json({"v": 2})


def test_unknown_fields_of_a_newer_writer_are_ignored() -> None:
    data = {**error_record(ValueError("a")).to_json(), "colour": "red"}
    assert ErrorRecord.from_json(data) == error_record(ValueError("a"))


_texts = st.text(max_size=20)


@given(
    message=_texts,
    key=_texts,
    index=st.none() | st.integers(0, 10**6),
    fields=st.lists(st.tuples(_texts, _texts, _texts, _texts), max_size=3),
    attempt=st.integers(1, 9),
    delay=st.none() | st.floats(0, 100),
    elapsed=st.none() | st.floats(0, 1e6),
)
def test_a_record_survives_json(
    message: str,
    key: str,
    index: int | None,
    fields: list[tuple[str, str, str, str]],
    attempt: int,
    delay: float | None,
    elapsed: float | None,
) -> None:
    problems = tuple(
        FieldProblem(path=path, problem=problem, expected=expected, got=got)
        for path, problem, expected, got in fields
    )
    record = error_record(
        _raised(ItemValidationError(message, fields=problems)),
        item=ItemRef(key=key, index=index, preview=key),
        step="s",
        batch=3,
        run="r",
        retry=RetryInfo(attempt=attempt, max_attempts=9, delay_s=delay, reason="backoff"),
        at=datetime(2026, 1, 2, tzinfo=UTC),
        elapsed_ms=elapsed,
    )
    assert ErrorRecord.from_json(json.loads(json.dumps(record.to_json()))) == record
