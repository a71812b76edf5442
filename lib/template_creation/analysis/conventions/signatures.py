"""Habits of functions: annotations, docstrings, decorators, parameters, results, async."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from template_creation.analysis.conventions.corpus import Group, of_layer, signature_site
from template_creation.analysis.conventions.measure import MIN_SHARE, MIN_SITES, Ledger, Sample
from template_creation.values.analysis import Site
from template_creation.values.facts import Symbol

__all__ = ["common_values", "measure_signatures", "route_handlers", "verb_of"]

_NO_FUNCTIONS = frozenset({"docs", "ci", "infra", "config", "stories", "e2e"})
_VERBS = ("get", "post", "put", "patch", "delete", "head", "options")
_PLAIN_TYPES_TEXT = """
    str int float bool bytes object Any None dict list tuple set type string number boolean
    void any unknown int32 int64 uint uint64 uint32 error byte []byte []string String
    Integer Long Boolean Double Object long double char short decimal Guid i32 i64 u32 u64
    usize f64 &str &self interface{} T K V
"""
_PLAIN_TYPES = frozenset(_PLAIN_TYPES_TEXT.split())
_GENERAL_TYPE = re.compile(
    r"(?:list|dict|set|tuple|type|Sequence|Mapping|Iterable|Iterator|Callable|Optional|Union|Array"
    r"|Partial|Record|List|IEnumerable|Collection|Map|Set|Vec|Option)\b|.*\|\s*(?:None|null)\s*$"
)
"""Types of the language's own library, which say nothing of this codebase."""
_LEAST_RESULTS = 6
"""Fewer functions that return something are no sample of what a layer returns."""
_LEAST_FILES = 3
_TYPED = frozenset({"python", "csharp", "go", "java", "rust", "typescript"})
# A parameter without a type: a bare name before a comma, the end or a default. Whole brackets
# before it are stepped over, so that a comma inside a type does not count.
_BRACKETS = r"\[(?:[^\[\]]|\[[^\[\]]*\])*\]|\((?:[^()]|\([^()]*\))*\)|\{[^{}]*\}"
_UNTYPED = rf"(?:(?:[^()\[\]{{}}]|{_BRACKETS})*,)?\s*\*{{0,2}}(?!(?:self|cls)\b)\w+\s*[,)=]"


def measure_signatures(group: Group, ledger: Ledger) -> None:
    """Measures what the functions of a layer have in common."""
    if group.layer in _NO_FUNCTIONS:
        return
    functions = list(group.functions())
    if len(functions) < MIN_SITES:
        return
    if group.language == "python":
        _python_annotations(group, functions, ledger)
        _python_docstrings(group, functions, ledger)
    if group.layer in {"", "tests", "e2e"}:
        return
    handlers = route_handlers(functions)
    if group.language == "python" and not handlers:
        _python_async(group, functions, ledger)
    if group.language in {"java", "csharp", "go", "rust"}:
        _doc_comments(group, functions, ledger)
    noun = "Route handlers" if handlers else f"Functions{of_layer(group)}"
    _decorators(group, handlers or functions, noun, ledger)
    _parameter_types(group, handlers or functions, noun, ledger)
    if group.layer not in {"components", "pages", "stories"}:
        _results(group, handlers or functions, noun, ledger)


def verb_of(item: Symbol) -> str:
    """``post`` of a function that carries ``@router.post(...)``; empty for other functions."""
    for text in item.decorators:
        if decorator_family(text).endswith(".<verb>"):
            return re.split(r"[(<\s]", text.strip(), maxsplit=1)[0].rpartition(".")[2]
    return ""


def route_handlers(functions: Sequence[tuple[str, Symbol]]) -> list[tuple[str, Symbol]]:
    """The functions whose decorator names an HTTP verb; none where they are too few to speak
    of. What helpers beside them do says nothing about handlers."""
    found = [(path, item) for path, item in functions if verb_of(item)]
    return found if len(found) >= MIN_SITES else []


