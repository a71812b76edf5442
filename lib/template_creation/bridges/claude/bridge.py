"""The user's own Claude Code CLI asked once, in print mode: no key of ours, no tool of its own.

The answer is read while the model writes it; what failed is raised as a typed error after
everything that was complete, and the engine asks again for the rest. (Issue 7;
facts/claude-code-and-agent-files.md section 2.4; docs/claude-code.md.)
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable, Generator, Mapping
from typing import Any

from batch_engine.core import BudgetError, RejectedResultError, WorkError
from template_creation.bridges.claude.failures import Ended, failure_of, no_result
from template_creation.bridges.claude.process import Started, started
from template_creation.bridges.claude.program import (
    LONGEST_SCHEMA,
    answer_room,
    arguments,
    child_environment,
    find_program,
    without_secrets,
)
from template_creation.bridges.claude.reading import Reading
from template_creation.bridges.whole import whole_answer
from template_creation.errors import BadInput, TemplateCreateError
from template_creation.exchange import (
    AnswerStyle,
    estimate_tokens,
    render_batch_prompt,
    response_schema,
    schema_style,
)
from template_creation.values.agent import Issue
from template_creation.values.answer import AnsweredAgent, AnswerEvent, RequestUsage

__all__ = ["ClaudeBridge"]

logger = logging.getLogger(__name__)


class ClaudeBridge:
    """A `StreamingBridge` to the ``claude`` program of this user, whoever they are there.

    ``model`` is a name or an alias that the program knows; empty takes the user's default.
    ``max_budget_usd`` bounds one call; the ``max_cost_usd`` of a call's context bounds it too.
    ``deadline_s`` (seconds) is for a whole call: after it the program and all that it started
    are killed. ``environ`` is where program, login and proxies are looked up.

    Raises `BadInput` where there is no such program.
    """

    keeps_budget = True
    """A call ends by itself at its limit, whatever a model costs."""

    def __init__(
        self,
        *,
        model: str = "",
        max_budget_usd: float | None = None,
        deadline_s: float = 600.0,
        environ: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        for name, value in (("deadline_s", deadline_s), ("max_budget_usd", max_budget_usd)):
            if value is not None and not value > 0:
                raise BadInput(f"{name} is {value!r}", hint="give a number above 0")
        self.model = model.strip()
        if self.model.startswith("-"):
            raise BadInput(f"there is no model {model!r}", hint="name one, such as sonnet")
        self.identity = f"claude {self.model}".strip()
        self._max_budget_usd = max_budget_usd
        self._deadline_s = deadline_s
        self._environ = os.environ if environ is None else environ
        self._clock = clock
        self._program = find_program(self._environ)

    def __repr__(self) -> str:
        return f"ClaudeBridge(model={self.model!r})"

    @property
    def max_answer_tokens(self) -> int:
        """The most tokens that the program lets an answer be; requests that need more room are
        to be planned smaller."""
        return answer_room(self._environ)

    def prompt(self, input_data: Mapping[str, Any]) -> str:
        """What `stream` sends for the request document ``input_data``."""
        return render_batch_prompt(input_data, style=_schema(input_data)[0])

    def stream(
        self, *, agent_name: str, input_data: Mapping[str, Any], context: Mapping[str, Any]
    ) -> Generator[AnswerEvent]:
        """Each agent as its object closes; then what was not taken, then the `RequestUsage`.

        ``context`` may say ``max_cost_usd`` and ``estimated_input_tokens`` with its
        ``estimator``. Closing the iterator ends the program. Raises the errors of
        `AgentBridgeInvoker` behind everything that was complete.
        """
        budget = self._budget(context)
        style, schema = _schema(input_data)
        prompt = render_batch_prompt(input_data, style=style)
        names = tuple(agent["name"] for agent in input_data["agents"])
        argv = [self._program, *arguments(self.model, schema, budget)]
        given = child_environment(self._environ)
        call = _Call(
            names=names,
            budget_usd=budget,
            context=context,
            clock=self._clock,
            model=self.model,
            hide=lambda text: without_secrets(text, given),
        )
        logger.debug(
            "asking claude for %d agents: %d characters, schema %s of %d bytes",
            len(names),
            len(prompt),
            style,
            len(schema),
        )
        with started(
            argv,
            prompt,
            environ=given,
            limit_s=self._deadline_s,
            clock=self._clock,
        ) as process:
            yield from call.events(process)

    def invoke(
        self, *, agent_name: str, input_data: Mapping[str, Any], context: Mapping[str, Any]
    ) -> dict[str, Any]:
        """What `stream` hands over, as one object (see `whole_answer`)."""
        return whole_answer(
            self.stream(agent_name=agent_name, input_data=input_data, context=context)
        )

    def _budget(self, context: Mapping[str, Any]) -> float | None:
        left = context.get("max_cost_usd")
        known = [item for item in (self._max_budget_usd, left) if item is not None]
        budget = min(known, default=None)
        if budget is not None and budget <= 0:
            raise BudgetError(
                "nothing is left of --max-cost",
                hint="what is finished is kept: raise --max-cost and run again with --resume",
            )
        return budget


class _Call:
    """One call: its answer, what it took, and how it ended."""

    def __init__(
        self,
        *,
        names: tuple[str, ...],
        budget_usd: float | None,
        context: Mapping[str, Any],
        clock: Callable[[], float],
        model: str,
        hide: Callable[[str], str],
    ) -> None:
        self._names, self._budget_usd, self._context = names, budget_usd, context
        self._clock, self._model, self._hide = clock, model, hide
        self._started_at = clock()
        self._first_s: float | None = None
        self._reading = Reading(names)

    def events(self, process: Started) -> Generator[AnswerEvent]:
        reading = self._reading
        failure: WorkError | TemplateCreateError | None = None
        try:
            for line in process.lines():
                for item in reading.line(line):
                    yield self._timed(item)
                if reading.result is not None:
                    break
        except WorkError as exc:
            failure = exc
        else:
            failure = self._ending(process)
        if reading.characters or failure is None:
            for item in reading.finish(cut=failure is not None):
                yield self._timed(item)
        usage = self._usage()
        if usage.output_tokens or usage.cost_usd:
            yield usage
        if failure is None:
            return
        if isinstance(failure, TemplateCreateError) or set(self._names) - set(reading.done):
            raise failure
        fix = "nothing to do: every agent was complete before"
        yield Issue("answer-tail", "$", failure.message, fix, "warning")

    def _ending(self, process: Started) -> WorkError | TemplateCreateError | None:
        reading = self._reading
        if reading.result is None:
            return no_result(process.code(), self._hide(process.last_words()))
        failure = failure_of(
            Ended(
                result=reading.result,
                error=reading.error,
                objection=reading.objection,
                finished=len(reading.done),
                asked_for=reading.model or self._model or "the model",
                budget_usd=self._budget_usd,
                hide=self._hide,
            )
        )
        if failure is None and not reading.characters:
            return RejectedResultError("the answer is empty")
        return failure

    def _timed(self, item: AnsweredAgent | Issue) -> AnsweredAgent | Issue:
        if self._first_s is None and isinstance(item, AnsweredAgent):
            self._first_s = self._clock() - self._started_at
        return item

    def _usage(self) -> RequestUsage:
        """What the CLI says that it took; of a call without an end, what came of it."""
        reading, context = self._reading, self._context
        counts, result = reading.counts(), reading.result
        seen = estimate_tokens("x" * reading.characters)
        estimated = int(context.get("estimated_input_tokens") or 0)
        told = counts.input_tokens > 0
        return RequestUsage(
            request_id=reading.session,
            model=reading.model or self._model,
            agents=self._names,
            input_tokens=counts.input_tokens if told else estimated,
            output_tokens=max(counts.output_tokens, 0 if told else seen),
            cache_read_tokens=counts.cache_read_tokens,
            cache_write_tokens=counts.cache_write_tokens,
            cost_usd=reading.cost_usd() if told else None,
            seconds=self._clock() - self._started_at,
            first_agent_seconds=self._first_s,
            stop_reason=str((result or {}).get("stop_reason") or ""),
            estimated_input_tokens=estimated if told else 0,
            estimator=str(context.get("estimator") or ""),
        )


def _schema(input_data: Mapping[str, Any]) -> tuple[AnswerStyle, str]:
    """The schema as an argument of the program: with the ids that may be cited if they fit."""
    style: AnswerStyle = schema_style(input_data)[0]
    text = _compact(response_schema(input_data, style=style))
    if len(text.encode()) > LONGEST_SCHEMA:
        style = "plain"
        text = _compact(response_schema(input_data, style=style))
    return style, text


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
