"""Worker processes, real ones: the same results, and no work lost when one of them dies.
(`test_pipeline_workers.py` does the same with Dask's.)

Each program is a file of its own, since worker processes import what they run.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

PROGRAM = """
import contextlib, json, os, signal, sys
from pathlib import Path
from batch_engine.core import *

FOLDER = Path(sys.argv[1])
DEADLY = sys.argv[2]  # "once", "always", "parent" or "never"
STORE = sys.argv[3]

def work(numbers, context):
    log = os.open(FOLDER / "effects.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    answer = []
    for number in numbers:
        if number == 7:
            marker = FOLDER / "died"
            if DEADLY == "always" or (DEADLY != "never" and not marker.exists()):
                marker.touch()
                os.kill(os.getppid() if DEADLY == "parent" else os.getpid(), signal.SIGKILL)
        os.write(log, f"{number} {os.getpid()}\\n".encode())
        if number == 3 and context.attempt == 1:
            answer.append(ItemFailure(TransientError("once")))
        elif number == 5:
            answer.append(ItemFailure("never"))
        else:
            answer.append(number * number)
    os.close(log)
    return answer

def main():
    events = []
    store = SqliteRunStore(FOLDER / "run") if STORE == "sqlite" else MemoryRunStore()
    with contextlib.closing(store):
        result = run_batches(
            range(24), work, step="square", key=str, chunking=2, store=store, max_workers=2,
            executor="processes", retry=RetryPolicy(initial_s=0), listeners=[events.append],
        )
        stored = {row.key: row.status for row in store.items(StepRef("square"))}
        attempts = [row.key for row in store.attempts(StepRef("square"))]
    announced = [e.number for e in events if isinstance(e, ChunkCompleted)]
    print(json.dumps({
        "values": result.values, "errors": {k: e.code for k, e in result.errors.items()},
        "stored": stored, "attempts": attempts, "announced": announced, "pid": os.getpid(),
        "items": sum(isinstance(e, (ItemCompleted, ItemFailed)) for e in events),
    }))

if __name__ == "__main__":
    main()
"""

ITEMS = 24
FAILING = {"5": "task.failed"}
VALUES = {str(n): n * n for n in range(ITEMS) if n != 5}


def _run(folder: Path, deadly: str, store: str = "sqlite") -> Any:
    program = folder / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(program), str(folder), deadly, store],
        capture_output=True,
        text=True,
        check=False,
    )
    if deadly == "parent" and done.returncode < 0:
        return None
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _runs(folder: Path) -> tuple[Counter[int], set[int]]:
    """How often each item was worked on, and by which processes."""
    lines = [line.split() for line in (folder / "effects.log").read_text().splitlines()]
    return Counter(int(item) for item, _ in lines), {int(pid) for _, pid in lines}


def _duplicates(runs: Counter[int]) -> int:
    """Runs beyond one per item (two for the item that succeeds at the second attempt)."""
    return sum(runs.values()) - ITEMS - 1


@pytest.mark.parametrize("store", ["sqlite", "memory"])
def test_processes_give_the_results_the_events_and_the_store_of_a_run_in_one(
    store: str, tmp_path: Path
) -> None:
    told = _run(tmp_path, "never", store=store)
    assert (told["values"], told["errors"]) == (VALUES, FAILING)
    assert told["stored"] == {**dict.fromkeys(VALUES, "ok"), "5": "failed"}
    assert told["attempts"] == ["3"]
    assert sorted(told["announced"]) == list(range(1, 13))
    assert told["items"] == ITEMS
    runs, pids = _runs(tmp_path)
    assert told["pid"] not in pids
    assert _duplicates(runs) == 0


@pytest.mark.parametrize("store", ["sqlite", "memory"])
def test_when_a_worker_dies_its_chunks_are_asked_again_and_nothing_is_lost(
    store: str, tmp_path: Path
) -> None:
    told = _run(tmp_path, "once", store=store)
    assert (told["values"], told["errors"]) == (VALUES, FAILING)
    runs, _ = _runs(tmp_path)
    in_flight = 4 * 2
    assert _duplicates(runs) <= in_flight


def test_a_chunk_that_kills_every_worker_fails_alone(tmp_path: Path) -> None:
    told = _run(tmp_path, "always")
    lost = dict.fromkeys(("6", "7"), "crash.worker_lost")
    assert told["errors"] == {**FAILING, **lost}
    assert told["values"] == {key: value for key, value in VALUES.items() if key not in lost}
    assert told["stored"]["7"] == "failed"


def test_after_the_parent_is_killed_another_process_goes_on(tmp_path: Path) -> None:
    """The orphaned workers end; what they stored before counts."""
    assert _run(tmp_path, "parent") is None
    told = _run(tmp_path, "parent")
    assert (told["values"], told["errors"]) == (VALUES, FAILING)
    runs, _ = _runs(tmp_path)
    assert _duplicates(runs - Counter({5: 1, 3: 1})) <= 4 * 2
