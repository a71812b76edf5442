"""The file bridge: asks by files, waits by a pause, takes answers from files.

Asking raises `InvocationPending`; the next run finds the answer. Everything that decides is on
disk, so the runs may be killed anywhere, come from any working directory and be any number.
"""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from batch_engine.core import (
    BudgetError,
    TaskError,
    WorkError,
    WorkTimeoutError,
)
from batch_engine.core.failpoints import failpoint
from template_creation.bridges.file.disk import at_work
from template_creation.bridges.file.dossier import (
    Dossier,
    absolute,
    iso,
    load_all,
    load_document,
)
from template_creation.bridges.file.intake import Intake, Reading, take_in
from template_creation.bridges.file.layout import Layout
from template_creation.bridges.file.question import agent_names, has_problems, same_question
from template_creation.bridges.file.shelf import Shelf
from template_creation.bridges.file.wording import instructions, pending_message
from template_creation.errors import BadInput, InvocationPending
from template_creation.exchange import render_batch_prompt, render_prompt
from template_creation.values.answer import AnsweredAgent, AnswerEvent

__all__ = ["DEFAULT_TIMEOUT_S", "FileBridge"]

DEFAULT_TIMEOUT_S = 3600
"""An agent of a host takes up to five minutes, and a request may be for ten of them."""

