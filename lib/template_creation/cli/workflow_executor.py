"""Where the items of a workflow's batches run: threads, processes, or a Dask cluster."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from batch_engine.core import ExecutorChoice
from template_creation.errors import BadInput

__all__ = ["opened_executor"]

_CONNECT_S = 10.0
_KINDS = ("threads", "processes", "dask")


@contextmanager
def opened_executor(kind: str, scheduler: str | None) -> Iterator[ExecutorChoice | None]:
    """The executor for ``--executor`` and ``--scheduler``, closed at the end of the block.

    Raises `BadInput` for an unknown one, and where a scheduler cannot be reached.
    """
    if kind not in _KINDS:
        raise BadInput(f"--executor is {kind!r}", hint=f"known: {', '.join(_KINDS)}")
    if scheduler is not None and kind != "dask":
        raise BadInput("--scheduler goes with --executor dask")
    if kind == "dask":
        with _client(scheduler) as client:
            yield client.get_executor(retries=0)
    else:
        yield "processes" if kind == "processes" else None


@contextmanager
def _client(scheduler: str | None) -> Iterator[Any]:
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise BadInput(
            "--executor dask needs the package 'distributed'",
            hint="pip install 'template-create[dask]'",
        ) from error
    if scheduler is None:
        with _without_interrupts():
            # No dashboard: it would listen on every address of this machine.
            cluster: Any = LocalCluster(  # type: ignore[no-untyped-call]  # distributed has no types
                n_workers=os.cpu_count() or 1, threads_per_worker=1, dashboard_address=None
            )
        with cluster, cluster.get_client() as client:
            yield client
        return
    _check_reachable(scheduler)
    with Client(scheduler, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        yield client


def _check_reachable(scheduler: str) -> None:
    """Raises `BadInput` for an address where nothing listens. A client of Dask would try for 30
    seconds, and wait for another 60 until it gives up at the end of the program."""
    try:
        address = urlsplit(scheduler)
        if not (address.scheme and address.hostname and address.port):
            raise ValueError("expected protocol://host:port")
        socket.create_connection((address.hostname, address.port), _CONNECT_S).close()
    except (OSError, ValueError) as error:
        raise BadInput(
            f"--scheduler {scheduler!r} cannot be reached: {error}",
            hint="the address of a running scheduler, such as tcp://127.0.0.1:8786; "
            "without --scheduler a cluster of this machine is started",
        ) from error


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Processes that are started in the block leave Ctrl-C to this one, which ends them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
