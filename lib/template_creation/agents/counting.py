"""The API's own count of a prompt that is about to be sent, where the bridge can ask for it.

The count is free, but it is a call with the whole prompt: none is made for a dry run, few are
made for a run, and none after one that failed. (facts/llm-api.md sections 1 and 5.)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from batch_engine.core import WorkError
from template_creation.agents.plans import RequestPlan
from template_creation.bridges import AgentBridgeInvoker
from template_creation.exchange.tokens import PLAUSIBLE

__all__ = ["Counter"]

MOST_COUNTS = 20
"""Calls for a count in a process. With one request for each agent the first ones are enough to
see whether the estimate is right."""


SHORT_WAIT_S = 0.2
LONGEST_WAIT_S = 2.0
"""What a server may ask to wait for a count; the request itself waits longer."""


class Counter:
    """Asks ``bridge`` for its count of prompts, if it offers one (``count_tokens``).

    ``why`` says why it gave none; empty where it was not asked.
    """

    def __init__(
        self, bridge: AgentBridgeInvoker | None, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        self._sleep = sleep
        self._ask: Callable[[Mapping[str, Any]], int] | None
        self._ask = getattr(bridge, "count_tokens", None)
        self._left = MOST_COUNTS
        self.why = ""

    def counts(self, plan: RequestPlan) -> list[int | None]:
        """For each request of ``plan`` the API's count of its prompt, or None."""
        return [self._count(item.document, item.input_tokens) for item in plan.requests]

    def _count(self, document: Mapping[str, Any], estimated: int) -> int | None:
        if self._ask is None or self.why:
            return None
        if not self._left:
            self.why = f"it was asked {MOST_COUNTS} times"
            return None
        try:
            count = self._asked(self._ask, document)
        except WorkError as exc:  # the request itself will meet the same, or do without
            self.why = exc.message
            return None
        low, high = PLAUSIBLE
        if not low <= count / max(1, estimated) <= high:
            self.why = f"{count:,} cannot be the tokens of a prompt of about {estimated:,}"
            return None
        return count

    def _asked(self, ask: Callable[[Mapping[str, Any]], int], document: Mapping[str, Any]) -> int:
        """The count, asked for once more where that may help soon."""
        self._left -= 1
        try:
            return ask(document)
        except WorkError as exc:
            wait = SHORT_WAIT_S if exc.retry_after_s is None else exc.retry_after_s
            if not exc.retryable or not self._left or wait > LONGEST_WAIT_S:
                raise
        self._sleep(wait)
        self._left -= 1
        return ask(document)
