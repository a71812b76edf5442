"""A model behind the Messages API: agents handed over one by one while it still writes.

One call, always streamed, never repeated from here: what failed is raised as a typed error
after everything that was complete, and the engine asks again for the rest. (DESIGN section 5;
facts/llm-api.md sections 1 and 2; docs/api-bridge.md.)
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from batch_engine.core import TransientError
from template_creation.bridges.api.answer import Answer, Call
from template_creation.bridges.api.client import ApiClient, base_url_of, read_key, shown_url
from template_creation.bridges.api.failures import Failures, NotAcceptedError
from template_creation.bridges.api.parameters import Parameters
from template_creation.bridges.whole import whole_answer
from template_creation.errors import BadInput
from template_creation.exchange import PriceList, answer_limit, load_prices
from template_creation.values.agent import Issue
from template_creation.values.answer import AnswerEvent
from template_creation.values.enhancement import Effort, Structured

if TYPE_CHECKING:
    from collections.abc import Generator

    import httpx2

__all__ = ["ApiBridge"]

logger = logging.getLogger(__name__)

VENDOR = "https://api.anthropic.com"
VENDOR_SILENCE_S = 60.0
OWN_SILENCE_S = 300.0
"""The longest silence: the vendor's API sends pings, a server of one's own says nothing while
it reads a long prompt."""


class ApiBridge:
    """A `StreamingBridge` to a model, by the anthropic SDK.

    ``api_key`` is read from ``ANTHROPIC_API_KEY`` at each call where it is not given; it is in
    no message, log or representation. ``base_url`` names a compatible server (``http://...``),
    else ``ANTHROPIC_BASE_URL`` does; of such a server nothing is assumed: it gets no schema
    (unless ``structured="on"``) and no effort (unless one is given). ``prices`` says what the
    vendor's models take and cost; ``max_output_tokens`` bounds an answer, thinking included.

    Times are in seconds: ``connect_timeout_s`` for a connection, ``read_timeout_s`` for the
    longest silence (None: 60, or 300 for a server at ``base_url``), ``deadline_s`` for the whole
    call; ``retry_after_cap_s`` bounds what a server may ask to wait. ``http_client`` (an
    ``httpx2.Client``) and ``clock`` are for tests.

    Raises `BadInput` for a setting that cannot be used.

    >>> ApiBridge(model="claude-sonnet-5-5", api_key="sk-secret")
    ApiBridge(model='claude-sonnet-5-5')
    """

    def __init__(
        self,
        *,
        model: str,
        api_key: str | None = None,
        base_url: str | None = None,
        prices: PriceList | None = None,
        max_output_tokens: int | None = None,
        effort: Effort | None = None,
        structured: Structured = "auto",
        connect_timeout_s: float = 10.0,
        read_timeout_s: float | None = None,
        deadline_s: float = 600.0,
        retry_after_cap_s: float = 60.0,
        http_client: httpx2.Client | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not model.strip():
            raise BadInput("the api bridge needs a model", hint="name one with --model")
        for name, value in (
            ("connect_timeout_s", connect_timeout_s),
            ("read_timeout_s", 1 if read_timeout_s is None else read_timeout_s),
            ("deadline_s", deadline_s),
            ("max_output_tokens", 1 if max_output_tokens is None else max_output_tokens),
        ):
            if not value > 0:
                raise BadInput(f"{name} is {value!r}", hint="give a number above 0")
        self.model = model
        self.identity = f"api {model}"
        self._api_key = api_key
        self._base_url = base_url_of(base_url)
        self._prices = prices or load_prices()
        known = self._prices.model(model)
        self._parameters = Parameters(
            model,
            None if self._is_foreign else known,
            room=answer_limit(known, own_server=self._is_foreign),
            structured=structured,
            effort=effort,
            max_output_tokens=max_output_tokens,
        )
        self._connect_timeout_s = connect_timeout_s
        silence = OWN_SILENCE_S if self._is_foreign else VENDOR_SILENCE_S
        self._read_timeout_s = min(read_timeout_s or silence, deadline_s)
        self._deadline_s = deadline_s
        self._retry_after_cap_s = retry_after_cap_s
        self._http_client = http_client
        self._clock = clock

    def __repr__(self) -> str:
        return f"ApiBridge(model={self.model!r})"

    @property
    def max_answer_tokens(self) -> int:
        """The most tokens that an answer may take, thinking included; requests that need more
        room are to be planned smaller."""
        return self._parameters.max_tokens()

    def prompt(self, input_data: Mapping[str, Any]) -> str:
        """What `stream` sends for the request document ``input_data``."""
        return self._parameters.prompt(input_data)

    def stream(
        self,
        *,
        agent_name: str,
        input_data: Mapping[str, Any],
        context: Mapping[str, Any],
    ) -> Generator[AnswerEvent]:
        """Each agent as its object closes; then what was not taken, then the `RequestUsage`.

        ``context`` may say ``max_output_tokens``, ``estimated_input_tokens`` with its
        ``estimator``, and ``cache_prompt`` (further requests share the first part of this one's
        prompt, so that the API should keep it).
        A failure is raised after all that; where every agent was complete before it, it is an
        `Issue` instead. A server's 400 about a parameter costs one request more: without it, as
        all further ones, and told as an `Issue`. Closing the generator ends the call.
        """
        client, parameters = self._client(), self._parameters
        client.load()
        call = Call(
            names=tuple(agent["name"] for agent in input_data["agents"]),
            max_tokens=parameters.max_tokens(context.get("max_output_tokens")),
            started=self._clock(),
            clock=self._clock,
            deadline_s=self._deadline_s,
            context=context,
        )
        for is_last in (False, True):
            cache = bool(context.get("cache_prompt"))
            body = parameters.body(input_data, call.max_tokens, cache=cache)
            logger.debug(
                "asking %s for %d agents: %d bytes, at most %d tokens, schema %s",
                self.model,
                len(call.names),
                len(json.dumps(body)),
                call.max_tokens,
                parameters.style(input_data),
            )
            with ExitStack() as stack:
                try:
                    opened = stack.enter_context(client.opened(body))
                except NotAcceptedError as exc:
                    refused = exc
                else:
                    answer = Answer(call, parameters, client.failures, self._prices)
                    yield from answer.events(opened)
                    return
            instead = parameters.give_up(refused.message)
            if not instead:
                raise refused
            if is_last:
                raise TransientError(f"{refused.message}; {instead}")
            logger.info("%s; %s", refused.message, instead)
            yield Issue("request-parameter", "$", refused.message, instead, "warning")

    def invoke(
        self,
        *,
        agent_name: str,
        input_data: Mapping[str, Any],
        context: Mapping[str, Any],
    ) -> dict[str, Any]:
        """What `stream` hands over, as one object (see `whole_answer`)."""
        return whole_answer(
            self.stream(agent_name=agent_name, input_data=input_data, context=context)
        )

    def count_tokens(self, input_data: Mapping[str, Any]) -> int:
        """The API's count of the prompt for the request document ``input_data``; it costs
        nothing. Raises a `WorkError` where the server does not count, or could not be asked."""
        return self._client().count(self._parameters.counted(input_data))

    @property
    def _is_foreign(self) -> bool:
        return bool(self._base_url) and self._base_url != VENDOR

    def _client(self) -> ApiClient:
        key = read_key(self._api_key, base_url=self._base_url if self._is_foreign else "")
        failures = Failures(
            model=self.model,
            base_url=shown_url(self._base_url) if self._is_foreign else "",
            known_models=tuple(self._prices.models),
            retry_after_cap_s=self._retry_after_cap_s,
            hide=key.hide,
            now=lambda: datetime.now(UTC),
        )
        return ApiClient(
            key=key,
            base_url=self._base_url,
            failures=failures,
            connect_timeout_s=self._connect_timeout_s,
            read_timeout_s=self._read_timeout_s,
            http_client=self._http_client,
        )
