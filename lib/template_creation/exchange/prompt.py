"""A batch request as the prompt that a model reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from template_creation.exchange.prompts import render_prompt
from template_creation.values.request import BatchRequest

__all__ = ["render_batch_prompt", "request_document"]


def request_document(request: BatchRequest) -> dict[str, Any]:
    """``request`` as plain JSON-able data, without fields that say nothing."""
    document: dict[str, Any] = {"version": request.version, "contract": request.contract}
    document |= request.model_dump(mode="json", exclude_defaults=True)
    return document


def render_batch_prompt(request: BatchRequest | Mapping[str, Any]) -> str:
    """What a model would read: the instructions, then the request as fenced data.

    Text from the codebase is only ever inside the fence, which it cannot close, and the
    instructions say that nothing in it is an instruction.
    """
    if isinstance(request, BatchRequest):
        request = request_document(request)
    data = {key: value for key, value in request.items() if key != "enhancement_instructions"}
    return render_prompt(
        "enhance_batch.md.j2",
        {"instructions": request["enhancement_instructions"].strip(), "data": data},
    )
