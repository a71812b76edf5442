"""How agents are to be enhanced: who answers, in which form, and what it may cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from template_creation.errors import BadInput

__all__ = [
    "BridgeChoice",
    "BridgeKind",
    "Contract",
    "Effort",
    "EnhancementOptions",
    "Structured",
]

BridgeKind = Literal["offline", "file", "api", "claude"]
Contract = Literal["sections", "markdown"]
Effort = Literal["low", "medium", "high", "xhigh", "max"]
Structured = Literal["auto", "on", "off"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeChoice:
    """Who answers the batch request, and how it is reached.

    ``kind``: ``offline`` (extraction, no model), ``file`` (another process answers, exit code
    42), ``api`` (a model through the Messages API) or ``claude`` (the user's own Claude Code
    CLI). ``model`` concerns the last two, and may be empty for ``claude``: the CLI's default;
    ``base_url`` concerns the API; ``folder`` is the absolute path of the file bridge's exchange
    folder, ``""`` for the run's state folder. ``timeout_s`` bounds one call; None is the
    bridge's own default.

    The rest concerns the API alone, where None and ``auto`` leave it to the bridge: ``effort`` of
    a model that thinks; whether a JSON Schema of the answer is sent (``structured``);
    ``read_timeout_s``, the longest silence; ``max_answer_tokens``, thinking included.

    Raises `BadInput` for a kind that there is not, and for an API without a model.

    >>> BridgeChoice(kind="api", model="claude-sonnet-5-5").describe()
    'api claude-sonnet-5-5'
    """

    kind: BridgeKind = "offline"
    model: str = ""
    base_url: str = ""
    folder: str = ""
    timeout_s: float | None = None
    effort: Effort | None = None
    structured: Structured = "auto"
    read_timeout_s: float | None = None
    max_answer_tokens: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in get_args(BridgeKind):
            known = ", ".join(get_args(BridgeKind))
            raise BadInput(f"there is no bridge {self.kind!r}", hint=f"known: {known}")
        if self.kind == "api" and not self.model:
            raise BadInput("the api bridge needs a model", hint="name one with --model")
        if "@" in urlsplit(self.base_url).netloc:
            raise BadInput(
                "the base URL holds a name or a password, which would be kept in the run's state",
                hint="leave it out; a key goes into ANTHROPIC_API_KEY",
            )
        for what, seconds in (
            ("timeout", self.timeout_s),
            ("longest silence", self.read_timeout_s),
        ):
            if seconds is not None and not 0 < seconds < float("inf"):
                raise BadInput(f"the {what} is {seconds!r}", hint="give seconds above 0")
        if self.max_answer_tokens is not None and self.max_answer_tokens < 1:
            raise BadInput(
                f"the longest answer is {self.max_answer_tokens!r}", hint="give 1 token or more"
            )
        self._check_one_of("effort", self.effort, get_args(Effort))
        self._check_one_of("schema", self.structured, get_args(Structured))

    @staticmethod
    def _check_one_of(what: str, value: str | None, known: tuple[str, ...]) -> None:
        if value is not None and value not in known:
            raise BadInput(f"there is no {what} {value!r}", hint=f"known: {', '.join(known)}")

    @property
    def costs(self) -> bool:
        """Whether who answers is paid for."""
        return self.kind in ("api", "claude")

    def describe(self) -> str:
        """The bridge in a word or two, as agents' frontmatter and messages name it."""
        return f"{self.kind} {self.model}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class EnhancementOptions:
    """What a request is for and in which form it is answered.

    ``use_batch_enhancement=False`` asks for one agent at a time, and so does a package with
    more than ``max_batch_agents`` agents (seed 002).
    """

    bridge: BridgeChoice = field(default_factory=BridgeChoice)
    contract: Contract = "sections"
    use_batch_enhancement: bool = True
    max_batch_agents: int | None = None

    def __post_init__(self) -> None:
        if self.contract not in get_args(Contract):
            known = ", ".join(get_args(Contract))
            raise BadInput(f"there is no contract {self.contract!r}", hint=f"known: {known}")
        if self.max_batch_agents is not None and self.max_batch_agents < 1:
            raise BadInput(
                f"max_batch_agents is {self.max_batch_agents}", hint="give 1 or more, or none"
            )

    def to_json(self) -> dict[str, Any]:
        """This as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> EnhancementOptions:
        """What `to_json` gave."""
        return cls(**{**data, "bridge": BridgeChoice(**data["bridge"])})