def _python_annotations(
    group: Group, functions: Sequence[tuple[str, Symbol]], ledger: Ledger
) -> None:
    noun = "Test functions" if group.layer == "tests" else "Functions"
    ledger.measure(
        "returns",
        "return annotation",
        f"{noun}{of_layer(group)} annotate what they return",
        r"\)\s*->\s*[^\n]+",
        [
            Sample(signature_site(path, item), bool(item.returns), "no return annotation")
            for path, item in functions
        ],
        layer=group.layer,
        language=group.language,
    )
    samples = []
    for path, item in functions:
        own = [p for p in item.parameters if p.name.lstrip("*") not in {"self", "cls", "", "/"}]
        if own:
            hit = all(parameter.type for parameter in own)
            samples.append(Sample(signature_site(path, item), hit, "parameters without a type"))
    ledger.measure(
        "parameters",
        "parameter annotation",
        f"{noun}{of_layer(group)} annotate every parameter",
        rf"\bdef\s+\w+\s*(?:\[[^\]]*\])?\((?!{_UNTYPED})",
        samples,
        layer=group.layer,
        language=group.language,
    )


def _python_docstrings(
    group: Group, functions: Sequence[tuple[str, Symbol]], ledger: Ledger
) -> None:
    ledger.measure(
        "docstring",
        "docstring",
        f"Functions{of_layer(group)} have a docstring",
        r":[ \t]*(?:#[^\n]*)?\n\s*[rRuU]?(?:\"\"\"|'''|\"|')",
        [
            Sample(Site(path, item.line, item.body_line), item.documented, "no docstring")
            for path, item in functions
            if not item.name.startswith("_") and item.body_line <= item.end_line
        ],
        layer=group.layer,
        language=group.language,
    )


def _doc_comments(group: Group, functions: Sequence[tuple[str, Symbol]], ledger: Ledger) -> None:
    ledger.measure(
        "doc-comment",
        "doc comment",
        f"Public functions{of_layer(group)} have a doc comment",
        r"\A[ \t]*(?:\*/|.*\*/[ \t]*$|//)[^\n]*\n",
        [
            Sample(Site(path, item.line - 1, item.line), item.documented, "no doc comment")
            for path, item in functions
            if item.exported and item.line > 1
        ],
        layer=group.layer,
        language=group.language,
    )


def _python_async(group: Group, functions: Sequence[tuple[str, Symbol]], ledger: Ledger) -> None:
    if any(item.is_async for _, item in functions):
        ledger.measure(
            "async",
            "async",
            f"Functions{of_layer(group)} are `async def`",
            r"^[ \t]*async\s+def\b",
            [
                Sample(signature_site(path, item), item.is_async, "plain `def`")
                for path, item in functions
            ],
            layer=group.layer,
            language=group.language,
        )


def decorator_family(text: str) -> str:
    """A decorator's family: ``router.get("/")`` -> ``router.<verb>``."""
    callee = re.split(r"[(<\s]", text.strip(), maxsplit=1)[0]
    owner, dot, last = callee.rpartition(".")
    if dot and last in _VERBS:
        return f"{owner}.<verb>"
    mapped = re.fullmatch(
        r"(Get|Post|Put|Patch|Delete)Mapping|Http(Get|Post|Put|Patch|Delete)", callee
    )
    if mapped:
        return "<Verb>Mapping" if mapped.group(1) else "Http<Verb>"
    return callee


def _family_pattern(family: str, language: str) -> str:
    words = "|".join(_VERBS)
    titles = "|".join(verb.title() for verb in _VERBS)
    escaped = re.escape(family).replace("<verb>", f"(?:{words})").replace("<Verb>", f"(?:{titles})")
    starts = {"csharp": r"\[(?:[^\]\n]*,\s*)?", "rust": r"#\["}
    return rf"{starts.get(language, '@')}{escaped}\b"


def _decorators(
    group: Group, functions: Sequence[tuple[str, Symbol]], noun: str, ledger: Ledger
) -> None:
    values = [
        (signature_site(path, item), [decorator_family(text) for text in item.decorators])
        for path, item in functions
        if item.name not in {"__init__", "constructor", item.parent}
    ]
    marks = {"csharp": ("[", "]"), "rust": ("#[", "]")}
    start, end = marks.get(group.language, ("@", ""))
    for family in common_values(values, limit=2):
        if family in {"Override", "override", "property", "staticmethod", "classmethod", "Test"}:
            continue
        if family.endswith((".<verb>", "<Verb>", "<Verb>Mapping")):
            continue  # that a handler is registered says nothing
        ledger.measure(
            family,
            "decorator",
            f"{noun} carry `{start}{family}{end}`",
            _family_pattern(family, group.language),
            [Sample(site, family in found) for site, found in values],
            layer=group.layer,
            language=group.language,
        )


