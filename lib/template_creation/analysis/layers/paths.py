"""The layer of a file by its path: decisive patterns, names and folders, broad words."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from template_creation.analysis.identity import words_of
from template_creation.analysis.layers.signal import Signal

__all__ = ["broad_path", "decisive_path", "named_path"]

_FRONT = frozenset({"javascript", "jsx", "typescript", "tsx"})
_SERVER = frozenset(
    {"Express", "Fastify", "NestJS", "Koa", "Hono", "hapi", "Apollo Server", "tRPC", "Elysia"}
)
_UI_FILES = frozenset({"jsx", "tsx"})
_NOT_UI = frozenset(
    {"config", "schemas", "models", "domain", "commands", "validators", "errors", "auth"}
)
_ONLY_FRONT = frozenset({"hooks", "state"})
_FRONT_READS = {"queries": "data", "commands": "", "api": "data"}
_ANYWHERE = frozenset({"viewmodel", "viewmodels", "bloc", "cubit"})
_SCREENS = frozenset({"React", "Vue", "Angular", "Svelte", "Next.js", "Nuxt", "SolidJS", "Preact"})
# Names that are as often a topic as a job: `auth.go` among controllers is a controller.
_YIELDING = frozenset({"auth", "error", "command", "client", "security"})
_HOLDING = frozenset({"api", "services", "data", "models", "schemas", "queries", "domain"})
_JOBS = frozenset({"Celery", "RQ", "Dramatiq", "Huey", "arq", "Sidekiq", "Django Q2", "BullMQ"})


@dataclass(frozen=True, slots=True)
class _Pattern:
    layer: str
    label: str
    code: str
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class _Table:
    files: tuple[_Pattern, ...]
    stem: Mapping[str, str]
    folder: Mapping[str, str]
    broad: Mapping[str, str]
    entry: Mapping[str, str]


@cache
def _table() -> _Table:
    source = files("template_creation.analysis.layers").joinpath("layers.toml")
    data = tomllib.loads(source.read_text(encoding="utf-8"))
    patterns = tuple(
        _Pattern(item["layer"], item["label"], item["code"], re.compile(item["pattern"]))
        for item in data["file"]
    )
    return _Table(patterns, data["stem"], data["folder"], data["broad"], data["entry"])


def decisive_path(path: str, *, is_code: bool) -> Signal | None:
    """The layer of a path that leaves no doubt: a workflow, a document, a test."""
    wrong = "no" if is_code else "yes"
    for item in _table().files:
        if item.code != wrong and item.pattern.search(path):
            return Signal(item.layer, item.label)
    return None


def named_path(
    path: str, language: str, technologies: frozenset[str], root: str = ""
) -> Signal | None:
    """The layer by the file's name, else by its nearest speaking folder below ``root``."""
    table = _table()
    inner = path.removeprefix(f"{root}/") if root else path
    *folders, name = inner.split("/")
    stem = name.rpartition(".")[0] or name
    parts = stem.split(".")
    words = words_of(parts[-1] if len(parts) > 1 else stem)
    if words and language in _FRONT and words[0] == "use" and len(words) > 1:
        return Signal("hooks", "file name use*")
    word = words[-1] if words else ""
    if len(words) > 1 and words[0] in {"db", "database"} and language not in _FRONT:
        return Signal("data", f"file name {words[0]}*")
    if language == "python" and "management" in folders:
        return Signal("cli", "folder management/")
    if word in _YIELDING and len(words) == 1:
        held = _nearest(folders, language, technologies)
        if held and held.layer in _HOLDING:
            return held
    layer = _fitting(table.stem.get(word, ""), word, language, technologies)
    if layer == "data" and table.stem[word] == "api":
        layer = "pages"
    if layer:
        return Signal(layer, f"file name {word}" if len(words) == 1 else f"file name *{word}")
    return _nearest(folders, language, technologies)


def _nearest(folders: list[str], language: str, technologies: frozenset[str]) -> Signal | None:
    for folder in reversed(folders):
        layer = _folder_layer(folder, folders, language, technologies)
        if layer:
            return Signal(layer, f"folder {folder}/")
    return None


def _folder_layer(
    folder: str, folders: list[str], language: str, technologies: frozenset[str]
) -> str:
    table = _table().folder
    words = words_of(folder.strip("_()[]"))
    if not words or _is_name(folder, language):
        return ""
    whole = "".join(words)
    if whole == "tasks":
        return "jobs" if technologies & _JOBS else ""
    word = whole if whole in table else words[-1]
    layer = table.get(word, "")
    if layer == "api" and language in _FRONT and "Next.js" in technologies:
        inside = {"pages", "app"} & set(folders[: folders.index(folder)])
        return "api" if inside and "features" not in folders else "data"
    return _fitting(layer, word, language, technologies)


def _is_name(folder: str, language: str) -> bool:
    """Whether a folder of front-end code is named after a thing: ``UserSettings`` holds the
    components of a page and no settings."""
    return language in _FRONT and re.fullmatch(r"(?:[A-Z][a-z0-9]+){2,}", folder) is not None


def _fitting(layer: str, word: str, language: str, technologies: frozenset[str]) -> str:
    """The layer if a file of this language can be of it: a path word means something else on
    the other side of the wire (``api`` below React features is client data access)."""
    if language in _FRONT:
        serves = technologies & _SERVER and not technologies & _SCREENS
        if layer in _FRONT_READS and not serves:
            return _FRONT_READS[layer]
        return "" if language in _UI_FILES and layer in _NOT_UI else layer
    return "" if layer in _ONLY_FRONT and word not in _ANYWHERE else layer


def broad_path(path: str, root: str = "", language: str = "") -> Signal | None:
    """The layer by a broad folder word or the name of an entry point, the last resort."""
    table = _table()
    inner = path.removeprefix(f"{root}/") if root else path
    *folders, name = inner.split("/")
    stem = name.partition(".")[0].lower()
    if stem in table.entry:
        return Signal(table.entry[stem], f"entry point {stem}")
    project = root.rpartition("/")[2]
    for folder in (*reversed(folders), project):
        words = () if _is_name(folder, language) else words_of(folder.strip("_()[]"))
        layer = table.broad.get(words[-1], "") if words else ""
        if layer == "data" and words_of(root)[-1:] in (("web",), ("api",)):
            layer = "utilities"  # the plumbing of a web project, not its persistence
        if layer:
            return Signal(layer, f"folder {folder}/")
    return None
