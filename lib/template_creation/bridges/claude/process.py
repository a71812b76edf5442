"""One call of the CLI as a process: lines while it writes them, its whole group ended behind it.

It runs in an empty folder that is gone afterwards. The prompt is its standard input, out of a
file without a name, so that no size can block; what it says on standard error goes into another.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import IO

from batch_engine.core import WorkTimeoutError
from template_creation.errors import BadInput

__all__ = ["Started", "started"]

_BLOCK = 65_536
_TICK_S = 0.5
_LONGEST_LINE = 16 * 1024 * 1024
_LAST_WORDS = 2_000
_END_S = 5.0
"""How long a program that has said its last may take to end by itself."""


@dataclass(frozen=True, slots=True)
class Started:
    """A call under way."""

    child: subprocess.Popen[bytes]
    errors: IO[bytes]
    clock: Callable[[], float]
    until: float
    limit_s: float

    def lines(self) -> Iterator[bytes]:
        """What it prints, line by line. Raises `WorkTimeoutError` at the deadline."""
        assert self.child.stdout is not None
        pipe, rest = self.child.stdout.fileno(), b""
        while True:
            left = self.until - self.clock()
            if left <= 0:
                raise WorkTimeoutError(
                    f"claude had not answered after {self.limit_s:g} seconds",
                    hint="allow more with --timeout, or ask for fewer agents with --no-batch",
                )
            if not select.select([pipe], [], [], min(left, _TICK_S))[0]:
                continue
            data = os.read(pipe, _BLOCK)
            *lines, rest = (rest + data).split(b"\n")
            yield from lines
            if not data or len(rest) > _LONGEST_LINE:
                if rest:
                    yield rest
                return

    def code(self) -> int:
        """How it ended; one that does not end is killed."""
        with suppress(subprocess.TimeoutExpired):
            return self.child.wait(timeout=_END_S)
        _kill_group(self.child)
        return self.child.wait()

    def last_words(self) -> str:
        """The end of what it wrote to standard error."""
        size = self.errors.seek(0, os.SEEK_END)
        self.errors.seek(max(0, size - _LAST_WORDS))
        return self.errors.read().decode("utf-8", "replace").strip()


@contextmanager
def started(
    argv: Sequence[str],
    prompt: str,
    *,
    environ: Mapping[str, str],
    limit_s: float,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Started]:
    """``argv`` with ``prompt`` as its input; when the block is left, however that is, nothing of
    it runs any more.

    Raises `BadInput` where it cannot be started.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="template-create-", ignore_cleanup_errors=True)
        )
        given = stack.enter_context(tempfile.TemporaryFile())
        errors = stack.enter_context(tempfile.TemporaryFile())
        given.write(prompt.encode("utf-8", "replace"))
        given.seek(0)
        until = clock() + limit_s
        try:
            child = subprocess.Popen(
                argv,
                cwd=folder,
                env=dict(environ),
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )
        except OSError as exc:
            raise BadInput(
                f"{argv[0]} cannot be started: {exc.strerror or exc}",
                hint="run it by hand to see why; --bridge offline needs no model",
            ) from exc
        try:
            yield Started(child, errors, clock, until, limit_s)
        finally:
            _kill_group(child)
            child.wait()
            if child.stdout is not None:
                child.stdout.close()


def _kill_group(child: subprocess.Popen[bytes]) -> None:
    """Also what the program started itself: it has a session of its own."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.kill()  # the group may be one that may not be signalled; this never waits in vain