MAX_PROMPT_BYTES = 256_000
"""Larger files cannot be read by hosts at all (facts/claude-code-and-agent-files.md section 1)."""


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
        self.run_id, self.name, self.codebase = run_id, name, codebase
        self._timeout_s, self._model = timeout_s, model
        self._max_resumes, self._max_requests = max_resumes, max_requests
        self._grace_s, self._also_look_in = grace_s, tuple(map(absolute, also_look_in))
        self._clock, self._new_id = clock, new_id
        self._layout = Layout(self.folder)
        self._shelf = Shelf(self._layout)
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

    def withdraw(self, reason: str) -> bool:
        """Ends the pending request, if there is one, and says whether there was: for a run that
        needs no answer any more."""
        with self._at_work():
            pending = self._pending(load_all(self._layout))
            if pending is not None:
                self._shelf.close(pending, "withdrawn", reason)
            return pending is not None

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
            answered = [item for reading in readings for item in reading.agents]
            failpoint("answer_after_read")
            if not answered:
                self._settle(readings, document, sure=sure)
                error = next((item.error for item in readings if item.error), None)
                if error is not None:
                    raise error
                self._ask(agent_name, document, context, _note(readings))
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
            name=self.name,
            codebase=self.codebase,
            pending=self._pending(dossiers),
            asked=document,
            now_s=self._clock(),
            grace_s=self._grace_s,
            token=self._token,
            also_look_in=self._also_look_in,
        )
        return take_in(intake)

    def _pending(self, dossiers: Mapping[str, Dossier]) -> Dossier | None:
        """The newest request of this name and codebase that waits."""
        mine = [item for item in dossiers.values() if item.pending and self._is_mine(item)]
        return mine[-1] if mine else None

    def _is_mine(self, dossier: Dossier) -> bool:
        return (dossier.name, dossier.codebase) == (self.name, self.codebase)

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
        self._shelf.clear_request()
        handed = set().union(*given.values()) if given else set()
        pending = self._pending(load_all(self._layout))
        if pending is not None and handed and set(agent_names(document)) <= handed:
            self._shelf.close(pending, "withdrawn", "an answer to an earlier request came")

    # -- asking -----------------------------------------------------------------------------------

    def _ask(
        self,
        agent_name: str,
        document: Mapping[str, Any],
        context: Mapping[str, Any],
        note: str,
    ) -> None:
        """Always raises: the pause, or why there is none."""
        prompt = _prompt(document)
        dossiers = load_all(self._layout)
        pending = self._pending(dossiers)
        if pending is not None and self._is_same(pending, document, prompt):
            self._come_back(pending)
            current = replace(pending, folder=str(self.folder), resumes=pending.resumes + 1)
        else:
            self._check_bound(dossiers, document)
            self._check_free(dossiers)
            if pending is not None:
                reason = "other agents, or other evidence, are asked for now"
                self._shelf.close(pending, "withdrawn", reason)
                note = note or f"request {pending.id} was withdrawn: {reason}"
            current = self._new(agent_name, document, context, prompt)
            failpoint("request_before_write")
            self._shelf.add(current, document, prompt)
            failpoint("request_after_write")
        self._shelf.save(current)
        request = self._shelf.publish(current)
        failpoint("request_after_publish")
        message = pending_message(request, note[:200])
        hint = instructions(request, used=len(message.encode()) + 2)
        raise InvocationPending(message, hint=hint, request=request)

    def _new(
        self, agent_name: str, document: Mapping[str, Any], context: Mapping[str, Any], prompt: str
    ) -> Dossier:
        return Dossier(
            id=self._new_id(),
            run_id=self.run_id,
            name=self.name,
            codebase=self.codebase,
            folder=str(self.folder),
            asked_of=agent_name,
            agents=agent_names(document),
            prompt_sha256=_sha256(prompt),
            created_s=self._clock(),
            timeout_s=self._timeout_s,
            context=json.loads(json.dumps(dict(context), default=str)),
            model=self._model,
        )

    def _is_same(self, pending: Dossier, document: Mapping[str, Any], prompt: str) -> bool:
        """Whether the pending request asks this: word by word, or with reasons of an earlier
        refusal that only the process knew which asked it."""
        if pending.run_id != self.run_id:
            return False
        if pending.prompt_sha256 == _sha256(prompt):
            return True
        if has_problems(document) or pending.agents != agent_names(document):
            return False
        old = load_document(self._layout, pending.id)
        return bool(old) and all(same_question(old, document, name) for name in pending.agents)

    def _come_back(self, pending: Dossier) -> None:
        """Raises when a request was waited for long enough, or often enough."""
        now_s = self._clock()
        if now_s > pending.deadline_s:
            reason = f"no answer until {iso(pending.deadline_s)}, {pending.timeout_s} s after it"
            self._shelf.close(pending, "failed", reason)
            raise WorkTimeoutError(
                f"request {pending.id} was not answered in {pending.timeout_s} s",
                hint="a late answer to it is still taken",
            )
        if pending.resumes >= self._max_resumes:
            reason = f"{pending.resumes + 1} runs found no answer"
            self._shelf.close(pending, "failed", reason)
            raise TaskError(
                f"request {pending.id} was not answered: {reason}",
                hint="answer first, then resume; a late answer to it is still taken",
            )

    def _check_bound(self, dossiers: Mapping[str, Dossier], document: Mapping[str, Any]) -> None:
        """Raises `TaskError` when an agent was asked for too often in this run, and lets the
        next run start over: whatever goes wrong, a host that loops comes to an end."""
        mine = [
            item
            for item in dossiers.values()
            if self._is_mine(item) and item.run_id == self.run_id and item.counted
        ]
        for name in agent_names(document):
            asked = [item for item in mine if name in item.agents]
            if len(asked) >= self._max_requests:
                for item in mine:
                    self._shelf.save(replace(item, counted=False))
                if pending := self._pending(load_all(self._layout)):
                    self._shelf.close(pending, "withdrawn", "its agents were asked for too often")
                raise TaskError(
                    f"{name!r} was asked for {len(asked)} times without an acceptable answer",
                    hint="see why with `template-create bridge show`; the next run asks anew",
                )

    def _check_free(self, dossiers: Mapping[str, Dossier]) -> None:
        """Raises `BadInput` when somebody else's request waits in ``.agent-request.json``; one
        that nobody waits for any more is put away."""
        found = self._shelf.published()
        if found is None:
            return
        known = dossiers.get(str(found.get("request_id")))
        if known is not None and (self._is_mine(known) or not known.pending):
            return
        if known is not None and self._clock() <= known.deadline_s:
            raise BadInput(
                f"{str(self.folder)!r} holds a pending request of {known.name!r} "
                f"(codebase {known.codebase!r})",
                hint=f"answer it and resume {known.name!r}, or give another folder with "
                "--bridge-dir",
            )
        if known is not None:
            self._shelf.close(known, "failed", f"no answer until {iso(known.deadline_s)}")
            return
        if (found.get("name"), found.get("codebase")) == (self.name, self.codebase):
            self._shelf.put_request_away("unknown")
            return
        raise BadInput(
            f"{str(self._layout.request)!r} is a request of another program "
            f"({found.get('request_id')!r})",
            hint="let that program finish, move the file away, or give another folder with "
            "--bridge-dir",
        )


def _handed_over(answered: Sequence[AnsweredAgent]) -> Iterator[AnswerEvent]:
    for item in answered:
        yield item
        failpoint("answer_mid_handover")


def _note(readings: Sequence[Reading]) -> str:
    """What a host should know about its last try, in one line."""
    for reading in readings:
        if reading.verdict == "writing":
            return f"{reading.path.name} is not complete JSON yet; it is read again next time"
        if reading.verdict == "refuse":
            return f"{reading.path.name} was refused: {reading.reason}"
        if reading.verdict == "leave" and reading.dossier is not None:
            return f"{reading.path.name} answers {reading.dossier.name!r}; it was left there"
    return ""


def _prompt(document: Mapping[str, Any]) -> str:
    """How to hand in, then what is asked; the same for the same question, whatever its id."""
    head = render_prompt("hand_in.md.j2", {"count": len(document["agents"])})
    prompt = head + render_batch_prompt(document)
    size = len(prompt.encode("utf-8"))
    if size > MAX_PROMPT_BYTES:
        raise BudgetError(
            f"the prompt has {size} bytes, hosts read files of at most {MAX_PROMPT_BYTES}",
            hint="ask for fewer agents at once, or make the package with fewer templates",
        )
    return prompt


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
