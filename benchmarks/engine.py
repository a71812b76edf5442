"""The engine beside plain Python, plain SQLite and other engines, in one run on one machine.

    python benchmarks/engine.py [--peers PYTHON] [--runs 3] [--write]

10,000 items of about 200 bytes, three trivial stages, chunks of 100. Each contestant is a process
of its own; a round runs every contestant once, and the table shows medians over the rounds. The
other engines come from the interpreter that ``--peers`` names (one that has them installed, see
PEERS); those it does not have are reported as missing. ``--write`` puts the tables into
``docs/benchmarks-engine.md``. Ratios to the floor of the same run are what counts: times to
flush a disk differ several times between machines and moments.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent
CONTESTANTS = Path(__file__).with_name("engine_contestants.py")
PAGE = CHECKOUT / "docs" / "benchmarks-engine.md"
CHUNKS = 100

OURS = {
    "core": "our core, in memory",
    "pipeline": "our pipeline, in memory",
    "pipeline_stream": "our pipeline, streamed from a lazy source",
    "core_store_key": "our core, durable, keys given",
    "core_store_hash": "our core, durable, keys hashed",
    "pipeline_store_key": "our pipeline, durable, keys given",
    "pipeline_store_hash": "our pipeline, durable, keys hashed",
    "pipeline_store_power": "our pipeline, durable against power cuts",
    "pipeline_rerun": "our pipeline, all 10,000 loaded from the store",
}
PLAIN = {
    "plain": "plain Python loop",
    "plain_sqlite": "plain Python + SQLite WAL, a row per item",
    "plain_sqlite_full": "the same, synchronous=FULL",
}
PEERS = {
    "pypeln": "pypeln 0.4.9, threads",
    "dask": "Dask 2026.8.0, threads, a task per chunk",
    "langchain": "LangChain core 1.7.2, one chunk per invoke",
    "langgraph": "LangGraph 1.2.22, loop of three nodes",
    "langgraph_sqlite": "LangGraph 1.2.22 + SqliteSaver 3.1.2 (its default durability)",
    "hamilton": "Hamilton 1.90, Parallelizable",
    "hamilton_cache": "Hamilton 1.90, with_cache",
    "dbos": "DBOS 3.4.0, SQLite, a step per chunk",
}
DURABLE = ("pipeline_store_key", "langgraph_sqlite", "hamilton_cache", "dbos")
NAMES = {**PLAIN, **OURS, **PEERS}


def interpreter(name: str, peers: str | None) -> str | None:
    """The Python that runs a contestant; None if nobody named one for peers."""
    return peers if name in PEERS else sys.executable


def run(name: str, python: str, folder: Path, *extra: str) -> subprocess.CompletedProcess[str]:
    """One contestant in a process of its own."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [python, "-W", "ignore", str(CONTESTANTS), name, str(folder), *extra],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        timeout=600,
    )


def measure(name: str, peers: str | None) -> dict[str, Any]:
    """What one run of a contestant says of itself, and how much it stored; or why it could not."""
    python = interpreter(name, peers)
    if python is None:
        return {"missing": "no --peers interpreter was named"}
    with tempfile.TemporaryDirectory() as folder:
        done = run(name, python, Path(folder))
        if done.returncode:
            lines = done.stderr.strip().splitlines() or ["no message"]
            return {"missing": lines[-1][:160]}
        told: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
        stored = [path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()]
        return {**told, "store_mb": sum(stored) / 1e6}


