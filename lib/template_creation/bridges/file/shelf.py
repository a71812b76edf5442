"""What the bridge does to its folder: requests added, published and closed, answers put away."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from batch_engine.core.failpoints import failpoint
from template_creation.bridges.file.disk import decoded, json_bytes, keep, write_whole
from template_creation.bridges.file.dossier import (
    Dossier,
    RequestState,
    iso,
    load_all,
    request_document_of,
)
from template_creation.bridges.file.intake import Reading
from template_creation.bridges.file.layout import Layout
from template_creation.bridges.file.wording import instruction
from template_creation.exchange import response_schema

__all__ = ["Shelf"]


class Shelf:
    """The files of one bridge folder, changed one rename at a time; the caller has the lock."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    # -- requests ---------------------------------------------------------------------------

    def add(self, dossier: Dossier, document: Mapping[str, Any], prompt: str) -> None:
        """The folder of a new request, complete or not at all."""
        final = self._layout.of_request(dossier.id)
        unfinished = final.with_name(f".{dossier.id}.new")
        for leftover in self._layout.requests.glob(".*.new"):
            shutil.rmtree(leftover)
        (unfinished / "responses").mkdir(parents=True)
        files = {
            "prompt.md": prompt.encode("utf-8"),
            "schema.json": json_bytes(response_schema(document)),
            "document.json": json_bytes(document),
            "request.json": json_bytes(dossier.to_json()),
        }
        for name, data in files.items():
            write_whole(unfinished / name, data)
            failpoint("request_mid_write")
        unfinished.replace(final)

    def save(self, dossier: Dossier) -> None:
        """The record of a request, replaced."""
        write_whole(self._layout.record(dossier.id), json_bytes(dossier.to_json()))

    def mark(self, dossier: Dossier, state: RequestState, reason: str) -> None:
        """Nobody waits for this request any more; its files stay where they are."""
        self.save(replace(dossier, state=state, reason=reason))

    def mark_taken(self, dossier: Dossier, names: Collection[str], *, unsure: str) -> None:
        """These agents were handed over; ``unsure`` is the process that may not have stored
        them, or empty."""
        taken = tuple(dict.fromkeys((*dossier.taken, *sorted(names))))
        doubts = {name: who for name, who in dossier.unsure.items() if name not in names}
        # A second process that takes an unconfirmed answer is the last one.
        first = {name for name in names if name not in dossier.taken}
        doubts |= dict.fromkeys(sorted(first), unsure) if unsure else {}
        count = len(set(taken) & set(dossier.agents))
        reason = f"{count} of {len(dossier.agents)} agents were answered"
        self.save(replace(dossier, state="answered", reason=reason, taken=taken, unsure=doubts))

    def close(self, dossier: Dossier, state: RequestState, reason: str) -> None:
        """As `mark`, and hosts do not see it any more: its ``.agent-request.json`` is kept in
        ``withdrawn``."""
        self.mark(dossier, state, reason)
        failpoint("withdraw_mid_move")
        published = self.published()
        if published is not None and published.get("request_id") == dossier.id:
            self.put_request_away(dossier.id)

    def publish(self, dossier: Dossier) -> dict[str, Any]:
        """``.agent-request.json`` for hosts; the document that it holds."""
        layout = self._layout
        prompt = instruction(
            layout.prompt(dossier.id), layout.schema(dossier.id), layout.responses_of(dossier.id)
        )
        layout.responses_of(dossier.id).mkdir(exist_ok=True)
        document = request_document_of(dossier, layout, prompt)
        write_whole(layout.request, json_bytes(document), point="request_mid_publish")
        return document

    def published(self) -> dict[str, Any] | None:
        """What ``.agent-request.json`` holds: None where there is none, empty where it cannot
        be read."""
        try:
            data = json.loads(decoded(self._layout.request.read_bytes()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            return {}
        return data if isinstance(data, dict) else {}

    def is_damaged(self) -> bool:
        """Whether ``.agent-request.json`` is there and cannot be read."""
        return self.published() == {}

    def clear_request(self, *, answered: bool) -> None:
        """No ``.agent-request.json`` for a request that nobody waits for; where one was just
        ``answered``, no damaged one either."""
        published = self.published()
        if published is None:
            return
        dossiers = load_all(self._layout)
        if answered and not published and not any(item.pending for item in dossiers.values()):
            self.put_request_away("damaged")
        known = dossiers.get(str(published.get("request_id")))
        if known is not None and not known.pending:
            self._layout.request.unlink(missing_ok=True)

    def put_request_away(self, request_id: str) -> None:
        """``.agent-request.json`` into ``withdrawn``."""
        keep(self._layout.request, self._layout.withdrawn(request_id))

    # -- answers ----------------------------------------------------------------------------

    def put_away(self, reading: Reading, *, now_s: float) -> None:
        """A host's file, moved to where it is kept; strays are copied."""
        if reading.verdict == "refuse":
            self.refuse(reading.path, reading.reason, reading.fix, now_s=now_s, copy=reading.stray)
        elif reading.verdict in ("take", "done") and reading.dossier is not None:
            self.keep_answer(reading.path, reading.dossier.id, copy=reading.stray)

    def keep_answer(self, path: Path, request_id: str, *, copy: bool = False) -> None:
        """``path`` among the answers to a request, where it is not there yet."""
        folder = self._layout.answered(request_id)
        if path.parent != folder:
            keep(path, folder, copy=copy)
            failpoint("answer_mid_move")

    def refuse(
        self, path: Path, reason: str, fix: str, *, now_s: float, copy: bool = False
    ) -> Path:
        """``path`` into a folder of ``refused``, beside ``reason.json``; where it is now."""
        told = {"file": str(path), "reason": reason, "fix": fix, "refused_at": iso(now_s)}
        self._layout.refused.mkdir(parents=True, exist_ok=True)
        folder = _next_folder(self._layout.refused)
        write_whole(folder / "reason.json", json_bytes(told))
        failpoint("refuse_mid_move")
        return keep(path, folder, copy=copy)


def _next_folder(parent: Path) -> Path:
    """A new folder in ``parent``, numbered after those that are there."""
    number = 1 + max(
        (int(item.name) for item in parent.iterdir() if item.name.isdigit()), default=0
    )
    folder = parent / f"{number:03}"
    folder.mkdir()
    return folder
