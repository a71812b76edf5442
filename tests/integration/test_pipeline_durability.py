"""T1-T3, T7, T8, T11 for pipelines: real processes, killed at named places, and compared.

Every item runs at least once and is stored exactly once; at most the chunks in flight run again;
what a hook was told is never lost; the merged result is byte for byte that of an undisturbed run.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from batch_engine.core import FAILPOINT_VARIABLE, SqliteRunStore
from batch_engine.pipeline import PIPELINE_FAILPOINTS, Pipeline, batched, mapped

pytestmark = pytest.mark.slow

ITEMS = 12
CHUNK = 2
CHUNKS = ITEMS // CHUNK
STAGES = 3  # in the scope; one more stage follows it

PROGRAM = """
import json, os, sys
from pathlib import Path
from batch_engine.core import *
from batch_engine.pipeline import *

FOLDER, ORDER, EXECUTOR = Path(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3]

def note(line):
    log = os.open(FOLDER / "effects.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(log, (line + "\\n").encode())
    os.close(log)

class Ask(Agent):
    def run(self, context):
        for n in context["numbers"]:
            note(f"ask {n}")
        return {"numbers": [{"n": n, "text": "é" * (n % 3)} for n in context["numbers"]],
                "tokens": len(context["numbers"])}

class Check(Agent):
    def run(self, context):
        answer = []
        for item in context["numbers"]:
            note(f"check {item['n']}")
            flaky = item["n"] == 5 and context.batch.attempt == 1
            never = item["n"] == 7
            error = TransientError("once") if flaky else TaskError("never") if never else None
            answer.append(ItemFailure(error) if error else {**item, "checked": True})
        return answer

def keep(item):
    return item["n"] != 8

class Report(Agent):
    def run(self, context):
        return {"report": [item["n"] for item in context["numbers"]]}

def name(n):
    return f"n{n}"

def complete(event):
    note(f"hook {event.number}")

PIPELINE = Pipeline(
    batched(Ask() >> Check() >> filtered(keep), chunk_size=2, over="numbers", key=name,
            reduce={"tokens": "sum"}, on_batch_complete=complete,
            on_batch_error=lambda event: None) >> Report()
)

def main():
    settings = {"executor": EXECUTOR, "max_workers": 2} if EXECUTOR else {}
    with SqliteRunStore(FOLDER / "run") as store:
        result = PIPELINE.run({"numbers": ORDER}, store=store, retry=RetryPolicy(initial_s=0),
                              **settings)
    print(json.dumps([dict(result), {key: error.code for key, error in result.errors.items()}],
                     ensure_ascii=False))

if __name__ == "__main__":
    main()
"""


Done = subprocess.CompletedProcess[str]
Run = Callable[..., Done]

FILE = "import runpy, sys; del sys.argv[0]; runpy.run_path(sys.argv[0], run_name='__main__')"


@pytest.fixture(scope="module")
def start(warm: Any) -> Run:
    """Runs a program in a process of its own, forked from one that has imported the engine;
    with worker processes in one that was started afresh, as its workers are."""

    def start(program: Path, text: str, *words: str, failpoint: str = "") -> Done:
        program.write_text(text, encoding="utf-8")
        fresh = words[-1] == "processes"
        command = [sys.executable] if fresh else [warm.python, "-c", FILE]
        return subprocess.run(
            [*command, str(program), *words],
            env={**os.environ, **({FAILPOINT_VARIABLE: failpoint} if failpoint else {})},
            capture_output=True,
            text=True,
            check=False,
        )

    return start


@pytest.fixture(scope="module")
def run(start: Run) -> Run:
    """Runs the pipeline."""

    def run(
        folder: Path, failpoint: str = "", order: list[int] | None = None, executor: str = ""
    ) -> Done:
        folder.mkdir(exist_ok=True)
        numbers = json.dumps(list(range(ITEMS)) if order is None else order)
        words = (str(folder), numbers, executor)
        return start(folder / "program.py", PROGRAM, *words, failpoint=failpoint)

    return run


def _result(done: Done) -> str:
    assert done.returncode == 0, done.stderr
    return done.stdout


def _effects(folder: Path) -> tuple[Counter[str], list[int]]:
    """How often each stage worked on each item, and the chunks that the hook was told of."""
    log = folder / "effects.log"
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    work = Counter(line for line in lines if not line.startswith("hook"))
    return work, [int(line.split()[1]) for line in lines if line.startswith("hook")]


@pytest.fixture(scope="module")
def undisturbed(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, object]:
    folder = tmp_path_factory.mktemp("undisturbed")
    printed = _result(run(folder))
    result, errors = json.loads(printed)
    assert result["report"] == [n for n in range(ITEMS) if n not in (7, 8)]
    assert (result["tokens"], errors) == (ITEMS, {"n7": "task.failed"})
    work, hooks = _effects(folder)
    assert hooks == list(range(1, CHUNKS + 1))
    return {"printed": printed, "work": work}


def _again(folder: Path, undisturbed: Mapping[str, object]) -> int:
    """The most often that any stage worked on items more than without the crash; those that
    fail, for good or at first, are items like others."""
    usual = undisturbed["work"]
    assert isinstance(usual, Counter)
    more = _effects(folder)[0] - usual
    stages: Counter[str] = Counter()
    for line, times in more.items():
        stages[line.split()[0]] += times
    return max(stages.values(), default=0)


PER_STAGE = ("before_stage", "after_stage")
PER_CHUNK = ("before_persist", "mid_transaction", "before_hook", "after_hook")
KILLS = {
    # In the first chunk; resumed, in a middle one; resumed, in the last one. Hits count anew in
    # each process: stages run from the first chunk that is not stored on, hooks are told of all.
    "before_stage": (1, 11, 8),
    "after_stage": (1, 11, 9),
    "before_persist": (1, 4, 3),
    "mid_transaction": (1, 4, 4),
    "before_hook": (1, 4, 6),
    "after_hook": (1, 4, 6),
    "before_merge": (1,),
    "before_terminator": (1,),
}


@pytest.mark.parametrize("point", [*KILLS, "the stage after the scope"])
def test_after_kills_at_any_place_the_result_is_that_of_an_undisturbed_run(
    point: str, run: Run, undisturbed: Mapping[str, object], tmp_path: Path
) -> None:
    late = f"before_stage:{STAGES * CHUNKS + 3}"  # a retry takes two more
    hits = [f"{point}:{hit}" for hit in KILLS[point]] if point in KILLS else [late]
    asked: dict[int, int] = {}
    for hit in hits:
        assert run(tmp_path, hit).returncode == -signal.SIGKILL
        work, hooks = _effects(tmp_path)
        told = {n for number in hooks for n in range((number - 1) * CHUNK, number * CHUNK)}
        asked |= {n: work[f"ask {n}"] for n in told - set(asked)}
    assert _result(run(tmp_path)) == undisturbed["printed"]
    assert _again(tmp_path, undisturbed) <= CHUNK * len(hits)
    work, hooks = _effects(tmp_path)
    if len(hits) == 1:
        del asked[7]  # it failed for good, and the step was finished: it is tried anew
    assert {n: work[f"ask {n}"] for n in asked} == asked, "done, told, and done again"
    assert set(hooks) == set(range(1, CHUNKS + 1))


def test_every_failpoint_of_the_pipeline_is_killed_at() -> None:
    assert set(PIPELINE_FAILPOINTS) <= set(KILLS)


def test_five_kills_during_the_resume_converge(
    run: Run, undisturbed: Mapping[str, object], tmp_path: Path
) -> None:
    assert run(tmp_path, "after_hook:4").returncode == -signal.SIGKILL
    for hit in range(1, 6):
        assert run(tmp_path, f"during_load:{hit}").returncode == -signal.SIGKILL
    assert _result(run(tmp_path)) == undisturbed["printed"]
    assert _again(tmp_path, undisturbed) == 0


def test_a_seeded_kill_loop_loses_nothing(
    run: Run, undisturbed: Mapping[str, object], tmp_path: Path
) -> None:
    seed = int(os.environ.get("PIPELINE_KILL_SEED", "20261121"))
    rounds = int(os.environ.get("PIPELINE_KILL_ROUNDS", "5"))
    print(f"PIPELINE_KILL_SEED={seed} PIPELINE_KILL_ROUNDS={rounds}")
    draw = random.Random(seed)
    kills = 0
    for _ in range(rounds):
        point, hit = draw.choice([*PER_STAGE, *PER_CHUNK, "during_load"]), draw.randint(1, 3)
        done = run(tmp_path, f"{point}:{hit}")
        kills += done.returncode == -signal.SIGKILL
    assert kills >= 2
    assert _result(run(tmp_path)) == undisturbed["printed"]
    assert _again(tmp_path, undisturbed) <= kills * CHUNK


def test_a_resume_with_items_added_removed_repeated_and_reordered_runs_only_the_new_ones(
    run: Run, tmp_path: Path
) -> None:
    assert run(tmp_path, "after_hook:4").returncode == -signal.SIGKILL  # 0..7 are through
    order = [20, 6, 1, 0, 6, 21, 2]
    result, _ = json.loads(_result(run(tmp_path, order=order)))
    assert result["report"] == order
    work, _ = _effects(tmp_path)
    assert {line for line in work if line.startswith("ask ")} == {
        f"ask {n}" for n in (*range(8), 20, 21)
    }
    assert all(times == 1 for line, times in work.items() if line.startswith("ask "))


EARLY = """
import sys
from pathlib import Path
from batch_engine.core import *
from batch_engine.pipeline import *

FOLDER, EXECUTOR = Path(sys.argv[1]), sys.argv[2]

class Count(Agent):
    def run(self, context):
        return {"tokens": len(context["numbers"])}

class Ask(Agent):
    def run(self, context):
        for number in context.batch.items:
            with (FOLDER / "asked").open("a") as file:
                file.write(f"{number}\\n")
            context.batch.complete(number, number * number)

def main():
    flow = batched(Count() >> Ask(), chunk_size=100, over="numbers", reduce={"tokens": "sum"})
    settings = {"executor": EXECUTOR, "max_workers": 1} if EXECUTOR else {}
    with SqliteRunStore(FOLDER / "run") as store:
        result = Pipeline(flow).run({"numbers": list(range(6))}, store=store, **settings)
    print(result["numbers"], result["tokens"])

if __name__ == "__main__":
    main()
"""


@pytest.mark.parametrize("executor", ["", "processes"])
def test_what_a_stage_completed_early_is_never_worked_on_again(
    executor: str, start: Run, tmp_path: Path
) -> None:
    """One request for all items, killed after four of its answers; what an earlier stage counted
    is counted once. A worker process stores early results itself: when it dies, the run goes on."""
    words = (tmp_path / "program.py", EARLY, str(tmp_path), executor)
    done = start(*words, failpoint="after_item:4")
    if not executor:
        assert done.returncode == -signal.SIGKILL
        done = start(*words)
    assert done.stdout == "[0, 1, 4, 9, 16, 25] 6\n", done.stderr
    assert (tmp_path / "asked").read_text().split() == list("012345")


@pytest.mark.parametrize("executor", ["threads", "processes"])
def test_with_workers_a_kill_costs_at_most_the_chunks_in_flight(
    executor: str, run: Run, undisturbed: Mapping[str, object], tmp_path: Path
) -> None:
    """With processes the place is in a worker: it dies, and the run goes on without a resume."""
    done = run(tmp_path, "after_stage:7", executor=executor)
    in_flight = 4 * CHUNK
    if executor == "threads":
        assert done.returncode == -signal.SIGKILL
        done = run(tmp_path, executor=executor)
    assert _result(done) == undisturbed["printed"]
    assert _again(tmp_path, undisturbed) <= in_flight


def test_worker_threads_give_the_same_bytes(
    run: Run, undisturbed: Mapping[str, object], tmp_path: Path
) -> None:
    assert _result(run(tmp_path, executor="threads")) == undisturbed["printed"]


MEMORY = """
import json, os
from pathlib import Path
from batch_engine.pipeline import *

def name(item):
    return str(item["n"])

def rss():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")

rows = ({"n": n, "text": "x" * 200} for n in range(100_000))
flow = mapped(dict, name="a") >> mapped(dict, name="b") >> mapped(dict, name="c")
told = []
for batch in Pipeline(batched(flow, chunk_size=100, over="rows", key=name)).stream({"rows": rows}):
    if batch.number in (100, 1000):
        told.append(rss())
print(json.dumps(told))
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
def test_the_memory_of_a_stream_is_flat_from_ten_to_a_hundred_thousand_items() -> None:
    command = [sys.executable, "-c", MEMORY]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    at_10_000, at_100_000 = json.loads(done.stdout)
    assert at_100_000 - at_10_000 <= 5_000_000


def test_the_store_grows_with_the_results_and_no_faster(tmp_path: Path) -> None:
    pipeline = Pipeline(batched(mapped(dict), chunk_size=100, over="rows"))
    told = []
    for count in (500, 1000, 2000, 4000):
        folder = tmp_path / str(count)
        with SqliteRunStore(folder) as store:
            pipeline.run({"rows": [{"n": n, "text": "x" * 200} for n in range(count)]}, store=store)
        told.append(sum(path.stat().st_size for path in folder.iterdir()))
    one, two, four, eight = told
    per_item = [(two - one) / 500, (four - two) / 1000, (eight - four) / 2000]
    assert max(per_item) / min(per_item) <= 1.1
