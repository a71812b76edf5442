"""What ``template-create bridge`` does: the desk of a bridge folder, for a person or a script."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from template_creation.agents import KnownIds, parse_answer
from template_creation.bridges.file import ERROR_TYPES, REQUEST_FILE, Checked, Desk
from template_creation.cli.run import Console
from template_creation.errors import BadInput, ExitCode
from template_creation.package import check_name, default_state, product_home
from template_creation.values.agent import Issue

__all__ = ["run_check", "run_respond", "run_show"]


def run_show(
    console: Console, *, name: str | None, folder: Path | None, prompt: bool, schema: bool
) -> None:
    """Print what is asked."""
    if prompt and schema and not console.as_json:
        raise BadInput("--prompt and --schema both want stdout", hint="give one, or --json")
    desk = _desk(name, folder)
    document: dict[str, Any] = {
        "status": "pending",
        "exit_code": int(ExitCode.DONE),
        "request": desk.request,
        "expires_at": desk.expires_at,
        "runs_without_answer": desk.dossier.resumes,
        "answered": [item.name for item in desk.check_place().agents],
    }
    if prompt:
        document["prompt_text"] = desk.prompt
    if schema:
        document["schema"] = desk.schema
    text = _shown(desk, document)
    if prompt:
        text = desk.prompt
    elif schema:
        text = json.dumps(desk.schema, indent=2)
    console.result(text, document)


def run_respond(
    console: Console,
    *,
    name: str | None,
    folder: Path | None,
    source: str | None,
    agent: str,
    error: str | None,
    error_type: str,
) -> None:
    """Hand in an answer, or that there is none."""
    if (source is None) == (error is None):
        raise BadInput(
            "give the answer with --from FILE, or say why there is none with --error MESSAGE"
        )
    if error is not None and (agent or error_type not in ERROR_TYPES):
        raise BadInput(
            "--error is for the whole request" if agent else f"no such --type: {error_type!r}",
            hint=f"types are {', '.join(ERROR_TYPES)}",
        )
    desk = _desk(name, folder)
    checked = Checked((), (), ())
    if source is not None:
        text = _read(source)
        path, checked = desk.respond(text, source=_called(source), agent=agent)
    else:
        path = desk.respond_error(error or "", error_type=error_type)
    issues = [*checked.issues, *_cited(desk, checked)]
    document = {
        "status": "written",
        "exit_code": int(ExitCode.DONE),
        "request_id": desk.dossier.id,
        "path": str(path),
        "agents": [item.name for item in checked.agents],
        "missing": list(checked.missing),
        "issues": [asdict(item) for item in issues],
    }
    for item in issues:
        console.note(_finding(item))
    if checked.missing and not agent:
        console.note(f"not answered: {', '.join(checked.missing)}; the run asks for them again")
    console.result(f"{path}\nNext: run the command again with --resume.", document)


def run_check(
    console: Console, *, name: str | None, folder: Path | None, answer: str | None, agent: str
) -> None:
    """Print what is wrong with an answer; exit 5 when something is."""
    if agent and answer is None:
        raise BadInput("--agent needs --answer FILE")
    desk = _desk(name, folder)
    if answer is None:
        checked = desk.check_place()
    else:
        checked = desk.check(_read(answer), source=_called(answer), agent=agent)
    issues = [*checked.issues, *_cited(desk, checked), *_left_out(desk, checked)]
    code = ExitCode.VALIDATION_FAILED if issues else ExitCode.DONE
    document = {
        "status": "incomplete" if issues else "complete",
        "exit_code": int(code),
        "request_id": desk.dossier.id,
        "agents": [item.name for item in checked.agents],
        "missing": list(checked.missing),
        "issues": [asdict(item) for item in issues],
    }
    lines = [_finding(item) for item in issues]
    count, total = len(checked.agents), len(checked.agents) + len(checked.missing)
    findings = f"{len(issues)} finding" + ("" if len(issues) == 1 else "s")
    lines.append(f"{count} of {total} agents answered; {findings}")
    console.result("\n".join(lines), document)
    if code:
        raise SystemExit(int(code))


# -- where --------------------------------------------------------------------------------------


def _desk(name: str | None, folder: Path | None) -> Desk:
    if name is not None and folder is not None:
        raise BadInput("--name and --dir both say where", hint="give one of them")
    if folder is not None:
        if not folder.is_dir():
            raise BadInput(f"no such folder: {str(folder)!r}", hint="give the bridge's folder")
        return Desk.open(folder)
    waiting = sorted(path.parent.name for path in product_home().glob(f"state/*/{REQUEST_FILE}"))
    if name is not None:  # the state of `enhance` has a longer name than a package may have
        return Desk.open(default_state(name if name in waiting else check_name(name)))
    hint = f"pending: {', '.join(waiting)}" if waiting else "no name has a pending request"
    raise BadInput("which request? give --name NAME or --dir FOLDER", hint=hint)


def _called(source: str) -> str:
    return "stdin" if source == "-" else Path(source).name


def _read(source: str) -> str:
    from template_creation.bridges.file.disk import decoded

    if source == "-":
        return decoded(sys.stdin.buffer.read())
    try:
        return decoded(Path(source).read_bytes())
    except OSError as exc:
        raise BadInput(f"cannot read {source!r}: {exc.strerror or exc}") from exc


# -- what is said ---------------------------------------------------------------------------------


def _shown(desk: Desk, document: Mapping[str, Any]) -> str:
    request = document["request"]
    answered = set(document["answered"])
    at = f"--dir {shlex.quote(str(desk.layout.folder))}"
    agents = [f"  {'x' if name in answered else '-'} {name}" for name in request["agents"]]
    return "\n".join(
        [
            f"{request['agent_name']} is asked for {len(agents)} agents of {request['name']!r} "
            f"(x: answered):",
            *agents,
            f"request   {request['request_id']}, answer until {document['expires_at']}",
            f"prompt    {request['prompt_path']}",
            f"schema    {request['schema_path']}",
            f"answers   {request['responses_dir']}/NAME.json",
            f"or whole  {request['response_path']}",
            "",
            "Give the agent this instruction, word by word:",
            "",
            request["prompt"],
            "",
            "By hand:",
            f"  template-create bridge show {at} --prompt",
            f"  template-create bridge respond {at} --from ANSWER.json",
            f"  template-create bridge check {at}",
            "Then run the command again with --resume.",
        ]
    )


def _finding(item: Issue) -> str:
    return f"{item.severity}: {item.place}: {item.message} [{item.rule}]" + (
        f"\n  {item.fix}" if item.fix else ""
    )


def _left_out(desk: Desk, checked: Checked) -> list[Issue]:
    folder = desk.request["responses_dir"]
    return [
        Issue("missing-agent", name, "it is not answered", f"write {folder}/{name}.json")
        for name in checked.missing
    ]


def _cited(desk: Desk, checked: Checked) -> list[Issue]:
    """Items that would not be taken because of what they cite, or how they are written."""
    known = KnownIds.of_request(desk.document)
    issues: list[Issue] = []
    for answered in checked.agents:
        parsed = parse_answer(
            {"enhancements": [{**answered.data, "agent_name": answered.name}]},
            [answered.name],
            known,
        )
        for found in parsed.issues.values():
            issues += [_at(item, answered.place) for item in found]
    return issues


def _at(item: Issue, place: str) -> Issue:
    inner = item.place.removeprefix("$").removeprefix(".enhancements[0]")
    return Issue(item.rule, f"{place}{inner}", item.message, item.fix, item.severity)
