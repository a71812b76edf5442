"""Values in a command line: quoted for the very place in the shell text where they stand.

A template for the shell gives a text in which each value is a mark. The text is then read as the
shell reads it, so far that it is known whether a mark stands bare, in single or double quotes, in
a command substitution or in a here-document; and the value is written so that it means itself.
"""

from __future__ import annotations

import re
import shlex
from threading import local
from types import TracebackType
from typing import Any, Self

__all__ = ["ShellText", "quote_marks"]

_MARK = re.compile("\x00([0-9]+)\x00")
_HEREDOC = re.compile(r"<<(-?)[ \t]*(['\"]?)([A-Za-z_][A-Za-z0-9_]*)\2")
_IN_DOUBLE = re.compile(r'([\\"$`])')
_IN_HEREDOC = re.compile(r"([\\$`])")
_SAFE = re.compile(r"[a-zA-Z0-9@%+=:,./_-]+\Z")
_CASE = re.compile(r"case\s")
_MEANS_ITSELF = re.compile(r"[^\x00'\"\\`$(){}#<\n]+")
_rendering = local()


class Unquoted(str):
    """A text that goes into a command line as it is."""

    __slots__ = ()


class ShellText:
    """The values of one rendering; inside of the block, `finalize` collects them."""

    def __init__(self) -> None:
        self._values: list[Any] = []

    def __enter__(self) -> Self:
        self._outer = getattr(_rendering, "now", None)
        _rendering.now = self
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _rendering.now = self._outer

    @staticmethod
    def finalize(value: Any) -> Any:
        """Jinja's hook for what an expression gives: a mark in its place."""
        now: ShellText | None = getattr(_rendering, "now", None)
        if now is None or isinstance(value, Unquoted):
            return value  # a constant, folded while the template is compiled
        now._values.append(value)
        return f"\x00{len(now._values) - 1}\x00"

    @staticmethod
    def unquoted(value: Any) -> Unquoted:
        """The filter ``unquoted``: this value is shell text and means what it says."""
        return Unquoted(value)

    def resolve(self, text: str) -> str:
        """The command line, with every mark replaced by its value, quoted for its place."""
        return quote_marks(text, [self._text(value) for value in self._values])

    def _text(self, value: Any) -> str:
        text = _MARK.sub(lambda match: self._text(self._values[int(match[1])]), str(value))
        if "\x00" in text:
            raise ValueError("a value with a NUL character cannot be part of a command")
        return text


def quote_marks(text: str, values: list[str]) -> str:
    """``text`` with the marks ``\\0n\\0`` replaced by ``values[n]``, each as the shell needs it.

    >>> quote_marks('echo \\0' + '0\\0 "\\0' + '0\\0"', ["a b$"])
    'echo \\'a b$\\' "a b\\\\$"'
    """
    return _Reader(text, values).read()


