"""Python files: FastAPI, Flask, Django, DRF, SQLAlchemy, SQLModel, Pydantic, Celery, Typer."""

from __future__ import annotations

import re

from template_creation.analysis.layers.signal import FileView, Signal, last_word

__all__ = ["strong", "weak"]

_VERB = r"(?:get|post|put|patch|delete|head|options|trace|websocket|route|api_route)"
_DJANGO_VIEW = r"\w*(?:View|Feed|Sitemap)|(?:Login|Staff|Permission)\w*Mixin|SyndicationFeed"
_DJANGO_FORM = r"(?:\w*Form|\w*FormSet|BaseModelFormSet)"


def strong(view: FileView) -> Signal | None:
    """Evidence that outweighs the file's name and folder."""
    web = view.imports(
        "fastapi", "flask", "starlette", "sanic", "litestar", "quart", "aiohttp", "ninja"
    )
    route = view.decorator(rf"\w+\.{_VERB}")
    if route and (web or re.fullmatch(r"(?:\w*router|app|api|\w*bp|blueprint)\.\w+", route[1])):
        renders = view.imports("flask") and view.call(r"render_template")
        layer = "views" if renders else "api"
        return Signal(layer, f"decorator @{_family(route[1])}", route[0].line)
    task = view.decorator(
        r"shared_task|(?:celery|app|celery_app)\.task|dramatiq\.actor|huey\.\w*task|job|task"
    )
    if task and (
        task[1] not in {"job", "task"} or view.imports("rq", "celery", "prefect", "airflow")
    ):
        return Signal("jobs", f"decorator @{task[1]}", task[0].line)
    command = view.decorator(r"(?:\w*app|cli|click|typer)\.(?:command|group|callback)")
    if command and view.imports("click", "typer"):
        return Signal("cli", f"decorator @{command[1]}", command[0].line)
    settings = view.base(r"BaseSettings")
    if settings:
        return Signal("config", "base class BaseSettings", settings[0].line)
    found = _django(view)
    return found or _persistence(view)


def _django(view: FileView) -> Signal | None:
    if view.imports("rest_framework"):
        found = view.base(r"\w*(?:APIView|ViewSet|Mixin)") or view.base(r"\w*Serializer")
        if found:
            layer = "schemas" if found[1].endswith("Serializer") else "api"
            return Signal(layer, f"base class {found[1]}", found[0].line)
        decorated = view.decorator("api_view")
        if decorated:
            return Signal("api", "decorator @api_view", decorated[0].line)
    if not view.imports("django", "wagtail"):
        return None
    base = view.base(r"BaseCommand|NoArgsCommand|AppCommand|LabelCommand")
    if base:
        return Signal("cli", f"base class {base[1]}", base[0].line)
    for layer, pattern in (
        ("data", r"Migration|\w*Manager|\w*QuerySet"),
        ("config", r"AppConfig"),
    ):
        base = view.base(pattern)
        if base and not (layer == "data" and view.stem == "models"):
            return Signal(layer, f"base class {base[1]}", base[0].line)
    patterns = "urlpatterns" in view.facts.declared
    if patterns:
        return Signal("pages", "assignment urlpatterns")
    rules = (
        ("models", r"Model|\w*Model|AbstractUser|AbstractBaseUser", "models"),
        ("validators", _DJANGO_FORM, "forms"),
        ("views", _DJANGO_VIEW, "views"),
        ("views", r"\w*(?:Admin|Inline|TabularInline)", "admin"),
        ("utilities", r"\w*Middleware\w*", "middleware"),
    )
    for layer, pattern, stem in rules:
        base = view.base(pattern)
        if base and (base[1] != "Model" or layer == "models"):
            return Signal(layer, f"base class {base[1]}", base[0].line)
        if view.stem == stem:
            return Signal(layer, f"file name {stem}.py of Django")
    tag = view.decorator(r"register\.(?:simple_tag|filter|inclusion_tag|tag)")
    if tag:
        return Signal("views", f"decorator @{tag[1]}", tag[0].line)
    receiver = view.decorator("receiver")
    if receiver:
        return Signal("domain", "decorator @receiver", receiver[0].line)
    request = next(
        (
            item
            for item in view.functions()
            if item.kind == "function" and item.parameters and item.parameters[0].name == "request"
        ),
        None,
    )
    if request and view.call(r"(?:render|redirect|HttpResponse\w*|JsonResponse|get_object_or_404)"):
        return Signal("views", "function of a request", request.line)
    return None


def _persistence(view: FileView) -> Signal | None:
    if view.imports("alembic") and {"upgrade", "downgrade"} <= set(view.facts.declared):
        return Signal("data", "functions upgrade and downgrade")
    if view.imports("sqlmodel"):
        table = next(
            (item for item in view.types() if "table=True" in item.signature.replace(" ", "")), None
        )
        if table or view.base("SQLModel"):
            line = table.line if table else 0
            return Signal("models", "base class SQLModel", line)
    mapped = view.call(r"(?:\w+\.)?(?:mapped_column|Column)")
    if mapped and view.types() and view.imports("sqlalchemy", "flask_sqlalchemy"):
        return Signal("models", f"call {mapped[1]}()", mapped[0])
    return None


def weak(view: FileView) -> Signal | None:
    """Evidence that counts where neither name nor folder says anything."""
    model = view.base(r"BaseModel|\w*Schema|TypedDict|Struct")
    if model and view.imports("pydantic", "marshmallow", "typing", "msgspec", "ninja"):
        return Signal("schemas", f"base class {model[1]}", model[0].line)
    error = view.base(r"\w*(?:Error|Exception)")
    types = [item for item in view.types() if not item.parent]
    errors = [item for item in types if last_word(item.name) in {"error", "exception"}]
    if error and len(errors) * 2 >= len(types):
        return Signal("errors", f"base class {error[1]}", error[0].line)
    for pattern, layer in ((r"\w+Service", "services"), (r"\w+Repository", "data")):
        named = view.mostly_named(pattern)
        if named:
            return Signal(layer, f"class *{pattern[3:]}", named.line)
    if view.call(r"argparse\.ArgumentParser|ArgumentParser"):
        return Signal("scripts", "call ArgumentParser()")
    session = next(
        (
            item
            for item in view.functions()
            if any(
                re.search(r"\b(?:Async)?Session\b", parameter.type) for parameter in item.parameters
            )
        ),
        None,
    )
    if session:
        return Signal("data", "parameter of type Session", session.line)
    call = view.call(r"(?:\w+\.)?create_(?:async_)?engine|sessionmaker")
    if call:
        return Signal("data", f"call {call[1]}()", call[0])
    return None


def _family(callee: str) -> str:
    """``items_router.get`` -> ``router.<verb>``: the label is the same for every file."""
    owner, _, verb = callee.rpartition(".")
    owner = "router" if owner.endswith("router") else owner
    is_verb = verb in {"get", "post", "put", "patch", "delete", "head", "options"}
    return f"{owner}.<verb>" if is_verb else f"{owner}.{verb}"
