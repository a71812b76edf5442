"""The promise of docs/engine.md, kept through SIGKILL, in real processes.

Every item runs at least once and is stored exactly once; at most the chunks in flight run again
after a crash; what was announced as complete is never lost.

Each process runs the program below: it notes every item that it works on, and every chunk that
was announced, in files that it flushes before it goes on.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from batch_engine.core import (
    FAILPOINT_VARIABLE,
    FAILPOINTS,
    SqliteRunStore,
    StepRef,
)

ITEMS = 12
CHUNK = 2
CHUNKS = ITEMS // CHUNK

PROGRAM = """
import json, os, sys
from pathlib import Path
from batch_engine.core import *

directory, items, chunk, workers, early = Path(sys.argv[1]), *map(int, sys.argv[2:6])
log = os.open(directory / "effects.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

def note(line):
    os.write(log, (line + "\\n").encode())

def work(numbers, context):
    answer = {}
    for key, number in zip(context.keys, numbers):
        note(f"run {number}")
        result = {"square": number * number, "text": "é" * (number % 3)}
        if number == 5 and context.attempt == 1:
            answer[key] = ItemFailure(TransientError("once"))
        elif number == 7 and early:
            context.fail(number, "never")
        elif number == 7:
            answer[key] = ItemFailure("never")
        elif early:
            context.complete(number, result)
        else:
            answer[key] = result
    return answer

def listener(event):
    if isinstance(event, ChunkCompleted):
        note(f"announced {event.number}")

with SqliteRunStore(directory / "run") as store:
    result = run_batches(
        range(items), work, step="square", key=str, chunking=chunk, store=store,
        fingerprint="v1", retry=RetryPolicy(initial_s=0), listeners=[listener],
        max_workers=workers or None,
    )
    outcomes = [
        [o.key, o.value, None if o.error is None else [o.error.code, o.error.error]]
        for o in result.in_order()
    ]
    print(json.dumps([outcomes, store.took_over != ""]))
"""


Done = subprocess.CompletedProcess[str]
Run = Callable[..., Done]


@pytest.fixture(scope="module")
def run(warm: Any) -> Run:
    """Runs the program in a process of its own, forked from one that has imported the engine."""

    def run(
        directory: Path,
        failpoint: str = "",
        *,
        workers: int = 0,
        early: bool = False,
        chunk: int = CHUNK,
    ) -> Done:
        directory.mkdir(exist_ok=True)
        sizes = [str(size) for size in (ITEMS, chunk, workers, int(early))]
        return _done([warm.python, "-c", PROGRAM, str(directory), *sizes], failpoint)

    return run


def _done(command: Sequence[str], failpoint: str) -> Done:
    environment = {**os.environ, FAILPOINT_VARIABLE: failpoint} if failpoint else {**os.environ}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def _outcomes(done: Done) -> list[object]:
    assert done.returncode == 0, done.stderr
    outcomes: list[object] = json.loads(done.stdout)[0]
    return outcomes


def _effects(directory: Path) -> tuple[Counter[int], list[int]]:
    """How often each item was worked on, and the chunks that were announced."""
    lines = (directory / "effects.log").read_text().splitlines()
    runs = Counter(int(line.split()[1]) for line in lines if line.startswith("run "))
    return runs, [int(line.split()[1]) for line in lines if line.startswith("announced ")]


def _stored(directory: Path) -> dict[str, object]:
    with SqliteRunStore(directory / "run", read_only=True) as store:
        return {row.key: (row.status, row.data) for row in store.items(StepRef("square", "v1"))}


@pytest.fixture(scope="module")
def undisturbed(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, object]:
    """What a run that nobody kills prints, stores and does."""
    directory = tmp_path_factory.mktemp("undisturbed")
    outcomes = _outcomes(run(directory))
    runs, announced = _effects(directory)
    assert announced == list(range(1, CHUNKS + 1))
    return {"outcomes": outcomes, "stored": _stored(directory), "runs": runs}


KILLS = {
    # In the first chunk; resumed, in a middle one; resumed, in the last one. Hits count anew in
    # each process, which begins with the first chunk that is not stored.
    "before_work": (1, 4, 4),
    "after_work": (1, 4, 4),
    "before_persist": (1, 4, 3),
    "mid_transaction": (1, 4, 4),
    "after_persist": (1, 3, 2),
    "after_announce": (1, 3, 2),
    "before_wait": (1,),  # these two come once
    "before_merge": (1,),
}
"""The failpoints of a run; `during_load` comes only in one that finds results, `after_item` only
with early results (see the tests below)."""


def _attempted_twice(runs: Counter[int], undisturbed: Mapping[str, object]) -> int:
    """How often items were worked on beyond what they are without the crash; those that fail,
    for good or at first, are items like others."""
    usual = undisturbed["runs"]
    assert isinstance(usual, Counter)
    return sum((runs - usual).values())


@pytest.mark.slow
@pytest.mark.parametrize("point", KILLS)
def test_after_kills_at_any_point_the_result_is_that_of_an_undisturbed_run(
    point: str, run: Run, undisturbed: Mapping[str, object], tmp_path: Path
) -> None:
    for kills, hit in enumerate(KILLS[point], 1):
        assert run(tmp_path, f"{point}:{hit}").returncode == -signal.SIGKILL
        before = _stored(tmp_path)
        for number in _effects(tmp_path)[1]:
            chunk = range((number - 1) * CHUNK, number * CHUNK)
            assert {str(item) for item in chunk} <= set(before), "announced and lost"
        runs, _ = _effects(tmp_path)
        assert _attempted_twice(runs, undisturbed) <= (kills - 1) * CHUNK

    resumed = run(tmp_path)
    assert _outcomes(resumed) == undisturbed["outcomes"]
    assert json.loads(resumed.stdout)[1], "the dead owner's run was not taken over"
    assert _stored(tmp_path) == undisturbed["stored"]
    runs, _ = _effects(tmp_path)
    assert _attempted_twice(runs, undisturbed) <= len(KILLS[point]) * CHUNK


def test_every_failpoint_is_killed_at() -> None:
    assert {*KILLS, "during_load", "after_item"} == set(FAILPOINTS)


@pytest.mark.slow
def test_kills_during_the_resume_itself_converge(
    run: Run, undisturbed: Mapping[str, object], tmp_path: Path
) -> None:
    """Five times in a row, each a little later."""
    assert run(tmp_path, "after_persist:3").returncode == -signal.SIGKILL
    for hit in range(1, 6):
        assert run(tmp_path, f"during_load:{hit}").returncode == -signal.SIGKILL
    assert _outcomes(run(tmp_path)) == undisturbed["outcomes"]
    runs, _ = _effects(tmp_path)
    assert _attempted_twice(runs, undisturbed) <= 0


@pytest.mark.slow
@pytest.mark.parametrize("hit", [1, 4, 9])
def test_what_was_completed_or_failed_early_is_never_run_again(
    hit: int, run: Run, undisturbed: Mapping[str, object], tmp_path: Path
) -> None:
    """One chunk for everything, as one request for all agents: finished items survive alone."""
    killed = run(tmp_path, f"after_item:{hit}", early=True, chunk=ITEMS)
    assert killed.returncode == -signal.SIGKILL
    stored = _stored(tmp_path)
    assert len(stored) == hit
    resumed = run(tmp_path, early=True, chunk=ITEMS)
    assert _outcomes(resumed) == undisturbed["outcomes"]
    runs, _ = _effects(tmp_path)
    assert {key: runs[int(key)] for key in stored} == dict.fromkeys(stored, 1)


@pytest.mark.slow
def test_with_workers_at_most_the_chunks_in_flight_run_again(
    run: Run, undisturbed: Mapping[str, object], tmp_path: Path
) -> None:
    workers = 2
    killed = run(tmp_path, "after_work:4", workers=workers)
    assert killed.returncode == -signal.SIGKILL
    assert _outcomes(run(tmp_path, workers=workers)) == undisturbed["outcomes"]
    runs, _ = _effects(tmp_path)
    assert _attempted_twice(runs, undisturbed) <= workers * CHUNK


@pytest.mark.slow
def test_a_seeded_kill_loop_loses_nothing(
    run: Run, undisturbed: Mapping[str, object], tmp_path: Path
) -> None:
    """Kill after kill at places drawn from a seed, until a run gets through."""
    draw = random.Random(20261121)
    kills = 0
    for _ in range(8):
        point, hit = draw.choice(sorted(FAILPOINTS)), draw.randint(1, 2)
        done = run(tmp_path, f"{point}:{hit}")
        if done.returncode == 0:
            assert _outcomes(done) == undisturbed["outcomes"]
        kills += done.returncode == -signal.SIGKILL
    assert kills >= 3
    assert _outcomes(run(tmp_path)) == undisturbed["outcomes"]
    assert _stored(tmp_path) == undisturbed["stored"]
    runs, _ = _effects(tmp_path)
    assert _attempted_twice(runs, undisturbed) <= kills * CHUNK


PAUSING = """
import sys
from pathlib import Path
from batch_engine.core import *

FOLDER = Path(sys.argv[1])
REASON = {"rule": "length", "place": "Examples", "fix": "two more lines"}

class Waiting(Pause):
    pass

def work(items, context):
    answer = FOLDER / "answer"
    asked = [context.keys, context.attempts,
             {key: (record.error, record.details) for key, record in context.previous.items()}]
    with (FOLDER / "asked").open("a") as file:
        print(asked, file=file)
    if not answer.exists():
        raise Waiting("an answer is asked for")
    text = answer.read_text()
    answer.unlink()
    rejected = ItemFailure(RejectedResultError("too short", details=[REASON]))
    if items[0] == "a":
        context.complete("a", text)
        return [rejected]
    return [rejected if item == "b" else text for item in items]

with SqliteRunStore(FOLDER / "run") as store:
    try:
        result = run_batches("abc", work, step="ask", key=str, chunking=2, store=store,
                             retry=RetryPolicy(max_attempts=3, initial_s=0))
    except Waiting:
        sys.exit(42)
print(result.values, {key: error.retry.attempt for key, error in result.errors.items()})
"""


@pytest.mark.slow
def test_a_run_that_pauses_for_every_answer_counts_and_comes_to_its_end(
    warm: Any, tmp_path: Path
) -> None:
    """As with an assistant behind files: each answer is given to a process of its own."""

    def go(answer: str = "", failpoint: str = "") -> tuple[int, str]:
        if answer:
            (tmp_path / "answer").write_text(answer)
        done = _done([warm.python, "-c", PAUSING, str(tmp_path)], failpoint)
        assert done.returncode in (0, 42, -signal.SIGKILL), done.stderr
        return done.returncode, done.stdout

    assert go("bad 1", "before_wait")[0] == -signal.SIGKILL
    assert [go()[0], go("bad 2")[0], go("bad 3")[0], go()[0]] == [42] * 4
    assert go("for c") == (0, "{'a': 'bad 1', 'c': 'for c'} {'b': 3}\n")
    why = {"b": ("too short", ({"rule": "length", "place": "Examples", "fix": "two more lines"},))}
    second, third, of_c = [("b",), (2,), why], [("b",), (3,), why], [("c",), (1,), {}]
    expected = [[("a", "b"), (1, 1), {}], second, second, third, third, of_c, of_c, of_c]
    assert (tmp_path / "asked").read_text().splitlines() == [str(call) for call in expected]


@pytest.mark.slow
def test_of_two_resumers_one_wins_and_the_other_is_told(run: Run, tmp_path: Path) -> None:
    """The first waits inside its work until the second one has come and gone."""
    gate = """
import sys
from pathlib import Path
from batch_engine.core import *

def work(items, context):
    print("working", flush=True)
    sys.stdin.readline()
    return items

with SqliteRunStore(Path(sys.argv[1]) / "run") as store:
    print(run_batches([1], work, step="square", store=store).ok)
"""
    assert run(tmp_path, "after_persist:2").returncode == -signal.SIGKILL
    command = [sys.executable, "-c", gate, str(tmp_path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "working\n"
        second = run(tmp_path)
        assert second.returncode == 1
        assert f"StoreLockedError: {str(tmp_path / 'run')!r} is in use by process {first.pid}" in (
            second.stderr
        )
        out, _ = first.communicate("go on\n")
    assert out == "True\n"
    assert run(tmp_path).returncode == 0
