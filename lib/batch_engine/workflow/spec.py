"""What a workflow file may say: the format of yaml-workflow 0.9.6, and what we add to it.

These models check the file and make the JSON Schema for editors (`workflow_schema`), so that the
two cannot disagree. Values that may hold expressions are checked again when these are evaluated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    WithJsonSchema,
    WrapValidator,
)
from pydantic_core import CoreSchema

from batch_engine.workflow.expressions import has_expressions

__all__ = [
    "BatchSpec",
    "FlowsSpec",
    "NestedStepSpec",
    "NestedTaskSpec",
    "OnErrorSpec",
    "ParallelSettings",
    "ParamSpec",
    "RetrySpec",
    "StepSpec",
    "Tolerance",
    "WorkflowSpec",
]

_PERCENT = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*%\Z")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


@dataclass(frozen=True, eq=False)
class _Also:
    """In the JSON Schema, what may stand there instead of the full form."""

    schema: dict[str, Any]

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        own = handler(core)
        return {"anyOf": [self.schema, *(own.get("anyOf", [own]))]}


_EXPRESSION = {"type": "string", "pattern": r"\{[{%]"}


def _named(key: str) -> Any:
    """A shorthand: anything but a mapping stands for ``{key: value}``."""

    def normalize(value: Any) -> Any:
        return value if isinstance(value, dict) or value is None else {key: value}

    return BeforeValidator(normalize)


class RetrySpec(_Part):
    """When and how often an item, or a step, is tried again."""

    max_attempts: PositiveInt = Field(
        default=3, description="Attempts in all, the first one included."
    )
    delay: NonNegativeFloat = Field(default=1.0, description="Seconds before the second attempt.")
    backoff: Literal["fixed", "linear", "exponential"] = Field(
        default="exponential", description="How the delay grows from attempt to attempt."
    )
    factor: PositiveFloat = Field(default=2.0, description="The growth of an exponential delay.")
    max_delay: NonNegativeFloat = Field(default=60.0, description="No delay is longer (seconds).")
    max_elapsed: PositiveFloat | None = Field(
        default=None, description="No attempt begins later than this many seconds after the first."
    )
    jitter: Literal["full", "none"] = Field(
        default="none", description="'full' draws each delay from 0 to its length."
    )
    on: list[str] | None = Field(
        default=None,
        description="Try again only for these: error codes (network, rate_limit.http_429), "
        "categories, exception classes, or 'exit 75'.",
    )
    never: list[str] = Field(
        default_factory=list, description="Never try again for these; stronger than 'on'."
    )


Retry = Annotated[
    RetrySpec,
    _named("max_attempts"),
    _Also({"type": "integer", "minimum": 1}),
]


class OnErrorSpec(_Part):
    """What happens when a step has failed for good."""

    action: Literal["fail", "continue", "skip", "retry", "next"] = Field(
        default="fail",
        description="'continue' goes on with the next step; the others end the run, "
        "unless 'next' names a step.",
    )
    next: str | None = Field(default=None, description="The step to go on with after a failure.")
    message: str | None = Field(default=None, description="What is told then; may use {{ error }}.")
    retry: NonNegativeInt | None = Field(default=None, description="Attempts after the first one.")
    delay: NonNegativeFloat = Field(default=0.0, description="Seconds between attempts.")


OnError = Annotated[
    OnErrorSpec,
    _named("action"),
    _Also({"enum": ["fail", "continue", "skip", "retry", "next"]}),
]


class Tolerance(_Part):
    """How many items may fail: both limits hold if both are given."""

    count: NonNegativeInt | None = None
    percent: Annotated[float, Field(ge=0, le=100)] | None = None


def _tolerance(value: Any) -> Any:
    if isinstance(value, str) and not has_expressions(value):
        found = _PERCENT.match(value.strip())
        if not found:
            raise ValueError(f"expected a number, or a share such as 10%, got {value!r}")
        return {"percent": float(found[1])}
    if isinstance(value, int) and not isinstance(value, bool):
        return {"count": value}
    return value


def _pass_expressions(value: Any, handler: Any) -> Any:
    return value if has_expressions(value) else handler(value)


_or_expression = WrapValidator(_pass_expressions)

_WholeNumber = Annotated[int, Field(ge=1), _or_expression, _Also(_EXPRESSION)]
_Seconds = Annotated[float, Field(gt=0), _or_expression, _Also(_EXPRESSION)]
_Flag = Annotated[bool, _or_expression, _Also(_EXPRESSION)]
_Items = Annotated[list[Any], _or_expression, _Also(_EXPRESSION)]
_ChunkSize = Annotated[
    Any,
    BeforeValidator(lambda value: _chunk_size(value)),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1}, {"const": "auto"}, _EXPRESSION]}),
]
_Tolerated = Annotated[
    Tolerance,
    BeforeValidator(_tolerance),
    _or_expression,
    _Also({"type": "string", "pattern": r"^[0-9.]+\s*%$"}),
    _Also({"type": "integer", "minimum": 0}),
    _Also(_EXPRESSION),
]


def _chunk_size(value: Any) -> Any:
    whole = isinstance(value, int) and not isinstance(value, bool) and value >= 1
    if whole or value == "auto" or has_expressions(value):
        return value
    raise ValueError(f"expected a whole number of at least 1, or auto, got {value!r}")


class ParallelSettings(_Part):
    """The former name of two options of a batch."""

    chunk_size: _ChunkSize | None = None
    max_workers: _WholeNumber | None = None


class NestedTaskSpec(_Part):
    """The task that is run for each item."""

    task: str = Field(description="The task's name.")
    inputs: dict[str, Any] = Field(default_factory=dict, description="Its inputs, per item.")
    name: str | None = None


class NestedStepSpec(NestedTaskSpec):
    """One of several tasks that are run for each item, one after the other."""

    name: str


class BatchSpec(_Part):
    """The inputs of a ``batch`` step."""

    items: _Items | None = Field(default=None, description="What to work on, one by one.")
    iterate_over: _Items | None = Field(default=None, description="Another name for 'items'.")
    task: NestedTaskSpec | None = Field(default=None, description="What to do with each item.")
    processing_task: NestedTaskSpec | None = Field(
        default=None, description="Former name of 'task'."
    )
    steps: list[NestedStepSpec] | None = Field(
        default=None,
        description="Several tasks for each item; the result holds that of each by name.",
    )
    as_: str | None = Field(
        default=None,
        alias="as",
        pattern=r"^[A-Za-z_]\w*$",
        description="The item's name in expressions.",
    )
    arg_name: str | None = Field(default=None, description="Former name of 'as'.")
    key: str | None = Field(default=None, description="Expression that names an item for good.")
    chunk_size: _ChunkSize | None = Field(
        default=None, description="Items that are stored together.  [default: 1]"
    )
    max_concurrency: _WholeNumber | None = Field(
        default=None, description="Items at the same time."
    )
    max_workers: _WholeNumber | None = Field(
        default=None, description="Former name of max_concurrency."
    )
    parallel_settings: ParallelSettings | None = None
    retry: Retry | None = None
    tolerated_failures: _Tolerated | None = Field(
        default=None, description="Items that may fail: a number, a share such as '10%', or both."
    )
    timeout: _Seconds | None = Field(default=None, description="Seconds that one attempt may take.")
    idempotent: _Flag = Field(
        default=True, description="Whether an item that was begun may be begun again by itself."
    )
    collect: str | bool | None = Field(
        default=None,
        description="Expression for what is kept of each 'result'; false keeps nothing.",
    )


class ParamSpec(BaseModel):
    """A parameter of the workflow."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    type: (
        Literal[
            "string", "integer", "number", "float", "boolean", "array", "list", "object", "dict"
        ]
        | None
    ) = Field(default=None, description="What a value from the command line is read as.")
    default: Any = None
    description: str | None = None
    required: bool = False
    secret: bool = Field(
        default=False, description="Its value is neither shown nor stored; of the type string."
    )
    allowedValues: list[Any] | None = None  # noqa: N815 - the format's own name
    enum: list[Any] | None = None
    minLength: NonNegativeInt | None = None  # noqa: N815
    maxLength: NonNegativeInt | None = None  # noqa: N815
    minItems: NonNegativeInt | None = None  # noqa: N815
    maxItems: NonNegativeInt | None = None  # noqa: N815
    minimum: float | None = None
    maximum: float | None = None
    pattern: str | None = None


