"""Where commands are declared, read in the order in which a person would trust them."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from template_creation.analysis.manifests import Manifest, ManifestError, load_yaml
from template_creation.analysis.text import (
    TextCache,
    as_mapping,
    as_text,
    folder_of,
    line_at,
    line_of,
    name_of,
)
from template_creation.values.source import Codebase

__all__ = ["RawCommand", "raw_commands"]

_LOCKS = (
    ("pnpm-lock.yaml", "pnpm"),
    ("yarn.lock", "yarn"),
    ("bun.lock", "bun"),
    ("bun.lockb", "bun"),
    ("package-lock.json", "npm"),
)


@cache
def _plumbing() -> re.Pattern[str]:
    source = files("template_creation.analysis").joinpath("commands.toml")
    words = tomllib.loads(source.read_text(encoding="utf-8"))["plumbing"]["words"]
    return re.compile(rf"(?:{'|'.join(map(re.escape, words))})(?:\s|$)")


@dataclass(frozen=True, slots=True)
class RawCommand:
    """A command as declared. ``name`` is the script's or target's name or empty."""

    name: str
    command: str
    folder: str
    path: str
    line: int


def raw_commands(
    codebase: Codebase, manifests: tuple[Manifest, ...], texts: TextCache
) -> Iterator[RawCommand]:
    """Task runners, package scripts and tool tables first, then what the pipelines run."""
    paths = [file.path for file in codebase.files]
    known = {*paths, *(item.path for item in codebase.excluded)}
    for path in paths:
        name = name_of(path)
        if name in {"Makefile", "makefile", "GNUmakefile"}:
            yield from _make(path, texts.text(path))
        elif name in {"justfile", "Justfile", ".justfile"}:
            yield from _just(path, texts.text(path))
        elif name in {"Taskfile.yml", "Taskfile.yaml"}:
            yield from _taskfile(path, texts.text(path))
        elif name == "package.json":
            yield from _scripts(path, texts.text(path), _runner(path, known, texts))
        elif name == "composer.json":
            yield from _scripts(path, texts.text(path), "composer")
    for path in paths:
        if name_of(path) == "pyproject.toml":
            yield from _python_tasks(path, texts.text(path))
        elif name_of(path) in {"Procfile", "Procfile.dev"}:
            yield from _procfile(path, texts.text(path))
    for path in paths:
        if re.search(r"(^|/)\.github/workflows/[^/]+\.ya?ml$", path):
            yield from _workflow(path, texts.text(path))
    for path in paths:
        if path in {".circleci/config.yml", ".gitlab-ci.yml"}:
            yield from _pipeline(path, texts.text(path))
    for path in paths:
        if re.search(r"(^|/)(?:bin|scripts?)/[\w-]+(?:\.sh)?$", path):
            yield from _script_file(path, texts.text(path))
    yield from _tools(codebase, manifests, texts)


def _make(path: str, text: str) -> Iterator[RawCommand]:
    for match in re.finditer(r"^([A-Za-z0-9][\w./-]*)\s*:(?![=:])([^\n]*)", text, re.MULTILINE):
        target = match.group(1)
        following = text[match.end() : match.end() + 2]
        has_recipe = following.startswith("\n\t")
        if (
            target.startswith(".")
            or "." in target
            or "/" in target
            or not (has_recipe or match.group(2).strip())
        ):
            continue
        yield RawCommand(
            target, f"make {target}", folder_of(path), path, line_at(text, match.start())
        )


def _just(path: str, text: str) -> Iterator[RawCommand]:
    for match in re.finditer(r"^@?([a-z][\w-]*)(?:\s+[^:=\n]*)?:(?!=)", text, re.MULTILINE):
        name = match.group(1)
        yield RawCommand(name, f"just {name}", folder_of(path), path, line_at(text, match.start()))


def _taskfile(path: str, text: str) -> Iterator[RawCommand]:
    try:
        data = as_mapping(load_yaml(text))
    except ManifestError:
        return
    for name in as_mapping(data.get("tasks")):
        line = line_of(text, f"\n  {name}:") + 1
        yield RawCommand(str(name), f"task {name}", folder_of(path), path, line)


def _runner(path: str, known: set[str], texts: TextCache) -> str:
    declared = re.search(r'"packageManager"\s*:\s*"(\w+)@', texts.text(path))
    if declared:
        return declared.group(1)
    folder = folder_of(path)
    while True:
        for lock, tool in _LOCKS:
            if (f"{folder}/{lock}" if folder else lock) in known:
                return tool
        if not folder:
            return "npm"
        folder = folder_of(folder)


def _scripts(path: str, text: str, runner: str) -> Iterator[RawCommand]:
    try:
        scripts = as_mapping(as_mapping(json.loads(text)).get("scripts"))
    except json.JSONDecodeError:
        return
    start = max(text.find('"scripts"'), 0)
    for name in scripts:
        if (
            str(name).startswith(("pre", "post"))
            and str(name).removeprefix("pre").removeprefix("post") in scripts
        ):
            continue
        if name in {"prepare", "eject", "ng"}:
            continue
        found = re.compile(rf"{re.escape(json.dumps(name))}\s*:").search(text, start)
        line = line_at(text, found.start()) if found else 1
        call = f"{runner} run {name}" if runner in {"npm", "bun"} else f"{runner} {name}"
        if runner == "npm" and name in {"test", "start"}:
            call = f"npm {name}"
        yield RawCommand(str(name), call, folder_of(path), path, line)


def _python_tasks(path: str, text: str) -> Iterator[RawCommand]:
    for table, call in (
        (r"tool\.poe\.tasks", "poe"),
        (r"tool\.pdm\.scripts", "pdm run"),
        (r"tool\.taskipy\.tasks", "task"),
        (r"tool\.hatch\.envs\.[\w-]+\.scripts", "hatch run"),
    ):
        section = re.search(rf"^\[{table}\]\n(.*?)(?=^\[|\Z)", text, re.MULTILINE | re.DOTALL)
        if not section:
            continue
        for match in re.finditer(r"^([\w-]+)\s*=", section.group(1), re.MULTILINE):
            line = line_at(text, section.start(1) + match.start())
            name = match.group(1)
            yield RawCommand(name, f"{call} {name}", folder_of(path), path, line)


def _procfile(path: str, text: str) -> Iterator[RawCommand]:
    for match in re.finditer(r"^(\w+):\s*(\S[^\n]*)$", text, re.MULTILINE):
        line = line_at(text, match.start())
        yield RawCommand("start", match.group(2).strip(), folder_of(path), path, line)


def _workflow(path: str, text: str) -> Iterator[RawCommand]:
    """``run:`` lines of a pipeline, one command per line of a block; lines with expressions
    of the pipeline's own (``${{``) or with shell control flow are not commands to type."""
    try:
        data = as_mapping(load_yaml(text))
    except ManifestError:
        return
    cursor = 0
    for job in as_mapping(data.get("jobs")).values():
        defaults = as_mapping(as_mapping(as_mapping(job).get("defaults")).get("run"))
        outer = as_mapping(as_mapping(data.get("defaults")).get("run"))
        base = as_text(defaults.get("working-directory")) or as_text(outer.get("working-directory"))
        steps = as_mapping(job).get("steps")
        for step in steps if isinstance(steps, list) else ():
            run = as_text(as_mapping(step).get("run"))
            folder = as_text(as_mapping(step).get("working-directory")) or base
            shell = as_text(as_mapping(step).get("shell"))
            folder = folder.strip().removeprefix("./").strip("/")
            if not run or "${{" in folder or "python" in shell:
                continue
            for command in run.replace("\\\n", " ").split("\n"):
                plain = re.sub(r"\s+", " ", command).strip()
                first = command.strip().split("  ")[0]
                found = text.find(first, cursor)
                cursor = found if found >= 0 else cursor
                if (
                    not plain
                    or "${{" in plain
                    or _plumbing().match(plain)
                    or plain[0] in "#{}-()[]\"'|&<"
                ):
                    continue
                if re.search(r"[|;{}`>]|\$\(|&&|<<|^\w+=", plain):
                    continue
                line = line_at(text, found) if found >= 0 else line_of(text, first)
                yield RawCommand("", plain, "" if folder == "." else folder, path, line)


