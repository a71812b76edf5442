"""Asking: the same request again, a new one, or the reason why there is none.

A request is made once and issued again by every run that asks the same; another question
withdraws it, and says so. Nothing is asked for ever: a deadline, a bound on runs that find no
answer, and a bound on requests for one agent end it. (F08, F16, F18.)
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from batch_engine.core import BudgetError, TaskError, WorkTimeoutError
from batch_engine.core.failpoints import failpoint
from template_creation.bridges.file.dossier import (
    Caller,
    Dossier,
    iso,
    load_all,
    load_document,
)
from template_creation.bridges.file.layout import Layout
from template_creation.bridges.file.question import agent_names, has_problems, same_question
from template_creation.bridges.file.shelf import Shelf
from template_creation.bridges.file.wording import instructions, pending_message
from template_creation.errors import BadInput, InvocationPending
from template_creation.exchange import render_batch_prompt, render_prompt

__all__ = ["Asker", "prompt_for"]

MAX_PROMPT_BYTES = 256_000
"""Larger files cannot be read by hosts at all (facts/claude-code-and-agent-files.md section 1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Puts one question into the folder of ``layout``; the caller has the lock."""

    layout: Layout
    caller: Caller
    timeout_s: int
    model: str | None
    max_resumes: int
    max_requests: int
    clock: Callable[[], float]
    new_id: Callable[[], str]

    def ask(
        self, agent_name: str, document: Mapping[str, Any], context: Mapping[str, Any], note: str
    ) -> NoReturn:
        """Raises the pause, with ``note`` in its message, or why there is none."""
        shelf = Shelf(self.layout)
        prompt = prompt_for(document)
        dossiers = load_all(self.layout)
        pending = self.caller.pending(dossiers)
        if pending is not None and shelf.is_damaged():
            shelf.put_request_away(pending.id)
            note = note or f"{self.layout.request.name} was damaged; it is written again"
        if pending is not None and self._is_same(pending, document, prompt):
            self._come_back(pending)
            folders = tuple(dict.fromkeys((*pending.folders, str(self.layout.folder))))
            current = replace(pending, folders=folders, resumes=pending.resumes + 1)
            shelf.save(current)
        else:
            self._check_bound(dossiers, document)
            self._make_room(dossiers)
            if pending is not None:
                reason = "other agents, or other evidence, are asked for now"
                shelf.close(pending, "withdrawn", reason)
                note = note or f"request {pending.id} was withdrawn: {reason}"
            current = self._new(agent_name, document, context, prompt)
            failpoint("request_before_write")
            shelf.add(current, document, prompt)
            failpoint("request_after_write")
        request = shelf.publish(current)
        failpoint("request_after_publish")
        message = pending_message(request, note[:200])
        hint = instructions(request, used=len(message.encode()) + 2)
        raise InvocationPending(message, hint=hint, request=request)

    def _new(
        self, agent_name: str, document: Mapping[str, Any], context: Mapping[str, Any], prompt: str
    ) -> Dossier:
        return Dossier(
            id=self.new_id(),
            run_id=self.caller.run_id,
            name=self.caller.name,
            codebase=self.caller.codebase,
            folders=(str(self.layout.folder),),
            asked_of=agent_name,
            agents=agent_names(document),
            prompt_sha256=_sha256(prompt),
            created_s=self.clock(),
            timeout_s=self.timeout_s,
            context=json.loads(json.dumps(dict(context), default=str)),
            model=self.model,
        )

    def _is_same(self, pending: Dossier, document: Mapping[str, Any], prompt: str) -> bool:
        """Whether the pending request asks this: word by word, or with the reasons of a refusal
        that only the process knew which asked it."""
        if pending.run_id != self.caller.run_id:
            return False
        if pending.prompt_sha256 == _sha256(prompt):
            return True
        if has_problems(document) or pending.agents != agent_names(document):
            return False
        old = load_document(self.layout, pending.id)
        return bool(old) and all(same_question(old, document, name) for name in pending.agents)

    def _come_back(self, pending: Dossier) -> None:
        """Raises when a request was waited for long enough, or often enough."""
        shelf = Shelf(self.layout)
        if self.clock() > pending.deadline_s:
            shelf.close(pending, "failed", f"no answer until {iso(pending.deadline_s)}")
            raise WorkTimeoutError(
                f"request {pending.id} was not answered in {pending.timeout_s} s",
                hint="a late answer to it is still taken",
            )
        if pending.resumes >= self.max_resumes:
            reason = f"{pending.resumes + 1} runs found no answer"
            shelf.close(pending, "failed", reason)
            raise TaskError(
                f"request {pending.id} was not answered: {reason}",
                hint="answer first, then resume; a late answer to it is still taken",
            )

    def _check_bound(self, dossiers: Mapping[str, Dossier], document: Mapping[str, Any]) -> None:
        """Raises `TaskError` when an agent was asked for too often in this run, and lets the
        next run count anew: whatever goes wrong, a host that loops comes to an end."""
        mine = [
            item
            for item in dossiers.values()
            if self.caller.asked(item) and item.run_id == self.caller.run_id and item.counted
        ]
        for name in agent_names(document):
            count = sum(name in item.agents for item in mine)
            if count >= self.max_requests:
                self._count_anew(mine)
                raise TaskError(
                    f"{name!r} was asked for {count} times without an acceptable answer",
                    hint=f"the requests and answers are in {str(self.layout.home)!r}; "
                    "the next run asks anew",
                )

    def _count_anew(self, mine: list[Dossier]) -> None:
        shelf = Shelf(self.layout)
        for item in mine:
            shelf.save(replace(item, counted=False))
        pending = self.caller.pending(load_all(self.layout))
        if pending is not None:
            shelf.close(pending, "withdrawn", "its agents were asked for too often")

    def check_free(self, dossiers: Mapping[str, Dossier]) -> None:
        """Raises `BadInput` when another name waits here, or another program; changes
        nothing."""
        for other in self._others(dossiers):
            if other.name != self.caller.name and self.clock() <= other.deadline_s:
                raise BadInput(
                    f"{str(self.layout.folder)!r} holds a pending request of {other.name!r}",
                    hint=f"answer it and resume {other.name!r}, or give another folder with "
                    "--bridge-dir",
                )
        found = Shelf(self.layout).published()
        if found == {}:
            if any(item.pending for item in dossiers.values()):
                return  # ours, as its record says; it is written again
            raise BadInput(
                f"{str(self.layout.request)!r} is no request that can be read",
                hint="move it away, or give another folder with --bridge-dir",
            )
        if found is not None and not self._is_ours(found, dossiers):
            raise BadInput(
                f"{str(self.layout.request)!r} is a request of another program "
                f"({found.get('request_id')!r})",
                hint="let that program finish, move the file away, or give another folder with "
                "--bridge-dir",
            )

    def _make_room(self, dossiers: Mapping[str, Dossier]) -> None:
        """Puts requests away that nobody waits for any more, and those of this name for another
        codebase: there is one request file, and a name has one codebase."""
        self.check_free(dossiers)
        shelf = Shelf(self.layout)
        for other in self._others(dossiers):
            if other.name == self.caller.name:
                shelf.close(other, "withdrawn", f"{other.name!r} is made from another codebase now")
            else:
                shelf.close(other, "failed", f"no answer until {iso(other.deadline_s)}")
        found = shelf.published()
        if found is not None and str(found.get("request_id")) not in dossiers:
            shelf.put_request_away("unknown")

    def _others(self, dossiers: Mapping[str, Dossier]) -> list[Dossier]:
        return [item for item in dossiers.values() if item.pending and not self.caller.asked(item)]

    def _is_ours(self, found: Mapping[str, Any], dossiers: Mapping[str, Dossier]) -> bool:
        """Whether a published request was made here, or for this caller."""
        whose = (found.get("name"), found.get("codebase"))
        known = str(found.get("request_id")) in dossiers
        return known or whose == (self.caller.name, self.caller.codebase)


def prompt_for(document: Mapping[str, Any]) -> str:
    """How to hand in, then what is asked; the same for the same question, whatever its id.

    Raises `BudgetError` for a prompt that hosts cannot read.
    """
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
