"""The user's own defaults: a small TOML file, below the options and the environment.

``config.toml`` in the product's folder (``~/.agentecflow``), or the file that
``TEMPLATE_CREATE_CONFIG`` names. A key that there is not is an error, not a silence.
"""

from __future__ import annotations

import math
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from template_creation.errors import BadInput
from template_creation.package import product_home

__all__ = ["Configuration", "load_configuration"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Defaults for options of the same names; what is None is not configured.

    ``use_batch_enhancement=false`` asks for one agent at a time, and so does a package with
    more than ``max_batch_agents`` agents. ``prices`` is a file that overrides the price list.
    """

    bridge: str | None = None
    model: str | None = None
    base_url: str | None = None
    max_cost: float | None = None
    contract: str | None = None
    timeout: float | None = None
    read_timeout: float | None = None
    effort: str | None = None
    schema: str | None = None
    max_answer: int | None = None
    use_batch_enhancement: bool | None = None
    max_batch_agents: int | None = None
    prices: str | None = None


_KINDS: Mapping[str, tuple[type, ...]] = {
    "bridge": (str,),
    "model": (str,),
    "base_url": (str,),
    "max_cost": (int, float),
    "contract": (str,),
    "timeout": (int, float),
    "read_timeout": (int, float),
    "effort": (str,),
    "schema": (str,),
    "max_answer": (int,),
    "use_batch_enhancement": (bool,),
    "max_batch_agents": (int,),
    "prices": (str,),
}


def load_configuration(environ: Mapping[str, str] = os.environ) -> Configuration:
    """The configuration of this user; empty where there is no file.

    Raises `BadInput` for a file that cannot be read, and for a key or a value that means
    nothing here, each with the line's name and the way out.
    """
    named = environ.get("TEMPLATE_CREATE_CONFIG")
    path = Path(named).expanduser() if named else product_home() / "config.toml"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as exc:
        if named:
            raise BadInput(
                f"TEMPLATE_CREATE_CONFIG names no file: {named!r}", hint="correct or unset it"
            ) from exc
        return Configuration()
    except (OSError, UnicodeDecodeError) as exc:
        raise BadInput(f"cannot read {str(path)!r}: {exc}", hint="make it readable") from exc
    except tomllib.TOMLDecodeError as exc:
        raise BadInput(f"{str(path)!r} is no TOML: {exc}", hint="correct that line") from exc
    return Configuration(**{key: _checked(path, key, value) for key, value in data.items()})


def _checked(path: Path, key: str, value: object) -> Any:
    kinds = _KINDS.get(key)
    if kinds is None:
        near = get_close_matches(key, _KINDS, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(_KINDS))}"
        raise BadInput(f"{str(path)!r}: no setting is called {key!r}", hint=hint)
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        wanted = {str: "a text", bool: "true or false", int: "a whole number", float: "a number"}
        raise BadInput(f"{str(path)!r}: {key} is {value!r}", hint=f"give {wanted[kinds[-1]]}")
    is_number = not isinstance(value, bool) and isinstance(value, float | int)
    if is_number and not 0 < float(str(value)) < math.inf:
        raise BadInput(f"{str(path)!r}: {key} is {value!r}", hint="give a number above 0")
    return value
