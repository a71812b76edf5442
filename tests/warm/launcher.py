"""Hands one start of a program to the server of `server.py` and ends as that ends.

Run with ``-I -S``, so that nothing but the few modules below is imported.
"""

import json
import os
import signal
import socket
import struct
import sys


def main(path: str, program: str, words: list[str]) -> None:
    umask = os.umask(0)
    os.umask(umask)
    asked = {
        "program": program,
        "words": words,
        "folder": os.getcwd(),  # noqa: PTH109 - importing pathlib costs more than all the rest
        "umask": umask,
        "environment": dict(os.environ),
    }
    text = json.dumps(asked).encode("utf-8", "surrogateescape")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(path)
        socket.send_fds(connection, [struct.pack("!I", len(text))], [0, 1, 2])
        connection.sendall(text)
        answer = connection.makefile("rb").read(4)
    if len(answer) < 4:
        sys.exit("the server of warm starts is gone")
    code = os.waitstatus_to_exitcode(struct.unpack("!i", answer)[0])
    if code < 0:
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)
