"""Refuse every connection beyond loopback, in this process, as soon as it runs.

`tests/conftest.py` runs this file in the test process and puts its folder on the `PYTHONPATH`
of child processes, where Python runs it by itself. So no test can spend money, read the
network, or pass only where there is one. Sockets of the local machine stay free.
"""

from __future__ import annotations

import functools
import ipaddress
import socket
from collections.abc import Callable
from typing import Any


class BeyondLoopback(RuntimeError):  # noqa: N818 - reads as what happened
    """A test tried to leave the machine; not an `OSError`, so that no retry swallows it."""


def _is_loopback(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if not isinstance(host, str):
        return host is None
    if host in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _refuse(action: str, host: object) -> None:
    raise BeyondLoopback(f"a test tried to {action} {host!r}: tests stay on loopback")


def _guard_address(method: Callable[..., Any], action: str) -> Callable[..., Any]:
    """The socket method, refusing an IP address that is not loopback (its last argument)."""

    @functools.wraps(method)
    def guarded(self: socket.socket, *args: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            host = args[-1][0] if args and isinstance(args[-1], tuple) else None
            if not _is_loopback(host):
                _refuse(action, host)
        return method(self, *args)

    return guarded


def _guard_name(lookup: Callable[..., Any]) -> Callable[..., Any]:
    """The look-up function, refusing a name that is not of this machine."""

    @functools.wraps(lookup)
    def guarded(host: object, *args: Any, **options: Any) -> Any:
        if not _is_loopback(host):
            _refuse("look up", host)
        return lookup(host, *args, **options)

    return guarded


def install() -> None:
    """Install the guard once; a second call changes nothing."""
    if hasattr(socket.socket.connect, "__wrapped__"):
        return
    for name, action in (
        ("connect", "connect to"),
        ("connect_ex", "connect to"),
        ("sendto", "send to"),
    ):
        setattr(socket.socket, name, _guard_address(getattr(socket.socket, name), action))
    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
        setattr(socket, name, _guard_name(getattr(socket, name)))


install()
