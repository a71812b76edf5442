"""One streamed answer: agents while it comes, then what was left, what it took, how it ended.

Whatever breaks it, what was complete by then is handed over before the error is raised.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from batch_engine.core import (
    NetworkError,
    RejectedResultError,
    TransientError,
    WorkError,
    WorkTimeoutError,
)
from template_creation.bridges.api.client import Opened
from template_creation.bridges.api.failures import Failures, NotAcceptedError
from template_creation.bridges.api.message import MessageReader
from template_creation.bridges.api.parameters import Parameters
from template_creation.bridges.api.sse import server_events
from template_creation.exchange import AnswerReader, PriceList, TokenCounts, estimate_tokens
from template_creation.values.agent import Issue
from template_creation.values.answer import AnsweredAgent, AnswerEvent, RequestUsage

__all__ = ["Answer", "Call"]

logger = logging.getLogger(__name__)

_WHOLE = ("end_turn", "stop_sequence")


@dataclass(frozen=True, kw_only=True)
class Call:
    """What is asked, and what it may take; ``started`` is the ``clock``'s reading at the
    beginning, ``context`` the bridge's."""

    names: tuple[str, ...]
    max_tokens: int
    started: float
    clock: Callable[[], float]
    deadline_s: float
    context: Mapping[str, Any]

    def seconds(self) -> float:
        """How long the call has taken."""
        return self.clock() - self.started


@dataclass
class Answer:
    """Reads the answer to ``call``."""

    call: Call
    parameters: Parameters
    failures: Failures
    prices: PriceList
    _message: MessageReader = field(default_factory=MessageReader)
    _done: list[str] = field(default_factory=list)
    _first_s: float | None = None

    def events(self, opened: Opened) -> Iterator[AnswerEvent]:
        """As `template_creation.bridges.ApiBridge.stream`, for a call that was let in."""
        reader = AnswerReader(self.call.names)
        failure: WorkError | None = None
        try:
            for text in self._texts(opened):
                for agent in reader.feed(text):
                    yield self._noted(agent)
        except WorkError as exc:
            failure = exc
        message = self._message
        cut = failure is not None or message.stop_reason not in _WHOLE
        for item in reader.finish(cut=cut):
            yield self._noted(item) if isinstance(item, AnsweredAgent) else item
        failure = failure or self._ending()
        instead = self._without_schema(failure)
        if failure is not None and instead:
            yield Issue("request-parameter", "$", failure.message, instead, "warning")
            failure = TransientError(f"{failure.message}; {instead}")
        usage = self._usage(opened, whole=message.stopped)
        if message.started:
            yield usage
        self._log(usage, failure)
        if failure is None:
            return
        if set(self.call.names) - set(self._done):
            raise failure
        fix = "nothing to do: every agent was complete before"
        yield Issue("answer-tail", "$", failure.message, fix, "warning")

    def _texts(self, opened: Opened) -> Iterator[str]:
        """The answer's text as it comes, up to its end; raises where there is none."""
        for event in server_events(self._in_time(opened.chunks)):
            if event.get("type") == "error":
                raise self.failures.of_event(event, opened.request_id)
            text = self._message.take(event)
            if text:
                yield text
            if self._message.stopped:
                return
        raise NetworkError("the stream ended before the answer was whole")

    def _in_time(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """``chunks`` until the deadline, also of a server that sends a byte now and then."""
        limit = self.call.deadline_s
        for chunk in chunks:
            yield chunk
            if self.call.seconds() > limit and not self._message.stopped:
                raise WorkTimeoutError(
                    f"the answer was not whole after {limit:g} seconds",
                    hint="--timeout gives it longer, --no-batch asks for one agent at a time",
                )

    def _noted(self, agent: AnsweredAgent) -> AnsweredAgent:
        if self._first_s is None:
            self._first_s = self.call.seconds()
            logger.debug("the first agent was complete after %.2f s", self._first_s)
        self._done.append(agent.name)
        return agent

    def _ending(self) -> WorkError | None:
        """What is wrong with an answer that came to its end."""
        message = self._message
        failure = self.failures.of_stop(
            message.stop_reason,
            message.stop_details,
            finished=len(self._done),
            max_tokens=self.call.max_tokens,
            by_cost=self.call.max_tokens < self.parameters.max_tokens(),
        )
        if failure is None and not message.text_characters:
            failure = RejectedResultError("the answer is empty")
        return failure

    def _without_schema(self, failure: WorkError | None) -> str:
        """A request that was let in with its schema and was called invalid half-way is so
        because of what the model wrote, not of the request (SDK issue 1889): it may go well
        without the schema."""
        if isinstance(failure, NotAcceptedError):
            return self.parameters.give_up_schema()
        return ""

    def _usage(self, opened: Opened, *, whole: bool) -> RequestUsage:
        """What the call took; of a stream that was cut the output is estimated from what came
        of it, because only its end would have told."""
        message, call = self._message, self.call
        output = message.output_tokens
        if not whole:
            output = max(output, estimate_tokens("x" * message.characters))
        counts = TokenCounts(
            message.input_tokens, output, message.cache_read_tokens, message.cache_write_tokens
        )
        model = self.parameters.model
        return RequestUsage(
            request_id=opened.request_id or message.message_id,
            model=model,
            agents=call.names,
            input_tokens=counts.input_tokens,
            output_tokens=counts.output_tokens,
            cache_read_tokens=counts.cache_read_tokens,
            cache_write_tokens=counts.cache_write_tokens,
            cost_usd=self.prices.cost(model, counts),
            seconds=call.seconds(),
            first_agent_seconds=self._first_s,
            stop_reason=message.stop_reason if whole else "",
            estimated_input_tokens=int(call.context.get("estimated_input_tokens") or 0),
            estimator=str(call.context.get("estimator") or ""),
            counted_input_tokens=int(call.context.get("counted_input_tokens") or 0),
        )

    def _log(self, usage: RequestUsage, failure: WorkError | None) -> None:
        logger.debug(
            "answer %s: %d of %d agents, %d characters, %d tokens in, %d out, %.2f s, ended %s",
            usage.request_id,
            len(self._done),
            len(self.call.names),
            self._message.text_characters,
            usage.input_tokens,
            usage.output_tokens,
            usage.seconds,
            usage.stop_reason or (failure.code if failure else "without a reason"),
        )
