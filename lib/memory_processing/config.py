"""How a batch import works: one value, from code, TOML or the environment, changeable at run time.

Precedence is the caller's: ``config.updated(**cli)`` over `from_environment` over `from_toml`
over the defaults.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from batch_engine.core import ConfigurationError, FieldProblem
from memory_processing.emotion import Share

__all__ = [
    "ENVIRONMENT_PREFIX",
    "GUARDS",
    "AdaptiveSize",
    "BatchProcessingConfig",
    "Guard",
    "LiveConfig",
    "Mode",
    "RollbackPolicy",
]

ENVIRONMENT_PREFIX = "MEMORY_BATCH_"
MAX_BATCH = 5_000

Mode = Literal["memory", "memory+dedup"]
RollbackPolicy = Literal["record", "batch", "run"]
Guard = Literal["names", "numbers", "negation", "symbols", "order", "opposites", "substitution"]
GUARDS: tuple[Guard, ...] = (
    "names",
    "numbers",
    "negation",
    "symbols",
    "order",
    "opposites",
    "substitution",
)
_BRANCHES = frozenset({"constrained-int", "AdaptiveSize"})
"""What pydantic calls the two forms of a batch size."""
_LIVE = frozenset({"batch_size", "max_failures", "failure_tolerance", "log_progress"})


class AdaptiveSize(BaseModel):
    """Batches that aim at ``target_ms`` each, between ``smallest`` and ``largest`` records."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    target_ms: Annotated[int, Field(ge=1)] = 250
    start: Annotated[int, Field(ge=1)] = 500
    smallest: Annotated[int, Field(ge=1)] = 50
    largest: Annotated[int, Field(ge=1, le=MAX_BATCH)] = MAX_BATCH

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.smallest <= self.start <= self.largest:
            raise ValueError("expected smallest <= start <= largest")
        return self


