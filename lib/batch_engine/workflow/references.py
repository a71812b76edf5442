"""What a text's expressions refer to: read from their syntax, before anything is evaluated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import Environment, TemplateError, nodes

from batch_engine.workflow.errors import closest

__all__ = ["Reference", "explain_missing", "references", "references_of"]

Reference = tuple[str, ...]
"""A name and the constant attributes that follow it: ``("steps", "read", "result")``."""

_PARSER = Environment()
_TOLERANT_TESTS = frozenset({"defined", "undefined"})
_TOLERANT_FILTERS = frozenset({"default", "d"})


@lru_cache(maxsize=8_192)
def references(source: str) -> frozenset[tuple[Reference, bool]]:
    """Each reference in ``source``, and whether it may be missing (it is tested or has a
    default). Names that the text itself sets are left out.

    >>> sorted(references("{{ steps.a.result }}{{ b | default(1) }}"))
    [(('b',), True), (('steps', 'a', 'result'), False)]
    """
    try:
        tree = _PARSER.parse(source)
    except TemplateError:
        return frozenset()
    own = {node.name for node in tree.find_all(nodes.Name) if node.ctx in ("store", "param")}
    # What stands under a condition that tests for it is reached only if it is there.
    tested = {
        path
        for test in tree.find_all(nodes.Test)
        if test.name in _TOLERANT_TESTS and (path := _path(test.node))
    }
    found = set(_walk(tree, may_miss=False))
    return frozenset(
        (path, may_miss or any(path[: len(known)] == known for known in tested))
        for path, may_miss in found
        if path[0] not in own
    )


def references_of(value: Any) -> Iterator[tuple[Reference, bool]]:
    """The references of every text in a value."""
    if isinstance(value, str):
        if "{" in value:
            yield from references(value)
    elif isinstance(value, Mapping):
        for entry in value.values():
            yield from references_of(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from references_of(entry)


def explain_missing(source: str, variables: Mapping[str, Any]) -> str:
    """Which name of ``source`` is not there, what is near to it, and what there is instead."""
    for path, may_miss in sorted(references(source)):
        if may_miss:
            continue
        value: Any = variables
        for depth, part in enumerate(path):
            if not isinstance(value, Mapping):
                break
            if part not in value:
                return _missing(path[:depth], part, value)
            value = value[part]
    return ""


def _missing(above: Reference, name: str, known: Mapping[str, Any]) -> str:
    whole = ".".join((*above, name))
    if above == ("steps",):
        return f"no result of a step {name!r} is there{_instead(name, known)}"
    return f"{whole!r} is not defined{_instead(name, known)}"


def _instead(name: str, known: Mapping[str, Any]) -> str:
    if near := closest(name, known):
        return f"; did you mean {near!r}?"
    names = sorted(map(str, known))
    more = ", ..." if len(names) > 12 else ""
    return f"; there is {', '.join(names[:12])}{more}" if names else "; there is none"


def _walk(node: nodes.Node, *, may_miss: bool) -> Iterator[tuple[Reference, bool]]:
    path = _path(node)
    if path:
        yield path, may_miss
        for inner in _indices(node):
            yield from _walk(inner, may_miss=may_miss)
        return
    if isinstance(node, nodes.Test) and node.name in _TOLERANT_TESTS:
        may_miss = True
    if isinstance(node, nodes.Filter) and node.name in _TOLERANT_FILTERS:
        if node.node is not None:
            yield from _walk(node.node, may_miss=True)
        for argument in node.args:
            yield from _walk(argument, may_miss=may_miss)
        return
    for child in node.iter_child_nodes():
        yield from _walk(child, may_miss=may_miss)


def _path(node: nodes.Node) -> Reference:
    """The longest path of constant attributes that begins with a name; empty if there is none."""
    if isinstance(node, nodes.Name):
        return (node.name,) if node.ctx == "load" else ()
    if isinstance(node, nodes.Getattr):
        above = _path(node.node)
        return (*above, node.attr) if above and not _is_open(node.node) else above
    if isinstance(node, nodes.Getitem):
        above = _path(node.node)
        if not above or _is_open(node.node):
            return above
        if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
            return (*above, node.arg.value)
        return above
    return ()


def _is_open(node: nodes.Node) -> bool:
    """Whether an index that is not constant stands in the path: nothing is known beyond it."""
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        if isinstance(node, nodes.Getitem) and not (
            isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str)
        ):
            return True
        node = node.node
    return False


def _indices(node: nodes.Node) -> Iterator[nodes.Node]:
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        if isinstance(node, nodes.Getitem):
            yield node.arg
        node = node.node
