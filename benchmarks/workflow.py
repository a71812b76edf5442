"""Compare batch steps of workflows with yaml-workflow, GNU parallel, doit and Luigi.

    python benchmarks/workflow.py install DIR
    python benchmarks/workflow.py run [--counts 1000 10000] [--peers DIR] [--write]

All contestants run in one run, one after the other, each in a process of its own and an empty
folder. Items do next to nothing, so what is measured is the cost of having them run, told and
remembered. CPU time is that of the process and all that it waited for.
What a run with one item takes is start-up, and is taken off before the rest is divided.
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workflow_contestants import CONTESTANTS, Contestant, Kind

CHECKOUT = Path(__file__).resolve().parent.parent
REPORT = CHECKOUT / "docs" / "benchmarks-workflow.md"
MARKS = ("<!-- workflow: begin -->", "<!-- workflow: end -->")
PEERS = ("yaml-workflow==0.9.6", "doit==0.37.0", "luigi==3.8.1")
KILL_COUNT, KILL_AT = 1_000, 400
BUDGET_MS = {"python": 0.15, "shell": 1.0}
BUDGET_GROWTH = 1.1
WORKERS = {"python": 1, "shell": 2}


@dataclass(frozen=True)
class Cost:
    """What a run cost: seconds of wall and CPU time, peak memory and state in bytes."""

    wall_s: float
    cpu_s: float
    peak_bytes: int
    state_bytes: int


def install(folder: Path) -> int:
    """Install the pinned peers into ``folder``, which must lie outside the checkout."""
    folder = folder.resolve()
    if folder.is_relative_to(CHECKOUT):
        print(f"{folder} is inside the checkout; give a folder outside", file=sys.stderr)
        return 2
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    pip = [str(folder / "venv" / "bin" / "pip"), "install", "--quiet", *PEERS]
    print("GNU parallel is taken from the system (package 'parallel')", file=sys.stderr)
    return subprocess.run(pip, check=False).returncode


def quiet(folder: Path) -> dict[str, Any]:
    """How processes are started: in their folder, alone and without a word."""
    nothing = subprocess.DEVNULL
    return {
        "cwd": folder,
        "env": environment(folder),
        "stdin": nothing,
        "stdout": nothing,
        "stderr": nothing,
    }


def environment(folder: Path) -> dict[str, str]:
    """That of a run: the module with the items can be imported, the home is empty."""
    path = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH", ""))))
    return {**os.environ, "PYTHONPATH": path, "HOME": str(folder), "PARALLEL_HOME": str(folder)}


def measure(one: Contestant, peers: Path, kind: Kind, count: int, patience_s: float) -> Cost | str:
    """One whole run, or why there is none; one that takes longer than ``patience_s`` is ended."""
    program = one.program(peers)
    if program is None or not program.exists():
        return "missing"
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch).resolve()
        one.prepare(folder, kind, count)
        began = time.perf_counter()
        process = subprocess.Popen(
            one.command(peers, folder, kind, count), start_new_session=True, **quiet(folder)
        )
        ended = threading.Event()

        def lose_patience() -> None:
            if not ended.wait(patience_s):
                os.killpg(process.pid, signal.SIGKILL)

        watch = threading.Thread(target=lose_patience, daemon=True)
        watch.start()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        ended.set()
        watch.join()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode == -signal.SIGKILL:
            return f"over {patience_s:g} s"
        if process.returncode:
            return f"failed with {process.returncode}"
        if (ran := len(executed(folder))) != count:
            return f"ran {ran:,} times"
        cpu = usage.ru_utime + usage.ru_stime
        return Cost(wall, cpu, usage.ru_maxrss * 1024, state_size(folder, one))


def executed(folder: Path) -> list[str]:
    """The items in the order in which they were executed."""
    log = folder / "log"
    return log.read_text(encoding="utf-8").split() if log.exists() else []


def state_size(folder: Path, one: Contestant) -> int:
    """Bytes of the files in which a tool remembers."""
    found = [folder / name for name in one.state]
    found += [path for top in found if top.is_dir() for path in top.rglob("*")]
    return sum(path.stat().st_size for path in found if path.is_file())


def killed(one: Contestant, peers: Path, kind: Kind) -> str:
    """One line about a run that is killed at 40 % with all its processes, and resumed."""
    program = one.program(peers)
    if program is None or not program.exists():
        return "missing"
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch).resolve()
        one.prepare(folder, kind, KILL_COUNT)
        how = quiet(folder)
        process = subprocess.Popen(
            one.command(peers, folder, kind, KILL_COUNT), start_new_session=True, **how
        )
        while len(executed(folder)) < KILL_AT and process.poll() is None:
            time.sleep(0.002)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        refused = ""
        for number, command in enumerate(one.resume(peers, folder, kind, KILL_COUNT)):
            before = len(executed(folder))
            code = subprocess.run(command, check=False, **how).returncode
            if code == 0 and len(executed(folder)) > before:
                break
            if number == 0:
                refused = "resume refused; started again: "
        times = Counter(executed(folder))
        again = sum(times.values()) - KILL_COUNT
        lost = KILL_COUNT - len(times) if len(times) > 1 else max(0, -again)
        return f"{refused}{again} executed again, {lost} lost"


Results = dict[tuple[str, Kind, int], Cost | str]


def per_item(results: Results, name: str, kind: Kind, count: int) -> tuple[float, float] | None:
    """Milliseconds of wall and CPU time per item, start-up taken off."""
    cost, start = results[name, kind, count], results[name, kind, 1]
    if isinstance(cost, str) or isinstance(start, str):
        return None
    part = 1e3 / count
    return (cost.wall_s - start.wall_s) * part, (cost.cpu_s - start.cpu_s) * part


def table(results: Results, counts: Sequence[int]) -> list[str]:
    """The runs as a Markdown table, a line per contestant and kind."""
    heads = " | ".join(f"{count:,}: wall | CPU" for count in counts)
    lines = [
        f"| ms per item | items | start-up s | {heads} | growth | peak MB | state bytes/item |",
        "|---|---|---:|" + "---:|---:|" * len(counts) + "---:|---:|---:|",
    ]
    for name, one in CONTESTANTS.items():
        for kind in one.kinds:
            start, last = results[name, kind, 1], results[name, kind, counts[-1]]
            cells = ["" if isinstance(start, str) else f"{start.wall_s:.2f}"]
            for count in counts:
                took = per_item(results, name, kind, count)
                told = str(results[name, kind, count])
                cells += [f"{ms:.2f}" for ms in took] if took else [told, ""]
            factor = growth(results, name, kind, counts)
            cells.append("" if factor is None else f"{factor:.2f}")
            if isinstance(last, str):
                cells += ["", ""]
            else:
                size = f"{last.state_bytes / counts[-1]:,.0f}" if one.state else "-"
                cells += [f"{last.peak_bytes / 1e6:.0f}", size]
            lines.append(f"| {one.title} | {kind} | {' | '.join(cells)} |")
    return lines


def growth(results: Results, name: str, kind: Kind, counts: Sequence[int]) -> float | None:
    """CPU time per item at the largest count, by that at the smallest."""
    first, last = (per_item(results, name, kind, counts[n]) for n in (0, -1))
    return last[1] / first[1] if first and last else None


def promises(results: Results, counts: Sequence[int]) -> list[str]:
    """Whether our budgets hold, a line each."""
    lines = []
    kinds: tuple[Kind, ...] = ("python", "shell")
    for kind in kinds:
        took = per_item(results, "ours", kind, counts[-1])
        factor = growth(results, "ours", kind, counts)
        first, last = (results["ours", kind, counts[n]] for n in (0, -1))
        if not took or factor is None or isinstance(first, str) or isinstance(last, str):
            continue
        wall, cpu = took
        limit, workers = BUDGET_MS[kind], WORKERS[kind]
        alone = cpu / workers
        verdict = "yes" if wall <= limit else "by CPU time alone" if alone <= limit else "NO"
        lines.append(
            f"- {kind} item within {limit} ms: {verdict}, {wall:.2f} ms "
            f"({cpu:.2f} ms of CPU time by {workers} at a time: {alone:.2f} ms)"
        )
        verdict = "yes" if factor <= BUDGET_GROWTH else "NO"
        lines.append(f"- {kind} item no dearer among many, at most {BUDGET_GROWTH} x: {verdict}, "
                     f"{factor:.2f} x")  # fmt: skip
        items, size = counts[-1] / counts[0], last.state_bytes / first.state_bytes
        verdict = "yes" if size <= 1.2 * items else "NO"
        lines.append(f"- state of {kind} items is linear: {verdict}, {items:g} x the items, "
                     f"{size:.1f} x the bytes")  # fmt: skip
    return lines


def report(counts: Sequence[int], peers: Path, repeats: int, patience_s: float) -> str:
    """Measure everything and return the report as Markdown."""
    results: Results = {}
    for count in (1, *counts):
        for name, one in CONTESTANTS.items():
            for kind in one.kinds:
                print(f"  {one.title}, {count} {kind}", end=" ", flush=True, file=sys.stderr)
                result = median_of(one, peers, kind, count, repeats, patience_s)
                told = result if isinstance(result, str) else f"{result.wall_s:.1f} s"
                print(told, file=sys.stderr)
                results[name, kind, count] = result
    kills = ["| contestant | items | kill -9 at 40 %, then resume |", "|---|---|---|"]
    for one in CONTESTANTS.values():
        for kind in one.kinds if one.state else ():
            kills.append(f"| {one.title} | {kind} | {killed(one, peers, kind)} |")
    return "\n".join(
        [
            f"Medians of {repeats} runs of up to 1,000 items, one run of more, no run longer than "
            f"{patience_s:g} s; "
            f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}; "
            f"load at the end {os.getloadavg()[0]:.1f}.",
            "",
            *table(results, counts),
            "",
            f"{KILL_COUNT:,} items:",
            "",
            *kills,
            "",
            *promises(results, counts),
        ]
    )


def median_of(
    one: Contestant, peers: Path, kind: Kind, count: int, repeats: int, patience_s: float
) -> Cost | str:
    """The median of several runs where they are short."""
    runs: list[Cost] = []
    for _ in range(repeats if count <= 1_000 else 1):
        cost = measure(one, peers, kind, count, patience_s)
        if isinstance(cost, str):
            return cost
        runs.append(cost)
    return Cost(
        statistics.median(run.wall_s for run in runs),
        statistics.median(run.cpu_s for run in runs),
        max(run.peak_bytes for run in runs),
        runs[-1].state_bytes,
    )


def write(text: str) -> None:
    """Put the report between its marks in the page."""
    page = REPORT.read_text(encoding="utf-8")
    before, _, rest = page.partition(MARKS[0])
    _, _, after = rest.partition(MARKS[1])
    REPORT.write_text(f"{before}{MARKS[0]}\n{text}\n{MARKS[1]}{after}", encoding="utf-8")


def main() -> int:
    """Read the arguments, do the one thing they ask for, return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    commands = parser.add_subparsers(dest="command", required=True)
    installing = commands.add_parser("install", help="install the pinned peers")
    installing.add_argument("folder", type=Path)
    running = commands.add_parser("run", help="measure and print the report")
    running.add_argument("--counts", type=int, nargs="+", default=[1_000, 10_000])
    running.add_argument("--peers", type=Path, default=Path("none"), help="as given to install")
    running.add_argument("--repeats", type=int, default=3, help="runs of up to 1,000 items")
    running.add_argument(
        "--patience", type=float, default=600, help="seconds that one run may take"
    )
    running.add_argument("--write", action="store_true", help=f"also write {REPORT.name}")
    arguments = parser.parse_args()
    if arguments.command == "install":
        return install(arguments.folder)
    text = report(
        arguments.counts, arguments.peers.resolve(), arguments.repeats, arguments.patience
    )
    print(text)
    if arguments.write:
        write(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
