"""The package needs nothing but Python, and its door offers what its docstring shows."""

from __future__ import annotations

import subprocess
import sys
from types import FunctionType

from batch_engine import core


def test_the_core_runs_on_the_standard_library_alone() -> None:
    """-S leaves the site packages out; only our own folder is given back."""
    root = core.__path__[0].removesuffix("/batch_engine/core")
    script = "from batch_engine.core import *; print(run_batches([1], each(str), step='s').ok)"
    done = subprocess.run(
        [sys.executable, "-S", "-c", script],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": root},
    )
    assert done.stdout == "True\n"


def test_every_name_of_the_door_has_a_docstring_or_is_a_value() -> None:
    missing = [
        name
        for name in core.__all__
        if isinstance(getattr(core, name), type | FunctionType) and not getattr(core, name).__doc__
    ]
    assert missing == []
