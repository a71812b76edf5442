"""A loopback server of the Messages API: a model that costs nothing and fails when told to.

For tests, ours and yours, and to try ``--bridge api`` without a key. A script says how each
request is answered; without one it answers as a model that keeps to its instructions.
``python -m template_creation.fake_api`` serves until it is interrupted.

>>> from template_creation.fake_api import FakeMessagesServer, Reply
>>> with FakeMessagesServer(Reply.error(529, "overloaded_error"), Reply(text="{}")) as server:
...     server.url.startswith("http://127.0.0.1:")
True

It breaks streams as real servers and proxies do (facts/llm-api.md section 2): see `Fault`.
Assistants can be run against it as well: it calls their tools, see `Reply.calling`.
"""

from __future__ import annotations

import json
import os
import select
import socket
import struct
from collections.abc import Mapping, Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from template_creation.fake_script import Fault, Received, Reply, ToolCall, Words

__all__ = ["FakeMessagesServer", "Fault", "Received", "Reply", "ToolCall"]

NAP_S = 0.02
"""How often a waiting handler looks whether the client or the server is gone."""


class FakeMessagesServer:
    """Answers ``POST /v1/messages`` and ``/v1/messages/count_tokens`` by its script, in order;
    when that is at its end the last reply stays. ``requests`` has every request for a message,
    ``counts`` those for a count; ``left`` is set when a client hung up before the end.

    ``key`` is the only key that is let in (None: any, but one there must be); ``models`` are
    the models that there are (None: any). ``counts_tokens=False`` has no counting, as many
    compatible servers; ``count`` is how it answers every request for a count instead.
    """

    def __init__(
        self,
        *script: Reply | Words,
        key: str | None = None,
        models: Sequence[str] | None = None,
        counts_tokens: bool = True,
        count: Reply | None = None,
    ) -> None:
        given = script or (Reply(),)
        self.script = [item if isinstance(item, Reply) else Reply(text=item) for item in given]
        self.key, self.models, self.counts_tokens = key, models, counts_tokens
        self.count = count
        self.requests: list[Received] = []
        self.counts: list[Received] = []
        self.closing = Event()
        self.left = Event()
        self._lock = Lock()
        self._server = _Server(("127.0.0.1", 0), self)
        self._thread = Thread(target=self._server.serve_forever, args=(NAP_S,), daemon=True)

    @property
    def url(self) -> str:
        """What ``--base-url`` takes."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends every answer that waits, and the server."""
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def reply_to(self, received: Received) -> Reply:
        """Records ``received`` and gives the reply for it."""
        with self._lock:
            if received.path.endswith("/count_tokens"):
                self.counts.append(received)
                return self._count(received)
            refusal = self._refusal(received)
            self.requests.append(received)
            return refusal or self.script[min(len(self.requests), len(self.script)) - 1]

    def _count(self, received: Received) -> Reply:
        if not self.counts_tokens:
            return Reply.error(404, "not_found_error", "Not Found")
        if self.count is not None:
            return self.count
        tokens = {"input_tokens": -(-len(received.prompt) // 3)}
        return self._refusal(received) or Reply(status=200, raw=json.dumps(tokens).encode())

    def _refusal(self, received: Received) -> Reply | None:
        """What the real API checks before anything else."""
        body = received.body
        if not received.key or self.key not in (None, received.key):
            return Reply.error(401, "authentication_error", "invalid x-api-key")
        if "anthropic-version" not in received.headers:
            return Reply.error(400, "invalid_request_error", "anthropic-version: header required")
        if received.path not in ("/v1/messages", "/v1/messages/count_tokens"):
            return Reply.error(404, "not_found_error", "Not Found")
        for name in ("model", "messages"):
            if not body.get(name):
                return Reply.error(400, "invalid_request_error", f"{name}: Field required")
        if self.models is not None and body["model"] not in self.models:
            return Reply.error(404, "not_found_error", f"model: {body['model']}")
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # closing waits for the handlers, so that none outlives a test

    def __init__(self, address: tuple[str, int], fake: FakeMessagesServer) -> None:
        super().__init__(address, _Handler)
        self.fake = fake

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hung up is nothing to print."""


class _Gone(Exception):  # noqa: N818 - reads as what happened
    """The stream was broken on purpose, or the client left."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # what was sent is there, whatever comes after it
    server: _Server

    def log_message(self, format: str, *args: object) -> None:
        """Prints nothing."""

    def do_GET(self) -> None:
        """There is nothing to get."""
        self._plain(Reply.error(405, "", "Method Not Allowed"))

    def do_HEAD(self) -> None:
        """Says that it is there: assistants look before they ask."""
        self._begin(Reply(status=404), "application/json", {"content-length": "0"})

    def do_POST(self) -> None:
        """Records the request and answers it."""
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        bearer = headers.pop("authorization", "").removeprefix("Bearer ")
        key = headers.pop("x-api-key", "") or bearer
        path = self.path.partition("?")[0]
        received = Received(path, json.loads(raw or b"{}"), key, headers)
        reply = self.server.fake.reply_to(received)
        self.close_connection = True
        if reply.status != 200 or reply.raw is not None:
            self._plain(reply)
            return
        try:
            self._stream(reply, received)
            self.wfile.write(b"0\r\n\r\n")
        except _Gone:
            return
        except OSError:
            self.server.fake.left.set()

    def _plain(self, reply: Reply) -> None:
        error = {"type": "error", "error": {"type": reply.kind, "message": reply.words}}
        body = json.dumps(error).encode() if reply.raw is None else reply.raw
        self._begin(reply, "application/json", {"content-length": str(len(body))})
        self.wfile.write(body)

    def _begin(self, reply: Reply, kind: str, more: Mapping[str, str]) -> None:
        number = len(self.server.fake.requests)
        self.send_response(reply.status)
        common = {"content-type": kind, "request-id": f"req_{number:04d}", "connection": "close"}
        for name, value in {**common, **more, **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.flush()

    def _stream(self, reply: Reply, received: Received) -> None:
        given = [reply.text] if callable(reply.text) or isinstance(reply.text, str) else reply.text
        texts = [item(received) if callable(item) else item for item in given]
        self._begin(reply, "text/event-stream", {"transfer-encoding": "chunked"})
        written = [("text", text, _empty("text")) for text in texts]
        for call in reply.calls:
            identity = {"id": f"toolu_{uuid4().hex[:24]}", "name": call.name, "input": {}}
            written.append(("input_json", call.json, {"type": "tool_use", **identity}))
        total = sum(len(text) for _, text, _ in written)
        usage = {"input_tokens": -(-len(received.prompt) // 3), "output_tokens": 1}
        self._send(_message_start(received, {**usage, **reply.usage}))
        for event in ({"type": "ping"}, *reply.events):
            self._send(event)
        thought = [("thinking", reply.thinking, _empty("thinking"))] if reply.thinking else []
        left = total // 2 if reply.at is None else min(reply.at, total)
        for index, (kind, text, block) in enumerate([*thought, *written]):
            self._send({"type": "content_block_start", "index": index, "content_block": block})
            if kind != "thinking" and left <= len(text):
                self._pieces(index, kind, text[:left], reply.piece)
                self._turn(reply)
                self._pieces(index, kind, text[left:], reply.piece)
                left = total + 1
            else:
                self._pieces(index, kind, text, reply.piece)
                left -= len(text) if kind != "thinking" else 0
            self._send({"type": "content_block_stop", "index": index})
        ending = {"output_tokens": -(-(total + len(reply.thinking)) // 3), **reply.usage}
        delta = {"stop_reason": reply.stop_reason, "stop_sequence": None}
        if reply.stop_details:
            delta["stop_details"] = reply.stop_details  # type: ignore[assignment]
        self._send({"type": "message_delta", "delta": delta, "usage": ending})
        self._send({"type": "message_stop"})

    def _pieces(self, index: int, kind: str, text: str, size: int) -> None:
        for start in range(0, len(text), size):
            key = "partial_json" if kind == "input_json" else kind
            delta = {"type": f"{kind}_delta", key: text[start : start + size]}
            self._send({"type": "content_block_delta", "index": index, "delta": delta})

    def _turn(self, reply: Reply) -> None:
        """The place where the stream waits or breaks."""
        while reply.hold is not None and not reply.hold.wait(NAP_S):
            self._leave_if_over()
        if reply.fault is None:
            return
        if reply.fault == "cut":
            self.wfile.write(b"0\r\n\r\n")
        elif reply.fault == "reset":
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            os.close(self.connection.detach())  # at once: the server's own end would be orderly
        elif reply.fault == "corrupt":
            self._write(b'event: content_block_delta\ndata: {"type": "content_bl\n\n')
        elif reply.fault == "garbage":
            self._write(b"data: \xff\xfe\x00\n\n")
        elif reply.fault == "error":
            self._send({"type": "error", "error": {"type": reply.kind, "message": reply.words}})
        while reply.fault in ("stall", "trickle"):
            self._leave_if_over()
            if reply.fault == "trickle":
                self._send({"type": "ping"})
            self.server.fake.closing.wait(NAP_S)
        raise _Gone

    def _leave_if_over(self) -> None:
        readable, _, _ = select.select([self.connection], [], [], 0)
        if readable:  # there is only its end left to read
            self.server.fake.left.set()
            raise _Gone
        if self.server.fake.closing.is_set():
            raise _Gone

    def _send(self, event: Mapping[str, Any]) -> None:
        self._write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())

    def _write(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))


def _message_start(received: Received, usage: Mapping[str, Any]) -> dict[str, Any]:
    message = {
        "id": "msg_fake",
        "type": "message",
        "role": "assistant",
        "model": received.body["model"],
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage,
    }
    return {"type": "message_start", "message": message}


def _empty(kind: str) -> dict[str, Any]:
    return {"type": kind, kind: "", **({"signature": ""} if kind == "thinking" else {})}


def _serve() -> None:
    """Serves a model that keeps to its instructions, and says where."""
    with FakeMessagesServer() as server, suppress(KeyboardInterrupt):
        print(f"--bridge api --model any-name --base-url {server.url}", flush=True)  # noqa: T201 - its output
        server.closing.wait()


if __name__ == "__main__":
    _serve()
