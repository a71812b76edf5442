"""Pairs that wait for a person, and what people decide about memories."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from memory_processing import OpenPair, decide, open_pairs, unmerge
from template_creation.cli.memory_inputs import opened, short, translated
from template_creation.cli.memory_place import default_store
from template_creation.cli.run import Console
from template_creation.errors import BadInput

__all__ = ["merge_two", "pair_name", "review_pairs", "take_back"]


def review_pairs(
    console: Console,
    *,
    store: str | None,
    accept: Sequence[str],
    reject: Sequence[str],
    interactive: bool,
    limit: int,
) -> None:
    """Take decisions, or list the pairs that wait for one."""
    if interactive and not sys.stdin.isatty():
        raise BadInput("--interactive needs a terminal", hint="use --accept PAIR and --reject PAIR")
    reads = not (accept or reject or interactive)
    with translated(), opened(store or default_store(), read_only=reads) as memories:
        by_name = {pair_name(pair): pair for pair in open_pairs(memories)}
        decisions = [(name, "merge") for name in accept] + [(name, "apart") for name in reject]
        if twice := set(accept) & set(reject):
            raise BadInput(f"{min(twice)!r} is accepted and rejected", hint="decide for one")
        for name, _ in decisions:
            if name not in by_name:
                raise BadInput(f"no open pair is called {name!r}", hint="see `memory review`")
        taken = [*decisions]
        if interactive:
            taken += _asked(console, by_name)
        for name, verdict in taken:
            pair = by_name[name]
            decide(
                memories,
                pair.first.id,
                pair.second.id,
                "merge" if verdict == "merge" else "apart",
            )
        waiting = open_pairs(memories)
        document = {
            "status": "done",
            "exit_code": 0,
            "decided": [{"pair": name, "verdict": verdict} for name, verdict in taken],
            "open": len(waiting),
            "pairs": [{"pair": pair_name(pair), **pair.to_json()} for pair in waiting[:limit]],
        }
        console.result(_review_text(waiting, taken, limit), document)


def pair_name(pair: OpenPair) -> str:
    """The name of a pair, the same in every run and store: from the ids of both."""
    both = "\n".join(sorted((pair.first.id, pair.second.id)))
    return f"p-{blake2b(both.encode(), digest_size=4).hexdigest()}"


def merge_two(console: Console, first: str, second: str, *, store: str | None) -> None:
    """Merge two memories that a person says are the same."""
    with translated(), opened(store or default_store()) as memories:
        decide(memories, first, second, "merge")
        text = f"merged {first} and {second}; `memory unmerge` takes it back"
        console.result(text, {"status": "done", "exit_code": 0, "merged": [first, second]})


def take_back(console: Console, memory: str, *, store: str | None) -> None:
    """Take a merge back."""
    with translated(), opened(store or default_store()) as memories:
        freed = unmerge(memories, memory)
        text = "\n".join(f"{name} stands for itself again" for name in freed)
        console.result(text, {"status": "done", "exit_code": 0, "unmerged": list(freed)})


def _review_text(waiting: Sequence[OpenPair], taken: Sequence[Any], limit: int) -> str:
    lines = [
        f"{name}: {'merged' if verdict == 'merge' else 'kept apart'}" for name, verdict in taken
    ]
    if not waiting:
        return "\n".join([*lines, "no pairs wait for a decision"])
    for pair in waiting[:limit]:
        lines += _pair_lines(pair)
    if len(waiting) > limit:
        lines.append(f"and {len(waiting) - limit:,} more; --limit shows them")
    lines.append("decide: template-create memory review --accept PAIR --reject PAIR")
    return "\n".join(lines)


def _pair_lines(pair: OpenPair) -> list[str]:
    reasons = "; ".join(pair.reasons) or "alike, but below the merge threshold"
    return [
        f"{pair_name(pair)}  {pair.similarity:.2f} alike: {reasons}",
        f"    {pair.first.id}  {short(pair.first.text)}",
        f"    {pair.second.id}  {short(pair.second.text)}",
    ]


def _asked(console: Console, pairs: Mapping[str, OpenPair]) -> list[tuple[str, str]]:
    """What a person answers, pair by pair; an empty answer leaves the pair open."""
    taken = []
    for name, pair in pairs.items():
        console.note("\n".join(_pair_lines(pair)))
        sys.stderr.write("same? [y] merge, [n] keep both, [s]kip, [q]uit: ")
        sys.stderr.flush()
        answer = sys.stdin.readline().strip().lower()[:1]
        if answer == "q":
            break
        if answer in ("y", "n"):
            taken.append((name, "merge" if answer == "y" else "apart"))
    return taken
