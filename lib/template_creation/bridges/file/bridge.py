"""The file bridge: asks by files, waits by a pause, takes answers from files.

Asking raises `InvocationPending`; the next run finds the answer. Everything that decides is on
disk, so the runs may be killed anywhere, come from any working directory and be any number.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from batch_engine.core import WorkError
from batch_engine.core.failpoints import failpoint
from template_creation.bridges.file.asking import Asker, prompt_for
from template_creation.bridges.file.disk import at_work
from template_creation.bridges.file.dossier import Caller, absolute, load_all
from template_creation.bridges.file.intake import Intake, Reading, take_in
from template_creation.bridges.file.layout import Layout
from template_creation.bridges.file.places import answers_to
from template_creation.bridges.file.question import agent_names
from template_creation.bridges.file.shelf import Shelf
from template_creation.values.answer import AnsweredAgent, AnswerEvent

__all__ = ["DEFAULT_TIMEOUT_S", "FileBridge"]

DEFAULT_TIMEOUT_S = 3600
"""An agent of a host takes up to five minutes, and a request may be for ten of them."""


class FileBridge:
    """A `StreamingBridge` whose model is a host: a coding assistant, a script, a person.

    ``folder`` holds the files; ``run_id``, ``name`` and ``codebase`` are whom an answer is bound
    to. After ``timeout_s`` seconds without an answer the attempt has failed (`WorkTimeoutError`);
    a late answer is still taken. ``max_resumes`` runs that find no answer end the request, and
    ``max_requests`` requests for one agent end the attempts of this run (`TaskError`); the next
    run starts counting anew. An answer that is no JSON and younger than ``grace_s`` is taken for
    half-written. ``also_look_in`` are folders where hosts put answers by mistake: an answer
    there is copied if it names a request of this bridge. ``clock`` gives seconds since the epoch.

    Who iterates over `stream` has to have stored an agent before asking for the next: once the
    stream is at its end, its answer is used up. After `invoke`, which cannot know, the next
    process may take the answer once more.

    >>> bridge = FileBridge(Path("state"), run_id="r1", name="shop", codebase="/src/shop")
    >>> bridge.folder.is_absolute()
    True
    """

    identity = "file"

    def __init__(
        self,
        folder: Path,
        *,
        run_id: str,
        name: str,
        codebase: str,
        timeout_s: int = DEFAULT_TIMEOUT_S,
        model: str | None = None,
        max_resumes: int = 10,
        max_requests: int = 6,
        grace_s: float = 5.0,
        also_look_in: Sequence[Path] = (),
        clock: Callable[[], float] = time.time,
        new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        self.folder = absolute(folder)
        self.caller = Caller(run_id=run_id, name=name, codebase=codebase)
        self._layout = Layout(self.folder)
        self._shelf = Shelf(self._layout)
        self._asker = Asker(
            layout=self._layout,
            caller=self.caller,
            timeout_s=timeout_s,
            model=model,
            max_resumes=max_resumes,
            max_requests=max_requests,
            clock=clock,
            new_id=new_id,
        )
        self._grace_s, self._clock = grace_s, clock
        self._also_look_in = tuple(map(absolute, also_look_in))
        self._token = str(uuid.uuid4())

    def invoke(
        self,
        *,
        agent_name: str,
        input_data: Mapping[str, Any],
        context: Mapping[str, Any],
    ) -> dict[str, Any]:
        """Every agent that was answered, under ``enhancements``; raises as `stream` does."""
        agents: list[dict[str, Any]] = []
        try:
            for event in self._events(agent_name, input_data, context, sure=False):
                if isinstance(event, AnsweredAgent):
                    agents.append({**event.data, "agent_name": event.name})
        except WorkError:
            if not agents:
                raise
        return {"enhancements": agents}

    def prompt(self, input_data: Mapping[str, Any]) -> str:
        """What a host reads for the request document ``input_data``."""
        return prompt_for(input_data)

    def stream(
        self,
        *,
        agent_name: str,
        input_data: Mapping[str, Any],
        context: Mapping[str, Any],
    ) -> Iterator[AnswerEvent]:
        """The agents that a host answered, then what of its answer was not taken.

        Raises `InvocationPending` where nothing was answered yet (the request is on disk then);
        once per answer: `RejectedResultError` for one that cannot be used, `WorkTimeoutError`,
        `TransientError` or `TaskError` for a host that says it failed; `BadInput` where another
        name waits in this folder; `WriteError` where the folder cannot be used.
        """
        return self._events(agent_name, input_data, context, sure=True)

    def check_free(self) -> None:
        """Raises `BadInput` where another name, or another program, waits in this folder: to be
        told before the work begins. Changes nothing."""
        self._asker.check_free(load_all(self._layout))

    def withdraw(self, reason: str) -> bool:
        """Ends the pending request, if there is one, and says whether there was; an answer to
        it that nobody took is kept. For a run that has ended: it was answered by another bridge,
        or died when all was stored and the request still lay there."""
        with self._at_work():
            pending = self.caller.pending(load_all(self._layout))
            if pending is None:
                return False
            self._shelf.close(pending, "withdrawn", reason)
            for path in answers_to(pending, self._layout):
                self._shelf.keep_answer(path, pending.id)
        return True

    # -- one look into the folder -----------------------------------------------------------------

    def _events(
        self,
        agent_name: str,
        document: Mapping[str, Any],
        context: Mapping[str, Any],
        *,
        sure: bool,
    ) -> Iterator[AnswerEvent]:
        with self._at_work():
            readings = self._read(document)
            failpoint("answer_after_read")
            if any(item.verdict == "writing" for item in readings):
                self._asker.ask(agent_name, document, context, _note(readings))
            answered = [item for reading in readings for item in reading.agents]
            if not answered:
                self._settle(readings, document, sure=sure)
                error = next((item.error for item in readings if item.error), None)
                if error is not None:
                    raise error
                self._asker.ask(agent_name, document, context, _note(readings))
        yield from _handed_over(answered)
        yield from (issue for reading in readings for issue in reading.issues)
        failpoint("answer_before_mark")
        with self._at_work():
            self._settle(readings, document, sure=sure)
        error = next((item.error for item in readings if item.error), None)
        if error is not None:
            raise error

    def _read(self, document: Mapping[str, Any]) -> list[Reading]:
        dossiers = load_all(self._layout)
        intake = Intake(
            layout=self._layout,
            dossiers=dossiers,
            caller=self.caller,
            pending=self.caller.pending(dossiers),
            asked=document,
            now_s=self._clock(),
            grace_s=self._grace_s,
            token=self._token,
            also_look_in=self._also_look_in,
        )
        return take_in(intake)

    def _at_work(self) -> AbstractContextManager[None]:
        return at_work(self.folder, self._layout.home)

    # -- after the answer -------------------------------------------------------------------------

    def _settle(
        self, readings: Sequence[Reading], document: Mapping[str, Any], *, sure: bool
    ) -> None:
        """Answers that were taken are marked, then moved; a crash between the two shows up as
        an answer to a request that is answered already, and is kept as such."""
        dossiers = load_all(self._layout)
        given: dict[str, set[str]] = {}
        for reading in readings:
            if reading.dossier is not None and reading.agents:
                names = {item.name for item in reading.agents}
                given.setdefault(reading.dossier.id, set()).update(names)
        for request_id, names in given.items():
            if request_id in dossiers:
                unsure = "" if sure else self._token
                self._shelf.mark_taken(dossiers[request_id], names, unsure=unsure)
        for reading in readings:
            if reading.error is not None and reading.dossier is not None:
                current = dossiers[reading.dossier.id]
                if current.id not in given:
                    self._shelf.mark(current, "failed", str(reading.error))
        failpoint("answer_after_mark")
        for reading in readings:
            self._shelf.put_away(reading, now_s=self._clock())
        failpoint("answer_after_move")
        self._shelf.clear_request(answered=bool(given))
        handed = set().union(*given.values()) if given else set()
        pending = self.caller.pending(load_all(self._layout))
        if pending is not None and handed and set(agent_names(document)) <= handed:
            self._shelf.close(pending, "withdrawn", "an answer to an earlier request came")


def _handed_over(answered: Sequence[AnsweredAgent]) -> Iterator[AnswerEvent]:
    for item in answered:
        yield item
        failpoint("answer_mid_handover")


def _note(readings: Sequence[Reading]) -> str:
    """What a host should know about its last try, in one line."""
    for reading in sorted(readings, key=lambda item: item.verdict != "writing"):
        if reading.verdict == "writing":
            return f"{reading.path.name} is not complete JSON yet; it is read again next time"
        if reading.verdict == "refuse":
            return f"{reading.path.name} was refused: {reading.reason}"
        if reading.verdict == "leave" and reading.dossier is not None:
            return f"{reading.path.name} answers {reading.dossier.name!r}; it was left there"
    return ""
