"""One request for some agents: each is checked and written as soon as its answer is complete.

What is accepted is stored at once, so that a cut answer, a pause or a kill costs only what was
not answered yet. What is refused is told by rule, place and fix, and asked for again with
these reasons; how often is up to the engine. A file that others write while its agent is asked
for is put back as it was asked about. (DESIGN section 3; F01, F22, F31 of the facts.)
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from batch_engine.core import (
    ErrorCategory,
    ItemFailure,
    MissingResultError,
    RejectedResultError,
    TaskError,
    WorkError,
)
from batch_engine.pipeline import Batch
from template_creation.agents.apply import Applied, apply_answer
from template_creation.agents.context import EnhancementContext
from template_creation.agents.files import spec_for, write_atomically
from template_creation.agents.ledger import Ledger
from template_creation.agents.origins import Origins
from template_creation.agents.parse import KnownIds, parse_answer
from template_creation.agents.planning import FittedRequest, Planner
from template_creation.agents.profiles import Profile
from template_creation.bridges import CONTENT_ENHANCER, AgentBridgeInvoker, StreamingBridge
from template_creation.errors import InvocationPending, TemplateCreateError
from template_creation.exchange import read_answer
from template_creation.values.agent import Issue
from template_creation.values.answer import AnsweredAgent, AnswerEvent, RequestUsage

__all__ = ["Asked", "Asker", "Terms", "ignore", "problems_of"]

logger = logging.getLogger(__name__)


def ignore(_text: str) -> None:
    """A ``notify`` that tells nobody."""


def write_over(path: Path) -> None:
    """A ``set_aside`` for folders where nobody but us writes: a line in the log."""
    logger.warning("%s was changed while it was asked for; it is written over", path.name)


@dataclass(frozen=True, slots=True)
class Asked:
    """An agent on its way into a request."""

    path: Path
    key: str
    context: EnhancementContext


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How an answer is judged and written: the sections it must have, the word for the
    frontmatter's ``enhancement``, how requests are fitted, and what they may cost.
    ``set_aside`` gets a file that others changed or removed, before it is written over."""

    profile: Profile
    enhancement: str
    planner: Planner
    ledger: Ledger | None = None
    origins: Origins | None = None
    max_cost_usd: float | None = None
    notify: Callable[[str], None] = ignore
    set_aside: Callable[[Path], None] = write_over


