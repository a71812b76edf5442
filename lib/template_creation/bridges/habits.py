"""A measured habit as an instruction: what to do, and what not to do.

The analysis states habits ("Functions of the api layer carry `@router.get`"); a reader who
writes code wants the imperative ("Put `@router.get` on functions"). Sentences whose verb is
not in the table stay as they are stated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Instruction", "instruct"]


@dataclass(frozen=True, slots=True)
class Instruction:
    """``do`` is the imperative; ``avoid`` its negative, or empty where none is natural."""

    do: str
    avoid: str = ""


@dataclass(frozen=True, slots=True)
class _Form:
    said: re.Pattern[str]
    do: str
    avoid: str = ""


def _form(said: str, do: str, avoid: str = "") -> _Form:
    return _Form(re.compile(f"^{said}$"), do, avoid)


_WHO, _WHAT = "(?P<who>.+?)", "(?P<what>.+)"

_FORMS = (
    _form(f"{_WHO} say {_WHAT}", "say {what} in {who}", "do not write {who} without {what}"),
    _form(f"Specs set their data up with {_WHAT}", "set up the data of specs with {what}"),
    _form(f"Specs make records with {_WHAT}", "make records in specs with {what}"),
    _form(f"Spec files open with {_WHAT}", "open spec files with {what}"),
    _form(
        f"{_WHO} are checked at compile time{_WHAT}",
        "have {who} checked at compile time{what}",
        "",
    ),
    _form(
        f"Files(?P<who>.*) that fetch export {_WHAT}", "export {what} from files{who} that fetch"
    ),
    _form(
        "A (?P<what>`[^`]+`) is the first parameter",
        "take a {what} as the first parameter",
        "put no parameter before a {what}",
    ),
    _form(
        f"{_WHO} annotate what they return",
        "annotate what {who} return",
        "write no {who} without a return annotation",
    ),
    _form(
        f"{_WHO} annotate every parameter",
        "annotate every parameter of {who}",
        "leave no parameter of {who} without a type",
    ),
    _form(
        f"{_WHO} that return something return {_WHAT}",
        "return {what} from {who} that return something",
    ),
    _form(
        f"Tests take the fixture {_WHAT}",
        "take the fixture {what} instead of building one in the test",
    ),
    _form(
        f"Files(?P<who>.*?) declare {_WHAT}",
        "declare {what} in every file{who}",
        "do not add a file{who} without {what}",
    ),
    _form(
        "(?P<who>Classes|Managed classes)(?P<rest>.*?) take what they need by constructor",
        "pass what classes{rest} need through the constructor",
        "do not pass what classes{rest} need in any other way than the constructor",
    ),
    _form(
        "(?P<who>Classes|Managed classes)(?P<rest>.*?) take what they need by (?P<what>.+)",
        "pass what classes{rest} need through {what}",
        "do not pass what classes{rest} need in any other way than {what}",
    ),
    _form(
        f"{_WHO} take a parameter of type {_WHAT}",
        "give {who} a parameter of type {what}",
        "do not write {who} without a parameter of type {what}",
    ),
    _form(f"{_WHO} take {_WHAT}", "take {what} in {who}", "do not leave {what} out of {who}"),
    _form(f"{_WHO} carry {_WHAT}", "put {what} on {who}", "do not leave {what} off {who}"),
    _form("Exports(?P<who>.*) are named exports", "export by name", "do not add a default export"),
    _form("Exports(?P<who>.*) are default exports", "export by default", "do not export by name"),
    _form(
        f"{_WHO} are (?P<verb>raised|returned|thrown) as {_WHAT}",
        "{verb} {who} as {what}",
        "{verb} nothing but {what} for {who}",
    ),
    _form(
        "Route decorators(?P<who>.*) declare {what}".replace("{what}", _WHAT),
        "declare {what} in route decorators{who}",
        "leave {what} out of no route decorator{who}",
    ),
    _form(
        "Props of components(?P<who>.*) have a type named {what}".replace("{what}", _WHAT),
        "name the type of a component's props {what}{who}",
        "do not name the type of a component's props anything but {what}{who}",
    ),
    _form(
        f"{_WHO} are (?P<verb>written|wrapped|created|built|made) (?P<how>with|by|as|in) {_WHAT}",
        "{verb} {who} {how} {what}",
        "do not {verb} {who} {how} anything but {what}",
    ),
    _form(
        f"{_WHO} are named {_WHAT}", "name {who} {what}", "do not name {who} anything but {what}"
    ),
    _form(
        f"{_WHO} with more than one word in the name are {_WHAT}",
        "name {who} in {what}",
        "do not name {who} in any other case than {what}",
    ),
    _form(f"{_WHO} are in {_WHAT}", "put {who} in {what}", "do not put {who} in anything else"),
    _form(
        f"{_WHO} are (?P<what>functions), not (?P<other>classes)",
        "write {who} as {what}, not {other}",
        "do not put {who} into {other}",
    ),
    _form(
        f"{_WHO} are {_WHAT}", "write {who} as {what}", "do not write {who} as anything but {what}"
    ),
    _form(
        f"{_WHO} (?:inherit|derive) from {_WHAT}",
        "derive {who} from {what}",
        "do not derive {who} from anything but {what}",
    ),
    _form(
        f"{_WHO} (?P<verb>extend|implement) {_WHAT}",
        "let {who} {verb} {what}",
        "do not let {who} {verb} anything but {what}",
    ),
    _form(
        f"{_WHO} have a type named {_WHAT}",
        "name the type of {who} {what}",
        "do not name the type of {who} anything but {what}",
    ),
    _form(f"{_WHO} have {_WHAT}", "give {who} {what}", "do not leave {who} without {what}"),
    _form(
        f"{_WHO} call {_WHAT} first",
        "call {what} first in {who}",
        "do not begin {who} without {what}",
    ),
    _form(
        f"Files(?P<who>.*?) call {_WHAT}",
        "call {what} in every file{who}",
        "do not add a file{who} without a call of {what}",
    ),
    _form(f"{_WHO} call {_WHAT}", "call {what} in {who}", "do not leave {what} out of {who}"),
    _form(
        f"{_WHO} stand (?P<how>under|beside|in|at) {_WHAT}",
        "put {who} {how} {what}",
        "do not put {who} anywhere but {how} {what}",
    ),
    _form(
        f"{_WHO} assert with {_WHAT}",
        "assert with {what} in {who}",
        "do not assert with anything but {what} in {who}",
    ),
    _form(
        f"{_WHO} (?P<verb>begin|start|end) (?P<how>with|without) {_WHAT}",
        "{verb} {who} {how} {what}",
        "",
    ),
    _form(f"{_WHO} use {_WHAT}", "use {what} in {who}", "do not write {who} without {what}"),
    _form(f"{_WHO} return {_WHAT}", "return {what} from {who}"),
)

_BASE = {
    "raised": "raise",
    "returned": "return",
    "thrown": "throw",
    "written": "write",
    "wrapped": "wrap",
    "created": "create",
    "built": "build",
    "made": "make",
}


def instruct(statement: str, *, keep_layer: bool = False) -> Instruction:
    """``statement`` as an instruction; ``keep_layer`` where the reader has several layers.

    >>> instruct("Functions of the api layer annotate what they return").do
    'Annotate what functions return.'
    >>> instruct("Files of the data layer are named `*Repository.cs`", keep_layer=True).avoid
    'Do not name files of the data layer anything but `*Repository.cs`.'
    """
    said = statement.rstrip(".")
    if not keep_layer:
        said = re.sub(r" of the [\w-]+ layer\b", "", said)
    for form in _FORMS:
        if match := form.said.match(said):
            parts = {
                key: _BASE.get(value, value) if key == "verb" else _lowered(value)
                for key, value in match.groupdict().items()
            }
            return Instruction(
                _sentence(form.do.format(**parts)), _sentence(form.avoid.format(**parts))
            )
    return Instruction(_sentence(said))


def _lowered(text: str) -> str:
    first = text.split(" ", 1)[0]
    return text[:1].lower() + text[1:] if first[1:].islower() else text


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}." if text else ""
