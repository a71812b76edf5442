"""What a batch saves: tokens of requests and answers for the agents of a package.

    python benchmarks/contract.py PACKAGE [--write]

Asks the offline bridge for the agents of a finished package in shards of different sizes, and
compares the answers in the sections contract with the Markdown that they expand to. Tokens are
estimated as the product does it (characters / 2.4).
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from template_creation.agents import (
    EnhancementContext,
    build_request,
    load_folder,
)
from template_creation.bridges import CONTENT_ENHANCER, OfflineBridge
from template_creation.exchange import estimate_tokens, render_batch_prompt, request_document
from template_creation.values.agent import AgentSpec

CHECKOUT = Path(__file__).resolve().parent.parent
PAGE = CHECKOUT / "docs/research/phase-7-5-agent-enhancement-architecture-analysis.md"
MARKS = ("<!-- measurements: begin -->", "<!-- measurements: end -->")


def shards(specs: tuple[AgentSpec, ...], size: int) -> list[tuple[AgentSpec, ...]]:
    """The agents in groups of at most ``size``."""
    return [specs[start : start + size] for start in range(0, len(specs), size)]


def row(context: EnhancementContext, size: int) -> str:
    """One line of the table: requests, tokens in, tokens out, seconds for shards of ``size``."""
    tokens_in = tokens_out = 0
    started = time.perf_counter()
    groups = shards(context.agents, size)
    for specs in groups:
        request = build_request(context, list(specs))
        tokens_in += estimate_tokens(render_batch_prompt(request))
        answer = OfflineBridge().invoke(
            agent_name=CONTENT_ENHANCER,
            input_data=request_document(request),
            context={"mode": "batch", "agent_count": len(specs)},
        )
        tokens_out += estimate_tokens(json.dumps(answer, ensure_ascii=False))
    seconds = time.perf_counter() - started
    name = "batch: all in one" if len(groups) == 1 else f"shards of {size}"
    name = "loop: one by one" if size == 1 else name
    total = tokens_in + tokens_out
    return (
        f"| {name} | {len(groups)} | {tokens_in:,} | {tokens_out:,} | {total:,} | {seconds:.2f} |"
    )


def report(package: Path) -> str:
    """The measurements of one package as Markdown."""
    loaded = load_folder(package)
    context = loaded if isinstance(loaded, EnhancementContext) else EnhancementContext.of(loaded)
    count = len(context.agents)
    files = [package / "agents" / f"{spec.name}.md" for spec in context.agents]
    written = sum(estimate_tokens(path.read_text(encoding="utf-8")) for path in files)
    name = json.loads((package / "manifest.json").read_text(encoding="utf-8"))["source"]["name"]
    sizes = sorted({count, min(3, count), 1}, reverse=True)
    return "\n".join(
        [
            f"{count} agents and {len(context.templates)} templates of {name}, offline bridge:",
            "",
            "| requests | n | tokens in | tokens out, sections | sum | own time, s |",
            "|---|---:|---:|---:|---:|---:|",
            *(row(context, size) for size in sizes),
            "",
            f"The finished agent files are {written:,} tokens: what an answer that re-emits the",
            "Markdown would have to contain.",
        ]
    )


def main() -> int:
    """Print the report; with ``--write`` also put it into the analysis of phase 7.5."""
    parser = argparse.ArgumentParser(description="What a batch saves.")
    parser.add_argument("package", type=Path)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    text = report(options.package)
    print(text)
    if options.write:
        page = PAGE.read_text(encoding="utf-8")
        before, _, rest = page.partition(MARKS[0])
        _, _, after = rest.partition(MARKS[1])
        PAGE.write_text(f"{before}{MARKS[0]}\n{text}\n{MARKS[1]}{after}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
