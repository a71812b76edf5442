"""An agent that is asked by files: whoever reads the question writes the answer beside it.

Each question is ``<id>.request.json`` in a folder, with its prompt in ``<id>.prompt.md``; the run
pauses until ``<id>.answer.json`` is there. Questions with the same content have the same id, so an
answer is used again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from batch_engine.core import ItemValidationError, Pause, fingerprint
from batch_engine.workflow.plain import plain
from batch_engine.workflow.tasks.files import write_whole

__all__ = ["AnswerPending", "FileAgent"]


class AnswerPending(Pause):
    """An answer is not there yet; ``folder`` holds the questions, ``waiting`` counts those that
    have none."""

    def __init__(self, folder: Path, waiting: int) -> None:
        told = "1 question has" if waiting == 1 else f"{waiting} questions have"
        super().__init__(f"{told} no answer yet in {str(folder)!r}")
        self.folder = folder
        self.waiting = waiting


class FileAgent:
    """An `AgentInvoker` over the files of ``folder``, which is made when it is first needed; by
    default ``agents`` in the run's workspace."""

    asks_ahead = True
    """It costs nothing to ask: better everything at once than one by one."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._open: set[str] = set()

    def invoke(
        self, *, agent_name: str, input_data: Mapping[str, Any], context: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The answer in the folder. Raises `AnswerPending` where there is none, after writing
        the question, and `ItemValidationError` where it is not a JSON mapping."""
        folder = self._folder or Path(context["workspace"]) / "agents"
        number = fingerprint(agent_name, plain(input_data))
        answer = folder / f"{number}.answer.json"
        if not answer.exists():
            given = plain(input_data)
            question = {
                "agent_name": agent_name,
                **self._prompt(folder / f"{number}.prompt.md", given),
                "input": given,
                "context": {name: entry for name, entry in context.items() if name != "workspace"},
                "answer_path": str(answer),
            }
            text = json.dumps(question, indent=2, ensure_ascii=False) + "\n"
            write_whole(folder / f"{number}.request.json", text.encode())
            self._open.add(number)
            raise AnswerPending(folder, len(self._open))
        return self._read(answer)

    def _prompt(self, path: Path, given: dict[str, Any]) -> dict[str, str]:
        """Puts the prompt into a file of its own, which people and agents can read."""
        prompt = given.pop("prompt", None)
        if not isinstance(prompt, str):
            given |= {} if prompt is None else {"prompt": prompt}
            return {}
        write_whole(path, prompt.encode())
        return {"prompt_path": str(path)}

    def _read(self, answer: Path) -> dict[str, Any]:
        try:
            data = json.loads(answer.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ItemValidationError(f"{answer.name} is no JSON: {error}") from error
        if not isinstance(data, dict):
            raise ItemValidationError(f"{answer.name} is {type(data).__name__}, expected a mapping")
        return data
