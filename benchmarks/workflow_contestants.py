"""What `workflow.py` runs: for each tool the files that it needs and the commands.

Every item appends its number to a log with one write, by a line for the shell or by a Python
function; so the log tells how often each was executed. yaml-workflow cannot hand an item to a
shell command, so there the line is the same for all.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

__all__ = ["CONTESTANTS", "Contestant", "Kind"]

Kind = Literal["shell", "python"]
Command = Sequence[str]

ITEMS_MODULE = """\
import os

def note(item):
    log = os.open("log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(log, f"{item}\\n".encode())
    os.close(log)
    return {"item": item}
"""


@dataclass(frozen=True)
class Contestant:
    """A tool at work on ``count`` items of one kind in ``folder``. ``peers`` is the folder given
    to ``install``; ``state`` are the files in which it remembers what is done."""

    title: str
    kinds: tuple[Kind, ...]
    state: tuple[str, ...] = ()
    numbered: bool = True

    def program(self, peers: Path) -> Path | None:
        """What has to be there for it to run."""
        raise NotImplementedError

    def prepare(self, folder: Path, kind: Kind, count: int) -> None:
        """Writes what it needs."""
        (folder / "bench_items.py").write_text(ITEMS_MODULE, encoding="utf-8")

    def command(self, peers: Path, folder: Path, kind: Kind, count: int) -> Command:
        """The first run."""
        raise NotImplementedError

    def resume(self, peers: Path, folder: Path, kind: Kind, count: int) -> list[Command]:
        """The commands to go on with, the second for when the first is refused."""
        return [self.command(peers, folder, kind, count)]


class Ours(Contestant):
    """template-create workflow."""

    def program(self, peers: Path) -> Path | None:
        return Path(sys.executable).with_name("template-create")

    def prepare(self, folder: Path, kind: Kind, count: int) -> None:
        super().prepare(folder, kind, count)
        shell = {"task": "shell", "inputs": {"command": "echo {{ item }} >> ../log"}}
        python = {
            "task": "python_function",
            "inputs": {"function": "bench_items:note", "args": ["{{ item }}"]},
        }
        workers = {"max_concurrency": 2} if kind == "shell" else {}
        inputs = {"items": f"{{{{ range({count}) | list }}}}", **workers}
        step = {"name": "work", "task": "batch"}
        step |= {"inputs": {**inputs, "task": shell if kind == "shell" else python}}  # type: ignore[dict-item]  # JSON values
        text = json.dumps({"name": "bench", "steps": [step]})
        (folder / "bench.yaml").write_text(text, encoding="utf-8")

    def command(self, peers: Path, folder: Path, kind: Kind, count: int) -> Command:
        return [str(self.program(peers)), "workflow", "run", "bench.yaml", "--workspace", "ws"]

    def resume(self, peers: Path, folder: Path, kind: Kind, count: int) -> list[Command]:
        return [[*self.command(peers, folder, kind, count), "--resume"]]


class YamlWorkflow(Contestant):
    """yaml-workflow 0.9.6."""

    def program(self, peers: Path) -> Path | None:
        return peers / "venv" / "bin" / "yaml-workflow"

    def prepare(self, folder: Path, kind: Kind, count: int) -> None:
        log = folder / "log"
        shell = {"task": "shell", "inputs": {"command": f"echo x >> {log}"}}
        code = f'open({str(log)!r}, "a").write(str(batch["item"]) + "\\n")\nresult = batch["item"]'
        python = {"task": "python_code", "inputs": {"code": code}}
        step = {
            "name": "work",
            "task": "batch",
            "inputs": {
                "items": list(range(count)),
                "chunk_size": 10,
                "max_workers": 2,
                "task": shell if kind == "shell" else python,
            },
        }
        text = json.dumps({"name": "bench", "steps": [step]})
        (folder / "bench.yaml").write_text(text, encoding="utf-8")

    def command(self, peers: Path, folder: Path, kind: Kind, count: int) -> Command:
        return [str(self.program(peers)), "run", "bench.yaml", "--workspace", "ws"]

    def resume(self, peers: Path, folder: Path, kind: Kind, count: int) -> list[Command]:
        run = [*self.command(peers, folder, kind, count)]
        return [[*run, "--resume"], [*run, "--start-from", "work"]]


class Parallel(Contestant):
    """GNU parallel with its job log."""

    def program(self, peers: Path) -> Path | None:
        found = shutil.which("parallel")
        return Path(found) if found else None

    def prepare(self, folder: Path, kind: Kind, count: int) -> None:
        lines = "".join(f"{number}\n" for number in range(count))
        (folder / "items").write_text(lines, encoding="utf-8")

    def command(self, peers: Path, folder: Path, kind: Kind, count: int) -> Command:
        return [
            str(self.program(peers)),
            "-j2",
            "--joblog",
            "jobs",
            "-a",
            "items",
            "echo {} >> log",
        ]

    def resume(self, peers: Path, folder: Path, kind: Kind, count: int) -> list[Command]:
        first, *rest = self.command(peers, folder, kind, count)
        return [[first, "--resume", *rest]]


DODO = """\
from doit.tools import run_once
from bench_items import note

def done(item):
    note(item)

def task_item():
    for number in range({count}):
        action = f"echo {{number}} >> log" if {shell} else (done, [number])
        yield {{"name": str(number), "actions": [action], "uptodate": [run_once]}}
"""


class Doit(Contestant):
    """doit, each item a task that is up to date once it has run."""

    def program(self, peers: Path) -> Path | None:
        return peers / "venv" / "bin" / "doit"

    def prepare(self, folder: Path, kind: Kind, count: int) -> None:
        super().prepare(folder, kind, count)
        text = DODO.format(count=count, shell=kind == "shell")
        (folder / "dodo.py").write_text(text, encoding="utf-8")

    def command(self, peers: Path, folder: Path, kind: Kind, count: int) -> Command:
        workers = ["-n", "2"] if kind == "shell" else []
        return [str(self.program(peers)), "run", "-v", "0", *workers]


LUIGI = """\
import os, subprocess
import luigi
from bench_items import note

class Item(luigi.Task):
    number = luigi.IntParameter()

    def output(self):
        return luigi.LocalTarget(f"done/{{self.number}}")

    def run(self):
        if {shell}:
            subprocess.run(f"echo {{self.number}} >> log", shell=True, check=True)
        else:
            note(self.number)
        with self.output().open("w") as out:
            out.write("done")

class All(luigi.WrapperTask):
    def requires(self):
        return [Item(number) for number in range({count})]
"""


class Luigi(Contestant):
    """Luigi, one worker (two are slower), a target file per item."""

    def program(self, peers: Path) -> Path | None:
        return peers / "venv" / "bin" / "luigi"

    def prepare(self, folder: Path, kind: Kind, count: int) -> None:
        super().prepare(folder, kind, count)
        text = LUIGI.format(count=count, shell=kind == "shell")
        (folder / "bench_luigi.py").write_text(text, encoding="utf-8")

    def command(self, peers: Path, folder: Path, kind: Kind, count: int) -> Command:
        options = ["--module", "bench_luigi", "All", "--local-scheduler", "--log-level", "ERROR"]
        return [str(self.program(peers)), *options]


class Xargs(Contestant):
    """The limit: processes and nothing else."""

    def program(self, peers: Path) -> Path | None:
        found = shutil.which("xargs")
        return Path(found) if found else None

    def prepare(self, folder: Path, kind: Kind, count: int) -> None:
        lines = "".join(f"{number}\n" for number in range(count))
        (folder / "items").write_text(lines, encoding="utf-8")

    def command(self, peers: Path, folder: Path, kind: Kind, count: int) -> Command:
        line = "echo {} >> log"
        return [str(self.program(peers)), "-a", "items", "-P2", "-I{}", "sh", "-c", line]


BOTH: tuple[Kind, ...] = ("shell", "python")
CONTESTANTS: dict[str, Contestant] = {
    "ours": Ours("template-create workflow", BOTH, ("ws/.workflow",)),
    "yaml-workflow": YamlWorkflow(
        "yaml-workflow 0.9.6", BOTH, ("ws/.workflow_metadata.json", "ws/logs"), numbered=False
    ),
    "parallel": Parallel("GNU parallel --joblog", ("shell",), ("jobs",)),
    "doit": Doit("doit 0.37.0", BOTH, (".doit.db", ".doit.db.db", ".doit.db.dat", ".doit.db.dir")),
    "luigi": Luigi("Luigi 3.8.1", BOTH, ("done",)),
    "xargs": Xargs("limit: xargs -P2, no state", ("shell",)),
}
