"""The guards of the test run itself: they must hold, also in child processes."""

from __future__ import annotations

import os
import runpy
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent.parent

OUTSIDE = "192.0.2.1"  # TEST-NET-1: never a real host


def test_a_connection_beyond_loopback_is_refused() -> None:
    with socket.socket() as probe, pytest.raises(RuntimeError, match="stay on loopback"):
        probe.connect((OUTSIDE, 9))


def test_connect_ex_and_sendto_beyond_loopback_are_refused() -> None:
    with socket.socket() as probe, pytest.raises(RuntimeError, match="stay on loopback"):
        probe.connect_ex((OUTSIDE, 9))
    datagram = socket.socket(type=socket.SOCK_DGRAM)
    with datagram, pytest.raises(RuntimeError, match="stay on loopback"):
        datagram.sendto(b"x", (OUTSIDE, 9))


@pytest.mark.parametrize("host", ["example.org", "api.example.com", OUTSIDE, b"example.org"])
def test_a_name_beyond_this_machine_is_not_looked_up(host: str | bytes) -> None:
    with pytest.raises(RuntimeError, match="stay on loopback"):
        socket.getaddrinfo(host, 443)


def test_loopback_stays_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        answer = threading.Thread(target=lambda: server.accept()[0].close())
        answer.start()
        with socket.create_connection(("localhost", server.getsockname()[1]), timeout=5):
            pass
        answer.join()


def test_a_child_process_is_guarded_too() -> None:
    script = f"import socket; socket.create_connection(({OUTSIDE!r}, 9), timeout=1)"
    child = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert child.returncode == 1
    assert "tests stay on loopback" in child.stderr


def test_the_home_is_not_the_users_home(sealed: Path) -> None:
    assert Path.home() == sealed
    assert Path(os.environ["TEMPLATE_CREATE_HOME"]) == sealed
    assert list(sealed.iterdir()) == []


def test_no_key_of_the_user_reaches_a_test() -> None:
    assert [name for name in os.environ if name.startswith(("ANTHROPIC_", "OPENAI_"))] == []


def test_two_copies_of_the_bookshop_are_the_same_commit(bookshop: Path) -> None:
    show = ["git", "show", "--no-patch", "--format=%an %at %s"]
    shown = subprocess.run(show, cwd=bookshop, capture_output=True, text=True, check=True)
    assert shown.stdout == "A. Writer 1767323045 Open the bookshop\n"
    status = ["git", "status", "--porcelain"]
    assert subprocess.run(status, cwd=bookshop, capture_output=True, check=True).stdout == b""


def _totals(lines: int, branches: int) -> dict[str, int]:
    return {
        "covered_lines": lines,
        "num_statements": 100,
        "covered_branches": branches,
        "num_branches": 100,
    }


@pytest.mark.parametrize(
    ("lines", "branches", "short"),
    [(85, 80, []), (84, 80, ["lines"]), (85, 79, ["branches"]), (100, 0, ["branches"])],
)
def test_the_coverage_gate_holds_both_promises(lines: int, branches: int, short: list[str]) -> None:
    gate = runpy.run_path(str(TESTS / "coverage_gate.py"))
    found = gate["shortfalls"](_totals(lines, branches))
    assert [line.partition(":")[0] for line in found] == short


def test_the_coverage_gate_never_passes_without_a_report(tmp_path: Path) -> None:
    gate = runpy.run_path(str(TESTS / "coverage_gate.py"))
    assert gate["main"]([str(tmp_path / "missing.json")]) == 2
    empty = dict.fromkeys(_totals(0, 0), 0)
    assert gate["shortfalls"](empty) == [
        "lines: nothing was measured",
        "branches: nothing was measured",
    ]
