"""Record what yaml-workflow 0.9.6 makes of the workflows in ``tests/data/workflows``.

    python benchmarks/workflow_compat.py PEERS [--write]

``PEERS`` is the folder given to ``workflow.py install``. Each case is run by yaml-workflow; what
it leaves (exit code, results of steps, files) is compared with the record that the tests check
our engine against, and with ``--write`` becomes that record. Workspace and time of a run stand
as ``<workspace>`` and ``<time>``.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "data" / "workflows"
RECORD = FOLDER / "recorded.json"
CASES: list[tuple[str, list[str], str]] = [
    ("greeting", [], ""),
    ("greeting", ["who=Bartholomew"], ""),
    ("checks", [], ""),
    ("checks", ["title=ab"], ""),
    ("numbers", [], ""),
    ("profile", [], ""),
    ("profile", ["role=editor", "form=markdown"], ""),
    ("resumable", ["word=x"], ""),
    ("branches", [], ""),
    ("branches", ["format=csv"], ""),
    ("branches", ["format=zip"], ""),
    ("detours", [], ""),
    ("detours", ["mode=fail"], ""),
    ("detours", [], "mend"),
    ("flows", [], ""),
    ("flows", [], "check"),
    ("flows", [], "all_of_it"),
    ("errors", [], ""),
    ("errors", [], "rescue_only"),
]
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(\+00:00)?")


def recorded(program: Path, name: str, params: list[str], flow: str) -> dict[str, Any]:
    """One case, run by yaml-workflow."""
    with tempfile.TemporaryDirectory() as scratch:
        workspace = Path(scratch).resolve() / "case_run_1"
        command = [str(program), "run", str(FOLDER / f"{name}.yaml")]
        command += ["--workspace", str(workspace), *params, *(["--flow", flow] if flow else [])]
        ran = subprocess.run(command, capture_output=True, text=True, cwd=scratch, check=False)
        state = json.loads((workspace / ".workflow_metadata.json").read_text(encoding="utf-8"))
        files = {
            path.relative_to(workspace).as_posix(): path.read_text(encoding="utf-8")
            for path in sorted(workspace.rglob("*"))
            if path.is_file() and path.parent != workspace / "logs" and path.name[0] != "."
        }
        steps = {
            step: {"status": entry["status"], "result": entry.get("result")}
            for step, entry in state["execution_state"]["step_outputs"].items()
        }
        case = {
            "workflow": name,
            "params": dict(pair.split("=", 1) for pair in params),
            "flow": flow,
            "exit_code": ran.returncode,
            "steps": steps,
            "files": files,
        }
        anonymous: dict[str, Any] = _anonymous(case, str(workspace))
        return anonymous


def _anonymous(value: Any, workspace: str) -> Any:
    if isinstance(value, str):
        return _TIME.sub("<time>", value.replace(workspace, "<workspace>"))
    if isinstance(value, dict):
        return {key: _anonymous(entry, workspace) for key, entry in value.items()}
    return [_anonymous(entry, workspace) for entry in value] if isinstance(value, list) else value


def main() -> int:
    """Run every case; exit 1 where something differs from the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("peers", type=Path, help="the folder given to workflow.py install")
    parser.add_argument("--write", action="store_true", help=f"write {RECORD.name}")
    arguments = parser.parse_args()
    program = arguments.peers / "venv" / "bin" / "yaml-workflow"
    cases = [recorded(program, *case) for case in CASES]
    if arguments.write:
        text = json.dumps({"by": "yaml-workflow 0.9.6", "cases": cases}, indent=1) + "\n"
        RECORD.write_text(text, encoding="utf-8")
        return 0
    known = json.loads(RECORD.read_text(encoding="utf-8"))["cases"]
    other = [case for case in cases if case not in known]
    for case in other:
        print(json.dumps(case, indent=1))
    print(f"{len(cases)} cases, {len(other)} not as recorded", file=sys.stderr)
    return 1 if other else 0


if __name__ == "__main__":
    raise SystemExit(main())
