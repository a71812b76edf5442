"""Characters that would change how text reads without being seen, made visible.

A codebase may hold anything, also characters that reorder a line on the screen (CVE-2021-42574)
or that HTML does not allow. They are shown by their code points wherever they come from.
"""

from __future__ import annotations

import re

__all__ = ["visible"]

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls, but tab and line feed
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
    "\ufdd0-\ufdef\ufffe\uffff\U000e0000-\U000e007f\ud800-\udfff]"
)


def visible(text: str) -> str:
    """``text`` with line ends as line feeds, and each hidden character as its code point.

    >>> visible("a\\u202eb\\r\\n")
    'a⟦U+202E⟧b\\n'
    """
    return _HIDDEN.sub(_named, text.replace("\r\n", "\n"))


def _named(match: re.Match[str]) -> str:
    return f"⟦U+{ord(match[0]):04X}⟧"
