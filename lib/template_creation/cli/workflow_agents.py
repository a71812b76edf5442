"""Who answers the agent steps of a workflow: files, a model, or an object of the user's own."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batch_engine.core import RunStore
from batch_engine.workflow import AgentInvoker, FileAgent, load_task_module
from template_creation.errors import BadInput

if TYPE_CHECKING:
    from template_creation.bridges import PromptBridge

__all__ = ["Asking"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What a user said about it; what is None was not said."""

    bridge: str | None = None
    model: str | None = None
    base_url: str | None = None
    max_cost: float | None = None

    def words(self) -> Iterator[str]:
        """The options again, for a command that goes on."""
        for name in ("bridge", "model", "base_url", "max_cost"):
            value = getattr(self, name)
            if value is not None:
                yield from (f"--{name.replace('_', '-')}", str(value))

    def announcement(self, invoker: AgentInvoker | None) -> str:
        """What a user should know before money is spent; empty where none is."""
        if self.bridge != "api" or invoker is None:
            return ""
        limit = getattr(invoker, "max_cost_usd", None)
        bound = "without a limit (--max-cost USD)" if limit is None else f"for at most ${limit:g}"
        return f"agent steps ask {getattr(invoker, 'model', 'a model')}, {bound}"

    def invoker(self) -> AgentInvoker | None:
        """Whoever answers; None where nobody was named. Raises `BadInput`."""
        if self.bridge != "api":
            for name in ("model", "base_url", "max_cost"):
                if getattr(self, name) is not None:
                    raise BadInput(f"--{name.replace('_', '-')} goes with --bridge api")
        if self.bridge is None:
            return None
        if self.bridge == "file":
            return FileAgent()
        if self.bridge == "api":
            return self._model()
        if self.bridge == "offline":
            raise BadInput(
                "the offline bridge answers the requests of template-create, not free prompts",
                hint="--bridge file (anybody answers, by files), api (a model), or MODULE:OBJECT",
            )
        return _imported(self.bridge)

    def _model(self) -> AgentInvoker:
        from template_creation.cli.configuration import load_configuration

        known = load_configuration()
        model = self.model or known.model
        if not model:
            raise BadInput("--bridge api needs a model", hint="name one with --model")
        return _of_run()(
            model=model,
            base_url=self.base_url or known.base_url,
            max_cost_usd=self.max_cost if self.max_cost is not None else known.max_cost,
        )


def _of_run() -> type[PromptBridge]:
    # Made when it is asked for: a run without a model loads none of this.
    from template_creation.agents import Ledger
    from template_creation.bridges import PromptBridge

    class OfRun(PromptBridge):
        """A model whose cost is bounded for the run, over all processes that worked on it."""

        def begin_run(self, store: RunStore) -> None:
            self.keep(Ledger(store))

    return OfRun


def _imported(who: str) -> AgentInvoker:
    module, colon, name = who.partition(":")
    if not colon:
        raise BadInput(f"--bridge is {who!r}", hint="file, api, MODULE:OBJECT or FILE.py:OBJECT")
    try:
        if module.endswith(".py"):
            load_task_module(module)
            module = Path(module).stem
        found: Any = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise BadInput(f"--bridge {who!r} cannot be found: {error}") from error
    agent = found() if isinstance(found, type) or not hasattr(found, "invoke") else found
    if not callable(getattr(agent, "invoke", None)):
        raise BadInput(f"--bridge {who!r} has no method invoke")
    invoker: AgentInvoker = agent
    return invoker
