"""A model that answers single prompts of any kind: what ``agent`` steps of workflows ask.

Nothing of the enhancement is in it, only the client below: streamed, every failure named, never
repeated from here.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from batch_engine.core import (
    BudgetError,
    ItemValidationError,
    NetworkError,
    RejectedResultError,
    WorkTimeoutError,
)
from template_creation.bridges.api.client import ApiClient, base_url_of, read_key, shown_url
from template_creation.bridges.api.failures import Failures
from template_creation.bridges.api.message import MessageReader
from template_creation.bridges.api.sse import server_events
from template_creation.errors import BadInput
from template_creation.exchange import PriceList, TokenCounts, estimate_tokens, load_prices
from template_creation.values.answer import RequestUsage

if TYPE_CHECKING:
    import httpx2

__all__ = ["Book", "PromptBridge", "Total"]

MAX_OUTPUT_TOKENS = 4_000
_FENCED = re.compile(r"\s*```(?:json)?\s*\n(.*?)\n```\s*", re.DOTALL)


class Total(Protocol):
    """What all requests of a run took: US dollars, and how many have no known price."""

    @property
    def usd(self) -> float:
        """In US dollars, as far as prices are known."""
        ...

    @property
    def unpriced(self) -> int:
        """Requests that have no known price."""
        ...


class Book(Protocol):
    """Where the requests of a run are kept, over all processes that worked on it."""

    def record(self, usage: RequestUsage, *, replaces: str = "") -> str:
        """Keeps ``usage``, in place of an earlier row if one is named; gives its row's name."""
        ...

    def spent(self) -> Total:
        """What all of them took."""
        ...


@dataclass(slots=True)
class _Spent:
    """What was spent, by this process and ``before`` by others, and what the calls under way may
    spend, in US dollars; ``unpriced`` counts earlier requests of which nobody knows."""

    usd: float = 0.0
    at_most: float = 0.0
    before: float = 0.0
    unpriced: int = 0
    lock: Lock = field(default_factory=Lock)


