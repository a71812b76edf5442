"""A bridge that asks a real server on loopback, and everything that came of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from batch_engine.core import EngineError
from template_creation.bridges import ApiBridge, OfflineBridge
from template_creation.fake_api import FakeMessagesServer, Received
from template_creation.values.agent import Issue
from template_creation.values.answer import AnsweredAgent, AnswerEvent, RequestUsage

KEY = "sk-ant-test-0123456789abcdefghij"


@dataclass
class Outcome:
    """What one call handed over, in order, and how it ended."""

    events: list[AnswerEvent] = field(default_factory=list)
    error: EngineError | None = None
    requests: list[Received] = field(default_factory=list)
    url: str = ""

    @property
    def agents(self) -> list[str]:
        return [item.name for item in self.events if isinstance(item, AnsweredAgent)]

    @property
    def issues(self) -> list[Issue]:
        return [item for item in self.events if isinstance(item, Issue)]

    @property
    def usage(self) -> RequestUsage:
        (found,) = (item for item in self.events if isinstance(item, RequestUsage))
        return found

    def listen(self, bridge: ApiBridge, document: Mapping[str, Any], **context: Any) -> None:
        """Asks once more, as the enhancer does."""
        try:
            self.events += bridge.stream(agent_name="x", input_data=document, context=context)
        except EngineError as exc:
            self.error = exc


Ask = Callable[..., Outcome]


@pytest.fixture
def key() -> str:
    """What every request is signed with."""
    return KEY


@pytest.fixture
def good(request_data: dict[str, Any]) -> str:
    """A whole answer for both agents of `request_data`, as text."""
    answer = OfflineBridge().invoke(agent_name="x", input_data=request_data, context={})
    return json.dumps(answer)


@pytest.fixture
def after_first(good: str) -> int:
    """How many characters of `good` hold the first agent, and a bit of the second."""
    _, end = json.JSONDecoder().raw_decode(good, good.index("[") + 1)
    return end + 12


@pytest.fixture
def ask(request_data: dict[str, Any]) -> Ask:
    """Asks a server with this script once; ``settings`` are the bridge's, ``context`` its
    context, ``server`` the fake's."""

    def asked(
        *script: Any,
        context: Mapping[str, Any] | None = None,
        server: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> Outcome:
        with FakeMessagesServer(*script, **(server or {})) as fake:
            settings = {"model": "claude-sonnet-5-5", "api_key": KEY, **settings}
            settings.setdefault("base_url", fake.url)
            outcome = Outcome(url=fake.url)
            outcome.listen(ApiBridge(**settings), request_data, **(context or {}))
            outcome.requests = fake.requests
            return outcome

    return asked
