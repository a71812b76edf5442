"""What the enhancement takes: tokens of both contracts, own CPU per agent, time to the first one.

    python benchmarks/enhancement.py PACKAGE... [--write]

Measured on finished packages, without a model: prompts are those that would be sent, sections
are the offline bridge's, whole texts are the finished agents. Tokens are characters / 2.4, the
estimate that the budgets are stated in. The tables of ten agents are of the first package that
has ten. ``--write`` puts the tables into ``docs/benchmarks-enhancement.md``, and the comparison
of the ways to ask (`enhancement_options`) into the analysis of phase 7.5.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path

from enhancement_options import options_report

from template_creation.agents import (
    EnhancementContext,
    KnownIds,
    Limits,
    PlannedRequest,
    expand_agent,
    plan_requests,
    render_stub,
    validate_agent,
)
from template_creation.agents.files import write_atomically
from template_creation.agents.parse import parse_agent
from template_creation.bridges import CONTENT_ENHANCER, OfflineBridge
from template_creation.exchange import AnswerReader, Contract, estimate_tokens, pick_estimator
from template_creation.exchange.prompt import request_document
from template_creation.package import load_package
from template_creation.values.agent import AgentSpec
from template_creation.values.answer import AnsweredAgent

CHECKOUT = Path(__file__).resolve().parent.parent
PAGE = CHECKOUT / "docs" / "benchmarks-enhancement.md"
ANALYSIS = CHECKOUT / "docs/research/phase-7-5-agent-enhancement-architecture-analysis.md"
MARKS = ("<!-- measurements: begin -->", "<!-- measurements: end -->")
AGENTS = 10
DELTA = 20
"""Characters that a stream hands over at a time."""
ROUNDS = 5
ESTIMATOR = pick_estimator(environ={})


@dataclass(frozen=True)
class Case:
    """A package: its facts, its agents as stubs and as finished files."""

    name: str
    context: EnhancementContext
    specs: tuple[AgentSpec, ...]
    finished: dict[str, str]

    @classmethod
    def of(cls, package: Path) -> Case:
        """The case of a finished package."""
        context = EnhancementContext.of(load_package(package))
        texts = {
            spec.name: (package / "agents" / f"{spec.name}.md").read_text(encoding="utf-8")
            for spec in context.agents
        }
        source = json.loads((package / "manifest.json").read_text(encoding="utf-8"))["source"]
        return cls(source["name"], context, context.agents, texts)

    def first(self, count: int) -> Case:
        """The same with its first agents only."""
        return replace(self, specs=self.specs[:count])

    @cached_property
    def stubs(self) -> dict[str, str]:
        """The agents before enhancement, by name."""
        templates, name = self.context.templates, self.context.analysis.project.slug
        return {
            spec.name: render_stub(spec, templates, template_source=name) for spec in self.specs
        }

    def plan(self, contract: Contract, current: dict[str, str] | None = None) -> PlannedRequest:
        """The one request for all agents."""
        found = plan_requests(
            self.context,
            self.specs,
            limits=Limits(),
            estimator=ESTIMATOR,
            contract=contract,
            current=current,
        )
        (only,) = found.requests
        return only

    @cached_property
    def sections(self) -> list[dict[str, object]]:
        """Each agent's object of the offline bridge's answer."""
        answer = OfflineBridge().invoke(
            agent_name=CONTENT_ENHANCER,
            input_data=request_document(self.plan("sections").request),
            context={},
        )
        items: list[dict[str, object]] = answer["enhancements"]
        return items

    @cached_property
    def whole(self) -> list[dict[str, object]]:
        """Each agent's object of an answer with the finished texts."""
        return [
            {"agent_name": spec.name, "enhanced_content": self.finished[spec.name]}
            for spec in self.specs
        ]


