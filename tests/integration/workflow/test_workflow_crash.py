"""Killed at any time, a run loses nothing and repeats at most what was in flight."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from batch_engine.core import SqliteRunStore
from batch_engine.workflow import WorkflowState, state_folder

ITEMS = 120  # a quarter of them fails
WORKERS = 3

TEXT = f"""
name: kill
steps:
  - name: work
    task: batch
    inputs:
      items: "{{{{ range({ITEMS}) | list }}}}"
      max_concurrency: {WORKERS}
      tolerated_failures: 100%
      task:
        task: python_function
        inputs: {{function: "kill_items:work", args: ["{{{{ item }}}}", "{{{{ workspace }}}}"]}}
"""

# Every fourth item fails; each notes that it was begun, with one write. The first one starts the
# clock that kills the process.
MODULE = """
import os, signal, threading
after_s = float(os.environ["KILL_AFTER_S"])
begun, work_s = threading.Lock(), threading.Event()

def work(item, workspace):
    log = os.open(workspace + "/log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(log, f"{item}\\n".encode())
    os.close(log)
    if after_s and begun.acquire(blocking=False):
        threading.Timer(after_s, os.kill, (os.getpid(), signal.SIGKILL)).start()
    work_s.wait(0.002)
    if item % 4 == 0:
        raise ValueError("a fourth")
    return {"item": item}
"""

# Each run is a process of its own, forked from one that has loaded the engine and begun nothing:
# loading it 24 times would take most of the test.
PROGRAM = """
import os, sys
from pathlib import Path
from batch_engine.workflow import WorkflowEngine
file, folder, *delays = sys.argv[1:]
for number, delay in enumerate(delays):
    child = os.fork()
    if not child:
        os.environ["KILL_AFTER_S"] = delay
        workspace = Path(folder) / str(number // 6)
        engine = WorkflowEngine(Path(file), workspace)
        result = engine.run(resume=(workspace / ".workflow/run.sqlite3").exists())
        print(result.status, flush=True)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
KILLS = 5


@pytest.mark.slow
def test_random_kills_lose_nothing_and_repeat_what_was_in_flight(tmp_path: Path) -> None:
    """Five kills in each of four runs, 2 to 25 ms after the first item; then one to the end."""
    chance, runs = random.Random(0), 4
    file = tmp_path / "w.yaml"
    file.write_text(TEXT)
    (tmp_path / "kill_items.py").write_text(MODULE)
    delays = [
        delay
        for _ in range(runs)
        for delay in [*(chance.uniform(0.002, 0.025) for _ in range(KILLS)), 0.0]
    ]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(file), str(tmp_path), *map(str, delays)],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{os.environ['PYTHONPATH']}"},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    killed = [str(-signal.SIGKILL)] * KILLS
    assert done.stdout.split() == [*killed, "completed_with_errors", "0"] * runs, done.stderr
    for number in range(runs):
        _lost_nothing(tmp_path / str(number))


def _lost_nothing(folder: Path) -> None:
    ran = Counter((folder / "log").read_text().split())
    assert len(ran) == ITEMS
    assert sum(ran.values()) - ITEMS <= KILLS * WORKERS
    with SqliteRunStore(state_folder(folder), read_only=True) as store:
        work = WorkflowState(store).export()["steps"]["work"]
    assert work["stats"] == {"total": ITEMS, "processed": 90, "failed": 30, "retried": 0}
    with closing(sqlite3.connect(state_folder(folder) / "run.sqlite3")) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


FEW_FILES = """
name: many
steps:
  - name: work
    task: batch
    inputs:
      items: "{{ range(10000) | list }}"
      max_concurrency: 2
      chunk_size: 50
      tolerated_failures: 60%
      task:
        task: python_function
        inputs: {function: "operator:truediv", args: [1, "{{ item % 2 }}"]}
"""

COUNTING = """
import os, resource, sys
from pathlib import Path
from batch_engine.workflow import WorkflowEngine
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
most, heard = 0, 0
def listen(event):
    global most, heard
    heard += 1
    if heard % 50 == 0:
        most = max(most, len(os.listdir("/proc/self/fd")))
engine = WorkflowEngine(Path(sys.argv[1]), Path(sys.argv[2]), listeners=[listen])
result = engine.run()
print(result.status, most, result.steps["work"].counts["failed"])
"""


@pytest.mark.slow
def test_ten_thousand_items_half_of_them_failing_need_few_files(tmp_path: Path) -> None:
    file = tmp_path / "w.yaml"
    file.write_text(FEW_FILES)
    done = subprocess.run(
        [sys.executable, "-c", COUNTING, str(file), str(tmp_path / "ws")],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    status, most, failed = done.stdout.split()
    assert (status, failed) == ("completed_with_errors", "5000")
    assert 0 < int(most) <= 50
