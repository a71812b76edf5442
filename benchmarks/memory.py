"""Compare the import of memories with two deduplication libraries and with bare inserts.

    python benchmarks/memory.py install DIR
    python benchmarks/memory.py run [--count 100000] [--peers DIR] [--postgres DSN]
        [--limit SECONDS] [--only NAME...] [--write]

Records are generated with duplicates planted at known similarity (`memory_processing.planted`),
so recall and precision are counted against a truth found by brute force within each family.
Each contestant is a process of its own; wall time, CPU time and peak memory are what the kernel
says of it (`os.wait4`), so start-up and reading the file are in every figure. ``--postgres``
names an empty database; its schema ``memories`` is dropped. ``--limit`` ends a contestant that
takes longer; the table says so. ``--only`` leaves out all but those named.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from memory_processing.planted import plant

CHECKOUT = Path(__file__).resolve().parent.parent
CONTESTANTS = CHECKOUT / "benchmarks" / "memory_contestants.py"
REPORT = CHECKOUT / "docs" / "benchmarks-memory.md"
MARK = "<!-- memory, {count:,} records: {which} -->"
PEERS = ("rensa==0.5.0", "datasketch==2.0.0")
THRESHOLD = 0.8

FINDERS = {
    "join": "ours: exact join",
    "rensa": "rensa 0.5.0, 16 bands, verified",
    "datasketch": "datasketch 2.0.0, verified",
}
IMPORTS = {
    "sqlite_import": "whole import, SQLite",
    "sqlite_first": "whole import, SQLite, `validate_first`",
    "sqlite_plain": 'mode "memory", SQLite',
    "executemany": "limit: bare executemany, SQLite",
    "postgres_import": "whole import, PostgreSQL",
    "copy": "limit: bare COPY, PostgreSQL",
}


@dataclass(frozen=True)
class Cost:
    """What one process cost: seconds of wall and CPU time, peak memory in bytes."""

    wall_s: float
    cpu_s: float
    peak_bytes: int


def install(folder: Path) -> int:
    """Install the pinned peers into ``folder``, which must lie outside the checkout."""
    folder = folder.resolve()
    if folder.is_relative_to(CHECKOUT):
        print(f"{folder} is inside the checkout; give a folder outside", file=sys.stderr)
        return 2
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    pip = [str(folder / "venv" / "bin" / "pip"), "install", "--quiet", *PEERS]
    return subprocess.run(pip, check=False).returncode


def measure(python: Path, name: str, folder: Path, dsn: str, limit_s: float | None) -> Cost | str:
    """The cost of one contestant, or why it has none."""
    if not python.exists():
        return "missing"
    if name in ("postgres_import", "copy") and not dsn:
        return "no server given"
    print("  ", name, end=" ", flush=True, file=sys.stderr)
    began = time.perf_counter()
    process = subprocess.Popen([str(python), str(CONTESTANTS), name, str(folder), dsn])
    ending = threading.Timer(limit_s or 0, process.kill)
    if limit_s:
        ending.start()
    _, status, usage = os.wait4(process.pid, 0)
    ending.cancel()
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    print(f"{wall:.1f} s", file=sys.stderr)
    if limit_s and wall >= limit_s:
        return f"not done in {limit_s:,.0f} s"
    if process.returncode:
        return "failed"
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def row(title: str, count: int, cost: Cost | str, more: str) -> str:
    """One line of a table."""
    if isinstance(cost, str):
        return f"| {title} | {cost} | | | |{' |' * more.count('|')}"
    return (
        f"| {title} | {cost.wall_s:.1f} | {cost.cpu_s:.1f} | {count / cost.cpu_s:,.0f} "
        f"| {cost.peak_bytes / 1e6:.0f} {more}|"
    )


def quality(folder: Path, name: str, truth: set[tuple[int, int]]) -> tuple[float, float]:
    """Recall and precision of the pairs that a contestant wrote."""
    stored = json.loads((folder / f"{name}.pairs.json").read_text(encoding="utf-8"))
    found = {(a, b) for a, b in stored}
    return len(found & truth) / len(truth), len(found & truth) / max(len(found), 1)


def report(
    count: int, peers: Path | None, dsn: str, limit_s: float | None, only: Sequence[str] = ()
) -> str:
    """Measure everything and return the report as Markdown."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        planted = plant(count)
        truth = planted.truth(THRESHOLD)
        with (folder / "records.jsonl").open("w", encoding="utf-8") as lines:
            lines.writelines(json.dumps(record) + "\n" for record in planted.records())
        del planted
        ours = Path(sys.executable)
        theirs = (peers or folder / "none") / "venv" / "bin" / "python"
        finding = [
            "| finding pairs | wall s | CPU s | records per CPU s | peak MB | recall | precision |",
            "|---|---:|---:|---:|---:|---:|---:|",
        ]
        held: dict[str, bool] = {}
        for name, title in _asked(FINDERS, only):
            cost = measure(ours if name == "join" else theirs, name, folder, dsn, limit_s)
            recall, precision = 0.0, 0.0
            if isinstance(cost, Cost):
                recall, precision = quality(folder, name, truth)
                if name == "join":
                    held["recall at least .99"] = recall >= 0.99
                    held["precision 1.0"] = precision == 1.0
            finding.append(row(title, count, cost, f"| {recall:.4f} | {precision:.4f} "))
        importing = [
            "| importing | wall s | CPU s | records per CPU s | peak MB |",
            "|---|---:|---:|---:|---:|",
        ]
        stages: dict[str, dict[str, dict[str, float]]] = {}
        for name, title in _asked(IMPORTS, only):
            if dsn and name == "postgres_import":
                _drop(dsn)
            cost = measure(ours, name, folder, dsn, limit_s)
            importing.append(row(title, count, cost, ""))
            if name == "sqlite_import" and isinstance(cost, Cost):
                stages = json.loads((folder / "report.json").read_text(encoding="utf-8"))
            if name == "sqlite_import" and isinstance(cost, Cost) and count >= 100_000:
                budget_s = 20 * count / 100_000
                held[f"whole import within {budget_s:g} s of CPU time"] = cost.cpu_s <= budget_s
                budget_mb = 600 * count / 100_000
                held[f"whole import within {budget_mb:,.0f} MB"] = (
                    cost.peak_bytes <= budget_mb * 1e6
                )
        return "\n".join(
            [
                f"{count:,} records of 20 to 60 words, 5 % exact and 25 % near duplicates; "
                f"{len(truth):,} true pairs at {THRESHOLD}; {os.cpu_count()} cores, "
                f"{platform.system()}, Python {platform.python_version()}.",
                "",
                *finding,
                "",
                *importing,
                "",
                f"Stages of the whole import, seconds: {_stages(stages)}.",
                "",
                *(f"- {promise}: {'yes' if holds else 'NO'}" for promise, holds in held.items()),
            ]
        )


