"""From options, environment and configuration to who enhances the agents, and how."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from template_creation.cli.configuration import Configuration, load_configuration
from template_creation.errors import BadInput
from template_creation.values.enhancement import (
    BridgeChoice,
    BridgeKind,
    Contract,
    EnhancementOptions,
)

__all__ = ["Asking", "Flags", "asking"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """What the command line says of the enhancement; None where it says nothing."""

    bridge: str | None = None
    model: str | None = None
    base_url: str | None = None
    bridge_dir: Path | None = None
    timeout: float | None = None
    read_timeout: float | None = None
    effort: str | None = None
    schema: str | None = None
    max_answer: int | None = None
    contract: str | None = None
    batch: bool | None = None
    max_cost: float | None = None
    prices: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Who is asked and how (None: as the run that goes on has it, which has to agree with
    ``expected``, see `CreateOptions`), the limit of what a run may cost, and the file with other
    prices."""

    options: EnhancementOptions | None
    expected: Mapping[str, object]
    max_cost_usd: float | None
    prices: Path | None


def asking(
    flags: Flags, *, resume: bool = False, environ: Mapping[str, str] = os.environ
) -> Asking:
    """What ``flags`` say, else the environment, else the configuration file, else offline.

    With ``resume`` only limit and prices may be said anew: the bridge is the run's own.

    Raises `BadInput` for what cannot be, and for options that go with another bridge.
    """
    config = load_configuration(environ)
    max_cost = _given(flags.max_cost, config.max_cost)
    own = flags.prices or (Path(config.prices) if config.prices else None)
    prices = own.expanduser().absolute() if own else None
    if resume:
        return Asking(options=None, expected=_expected(flags), max_cost_usd=max_cost, prices=prices)
    kind = _kind(flags, config, environ)
    _check_fit(flags, kind)
    options = EnhancementOptions(
        bridge=BridgeChoice(
            kind=kind,
            model=_model(flags, config, kind),
            base_url=(flags.base_url or config.base_url or "") if kind == "api" else "",
            folder=_absolute(flags.bridge_dir) or "",
            timeout_s=None if kind == "offline" else _given(flags.timeout, config.timeout),
            **(_api_settings(flags, config) if kind == "api" else {}),
        ),
        contract=cast(Contract, flags.contract or config.contract or "sections"),
        use_batch_enhancement=_first(flags.batch, config.use_batch_enhancement, True),
        max_batch_agents=config.max_batch_agents,
    )
    spends = options.bridge.costs
    return Asking(
        options=options, expected={}, max_cost_usd=max_cost if spends else None, prices=prices
    )


def _api_settings(flags: Flags, config: Configuration) -> dict[str, Any]:
    """How the API is asked, where it is."""
    return {
        "effort": flags.effort or config.effort,
        "structured": flags.schema or config.schema or "auto",
        "read_timeout_s": _given(flags.read_timeout, config.read_timeout),
        "max_answer_tokens": config.max_answer if flags.max_answer is None else flags.max_answer,
    }


def _model(flags: Flags, config: Configuration, kind: BridgeKind) -> str:
    """The model that is asked for; a configured one is for the bridge that is configured with
    it, as the CLI of the claude bridge has a default of its own."""
    if kind == "claude":
        return flags.model or (config.model if config.bridge == "claude" else "") or ""
    return (flags.model or config.model or "") if kind == "api" else ""


def _expected(flags: Flags) -> dict[str, object]:
    """What a run that goes on has to be, for the same command to go on with it."""
    said = {
        "enhancement.bridge.kind": flags.bridge,
        "enhancement.bridge.model": flags.model,
        "enhancement.bridge.base_url": flags.base_url,
        "enhancement.bridge.folder": _absolute(flags.bridge_dir),
        "enhancement.bridge.timeout_s": flags.timeout,
        "enhancement.bridge.effort": flags.effort,
        "enhancement.bridge.structured": flags.schema,
        "enhancement.bridge.read_timeout_s": flags.read_timeout,
        "enhancement.bridge.max_answer_tokens": flags.max_answer,
        "enhancement.contract": flags.contract,
        "enhancement.use_batch_enhancement": flags.batch,
    }
    return {field: value for field, value in said.items() if value is not None}


def _absolute(folder: Path | None) -> str | None:
    return None if folder is None else str(folder.expanduser().absolute())


def _kind(flags: Flags, config: Configuration, environ: Mapping[str, str]) -> BridgeKind:
    named = {
        "--bridge": flags.bridge,
        "TEMPLATE_CREATE_BRIDGE": environ.get("TEMPLATE_CREATE_BRIDGE") or None,
        "config.toml": config.bridge,
    }
    source, kind = next(((key, value) for key, value in named.items() if value), ("", "offline"))
    try:
        BridgeChoice(kind=cast(BridgeKind, kind), model="any")
    except BadInput as exc:
        raise BadInput(f"{source} names no bridge: {kind!r}", hint=exc.hint) from exc
    return cast(BridgeKind, kind)


def _check_fit(flags: Flags, kind: BridgeKind) -> None:
    """`BadInput` for an option that the bridge would never read."""
    wrong = {
        "--model": flags.model is not None and kind not in ("api", "claude"),
        "--base-url": flags.base_url is not None and kind != "api",
        "--max-cost": flags.max_cost is not None and kind not in ("api", "claude"),
        "--bridge-dir": flags.bridge_dir is not None and kind != "file",
        "--timeout": flags.timeout is not None and kind == "offline",
        "--effort": flags.effort is not None and kind != "api",
        "--schema": flags.schema is not None and kind != "api",
        "--read-timeout": flags.read_timeout is not None and kind != "api",
        "--max-answer": flags.max_answer is not None and kind != "api",
    }
    for option, is_wrong in wrong.items():
        if is_wrong:
            bridge = "file" if option == "--bridge-dir" else "api"
            raise BadInput(
                f"the {kind} bridge has no use for {option}", hint=f"add --bridge {bridge}"
            )


def _given(flag: float | None, configured: float | None) -> float | None:
    return configured if flag is None else flag


def _first(*values: bool | None) -> bool:
    return next(value for value in values if value is not None)
