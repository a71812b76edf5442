"""The prompt and document templates of the top-level ``prompts`` folder, found and rendered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined

from template_creation.errors import GenerationError

__all__ = ["fence_for", "prompt_text", "prompts_folder", "render_prompt"]

_NAME = re.compile(r"[a-z0-9_]+\.(?:md(?:\.j2)?|json)")


def prompts_folder() -> Traversable:
    """The folder of the prompts: inside the installed package, else next to ``lib`` in a
    checkout. Raises `GenerationError` when neither is there (a broken installation)."""
    package = files("template_creation")
    shipped = package.joinpath("prompts")
    if shipped.is_dir():
        return shipped
    with_source = Path(str(package)).parent.parent / "prompts"
    if with_source.is_dir():
        return with_source
    raise GenerationError(
        "the prompts folder is missing", hint="install template-create again from its wheel"
    )


def prompt_text(name: str) -> str:
    """The text of the prompt file ``name``; a name cannot lead out of the folder."""
    if not _NAME.fullmatch(name):
        raise GenerationError(f"{name!r} is not the name of a prompt")
    return prompts_folder().joinpath(name).read_text(encoding="utf-8")


def render_prompt(name: str, values: Mapping[str, Any]) -> str:
    """``name`` rendered with ``values``; an undefined variable raises (Jinja2's
    ``UndefinedError``), so that a prompt never goes out with a hole in it."""
    return _environment().get_template(name).render(values)


def fence_for(text: str) -> str:
    """A fence that ``text`` cannot close: one backtick more than its longest run, at least 3.

    >>> fence_for("a ```` b")
    '`````'
    """
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    return "`" * max(3, longest + 1)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(prompt_text),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["fence"] = fence_for
    return environment