def kill_and_resume(name: str, peers: str | None) -> dict[str, Any]:
    """Killed in the middle chunk right after its effect, then run again in a new process."""
    python = interpreter(name, peers)
    if python is None:
        return {"missing": "no --peers interpreter was named"}
    with tempfile.TemporaryDirectory() as folder:
        killed = run(name, python, Path(folder), "--kill-at", str(CHUNKS // 2))
        if killed.returncode >= 0:
            lines = killed.stderr.strip().splitlines() or ["it was not killed"]
            return {"missing": lines[-1][:160]}
        before = sum(effects(Path(folder)).values())
        resumed = run(name, python, Path(folder), "--resume")
        if resumed.returncode:
            lines = resumed.stderr.strip().splitlines() or ["no message"]
            return {"missing": f"no resume: {lines[-1][:140]}"}
        chunks = effects(Path(folder))
        return {
            "before": before,
            "total": sum(chunks.values()),
            "lost": CHUNKS - len(chunks),
            "again": sum(times - 1 for times in chunks.values()),
        }


def effects(folder: Path) -> Counter[str]:
    """How often each chunk was worked on."""
    log = folder / "effects.log"
    return Counter(log.read_text(encoding="utf-8").split()) if log.exists() else Counter()


def report(rounds: list[dict[str, dict[str, Any]]], kills: dict[str, dict[str, Any]]) -> str:
    """The tables as Markdown."""
    told = {name: [each[name] for each in rounds if "missing" not in each[name]] for name in NAMES}

    def middle(name: str, field: str) -> float:
        return statistics.median(entry[field] for entry in told[name])

    plain, floor = middle("plain", "ms_per_chunk"), middle("plain_sqlite", "ms_per_chunk")
    lines = [
        "| what | ms per chunk (least) | CPU ms | x plain | x SQLite floor | first result, ms "
        "| peak MB | store MB |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, label in NAMES.items():
        if not told[name]:
            lines.append(f"| {label} | missing: {rounds[0][name]['missing']} | | | | | | |")
            continue
        ms = middle(name, "ms_per_chunk")
        least = min(entry["ms_per_chunk"] for entry in told[name])
        stored = middle(name, "store_mb")
        lines.append(
            f"| {label} | {ms:.2f} ({least:.2f}) | {middle(name, 'cpu_ms_per_chunk'):.2f} "
            f"| {ms / plain:.1f} | {ms / floor:.2f} "
            f"| {middle(name, 'first_ms'):.1f} | {middle(name, 'peak_mb'):.0f} "
            f"| {f'{stored:.1f}' if stored > 0.05 else ''} |"
        )
    lines += ["", *budgets(middle)]
    lines += [
        "",
        f"Killed with SIGKILL in chunk {CHUNKS // 2} of {CHUNKS} right after its effect, then run "
        "again in a new process:",
        "",
        "| what | chunks worked on before | in all | lost | worked on twice |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, result in kills.items():
        if "missing" in result:
            lines.append(f"| {NAMES[name]} | missing: {result['missing']} | | | |")
        else:
            row = " | ".join(str(result[field]) for field in ("before", "total", "lost", "again"))
            lines.append(f"| {NAMES[name]} | {row} |")
    return "\n".join(lines)


def budgets(middle: Callable[[str, str], float]) -> list[str]:
    """Whether our budgets were kept in this run, by CPU time: other work on the machine stretches
    the time that passes."""

    def cpu(name: str) -> float:
        return middle(name, "cpu_ms_per_chunk")

    memory, floor = cpu("pipeline"), cpu("plain_sqlite")
    lines = [
        f"- {NAMES['pipeline']}: {memory:.2f} ms of CPU per chunk, budget 0.3: {_kept(memory, 0.3)}"
    ]
    if memory > 0.3:
        lines.append(
            f"  (the work itself takes {cpu('plain'):.2f}, the core with it {cpu('core'):.2f}; the "
            "rest are the calls of three stages and what is kept for later stages and a retry)"
        )
    for name in ("pipeline_store_key", "pipeline_store_hash"):
        ratio = cpu(name) / floor
        lines.append(
            f"- {NAMES[name]}: {ratio:.2f} x the CPU of the SQLite floor, budget 3: "
            f"{_kept(ratio, 3)}"
        )
        if name == "pipeline_store_hash" and ratio > 3:
            more = cpu(name) - cpu("pipeline_store_key")
            lines.append(
                f"  (a key made of the whole item, filed in no order: {more:.2f} ms per chunk more "
                "than with `key=`)"
            )
    return lines


def _kept(value: float, limit: float) -> str:
    return "kept" if value <= limit else "missed"


HEAD = """# Benchmarks of the engine

Written by `python benchmarks/engine.py --peers PYTHON --write`; never by hand. 10,000 items of
about 200 bytes, three trivial stages, chunks of 100; medians of {runs} rounds (in brackets the
least), every contestant in a process of its own and once per round. Measured on {where}, with
other work on the machine (load {load}): compare the columns "x plain" and "x SQLite floor",
not milliseconds.
Our budgets: at most 0.3 ms per chunk in memory; durable at most 3 times the SQLite floor.

"First result" is the time from the start of the work to the first usable result; for those that
give results at the end only, that is the end. "Peak MB" is the peak memory of the process.

"""


def main() -> None:
    """Measure, print, and write if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", help="a Python that has the other engines installed")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    rounds, load = [], [os.getloadavg()[0]]
    for number in range(options.runs):
        print(f"round {number + 1} of {options.runs}", file=sys.stderr)
        load.append(os.getloadavg()[0])
        rounds.append({name: measure(name, options.peers) for name in NAMES})
    kills = {name: kill_and_resume(name, options.peers) for name in DURABLE}
    text = report(rounds, kills)
    print(text)
    if options.write:
        where = (
            f"{platform.system()} with {os.cpu_count()} cores, Python {platform.python_version()}"
        )
        load.append(os.getloadavg()[0])
        told = f"{min(load):.1f} to {max(load):.1f}"
        head = HEAD.format(runs=options.runs, where=where, load=told)
        PAGE.write_text(head + text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