def compact(value: object) -> str:
    """JSON as a model is asked to write it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def answer_tokens(items: Sequence[object]) -> int:
    """The tokens of an answer with these objects."""
    return estimate_tokens(compact({"enhancements": list(items)}))


def tokens_table(cases: Sequence[Case]) -> str:
    """Prompts and answers of both contracts."""
    lines = [
        "| package | agents | templates | sections: in | out, expected | out, offline | sum "
        "| in the prompt | markdown: in with stubs | in with finished texts "
        "| out, finished texts |",
        "|---|---:|---:|---:|---:|---:|---:|---|---:|---:|---:|",
    ]
    for case in cases:
        sections = case.plan("sections")
        stubs = case.plan("markdown", case.stubs)
        finished = case.plan("markdown", case.finished)
        lines.append(
            f"| {case.name} | {len(case.specs)} | {len(case.context.templates)} "
            f"| {sections.input_tokens:,} | {sections.output_tokens:,} "
            f"| {answer_tokens(case.sections):,} "
            f"| **{sections.input_tokens + sections.output_tokens:,}** | {sections.detail} "
            f"| {stubs.input_tokens:,} | {finished.input_tokens:,} "
            f"| {answer_tokens(case.whole):,} |"
        )
    return "\n".join(lines)


def answers_table(cases: Sequence[Case]) -> str:
    """How long one agent's part of an answer is."""
    sections = [len(compact(item)) for case in cases for item in case.sections]
    whole = [len(compact(item)) for case in cases for item in case.whole]
    lines = [
        "| one agent's part of an answer, characters | agents | median | mean | largest |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, sizes in (("sections, offline bridge", sections), ("markdown, finished", whole)):
        lines.append(
            f"| {name} | {len(sizes)} | {statistics.median(sizes):,.0f} "
            f"| {statistics.mean(sizes):,.0f} | {max(sizes):,} |"
        )
    return "\n".join(lines)


@dataclass
class Steps:
    """CPU milliseconds of an agent's way from the answer to its file."""

    read: float = 0.0
    parse: float = 0.0
    render: float = 0.0
    validate: float = 0.0
    write: float = 0.0

    @property
    def total(self) -> float:
        """All of them."""
        return self.read + self.parse + self.render + self.validate + self.write


def cpu_per_agent(case: Case, folder: Path) -> list[Steps]:
    """Each agent of a streamed sections answer, from its characters to its file."""
    text = compact({"enhancements": case.sections})
    known = KnownIds.of(case.context)
    specs = {spec.name: spec for spec in case.specs}
    reader, found, reading = AnswerReader(list(specs)), list[Steps](), 0.0
    for start in range(0, len(text), DELTA):
        began = time.process_time()
        taken = reader.feed(text[start : start + DELTA])
        reading += time.process_time() - began
        for item in taken:
            found.append(_steps(item, specs[item.name], known, case.context, folder))
            found[-1].read, reading = reading * 1000, 0.0
    assert len(found) == len(case.specs)
    return found


def _steps(
    item: AnsweredAgent,
    spec: AgentSpec,
    known: KnownIds,
    context: EnhancementContext,
    folder: Path,
) -> Steps:
    steps = Steps()
    times = [time.process_time()]
    parsed = parse_agent(item, known)
    assert parsed.sections is not None
    times.append(time.process_time())
    text = expand_agent(spec, parsed.sections, context).text
    times.append(time.process_time())
    validate_agent(text, spec=spec, context=context)
    times.append(time.process_time())
    write_atomically(folder / f"{spec.name}.md", text)
    times.append(time.process_time())
    steps.parse, steps.render, steps.validate, steps.write = (
        (after - before) * 1000 for before, after in pairwise(times)
    )
    return steps


def cpu_table(case: Case) -> str:
    """Own CPU time of each step, for one agent."""
    with tempfile.TemporaryDirectory() as name:
        rounds = [cpu_per_agent(case, Path(name)) for _ in range(ROUNDS)]
    later = [steps for one in rounds[1:] for steps in one]
    first = rounds[0][0]
    lines = [
        "| CPU per agent, ms | read | parse | render | validate | write | all |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for label, rows in (
        ("the first of a process", [first]),
        ("median", later),
        ("largest", [max(later, key=lambda item: item.total)]),
    ):
        cells = [
            statistics.median(getattr(row, field) for row in rows)
            for field in ("read", "parse", "render", "validate", "write", "total")
        ]
        lines.append(f"| {label} | " + " | ".join(f"{cell:.1f}" for cell in cells) + " |")
    return "\n".join(lines)


def first_agent_table(case: Case) -> str:
    """How much of a streamed answer has arrived when the first agent can be written."""
    lines = [
        "| contract | answer, tokens | first agent complete after | at 60 tokens/s: first | all |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, items in (("sections", case.sections), ("markdown", case.whole)):
        text = compact({"enhancements": items})
        reader, arrived = AnswerReader([spec.name for spec in case.specs]), 0
        while arrived < len(text):
            taken = reader.feed(text[arrived : arrived + DELTA])
            arrived = min(len(text), arrived + DELTA)
            if taken:
                break
        tokens, first = estimate_tokens(text), estimate_tokens(text[:arrived])
        lines.append(
            f"| {name} | {tokens:,} | {first:,} tokens ({first / tokens:.0%}) "
            f"| {first / 60:.0f} s | {tokens / 60:.0f} s |"
        )
    return "\n".join(lines)


def page(cases: Sequence[Case], ten: Case) -> str:
    """The whole page."""
    return f"""# Benchmarks of the enhancement

Written by `python benchmarks/enhancement.py PACKAGE... --write`; never by hand. No model is asked:
prompts are those that would be sent, sections are the offline bridge's, whole texts are finished
agents. Tokens are {ESTIMATOR.name}. The budgets (DESIGN section 7): for ten agents and fifteen
templates at most 6,000 tokens out and 14,000 in all in the sections contract, 25,000 in for the
markdown contract; at most 100 ms of own CPU per agent; the first agent on disk as its object
closes.

## Ten agents, fifteen templates

The first {len(ten.specs)} agents of {ten.name}, in one request:

{tokens_table([ten])}

## Each package, in one request

{tokens_table(cases)}

"Expected" is what the planner reckons with. It comes from the lengths of answers:

{answers_table(cases)}

A model's answer was not measured: its words are its own, and the prompt bounds their number.

## Own time

A sections answer for {len(ten.specs)} agents of {ten.name}, streamed {DELTA} characters at a time,
from its characters to the file that is written and flushed; medians of {ROUNDS} rounds:

{cpu_table(ten)}

## The first agent

Of the same answers. The share of the answer is measured; the seconds are that share at 60 tokens
per second, without the wait for the first token and without thinking:

{first_agent_table(ten)}
"""


def main() -> int:
    """Print the page and the comparison; with ``--write`` put both into the documents."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("packages", type=Path, nargs="+", metavar="PACKAGE")
    parser.add_argument("--write", action="store_true", help="write the pages in docs")
    options = parser.parse_args()
    cases = [Case.of(package) for package in options.packages]
    ten = next((case.first(AGENTS) for case in cases if len(case.specs) >= AGENTS), cases[0])
    text = page(cases, ten)
    compared = options_report(ten.name, ten.context, ten.specs, ten.stubs, ten.sections, ten.whole)
    print(f"{text}\n{compared}")
    if options.write:
        PAGE.write_text(text, encoding="utf-8")
        before, _, rest = ANALYSIS.read_text(encoding="utf-8").partition(MARKS[0])
        _, _, after = rest.partition(MARKS[1])
        ANALYSIS.write_text(f"{before}{MARKS[0]}\n{compared}\n{MARKS[1]}{after}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
