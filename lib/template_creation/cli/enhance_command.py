"""``template-create enhance``: agents of a package that is already there."""

from __future__ import annotations

from collections.abc import Iterator

from template_creation.cli.progress import progress_listener
from template_creation.cli.run import Console
from template_creation.cli.summary import agent_lines, error_lines, request_lines, usage_lines
from template_creation.create import Enhanced, EnhanceOptions, enhance_agents
from template_creation.errors import ExitCode

__all__ = ["run_enhance"]

SHOWN = 8
"""So many findings about the package are told without --verbose."""


def run_enhance(console: Console, options: EnhanceOptions) -> None:
    """Enhance, show the progress and the result; exit 7 or 1 where agents stay as they were."""
    with progress_listener(quiet=console.as_json) as listener:
        enhanced = enhance_agents(options, listeners=[listener], notify=console.note)
    text = "\n".join(_summary(enhanced, verbose=console.verbose))
    console.result(text, enhanced.to_document())
    if enhanced.exit_code is not ExitCode.DONE:
        for line in error_lines(enhanced.result.agents):
            console.note(line)
        raise SystemExit(int(enhanced.exit_code))


def _summary(enhanced: Enhanced, *, verbose: bool) -> Iterator[str]:
    result = enhanced.result
    if enhanced.status == "planned":
        yield "Dry run: nothing was written and no model was asked."
        yield from request_lines(enhanced.requests or {})
        for diff in enhanced.changes.values():
            yield diff.rstrip("\n")
        if verbose:
            for prompt in enhanced.prompts:
                yield from ("", prompt)
        return
    if enhanced.status == "skipped":
        yield f"Skipped: {result.reason}. The agents are as they were."
        return
    rate = f"{result.success_rate:.0f} %"
    yield f"Enhanced {result.enhanced_count} of {result.total_count} agents ({rate})."
    untouched = sum(item.untouched for item in result.agents)
    if untouched:
        yield f"{untouched} of them had every section already and stay as they were."
    yield from agent_lines(result.agents, verbose)
    yield from usage_lines(result.usage)
    if enhanced.findings:
        yield f"Found in the package beside that ({len(enhanced.findings)}):"
        shown = enhanced.findings if verbose else enhanced.findings[:SHOWN]
        yield from (f"  {item.place}: {item.message} ({item.fix})" for item in shown)
        if len(shown) < len(enhanced.findings):
            yield f"  and {len(enhanced.findings) - len(shown)} more (--verbose, --json)"
    yield f"Package: {enhanced.package}"
