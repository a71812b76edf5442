"""A process that has imported the product already, and forks for every start of it.

Half of what a start of ``template-create`` takes are imports, and the tests start it some
hundred times. The launchers of `launcher.py` hand their arguments, environment, folder and
standard streams to this server. It forks a process for each, which runs the same ``main()`` and
ends as any interpreter does: a process of its own, with its own exit code or signal. Where the
start itself is what is tested, or a signal from outside, tests use the installed command.

Usage: python server.py SOCKET
"""

from __future__ import annotations

import gc
import io
import json
import os
import signal
import socket
import struct
import sys
import warnings

import template_creation.cli.summary
import template_creation.codegen
import template_creation.create
import template_creation.library
import template_creation.validate  # noqa: F401 - what most commands import when they run

LENGTH = struct.Struct("!I")
STATUS = struct.Struct("!i")


def serve(path: str) -> None:
    """Accepts launchers for as long as it lives."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(path)
        listening.listen(64)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who attend
        gc.collect()
        gc.freeze()
        print("ready", flush=True)
        while True:
            connection, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                attend(connection)
            connection.close()


def attend(connection: socket.socket) -> None:
    """Starts what one launcher asks for and tells it the wait status; returns in the child,
    which is the program."""
    head, streams, _, _ = socket.recv_fds(connection, LENGTH.size, 3)
    text = connection.makefile("rb").read(LENGTH.unpack(head)[0])
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        connection.sendall(STATUS.pack(status))
        os._exit(0)
    connection.close()
    become(json.loads(text), streams)


def become(asked: dict[str, object], streams: list[int]) -> None:
    """Makes this process what the launcher would have been, and runs it to its end."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    environment = asked["environment"]
    assert isinstance(environment, dict)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(str(asked["folder"]))
    os.umask(int(str(asked["umask"])))
    sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0)), encoding="utf-8")
    sys.stdout = _output(1, "strict")
    sys.stderr = _output(2, "backslashreplace")
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr  # type: ignore[misc]
    warnings.resetwarnings()
    words = asked["words"]
    assert isinstance(words, list)
    if asked["program"] == "python":
        assert words[0] == "-c"
        sys.argv = ["-c", *words[2:]]
        exec(compile(words[1], "<string>", "exec"), {"__name__": "__main__"})
        sys.exit()
    from template_creation.cli import main

    sys.argv = ["template-create", *words]
    sys.exit(main())


def _output(number: int, errors: str) -> io.TextIOWrapper:
    raw = io.FileIO(number, "w")
    buffered = io.BufferedWriter(raw)
    eager = number == 2 or raw.isatty()
    return io.TextIOWrapper(buffered, encoding="utf-8", errors=errors, line_buffering=eager)


if __name__ == "__main__":
    serve(sys.argv[1])
