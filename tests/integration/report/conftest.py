"""A real headless Chromium, driven over a pipe: no driver to install, no port, no network."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

# Read now: no variable of ours is left when a test runs.
_NAMED = os.environ.get("TEMPLATE_CREATE_CHROMIUM", "")
_AXE = os.environ.get("TEMPLATE_CREATE_AXE", "")
_DEADLINE_S = 60.0
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-component-update",
    "--disable-background-networking",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--hide-scrollbars",
    "--font-render-hinting=none",
    "--proxy-server=127.0.0.1:9",  # whatever would leave the machine ends here
    "--remote-debugging-pipe",
    "about:blank",
)


class Browser:
    """A browser process and one page in it; `call` speaks the DevTools protocol."""

    def __init__(self, binary: str, profile: Path) -> None:
        down, self._write = os.pipe()
        self._read, up = os.pipe()
        script = 'exec 3<&"$1" 4>&"$2"; shift 2; exec "$@"'
        command = ["bash", "-c", script, "chromium", str(down), str(up), binary, *_FLAGS]
        command.insert(-1, f"--user-data-dir={profile}")
        env = {**os.environ, "HOME": str(profile)}
        self._process = subprocess.Popen(
            command, pass_fds=(down, up), env=env,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(down)
        os.close(up)
        self._buffer = b""
        self._next = 0
        self._session = ""
        self.events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "DOM", "Accessibility"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """The answer to one command; what happens meanwhile is in `events`."""
        self._next += 1
        message: dict[str, Any] = {"id": self._next, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._next:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return dict(answer["result"])
            self.events.append(answer)

    def _receive(self) -> dict[str, Any]:
        until = time.monotonic() + _DEADLINE_S
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._read], [], [], max(0.0, until - time.monotonic()))
            assert ready, "the browser says nothing"
            data = os.read(self._read, 1 << 20)
            assert data, "the browser has ended"
            self._buffer += data
        text, _, self._buffer = self._buffer.partition(b"\0")
        return dict(json.loads(text))

    def open(
        self,
        path: Path,
        *,
        width: int = 1280,
        height: int = 900,
        scheme: str = "light",
        scripts: bool = True,
        media: str = "",
    ) -> None:
        """Shows the file at ``path`` and waits until it has loaded; `events` begin with it."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.call("Emulation.setEmulatedMedia", media=media, features=[feature])
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.events.clear()
        self.call("Page.navigate", url=path.as_uri())
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._receive())

    def run(self, expression: str) -> Any:
        """The value of a JavaScript expression on the page (ours, also with scripts off)."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def press(self, key: str, *, shift: bool = False, text: str = "") -> None:
        """One key, as a person presses it."""
        codes: Mapping[str, int] = {"Tab": 9, "Enter": 13, "Escape": 27}
        common: dict[str, Any] = {"key": key, "code": key, "modifiers": 8 if shift else 0}
        common["windowsVirtualKeyCode"] = codes.get(key, 0)
        typed = text or ("\r" if key == "Enter" else "")
        kind = "keyDown" if typed else "rawKeyDown"
        self.call("Input.dispatchKeyEvent", type=kind, text=typed, **common)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def picture(self, path: Path, *, full: bool = False) -> None:
        """A PNG of what is shown, or of the whole page."""
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=full)
        path.write_bytes(base64.b64decode(shot["data"]))

    @property
    def requested(self) -> list[str]:
        """Every address that was asked for since `open`."""
        return [
            event["params"]["request"]["url"]
            for event in self.events
            if event.get("method") == "Network.requestWillBeSent"
        ]

    @property
    def complaints(self) -> list[str]:
        """What stands on the console since `open`, errors of the page included."""
        kinds = ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown")
        return [json.dumps(e["params"])[:400] for e in self.events if e.get("method") in kinds]

    def close(self) -> None:
        """Ends the process, and waits for it."""
        try:
            self._session = ""
            self.call("Browser.close")
        except (AssertionError, OSError):
            self._process.kill()
        self._process.wait(timeout=_DEADLINE_S)
        os.close(self._write)
        os.close(self._read)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One Chromium for all tests; a skip that says why where there is none."""
    binary = _NAMED or shutil.which("chromium")
    if not binary:
        pytest.skip("chromium is not installed (.ci/run installs it)")
    running = Browser(binary, tmp_path_factory.mktemp("chromium"))
    yield running
    running.close()


@pytest.fixture(scope="session")
def axe(checkout: Path) -> str:
    """The source of axe-core, pinned in package.json; a skip that says why without it."""
    installed = checkout / ".venv/axe-core/node_modules/axe-core/axe.min.js"
    source = Path(_AXE) if _AXE else installed
    if not source.is_file():
        pytest.skip("axe-core is not installed (.ci/run installs it)")
    return source.read_text(encoding="utf-8")
