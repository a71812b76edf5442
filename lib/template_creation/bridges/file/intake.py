"""What lies in the bridge folder, read: which file answers what, and what becomes of it.

Reads and decides; moves nothing. An answer is bound to a request by the folder that it is in or
by the id that it names. Nothing is refused for being late: a request that nobody waits for any
more can still be answered, as long as its agents are asked the same (`same_question`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from batch_engine.core import (
    RejectedResultError,
    TaskError,
    TransientError,
    WorkError,
    WorkTimeoutError,
)
from template_creation.bridges.file.dossier import Caller, Dossier, load_document
from template_creation.bridges.file.envelope import Envelope, read_envelope
from template_creation.bridges.file.layout import Layout
from template_creation.bridges.file.places import (
    agent_paths,
    read_agent_file,
    text_of,
    unconfirmed_paths,
)
from template_creation.bridges.file.question import agent_names, problems_of, same_question
from template_creation.exchange import read_answer
from template_creation.values.agent import Issue
from template_creation.values.answer import AnsweredAgent

__all__ = ["Intake", "Reading", "Verdict", "take_in"]

Verdict = Literal["take", "done", "refuse", "writing", "leave"]
"""``take``: holds agents to hand over. ``done``: says nothing new, or that the host failed; it
is kept with the answers. ``refuse``: kept apart, with the reason. ``writing``: not yet.
``leave``: another run's."""

_FIX = "answer the request that is pending: `template-create bridge show` prints it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One file of a host, and what to do with it.

    ``error`` fails the pending request; ``stray`` files lie outside of the bridge folder and
    are copied, never moved.
    """

    path: Path
    verdict: Verdict
    dossier: Dossier | None = None
    agents: tuple[AnsweredAgent, ...] = ()
    issues: tuple[Issue, ...] = ()
    reason: str = ""
    fix: str = ""
    error: WorkError | None = None
    stray: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What a run needs to know to read answers: who it is, what it asks, what was asked.

    ``pending`` is its own request that waits, if there is one; ``token`` is this process.
    """

    layout: Layout
    dossiers: Mapping[str, Dossier]
    caller: Caller
    pending: Dossier | None
    asked: Mapping[str, Any]
    now_s: float
    grace_s: float
    token: str
    also_look_in: Sequence[Path] = ()
    _documents: dict[str, dict[str, Any]] = field(default_factory=dict)

    def usable(self, dossier: Dossier, agent: str) -> bool:
        """Whether an answer to ``dossier`` stands for ``agent`` in what is asked now."""
        if agent not in agent_names(self.asked):
            return False
        if dossier.id not in self._documents:
            self._documents[dossier.id] = load_document(self.layout, dossier.id)
        old = self._documents[dossier.id]
        if not old or not same_question(old, self.asked, agent):
            return False
        if agent not in dossier.taken:
            return True
        # Handed over to a process that may have died with it, and not refused since.
        lost = dossier.unsure.get(agent, self.token) != self.token
        return lost and problems_of(old, agent) == problems_of(self.asked, agent)

    def is_young(self, path: Path) -> bool:
        """Whether a host may still be writing it."""
        try:
            return self.now_s - path.stat().st_mtime < self.grace_s
        except OSError:
            return True


def take_in(intake: Intake) -> list[Reading]:
    """Every file that a host wrote, read; an agent is in one reading only, the first."""
    readings: list[Reading] = []
    seen: set[str] = set()
    for reading in _all(intake):
        fresh = tuple(item for item in reading.agents if item.name not in seen)
        seen |= {item.name for item in fresh}
        readings.append(_without_agents_again(reading, fresh))
    by_files = {item.dossier.id for item in readings if item.dossier and item.agents}
    return [_as_receipt(item) if _is_receipt(item, by_files) else item for item in readings]


def _is_receipt(reading: Reading, by_files: Collection[str]) -> bool:
    """Whether a response without agents only says that the files are there."""
    known = reading.dossier is not None and reading.dossier.id in by_files
    return known and reading.verdict == "refuse" and reading.error is not None


def _as_receipt(reading: Reading) -> Reading:
    return replace(reading, verdict="done", error=None)


