"""An agent that is asked by files: whoever reads the question writes the answer beside it.

Each question is ``<id>.request.json`` in a folder; the run pauses until ``<id>.answer.json`` is
there. Questions with the same content have the same id, so an answer is used again.
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
    """An answer is not there yet; ``folder`` holds the questions."""

    def __init__(self, folder: Path, waiting: int) -> None:
        super().__init__(f"{waiting} questions in {str(folder)!r} have no answer yet")
        self.folder = folder
        self.waiting = waiting


class FileAgent:
    """An `AgentInvoker` over the files of ``folder``, which is made when it is first needed; by
    default ``agents`` in the run's workspace."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    def invoke(
        self, *, agent_name: str, input_data: Mapping[str, Any], context: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The answer in the folder. Raises `AnswerPending` where there is none, after writing
        the question, and `ItemValidationError` where it is not a JSON mapping."""
        folder = self._folder or Path(context["workspace"]) / "agents"
        number = fingerprint(agent_name, plain(input_data))
        answer = folder / f"{number}.answer.json"
        if not answer.exists():
            question = {
                "agent_name": agent_name,
                "input": plain(input_data),
                "context": {name: entry for name, entry in context.items() if name != "workspace"},
                "answer_path": str(answer),
            }
            text = json.dumps(question, indent=2, ensure_ascii=False) + "\n"
            write_whole(folder / f"{number}.request.json", text.encode())
            raise AnswerPending(folder, len(_waiting(folder)))
        try:
            data = json.loads(answer.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ItemValidationError(f"{answer.name} is no JSON: {error}") from error
        if not isinstance(data, dict):
            raise ItemValidationError(f"{answer.name} is {type(data).__name__}, expected a mapping")
        return data


def _waiting(folder: Path) -> list[Path]:
    """The questions that have no answer, sorted."""
    return [q for q in sorted(folder.glob("*.request.json")) if not _answer_of(q).exists()]


def _answer_of(question: Path) -> Path:
    return question.with_name(question.name.replace(".request.", ".answer."))