class FlowsSpec(_Part):
    """Named selections of steps."""

    default: str | None = Field(
        default=None, description="The flow that runs if none is named; or 'all'."
    )
    definitions: list[dict[str, list[str]]] = Field(description="Flows by name: their steps.")


class ImportSpec(_Part):
    """A file whose steps come before those of this one."""

    path: str


Import = Annotated[
    ImportSpec,
    _named("path"),
    _Also({"type": "string"}),
]


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class StepSpec(BaseModel):
    """One step."""

    # Unknown keys are judged by `validate`: yaml-workflow lets them pass.
    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    name: str = Field(min_length=1, description="The step's name, unique in the workflow.")
    task: str = Field(description="What the step does.")
    description: str | None = None
    inputs: dict[str, Any] = Field(default_factory=dict, description="What the task is given.")
    condition: bool | str | None = Field(
        default=None, description="The step is skipped unless this is true: an expression in {{ }}."
    )
    on_error: OnError | None = None
    retry: Retry | None = None
    timeout: _Seconds | None = Field(default=None, description="Seconds that one attempt may take.")
    always_run: bool = Field(default=False, description="Run it also after a step has failed.")
    depends_on: Annotated[list[str] | None, BeforeValidator(_listed), _Also({"type": "string"})] = (
        Field(default=None, description="Steps that have to come before this one.")
    )


class WorkflowSpec(_Part):
    """A workflow file."""

    name: str | None = Field(default=None, description="What the workflow is called.")
    description: str | None = None
    params: dict[str, Any] = Field(default_factory=dict, description="Parameters, by name.")
    settings: dict[str, Any] = Field(default_factory=dict)
    imports: list[Import] = Field(default_factory=list, description="Files with further steps.")
    secrets: list[str] = Field(
        default_factory=list,
        description="Environment variables that have to be set, and are never shown.",
    )
    steps: list[StepSpec] = Field(default_factory=list)
    flows: FlowsSpec | None = None
