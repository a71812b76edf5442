"""The JSON Schema of workflow files, for editors: made from the models and the known tasks."""

from __future__ import annotations

from typing import Any

from batch_engine.workflow.definition import BATCH_TASK
from batch_engine.workflow.spec import BatchSpec, ParamSpec, WorkflowSpec
from batch_engine.workflow.task import TaskHandler, TaskRegistry
from batch_engine.workflow.tasks import builtin_registry

__all__ = ["workflow_schema"]

_DEFS = "#/$defs/{model}"


def _one_of(*names: str) -> dict[str, Any]:
    return {"anyOf": [{"required": [name]} for name in names]}


_BATCH = {
    "allOf": [
        {"$ref": "#/$defs/BatchSpec"},
        _one_of("items", "iterate_over"),
        _one_of("task", "processing_task", "steps"),
    ]
}


def workflow_schema(registry: TaskRegistry | None = None) -> dict[str, Any]:
    """The schema (draft 2020-12); each known task brings the inputs that it takes."""
    registry = registry or builtin_registry()
    schema = WorkflowSpec.model_json_schema(ref_template=_DEFS)
    definitions = schema["$defs"]
    for model, name in ((BatchSpec, "BatchSpec"), (ParamSpec, "ParamSpec")):
        made = model.model_json_schema(ref_template=_DEFS)
        definitions |= made.pop("$defs", {})
        definitions[name] = made
    param = {"$ref": "#/$defs/ParamSpec"}
    schema["properties"]["params"]["additionalProperties"] = {
        "anyOf": [param, {"type": ["string", "number", "boolean", "array", "null"]}]
    }
    step = definitions["StepSpec"]
    names = sorted([*registry.names(), BATCH_TASK])
    # Other names are allowed: a package may register more.
    step["properties"]["task"] = {
        "description": "What the step does.",
        "anyOf": [{"enum": names}, {"type": "string"}],
    }
    step["allOf"] = [_when(BATCH_TASK, _BATCH, required=True)]
    step["allOf"] += [
        _when(handler.name, _inputs(handler), required=_needs_inputs(handler))
        for handler in registry.handlers()
    ]
    for nested in ("NestedTaskSpec", "NestedStepSpec"):
        # What is required may come from the item here.
        definitions[nested]["allOf"] = [
            _when(handler.name, {**_inputs(handler), "required": []}, required=False)
            for handler in registry.handlers()
        ]
    listed = schema["properties"]["steps"]
    by_name = {"type": "object", "additionalProperties": {"type": "object"}}
    schema["properties"]["steps"] = {"anyOf": [listed, by_name]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "Workflow",
    }


def _when(task: str, inputs: dict[str, Any], *, required: bool) -> dict[str, Any]:
    then: dict[str, Any] = {"properties": {"inputs": inputs}}
    if required:
        then["required"] = ["inputs"]
    return {
        "if": {"properties": {"task": {"const": task}}, "required": ["task"]},
        "then": then,
    }


def _needs_inputs(handler: TaskHandler) -> bool:
    return any(entry.required for entry in handler.inputs)


def _inputs(handler: TaskHandler) -> dict[str, Any]:
    properties = {}
    for entry in handler.inputs:
        own = dict(entry.schema)
        if own and entry.mode != "raw":
            own = {"anyOf": [own, {"type": "string", "pattern": r"\{[{%]"}]}
        properties[entry.name] = {**own, **_described(entry.description)}
    required = [entry.name for entry in handler.inputs if entry.required]
    schema = {"type": "object", "properties": properties, **_described(handler.summary)}
    return {**schema, "required": required} if required else schema


def _described(text: str) -> dict[str, str]:
    return {"description": text} if text else {}