class PromptBridge:
    """An `AgentBridgeInvoker` to a model behind the Messages API, for single prompts.

    ``input_data`` has the ``prompt``; whatever else is in it follows the prompt as JSON. The
    answer has ``text``, ``data`` where the text is a JSON mapping, ``model`` and ``usage``.
    ``max_output_tokens`` of the input bounds an answer (default 4,000).

    ``max_cost_usd`` bounds what this object spends, and with `keep` all that a run spends: a call
    that might go beyond it raises `BudgetError` before anything is sent. It needs a model whose
    price is known. Key, address and times are as in `template_creation.bridges.ApiBridge`.

    >>> PromptBridge(model="claude-haiku-5-5", api_key="sk-secret")
    PromptBridge(model='claude-haiku-5-5')
    """

    def __init__(
        self,
        *,
        model: str,
        api_key: str | None = None,
        base_url: str | None = None,
        prices: PriceList | None = None,
        max_cost_usd: float | None = None,
        max_output_tokens: int = MAX_OUTPUT_TOKENS,
        connect_timeout_s: float = 10.0,
        read_timeout_s: float = 60.0,
        deadline_s: float = 600.0,
        http_client: httpx2.Client | None = None,
    ) -> None:
        if not model.strip():
            raise BadInput("the api bridge needs a model", hint="name one with --model")
        self.model = model
        self.identity = f"api {model}"
        self._api_key = api_key
        self._base_url = base_url_of(base_url)
        self._prices = prices or load_prices()
        self.max_cost_usd = max_cost_usd
        self._priced = self._prices.cost(model, TokenCounts(1, 1)) is not None
        if max_cost_usd is not None and not self._priced:
            raise BadInput(
                f"what {model!r} costs is not known, so that --max-cost cannot be kept",
                hint="leave --max-cost out, or give the price: docs/enhancement-costs.md",
            )
        self._max_output = max_output_tokens
        self._connect_timeout_s, self._read_timeout_s = connect_timeout_s, read_timeout_s
        self._deadline_s = deadline_s
        self._http_client = http_client
        self._spent = _Spent()
        self._book: Book | None = None

    def __repr__(self) -> str:
        return f"PromptBridge(model={self.model!r})"

    @property
    def spent_usd(self) -> float:
        """What the calls so far have cost, in US dollars, as far as prices are known."""
        return self._spent.usd

    @property
    def spent_before_usd(self) -> float:
        """What earlier processes have spent for the same run; see `keep`."""
        return self._spent.before

    def keep(self, book: Book) -> None:
        """From now on every request is kept in ``book``, before it is sent and again with what
        it took, so that a run that was killed and goes on knows what it has spent."""
        known = book.spent()
        self._book = book
        self._spent = _Spent(before=known.usd, unpriced=known.unpriced)

    def invoke(
        self, *, agent_name: str, input_data: Mapping[str, Any], context: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The model's answer. Raises the errors of the bridges; `RejectedResultError` for an
        answer without text, `BudgetError` at the limit of the cost."""
        prompt, most = _prompt(input_data), input_data.get("max_output_tokens", self._max_output)
        if isinstance(most, bool) or not isinstance(most, int) or most < 1:
            raise ItemValidationError(
                f"max_output_tokens is {most!r}", hint="give a whole number above 0"
            )
        reserved = self._reserve(prompt, most)
        # Until it is known what it took, a call that a kill may cut counts as the dearest.
        row = self._note(TokenCounts(0, 0), reserved if self._priced else None, "")
        message = MessageReader()
        try:
            text = self._asked(prompt, most, message)
        finally:  # what a broken answer took is paid for too
            counts = _counts(message)
            self._settle(reserved, counts)
            self._note(counts, self._prices.cost(self.model, counts), row)
        answer: dict[str, Any] = {"text": text, "model": self.model}
        answer["stop_reason"] = message.stop_reason
        if (data := _data(text)) is not None:
            answer["data"] = data
        answer["usage"] = {
            "input_tokens": counts.input_tokens,
            "output_tokens": counts.output_tokens,
            "cost_usd": self._prices.cost(self.model, counts),
        }
        return answer

    # -- one call ---------------------------------------------------------------------------

    def _asked(self, prompt: str, most: int, message: MessageReader) -> str:
        client, pieces = self._client(), []
        client.load()
        body = {
            "model": self.model,
            "max_tokens": most,
            "messages": [{"role": "user", "content": prompt}],
        }
        started = time.monotonic()
        with client.opened(body) as opened:
            for event in server_events(self._in_time(opened.chunks, started)):
                if event.get("type") == "error":
                    raise client.failures.of_event(event, opened.request_id)
                pieces.append(message.take(event))
                if message.stopped:
                    break
        if not message.stopped:
            raise NetworkError("the stream ended before the answer was whole")
        text = "".join(pieces)
        failure = client.failures.of_stop(
            message.stop_reason, message.stop_details, finished=0, max_tokens=most
        )
        if failure is not None:
            raise failure
        if not text.strip():
            raise RejectedResultError("the answer is empty")
        return text

    def _in_time(self, chunks: Iterator[bytes], started: float) -> Iterator[bytes]:
        for chunk in chunks:
            yield chunk
            if time.monotonic() - started > self._deadline_s:
                raise WorkTimeoutError(
                    f"the answer was not whole after {self._deadline_s:g} seconds"
                )

    def _client(self) -> ApiClient:
        foreign = self._base_url
        key = read_key(self._api_key, base_url=foreign)
        failures = Failures(
            model=self.model,
            base_url=shown_url(foreign),
            known_models=tuple(self._prices.models),
            retry_after_cap_s=60.0,
            hide=key.hide,
            now=lambda: datetime.now(UTC),
        )
        return ApiClient(
            key=key,
            base_url=foreign,
            failures=failures,
            connect_timeout_s=self._connect_timeout_s,
            read_timeout_s=self._read_timeout_s,
            http_client=self._http_client,
        )

    # -- money ------------------------------------------------------------------------------

    def _reserve(self, prompt: str, most: int) -> float:
        """What the call may cost at most, as far as its price is known; noted until it is over."""
        limit = self.max_cost_usd
        if limit is not None and self._spent.unpriced:
            raise BudgetError(
                "what earlier answers of this run have cost is not known, so that --max-cost "
                "cannot be kept",
                hint="leave --max-cost out, or begin another run",
            )
        counts = TokenCounts(estimate_tokens(prompt), most)
        at_most = self._prices.cost(self.model, counts) or 0.0
        spent = self._spent
        with spent.lock:
            known = spent.before + spent.usd
            if limit is not None and known + spent.at_most + at_most > limit:
                raise BudgetError(
                    f"${known:.4f} is spent, and the next answer may cost ${at_most:.4f}: "
                    f"the limit is ${limit:g}",
                    hint="go on with a higher --max-cost; what is answered is kept",
                )
            spent.at_most += at_most
        return at_most

    def _note(self, counts: TokenCounts, cost: float | None, row: str) -> str:
        if self._book is None:
            return ""
        usage = RequestUsage(
            request_id="prompt",
            model=self.model,
            agents=(),
            input_tokens=counts.input_tokens,
            output_tokens=counts.output_tokens,
            cache_read_tokens=counts.cache_read_tokens,
            cache_write_tokens=counts.cache_write_tokens,
            cost_usd=cost,
        )
        return self._book.record(usage, replaces=row)

    def _settle(self, reserved: float, counts: TokenCounts) -> None:
        spent = self._spent
        with spent.lock:
            spent.at_most -= reserved
            spent.usd += self._prices.cost(self.model, counts) or 0.0


def _counts(message: MessageReader) -> TokenCounts:
    return TokenCounts(
        message.input_tokens,
        message.output_tokens,
        message.cache_read_tokens,
        message.cache_write_tokens,
    )


def _prompt(input_data: Mapping[str, Any]) -> str:
    prompt = input_data.get("prompt")
    if not isinstance(prompt, str) or not prompt.strip():
        raise ItemValidationError("there is no prompt to ask", hint="give the agent step a prompt")
    skipped = ("prompt", "max_output_tokens")
    rest = {name: value for name, value in input_data.items() if name not in skipped}
    if not rest:
        return prompt
    return f"{prompt}\n\n{json.dumps(rest, indent=1, ensure_ascii=False, default=str)}"


def _data(text: str) -> dict[str, Any] | None:
    """The JSON mapping that a text is, also in a fence."""
    fenced = _FENCED.fullmatch(text)
    try:
        value = json.loads(fenced[1] if fenced else text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
