"""Compare the whole offline job with three context packers, on one repository in one run.

    python benchmarks/main_job.py install DIR
    python benchmarks/main_job.py run REPOSITORY --peers DIR [--runs 3] [--write]

Each tool runs as a whole process of its own; wall time, CPU time and peak memory are what the
kernel says of it (`os.wait4`), its children included. Rounds are interleaved, so that a slow
minute of the machine hits every tool. A peer that is not installed is reported as missing.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
LAUNCHER = CHECKOUT / "benchmarks" / "launch.py"
REPORT = CHECKOUT / "docs" / "benchmarks.md"
MARKS = ("<!-- main_job: begin -->", "<!-- main_job: end -->")

PYTHON_PEERS = ("gitingest==0.3.1", "code2prompt==0.8.1")
NODE_PEERS = ("repomix@1.18.1",)
IN_BUDGET = {True: "yes", False: "NO"}


@dataclass(frozen=True)
class Cost:
    """What one process cost: seconds of wall and CPU time, peak memory and output in bytes."""

    wall_s: float
    cpu_s: float
    peak_bytes: int
    output_bytes: int


@dataclass(frozen=True)
class Tool:
    """A contestant: ``program`` is where it should be, ``arguments`` makes its arguments from
    the repository and the place to write to. Tools of one ``family`` share a home and a folder
    for temporary files; ``cold`` empties both first. ``anew`` removes the output of the run
    before."""

    name: str
    family: str
    program: Path
    arguments: Callable[[Path, Path], list[str]]
    cold: bool = True
    anew: bool = True


def install(folder: Path) -> int:
    """Install the pinned peers into ``folder``, which must lie outside the checkout."""
    folder = folder.resolve()
    if folder.is_relative_to(CHECKOUT):
        print(f"{folder} is inside the checkout; give a folder outside", file=sys.stderr)
        return 2
    folder.mkdir(parents=True, exist_ok=True)
    pip = [str(folder / "venv" / "bin" / "pip"), "install", "--quiet"]
    commands = (
        [sys.executable, "-m", "venv", str(folder / "venv")],
        [*pip, *PYTHON_PEERS],
        ["npm", "install", "--silent", "--no-fund", "--prefix", str(folder), *NODE_PEERS],
    )
    failed = 0
    for command in commands:
        print("$", " ".join(command), flush=True)
        try:
            failed |= subprocess.run(command, check=False).returncode
        except FileNotFoundError as error:
            print(f"not installed: {error}", file=sys.stderr)
            failed = 1
    return min(failed, 1)


def tools(peers: Path) -> list[Tool]:
    """The contestants. Those that cache come twice, without and with the cache of the run
    before; ours comes once more on the package that the run before made of the same code."""
    ours = Path(sys.executable).parent / "template-create"
    repomix = peers / "node_modules" / ".bin" / "repomix"

    def job(repository: Path, output: Path) -> list[str]:
        return ["--name", "benchmark", "--path", str(repository), "--output", str(output)]

    def pack(repository: Path, output: Path) -> list[str]:
        return [str(repository), "--quiet", "--output", str(output)]

    return [
        Tool("template-create, cold", "ours", ours, job),
        Tool("template-create, warm", "ours", ours, job, cold=False),
        Tool("template-create, again", "ours", ours, job, cold=False, anew=False),
        Tool("repomix 1.18.1, cold", "repomix", repomix, pack),
        Tool("repomix 1.18.1, warm", "repomix", repomix, pack, cold=False),
        Tool(
            "gitingest 0.3.1",
            "gitingest",
            peers / "venv" / "bin" / "gitingest",
            lambda repository, output: [str(repository), "--output", str(output)],
        ),
        Tool(
            "code2prompt 0.8.1",
            "code2prompt",
            peers / "venv" / "bin" / "code2prompt",
            lambda repository, output: ["--path", str(repository), "--output", str(output)],
        ),
    ]


def sealed_environment(home: Path) -> dict[str, str]:
    """An environment without the user's settings, caches and keys, in a home of its own."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    temporary = home / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    state = str(home / "state")
    return {**kept, "HOME": str(home), "TMPDIR": str(temporary), "TEMPLATE_CREATE_HOME": state}