def _pipeline(path: str, text: str) -> Iterator[RawCommand]:
    """Steps of the other pipelines, one line each: ``run:``, ``command:`` and ``- `` items."""
    for number, line in enumerate(text.split("\n"), start=1):
        found = re.fullmatch(r"\s*(?:-\s+)?(?:(?:run|command):\s+)?([a-z./][^:#]*)", line)
        plain = found.group(1).strip().strip("\"'") if found else ""
        if " " in plain and not _plumbing().match(plain) and not re.search(r"[|;{}`>$&]", plain):
            yield RawCommand("", plain, "", path, number)


def _pytest(manifest: Manifest, prefix: str) -> Iterator[RawCommand]:
    """``pytest`` where it is a dependency: the line that asks for it is the evidence."""
    folder = folder_of(manifest.path)
    if name_of(manifest.path) == "Pipfile":
        prefix = "pipenv run "
    if folder.rpartition("/")[2] == "requirements":
        folder = folder_of(folder)
    declared = [item for item in manifest.dependencies if item.package == "pytest"]
    if declared:
        yield RawCommand("test", f"{prefix}pytest", folder, manifest.path, declared[0].line)


def _script_file(path: str, text: str) -> Iterator[RawCommand]:
    folder, _, inner = path.rpartition("/scripts/")
    if not folder and not inner:
        folder = ""
    stem = name_of(path).partition(".")[0]
    if not text.startswith("#!") or not re.search(
        r"test|lint|format|setup|dev|check|build|migrate|server|start", stem
    ):
        return
    parent = folder_of(folder_of(path))
    shown = path.removeprefix(f"{parent}/") if parent else path
    call = f"bash {shown}" if path.endswith(".sh") else shown
    yield RawCommand(stem, call, parent, path, 1)


