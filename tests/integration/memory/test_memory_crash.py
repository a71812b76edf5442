"""Killing real imports at every failpoint: what is stored afterwards is as if nothing happened."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from batch_engine.core import ChunkCompleted, Event
from memory_processing import (
    MEMORY_FAILPOINTS,
    BatchProcessingConfig,
    ConnectionLostError,
    FileSource,
    JsonLines,
    import_memories,
    open_store,
)
from memory_processing.planted import plant

SCRIPT = """
import os, sys
from pathlib import Path
from memory_processing import BatchProcessingConfig, FileSource, JsonLines
from memory_processing import import_memories, open_store

def work(notes, place, size, failpoint):
    from batch_engine.core import failpoints
    failpoints._wanted = failpoint or None  # read once, when the process that forks began
    with open_store(place) as store:
        config = BatchProcessingConfig(batch_size=int(size), log_progress=False)
        import_memories([FileSource(Path(notes), JsonLines(), label="notes")], store, config)

for line in sys.stdin:
    children = []
    for words in line.rstrip("\\n").split("\\v"):
        children.append(os.fork())
        if not children[-1]:
            work(*words.split("\\t"))
            os._exit(0)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    print(*codes, flush=True)
"""
"""Each line has imports that run at the same time, each in a process of its own; forked, so that
all load the modules once."""

SAFE = "run the integration tests before anybody pushes this release branch to our remote"
QUIET = BatchProcessingConfig(log_progress=False)


def write_notes(path: Path, count: int = 120) -> Path:
    """A file with planted duplicates, one record that is not valid and one line that is no JSON."""
    lines = [json.dumps(record) for record in plant(count, exact=0.2, near=0.4).records()]
    lines[17] = json.dumps({"text": "not valid", "confidence": 7})
    lines[61] = "{no json"
    # Two that are safe to merge, far from each other.
    lines[5] = json.dumps({"kind": "lesson", "text": SAFE.replace("the", "")})
    lines[110] = json.dumps({"kind": "lesson", "text": SAFE, "confidence": 0.9})
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def source(notes: Path) -> FileSource:
    return FileSource(notes, JsonLines(), label="notes")


@pytest.fixture(scope="module")
def forked() -> Iterator[Callable[..., list[int]]]:
    """Imports at the same time, each in a process of its own; returns their exit codes."""
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as forking:
        orders, codes = forking.stdin, forking.stdout
        assert orders
        assert codes

        def all_of(*imports: tuple[object, ...]) -> list[int]:
            line = "\v".join("\t".join(map(str, words)) for words in imports)
            print(line, file=orders, flush=True)
            return [int(code) for code in codes.readline().split()]

        yield all_of
        orders.close()


@pytest.fixture(scope="module")
def run(forked: Callable[..., list[int]]) -> Callable[..., int]:
    """One import in a process of its own, perhaps killed at a failpoint; returns its exit code."""

    def one(notes: Path, place: Path, size: int, failpoint: str = "") -> int:
        return forked((notes, place, size, failpoint))[0]

    return one


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str], dict[str, Any]]:
    folder = tmp_path_factory.mktemp("undisturbed")
    notes = write_notes(folder / "notes.jsonl")
    with open_store(folder / "store") as store:
        report = import_memories([source(notes)], store, QUIET)
        assert report.counts.merged == 1
        return notes, [*store.dump()], comparable(report)


def comparable(report: Any) -> dict[str, Any]:
    data: dict[str, Any] = report.to_json()
    for error in data["errors"]:
        error.pop("stack", None)
    for name in ("figures", "resumed", "run"):
        del data[name]
    return data


POINTS = [
    *(f"{name}:{nth}" for name, nth in zip(MEMORY_FAILPOINTS, (1, 3, 1, 3), strict=False)),
    *list(MEMORY_FAILPOINTS)[4:],
    "after_work:2",
    "before_merge",
]


@pytest.mark.slow
@pytest.mark.parametrize("failpoint", POINTS)
def test_an_import_killed_anywhere_goes_on_and_ends_the_same(
    failpoint: str,
    run: Callable[..., int],
    tmp_path: Path,
    undisturbed: tuple[Path, list[str], dict[str, Any]],
) -> None:
    notes, dump, report = undisturbed
    place = tmp_path / "store"
    assert run(notes, place, 40, failpoint) == -signal.SIGKILL
    with open_store(place) as store:
        resumed = import_memories([source(notes)], store, QUIET.updated(batch_size=33))
        assert [*store.dump()] == dump
        assert comparable(resumed) == report
        kept = sum(row.stop - row.start for row in store.journal_rows(resumed.run))
        assert kept == resumed.counts.processed == 120
        again = import_memories([source(notes)], store, QUIET)
        assert (again.counts.successful, [*store.dump()]) == (0, dump)


@pytest.mark.slow
def test_a_resumed_run_does_not_work_on_what_is_stored(
    run: Callable[..., int], tmp_path: Path, undisturbed: tuple[Path, list[str], dict[str, Any]]
) -> None:
    notes = undisturbed[0]
    place = tmp_path / "store"
    run(notes, place, 40, "memory_after_commit:2")
    sizes: list[int] = []

    def listen(event: Event) -> None:
        if isinstance(event, ChunkCompleted):
            sizes.append(event.counts.total)

    with open_store(place) as store:
        report = import_memories([source(notes)], store, QUIET, listeners=[listen])
    assert (report.resumed, sum(sizes)) == (80, 40)


@pytest.mark.slow
def test_an_input_that_changed_meanwhile_is_read_anew(
    run: Callable[..., int], tmp_path: Path
) -> None:
    notes = write_notes(tmp_path / "notes.jsonl")
    place = tmp_path / "store"
    run(notes, place, 40, "memory_after_commit:3")
    lines = notes.read_text(encoding="utf-8").splitlines()
    lines[50] = json.dumps({"text": "a line that was not there before"})
    notes.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with open_store(place) as store:
        report = import_memories([source(notes)], store, QUIET)
        assert (report.resumed, report.counts.processed) == (40, 120)
        texts = {data["text"] for _, data in store.memories(members=True)}
    assert "a line that was not there before" in texts


@pytest.mark.slow
def test_two_processes_can_import_halves_at_the_same_time(
    forked: Callable[..., list[int]],
    tmp_path: Path,
    undisturbed: tuple[Path, list[str], dict[str, Any]],
) -> None:
    """The order in which workers come does not show in what is stored."""
    notes, dump, _ = undisturbed
    lines = notes.read_text(encoding="utf-8").splitlines(keepends=True)
    halves = [tmp_path / "first.jsonl", tmp_path / "second.jsonl"]
    for half, part in zip(halves, (lines[:60], ["\n"] * 60 + lines[60:]), strict=True):
        half.write_text("".join(part), encoding="utf-8")
    place = tmp_path / "store"
    open_store(place).close()
    assert forked(*((half, place, 7, "") for half in halves[::-1])) == [0, 0]
    with open_store(place) as store:
        assert [*store.dump()] == dump


class TestLostConnection:
    """A real server that ends our connection in the middle of a batch."""

    def test_the_batch_is_done_again_and_nothing_is_lost_or_doubled(
        self, postgres_dsn: str, undisturbed: tuple[Path, list[str], dict[str, Any]]
    ) -> None:
        import psycopg

        from memory_processing.stores.postgres import PostgresMemoryStore

        class Cut(PostgresMemoryStore):
            """Loses its connection after the rows of the third batch are written."""

            batches = 0

            def journal(self, row: Any) -> None:
                super().journal(row)
                self.batches += 1
                if self.batches == 3:
                    me = next(self._rows("SELECT pg_backend_pid()"))[0]
                    with psycopg.connect(postgres_dsn, autocommit=True) as other:
                        other.execute("SELECT pg_terminate_backend(%s)", (me,))

        notes, expected, _ = undisturbed
        with Cut(postgres_dsn, schema="cut") as store:
            report = import_memories([source(notes)], store, QUIET.updated(batch_size=20))
            assert store.batches == 7  # six batches, the third one twice
            assert (report.status, report.counts.processed) == ("completed", 120)
            assert [*store.dump()] == expected

    def test_a_commit_whose_answer_is_lost_is_not_done_twice(
        self, postgres_dsn: str, undisturbed: tuple[Path, list[str], dict[str, Any]]
    ) -> None:
        """Whether it arrived is not known; the journal row that came with it says so."""
        import psycopg

        from memory_processing.stores.postgres import PostgresMemoryStore

        class Deaf(PostgresMemoryStore):
            """Loses its connection right after the fourth commit."""

            commits = 0

            def commit(self) -> None:
                super().commit()
                self.commits += 1
                if self.commits == 4:
                    me = next(self._rows("SELECT pg_backend_pid()"))[0]
                    with psycopg.connect(postgres_dsn, autocommit=True) as other:
                        other.execute("SELECT pg_terminate_backend(%s)", (me,))
                    next(self._rows("SELECT 1"))

        notes, _, expected = undisturbed
        with Deaf(postgres_dsn, schema="deaf") as store:
            report = import_memories([source(notes)], store, QUIET.updated(batch_size=20))
            assert store.commits > 4
            assert comparable(report) == expected

    def test_a_server_that_cannot_be_reached_says_what_to_do(self) -> None:
        with pytest.raises(ConnectionLostError, match="cannot connect") as caught:
            open_store("postgresql://nobody@127.0.0.1:1/none?connect_timeout=2")
        assert "server runs" in caught.value.hint


def test_settings_can_change_while_an_import_runs(tmp_path: Path) -> None:
    from memory_processing import LiveConfig

    live = LiveConfig(QUIET.updated(batch_size=10))
    sizes: list[int] = []
    changed = threading.Event()

    def listen(event: Event) -> None:
        if isinstance(event, ChunkCompleted):
            sizes.append(event.counts.total)
            if not changed.is_set():
                live.change(batch_size=50)
                changed.set()

    notes = write_notes(tmp_path / "notes.jsonl")
    with open_store(tmp_path / "store") as store:
        import_memories([source(notes)], store, live, listeners=[listen])
    assert sizes == [10, 50, 50, 10]