class Asker:
    """Asks ``bridge`` for chunks of agents; counts its requests and what they took."""

    def __init__(self, bridge: AgentBridgeInvoker, terms: Terms, *, single: bool = False) -> None:
        self._bridge = bridge
        self._terms = terms
        self._mode = "single" if single else "batch"
        self.requests = 0
        self.usage: list[RequestUsage] = []
        self._reserved = ""

    def __call__(self, asked: Sequence[Asked], batch: Batch) -> dict[str, Applied | ItemFailure]:
        """Every agent of ``asked`` that has no result yet, by key: those accepted were stored
        by ``batch.complete`` and written on the way.

        Raises `InvocationPending` where the bridge waits.
        """
        shard = _Shard(asked, batch, self._terms)
        requests = self._terms.planner.requests(
            asked[0].context, [item.path for item in asked], problems=problems_of(batch, asked)
        )
        try:
            for request in requests:
                self._afford(request)
                self.requests += 1
                self._reserve(request)
                with closing(self._events(request, batch)) as events:
                    for event in events:
                        self._take(event, shard)
                self._release(request)
        except (WorkError, TemplateCreateError) as exc:
            if isinstance(exc, InvocationPending):
                raise
            self._release(request)
            shard.broke(exc)
        finally:
            shard.undo_edits()
        return shard.rest()

    def put(self, path: Path, text: str) -> None:
        """``text``, the stored result of an agent, in its file, whatever is there: the text that
        it was made from, after a kill; what others wrote since is set aside."""
        now = path.read_bytes() if path.is_file() else None
        if now == text.encode("utf-8"):
            return
        origins = self._terms.origins
        if now is None or (
            origins is not None
            and origins.of(now.decode("utf-8", "surrogateescape")) != origins.of(text)
        ):
            self._terms.set_aside(path)
        write_atomically(path, text)

    def _afford(self, request: FittedRequest) -> None:
        """Tells what the request takes; raises `BudgetError` where it could cost too much."""
        terms = self._terms
        if terms.ledger is not None:
            known = request.cost_usd
            if known is None and getattr(self._bridge, "keeps_budget", False):
                known = 0.0  # the bridge ends by itself at what is left
            terms.ledger.check(known, terms.max_cost_usd, model=request.model)
        if request.model:
            terms.notify(request.says)

    def _reserve(self, request: FittedRequest) -> None:
        """Counts the request as it is estimated, so that one that is killed was not free."""
        if self._terms.ledger is not None and request.model and request.cost_usd is not None:
            self._reserved = self._terms.ledger.record(_estimated(request))

    def _release(self, request: FittedRequest) -> None:
        """A request that ended without a bill, as one that was not accepted, cost nothing."""
        if self._reserved and self._terms.ledger is not None:
            nothing = replace(_estimated(request), input_tokens=0, output_tokens=0, cost_usd=0.0)
            self._terms.ledger.record(nothing, replaces=self._reserved)
        self._reserved = ""

    def _left(self, request: FittedRequest) -> dict[str, float]:
        """What the request may cost at most, and how long its answer may then be: an answer
        longer than expected is cut, and what it left out asked for if there is money left."""
        terms = self._terms
        reserved = bool(self._reserved)  # its own estimate is among what is spent already
        if terms.max_cost_usd is None:
            return {}
        spent = terms.ledger.spent().usd if terms.ledger is not None else 0.0
        left = max(0.0, terms.max_cost_usd - spent + (request.cost_usd or 0.0) * reserved)
        most = request.most_output(left)
        return {"max_cost_usd": left} | ({} if most is None else {"max_output_tokens": most})

    def _events(self, fitted: FittedRequest, batch: Batch) -> Generator[AnswerEvent, None, None]:
        """The answer as it comes; from a bridge that does not stream, all of it at once."""
        request = fitted.document
        said: dict[str, Any] = {
            "agent_name": CONTENT_ENHANCER,
            "input_data": request,
            "context": {
                "mode": self._mode,
                "agent_count": len(request["agents"]),
                "template_count": len(request["template_catalog"]),
                "phase": "7.5",
                "attempt": batch.attempt,
                **fitted.estimate,
                **self._left(fitted),
                "cache_prompt": self._mode == "single" or (batch.total or 1) > 1,
            },
        }
        if isinstance(self._bridge, StreamingBridge):
            yield from self._bridge.stream(**said)
        else:
            names = [agent["name"] for agent in request["agents"]]
            yield from read_answer(self._bridge.invoke(**said), names)

    def _take(self, event: object, shard: _Shard) -> None:
        match event:
            case AnsweredAgent():
                shard.take(event)
            case RequestUsage():
                self.usage.append(event)
                if self._terms.ledger:
                    self._terms.ledger.record(event, replaces=self._reserved)
                    self._reserved = ""
            case Issue():
                shard.unread.append(event)
            case _:  # a bridge of a user, which no type checker saw
                shown = repr(event)
                raise TaskError(
                    f"{type(self._bridge).__name__} streamed {shown[:200]} "
                    f"({type(event).__name__}), which is no event of an answer",
                    hint="a StreamingBridge yields AnsweredAgent, RequestUsage and Issue; a "
                    "bridge that answers with dicts has `invoke` and no `stream`",
                )