def _tools(
    codebase: Codebase, manifests: tuple[Manifest, ...], texts: TextCache
) -> Iterator[RawCommand]:
    """What the tools of an ecosystem run by their own convention; the configuration or
    manifest that makes them work here is the evidence."""
    paths = {file.path for file in codebase.files} | {item.path for item in codebase.excluded}
    for manifest in manifests:
        folder = folder_of(manifest.path)
        text = texts.text(manifest.path)
        name = name_of(manifest.path)
        here = f"{folder}/" if folder else ""
        uses_uv = f"{here}uv.lock" in paths or "uv.lock" in paths
        prefix = "uv run " if uses_uv else "poetry run " if "[tool.poetry" in text else ""
        if manifest.ecosystem == "python":
            yield from _pytest(manifest, prefix)
        if name == "pyproject.toml":
            for table, command in (
                ("pytest", "pytest"),
                ("mypy", "mypy ."),
                ("ruff", "ruff check ."),
            ):
                found = re.search(rf"^\[tool\.{table}[.\]]", text, re.MULTILINE)
                if found:
                    line = line_at(text, found.start())
                    yield RawCommand("", prefix + command, folder, manifest.path, line)
            if uses_uv and manifest.is_root:
                yield RawCommand("install", "uv sync", folder, manifest.path, 1)
        elif name == "go.mod":
            if any(path.startswith(here) and path.endswith("_test.go") for path in paths):
                yield RawCommand("test", "go test ./...", folder, manifest.path, 1)
        elif name == "Cargo.toml" and not folder:
            yield RawCommand("build", "cargo build", folder, manifest.path, 1)
            yield RawCommand("test", "cargo test", folder, manifest.path, 1)
        elif name == "pom.xml" and not folder:
            call = "./mvnw" if "mvnw" in paths else "mvn"
            yield RawCommand("test", f"{call} test", folder, manifest.path, 1)
            if "spring-boot-maven-plugin" in text:
                line = line_of(text, "spring-boot-maven-plugin")
                yield RawCommand("run", f"{call} spring-boot:run", folder, manifest.path, line)
        elif name in {"build.gradle", "build.gradle.kts"} and not folder:
            call = "./gradlew" if "gradlew" in paths else "gradle"
            yield RawCommand("test", f"{call} test", folder, manifest.path, 1)
        elif (
            name in {"docker-compose.yml", "compose.yml", "docker-compose.yaml", "compose.yaml"}
            and not folder
        ):
            yield RawCommand("start", "docker compose up", folder, manifest.path, 1)
        elif name == "Gemfile" and not folder:
            yield RawCommand("install", "bundle install", folder, manifest.path, 1)
            if re.search(r"gem ['\"]rspec", text):
                line = line_of(text, "rspec")
                yield RawCommand("test", "bundle exec rspec", folder, manifest.path, line)
    for path in sorted(paths):
        if "/" not in path and path.endswith((".sln", ".slnx")):
            yield RawCommand("build", "dotnet build", "", path, 1)
            yield RawCommand("test", "dotnet test", "", path, 1)
        if (
            name_of(path) == "manage.py"
            and path in codebase.by_path
            and "django" in texts.text(path)
        ):
            folder = folder_of(path)
            yield RawCommand("run", "python manage.py runserver", folder, path, 1)
            yield RawCommand("test", "python manage.py test", folder, path, 1)
            yield RawCommand("migrate", "python manage.py migrate", folder, path, 1)
