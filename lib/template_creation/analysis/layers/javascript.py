"""JavaScript and TypeScript files: React, Next.js, Vue, Angular, NestJS, Express and friends."""

from __future__ import annotations

import re

from template_creation.analysis.layers.signal import FileView, Signal, word_in

__all__ = ["strong", "weak"]

_SPECIAL = (
    r"(page|layout|loading|error|not-found|template|default|global-error|sitemap|robots|"
    r"opengraph-image|icon|manifest)"
)
_ROUTE_CALL = r"(?:\w*[rR]outer|app|server|fastify|api)\.(?:get|post|put|patch|delete|all|route)"
_PASCAL = re.compile(r"[A-Z][a-z0-9]\w*|[A-Z]")


def strong(view: FileView) -> Signal | None:
    """Evidence that outweighs the file's name and folder."""
    return _next(view) or _decorated(view) or _called(view) or _hooks(view)


def _next(view: FileView) -> Signal | None:
    if "Next.js" not in view.technologies:
        return None
    name = view.path.rpartition("/")[2]
    if word_in(view.path, "app"):
        found = re.fullmatch(rf"{_SPECIAL}\.[jt]sx?", name)
        if found:
            return Signal("pages", f"Next.js file {found.group(1)}")
        if re.fullmatch(r"route\.[jt]sx?", name):
            return Signal("api", "Next.js file route")
    if re.fullmatch(r"(middleware|proxy)\.[jt]s", name):
        return Signal("utilities", "Next.js file middleware")
    if re.search(r"(^|/)pages/api/", view.path):
        return Signal("api", "Next.js folder pages/api/")
    if re.search(r"(^|/)(src/)?pages/", view.path) and "components" not in view.path.split("/"):
        return Signal("pages", "Next.js folder pages/")
    return None


def _decorated(view: FileView) -> Signal | None:
    table = (
        (r"Controller|RestController|JsonController|Resolver|WebSocketGateway", "api"),
        (r"Component|Directive", "components"),
        (r"Entity|Table|Schema", "models"),
        (r"Module|NgModule", "config"),
        (r"Pipe", "utilities"),
        (r"Processor|Cron", "jobs"),
        (r"Catch", "errors"),
    )
    for pattern, layer in table:
        found = view.decorator(pattern)
        if found:
            return Signal(layer, f"decorator @{found[1]}", found[0].line)
    injectable = view.decorator("Injectable")
    if injectable and not re.search(
        r"\.(guard|strategy|interceptor|repository|store)\.", view.path
    ):
        return Signal("services", "decorator @Injectable", injectable[0].line)
    return None


def _called(view: FileView) -> Signal | None:
    page = view.call(r"create(?:Lazy)?(?:File|Root|)Route(?:WithContext)?|createRoute")
    if page:
        return Signal("pages", f"call {page[1]}()", page[0])
    server = view.imports("express", "fastify", "koa", "hono", "@koa", "koa-router", "elysia")
    for call in view.facts.calls:
        if (
            server
            and re.fullmatch(_ROUTE_CALL, call.callee)
            and call.first_argument.strip("'\"`").startswith("/")
        ):
            return Signal("api", f"call {call.callee.rpartition('.')[0]}.<verb>()", call.line)
    store = view.call(r"createSlice|configureStore|defineStore|createStore|createReducer|createApi")
    if not store and view.imports("zustand"):
        store = view.call(r"create|createStore")
    if not store and view.imports("jotai", "recoil"):
        store = view.call(r"atom|selector")
    if store:
        return Signal("state", f"call {store[1]}()", store[0])
    return None


def _hooks(view: FileView) -> Signal | None:
    exported = [
        item
        for item in view.facts.symbols
        if item.exported and item.kind in {"function", "constant"}
    ]
    hooks = [item for item in exported if re.match(r"use[A-Z]", item.name)]
    data = view.call(
        r"use(?:Suspense|Infinite)?Query|useMutation|(?:infiniteQ|q)ueryOptions|useSWR"
    )
    if data and word_in(view.path, "api") and not _components(view):
        return Signal("data", f"call {data[1]}()", data[0])
    if hooks and len(hooks) * 2 >= len(exported) and not _components(view):
        return Signal("hooks", "function use*", hooks[0].line)
    return None


def _components(view: FileView) -> bool:
    return view.path.endswith((".tsx", ".jsx")) and any(
        item.exported and item.kind in {"function", "class"} and _PASCAL.fullmatch(item.name)
        for item in view.facts.symbols
    )


def weak(view: FileView) -> Signal | None:
    """Evidence that counts where neither name nor folder says anything."""
    if view.call(r"(?:React\.)?createContext"):
        return Signal("state", "call createContext()")
    if view.path.endswith((".tsx", ".jsx")):
        for item in view.facts.symbols:
            if item.kind in {"function", "class", "constant"} and _PASCAL.fullmatch(item.name):
                return Signal("components", "function that returns JSX", item.line)
    if view.call(r"z\.(?:object|enum|union|discriminatedUnion)|yup\.object|Joi\.object"):
        return Signal("schemas", "call z.object()")
    model = view.call(r"(?:mongoose\.)?model|sequelize\.define|(?:pg|mysql|sqlite)Table")
    if model and view.imports("mongoose", "sequelize", "drizzle-orm"):
        return Signal("models", f"call {model[1]}()", model[0])
    types = view.types()
    if types and all(item.kind in {"interface", "type", "enum"} for item in view.facts.symbols):
        return Signal("schemas", "only type declarations", types[0].line)
    fetches = view.call(r"fetch|axios(?:\.\w+)?|useQuery|useMutation|queryOptions")
    if fetches:
        return Signal("data", f"call {fetches[1].partition('.')[0]}()", fetches[0])
    return None
