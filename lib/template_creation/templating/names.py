"""What the repository declares, so that no name of somebody else is ever renamed.

Bar B4 of the facts (section 9): a renamed identifier is one that the repository declares, a
renamed import path is one that resolves inside it. `Names` answers for the repository,
`FileNames` for one file of it, where a name imported from outside hides one of our own.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from template_creation.values.analysis import Analysis
from template_creation.values.facts import FileFacts, Import

__all__ = ["FileNames", "Names", "collect_names"]

_SEPARATOR = re.compile(r"::|[./\\]")
_ALIAS = re.compile(r"\s+as\s+|\s*=>\s*")
_INSIDE = ("./", "../", "@/", "~/", "#/", "$lib/", "crate", "super", "self", "src/")
_RELATIVE_LANGUAGES = frozenset({"python", "javascript", "jsx", "typescript", "tsx"})
_RUBY_DECLARERS = re.compile(
    r"(?:\w+\.)?(?:has_many|has_one|belongs_to|has_and_belongs_to_many|has_secure_password"
    r"|attr_(?:reader|writer|accessor)|attribute|enum|scope|delegate|resources?|let!?|subject"
    r"|factory|create_table|define_method|alias_method|helper_method|before_action"
    r"|after_action|before_\w+|after_\w+|validates?|has_one_attached|has_many_attached"
    r"|t\.\w+|references|string|integer|bigint|text|datetime|boolean|timestamp|index)"
)
_GRAPHQL_SCHEMA = re.compile(r"(?i)\.graphqls$|schema[^/]*\.(?:graphql|gql)$|/schema/.*\.graphql$")
_GRAPHQL_SERVERS = frozenset(
    {
        *("Apollo Server", "Ariadne", "GraphQL Java", "GraphQL Ruby", "GraphQL Yoga", "Graphene"),
        *("Hot Chocolate", "Mercurius", "Pothos", "Strawberry GraphQL", "TypeGraphQL"),
        *("async-graphql", "gqlgen", "juniper"),
    }
)


def _parts(module: str) -> tuple[str, ...]:
    return tuple(part for part in _SEPARATOR.split(module.strip("\"'`<>; ")) if part)


@dataclass(frozen=True)
class FileNames:
    """The names that may be renamed in one file.

    ``own`` are names the file imports from inside the repository, ``foreign`` those that it
    imports from outside; the latter win. ``packages`` are names that stand for a package, which
    a language writes in one lower-case word (Go).
    """

    names: Names
    path: str
    language: str
    own: frozenset[str]
    foreign: frozenset[str]
    packages: frozenset[str] = frozenset()

    def allows(self, identifier: str) -> bool:
        """Whether ``identifier`` may be renamed here."""
        bare = identifier.lstrip("@$:#").rstrip("?!=")
        if bare in self.foreign:
            return False
        if bare in self.own or bare in self.names.declared:
            return True
        return any(part in self.names.declared for part in self.lookup_parts(bare))

    def lookup_parts(self, identifier: str) -> tuple[str, ...]:
        """The fields that a keyword of a query joins (``feed__feed_type``), empty for other
        names; whoever renames a field renames it in there too."""
        if self.language != "python" or "__" not in identifier.strip("_"):
            return ()
        return tuple(part for part in identifier.split("__") if part)

    def resolves(self, module: str) -> bool:
        """Whether an import of ``module`` in this file stays inside the repository."""
        return self.names.resolves(module, self.language, self.path)


@dataclass(frozen=True)
class Names:
    """Everything that the repository declares.

    ``declared`` are names of its code, parts of its namespaces and its modules; ``stems`` are
    all endings of its paths without extension (``app/models``), with the extension, empty for
    folders;
    ``namespaces`` are its declared ones, ``outer_namespaces`` all their beginnings;
    ``modules`` are the names of its package roots; ``serves_graphql`` tells whether the schema
    that GraphQL documents speak of is its own.
    """

    declared: frozenset[str]
    stems: Mapping[str, str]
    namespaces: frozenset[str]
    outer_namespaces: frozenset[str]
    modules: frozenset[str]
    serves_graphql: bool = False
    _known: dict[tuple[str, str], bool] = field(default_factory=dict, repr=False, compare=False)

    def for_file(self, path: str, facts: FileFacts) -> FileNames:
        """The names of the file at ``path``."""
        own: set[str] = set()
        foreign: set[str] = set()
        for item in facts.imports:
            inside = self.resolves(item.module, facts.language, path)
            (own if inside else foreign).update(_bound(item, facts.language))
        own -= foreign
        packages = {*own, facts.namespace} if facts.language == "go" else set()
        return FileNames(
            self, path, facts.language, frozenset(own), frozenset(foreign), frozenset(packages)
        )

    def extension_of(self, path: str) -> str | None:
        """The extension of the file that a text such as ``owners/form`` names, if it does."""
        text = path.strip("/")
        if text.count("/") < 1:
            return None
        return self.stems.get(text) or self.stems.get(_stem(text)) or None

    def resolves(self, module: str, language: str, path: str) -> bool:
        """Whether ``module`` as written in the file at ``path`` is one of ours."""
        text = module.strip("\"'`<>; ")
        if text.startswith((".", "/")):
            return self._relative(text, language, path)
        key = (text, language)
        if key not in self._known:
            self._known[key] = self._resolves(text, language)
        return self._known[key]

    def _relative(self, text: str, language: str, path: str) -> bool:
        if language == "python" or not text.startswith(("./", "../")):
            return language in _RELATIVE_LANGUAGES or text in (".", "..")
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), text))
        return _stem(target) in self.stems or target in self.stems

    def _resolves(self, text: str, language: str) -> bool:
        parts = _parts(text)
        if not parts:
            return False
        if language == "go":
            return any(text == name or text.startswith(f"{name}/") for name in self.modules)
        if language == "rust":
            return parts[0] in ("crate", "super", "self") or parts[0] in {
                name.replace("-", "_") for name in self.modules
            }
        if language in ("csharp", "java"):
            if language == "csharp" and ".".join(parts) in self.outer_namespaces:
                return True
            lengths = range(len(parts), max(len(parts) - 3, 0), -1)
            return any(".".join(parts[:length]) in self.namespaces for length in lengths)
        if any(text == name or text.startswith(f"{name}/") for name in self.modules):
            return True
        if text.startswith(_INSIDE) and language != "python":
            parts = parts[1:] if text[0] in "@~#$" else parts
        if text.startswith("@") and not text.startswith("@/") and "/" in text:
            parts = parts[1:] if parts else parts
            return len(parts) > 1 and "/".join(parts) in self.stems
        return bool(parts) and "/".join(parts) in self.stems


def _stem(path: str) -> str:
    folder, _, name = path.rpartition("/")
    bare = name.split(".")[0] if not name.startswith(".") else name
    return f"{folder}/{bare}" if folder else bare


def _bound(item: Import, language: str) -> Iterable[str]:
    """The names that an import binds in its file, original names and aliases alike."""
    texts = item.names or _module_binding(item.module, language)
    for text in texts:
        for part in _ALIAS.split(text):
            name = part.strip().lstrip("*").strip()
            if name:
                yield name
                yield from _parts(name)[-1:]


def _module_binding(module: str, language: str) -> tuple[str, ...]:
    """The name that importing a whole module binds, where it binds one."""
    if language == "python":
        return _parts(module)[:1]
    return _parts(module)[-1:] if language in ("go", "rust") else ()


def collect_names(analysis: Analysis) -> Names:
    """What ``analysis`` says the repository declares; generated files count too.

    A name that a file only imports is not declared by it. (Facts section 7: ``CheckboxItem``
    of a component library is not ours because we import it.)
    """
    namespaces = _namespaces(analysis.facts)
    stems = _stems(analysis.files)
    modules = frozenset(root.name for root in analysis.roots if root.name)
    outer = frozenset(outer for item in namespaces for outer in _beginnings(item))
    declared: set[str] = set()
    for path, facts in analysis.facts.items():
        imported = {name for item in facts.imports for name in _bound(item, facts.language)}
        declared.update(set(facts.declared) - imported if imported else facts.declared)
        declared.update(symbol.name for symbol in facts.symbols)
        if facts.language == "ruby":
            declared.update(
                call.first_argument.lstrip(":")
                for call in facts.calls
                if call.first_argument and _RUBY_DECLARERS.fullmatch(call.callee)
            )
        elif facts.language in ("python", "rust"):
            declared.update(_parts(_stem(path))[-2:])
    for namespace in namespaces:
        declared.update(_parts(namespace))
    clean = {name.lstrip("@$:#").rstrip("?!=") for name in declared}
    serves = any(_GRAPHQL_SCHEMA.search(path) for path in analysis.files) or any(
        item.name in _GRAPHQL_SERVERS for item in analysis.technologies
    )
    return Names(frozenset(clean), stems, namespaces, outer, modules, serves)


def _namespaces(facts: Mapping[str, FileFacts]) -> frozenset[str]:
    return frozenset(
        item.namespace
        for item in facts.values()
        if item.namespace and item.language in ("csharp", "java", "go")
    )


def _beginnings(namespace: str) -> Iterable[str]:
    parts = _parts(namespace)
    return (".".join(parts[: index + 1]) for index in range(len(parts)))


def _stems(paths: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    folders: set[str] = set()
    for path in paths:
        extension = path.rpartition(".")[2]
        for ending in _endings(_stem(path)):
            found[ending] = extension
        folder = path.rpartition("/")[0]
        while folder and folder not in folders:
            folders.add(folder)
            for ending in _endings(folder):
                found.setdefault(ending, "")
            folder = folder.rpartition("/")[0]
    return found


def _endings(path: str) -> Iterable[str]:
    parts = path.split("/")
    return ("/".join(parts[index:]) for index in range(len(parts)))
