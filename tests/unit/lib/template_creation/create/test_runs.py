"""A run is known by its name: it goes on as it was asked for, or says why not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from template_creation import CreateOptions, create_template
from template_creation.create.runs import read_run
from template_creation.create.state import open_store
from template_creation.errors import BadInput, InvocationPending
from template_creation.testing import FakeBridge
from template_creation.values.enhancement import BridgeChoice, EnhancementOptions

PAUSE = InvocationPending("later")


def paused(bookshop: Path, tmp_path: Path, **more: Any) -> CreateOptions:
    """A run that waits for its answer; gives what it was asked for."""
    asked = CreateOptions(
        name="bookshop", path=bookshop, output=tmp_path / "pkg", max_templates=9, **more
    )
    with pytest.raises(InvocationPending):
        create_template(asked, bridge=FakeBridge(PAUSE))
    return asked


def status_of(name: str) -> str:
    with open_store(CreateOptions(name=name).state_folder) as store:
        run = read_run(store)
    assert run is not None
    return run.status


def test_resume_needs_the_name_only(
    bookshop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From any folder, with all that was asked for (F06, F14)."""
    paused(bookshop, tmp_path)
    assert status_of("bookshop") == "paused"
    monkeypatch.chdir(tmp_path)
    result = create_template(CreateOptions(name="bookshop", resume=True), bridge=FakeBridge())
    assert result.status == "done"
    assert result.package == tmp_path / "pkg"
    assert len(result.templates) == 9
    assert status_of("bookshop") == "finished"


def test_resuming_a_finished_run_finds_nothing_to_do(bookshop: Path, tmp_path: Path) -> None:
    """A host that comes once too often does no harm."""
    paused(bookshop, tmp_path)
    for expected in ("done", "unchanged"):
        again = CreateOptions(name="bookshop", resume=True)
        assert create_template(again, bridge=FakeBridge()).status == expected


def test_there_is_nothing_to_resume_under_another_name(
    bookshop: Path, tmp_path: Path, sealed: Path
) -> None:
    """An error, not a new run, and no state is left behind (F07)."""
    paused(bookshop, tmp_path)
    with pytest.raises(BadInput, match="no run of 'bookshp' to go on with"):
        create_template(CreateOptions(name="bookshp", resume=True))
    assert not CreateOptions(name="bookshp").state_folder.exists()


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"path": Path("/")}, "--resume goes on with path"),
        ({"output": Path("/elsewhere")}, "--resume goes on with output"),
        ({"max_templates": 3}, "--resume goes on with max templates 9, not with 3"),
        ({"with_agents": False}, "--resume goes on with with agents True"),
        (
            {"expected": {"enhancement.bridge.kind": "api"}},
            "--resume goes on with kind 'offline', not with 'api'",
        ),
    ],
)
def test_what_contradicts_the_run_is_refused(
    bookshop: Path, tmp_path: Path, said: dict[str, Any], message: str
) -> None:
    """Nothing asked for is passed over in silence."""
    paused(bookshop, tmp_path)
    with pytest.raises(BadInput, match=message):
        create_template(CreateOptions(name="bookshop", resume=True, **said))
    assert status_of("bookshop") == "paused"


def test_a_run_that_waits_is_not_taken_by_another_codebase(bookshop: Path, tmp_path: Path) -> None:
    """Same name, other code: say which, and how to go on or to drop it (F07)."""
    paused(bookshop, tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.py").write_text("x = 1\n", encoding="utf-8")
    with pytest.raises(BadInput, match="about another codebase") as caught:
        create_template(CreateOptions(name="bookshop", path=other))
    assert "--resume" in caught.value.hint
    assert "--fresh" in caught.value.hint


def test_the_same_command_goes_on_under_the_same_id(bookshop: Path, tmp_path: Path) -> None:
    """So that a request that waits is recognised as its own (F18)."""
    asked = paused(bookshop, tmp_path)
    with open_store(asked.state_folder) as store:
        first = read_run(store)
    with pytest.raises(InvocationPending):
        create_template(asked, bridge=FakeBridge(PAUSE))
    with open_store(asked.state_folder) as store:
        second = read_run(store)
    assert first is not None
    assert first == second


def test_a_failed_run_says_so(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(Exception, match="nothing to learn from"):
        create_template(CreateOptions(name="empty", path=empty))
    assert status_of("empty") == "failed"


def test_the_record_keeps_every_choice(bookshop: Path, tmp_path: Path) -> None:
    """Written and read back, nothing is lost."""
    choice = EnhancementOptions(
        bridge=BridgeChoice(kind="file", folder=str(tmp_path / "exchange"), timeout_s=90.0),
        contract="markdown",
        use_batch_enhancement=False,
        max_batch_agents=4,
    )
    asked = paused(bookshop, tmp_path, enhancement=choice)
    with open_store(asked.state_folder) as store:
        run = read_run(store)
    assert run is not None
    assert run.enhancement == choice


@pytest.mark.parametrize("other", ["fresh", "dry_run"])
def test_resume_excludes_beginning_anew(other: str) -> None:
    with pytest.raises(BadInput, match="exclude each other"):
        CreateOptions(name="bookshop", resume=True, **{other: True})