def _without_agents_again(reading: Reading, fresh: tuple[AnsweredAgent, ...]) -> Reading:
    if len(fresh) == len(reading.agents):
        return reading
    again = tuple(
        Issue(
            "second-answer",
            f"{reading.path.name}:{item.place}",
            f"{item.name} is answered twice; the first one counts",
            "answer once, in one file",
            "warning",
        )
        for item in reading.agents
        if item not in fresh
    )
    return Reading(
        path=reading.path,
        verdict="take" if fresh else "done",
        dossier=reading.dossier,
        agents=fresh,
        issues=(*reading.issues, *again),
        stray=reading.stray,
    )


def _all(intake: Intake) -> Iterator[Reading]:
    mine = [item for item in intake.dossiers.values() if intake.caller.asked(item)]
    seen: set[Path] = set()
    for dossier in sorted(mine, key=lambda item: not item.pending):
        for path in _fresh(agent_paths(dossier, intake.layout), seen):
            yield _agent_file(path, dossier, intake)
        for path in _fresh(unconfirmed_paths(dossier, intake.layout), seen):
            reading = _agent_file(path, dossier, intake)
            if reading.verdict == "take":
                yield reading
    for path in _fresh(intake.layout.responses, seen):
        yield _response(path, intake)
    elsewhere = [Layout(Path(folder)).responses for item in mine for folder in item.folders]
    for path in _fresh((path for paths in elsewhere for path in paths), seen):
        yield from _known_response(path, intake, stray=False)
    for folder in intake.also_look_in:
        for path in _fresh(Layout(folder).responses, seen):
            yield from _known_response(path, intake, stray=True)


def _fresh(paths: Iterable[Path], seen: set[Path]) -> Iterator[Path]:
    for path in paths:
        if path not in seen and path.is_file():
            seen.add(path)
            yield path


# -- one file per agent -------------------------------------------------------------------------


def _agent_file(path: Path, dossier: Dossier, intake: Intake) -> Reading:
    text = text_of(path)
    found = read_agent_file(path, text, dossier.agents)
    agents = tuple(item for item in found if isinstance(item, AnsweredAgent))
    if not agents and intake.is_young(path) and path.suffix == ".json" and _is_broken(text):
        return Reading(path=path, verdict="writing", dossier=dossier)
    return _judged(path, dossier, found, intake)


def _is_broken(text: str) -> bool:
    return not text.strip() or read_envelope(text).broken


# -- one file for all ---------------------------------------------------------------------------


def _known_response(path: Path, intake: Intake, *, stray: bool) -> Iterator[Reading]:
    """A response in a place that is not ours: taken only if it names a request of ours."""
    envelope = read_envelope(text_of(path))
    dossier = intake.dossiers.get(envelope.request_id)
    if dossier and intake.caller.asked(dossier) and not envelope.problem:
        reading = _response(path, intake, stray=stray)
        if not (stray and reading.verdict in ("done", "refuse") and not reading.error):
            yield reading


def _response(path: Path, intake: Intake, *, stray: bool = False) -> Reading:
    text = text_of(path)
    envelope = read_envelope(text)
    dossier = intake.pending if envelope.bare else intake.dossiers.get(envelope.request_id)
    if refusal := _not_bound(path, envelope, dossier, intake):
        return refusal
    assert dossier is not None  # `_not_bound` saw to it
    if envelope.status != "success":
        return _failure(path, envelope, dossier, stray=stray)
    found = read_answer(envelope.payload, dossier.agents)
    complete = {item.name for item in found if isinstance(item, AnsweredAgent)}
    if envelope.broken and intake.is_young(path) and complete < set(dossier.agents):
        return Reading(path=path, verdict="writing", dossier=dossier)
    return _judged(path, dossier, found, intake, stray=stray)


def _not_bound(
    path: Path, envelope: Envelope, dossier: Dossier | None, intake: Intake
) -> Reading | None:
    """Why the file is no answer to a request of this run; None where it is one."""
    mine = dossier is not None and intake.caller.asked(dossier)
    if envelope.broken and dossier is None and intake.is_young(path):
        return Reading(path=path, verdict="writing")
    if envelope.problem:
        own = dossier if mine else None
        fails = own is not None and own.pending
        return _refused(path, envelope.problem, _fix_of(envelope), dossier=own, fails=fails)
    if dossier is None and envelope.bare:
        return _refused(path, "no request is pending, and the answer names none", _FIX)
    if dossier is None:
        return _refused(path, f"no request {envelope.request_id!r} was ever made here", _FIX)
    if not mine and dossier.pending:
        return Reading(path=path, verdict="leave", dossier=dossier)
    if not mine:
        whose = f"{dossier.name!r} of {dossier.codebase!r}"
        return _refused(path, f"it answers a request of {whose}", _FIX)
    if envelope.bare and _older_than_request(path, dossier, intake):
        reason = f"it names no request and is older than the pending one, {dossier.id}"
        return _refused(
            path, reason, "name the request_id, or use `template-create bridge respond`"
        )
    return None


