"""What no agent file may carry: markup that runs, text that no reader sees, orders to a model.

An agent's text becomes the system prompt of an assistant, and what a model wrote for it may
come from the codebase that it read. (Issue 4, markdown contract.)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from template_creation.agents.markdown import Document
from template_creation.analysis import find_order
from template_creation.values.agent import Issue

__all__ = ["check_safety"]

_RUNS = re.compile(
    r"<\s*(?:script|iframe|object|embed|style|link|meta|form|base|svg)\b|\bon[a-z]{3,}\s*=",
    re.IGNORECASE,
)
_LINK = re.compile(r"\]\(\s*<?\s*(?:javascript|vbscript|data):", re.IGNORECASE)
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff"
    "\U000e0000-\U000e007f]"
)


def check_safety(document: Document) -> Iterator[Issue]:
    """Every place where ``document`` has what it may not have; code in fences is shown, not
    read as markup."""
    for line, text in document.html:
        if text.startswith("<!--"):
            message = "a comment that readers do not see and models do"
            yield Issue("hidden-text", f"line {line}", message, "say it, or leave it out")
        elif _RUNS.search(text):
            message = f"markup that may run: {text.strip()[:60]!r}"
            yield Issue(
                "unsafe-html", f"line {line}", message, "write Markdown, or show it in a fence"
            )
    for line, text in (*document.prose, *document.headings):
        if _LINK.search(text):
            message = "a link that runs code"
            yield Issue("unsafe-html", f"line {line}", message, "link to a file or a page")
        if found := _UNSEEN.search(text):
            message = f"a character that no reader sees (U+{ord(found[0]):04X})"
            yield Issue("hidden-text", f"line {line}", message, "leave it out")
        if order := find_order(text):
            message = f"an order to a model, not about the code: {order!r}"
            yield Issue("injection", f"line {line}", message, "leave it out")