class BatchProcessingConfig(BaseModel):
    """Everything that shapes an import.

    * ``batch_size``: records per transaction, 1 to 5,000, or an `AdaptiveSize` ("adaptive" for
      its defaults).
    * ``mode``: "memory+dedup" skips exact duplicates and merges safe near ones; "memory" stores
      each record, and content that is stored already is a database error.
    * ``rollback``: what a failing record takes with it: itself, its batch, or the whole run.
    * ``continue_on_error``: without it the import ends at the first failing record; records
      before it stay (policy "record").
    * ``validate_first``: read and validate all sources before anything is written. With
      ``continue_on_error=False`` one bad record then means that nothing is written.
    * ``max_failures`` and ``failure_tolerance`` (a share): more failed records end the import
      after the batch in which it shows. The share is looked at from 100 records on.
    * ``merge_threshold`` and ``review_threshold``: word Jaccard from which a pair is merged, or
      put on the review list. ``guards`` are the checks that a merge has to pass.
    * ``log_progress``: batches and failures through `logging`.

    >>> BatchProcessingConfig(batch_size="adaptive").batch_size.largest
    5000
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    batch_size: Annotated[int, Field(ge=1, le=MAX_BATCH)] | AdaptiveSize = 1_000
    mode: Mode = "memory+dedup"
    rollback: RollbackPolicy = "record"
    continue_on_error: bool = True
    validate_first: bool = False
    log_progress: bool = True
    max_failures: Annotated[int, Field(ge=0)] | None = None
    failure_tolerance: Share = 1.0
    merge_threshold: Annotated[float, Field(ge=0.5, le=1)] = 0.85
    review_threshold: Annotated[float, Field(ge=0.5, le=1)] = 0.6
    guards: tuple[Guard, ...] = GUARDS

    @model_validator(mode="before")
    @classmethod
    def _adaptive_by_word(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and data.get("batch_size") == "adaptive":
            return {**data, "batch_size": AdaptiveSize()}
        return data

    @model_validator(mode="after")
    def _thresholds_ordered(self) -> Self:
        if self.review_threshold > self.merge_threshold:
            raise ValueError("review_threshold is above merge_threshold")
        return self

    @classmethod
    def of(cls, **settings: Any) -> Self:
        """The configuration with these settings; `ConfigurationError` names what is wrong."""
        try:
            return cls.model_validate(settings)
        except ValidationError as error:
            raise _configuration_error(error) from None

    @classmethod
    def from_toml(cls, path: Path, *, table: str = "memory") -> Self:
        """The settings of a table in a TOML file; a file without the table gives the defaults.

        Raises `ConfigurationError` for a file that cannot be read, and for unknown settings.
        """
        try:
            data = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ConfigurationError(
                f"cannot read the configuration {Path(path).name!r}: {error}",
                hint="correct the file, or leave it out",
            ) from error
        settings = data.get(table, {})
        if not isinstance(settings, dict):
            raise ConfigurationError(f"[{table}] is {settings!r}, expected a table")
        return cls.of(**settings)

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str], *, base: BatchProcessingConfig | None = None
    ) -> Self:
        """``base`` (or the defaults) with what ``MEMORY_BATCH_*`` variables say.

        >>> BatchProcessingConfig.from_environment({"MEMORY_BATCH_BATCH_SIZE": "250"}).batch_size
        250
        """
        settings: dict[str, Any] = base.model_dump() if base else {}
        for name, value in environment.items():
            if name.startswith(ENVIRONMENT_PREFIX):
                field = name.removeprefix(ENVIRONMENT_PREFIX).lower()
                settings[field] = tuple(value.split(",")) if field == "guards" else value
        return cls.of(**settings)

    def updated(self, **settings: Any) -> Self:
        """This configuration with other settings; those that are None are left as they are."""
        given = {name: value for name, value in settings.items() if value is not None}
        return self.of(**{**self.model_dump(), **given})

    def shape(self) -> dict[str, Any]:
        """The settings on which stored data depend: a run is resumed only under equal ones."""
        return self.model_dump(
            mode="json", include={"mode", "rollback", "merge_threshold", "guards"}
        )


class LiveConfig:
    """A configuration that can be changed while an import runs, from any thread.

    Size, tolerance and logging take effect from the next batch on. What shapes the data (mode,
    rollback, thresholds, guards) belongs to a run as a whole and is refused.

    >>> live = LiveConfig(BatchProcessingConfig())
    >>> live.change(batch_size=200)
    >>> live.current.batch_size
    200
    """

    def __init__(self, config: BatchProcessingConfig | None = None) -> None:
        self._config = config or BatchProcessingConfig()
        self._lock = Lock()

    @property
    def current(self) -> BatchProcessingConfig:
        """The configuration of this moment."""
        return self._config

    def change(self, **settings: Any) -> None:
        """Changes settings for the batches to come; `ConfigurationError` if one may not."""
        if fixed := sorted(settings.keys() - _LIVE):
            raise ConfigurationError(
                f"{fixed[0]} cannot change while a run works",
                hint=f"settings that can: {', '.join(sorted(_LIVE))}",
            )
        with self._lock:
            self._config = self._config.of(**{**self._config.model_dump(), **settings})


def _problem(detail: ErrorDetails) -> str:
    if detail["type"] == "extra_forbidden":
        return "there is no such setting"
    if detail["loc"][:1] == ("batch_size",) and detail["type"] == "int_parsing":
        return f"expected a number from 1 to {MAX_BATCH} or 'adaptive'"
    return str(detail["msg"]).removeprefix("Value error, ")


def _configuration_error(error: ValidationError) -> ConfigurationError:
    fields = tuple(
        FieldProblem(
            path=".".join(str(part) for part in detail["loc"] if part not in _BRANCHES),
            problem=_problem(detail),
            got=repr(detail.get("input")),
        )
        for detail in error.errors(include_url=False)
    )
    first = fields[0]
    where = f"{first.path} is {first.got}: " if first.path else ""
    return ConfigurationError(
        f"{where}{first.problem}",
        hint=f"settings: {', '.join(sorted(BatchProcessingConfig.model_fields))}",
        fields=fields,
    )
