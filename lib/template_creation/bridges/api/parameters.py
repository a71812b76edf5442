"""What a request to the Messages API carries beside the prompt, and what a server refused of it.

Nothing is assumed of a model that the price file does not know, nor of a compatible server at
another address: they get the prompt, ``max_tokens`` and no more, unless the caller says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from template_creation.exchange import (
    ModelFacts,
    SchemaStyle,
    answer_limit,
    prompt_parts,
    response_schema,
    schema_style,
)
from template_creation.values.enhancement import Effort, Structured

__all__ = ["Parameters"]

_ABOUT_SCHEMA = re.compile(
    r"output_config|output_format|json_schema|structured output|schema|grammar", re.IGNORECASE
)
_ABOUT_SIZE = re.compile(r"too (large|complex|many|deep)|simplif|optional parameters|limit", re.I)
_ABOUT_EFFORT = re.compile(r"\beffort\b", re.IGNORECASE)
_ABOUT_THINKING = re.compile(r"\bthinking\b", re.IGNORECASE)


@dataclass
class Parameters:
    """The parameters of a run's requests; what a server refused once is not sent again.

    ``facts`` is what the price file knows of the model, ``None`` for nothing, or for a server
    that need not be the vendor's. ``room`` is how long an answer may be where nothing else is
    said, in tokens: None is `answer_limit`.
    """

    model: str
    facts: ModelFacts | None
    room: int | None = None
    structured: Structured = "auto"
    effort: Effort | None = None
    max_output_tokens: int | None = None
    _style: SchemaStyle | None = field(init=False)
    _effort: Effort | None = field(init=False)
    _thinking: dict[str, str] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        facts = self.facts
        takes = self.structured == "on" or (
            self.structured == "auto" and facts is not None and facts.structured_outputs
        )
        self._style = "per_agent" if takes else None
        thinks = facts is not None and facts.thinking in ("adaptive", "always")
        self._effort = self.effort or ("low" if thinks else None)
        if facts is not None and facts.less_thinking and not self.effort:
            self._thinking = {"type": facts.less_thinking}

    def max_tokens(self, asked: int | None = None) -> int:
        """The most tokens of an answer: as the caller of the bridge says, but no more than the
        model can, else `answer_limit`; less where the request asks for less."""
        most = self.room or answer_limit(self.facts)
        if self.max_output_tokens:
            can = self.facts.max_output_tokens if self.facts else self.max_output_tokens
            most = min(self.max_output_tokens, can)
        return min(asked, most) if asked else most

    def body(
        self, document: Mapping[str, Any], max_tokens: int, *, cache: bool = False
    ) -> dict[str, Any]:
        """The arguments of ``messages.create`` for a request document.

        ``cache`` asks the API to keep the part of the prompt that further requests share.
        """
        body = {**self.counted(document, cache=cache), "max_tokens": max_tokens}
        config: dict[str, Any] = {"effort": self._effort} if self._effort else {}
        style = self.style(document)
        if style:
            schema = response_schema(document, style=style)
            config["format"] = {"type": "json_schema", "schema": schema}
        if config:
            body["output_config"] = config
        if self._thinking:
            body["thinking"] = self._thinking
        return body

    def prompt(self, document: Mapping[str, Any]) -> str:
        """The text that goes with a request document."""
        return "".join(prompt_parts(document, style=self.style(document) or "plain"))

    def counted(self, document: Mapping[str, Any], *, cache: bool = False) -> dict[str, Any]:
        """The arguments of ``messages.count_tokens`` for a request document."""
        parts = prompt_parts(document, style=self.style(document) or "plain")
        if not cache or self.facts is None:
            return self.counted_text("".join(parts))
        shared = {"type": "text", "text": parts.shared, "cache_control": {"type": "ephemeral"}}
        content = [shared, {"type": "text", "text": parts.own}]
        return {"model": self.model, "messages": [{"role": "user", "content": content}]}

    def counted_text(self, text: str) -> dict[str, Any]:
        """The arguments of ``messages.count_tokens`` for a prompt."""
        return {"model": self.model, "messages": [{"role": "user", "content": text}]}

    def style(self, document: Mapping[str, Any]) -> SchemaStyle | None:
        """The style of the schema that goes with the request, ``None`` for no schema; the
        prompt shows an answer in the same style."""
        return schema_style(document)[0] if self._style == "per_agent" else self._style

    @property
    def sends_schema(self) -> bool:
        """Whether requests carry a schema."""
        return self._style is not None

    def give_up(self, words: str) -> str:
        """Stops sending what a server's refusal speaks of; says what is sent instead, or ``""``
        where ``words`` speak of nothing that was sent.

        A schema that is too large is tried once more in its plain form; where the caller said
        ``structured="on"``, the plain form is the last.
        """
        if self._style and _ABOUT_SCHEMA.search(words):
            if self._style == "per_agent" and (
                _ABOUT_SIZE.search(words) or self.structured == "on"
            ):
                self._style = "plain"
                return "asking with a plain schema from here on"
            return self.give_up_schema()
        if self._effort and _ABOUT_EFFORT.search(words):
            self._effort = None
            return "asking without an effort from here on"
        if self._thinking and _ABOUT_THINKING.search(words):
            self._thinking = None
            return "asking without settings for thinking from here on"
        return ""

    def give_up_schema(self) -> str:
        """Stops sending a schema, unless the caller insists on it; as `give_up`."""
        if self._style is None or self.structured == "on":
            return ""
        self._style = None
        return "asking without a schema from here on"
