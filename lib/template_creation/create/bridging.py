"""The bridge that a run chose, opened: with its exchange folder, its key or nothing at all."""

from __future__ import annotations

from pathlib import Path

from template_creation.bridges import AgentBridgeInvoker, FileBridge, OfflineBridge
from template_creation.bridges.file import DEFAULT_TIMEOUT_S, REQUEST_FILE
from template_creation.create.runs import RunRecord
from template_creation.exchange import load_prices

__all__ = ["open_bridge", "put_request_away"]

API_DEADLINE_S = 600.0
"""How long one call of a model may take if nothing else is asked for, in seconds."""


def open_bridge(run: RunRecord, state: Path, prices: Path | None) -> AgentBridgeInvoker:
    """The bridge that ``run`` chose; what a bridge needs is imported only for it. ``state`` is
    where the file bridge leaves its request if no other folder was asked for.

    Raises `BadInput` where that folder holds a request of somebody else.
    """
    choice = run.enhancement.bridge
    match choice.kind:
        case "offline":
            return OfflineBridge()
        case "file":
            bridge = _file_bridge(run, state)
            bridge.check_free()
            return bridge
        case "api":
            from template_creation.bridges.api import ApiBridge

            return ApiBridge(
                model=choice.model,
                base_url=choice.base_url or None,
                prices=load_prices(prices),
                deadline_s=choice.timeout_s or API_DEADLINE_S,
                effort=choice.effort,
                structured=choice.structured,
                read_timeout_s=choice.read_timeout_s,
                max_output_tokens=choice.max_answer_tokens,
            )
        case "claude":
            from template_creation.bridges.claude import ClaudeBridge

            return ClaudeBridge(model=choice.model, deadline_s=choice.timeout_s or API_DEADLINE_S)


def put_request_away(run: RunRecord, state: Path) -> None:
    """Leaves no request of the file bridge behind ``run``, which has ended (F15): it may have
    died when all was stored, or another bridge may have answered since."""
    if (_folder(run, state) / REQUEST_FILE).is_file():
        _file_bridge(run, state).withdraw("the run has ended")


def _file_bridge(run: RunRecord, state: Path) -> FileBridge:
    return FileBridge(
        _folder(run, state),
        run_id=run.run_id,
        name=run.name,
        codebase=run.path,
        timeout_s=int(run.enhancement.bridge.timeout_s or DEFAULT_TIMEOUT_S),
        also_look_in=(Path.cwd(),),  # where hosts write by mistake (F14); bound by id
    )


def _folder(run: RunRecord, state: Path) -> Path:
    return Path(run.enhancement.bridge.folder or state)
