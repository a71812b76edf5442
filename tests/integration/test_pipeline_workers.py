"""Pipelines in worker processes and on a real local Dask cluster: the same bytes, results by key,
nothing announced that is not stored, and no end of the run for what cannot be sent.

Each program is a file of its own, since worker processes import what they run.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

CLUSTER = """
import json, os, signal, sqlite3, sys
from pathlib import Path
from batch_engine.core import *
from batch_engine.pipeline import *

FOLDER = Path(sys.argv[1])
COUNT = 24

def note(line):
    log = os.open(FOLDER / "effects.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(log, (line + "\\n").encode())
    os.close(log)

class Ask(Agent):
    def run(self, context):
        for number in context["numbers"]:
            note(f"ask {number} {os.getpid()}")
        numbers = [{"n": number} for number in context["numbers"]]
        return {"numbers": numbers, "tokens": len(numbers)}

class Check(Agent):
    def run(self, context):
        numbers = [item["n"] for item in context["numbers"]]
        if 11 in numbers and not (FOLDER / "died").exists():
            (FOLDER / "died").touch()
            context.batch.complete(context["numbers"][0], {"n": numbers[0], "early": True})
            os.kill(os.getpid(), signal.SIGKILL)
        once = ItemFailure(TransientError("once")) if context.batch.attempt == 1 else None
        odd = {3: once, 5: ItemFailure("never")}
        return [odd.get(n) or {"n": n, "ok": True} for n in numbers]

def name(n):
    return f"n{n}"

FLOW = batched(Ask() >> Check(), chunk_size=2, over="numbers", key=name, reduce={"tokens": "sum"})

def main():
    from distributed import Client
    unstored = []
    with SqliteRunStore(FOLDER / "run") as store:
        def told(event):
            note(f"told {event.number}")
            with sqlite3.connect(FOLDER / "run" / "run.sqlite3") as db:
                stored = {key.decode() for (key,) in db.execute("SELECT key FROM item")}
            unstored.extend({name(item) for item in event.items} - stored)
        with Client(
            n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
        ) as client:
            result = Pipeline(FLOW).run(
                {"numbers": list(range(COUNT))}, store=store, max_workers=2,
                executor=client.get_executor(retries=0), on_batch_complete=told,
                retry=RetryPolicy(initial_s=0),
            )
    print(json.dumps({
        "numbers": result["numbers"], "tokens": result["tokens"], "errors": list(result.errors),
        "unstored": unstored, "pid": os.getpid(),
    }))

if __name__ == "__main__":
    main()
"""


def _run(folder: Path, program: str) -> Any:
    path = folder / "program.py"
    path.write_text(program, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(path), str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_on_a_dask_cluster_a_killed_worker_costs_its_chunks_and_nothing_that_was_stored(
    tmp_path: Path,
) -> None:
    if importlib.util.find_spec("distributed") is None:
        pytest.skip("distributed is not installed; `pip install template-create[dask]`")
    told = _run(tmp_path, CLUSTER)
    early = {"n": 10, "early": True}
    fine = [early if n == 10 else {"n": n, "ok": True} for n in range(24) if n != 5]
    assert (told["numbers"], told["errors"], told["unstored"]) == (fine, ["n5"], [])
    lines = [line.split() for line in (tmp_path / "effects.log").read_text().splitlines()]
    asked = Counter(int(line[1]) for line in lines if line[0] == "ask")
    assert set(asked) == set(range(24))
    assert sum(asked.values()) - 24 <= 4 * 2, "more than the chunks in flight ran again"
    assert str(told["pid"]) not in {line[2] for line in lines if line[0] == "ask"}
    assert sorted(int(line[1]) for line in lines if line[0] == "told") == list(range(1, 13))


WORKERS = """
import json, sys, threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from batch_engine.core import *
from batch_engine.pipeline import *

FOLDER = Path(sys.argv[1])

class Waiting(Pause):
    def __init__(self, what, where):
        super().__init__(f"{what} at {where}")
        self.where = where

class Odd(Pause):
    def __init__(self, what, where):
        super().__init__(f"{what} at {where}")
    def __reduce__(self):
        return (Odd, ("alone",))

class Unreadable:
    def __reduce__(self):
        return (int, ("no number",))

def odd(n):
    if n == 2:
        return threading.Lock()
    if n == 3:
        raise Waiting("an answer", "there")
    if n == 4:
        raise Odd("an answer", "there")
    if n == 6:
        return Unreadable()
    return n

def skip(n):
    raise ValueError(n)

class Slow(Agent):
    def run(self, context):
        (FOLDER / "running").touch()
        while not (FOLDER / "started").exists():
            threading.Event().wait(0.01)
        return context["rows"]

def main():
    told = {}
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        def run(flow, rows, **settings):
            return Pipeline(flow).run({"rows": rows}, executor=pool, **settings)
        one = batched(mapped(odd), chunk_size=2, over="rows", key=str, skip_if=skip)
        result = run(one, [1, 2, 5])
        told["lock"] = [result["rows"], {k: e.code for k, e in result.errors.items()},
                        "cannot be sent" in result.errors["2"].error, result.scopes[0].counts.ok]
        told["callbacks"] = [len(result.hook_failures), len(result.listener_failures)]
        result = run(one, [6, 7, 8])
        codes = {error.code for error in result.errors.values()}
        told["unreadable"] = [result["rows"], sorted(result.errors), sorted(codes)]
        result = run(one, [1, threading.Lock(), 5])
        told["item"] = [result["rows"], len(result.errors)]
        for n in (3, 4):
            try:
                run(one, [n])
            except Pause as pause:
                told[f"pause {n}"] = [type(pause).__name__, str(pause), vars(pause)]
        stages = batched(Slow(), chunk_size=1, over="rows",
                         on_batch_start=lambda event: (FOLDER / "started").touch())
        told["start"] = run(stages, [1])["rows"]
    print(json.dumps(told))

if __name__ == "__main__":
    main()
"""


def test_what_cannot_be_sent_fails_its_items_and_what_workers_tell_arrives(tmp_path: Path) -> None:
    told = _run(tmp_path, WORKERS)
    assert told["lock"] == [[1, 5], {"2": "internal.work_contract"}, True, 2]
    assert told["callbacks"] == [3, 0]
    assert told["unreadable"] == [[8], ["6", "7"], ["internal.work_contract"]]
    assert told["item"] == [[5], 2]
    assert told["pause 3"] == ["Waiting", "an answer at there", {"where": "there"}]
    assert told["pause 4"][:2] == ["Pause", "Odd: an answer at there"]
    assert told["start"] == [1], "told of the start before the work began"
