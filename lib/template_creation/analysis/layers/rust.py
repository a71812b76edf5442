"""Rust files: Axum, Actix, Rocket, SQLx, Diesel, Serde, clap, thiserror."""

from __future__ import annotations

import re

from template_creation.analysis.layers.signal import FileView, Signal

__all__ = ["strong", "weak"]

_EXTRACTOR = re.compile(
    r"(?:\w+::)*(?:State|Extension|Json|Path|Query|Form|Data|HttpRequest)<|HttpRequest"
)


def strong(view: FileView) -> Signal | None:
    """Evidence that outweighs the file's name and folder."""
    web = view.imports("axum", "actix_web", "rocket", "warp", "poem")
    attribute = view.decorator(r"(?:actix_web::|rocket::)?(?:get|post|put|patch|delete)")
    if attribute:
        return Signal("api", f"attribute #[{attribute[1]}]", attribute[0].line)
    if web:
        for item in view.functions():
            for parameter in item.parameters:
                if _EXTRACTOR.search(parameter.type) and not item.parent:
                    return Signal("api", "parameter of an extractor type", item.line)
    if _is_error(view):
        return Signal("errors", "error type")
    extractor = view.base(r"FromRequest(?:Parts)?") or view.call(r"\w*FromRequest\w*")
    if extractor or (
        re.search(r"\bFromRequest\w*", " ".join(view.facts.identifiers)) and not _handlers(view)
    ):
        return Signal(
            "auth" if "auth" in " ".join(view.facts.identifiers).lower() else "api",
            "trait FromRequest",
        )
    derived = _derived(view, r"(?:sqlx::)?FromRow|Queryable|Insertable|DeriveEntityModel")
    if derived:
        return Signal("models", f"derive {derived[0]}", derived[1])
    parser = _derived(view, r"(?:clap::)?Parser|(?:clap::)?Subcommand")
    if parser and view.stem not in {"config"}:
        return Signal("cli", f"derive {parser[0]}", parser[1])
    if parser:
        return Signal("config", f"derive {parser[0]}", parser[1])
    return None


def _handlers(view: FileView) -> bool:
    return view.call(r"(?:\w+::)*(?:get|post|put|delete|patch)|Router::new") is not None


def _is_error(view: FileView) -> bool:
    types = [item for item in view.types() if not item.parent]
    errors = [item for item in types if item.name.endswith("Error") or item.name == "Error"]
    return bool(errors) and len(errors) * 2 >= len(types)


def _derived(view: FileView, pattern: str) -> tuple[str, int] | None:
    wanted = re.compile(rf"\b({pattern})\b")
    for item in view.types():
        for decorator in item.decorators:
            found = wanted.search(decorator) if "derive" in decorator else None
            if found:
                return found.group(1), item.line
    return None


def weak(view: FileView) -> Signal | None:
    """Evidence that counts where neither name nor folder says anything."""
    routes = view.call(r"(?:\w+::)*Router::new|App::new")
    if routes:
        return Signal("api", f"call {routes[1]}()", routes[0])
    derived = _derived(view, r"(?:serde::)?(?:Serialize|Deserialize)")
    if derived:
        return Signal("schemas", f"derive {derived[0]}", derived[1])
    if view.stem == "main":
        return Signal("config", "entry point main")
    if view.stem in {"lib", "mod"} and not view.types():
        return Signal("config", "module list")
    if view.imports("sqlx", "diesel", "sea_orm"):
        return Signal("data", "import of a database library")
    return None