def _older_than_request(path: Path, dossier: Dossier, intake: Intake) -> bool:
    """By the clock of the disk; a second of doubt goes to the answer."""
    try:
        asked_s = intake.layout.prompt(dossier.id).stat().st_mtime
        return path.stat().st_mtime < asked_s - 1.0
    except OSError:
        return False


def _fix_of(envelope: Envelope) -> str:
    if not envelope.request_id:
        return "`template-create bridge respond --from FILE` builds the envelope"
    return "answer with the request's id, status and response"


def _failure(path: Path, envelope: Envelope, dossier: Dossier, *, stray: bool) -> Reading:
    error = _error_of(envelope, dossier) if dossier.pending else None
    return Reading(path=path, verdict="done", dossier=dossier, error=error, stray=stray)


def _error_of(envelope: Envelope, dossier: Dossier) -> WorkError:
    """The error that a host's status is; its type says whether asking again may help."""
    told = envelope.error_message.strip()[:500] or "it did not say why"
    message = f"the host could not answer request {dossier.id}: {told}"
    kind = envelope.error_type.strip().upper()
    if envelope.status == "timeout" or kind == "TIMEOUT":
        return WorkTimeoutError(message)
    if envelope.status == "cancelled":
        return TaskError(f"the host cancelled request {dossier.id}: {told}")
    if kind == "AGENT_NOT_FOUND":
        return TaskError(message, hint=f"install the agent {dossier.asked_of!r} for the host")
    if kind in ("PARSE_ERROR", "VALIDATION_ERROR"):
        return RejectedResultError(message)
    return TransientError(message)


# -- what becomes of it ---------------------------------------------------------------------------


def _judged(
    path: Path,
    dossier: Dossier,
    found: Sequence[AnsweredAgent | Issue],
    intake: Intake,
    *,
    stray: bool = False,
) -> Reading:
    """A readable file of ours: taken for the agents that are asked for, done where they are all
    finished, refused where it answers none."""
    answered = [item for item in found if isinstance(item, AnsweredAgent)]
    issues = tuple(item for item in found if isinstance(item, Issue))
    usable = tuple(item for item in answered if intake.usable(dossier, item.name))
    if usable:
        return Reading(
            path=path, verdict="take", dossier=dossier, agents=usable, issues=issues, stray=stray
        )
    if not answered:
        told = issues[0].message if issues else "it holds no agent of the request"
        place = f" at {issues[0].place}" if issues else ""
        fix = issues[0].fix if issues else "one object per agent"
        return _refused(
            path, f"{told}{place}", fix, dossier=dossier, fails=dossier.pending, stray=stray
        )
    wanted = agent_names(intake.asked)
    old = [item.name for item in answered if item.name in wanted and item.name in dossier.taken]
    changed = [item.name for item in answered if item.name in wanted and item.name not in old]
    if changed:
        reason = f"what is asked for {', '.join(changed)} changed since request {dossier.id}"
        return _refused(path, reason, _FIX, dossier=dossier, stray=stray)
    if old:
        reason = f"request {dossier.id} was answered before; the first answer counted"
        return _refused(path, reason, _FIX, dossier=dossier, stray=stray)
    return Reading(path=path, verdict="done", dossier=dossier, issues=issues, stray=stray)


def _refused(
    path: Path,
    reason: str,
    fix: str,
    *,
    dossier: Dossier | None = None,
    fails: bool = False,
    stray: bool = False,
) -> Reading:
    error = RejectedResultError(f"{path.name} was refused: {reason}", hint=fix) if fails else None
    return Reading(
        path=path,
        verdict="refuse",
        dossier=dossier,
        reason=reason,
        fix=fix,
        error=error,
        stray=stray,
    )
