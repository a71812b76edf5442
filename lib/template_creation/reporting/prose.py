"""An agent's Markdown as HTML in which nothing of it can act: no markup, picture or link.

Headings go below the agent's own, code keeps its form, and paths of templates lead to their
place on the page. Everything else that Markdown could load or run stays the text that it is.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

from template_creation.reporting.code import highlight
from template_creation.reporting.visible import visible

__all__ = ["prose"]

_INERT = ("image", "link", "autolink", "html_inline", "html_block", "reference")
_TOP = 4
_DEEPEST = 6


def prose(text: str, *, anchors: Mapping[str, str], title: str = "") -> Markup:
    """``text`` (Markdown without frontmatter) as HTML with headings from level 4 on; inline code
    that is a key of ``anchors`` becomes a link to that fragment of the page. A first heading that
    only says ``title`` again is left out.

    >>> prose("<b>bold?</b>", anchors={})
    Markup('<p>&lt;b&gt;bold?&lt;/b&gt;</p>\\n')
    """
    parser = _parser()
    tokens = parser.parse(visible(text))
    if [token.content for token in tokens[1:2] if tokens[0].tag == "h1"] == [title]:
        del tokens[:3]
    _shift_headings(tokens)
    _set_evidence_apart(tokens)
    return Markup(parser.renderer.render(tokens, parser.options, {"anchors": anchors}))


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable(_INERT)
    parser.add_render_rule("code_inline", _code)
    parser.add_render_rule("fence", _fence)
    parser.add_render_rule("code_block", _fence)
    parser.add_render_rule("evidence_open", _evidence_open)
    parser.add_render_rule("evidence_close", _evidence_close)
    return parser


def _shift_headings(tokens: Sequence[Token]) -> None:
    """The first heading becomes level 4; none is more than one level below the one before."""
    last = _TOP - 1
    for token in tokens:
        if token.type == "heading_open":
            wanted = max(_TOP, int(token.tag[1]) + 2)
            last = min(wanted, last + 1, _DEEPEST)
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{last}"


def _set_evidence_apart(tokens: Sequence[Token]) -> None:
    """In a list, the lines after the one that ends a sentence are what proves it."""
    depth = 0
    for token in tokens:
        if token.type in ("list_item_open", "list_item_close"):
            depth += token.nesting
        elif token.type == "inline" and depth and token.children:
            token.children = _with_evidence(token.children)


def _with_evidence(children: Sequence[Token]) -> list[Token]:
    found: list[Token] = []
    opened, depth = False, 0
    for child in children:
        depth += child.nesting
        if child.type != "softbreak" or depth:
            found.append(child)
        elif opened:
            found.append(Token("hardbreak", "br", 0) if _is_whole(found) else child)
        elif _is_whole(found) or [item.type for item in found] == ["code_inline"]:
            found.append(Token("evidence_open", "span", 1))
            opened = True
        else:
            found.append(child)
    return [*found, Token("evidence_close", "span", -1)] if opened else found


def _is_whole(line: Sequence[Token]) -> bool:
    """Whether a line ends where a sentence does; one that was only wrapped seldom does."""
    return bool(line) and line[-1].content.rstrip().endswith(".")


def _evidence_open(*_: Any) -> str:
    return "<span class=ev>"


def _evidence_close(*_: Any) -> str:
    return "</span>"


def _code(
    renderer: Any, tokens: Sequence[Token], at: int, options: Any, env: MutableMapping[str, Any]
) -> str:
    text = tokens[at].content
    shown = Markup("<code>{}</code>").format(text)
    target = env["anchors"].get(text)
    return str(Markup('<a href="#{}">{}</a>').format(target, shown) if target else shown)


def _fence(
    renderer: Any, tokens: Sequence[Token], at: int, options: Any, env: MutableMapping[str, Any]
) -> str:
    token = tokens[at]
    language = token.info.split()[0] if token.info.strip() else ""
    code = highlight(token.content, language=language)
    label = f"{language} code" if language else "code"
    return f'<pre tabindex=0 role=group aria-label="{escape(label)}"><code>{code}</code></pre>\n'
