"""The claims that any document of a package can make, each with the check that recounts it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from declarations import count_declarations
from evidence import Code, Json, Package, place, sites, squeezed

SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_PLACE = re.compile(r"(?P<path>.+?)(?::(?P<first>\d+)(?:-(?P<last>\d+))?)?")
_NUMBER = re.compile(
    r"\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|hundreds?|half"
    r"|twice|both)\b"
)
_INSTRUCTING = set(
    re.findall(
        r"\w+",
        """anno anyt anyw asse begi buil call case decl deri ever expo file firs
        from give have impo inst into keep leav make name need noth only othe pass
        plac rais resu retu stan star take than that thei them they this thro
        type used uses usua what when with writ""",
    )
)
"""The first four letters of the words that turn a habit into an instruction."""

_VOCABULARY = {
    "pattern",
    "shape",
    "example",
    "template-create render PACKAGE DEST",
}
"""Code that documents explain instead of finding it in the codebase."""

_CENTRAL = ("Directory.Packages.props", ".versions.toml", "Cargo.toml", "pom.xml", "package.json")
"""Where a project may keep versions for all its manifests."""

_TYPE_NOUNS = ("class", "interface", "struct", "record", "enum", "trait", "type")

_NAMED = re.compile(
    rf"\b({'|'.join(_TYPE_NOUNS)}|function|module) (\w+)"
    r"(?: \(([^()]*(?:\([^()]*\))?[^()]*)\))?"
)
"""``class Item (Base)``, ``function main``."""


class Ledger:
    """What was checked, how often, and what was found wrong."""

    def __init__(self) -> None:
        self.findings: list[Json] = []
        self.checked: Counter[str] = Counter()

    def expect(self, rule: str, holds: object, where: str, message: str) -> bool:
        """Counts a check of ``rule``; notes ``message`` if it does not hold."""
        self.checked[rule] += 1
        if not holds:
            self.findings.append({"rule": rule, "where": where, "message": message})
        return bool(holds)


class Claims:
    """Checks of single claims against one package and its codebase."""

    def __init__(self, package: Package, code: Code, ledger: Ledger) -> None:
        self.package, self.code, self.ledger = package, code, ledger
        self._recounted: dict[str, bool] = {}

    # -- code spans -------------------------------------------------------------------------

    def spans(self, text: str, where: str, *, known: Iterable[str] = ()) -> None:
        """Every code span is there: a path, a place in a file, or words of the code; those
        in ``known`` are checked elsewhere."""
        for match in SPAN.finditer(text):
            span = match[2].strip()
            if span not in known and span not in _VOCABULARY:
                self._span(span, where)

    def _span(self, span: str, where: str) -> None:
        package, code, expect = self.package, self.code, self.ledger.expect
        if span.startswith("templates/"):
            expect("template-path", span in package.templates, where, f"no template {span!r}")
        elif span in package.agents:
            expect("agent-name", True, where, "")
        elif (match := _PLACE.fullmatch(span)) and match["first"] and _is_pathlike(match["path"]):
            self.place(span, where)
        elif code.is_file(span) or span.rstrip("/") in code.folders:
            expect("path", True, where, "")
        elif "*" in span and "/" in span and " " not in span:
            expect("path", code.has_glob(span), where, f"nothing matches {span!r}")
        elif _is_path(span):
            expect("path", False, where, f"no such path {span!r}")
        else:
            expect("code-word", self.occurs(span), where, f"{span!r} is nowhere in the code")

    def place(self, span: str, where: str) -> None:
        """``path:line`` and ``path:first-last`` lie inside the file."""
        match = _PLACE.fullmatch(span)
        if match is None or not self.code.is_file(match["path"]):
            self.ledger.expect("path", False, where, f"no such file: {span!r}")
            return
        first = int(match["first"] or 1)
        last = int(match["last"] or first)
        length = self.code.length(match["path"])
        inside = 1 <= first <= last <= max(length, 1)
        self.ledger.expect("place", inside, where, f"{span!r}: the file has {length} lines")

    def occurs(self, words: str) -> bool:
        """Whether ``words`` are in some file; ``*`` and ``<name>`` stand for anything."""
        parts = [part for part in re.split(r"\*|<\w+>|…", words) if part]
        if all(any(part in path for path in self.code.paths) for part in parts):
            return True
        return any(all(part in text for part in parts) for text in self._texts())

    def _texts(self) -> Iterator[str]:
        for path in self.code.paths:
            if (self.code.root / path).stat().st_size < 400_000:
                yield self.code.text(path)

    # -- counts -----------------------------------------------------------------------------

    def habit(
        self,
        text: str,
        k: int,
        n: int,
        example: str,
        where: str,
        *,
        miss: str = "",
        other: str = "",
    ) -> bool:
        """``text`` says a convention of the report that holds at ``k`` of ``n`` places, with
        this first example and first exception; the convention itself is recounted."""
        fitting = [
            item
            for item in self.package.conventions
            if (len(sites(item["hits"])), len(sites(item["hits"])) + len(sites(item["misses"])))
            == (k, n)
            and example in [place(site) for site in sites(item["hits"])]
            and (not miss or miss in [place(site) for site in sites(item["misses"])])
            and (not other or item["otherwise"].rstrip(".") == other)
            and _says_the_same(text, item)
        ]
        told = self.ledger.expect(
            "count", fitting, where, f"no measured habit is {text!r}, {k} of {n}, at {example!r}"
        )
        if told:
            self.ledger.expect("share", n >= 5 and k / n >= 0.6, where, f"{k} of {n} is no habit")
            return any(self.recount(item, where) for item in fitting)
        return False

    def recount(self, item: Json, where: str) -> bool:
        """The convention's own pattern, on its own places, gives its own numbers."""
        if item["id"] in self._recounted:
            return self._recounted[item["id"]]
        wanted = re.compile(item["pattern"], re.DOTALL | re.MULTILINE)
        hits, misses = sites(item["hits"]), sites(item["misses"])
        wrong = [place(site) for site in hits if not wanted.search(self._text_of(item, site))]
        wrong += [place(site) for site in misses if wanted.search(self._text_of(item, site))]
        layer = self.package.layers.get(item["layer"], {}).get("files")
        strays = {site[0] for site in (*hits, *misses) if layer and site[0] not in layer}
        outside = [
            place(site)
            for site in (*hits, *misses)
            if not self.code.is_file(site[0]) or site[2] > self.code.length(site[0])
        ]
        distinct = len({*hits, *misses}) == len(hits) + len(misses)
        sums = (item["k"], item["n"]) == (len(hits), len(hits) + len(misses))
        fine = not wrong and not strays and not outside and distinct and sums
        self._recounted[item["id"]] = self.ledger.expect(
            "recount",
            fine,
            where,
            f"{item['id']}: counted otherwise at {wrong[:3]}, other layer {sorted(strays)[:3]}, "
            f"outside {outside[:3]}, distinct {distinct}, sums {sums}",
        )
        return fine

    def _text_of(self, item: Json, site: tuple[str, int, int]) -> str:
        if item["subject"] == "path":
            return site[0]
        return self.code.text(*site)

    def purpose(self, text: str, template: Json, where: str) -> None:
        """The counts and names in what a template is said to hold are those of its source."""
        source = template["source"]
        counts = count_declarations(self.code.text(source), template["language"])
        for number, noun in re.findall(r"(?:^|[ :,])(\d+) (\w+)", text):
            kind = _singular(noun)
            found = self._counted(kind, counts or Counter())
            self.ledger.expect(
                "declared-count",
                counts is not None and int(number) in found,
                where,
                f"says {number} {noun}, {source} has {found}",
            )
        body = self.code.text(source)
        for kind, name, base in _NAMED.findall(text):
            named = re.search(rf"\b{re.escape(name)}\b", body) and squeezed(base) in squeezed(body)
            found = self._counted("type" if kind in _TYPE_NOUNS else kind, counts or Counter())
            self.ledger.expect(
                "declared-name",
                named and 1 in found,
                where,
                f"says one {kind} {name}, {source} has {found}",
            )

    @staticmethod
    def _counted(kind: str, counts: Counter[str]) -> set[int]:
        """How many there are: at the top, or with those inside modules."""
        nouns = _TYPE_NOUNS if kind == "type" else (kind,)
        top = sum(counts[noun] for noun in nouns)
        if kind in _TYPE_NOUNS[:-1] and any(counts[noun] for noun in _TYPE_NOUNS if noun != kind):
            return set()  # types of several kinds are counted together, as types
        return {top, top + sum(counts[f"inner {noun}"] for noun in nouns)}

    def declarations(self, names: list[str], more: int, template: Json, where: str) -> None:
        """What a file is said to declare is declared there, and ``more`` is the whole rest."""
        body = self.code.text(template["source"])
        absent = [name for name in names if not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", body)]
        self.ledger.expect("declared-name", not absent, where, f"not declared: {absent}")
        if not more:
            return
        counts = count_declarations(body, template["language"]) or Counter()
        routines = counts["function"] + counts["method"]
        types = sum(counts[noun] + counts[f"inner {noun}"] for noun in _TYPE_NOUNS)
        whole = routines + types
        totals = {whole, routines, whole + counts["module"], counts["endpoint"], counts["test"]}
        self.ledger.expect(
            "declared-count",
            len(names) + more in totals,
            where,
            f"names {len(names)} and {more} more of {template['source']}; it declares {whole}",
        )

    # -- quotations -------------------------------------------------------------------------

    def quoted(self, text: str, span: str, where: str) -> None:
        """``text`` is to the letter what stands at ``span``."""
        match = _PLACE.fullmatch(span)
        assert match is not None
        self.place(span, where)
        first = int(match["first"] or 1)
        last = int(match["last"] or first)
        lines = self.code.text(match["path"], first, last).split("\n")
        source = squeezed(" ".join(_without_marks(line) for line in lines))
        wanted = squeezed(text)
        same = any(item in source for item in (wanted, wanted.removesuffix(".")) if item)
        self.ledger.expect(
            "quotation", same, where, f"{span} does not say {text!r}: {source[:120]!r}"
        )

    def learned(self, text: str, told: dict[str, str | None], agent: str, where: str) -> None:
        """The memory is one of the report's, for this agent, with this kind and source; what is
        quoted of it is its words, and the statement says nothing that it does not."""
        expect = self.ledger.expect
        name, about = told["id"] or told["quoted_id"], told["about"] or told["quoted_about"]
        fitting = [
            item
            for item in self.package.memories
            if item["record"] == name
            and ", ".join(filter(None, (item["kind"], item["source"]))) == about
        ]
        if not expect("memory", fitting, where, f"not in the report: {name!r} ({about})"):
            return
        memory = fitting[0]
        expect("memory", agent in memory["agents"], where, f"{name!r} is not for {agent!r}")
        if told["quote"]:
            same = squeezed(told["quote"]) == squeezed(memory["text"])
            expect("quotation", same, where, f"{name!r} does not say {told['quote']!r}")
        said = re.sub(r"^(?:Do not repeat this|Keep to what was decided|[^:\"]+): (?=\")", "", text)
        foreign = _stems(said) - _stems(memory["text"])
        expect("memory", not foreign, where, f"{name!r} says nothing of {sorted(foreign)}")

    def command(self, command: str, folder: str, purpose: str, span: str, where: str) -> None:
        """The command is one of the report's, run there, and the line cited declares it."""
        fitting = [
            item
            for item in self.package.commands
            if squeezed(item["command"]) == squeezed(command)
            and (item["folder"].strip("/") or ".") == (folder or ".")
            and item["purpose"] == purpose
            and f"{item['path']}:{item['line']}" == span
        ]
        self.ledger.expect("command", fitting, where, f"not in the report: {command!r} at {span!r}")
        self.place(span, where)
        if folder not in ("", "."):
            self.ledger.expect("path", folder in self.code.folders, where, f"no folder {folder!r}")
        path, _, line = span.rpartition(":")
        if not line.isdigit():
            return
        declared = declares_command(self.code, path, int(line), command)
        self.ledger.expect("command", declared, where, f"{span} does not declare {command!r}")

    def technology(self, name: str, span: str, where: str) -> None:
        """The technology is one of the report's, and the line cited names its package."""
        fitting = [
            item
            for item in self.package.technologies
            if item["name"] == name and span in (f"{item['path']}:{item['line']}", item["path"])
        ]
        if not self.ledger.expect(
            "technology", fitting, where, f"not in the report: {name!r}, {span!r}"
        ):
            return
        self.place(span, where)
        path, line = fitting[0]["path"], fitting[0]["line"]
        text = self.code.text(path, line, line) if line else path
        package = fitting[0]["package"].rpartition(":")[2]
        proved = any(
            _bare(word) in _bare(part) for word in (package, name) for part in (text, path)
        )
        self.ledger.expect(
            "technology",
            proved or _is_declared_by_form(name, path, text),
            where,
            f"{span}: {text.strip()!r} does not name {name}",
        )

    def version(self, version: str, technology: str, span: str, where: str) -> None:
        """The version stands at the line cited or just below, or where the project keeps the
        versions of that package for all its manifests."""
        path, _, line = span.rpartition(":")
        near = squeezed(self.code.text(path, int(line), int(line) + 3))
        packages = {
            item["package"].rpartition(":")[2]
            for item in self.package.technologies
            if item["name"] == technology
        }
        central = [item for item in self.code.paths if item.endswith(_CENTRAL)]
        found = version in near or any(
            version in text
            for item in central
            for text in [self.code.text(item)]
            if any(package in text for package in packages)
        )
        self.ledger.expect("version", found, where, f"{span}: no {version!r}")

    # -- the rest ---------------------------------------------------------------------------

    def nothing_unchecked(self, text: str, where: str) -> None:
        """A line that no form took has no number and no code in it."""
        bare = SPAN.sub("", text)
        says = _NUMBER.search(bare) or SPAN.search(text)
        self.ledger.expect(
            "unchecked", not says, where, f"no form checks this line: {text.strip()!r}"
        )


def declares_command(code: Code, path: str, line: int, command: str) -> bool:
    """Whether ``path:line`` declares ``command``: as a target, a script, a step to the letter,
    or as the manifest of the tool that has the command by its own convention."""
    name, words = path.rpartition("/")[2], command.split()
    here = code.text(path, line, line)
    following = squeezed(code.text(path, line, line + 12).replace("\\\n", " "))
    if squeezed(command) in following:
        return True
    target = re.escape(words[-1])
    if name.lower() in ("makefile", "gnumakefile", "justfile", ".justfile"):
        return re.match(rf"@?{target}\b[^=]*:", here) is not None
    if name.startswith("Taskfile"):
        return re.match(rf"\s*{target}:", here) is not None
    if name in ("package.json", "composer.json"):
        return re.search(rf'"{target}"\s*:\s*"', here) is not None
    if name == "pyproject.toml":
        if words[:2] == ["uv", "sync"]:
            return any(item.endswith("uv.lock") for item in code.paths)
        tools = [word for word in words if word not in ("uv", "run", "poetry")]
        return any(_bare(tools[0]) in _bare(here) for _ in (1,)) or bool(
            re.match(rf"{target}\s*=", here)
        )
    if "/" in path and here.startswith("#!"):
        return command.endswith(name)
    return _manifest_tool(code, path, name, words)


def _manifest_tool(code: Code, path: str, name: str, words: list[str]) -> bool:
    tools = {
        "go.mod": ("go",),
        "Cargo.toml": ("cargo",),
        "pom.xml": ("mvn", "./mvnw"),
        "build.gradle": ("gradle", "./gradlew"),
        "build.gradle.kts": ("gradle", "./gradlew"),
        "Gemfile": ("bundle",),
        "manage.py": ("python",),
    }
    if name.endswith((".sln", ".slnx")):
        return words[0] == "dotnet"
    if name.startswith(("compose", "docker-compose")):
        return words[:2] == ["docker", "compose"]
    wrapper = words[0].removeprefix("./")
    return words[0] in tools.get(name, ()) and (wrapper == words[0] or code.is_file(wrapper))


def _is_declared_by_form(name: str, path: str, text: str) -> bool:
    """Technologies that a file declares by its form or its place, not by a package."""
    if name == "GitHub Actions":
        return path.startswith(".github/workflows/")
    forms = {
        "Python": r"python",
        ".NET": r"TargetFramework|netcoreapp|net\d",
        ".NET SDK": r"\"version\"|\"sdk\"|Sdk=",
        "Ruby": r"ruby",
        "Java": r"java|<release>|<source>|jvm",
        "Go": r"^go ",
        "Rust edition": r"edition",
        "Node.js": r"\"node\"|engines",
        "Kubernetes": r"^(?:kind|apiVersion):",
        "ASP.NET Core": r"Microsoft\.NET\.Sdk\.Web|AspNetCore",
    }
    return re.search(forms.get(name, r"(?!)"), text) is not None


def _says_the_same(text: str, item: Json) -> bool:
    """Whether ``text`` puts the convention as an instruction: no code and no number that it
    does not have, a word in common, and else only words that instruct."""
    if text.rstrip(".") == item["statement"].rstrip("."):
        return True
    statement = f"{item['statement']} {item['otherwise']}"
    foreign_code = [span for _, span in SPAN.findall(text) if f"`{span}`" not in statement]
    said, known = SPAN.sub("", text), SPAN.sub("", statement)
    foreign_numbers = set(_NUMBER.findall(said)) - set(_NUMBER.findall(known))
    own = _stems(said) - _INSTRUCTING
    return not (foreign_code or foreign_numbers or own - _stems(known)) and bool(
        _stems(said) & _stems(known)
    )


def _stems(text: str) -> set[str]:
    return {word[:4] for word in re.findall(r"[a-z]{4,}", text.lower())}


def _is_pathlike(text: str) -> bool:
    return " " not in text.strip() or "/" in text


def _is_path(span: str) -> bool:
    """Whether ``span`` reads as a path and not as code: names between slashes, or a name with
    a common ending."""
    if re.search(r"[\s(){}<>=;,\"'$|@#?&]", span) or span.startswith(("/", "~", "-", ".")):
        return False
    known = (
        r"\.(?:py|ts|tsx|js|jsx|cs|go|rs|java|rb|md|toml|json|ya?ml|html|css|csproj|txt|cfg|sql)$"
    )
    return bool(re.search(known, span)) and "*" not in span


def _bare(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", text.lower())


def _without_marks(line: str) -> str:
    return re.sub(r"^\s*(?:[-*+>]|\d+[.)]|#+|//+|--)?\s*(?:\[[ xX]\]\s*)?", "", line)


def _singular(noun: str) -> str:
    irregular = {"classes": "class", "class": "class"}
    return irregular.get(noun, noun.removesuffix("s"))
