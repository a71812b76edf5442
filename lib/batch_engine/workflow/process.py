"""Child processes: output capped, a whole group ended in time, nothing left waiting.

A command gets a session of its own, so that what it starts can be ended with it. What it writes
is read all the time and kept up to a limit, so that it can neither block nor fill the memory.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import IO

from batch_engine.workflow.errors import Stopped

__all__ = ["DEFAULT_MAX_OUTPUT", "GRACE_S", "Finished", "run_process"]

DEFAULT_MAX_OUTPUT = 1_000_000
_TICK_S = 0.2
_LINGER_S = 1.0
GRACE_S = 2.0


@dataclass(frozen=True, slots=True)
class Finished:
    """How a command ended; ``truncated`` if more was written than is kept."""

    returncode: int
    stdout: str
    stderr: str
    truncated: bool = False
    timed_out: bool = False


@dataclass(slots=True)
class _Capture:
    """The first and the last part of what comes, ``limit`` bytes in all."""

    limit: int
    head: bytearray = field(default_factory=bytearray)
    tail: bytearray = field(default_factory=bytearray)
    total: int = 0

    def add(self, data: bytes) -> None:
        self.total += len(data)
        room = self.limit - len(self.head)
        if room > 0:
            self.head += data[:room]
            data = data[room:]
        if data:
            # Of what is too much, the end says more than the middle.
            self.tail += data
            del self.tail[: -max(1, self.limit // 4)]

    def text(self, encoding: str) -> str:
        if self.total <= self.limit:
            return bytes(self.head).decode(encoding, "replace")
        keep = self.limit - len(self.tail)
        cut = self.total - keep - len(self.tail)
        parts = (bytes(self.head[:keep]), bytes(self.tail))
        first, last = (part.decode(encoding, "replace") for part in parts)
        return f"{first}\n[... {cut:,} bytes left out ...]\n{last}"


def run_process(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
    timeout_s: float | None = None,
    max_output: int = DEFAULT_MAX_OUTPUT,
    encoding: str = "utf-8",
    stop: Event | None = None,
    grace_s: float = GRACE_S,
) -> Finished:
    """Runs ``argv`` to its end and returns what came of it.

    After ``timeout_s`` its whole process group gets SIGTERM, and SIGKILL ``grace_s`` later; the
    same when ``stop`` is set, and then `Stopped` is raised. Raises ``OSError`` if it cannot be
    started.
    """
    child = subprocess.Popen(
        argv,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        bufsize=0,
    )
    run = _Run(child, (stdin or "").encode(encoding), max_output, timeout_s, stop or Event())
    try:
        run.pump()
    except BaseException:
        _end_group(child, grace_s=0)
        raise
    finally:
        run.close()
    if run.reason:
        _end_group(child, grace_s=grace_s)
    if run.reason == "stop":
        raise Stopped("the run was asked to stop")
    return Finished(
        child.wait(),
        run.out.text(encoding),
        run.err.text(encoding),
        truncated=max(run.out.total, run.err.total) > max_output,
        timed_out=run.reason == "timeout",
    )


class _Run:
    """Feeds and reads a child until it is done, or until there is a ``reason`` to end it."""

    def __init__(
        self,
        child: subprocess.Popen[bytes],
        stdin: bytes,
        max_output: int,
        timeout_s: float | None,
        stop: Event,
    ) -> None:
        self.child = child
        self.out, self.err = _Capture(max_output), _Capture(max_output)
        self.reason = ""
        self._stdin = memoryview(stdin)
        self._deadline = None if timeout_s is None else time.monotonic() + timeout_s
        self._stop = stop
        self._exited_at: float | None = None
        self._look_at = time.monotonic() + _TICK_S
        self._poll = select.poll()
        self._open: dict[int, tuple[IO[bytes], _Capture | None]] = {}
        for stream, capture in ((child.stdout, self.out), (child.stderr, self.err)):
            assert stream is not None
            self._await(stream, select.POLLIN, capture)
        if child.stdin is not None:
            os.set_blocking(child.stdin.fileno(), False)
            self._await(child.stdin, select.POLLOUT, None)

    def pump(self) -> None:
        while self._open:
            for handle, _ in self._poll.poll(self._wait_s() * 1000):
                stream, capture = self._open[handle]
                if capture is None:
                    self._feed(stream)
                else:
                    self._read(stream, capture)
            if self._over():
                return
        self._await_exit()

    def _await(self, stream: IO[bytes], ready: int, capture: _Capture | None) -> None:
        self._poll.register(stream, ready)
        self._open[stream.fileno()] = stream, capture

    def _done_with(self, stream: IO[bytes]) -> None:
        self._poll.unregister(stream)
        del self._open[stream.fileno()]
        with suppress(OSError):
            stream.close()

    def close(self) -> None:
        for stream in (self.child.stdin, self.child.stdout, self.child.stderr):
            if stream is not None:
                with suppress(OSError):
                    stream.close()

    def _await_exit(self) -> None:
        """Its output is closed, but the command may still be at work."""
        while not self._over(linger=False):
            if _exited(self.child, self._wait_s()):
                return

    def _wait_s(self) -> float:
        if self._deadline is None:
            return _TICK_S
        return max(0.0, min(_TICK_S, self._deadline - time.monotonic()))

    def _over(self, *, linger: bool = True) -> bool:
        if self._stop.is_set():
            self.reason = "stop"
        elif self._deadline is not None and time.monotonic() >= self._deadline:
            self.reason = "timeout" if self.child.poll() is None else ""
            return True
        elif linger and self._lingers():
            return True
        return bool(self.reason)

    def _lingers(self) -> bool:
        """Whether the command has ended and only what it started still holds its output. It is
        looked at now and then: mostly its output ends first."""
        now = time.monotonic()
        if self._exited_at is not None:
            return now - self._exited_at > _LINGER_S
        if now >= self._look_at:
            self._look_at = now + _TICK_S
            if self.child.poll() is not None:
                self._exited_at = now
        return False

    def _feed(self, stream: IO[bytes]) -> None:
        try:
            written = os.write(stream.fileno(), self._stdin[:65_536])
        except BlockingIOError:
            return
        except BrokenPipeError:
            written = len(self._stdin)  # it does not want the rest
        self._stdin = self._stdin[written:]
        if not self._stdin:
            self._done_with(stream)

    def _read(self, stream: IO[bytes], capture: _Capture) -> None:
        data = os.read(stream.fileno(), 65_536)
        if data:
            capture.add(data)
        else:
            self._done_with(stream)


def _exited(child: subprocess.Popen[bytes], within_s: float) -> bool:
    """Whether the command ends in time; woken by its end where the system can do that, since
    `subprocess` looks every so often and sleeps longer each time."""
    if child.poll() is not None:
        return True
    try:
        handle = os.pidfd_open(child.pid)
    except (AttributeError, OSError):  # another system, or no descriptor to spare
        with suppress(subprocess.TimeoutExpired):
            child.wait(within_s)
        return child.returncode is not None
    try:
        waiting = select.poll()
        waiting.register(handle, select.POLLIN)
        waiting.poll(within_s * 1000)
    finally:
        os.close(handle)
    return child.poll() is not None


def _end_group(child: subprocess.Popen[bytes], *, grace_s: float) -> None:
    """SIGTERM to the group, then SIGKILL to whatever of it is left after the grace."""
    if grace_s:
        _signal(child, signal.SIGTERM)
        _exited(child, grace_s)
    # Also where the command has ended: what it started may ignore SIGTERM.
    _signal(child, signal.SIGKILL)
    child.wait()


def _signal(child: subprocess.Popen[bytes], number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)
