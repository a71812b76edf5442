"""``template-create --name``: the main job from the command line."""

from __future__ import annotations

import os

from template_creation.bridges import AgentBridgeInvoker, OfflineBridge
from template_creation.cli.progress import progress_listener
from template_creation.cli.run import Console
from template_creation.cli.summary import summarize
from template_creation.create import CreateOptions, create_template
from template_creation.errors import BadInput

__all__ = ["run_create"]

_BRIDGES = ("offline",)


def run_create(console: Console, *, bridge: str | None, options: CreateOptions) -> None:
    """Run the main job, show its progress, print its result, and exit 7 where it is partial."""
    chosen = _bridge(bridge)
    with progress_listener(quiet=console.as_json) as listener:
        result = create_template(options, bridge=chosen, listeners=[listener])
    console.result(summarize(result, verbose=console.verbose), result.to_document())
    if result.exit_code:
        for error in result.errors:
            console.note(f"error: {error}")
        raise SystemExit(int(result.exit_code))


def _bridge(name: str | None) -> AgentBridgeInvoker:
    """The bridge by name: the option, else ``TEMPLATE_CREATE_BRIDGE``, else offline."""
    source = "--bridge" if name is not None else "TEMPLATE_CREATE_BRIDGE"
    chosen = name if name is not None else os.environ.get("TEMPLATE_CREATE_BRIDGE") or "offline"
    if chosen not in _BRIDGES:
        known = ", ".join(_BRIDGES)
        raise BadInput(f"{source} names no bridge: {chosen!r}", hint=f"known: {known}")
    return OfflineBridge()