def common_values(values: Sequence[tuple[object, Iterable[str]]], *, limit: int) -> list[str]:
    """The values that enough of the sites have, the most frequent first."""
    counts = Counter(value for _, found in values for value in set(found))
    least = max(MIN_SITES - 1, MIN_SHARE * len(values))
    held = [value for value, count in counts.items() if count >= least]
    return sorted(held, key=lambda value: (-counts[value], value))[:limit]


def _type_pattern(text: str) -> str:
    parts = [re.escape(part) for part in re.split(r"\s+", text)]
    joined = r"\s*".join(parts)
    return rf"(?<![\w.]){joined}(?!\w)"


def _parameter_types(
    group: Group, functions: Sequence[tuple[str, Symbol]], noun: str, ledger: Ledger
) -> None:
    if group.language not in _TYPED:
        return
    values = []
    for path, item in functions:
        types = [parameter.type.strip() for parameter in item.parameters if parameter.type]
        if types:
            values.append((signature_site(path, item), types))
    for text in common_values(values, limit=3):
        if (
            _GENERAL_TYPE.match(text)
            or text in _PLAIN_TYPES
            or text.endswith("Props")
            or len(text) > 60
            or text.startswith("{")
        ):
            continue
        ledger.measure(
            text,
            "injected parameter",
            f"{noun} take a parameter of type `{text}`",
            _type_pattern(text),
            [Sample(site, text in found) for site, found in values],
            layer=group.layer,
            language=group.language,
        )


def _results(
    group: Group, functions: Sequence[tuple[str, Symbol]], noun: str, ledger: Ledger
) -> None:
    """The head of the result type that most functions share (``Task``, ``Result``, ``error``)."""
    if group.language not in _TYPED:
        return
    values = []
    for path, item in functions:
        head = _result_head(item.returns, group.language)
        if head:
            values.append((signature_site(path, item), [head]))
    for head in common_values(values, limit=1) if len(values) >= _LEAST_RESULTS else ():
        if head in {"None", "void", "Any", "Self", "any", "unknown", "Element"}:
            continue
        if not _is_spread([(site.path, head in found) for site, found in values]):
            continue
        shown = f"{head}<...>" if head in {"Result", "Option", "Ok", "ResponseEntity"} else head
        ledger.measure(
            f"returns-{head}",
            "result type",
            f"{noun} that return something return `{shown}`"
            + (" as the last result" if head == "error" else ""),
            _result_pattern(head, group.language),
            [Sample(site, head in found, f"`{found[0]}`") for site, found in values],
            layer=group.layer,
            language=group.language,
        )


def _is_spread(sites: Sequence[tuple[str, bool]]) -> bool:
    """Whether most files do it, and not one or two that do it often: what the functions of a
    single feature return is its own result, no habit of the layer."""
    files = {path for path, _ in sites}
    doing = {path for path, hit in sites if hit}
    return len(doing) >= max(_LEAST_FILES, MIN_SHARE * len(files))


_WRAPPERS = r"(?:Task|ValueTask|Promise|IActionResult)"


def _result_head(returns: str, language: str) -> str:
    text = returns.strip()
    if language == "go":
        return "error" if re.search(r"(?:^|[\s,(])error\)?$", text) else text[:40]
    if language in {"csharp", "typescript"}:
        text = re.sub(rf"^{_WRAPPERS}(?:<(.*)>)?$", r"\1", text, flags=re.DOTALL).strip()
    head = re.split(r"[<\[({\s|]", text, maxsplit=1)[0]
    if not re.fullmatch(r"[\w.:]+", head) or head == "void":
        return ""
    return head if language == "python" else re.split(r"::|\.", head)[-1]


def _result_pattern(head: str, language: str) -> str:
    escaped = re.escape(head)
    if language == "go":
        if head == "error":
            return r"(?:\)|,|\w)\s*error\)?\s*\{?[^\n]*\Z"
        return rf"\)\s*\(?{escaped}"
    if language == "python":
        return rf"->\s*[\"']?{escaped}\b"
    if language == "rust":
        return rf"->\s*(?:\w+::)*{escaped}\b"
    if language == "typescript":
        return rf"\)\s*:\s*(?:Promise<\s*)?(?:\w+\.)*{escaped}\b"
    wrapped = r"(?:(?:Value)?Task<\s*(?:[\w.]+\.)?)?" if language == "csharp" else ""
    return rf"(?<![\w.<(]){wrapped}{escaped}(?:<.*>)?\??(?:\[\])?>?\s+\w+\s*(?:<[^()]*>)?\("
