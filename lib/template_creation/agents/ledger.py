"""What was asked of models and what it cost: rows in the run store, like everything else kept.

Money is counted where finished work is stored, so that a run that was killed and goes on knows
what it has spent. (DESIGN section 4; facts/llm-api.md section 5.)
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock

from batch_engine.core import BudgetError, ItemRow, RunStore, StepRef
from template_creation.exchange.tokens import Calibration, Measured, calibration_of
from template_creation.values.answer import RequestUsage

__all__ = ["STEP_REF", "Ledger", "Spent"]

STEP_REF = StepRef("model requests", "1")
"""A step of its own: no result of an agent is among its rows, and nothing prunes it."""

PRICE_HINT = "give its price in a file that TEMPLATE_CREATE_PRICES names, or leave out --max-cost"


@dataclass(frozen=True, slots=True)
class Spent:
    """What requests took so far. ``unpriced`` of the ``requests`` have no known price: ``usd``
    is then a lower bound, and `says` tells it."""

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    usd: float = 0.0
    unpriced: int = 0

    @property
    def says(self) -> str:
        """For people.

        >>> Spent(2, 9_000, 5_000, 0.25, 0).says
        '$0.2500 for 2 requests'
        >>> Spent(2, 9_000, 5_000, 0.25, 1).says
        'at least $0.2500 for 2 requests (no price is known for 1 of them)'
        """
        noun = "request" if self.requests == 1 else "requests"
        if not self.unpriced:
            return f"${self.usd:.4f} for {self.requests} {noun}"
        return (
            f"at least ${self.usd:.4f} for {self.requests} {noun} "
            f"(no price is known for {self.unpriced} of them)"
        )


class Ledger:
    """The requests of a store, appended as they are made.

    ``run`` tells the runs in one store apart: what a run has spent counts its own requests
    over all processes, while calibration learns from those of every run. One ledger may be
    used from several threads.
    """

    def __init__(self, store: RunStore, *, run: str = "") -> None:
        self._store = store
        self._run = run
        self._lock = Lock()

    def record(self, usage: RequestUsage, *, replaces: str = "") -> str:
        """Keeps ``usage``, durably; gives the name of its row.

        Every call is a row of its own, also under a ``request_id`` that is known: asking again
        costs again. A bridge that learns of its cost in two steps names the first row in
        ``replaces``.
        """
        with self._lock:
            counts = self._store.begin_step(STEP_REF)
            place = int(replaces.split(" ")[0]) if replaces else counts.ok + counts.failed
            key = replaces or f"{place:06d} {usage.request_id}"
            data = json.dumps({"run": self._run, **usage.to_json()}, ensure_ascii=False)
            self._store.put(STEP_REF, [ItemRow(key, "ok", data, position=place)])
        return key

    def requests(self, *, all_runs: bool = False) -> tuple[RequestUsage, ...]:
        """The requests of this run, or of all, oldest first."""
        return tuple(usage for run, usage in self._rows() if all_runs or run == self._run)

    def spent(self, *, all_runs: bool = False) -> Spent:
        """What the requests of this run took, or those of all."""
        found = self.requests(all_runs=all_runs)
        return Spent(
            requests=len(found),
            input_tokens=sum(_prompt_tokens(item) for item in found),
            output_tokens=sum(item.output_tokens for item in found),
            usd=sum(item.cost_usd or 0.0 for item in found),
            unpriced=sum(item.cost_usd is None for item in found),
        )

    def calibration(self, model: str, estimator: str) -> Calibration | None:
        """What earlier requests to ``model`` teach about ``estimator``; see `calibration_of`."""
        measured = (
            Measured(item.model, item.estimator, item.estimated_input_tokens, _prompt_tokens(item))
            for _, item in self._rows()
        )
        return calibration_of(measured, model, estimator)

    def check(self, next_usd: float | None, max_usd: float | None, *, model: str = "") -> None:
        """Raises `BudgetError` if a request that is thought to cost ``next_usd`` could bring
        this run above ``max_usd``; call it before each request. ``None`` for ``max_usd`` allows
        everything; what costs an unknown amount is not within any limit."""
        if max_usd is None:
            return
        spent = self.spent()
        if next_usd is None:
            raise BudgetError(
                f"no price is known for the model {model!r}, so --max-cost {max_usd:g} cannot "
                "be kept",
                hint=PRICE_HINT,
            )
        if spent.unpriced:
            raise BudgetError(
                f"--max-cost {max_usd:g} cannot be kept: {spent.says} so far",
                hint=PRICE_HINT,
            )
        if spent.usd + next_usd > max_usd:
            raise BudgetError(
                f"the next request is estimated at ${next_usd:.4f}; with {spent.says} so far "
                f"that is more than --max-cost {max_usd:g}",
                hint="what is finished is kept: raise --max-cost and run again with --resume",
            )

    def _rows(self) -> Iterator[tuple[str, RequestUsage]]:
        for row in self._store.items(STEP_REF):
            data = json.loads(row.data or "{}")
            yield data.get("run", ""), RequestUsage.from_json(data)


def _prompt_tokens(usage: RequestUsage) -> int:
    """The whole prompt: the API counts what the cache had or took apart."""
    return usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens
