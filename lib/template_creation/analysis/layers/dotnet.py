"""C# files: ASP.NET Core, minimal endpoints, MediatR, FluentValidation, EF Core, AutoMapper."""

from __future__ import annotations

import re

from template_creation.analysis.layers.signal import FileView, Signal, word_in

__all__ = ["strong", "weak"]

_BASES: tuple[tuple[str, str], ...] = (
    (
        r"ControllerBase|Controller|Endpoint\w*|IEndpoint\w*|Hub|ICarterModule|ODataController",
        "api",
    ),
    (r"PageModel|ComponentBase|ContentPage|LayoutComponentBase", "pages"),
    (r"AbstractValidator|IValidator", "validators"),
    (r"Profile|IRegister", "mapping"),
    (
        r"\w*DbContext|IEntityTypeConfiguration|Migration|ModelSnapshot|SaveChangesInterceptor",
        "data",
    ),
    (r"I?Repository(?:Base)?|EfRepository|Specification|RepositoryBase", "data"),
    (r"IdentityUser|IdentityRole|IAuthorizationHandler|AuthorizationHandler", "auth"),
    (r"BackgroundService|IHostedService|IJob", "jobs"),
    (r"ObservableObject|BaseViewModel|INotifyPropertyChanged", "state"),
    (r"IExceptionHandler|ExceptionFilterAttribute|IExceptionFilter", "errors"),
    (r"IPipelineBehavior|IRequestPreProcessor|IMiddleware|DelegatingHandler", "services"),
    (r"INotificationHandler|IDomainEventHandler", "services"),
    (r"BaseEvent|DomainEvent\w*|INotification|ValueObject", "domain"),
)


def strong(view: FileView) -> Signal | None:
    """Evidence that outweighs the file's name and folder."""
    attribute = view.decorator(r"ApiController|Route|Http(?:Get|Post|Put|Patch|Delete)")
    if attribute:
        return Signal("api", f"attribute [{attribute[1]}]", attribute[0].line)
    request = _request(view)
    if request:
        return request
    for pattern, layer in _BASES:
        found = view.base(pattern)
        if found:
            return Signal(layer, f"base type {found[1]}", found[0].line)
    found = view.base(r"\w*Exception")
    if found:
        return Signal("errors", f"base type {found[1]}", found[0].line)
    tested = view.decorator(r"TestFixture|Test|TestCase|Fact|Theory|TestClass|TestMethod|Binding")
    if tested:
        return Signal("tests", f"attribute [{tested[1]}]", tested[0].line)
    mapped = view.call(r"(?:\w+\.)*Map(?:Get|Post|Put|Patch|Delete|Group)")
    if mapped and view.types():
        return Signal("api", f"call {mapped[1].rpartition('.')[2]}()", mapped[0])
    tool = view.decorator(r"McpServerToolType|ExtendObjectType")
    return Signal("api", f"attribute [{tool[1]}]", tool[0].line) if tool else None


def _request(view: FileView) -> Signal | None:
    """A MediatR-like request or its handler: a command or a query by its name or folder."""
    found = view.base(r"I?(?:Request|Command|Query)(?:Handler)?|I?StreamRequest(?:Handler)?")
    if not found:
        return None
    symbol, base = found
    is_query = (
        "Query" in base
        or re.search(r"Query(?:Handler)?$", symbol.name) is not None
        or (word_in(view.path, "queries") and "Command" not in symbol.name)
    )
    return Signal("queries" if is_query else "commands", f"base type {base}", symbol.line)


def weak(view: FileView) -> Signal | None:
    """Evidence that counts where neither name nor folder says anything."""
    for pattern, layer in (
        (r"\w+(?:Dto|Request|Response|Vm|ViewModel|Record)", "schemas"),
        (r"I?\w+Service", "services"),
        (r"I?\w+Repository", "data"),
        (r"\w+(?:Extensions|Helper)", "utilities"),
        (r"\w+(?:Options|Settings)", "config"),
        (r"\w+(?:Mapper)", "mapping"),
    ):
        named = view.mostly_named(pattern)
        if named:
            return Signal(layer, f"type name {_shown(pattern)}", named.line)
    builder = view.call(r"(?:\w+\.)*CreateBuilder|(?:\w+\.)*Add(?:Singleton|Scoped|Transient)")
    if builder:
        return Signal("config", f"call {builder[1].rpartition('.')[2]}()", builder[0])
    if not view.types() and view.path.endswith("GlobalUsings.cs"):
        return Signal("config", "file name GlobalUsings")
    entity = view.base(r"\w*(?:Entity|AggregateRoot)")
    return Signal("models", f"base type {entity[1]}", entity[0].line) if entity else None


def _shown(pattern: str) -> str:
    """A name pattern as a person writes it."""
    return pattern.replace("\\w*", "*").replace("\\w+", "*").replace("(?:", "(")