class _Shard:
    """The agents of one request: what became of each so far."""

    def __init__(self, asked: Sequence[Asked], batch: Batch, terms: Terms) -> None:
        self._terms = terms
        self._batch = batch
        self._context = asked[0].context
        self._known = KnownIds.of(self._context)
        self._open = {item.path.stem: item for item in asked}
        self._before = {item.path: item.path.read_bytes() for item in asked}
        self._refused: dict[str, ItemFailure] = {}
        self._broken: Exception | None = None
        self.unread: list[Issue] = []

    def take(self, answered: AnsweredAgent) -> None:
        """Judges one agent's answer; an accepted one is stored, then written."""
        item = self._open.get(answered.name)
        if item is None:
            logger.warning("an answer for %s was not asked for", answered.name)
            return
        applied = apply_answer(
            spec_for(item.path, self._context),
            parse_answer(
                {"enhancements": [{**answered.data, "agent_name": answered.name}]},
                [answered.name],
                self._known,
            ),
            self._context,
            current=self._before[item.path].decode("utf-8"),
            profile=self._terms.profile,
            enhancement=self._terms.enhancement,
        )
        if not applied.text:
            logger.info("refused %s: %s", answered.name, applied.error)
            self._refused[item.key] = _refusal(applied)
            return
        del self._open[answered.name]
        self._refused.pop(item.key, None)
        if self._terms.origins is not None:  # before the result is: a kill may come between
            before = self._before[item.path].decode("utf-8", "surrogateescape")
            self._terms.origins.remember(before, applied.text)
        self._batch.complete(item, applied)
        self._set_edits_aside(item.path)
        write_atomically(item.path, applied.text)
        logger.info("enhanced %s: %d lines", answered.name, applied.text.count("\n"))

    def broke(self, error: Exception) -> None:
        """The answer ended early: what is still open failed by ``error``."""
        logger.info("the answer ended early: %s", error)
        self._broken = error if isinstance(error, WorkError) else _as_work_error(error)

    def rest(self) -> dict[str, Applied | ItemFailure]:
        """Why each agent that was not accepted has no result, by key."""
        return {
            item.key: self._refused.get(item.key) or self._unanswered(name)
            for name, item in self._open.items()
        }

    def undo_edits(self) -> None:
        """Puts back agents that a host edited itself instead of answering (F22)."""
        for item in self._open.values():
            if self._set_edits_aside(item.path):
                write_atomically(item.path, self._before[item.path].decode("utf-8"))

    def _set_edits_aside(self, path: Path) -> bool:
        """Whether others changed the file since it was asked for."""
        edited = not path.is_file() or path.read_bytes() != self._before[path]
        if edited:
            self._terms.set_aside(path)
        return edited

    def _unanswered(self, name: str) -> ItemFailure:
        if self._broken is not None:
            return ItemFailure(self._broken)
        own = [issue for issue in self.unread if issue.agent == name]
        if own:
            told = "; ".join(f"{issue.rule} at {issue.place}: {issue.message}" for issue in own)
            details = [asdict(issue) for issue in own]
            return ItemFailure(RejectedResultError(told, details=details))
        general = [issue for issue in self.unread if not issue.agent]
        why = f" ({general[0].message})" if general else ""
        details = [asdict(issue) for issue in general]
        return ItemFailure(MissingResultError(f"the answer leaves it out{why}", details=details))


def _estimated(request: FittedRequest) -> RequestUsage:
    """What a request is thought to take; calibration does not learn from it."""
    return RequestUsage(
        request_id="unanswered",
        model=request.model,
        agents=tuple(agent["name"] for agent in request.document["agents"]),
        input_tokens=request.input_tokens,
        output_tokens=request.output_tokens,
        cost_usd=request.cost_usd,
    )


def _refusal(applied: Applied) -> ItemFailure:
    errors = [issue for issue in applied.issues if issue.severity == "error"]
    details = [asdict(issue) for issue in errors or applied.issues]
    return ItemFailure(RejectedResultError(applied.error, details=details))


def _as_work_error(error: Exception) -> WorkError:
    hint = error.hint if isinstance(error, TemplateCreateError) else ""
    return TaskError(f"the bridge failed: {error}", hint=hint)


def problems_of(batch: Batch, asked: Sequence[Asked]) -> dict[str, tuple[str, ...]]:
    """Why the last answer for each agent was refused, in the words of the rules."""
    found = {}
    for item in asked:
        record = batch.previous.get(item.key)
        if record is None or record.category is not ErrorCategory.VALIDATION:
            continue
        told = [
            f"{issue['rule']} at {issue['place']}: {issue['message']}"
            + (f" ({issue['fix']})" if issue["fix"] else "")
            for issue in record.details
        ]
        found[item.path.stem] = tuple(told) or (record.error,)
    return found
