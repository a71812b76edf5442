"""A pipeline: a flow checked when it is written, run at once or chunk by chunk."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from batch_engine.pipeline.errors import DefinitionError
from batch_engine.pipeline.flow import Flow
from batch_engine.pipeline.hooks import Hook
from batch_engine.pipeline.manager import BatchingScopeManager
from batch_engine.pipeline.options import (
    HOOKS,
    HookName,
    check_callable,
    check_field_names,
    check_names,
)
from batch_engine.pipeline.results import (
    PipelineResult,
)
from batch_engine.pipeline.scope import BatchingScope
from batch_engine.pipeline.settings import RunSettings, check_settings
from batch_engine.pipeline.stream import PipelineStream, Start
from batch_engine.pipeline.switches import debug_listeners

__all__ = ["Pipeline", "PipelineStream"]


class Pipeline:
    """Stages and scopes that run one after the other on a context of fields.

    ``inputs`` declares the fields that a run begins with (a mapping of names to types, or their
    names); then fields are checked here and now. ``settings`` are defaults for every run, in the
    words of `RunSettings`; the hooks ``on_batch_start``, ``on_batch_complete`` and
    ``on_batch_error`` are called for every scope.

    >>> pipeline = Pipeline(
    ...     Find() >> batched(Enrich() >> (Score() | Research()), chunk_size=50, over="companies")
    ...     >> Report(),
    ...     name="prospects", inputs={"region": str},
    ... )
    >>> result = pipeline.run({"region": "EU"}, store=SqliteRunStore(directory))
    >>> result["report"], result.partial, result.errors

    Raises `DefinitionError`, which names stage, field and fix.
    """

    def __init__(
        self,
        flow: Flow,
        *,
        name: str = "pipeline",
        inputs: Mapping[str, Any] | Sequence[str] | None = None,
        **settings: Any,
    ) -> None:
        check_field_names(name, "inputs", inputs)
        declared = dict.fromkeys(inputs) if isinstance(inputs, Sequence) else inputs
        self._inputs = tuple(declared or ())
        self.name = name
        self._settings = self._merged(RunSettings(), settings)
        self._plan = BatchingScopeManager(declared).plan(flow)

    @property
    def scopes(self) -> tuple[BatchingScope, ...]:
        """The scopes, in order."""
        return tuple(step for step in self._plan if isinstance(step, BatchingScope))

    def run(self, context: Mapping[str, Any] | None = None, /, **settings: Any) -> PipelineResult:
        """Runs everything. Failed items make the result partial; they raise nothing.

        ``settings`` (see `RunSettings`) replace those of the pipeline; hooks and listeners are
        added to them. What a stage outside a scope raises passes through, with a note which
        stage it was; so do a `Pause`, a `StoreError` and an interrupt.
        """
        return self._run(self._start(context or {}), settings)

    def stream(
        self, context: Mapping[str, Any] | None = None, /, **settings: Any
    ) -> PipelineStream:
        """The chunks of all scopes, each as soon as it is stored; `PipelineStream.result` in the
        end. Results are kept only where a later stage needs them, so that a pipeline which ends
        with a scope over a lazy source needs the memory of a chunk.

        >>> for batch in pipeline.stream({"rows": read_rows()}):
        ...     write(batch.results)
        """
        return PipelineStream(self, self._start(context or {}), self._for_run(settings), keep=False)

    def _start(self, context: Mapping[str, Any]) -> Start:
        for name in self._inputs:
            if name not in context:
                raise DefinitionError(
                    "a run begins with this field, and it is not in the context",
                    stage=self.name,
                    field=name,
                    fix=f"give {{{name!r}: ...}}; there are {', '.join(context) or 'none'}",
                )
        return Start(context)

    def _run(self, start: Start, settings: Mapping[str, Any]) -> PipelineResult:
        with PipelineStream(self, start, self._for_run(settings), keep=True) as stream:
            for _ in stream:
                pass
        return stream.result

    def _for_run(self, settings: Mapping[str, Any]) -> RunSettings:
        merged = self._merged(self._settings, settings)
        listeners = (*merged.listeners, *debug_listeners())
        return replace(merged, run_id=merged.run_id or uuid.uuid4().hex[:12], listeners=listeners)

    def _merged(self, before: RunSettings, given: Mapping[str, Any]) -> RunSettings:
        known = [*RunSettings.__dataclass_fields__, *HOOKS]
        known.remove("hooks")
        check_names(self.name, given, known)
        hooks: list[tuple[HookName, Hook]] = []
        for name in HOOKS:
            if given.get(name) is not None:
                check_callable(self.name, name, given[name])
                hooks.append((name, given[name]))
        plain = {name: value for name, value in given.items() if name not in HOOKS}
        check_settings(self.name, plain)
        plain["listeners"] = (*before.listeners, *plain.get("listeners", ()))
        return replace(before, **plain, hooks=(*before.hooks, *hooks))