class _Reader:
    """Follows the shell's quoting through a text. ``open`` is a stack of what is open: ``'``,
    ``"``, backtick, ``(`` (a substitution or a group), ``((`` (arithmetic), ``{`` (a parameter
    expansion). Where it cannot be sure, only values that mean themselves anywhere are let in."""

    def __init__(self, text: str, values: list[str]) -> None:
        self.text = text
        self.values = values
        self.out: list[str] = []
        self.open: list[str] = []
        self.at = 0
        self.heredocs: list[tuple[bool, bool, str]] = []  # tabs stripped, quoted, delimiter
        self.unsure = ""

    def read(self) -> str:
        while self.at < len(self.text):
            self.step()
        return "".join(self.out)

    @property
    def state(self) -> str:
        return self.open[-1] if self.open else ""

    def take(self, count: int = 1) -> None:
        self.out.append(self.text[self.at : self.at + count])
        self.at += count

    def step(self) -> None:
        match = _MARK.match(self.text, self.at)
        if match:
            self.out.append(self.quoted(self.values[int(match[1])]))
            self.at = match.end()
            return
        char, state = self.text[self.at], self.state
        # All at once; only in $(...) does a word count, see `_CASE`.
        if state != "(" and (match := _MEANS_ITSELF.match(self.text, self.at)):
            self.take(match.end() - self.at)
            return
        if state == "'":
            if char == "'":
                self.open.pop()
            self.take()
        elif char == "\\":
            self.take(1 if _MARK.match(self.text, self.at + 1) else 2)
        elif state == '"':
            self.in_double(char)
        else:
            self.bare(char)

    def in_double(self, char: str) -> None:
        if char == '"':
            self.open.pop()
        elif char == "`":
            self.toggle_backtick()
        elif self.text.startswith("$((", self.at):
            self.open.append("((")
            self.take(2)
        elif self.text.startswith("$(", self.at):
            self.open.append("(")
            self.take()
        elif self.text.startswith("${", self.at):
            self.open.append('{"')
            self.take()
        self.take()

    def bare(self, char: str) -> None:
        if char == "#" and self.begins_word():
            end = self.text.find("\n", self.at)
            self.comment(len(self.text) if end < 0 else end)
            return
        if self.text.startswith("<<", self.at) and self.state != "((":
            self.begin_heredoc()
            return
        if self.state == "(" and self.begins_word() and _CASE.match(self.text, self.at):
            self.unsure = "after 'case' in $(...)"  # its ) closes a pattern, not the $(
        if self.text.startswith("$'", self.at):
            self.unsure = "after $'...'"  # which not every shell reads the same way
        if char in "'\"":
            # In ${...} inside of double quotes a single quote is a plain character.
            if char == '"' or self.state != '{"':
                self.open.append(char)
        elif char == "`":
            self.toggle_backtick()
            self.take()
            return
        elif self.text.startswith("((", self.at):
            self.open.append("((")
            self.take()
        elif char == "(":
            self.open.append("(")
        elif self.text.startswith("${", self.at):
            self.open.append("{")
            self.take()
        elif self.state == "((" and self.text.startswith("))", self.at):
            self.open.pop()
            self.take()
        elif (char == ")" and self.state == "(") or (char == "}" and self.state[:1] == "{"):
            self.open.pop()
        self.take()
        if char == "\n" and self.heredocs:
            for entry in self.heredocs:
                self.heredoc(*entry)
            self.heredocs.clear()

    def begin_heredoc(self) -> None:
        found = _HEREDOC.match(self.text, self.at)
        if self.text.startswith("<<<", self.at):
            self.take(3)
        elif found:
            self.heredocs.append((bool(found[1]), bool(found[2]), found[3]))
            self.take(found.end() - self.at)
        else:
            self.unsure = "after a here-document with such a delimiter"
            self.take(2)

    def toggle_backtick(self) -> None:
        if "`" in self.open:
            while self.open.pop() != "`":
                pass
        else:
            self.open.append("`")

    def begins_word(self) -> bool:
        return self.at == 0 or (self.text[self.at - 1] in " \t\n;&|(" and self.state != '{"')

    def comment(self, end: int) -> None:
        part = self.text[self.at : end]
        self.out.append(_MARK.sub(lambda match: _one_line(self.values[int(match[1])]), part))
        self.at = end

    def heredoc(self, tabs: bool, quoted: bool, delimiter: str) -> None:
        while self.at < len(self.text):
            end = self.text.find("\n", self.at)
            end = len(self.text) if end < 0 else end + 1
            line = self.text[self.at : end]
            self.at = end
            bare = line.rstrip("\n")
            if (bare.lstrip("\t") if tabs else bare) == delimiter:
                self.out.append(line)
                return
            self.out.append(_MARK.sub(lambda match: self.in_heredoc(match, quoted), line))
        self.unsure = f"in a here-document that no line {delimiter!r} ends"
        if _MARK.search(self.text):
            raise ValueError(self.refusal())

    def in_heredoc(self, match: re.Match[str], quoted: bool) -> str:
        value = self.values[int(match[1])]
        if "\n" in value:
            raise ValueError(
                "a value of several lines cannot go into a here-document: give it by stdin or env"
            )
        if (
            not quoted
            and not _SAFE.match(value)
            and match.string[: match.start()][-1:] in ("$", "\\")
        ):
            self.unsure = "right after $ or a backslash"
            raise ValueError(self.refusal())
        return value if quoted else _IN_HEREDOC.sub(r"\\\1", value)

    def quoted(self, value: str) -> str:
        state = self.state
        if state == "'":
            return value.replace("'", "'\\''")
        if _SAFE.match(value):
            return value
        before = self.text[max(0, self.at - 2) : self.at]
        if before[-1:] in ("$", "\\") or before == "${":
            self.unsure = "right after $ or a backslash"
        elif "`" in self.open:
            self.unsure = "inside of `...`"
        elif "((" in self.open:
            self.unsure = "in arithmetic"
        if self.unsure:
            raise ValueError(self.refusal())
        if state in ('"', '{"'):
            return _IN_DOUBLE.sub(r"\\\1", value)
        return shlex.quote(value)

    def refusal(self) -> str:
        return (
            f"a value with special characters cannot be quoted {self.unsure}: "
            "give it by env or stdin, or write the command as a list"
        )


def _one_line(value: str) -> str:
    return " ".join(value.split())
