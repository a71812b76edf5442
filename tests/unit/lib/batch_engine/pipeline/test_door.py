"""The package is light to import, and its door offers what its docstring shows."""

from __future__ import annotations

import subprocess
import sys
from types import FunctionType

from batch_engine import pipeline


def test_importing_it_loads_nothing_heavy_and_nothing_optional() -> None:
    heavy = ["psutil", "opentelemetry", "distributed", "multiprocessing", "pydantic", "rich"]
    script = (
        "import sys; before = set(sys.modules); import batch_engine.pipeline; "
        f"print([n for n in {heavy} if n in sys.modules and n not in before])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert done.stdout == "[]\n"


def test_every_name_of_the_door_has_a_docstring_or_is_a_value() -> None:
    missing = [
        name
        for name in pipeline.__all__
        if isinstance(getattr(pipeline, name), type | FunctionType)
        and not getattr(pipeline, name).__doc__
    ]
    assert missing == []