def measure(command: Sequence[str], environment: Mapping[str, str], cwd: Path) -> Cost:
    """Run ``command`` to its end; `RuntimeError` with its last words when it fails."""
    result = cwd / "cost.json"
    launcher = [sys.executable, "-I", "-S", str(LAUNCHER), str(result)]
    ran = subprocess.run(
        [*launcher, *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=dict(environment),
        cwd=cwd,
        check=False,
    )
    if ran.returncode != 0:
        last = ran.stdout[-2000:].decode("utf-8", "replace")
        raise RuntimeError(f"{command[0]} ended with {ran.returncode}: {last}")
    return Cost(output_bytes=0, **json.loads(result.read_text(encoding="utf-8")))


def size_of(path: Path) -> int:
    """The bytes of a file, or of all files in a folder."""
    files = [path] if path.is_file() else [item for item in path.rglob("*") if item.is_file()]
    return sum(item.stat().st_size for item in files)


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def compare(repository: Path, peers: Path, runs: int, scratch: Path) -> dict[str, list[Cost] | str]:
    """The costs of each tool by name, or the reason why it has none."""
    contestants = tools(peers)
    results: dict[str, list[Cost] | str] = {
        tool.name: [] if tool.program.exists() else "missing" for tool in contestants
    }
    output = scratch / "output"
    for _ in range(runs):
        for tool in contestants:
            costs = results[tool.name]
            if isinstance(costs, str):
                continue
            home = scratch / tool.family
            if tool.cold:
                remove(home)
            if tool.anew:
                remove(output)
            environment = sealed_environment(home)
            command = [str(tool.program), *tool.arguments(repository, output)]
            print("  ", tool.name, end=" ", flush=True, file=sys.stderr)
            try:
                cost = measure(command, environment, scratch)
            except RuntimeError as error:
                print(error, file=sys.stderr)
                results[tool.name] = "failed"
                continue
            print(f"{cost.wall_s:.2f} s", file=sys.stderr)
            made = Cost(cost.wall_s, cost.cpu_s, cost.peak_bytes, size_of(output))
            costs.append(made)
    return results


def median(costs: Sequence[Cost]) -> Cost:
    """The median of each figure by itself."""
    return Cost(
        statistics.median(cost.wall_s for cost in costs),
        statistics.median(cost.cpu_s for cost in costs),
        int(statistics.median(cost.peak_bytes for cost in costs)),
        int(statistics.median(cost.output_bytes for cost in costs)),
    )


def start_up(runs: int, scratch: Path) -> tuple[float, bool]:
    """Seconds that ``template-create --help`` takes, and whether it imports ``anthropic``."""
    program = Path(sys.executable).parent / "template-create"
    environment = sealed_environment(scratch)
    command = [str(program), "--help"]
    seconds = [measure(command, environment, scratch).wall_s for _ in range(runs)]
    traced = subprocess.run(
        command,
        env={**environment, "PYTHONPROFILEIMPORTTIME": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {line.rpartition("|")[2].strip() for line in traced.stderr.splitlines()}
    return statistics.median(seconds), any(name.split(".")[0] == "anthropic" for name in imported)


def describe(repository: Path) -> str:
    """The repository by name, commit and number of files, without its place on this machine."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(repository), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout

    commit = git("rev-parse", "--short=8", "HEAD").strip() or "no commit"
    tracked = git("ls-files", "-z").count("\0")
    files = tracked or sum(1 for path in repository.rglob("*") if path.is_file())
    return f"`{repository.resolve().name}` at {commit}, {files:,} files"


def table(results: Mapping[str, list[Cost] | str]) -> list[str]:
    """The results as the lines of a Markdown table."""
    lines = [
        "| tool | wall s | CPU s | peak MiB | output MB | wall, all runs |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for name, costs in results.items():
        if isinstance(costs, str):
            lines.append(f"| {name} | {costs} | | | | |")
            continue
        middle = median(costs)
        every = ", ".join(f"{cost.wall_s:.2f}" for cost in costs)
        lines.append(
            f"| {name} | {middle.wall_s:.2f} | {middle.cpu_s:.2f} "
            f"| {middle.peak_bytes / 2**20:.0f} | {middle.output_bytes / 1e6:.2f} | {every} |"
        )
    return lines


def budgets(results: Mapping[str, list[Cost] | str], help_s: float, lazy: bool) -> list[str]:
    """What was promised, what was measured, and whether it holds."""

    def wall(name: str) -> float | None:
        costs = results.get(name)
        return median(costs).wall_s if isinstance(costs, list) and costs else None

    cold, again = wall("template-create, cold"), wall("template-create, again")
    packed = wall("repomix 1.18.1, cold")
    lines = ["| promise | measured | holds |", "|---|---:|---|"]

    def promise(text: str, measured: str, holds: bool | None) -> None:
        lines.append(
            f"| {text} | {measured} | {'not measured' if holds is None else IN_BUDGET[holds]} |"
        )

    ratio = cold / packed if cold and packed else None
    promise(
        "cold run: at most 0.25 of repomix's cold wall time",
        "" if ratio is None else f"{ratio:.3f}",
        None if ratio is None else ratio <= 0.25,
    )
    ratio = again / cold if cold and again else None
    promise(
        "second run on unchanged code: at most 0.3 of a cold one",
        "" if ratio is None else f"{ratio:.3f}",
        None if ratio is None else ratio <= 0.3,
    )
    costs = results.get("template-create, cold")
    peak = median(costs).peak_bytes / 2**20 if isinstance(costs, list) and costs else None
    promise(
        "peak memory: at most 400 MiB",
        "" if peak is None else f"{peak:.0f} MiB",
        None if peak is None else peak <= 400,
    )
    promise("`--help`: at most 200 ms", f"{help_s * 1000:.0f} ms", help_s <= 0.2)
    promise("`--help` does not import `anthropic`", "not imported" if lazy else "imported", lazy)
    return lines


def report(repository: Path, peers: Path, runs: int) -> str:
    """Measure everything and return the report as Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        for path in repository.rglob("*"):  # so that no tool pays for the cold disk cache
            if path.is_file() and not path.is_symlink():
                path.read_bytes()
        results = compare(repository, peers, runs, scratch)
        help_s, imported = start_up(max(runs, 5), scratch)
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    return "\n".join(
        [
            f"{describe(repository)}; medians of {runs} interleaved runs; {machine}.",
            "",
            *table(results),
            "",
            *budgets(results, help_s, lazy=not imported),
        ]
    )


def write(text: str) -> None:
    """Put the report between its marks in ``docs/benchmarks.md``."""
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
    running.add_argument("repository", type=Path)
    running.add_argument("--peers", type=Path, required=True, help="the folder given to install")
    running.add_argument("--runs", type=int, default=3)
    running.add_argument("--write", action="store_true", help=f"also write {REPORT.name}")
    options = parser.parse_args()
    if options.command == "install":
        return install(options.folder)
    if not options.repository.is_dir():
        parser.error(f"no such folder: {options.repository}")
    text = report(options.repository.resolve(), options.peers.resolve(), options.runs)
    print(text)
    if options.write:
        write(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
