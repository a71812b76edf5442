"""Code as HTML, lightly marked: comments, texts, common keywords and placeholders.

No grammar decides here; a few forms that most languages share are enough to read by, and what
is taken wrong is a shade, never a character.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache

from markupsafe import Markup, escape

from template_creation.reporting.visible import visible

__all__ = ["highlight", "numbered"]

_HASH = re.compile(
    r"bash|dockerfile|dotenv|elixir|graphql|ini|make|makefile|perl|py|python|rb?|ruby|sh|shell|toml"
    r"|ya?ml"
)
_SLASH = re.compile(
    r"c|cpp|cs|csharp|css|dart|go|groovy|java|javascript|[jt]sx?|kotlin|less|php|proto|rs|rust"
    r"|scala|scss|swift|typescript"
)
_MARKUP = re.compile(r"ejs|erb|haml|html|jinja|razor|svelte|vue|xml")
_WORDS = (
    "abstract|as|async|await|begin|break|case|catch|class|const|continue|def|default|defer|del|do|"
    "else|elif|elsif|end|ensure|enum|except|export|extends|final|finally|fn|for|foreach|from|func|"
    "function|go|if|impl|implements|import|in|interface|internal|is|lambda|let|match|mod|module|"
    "mut|namespace|new|not|or|and|override|package|pass|private|protected|public|pub|raise|"
    "readonly|record|require|rescue|return|select|static|struct|super|switch|throw|trait|try|type|"
    "unless|use|using|var|void|when|where|while|with|yield"
)
Mark = Callable[[str], Markup]


def highlight(text: str, *, language: str = "", delimiter: tuple[str, str] | None = None) -> Markup:
    """``text`` as HTML for a ``pre``; with ``delimiter`` placeholders between its marks stand
    out, also inside texts and comments.

    >>> highlight("x = 1  # <b>", language="python")
    Markup('x = 1  <i class=c># &lt;b&gt;</i>')
    """
    return Markup("\n").join(_lines(text, language, delimiter))


def numbered(text: str, *, language: str = "", delimiter: tuple[str, str] | None = None) -> Markup:
    """The same with every line in a ``span`` of its own, which the style sheet numbers."""
    lines = _lines(text, language, delimiter)
    return Markup("\n").join(Markup("<span class=l>{}</span>").format(line) for line in lines)


def _lines(text: str, language: str, delimiter: tuple[str, str] | None) -> list[Markup]:
    text = visible(text).rstrip("\n")
    mark = _marker(delimiter)
    lines = [Markup("")]
    for kind, piece in _pieces(text, language.lower()):
        for number, part in enumerate(piece.split("\n")):
            if number:
                lines.append(Markup(""))
            if part:
                shown = mark(part)
                lines[-1] += Markup(f"<i class={kind}>{shown}</i>") if kind else shown
    return lines


def _pieces(text: str, language: str) -> Sequence[tuple[str, str]]:
    pattern = _pattern(language)
    if pattern is None:
        return [("", text)]
    found: list[tuple[str, str]] = []
    at = 0
    for match in pattern.finditer(text):
        found.append(("", text[at : match.start()]))
        found.append((match.lastgroup or "", match[0]))
        at = match.end()
    return [*found, ("", text[at:])]


@cache
def _pattern(language: str) -> re.Pattern[str] | None:
    """What stands out in ``language``; None where nothing can be told, as in prose."""
    if _MARKUP.fullmatch(language):
        return re.compile(r"(?P<c><!--[\s\S]*?(?:-->|\Z)|<%#.*?%>)|(?P<s>\"[^\"\n<>]*\")")
    if _HASH.fullmatch(language):
        comment = r"(?<![\w$&{])\#.*"
        long_text = r"\"{3}[\s\S]*?(?:\"{3}|\Z)|'{3}[\s\S]*?(?:'{3}|\Z)"
    elif _SLASH.fullmatch(language):
        comment = r"(?<!:)//.*|/\*[\s\S]*?(?:\*/|\Z)"
        long_text = r"`[^`]*(?:`|\Z)"
    else:
        return None
    one = r"'(?:\\.[^'\n]{0,8}|[^'\\\n])'" if language in ("rust", "rs") else _quoted("'")
    return re.compile(
        rf"(?P<c>{comment})|(?P<s>{long_text}|{_quoted(chr(34))}|{one})"
        rf"|(?<![\w.$@-])(?P<k>{_WORDS})(?![\w-])"
    )


def _quoted(quote: str) -> str:
    # Bounded: a line of quotes that never close would else be searched to its end from each.
    return rf"{quote}(?:[^{quote}\\\n]|\\.){{0,300}}{quote}"


def _marker(delimiter: tuple[str, str] | None) -> Mark:
    """Escapes a piece of text; where placeholders are known, marks them."""
    if delimiter is None:
        return escape
    start, end = map(re.escape, delimiter)
    split = re.compile(f"({start}[A-Za-z_-]+{end})").split

    def marked(text: str) -> Markup:
        parts = split(text)
        return Markup("").join(
            Markup("<b>{}</b>").format(part) if number % 2 else escape(part)
            for number, part in enumerate(parts)
        )

    return marked
