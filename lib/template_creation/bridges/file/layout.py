"""Where the files of the bridge are: one function for who writes and who reads (F13)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["REQUEST_FILE", "RESPONSE_FILES", "Layout"]

REQUEST_FILE = ".agent-request.json"
RESPONSE_FILES = (".agent-response.json", ".agent-response-phase7.5.json")
"""Where hosts of protocol 1.0 put an answer; the second name is read, never announced."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The files in a bridge folder. Only the request and its response are at the top, where
    protocol 1.0 has them; all else is in one folder that git ignores."""

    folder: Path

    @property
    def request(self) -> Path:
        """The pending request, for hosts."""
        return self.folder / REQUEST_FILE

    @property
    def response(self) -> Path:
        """Where a whole answer goes."""
        return self.folder / RESPONSE_FILES[0]

    @property
    def responses(self) -> tuple[Path, ...]:
        """Where a whole answer may be found."""
        return tuple(self.folder / name for name in RESPONSE_FILES)

    @property
    def home(self) -> Path:
        """The bridge's own folder."""
        return self.folder / ".agent-bridge"

    @property
    def requests(self) -> Path:
        """One folder for each request ever made, by id."""
        return self.home / "requests"

    def of_request(self, request_id: str) -> Path:
        """The folder of a request."""
        return self.requests / request_id

    def record(self, request_id: str) -> Path:
        """What is known of a request; `Dossier`."""
        return self.of_request(request_id) / "request.json"

    def document(self, request_id: str) -> Path:
        """The request as data: what the prompt was rendered from."""
        return self.of_request(request_id) / "document.json"

    def prompt(self, request_id: str) -> Path:
        """The prompt that a model reads."""
        return self.of_request(request_id) / "prompt.md"

    def schema(self, request_id: str) -> Path:
        """The JSON Schema of a whole answer."""
        return self.of_request(request_id) / "schema.json"

    def responses_of(self, request_id: str) -> Path:
        """Where answers go that are one file per agent."""
        return self.of_request(request_id) / "responses"

    def answered(self, request_id: str) -> Path:
        """Where the files of a taken answer are kept."""
        return self.home / "answered" / request_id

    @property
    def refused(self) -> Path:
        """Where answers are kept that were not taken, each with its reason."""
        return self.home / "refused"

    def withdrawn(self, request_id: str) -> Path:
        """Where a request is kept that nobody waits for any more."""
        return self.home / "withdrawn" / request_id
