"""What every test gets: no network, no real home, no habit of the working directory."""

from __future__ import annotations

import itertools
import json
import os
import runpy
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import hypothesis
import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
GUARD = CHECKOUT / "tests" / "guard"
REPOS_VARIABLE = "TEMPLATE_CREATE_REPOS"

# Before any test module is imported, so that imports are guarded too.
runpy.run_path(str(GUARD / "sitecustomize.py"))

# In the background of a shell SIGINT is ignored, and whatever is started inherits that: no test
# could interrupt a child. A handler of ours is not inherited, so children begin as usual.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Same examples on every run; a shared machine is slow at times, so no deadline.
hypothesis.settings.register_profile("house", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("house")

_PRIVATE = ("TEMPLATE_CREATE_", "ANTHROPIC_", "OPENAI_", "CLAUDE", "GIT_", "XDG_", "BOOKSHOP_")

_GIT_SEALED = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
_GIT_IDENTITY = {
    "GIT_AUTHOR_NAME": "A. Writer",
    "GIT_AUTHOR_EMAIL": "writer@example.org",
    "GIT_AUTHOR_DATE": "2026-01-02T03:04:05+00:00",
    "GIT_COMMITTER_NAME": "A. Writer",
    "GIT_COMMITTER_EMAIL": "writer@example.org",
    "GIT_COMMITTER_DATE": "2026-01-02T03:04:05+00:00",
}


def _seal(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home, working = folder / "home", folder / "cwd"
    home.mkdir(parents=True)
    working.mkdir()
    for name in list(os.environ):
        if name.startswith(_PRIVATE) and name != REPOS_VARIABLE:
            monkeypatch.delenv(name)
    for name in ("HOME", "USERPROFILE", "TEMPLATE_CREATE_HOME"):
        monkeypatch.setenv(name, str(home))
    for name in ("CONFIG", "CACHE", "STATE", "DATA"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / f".{name.lower()}"))
    for name, value in {**_GIT_SEALED, **_GIT_IDENTITY}.items():
        monkeypatch.setenv(name, value)
    # Child processes run the code that is tested, whatever checkout is installed.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(GUARD), str(CHECKOUT / "lib"))))
    monkeypatch.chdir(working)
    return home


@pytest.fixture(scope="session", autouse=True)
def _sealed_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Iterator[Path]]:
    """The same seal for fixtures that live longer than one test; gives a folder for each test.

    Numbered here: the factory lists all its folders for each new one.
    """
    base = tmp_path_factory.mktemp("sealed")
    with pytest.MonkeyPatch.context() as monkeypatch:
        _seal(base / "session", monkeypatch)
        yield (base / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def sealed(_sealed_session: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home and a working directory of the test's own, and none of the user's settings.

    Child processes inherit all of it, the network guard included. Returns the home folder.
    """
    return _seal(next(_sealed_session), monkeypatch)


@dataclass(frozen=True)
class Warm:
    """Programs that start without imports: ``template-create``, in a folder that holds nothing
    else, and ``python -c``."""

    folder: Path
    program: str
    python: str


@pytest.fixture(scope="session")
def warm(_sealed_session: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warm]:
    """``template-create`` as it starts without imports, the first on the ``PATH``.

    See ``tests/warm/server.py`` for what is the same about these processes, and what is not.
    """
    folder = tmp_path_factory.mktemp("warm")
    tools = CHECKOUT / "tests" / "warm"
    launcher = (tools / "launcher.py").read_text(encoding="utf-8")
    starts = {}
    for program in ("template-create", "python"):
        call = f"main({str(folder / 'socket')!r}, {program!r}, sys.argv[1:])"
        starts[program] = folder / f"{program}.d" / program
        starts[program].parent.mkdir()
        starts[program].write_text(f"#!{sys.executable} -IS\n{launcher}\n\n{call}\n")
        starts[program].chmod(0o755)
    first = starts["template-create"].parent
    command = [sys.executable, str(tools / "server.py"), str(folder / "socket")]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as server,
        pytest.MonkeyPatch.context() as monkeypatch,
    ):
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n"
        search = (str(first), str(Path(sys.executable).parent), os.environ["PATH"])
        monkeypatch.setenv("PATH", os.pathsep.join(search))
        yield Warm(first, str(starts["template-create"]), str(starts["python"]))
        server.kill()


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of this checkout."""
    return CHECKOUT


@pytest.fixture(scope="session")
def bookshop_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bookshop as a git repository with one commit, made once: only to be read."""
    root = tmp_path_factory.mktemp("bookshop") / "bookshop"
    litter = shutil.ignore_patterns(
        "__pycache__", ".venv", ".pytest_cache", ".ruff_cache", "*.db", "*.egg-info"
    )
    shutil.copytree(CHECKOUT / "examples" / "bookshop", root, ignore=litter)
    if shutil.which("git") is None:
        pytest.skip("git is not installed; the bookshop fixture is a git repository")
    for command in (
        ["init", "--quiet", "--initial-branch=main"],
        ["add", "--all"],
        ["commit", "--quiet", "--message=Open the bookshop"],
    ):
        subprocess.run(["git", *command], cwd=root, check=True)
    return root


@pytest.fixture
def bookshop(bookshop_once: Path, tmp_path: Path) -> Path:
    """A copy of ``examples/bookshop`` of the test's own: a git repository with one commit,
    the same hash on every machine."""
    return Path(shutil.copytree(bookshop_once, tmp_path / "bookshop", symlinks=True))


@pytest.fixture(scope="session")
def bookshop_package(
    warm: Warm, bookshop_once: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The package of the bookshop as the program makes it offline: only to be read."""
    target = tmp_path_factory.mktemp("bookshop-package") / "bookshop"
    command = ["--name", "bookshop", "--path", str(bookshop_once), "--output", str(target)]
    subprocess.run([warm.program, *command], check=True, capture_output=True)
    return target


@dataclass(frozen=True)
class AnswerCase:
    """An answer of ``tests/data/answers`` and what has to come of it: the agents of
    ``expected`` that are taken, what was mended in them, and refusals as (rule, agent)."""

    id: str
    kind: str
    about: str
    text: str
    expected: tuple[str, ...]
    taken: tuple[str, ...]
    repaired: Mapping[str, str] = field(default_factory=dict)
    issues: tuple[tuple[str, str], ...] = ()


def _answer_cases() -> list[AnswerCase]:
    folder = CHECKOUT / "tests" / "data" / "answers"
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    return [
        AnswerCase(
            id=item["file"].removesuffix(".txt"),
            kind=item["kind"],
            about=item["about"],
            text=(folder / item["file"]).read_bytes().decode("utf-8"),
            expected=tuple(index["expected"]),
            taken=tuple(item["taken"]),
            repaired=item.get("repaired", {}),
            issues=tuple((rule, agent) for rule, agent in item["issues"]),
        )
        for item in index["answers"]
    ]


@pytest.fixture(scope="session")
def answer_corpus() -> list[AnswerCase]:
    """Good, damaged and hostile answers, with the expected outcome of each."""
    return _answer_cases()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes ``answer_case`` runs once for each answer of the corpus."""
    if "answer_case" in metafunc.fixturenames:
        metafunc.parametrize("answer_case", _answer_cases(), ids=lambda case: case.id)


@pytest.fixture(scope="session")
def repos() -> Mapping[str, Path]:
    """Real repositories by folder name, from the folder that ``TEMPLATE_CREATE_REPOS`` names.

    A test that uses this is skipped, and says so, where the variable is not set; a variable
    that names no folder is an error, never a skip.
    """
    named = os.environ.get(REPOS_VARIABLE)
    if not named:
        pytest.skip(f"{REPOS_VARIABLE} names no folder of real repositories")
    found = {path.name: path for path in sorted(Path(named).iterdir()) if path.is_dir()}
    assert found, f"{REPOS_VARIABLE}={named!r} has no folders in it"
    return found
