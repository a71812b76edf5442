"""``template-create --name``: the main job from the command line."""

from __future__ import annotations

from template_creation.cli.progress import progress_listener
from template_creation.cli.run import Console
from template_creation.cli.summary import error_lines, summarize
from template_creation.create import CreateOptions, create_template

__all__ = ["run_create"]


def run_create(console: Console, options: CreateOptions) -> None:
    """Run the main job, show its progress, print its result, and exit 7 where it is partial."""
    with progress_listener(quiet=console.as_json) as listener:
        result = create_template(options, listeners=[listener], notify=console.note)
    console.result(summarize(result, verbose=console.verbose), result.to_document())
    if result.exit_code:
        for line in error_lines(result.agents):
            console.note(line)
        raise SystemExit(int(result.exit_code))
