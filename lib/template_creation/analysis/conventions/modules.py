"""Habits of whole files: imports, exports, components, namespaces, file headers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from template_creation.analysis.conventions.corpus import Group, of_layer, signature_site
from template_creation.analysis.conventions.measure import Ledger, Sample
from template_creation.analysis.text import TextCache
from template_creation.values.analysis import Site
from template_creation.values.facts import Symbol

__all__ = ["measure_layer_modules", "measure_modules"]

_FORMATTERS = frozenset({"Prettier", "Biome", "StandardJS", "ESLint"})
_SCRIPT = frozenset({"javascript", "typescript"})


def measure_modules(group: Group, technologies: Collection[str], ledger: Ledger) -> None:
    """Measures what holds for a language over the whole codebase."""
    if group.language in _SCRIPT:
        _script_imports(group, technologies, ledger)
        _exports(group, ledger)
    elif group.language == "python":
        _python_imports(group, ledger)
    elif group.language == "csharp":
        _csharp_files(group, ledger)
    elif group.language == "ruby":
        _ruby_header(group, ledger)
    elif group.language == "go":
        _go_errors(group, ledger)


def measure_layer_modules(group: Group, ledger: Ledger) -> None:
    """Measures exports and components of a layer of JavaScript or TypeScript."""
    if group.language not in _SCRIPT or not group.layer:
        return
    if group.layer not in {"config", "docs", "ci", "tests", "e2e", "stories"}:
        _exports(group, ledger)
    if group.layer in {"components", "pages"}:
        _components(group, ledger)
        _directive(group, ledger)


def _import_site(path: str, line: int, module: str, texts: TextCache) -> Site:
    """The lines of an import up to the one that names the module."""
    for end in range(line, line + 60):
        text = texts.lines(path, end, end)
        if f"'{module}'" in text or f'"{module}"' in text:
            return Site(path, line, end)
    return Site(path, line, line)


def _script_imports(group: Group, technologies: Collection[str], ledger: Ledger) -> None:
    own = []
    for path, facts in group.files:
        for item in facts.imports:
            if item.module.startswith((".", "@/", "~/", "#/", "src/")) and not item.module.endswith(
                (".css", ".svg")
            ):
                own.append((_import_site(path, item.line, item.module, ledger.texts), item.module))
    aliases = sorted(
        {
            prefix
            for _, module in own
            for prefix in ("@/", "~/", "#/", "src/")
            if module.startswith(prefix)
        }
    )
    for alias in aliases:
        ledger.measure(
            alias,
            "import style",
            f"Imports inside the project use the alias `{alias}`",
            rf"[\"']{re.escape(alias)}",
            [Sample(site, module.startswith(alias), "relative paths") for site, module in own],
            language=group.language,
        )
    if (
        technologies & _FORMATTERS
        if isinstance(technologies, frozenset)
        else set(technologies) & _FORMATTERS
    ):
        return
    every = [
        (site, ledger.texts.lines(site.path, site.line, site.end_line))
        for path, facts in group.files
        for item in facts.imports
        if not item.module.startswith("require")
        for site in (_import_site(path, item.line, item.module, ledger.texts),)
    ]
    for key, statement, pattern in (
        ("single", "Strings are in single quotes", r"from\s+'[^']*'|\('[^']*'\)|import\s+'"),
        ("double", "Strings are in double quotes", r"from\s+\"[^\"]*\"|\(\"[^\"]*\"\)|import\s+\""),
        ("semicolon", "Statements end with a semicolon", r";[ \t]*\Z"),
        ("no-semicolon", "Statements end without a semicolon", r"[^;\s][ \t]*\Z"),
    ):
        ledger.measure(
            key,
            "formatting",
            statement,
            pattern,
            [Sample(site, re.search(pattern, text) is not None) for site, text in every],
            language=group.language,
        )


def _python_imports(group: Group, ledger: Ledger) -> None:
    tops: set[str] = set()
    for path, _ in group.files:
        parts = path.split("/")
        tops.update(part for part in parts[:-1] if part.isidentifier())
        tops.add(parts[-1].removesuffix(".py"))
    own = []
    for path, facts in group.files:
        for item in facts.imports:
            relative = item.module.startswith(".")
            if relative or item.module.split(".")[0] in tops - {
                "tests",
                "types",
                "json",
                "logging",
            }:
                own.append((Site(path, item.line, item.line), relative))
    for relative in (True, False):
        ledger.measure(
            "relative" if relative else "absolute",
            "import style",
            f"Imports inside the project are {'relative' if relative else 'absolute'}",
            r"^\s*from\s+\." if relative else r"^\s*(?:from|import)\s+[A-Za-z_]",
            [Sample(site, found == relative) for site, found in own],
            language=group.language,
            otherwise="absolute imports" if relative else "relative imports",
        )


def _csharp_files(group: Group, ledger: Ledger) -> None:
    samples = []
    for path, facts in group.files:
        if not facts.namespace:
            continue
        text = ledger.texts.text(path)
        found = re.search(r"^\s*namespace\s+[\w.]+", text, re.MULTILINE)
        if found:
            line = text.count("\n", 0, found.end()) + 1
            rest = ledger.texts.lines(path, line, line)
            samples.append(Sample(Site(path, line, line), rest.rstrip().endswith(";"), "a block"))
    ledger.measure(
        "file-scoped",
        "namespace",
        "Namespaces are file-scoped (`namespace X;`)",
        r"^\s*namespace\s+[\w.]+\s*;",
        samples,
        language=group.language,
    )
    asynchronous = [
        (path, item)
        for path, item in group.symbols("method")
        if item.is_async and item.name not in {"Handle", "Main", "HandleAsync", "ExecuteAsync"}
    ]
    ledger.measure(
        "async-suffix",
        "method name",
        "Asynchronous methods are named `*Async`",
        r"\w+Async\s*(?:<[^()]*>)?\(",
        [
            Sample(signature_site(path, item), item.name.endswith("Async"), "no suffix")
            for path, item in asynchronous
        ],
        language=group.language,
    )


def _ruby_header(group: Group, ledger: Ledger) -> None:
    for key, statement, pattern in (
        (
            "frozen",
            "Files start with `# frozen_string_literal: true`",
            r"^# frozen_string_literal: true",
        ),
        ("typed", "Files start with a Sorbet `# typed:` comment", r"^# typed: \w+"),
    ):
        ledger.measure(
            key,
            "file header",
            statement,
            pattern,
            [
                Sample(
                    Site(path, 1, 3),
                    re.search(pattern, ledger.texts.lines(path, 1, 3), re.MULTILINE) is not None,
                )
                for path, _ in group.files
                if path.endswith(".rb")
            ],
            language=group.language,
        )


def _go_errors(group: Group, ledger: Ledger) -> None:
    sites = []
    for path, facts in group.files:
        if path.endswith("_test.go"):
            continue
        for call in facts.calls:
            if re.fullmatch(
                r"fmt\.Errorf|errors\.(?:Wrap|Wrapf|WithStack|WithMessage)", call.callee
            ):
                text = ledger.texts.lines(path, call.line, call.line)
                sites.append((Site(path, call.line, call.line), text))
    for key, statement, pattern in (
        (
            "wrapf",
            "Errors are wrapped with `errors.Wrap`",
            r"errors\.(?:Wrap|Wrapf|WithStack|WithMessage)\(",
        ),
        ("verb", "Errors are wrapped with `fmt.Errorf` and `%w`", r"fmt\.Errorf\([^\n]*%w"),
    ):
        ledger.measure(
            key,
            "error wrapping",
            statement,
            pattern,
            [Sample(site, re.search(pattern, text) is not None) for site, text in sites],
            language=group.language,
        )


def _exported(group: Group) -> Iterator[tuple[str, Symbol]]:
    for path, item in group.symbols("function", "class", "constant"):
        if item.exported and not item.parent:
            yield path, item


def _exports(group: Group, ledger: Ledger) -> None:
    seen = []
    for path, item in _exported(group):
        text = ledger.texts.lines(path, item.line, item.line)
        if re.match(r"\s*export\b", text):
            seen.append(
                (
                    Site(path, item.line, item.line),
                    re.match(r"\s*export\s+default\b", text) is not None,
                )
            )
    for default in (True, False):
        word = "default" if default else "named"
        ledger.measure(
            word,
            "export",
            f"Exports{of_layer(group)} are {word} exports",
            r"^\s*export\s+default\b" if default else r"^\s*export\s+(?!default\b)",
            [Sample(site, found == default) for site, found in seen],
            layer=group.layer,
            language=group.language,
            otherwise="named exports" if default else "default exports",
        )


def _components(group: Group, ledger: Ledger) -> None:
    components = [
        (path, item)
        for path, item in group.symbols("function")
        if path.endswith((".tsx", ".jsx")) and re.match(r"[A-Z]", item.name) and not item.parent
    ]
    for arrow in (True, False):
        ledger.measure(
            "arrow" if arrow else "function",
            "component form",
            f"Components of the {group.layer} layer are "
            + ("arrow functions held by a `const`" if arrow else "function declarations"),
            r"\b(?:const|let)\s+[A-Z]\w*" if arrow else r"\bfunction\s+[A-Z]\w*",
            [
                Sample(
                    signature_site(path, item),
                    ("function " + item.name not in item.signature) == arrow,
                )
                for path, item in components
            ],
            layer=group.layer,
            language=group.language,
            otherwise="function declarations" if arrow else "`const` components",
        )
    if group.language != "typescript":
        return
    typed = [
        (signature_site(path, item), item.parameters[0].type)
        for path, item in components
        if item.parameters and item.parameters[0].type
    ]
    ledger.measure(
        "props",
        "props type",
        f"Props of components of the {group.layer} layer have a type named `*Props`",
        r":\s*(?:Readonly<)?[\w.]*Props\b",
        [
            Sample(
                site,
                re.match(r"(?:Readonly<)?[\w.]*Props\b", text) is not None,
                "an inline or other type",
            )
            for site, text in typed
        ],
        layer=group.layer,
        language=group.language,
    )


def _directive(group: Group, ledger: Ledger) -> None:
    files = [path for path, _ in group.files if path.endswith((".tsx", ".jsx"))]
    pattern = r"\A\s*[\"']use client[\"']"
    ledger.measure(
        "use-client",
        "directive",
        f"Files of the {group.layer} layer begin with `'use client'`",
        pattern,
        [
            Sample(Site(path, 1, 3), re.search(pattern, ledger.texts.lines(path, 1, 3)) is not None)
            for path in files
        ],
        layer=group.layer,
        language=group.language,
    )
