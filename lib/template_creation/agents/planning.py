"""Requests as they will be asked: which agents together, how large, and at what price.

One place that brings together what was chosen (`EnhancementOptions`), what is known of the
model (`PriceList`), what the bridge allows and counts, and what earlier requests taught
(`Ledger`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from template_creation.agents.budget import plan_requests
from template_creation.agents.context import EnhancementContext
from template_creation.agents.counting import Counter
from template_creation.agents.files import spec_for
from template_creation.agents.ledger import Ledger
from template_creation.agents.plans import Limits, PlannedRequest, RequestPlan
from template_creation.agents.request import build_request
from template_creation.bridges import AgentBridgeInvoker
from template_creation.exchange import (
    Estimator,
    ModelFacts,
    PriceList,
    TokenCounts,
    answer_limit,
    load_prices,
    pick_estimator,
    render_batch_prompt,
    request_document,
)
from template_creation.values.agent import AgentSpec
from template_creation.values.enhancement import EnhancementOptions

__all__ = ["FittedRequest", "Planner"]

PROMPT_MARGIN = 1.25
"""So many times its estimate a prompt may be counted by the model."""

HOST_TOKENS = 20_000
"""What a host reads of a prompt file without cutting it; some refuse more than 25,000 tokens, and
the estimate may be low (F11, facts/claude-code-and-agent-files.md)."""


@dataclass(frozen=True, slots=True)
class FittedRequest:
    """A request as it is asked, with what it is thought to take.

    ``input_tokens`` and ``output_tokens`` are by ``estimator``. ``counted`` is the API's own
    count of the prompt, which the price is then for; None where it gave none, and ``uncounted``
    says why if it was asked. ``model`` is empty where no model is asked; ``cost_usd`` and
    ``output_token_usd`` are None where no price is known.
    """

    document: dict[str, Any]
    input_tokens: int
    output_tokens: int
    estimator: str
    model: str = ""
    cost_usd: float | None = None
    output_token_usd: float | None = None
    counted: int | None = None
    uncounted: str = ""

    def most_output(self, usd: float) -> int | None:
        """The longest answer, in tokens, that keeps the request within ``usd`` although the
        prompt is somewhat longer than estimated; None where no price is known."""
        if self.cost_usd is None or not self.output_token_usd:
            return None
        prompt_usd = self.cost_usd - self.output_tokens * self.output_token_usd
        return max(1, int((usd - prompt_usd * PROMPT_MARGIN) / self.output_token_usd))

    @property
    def estimate(self) -> dict[str, Any]:
        """What a bridge is told of it, so that an answer can be compared with it."""
        return {
            "estimated_input_tokens": self.input_tokens,
            "expected_output_tokens": self.output_tokens,
            "estimator": self.estimator,
            "counted_input_tokens": self.counted or 0,
        }

    @property
    def says(self) -> str:
        """For a person, before the request is made."""
        count = len(self.document["agents"])
        cost = "no price is known" if self.cost_usd is None else f"about ${self.cost_usd:.4f}"
        out = f"{self.output_tokens:,} out ({self.estimator}"
        if self.counted is None:
            why = f"; the API did not count it: {self.uncounted}" if self.uncounted else ""
            tokens = f"{self.input_tokens:,} tokens in and {out}{why})"
        else:
            tokens = f"{self.counted:,} tokens in (counted by the API) and {out})"
        return (
            f"Asking {self.model} for {count} {'agent' if count == 1 else 'agents'}: about "
            f"{tokens}, {cost}."
        )


class Planner:
    """Fits requests into the limits of the model that ``options`` choose, and into what
    ``bridge`` lets an answer be; asks it for its count of what is going to be sent.

    Without ``prices`` the shipped list; ``ledger`` calibrates the estimate.
    """

    def __init__(
        self,
        options: EnhancementOptions,
        *,
        bridge: AgentBridgeInvoker | None = None,
        prices: PriceList | None = None,
        ledger: Ledger | None = None,
    ) -> None:
        self._options = options
        self._bridge = bridge
        self._counter = Counter(bridge)
        self._given_prices = prices
        self._ledger = ledger

    def groups(
        self, context: EnhancementContext, paths: Sequence[Path]
    ) -> tuple[tuple[str, ...], ...]:
        """The names of the agents in ``paths`` as they are asked for together."""
        if self._asks_no_model:
            size = 1 if self._one_by_one(len(paths)) else max(1, len(paths))
            names = [path.stem for path in paths]
            return tuple(tuple(names[i : i + size]) for i in range(0, len(names), size))
        return self._plan(context, paths, self._limits(len(paths)), {}).groups

    def plan(
        self,
        context: EnhancementContext,
        paths: Sequence[Path],
        *,
        problems: Mapping[str, Sequence[str]],
    ) -> RequestPlan:
        """What `requests` would ask for the agents in ``paths``, also of a bridge that is no
        model; nobody is asked."""
        limits = replace(self._limits(len(paths)), agents=None)
        return self._plan(context, paths, limits, problems)

    def merged(self, plans: Iterable[RequestPlan]) -> RequestPlan:
        """The requests of several plans as one plan."""
        requests = tuple(item for plan in plans for item in plan.requests)
        return RequestPlan(
            requests, self._options.contract, self._estimator.name, self._limits(len(requests))
        )

    def requests(
        self,
        context: EnhancementContext,
        paths: Sequence[Path],
        *,
        problems: Mapping[str, Sequence[str]],
    ) -> tuple[FittedRequest, ...]:
        """What is asked for the agents in ``paths``, which were planned together; ``problems``
        says why their last answers were refused. One request, or more where the reasons take
        the room of some, or where the API counts more than fits."""
        if self._asks_no_model:
            request = build_request(
                context, _specs(context, paths), current=self._current(paths), problems=problems
            )
            return (FittedRequest(request_document(request), 0, 0, "not counted"),)
        plan = self.plan(context, paths, problems=problems)
        counts = self._counter.counts(plan)
        times = _excess(plan, counts)
        if times > 1:  # what is left out differs from a dry run then, as that asks no server
            plan = self._plan(context, paths, plan.limits, problems, times=times)
            counts = self._counter.counts(plan)
        return tuple(
            self._fitted(asked, count, times)
            for asked, count in zip(plan.requests, counts, strict=True)
        )

    def _fitted(self, asked: PlannedRequest, counted: int | None, times: float) -> FittedRequest:
        tokens = asked.input_tokens if counted is None else counted
        model = self._model_name
        cost = self._prices.cost(model, TokenCounts(tokens, asked.output_tokens))
        prompt = self._prices.cost(model, TokenCounts(tokens, 0))
        answer = None if cost is None or prompt is None else cost - prompt
        return FittedRequest(
            document=asked.document,
            input_tokens=round(asked.input_tokens / times),  # calibration learns from it
            output_tokens=asked.output_tokens,
            estimator=self._estimator.name,
            model=model or ("claude" if self._options.bridge.kind == "claude" else ""),
            cost_usd=cost,
            output_token_usd=None if answer is None else answer / max(1, asked.output_tokens),
            counted=counted,
            uncounted=self._counter.why,
        )

    def _plan(
        self,
        context: EnhancementContext,
        paths: Sequence[Path],
        limits: Limits,
        problems: Mapping[str, Sequence[str]],
        *,
        times: float = 1.0,
    ) -> RequestPlan:
        return plan_requests(
            context,
            _specs(context, paths),
            limits=limits,
            estimator=self._estimator.scaled(times),
            contract=self._options.contract,
            current=self._current(paths),
            problems=problems,
        )

    def report(self, plan: RequestPlan, *, max_cost_usd: float | None = None) -> dict[str, Any]:
        """``plan`` as plain JSON values, with the price of it where a model is asked, what the
        run spent before it, and what it may."""
        model = self._model_name
        cost = plan.cost(self._prices, model) if model else None
        return {
            **plan.report(),
            "bridge": self._options.bridge.describe(),
            "cost_usd": cost,
            "prices": self._prices.describe() if model else "",
            "spent_usd": self._ledger.spent().usd if model and self._ledger else 0.0,
            "max_cost_usd": max_cost_usd if model else None,
        }

    def prompts(self, plan: RequestPlan) -> tuple[str, ...]:
        """What each request would be to the model, as the bridge sends it."""
        prompt = getattr(self._bridge, "prompt", render_batch_prompt)
        return tuple(prompt(item.document) for item in plan.requests)

    def _current(self, paths: Sequence[Path]) -> dict[str, str] | None:
        """The texts of the agents, which only the markdown contract sends along."""
        if self._options.contract != "markdown":
            return None
        return {path.stem: path.read_text(encoding="utf-8") for path in paths}

    def _one_by_one(self, agents: int) -> bool:
        most = self._options.max_batch_agents
        return not self._options.use_batch_enhancement or (most is not None and agents > most)

    def _limits(self, agents: int) -> Limits:
        return Limits.of_model(
            self._model,
            output_tokens=self._most_output,
            input_tokens=HOST_TOKENS if self._options.bridge.kind == "file" else None,
            agents=1 if self._one_by_one(agents) else None,
        )

    @property
    def _most_output(self) -> int | None:
        """What requests will allow an answer: the bridge knows."""
        told = getattr(self._bridge, "max_answer_tokens", None)
        if told is not None:
            return int(told)
        choice = self._options.bridge
        if choice.kind != "api":
            return None
        limit = answer_limit(self._model, own_server=bool(choice.base_url))
        return choice.max_answer_tokens or limit

    @property
    def _asks_no_model(self) -> bool:
        told = getattr(self._bridge, "max_answer_tokens", None)
        return self._options.bridge.kind == "offline" and told is None

    @property
    def _model_name(self) -> str:
        """The model that is chosen, or that of a bridge which was given by itself."""
        chosen = self._options.bridge
        if chosen.kind != "offline":
            return chosen.model
        return "" if self._asks_no_model else str(getattr(self._bridge, "model", ""))

    @cached_property
    def _prices(self) -> PriceList:
        return self._given_prices if self._given_prices is not None else load_prices()

    @cached_property
    def _model(self) -> ModelFacts | None:
        return self._prices.model(self._model_name)

    @cached_property
    def _estimator(self) -> Estimator:
        ledger, model = self._ledger, self._model_name
        return pick_estimator(
            factor=self._model.tokens_per_o200k if self._model else None,
            calibrate=None if ledger is None else lambda name: ledger.calibration(model, name),
        )


def _specs(context: EnhancementContext, paths: Sequence[Path]) -> list[AgentSpec]:
    return [spec_for(path, context) for path in paths]


def _excess(plan: RequestPlan, counts: Sequence[int | None]) -> float:
    """How many times its estimate the API counts a prompt that does not fit then; 1 where all
    fit."""
    times = [1.0]
    for item, count in zip(plan.requests, counts, strict=True):
        most = plan.limits.most_input(item.output_tokens)
        if count is not None and most is not None and count > most:
            times.append(count / max(1, item.input_tokens))
    return max(times)
