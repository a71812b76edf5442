"""Go files: net/http, chi, Gin, Echo, Fiber, gRPC, Cobra, CQRS handlers, repositories."""

from __future__ import annotations

import re

from template_creation.analysis.layers.signal import FileView, Signal

__all__ = ["strong", "weak"]

_HANDLER = re.compile(
    r"http\.ResponseWriter|\*gin\.Context|echo\.Context|\*fiber\.Ctx|\*http\.Request"
)


def strong(view: FileView) -> Signal | None:
    """Evidence that outweighs the file's name and folder."""
    for item in view.functions():
        for parameter in item.parameters:
            found = _HANDLER.search(parameter.type)
            if found and not view.path.startswith("pkg/") and not _is_middleware(view):
                return Signal("api", f"parameter of type {found.group(0)}", item.line)
    served = view.base(r"Unimplemented\w+Server")
    if served:
        return Signal("api", "embedded Unimplemented*Server", served[0].line)
    if view.imports("github.com/spf13/cobra", "github.com/urfave/cli"):
        return Signal("cli", "import of a command-line library")
    return None


def _is_middleware(view: FileView) -> bool:
    return any(word in view.path.lower() for word in ("middleware", "httperr", "/auth"))


def weak(view: FileView) -> Signal | None:
    """Evidence that counts where neither name nor folder says anything."""
    for pattern, layer in (
        (r"\w*Repository", "data"),
        (r"\w*Service", "services"),
        (r"\w+(?:Error|Errors)", "errors"),
        (r"\w*(?:Config|Settings|Options)", "config"),
    ):
        named = view.mostly_named(pattern)
        if named:
            return Signal(layer, f"type name {_shown(pattern)}", named.line)
    if view.imports(
        "gorm.io/gorm", "github.com/jmoiron/sqlx", "database/sql", "github.com/jackc/pgx/v5"
    ):
        return Signal("data", "import of a database library")
    if view.call(r"\w+\.(?:ListenAndServe|NewRouter|NewServer|Default)"):
        return Signal("config", "call that starts a server")
    if view.imports("google.golang.org/grpc", "net/http"):
        return Signal("utilities", "import of a network library")
    if any(item.name == "main" for item in view.functions()):
        return Signal("config", "function main")
    return None


def _shown(pattern: str) -> str:
    """A name pattern as a person writes it."""
    return pattern.replace("\\w*", "*").replace("\\w+", "*").replace("(?:", "(")
