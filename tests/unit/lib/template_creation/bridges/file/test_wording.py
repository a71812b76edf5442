"""What exit code 42 prints is short whatever the paths are, and says what to do next."""

from __future__ import annotations

import pytest

from template_creation.bridges.file.wording import MAX_TEXT, instructions, pending_message


@pytest.mark.parametrize("depth", [1, 20, 40, 120])
def test_the_text_stays_under_one_kilobyte(run, request_data, tmp_path, depth) -> None:
    """Hosts cut the output of a command that fails at 10,000 characters; ours has to survive."""
    place = tmp_path.joinpath(*["é folder"] * min(depth, 40))
    pause = run(folder=place).pending(request_data)
    request = pause.request
    if depth > 40:
        request = {**request, "response_path": "/" + "long/" * 400 + ".agent-response.json"}
    message = pending_message(request, "x" * 200)
    hint = instructions(request, used=len(message.encode()) + 2)
    assert len(f"{message}\n{hint}\n".encode()) <= MAX_TEXT + 1
    assert "--resume" in hint


def test_the_text_names_the_agent_the_request_and_the_commands(run, request_data, folder) -> None:
    pause = run().pending(request_data)
    assert pause.message == "pending: agent-content-enhancer has to answer for 2 agents"
    assert str(folder / ".agent-request.json") in pause.hint
    assert f"template-create bridge show --dir {folder}" in pause.hint
    assert f"template-create bridge respond --dir {folder} --from FILE" in pause.hint


def test_paths_are_quoted_for_a_shell(run, request_data, tmp_path) -> None:
    pause = run(folder=tmp_path / "my folder").pending(request_data)
    assert f"--dir '{tmp_path / 'my folder'}'" in pause.hint


def test_the_note_comes_with_the_message(run, host, request_data) -> None:
    run().pending(request_data)
    host.write(host.envelope(request_id="nobody"))
    lines = run().pending(request_data).message.splitlines()
    assert lines[1].startswith("  note: .agent-response.json was refused: no request 'nobody'")