def _asked(contestants: Mapping[str, str], only: Sequence[str]) -> list[tuple[str, str]]:
    return [(name, title) for name, title in contestants.items() if name in (only or contestants)]


def _stages(stored: dict[str, dict[str, dict[str, float]]]) -> str:
    if not stored:
        return "not known"
    return ", ".join(f"{name} {s:.1f}" for name, s in stored["figures"]["stages_s"].items())


def _drop(dsn: str) -> None:
    import psycopg

    with psycopg.connect(dsn) as db:
        db.execute("DROP SCHEMA IF EXISTS memories CASCADE")


def write(count: int, text: str) -> int:
    """Put the report between the marks of its count in the page; 2 where it has none."""
    begin, end = (MARK.format(count=count, which=which) for which in ("begin", "end"))
    page = REPORT.read_text(encoding="utf-8")
    if begin not in page:
        print(f"{REPORT.name} has no place for {count:,} records", file=sys.stderr)
        return 2
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    REPORT.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")
    return 0


def main() -> int:
    """Read the arguments, do the one thing they ask for, return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    commands = parser.add_subparsers(dest="command", required=True)
    installing = commands.add_parser("install", help="install the pinned peers")
    installing.add_argument("folder", type=Path)
    running = commands.add_parser("run", help="measure and print the report")
    running.add_argument("--count", type=int, default=100_000)
    running.add_argument("--peers", type=Path, help="the folder given to install")
    running.add_argument("--postgres", default="", help="address of an empty database")
    running.add_argument("--limit", type=float, help="seconds that a contestant may take")
    running.add_argument(
        "--only", nargs="+", default=(), choices=[*FINDERS, *IMPORTS], help="these contestants"
    )
    running.add_argument("--write", action="store_true", help=f"also write {REPORT.name}")
    arguments = parser.parse_args()
    if arguments.command == "install":
        return install(arguments.folder)
    text = report(
        arguments.count, arguments.peers, arguments.postgres, arguments.limit, arguments.only
    )
    print(text)
    if arguments.write:
        return write(arguments.count, text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
