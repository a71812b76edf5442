"""What goes over a bridge: requests as prompts, answers as items, tokens and what they cost.

Pure: a bridge does the input and output. Below the bridges, so that each renders the same
prompt and reads answers the same way.
"""

from __future__ import annotations

from template_creation.exchange.prices import (
    ModelFacts,
    PriceList,
    TokenCounts,
    answer_limit,
    load_prices,
)
from template_creation.exchange.prompt import (
    AnswerStyle,
    Contract,
    PromptParts,
    example_answer,
    prompt_parts,
    render_batch_prompt,
    request_document,
)
from template_creation.exchange.prompts import (
    fence_for,
    prompt_text,
    prompts_folder,
    render_prompt,
)
from template_creation.exchange.reader import AnswerReader, read_answer
from template_creation.exchange.schema import SchemaStyle, response_schema, schema_style
from template_creation.exchange.shapes import canonical, did_you_mean, plain_key
from template_creation.exchange.tokens import (
    TOKEN_ESTIMATOR,
    Calibration,
    Estimator,
    estimate_tokens,
    pick_estimator,
)

__all__ = [
    "TOKEN_ESTIMATOR",
    "AnswerReader",
    "AnswerStyle",
    "Calibration",
    "Contract",
    "Estimator",
    "ModelFacts",
    "PriceList",
    "PromptParts",
    "SchemaStyle",
    "TokenCounts",
    "answer_limit",
    "canonical",
    "did_you_mean",
    "estimate_tokens",
    "example_answer",
    "fence_for",
    "load_prices",
    "pick_estimator",
    "plain_key",
    "prompt_parts",
    "prompt_text",
    "prompts_folder",
    "read_answer",
    "render_batch_prompt",
    "render_prompt",
    "request_document",
    "response_schema",
    "schema_style",
]
