"""The closing summary of the main job, for a person who wants to act on it."""

from __future__ import annotations

import shlex
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from template_creation.agents import AgentOutcome
from template_creation.create import CreateResult
from template_creation.values.answer import RequestUsage

__all__ = ["agent_lines", "error_lines", "request_lines", "summarize", "usage_lines"]

_SHOWN = 5


def summarize(result: CreateResult, *, verbose: bool) -> str:
    """The text on stdout after a run: what was done, what is short, verbatim or left out and
    why, where the package is, and what to do next."""
    match result.status:
        case "unchanged":
            lines = _unchanged(result)
        case "planned":
            lines = [*_done(result, verbose), "", *_plan(result, verbose)]
        case _:
            lines = [*_done(result, verbose), "", *_next(result)]
    return "\n".join(lines)


def _unchanged(result: CreateResult) -> list[str]:
    return [
        f"Nothing to do: the package is already made from these {result.files} files.",
        f"Package: {result.package}",
        "Make it anew with --fresh.",
    ]


def _done(result: CreateResult, verbose: bool) -> list[str]:
    return [
        *_headline(result),
        *_templates(result, verbose),
        *agent_lines(result.agents, verbose),
        *_memories(result, verbose),
        *usage_lines(result.usage),
        *_left_out(result, verbose),
        *_placement(result, verbose),
        *(f"Warning: {text}" for text in result.warnings),
    ]


def _headline(result: CreateResult) -> Iterator[str]:
    total = len(result.agents)
    if total:
        enhanced = len(result.enhanced)
        share = 100 * enhanced // total
        yield (
            f"Enhanced {enhanced} of {_count(total, 'agent')} with "
            f"{_count(len(result.templates), 'template')} ({share} %)."
            if enhanced < total
            else f"Enhanced {_count(total, 'agent')} with "
            f"{_count(len(result.templates), 'template')} (100 %)."
        )
    else:
        yield f"Made {_count(len(result.templates), 'template')}, no agents."


def _templates(result: CreateResult, verbose: bool) -> Iterator[str]:
    if result.templates:
        grades = Counter(item.grade for item in result.templates)
        told = ", ".join(
            f"{grades[grade]} {grade}" for grade in ("pattern", "shape", "example") if grades[grade]
        )
        yield f"Templates: {told}; all render back byte for byte."
    for kind, meaning in (
        ("verbatim", "without a placeholder in the text"),
        ("text-only", "no grammar for the language: placeholders in the path only"),
    ):
        found = [item.source for item in result.templates if item.verified == kind]
        if found:
            yield f"  {len(found)} {kind} ({meaning}):"
            yield from _indented(found, verbose)
    leaking = [
        item.source
        for item in result.templates
        if any(proof.bar == "B5" and proof.passed is False for proof in item.proofs)
    ]
    if leaking:
        yield f"  {len(leaking)} still name the project in their text (B5, see report.json):"
        yield from _indented(leaking, verbose)
    if verbose:
        for item in result.templates:
            yield f"  {item.id}  {item.grade:<7}  {item.support:>2} siblings  {item.path}"
    if result.dropped:
        yield f"  {_count(len(result.dropped), 'file')} could not become a template:"
        yield from _indented(
            [
                f"{path}: " + ", ".join(filter(None, (bar, reason)))
                for path, bar, reason in result.dropped
            ],
            verbose,
        )
    if result.copier_excluded:
        yield f"  {len(result.copier_excluded)} not for copier (it would change their line ends):"
        yield from _indented(result.copier_excluded, verbose)


def agent_lines(agents: Sequence[AgentOutcome], verbose: bool) -> Iterator[str]:
    """One line an agent, with what is short, and all that is wrong with those that stay basic."""
    if not agents:
        return
    yield "Agents:"
    width = max(len(item.name) for item in agents)
    for item in agents:
        note = "" if item.status == "enhanced" else ", stays basic"
        if item.untouched:
            note += ", nothing to add: it has every section already"
        if item.short_because:
            note += f", short: {item.short_because}"
        line = f"  {item.name:<{width}}  {item.lines:>3} lines{note}"
        yield textwrap.fill(line, 100, subsequent_indent=" " * 6)
        if item.kept:
            yield f"      kept as you edited them: {', '.join(item.kept)}"
        if item.status != "enhanced" or verbose:
            yield from (
                f"    {found.place}: {found.message} ({found.fix})" for found in item.issues
            )


def _memories(result: CreateResult, verbose: bool) -> Iterator[str]:
    """How many memories reached agents; with ``verbose`` which ones, and whom."""
    if not result.memories_read:
        return
    yield f"Memories: {len(result.memories)} of {result.memories_read} concern an agent."
    for memory in result.memories if verbose else ():
        yield f"  {memory.record}  {memory.kind:<10}  {', '.join(memory.agents)}"
        yield f"      {memory.text[:90]}"


def error_lines(agents: Sequence[AgentOutcome]) -> Iterator[str]:
    """Why agents stay as they were; one cause once, with all whom it hit."""
    hit: dict[str, list[str]] = {}
    for item in agents:
        if item.error:
            hit.setdefault(item.error, []).append(item.name)
    for error, names in hit.items():
        yield f"error: {', '.join(names)}: {error}"


