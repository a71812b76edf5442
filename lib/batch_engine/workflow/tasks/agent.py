"""The task ``agent``: one call through the invoker that the run was given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from batch_engine.workflow.errors import TaskInputError
from batch_engine.workflow.task import TaskCall, TaskInput, register_task

__all__ = ["agent"]


@register_task(
    "agent",
    inputs=(
        TaskInput("agent", "The agent's name.  [default: the step's]", schema={"type": "string"}),
        TaskInput("prompt", "What to ask.", mode="text"),
        TaskInput("input", "What it is given besides.", schema={"type": "object"}),
    ),
    outside=True,
)
def agent(call: TaskCall) -> Any:
    """Asks an agent; gives its answer. A pause of the agent pauses the run, which goes on with
    --resume when the answer is there."""
    invoker = call.services.invoker
    if invoker is None:
        raise TaskInputError(
            "this run has no agents to ask",
            hint="say who answers: --bridge file or api, or WorkflowEngine(..., invoker=...)",
        )
    given = call.optional("input", {}, dict)
    prompt = call.optional("prompt", None)
    answer = invoker.invoke(
        agent_name=call.optional("agent", call.step),
        input_data=given if prompt is None else {"prompt": prompt, **given},
        context={
            "workflow": call.variables.get("workflow_name", ""),
            "step": call.step,
            "key": call.key,
            "attempt": call.attempt,
            "workspace": str(call.workspace),
        },
    )
    return dict(answer) if isinstance(answer, Mapping) else answer
