"""The JSON Schema of the error record accepts every real record and nothing bent."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import pytest

from batch_engine.core import (
    ErrorRecord,
    FieldProblem,
    ItemFailure,
    ItemRef,
    ItemValidationError,
    RateLimitError,
    RetryPolicy,
    error_record,
    error_record_schema,
    run_batches,
)


def records() -> list[dict[str, Any]]:
    """A bare record, one with everything, and one of a real run."""
    try:
        raise KeyError("inner")
    except KeyError as inner:
        error = ItemValidationError(
            "two fields are wrong",
            hint="fill in the form",
            fields=(FieldProblem(path="owner.email", problem="missing", expected="text"),),
        )
        error.__cause__ = inner
    whole = error_record(error, item=ItemRef(key="a", index=3, preview="{}"), step="read", batch=2)
    run = run_batches(
        [1],
        lambda items, context: [ItemFailure(RateLimitError("slow", retry_after_s=0))],
        step="s",
        key=str,
        retry=RetryPolicy(max_attempts=2),
        sleep=lambda seconds: None,
    )
    return [error_record(OSError("x")).to_json(), whole.to_json(), run.errors["1"].to_json()]


def test_the_schema_has_every_field_of_a_record_and_is_plain_json() -> None:
    schema = error_record_schema()
    assert json.loads(json.dumps(schema)) == schema
    named = {field.name for field in fields(ErrorRecord)}
    assert set(schema["properties"]) == named | {"v", "success"}
    for record in records():
        assert set(record) <= set(schema["properties"])
        assert set(schema["required"]) <= set(record)


def test_a_real_validator_accepts_real_records_and_refuses_bent_ones() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(error_record_schema())
    validator.check_schema(error_record_schema())
    for record in records():
        validator.validate(json.loads(json.dumps(record)))
        for bent in ({"v": 2}, {"category": "weather"}, {"retryable": "no"}, {"item": {"key": 1}}):
            assert not validator.is_valid({**record, **bent}), bent
        assert not validator.is_valid({key: record[key] for key in record if key != "code"})