def request_lines(requests: Mapping[str, Any]) -> Iterator[str]:
    """What would be asked of a model, as a plan reports it: how much, at what price, and what
    had to be left out for room."""
    planned = requests.get("requests", [])
    if not planned:
        if requests:
            yield "Nobody would be asked: every agent is finished (--fresh asks again)."
        return
    agents = sum(len(item["agents"]) for item in planned)
    yield (
        f"{_count(len(planned), 'request')} for {_count(agents, 'agent')}, contract "
        f"{requests['contract']}: about {requests['input_tokens']:,} tokens in and "
        f"{requests['output_tokens']:,} out ({requests['estimator']})."
    )
    for number, item in enumerate(planned, 1):
        named = f"{', '.join(item['agents'])}: " if len(planned) > 1 else ""
        line = f"  {number}. {named}{item['input_tokens']:,} tokens in; {item['detail']}"
        yield textwrap.fill(line, 100, subsequent_indent=" " * 5)
    if requests["bridge"] == "offline":
        yield "The offline bridge answers here; nothing is sent anywhere."
    elif requests["cost_usd"] is not None:
        yield f"It would cost about ${requests['cost_usd']:.4f} ({requests['prices']})."
    elif requests["prices"]:
        yield f"What it would cost is not known ({requests['prices']})."
    yield from _limit_lines(requests)


def _limit_lines(requests: Mapping[str, Any]) -> Iterator[str]:
    """Where --max-cost would end the run."""
    most, spent, cost = requests["max_cost_usd"], requests["spent_usd"], requests["cost_usd"]
    if most is None:
        return
    if cost is None:
        yield f"--max-cost {most:g} cannot be kept without a price: nobody would be asked."
    elif spent + cost > most:
        before = f" (${spent:.4f} of it is spent)" if spent else ""
        yield f"With --max-cost {most:g}{before} the run would end before it is done."


def usage_lines(usage: Sequence[RequestUsage]) -> Iterator[str]:
    """What the requests of a run took, where a model answered them."""
    if not usage:
        return
    tokens_in = sum(item.input_tokens + item.cache_read_tokens for item in usage)
    tokens_out = sum(item.output_tokens for item in usage)
    known = [item.cost_usd for item in usage if item.cost_usd is not None]
    cost = f", ${sum(known):.4f}" if known else ""
    if len(known) < len(usage):
        cost += f" (no price is known for {_count(len(usage) - len(known), 'request')})"
    yield (
        f"{_count(len(usage), 'request')} to {usage[0].model}: {tokens_in:,} tokens in, "
        f"{tokens_out:,} out{cost}, {sum(item.seconds for item in usage):.1f} s."
    )


def _left_out(result: CreateResult, verbose: bool) -> Iterator[str]:
    if result.excluded:
        told = ", ".join(f"{count} {reason}" for reason, count in result.excluded_by_reason.items())
        yield f"Left out of {result.files + len(result.excluded)} files: {told}."
    secrets = [item for item in result.excluded if item.reason == "secret"]
    if secrets:
        yield f"  {len(secrets)} because of what looks like a secret:"
        yield from _indented([f"{item.path}: {item.detail}" for item in secrets], verbose)


def _placement(result: CreateResult, verbose: bool) -> Iterator[str]:
    placement = result.placement
    if placement is None:
        return
    if placement.kept:
        yield f"Kept as you edited them: {_some(placement.kept, verbose)}"
    if placement.foreign:
        yield f"Kept your own files: {_some(placement.foreign, verbose)}"
    if placement.restored:
        yield f"Restored files that were gone: {_some(placement.restored, verbose)}"


def _plan(result: CreateResult, verbose: bool) -> Iterator[str]:
    yield f"Dry run: nothing was written. A run would write to {result.package}:"
    for item in result.plan:
        yield f"  {item.change:<7}  {item.size:>7} bytes  {item.path}"
    yield from request_lines(result.requests)
    if result.prompts:
        if verbose:
            for prompt in result.prompts:
                yield from ("", prompt)
        else:
            yield "See what would be sent with --verbose or --json."


def _next(result: CreateResult) -> Iterator[str]:
    package = shlex.quote(str(result.package))
    yield f"Package: {result.package}"
    yield "Next:"
    if result.templates:
        yield f'  template-create render {package} DEST --set entity="..."'
    yield f"  template-create validate {package}"
    if result.agents:
        yield f"  template-create apply {package} YOUR-PROJECT"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _indented(lines: Sequence[str], verbose: bool) -> Iterator[str]:
    """The first lines one below the other, and how many more there are."""
    shown = lines if verbose else lines[:_SHOWN]
    yield from (f"    {line}" for line in shown)
    if len(shown) < len(lines):
        yield f"    and {len(lines) - len(shown)} more (--verbose, report.json)"


def _some(names: Sequence[str], verbose: bool) -> str:
    shown = names if verbose else names[:_SHOWN]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
