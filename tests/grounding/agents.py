"""Agent files: frontmatter, references, practices, examples and constraints, line by line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from claims import SPAN, Claims
from evidence import Json, ancestors, matches, squeezed

_TOOLS = {"Read", "Grep", "Glob", "Edit", "Write", "Bash"}
_LEADS = {
    "Start here": lambda own, tests: True,
    "Also of your layer": lambda own, tests: own,
    "The tests that go with this work": lambda own, tests: tests and not own,
    "Other tests": lambda own, tests: tests and not own,
    "Code under test": lambda own, tests: not own,
    "Next to this work": lambda own, tests: not own and not tests,
}
_EVIDENCE = re.compile(
    r"(?P<k>\d+) of (?P<n>\d+)(?:, for example `(?P<hit>[^`]+)`)?"
    r"(?:; (?:the other (?P<rest>one|\d+): (?P<other>.+?) \(`(?P<miss>[^`]+)`\)"
    r"|(?P<only>the exception is|an exception is) `(?P<except>[^`]+)`))?\."
)
_STANDING = re.compile(
    r"From `(?P<source>[^`]+)` \((?P<lines>\d+) lines?\); "
    r"(?:one example of its layer\.|(?P<grade>pattern|shape|example), "
    r"(?P<alike>\d+) % alike with (?P<support>\d+) sibling files?\.)"
)
_COMMAND = re.compile(
    r"- (?P<mark>`+)(?P<command>.+?)(?P=mark)(?: in `(?P<folder>[^`]+)`)? "
    r"\((?P<purpose>[a-z ]+), from `(?P<place>[^`]+)`\)"
)
_LIBRARIES = re.compile(r"Add no dependency without asking: [\w ,-]+? uses? (?P<names>.+) today\.")
_LAYOUT = re.compile(
    r"(?:Lay out a new file of this kind as|Do not copy the body of"
    r"|Do not depart from the layout of|Declare one \w+ in a file of this kind, as"
    r"|Put a new file of this kind into .+, next to) "
    r"(?P<files>`[^`]+`(?:(?:, | and )`[^`]+`)*)"
)
_HOME = re.compile(
    r"Its (?:(\d+) )?files? (?:are|is)(?: (?P<how>mostly|partly))?(?P<inside> in)? "
    r"(?P<places>(?:`|the top folder).*)\.$"
)
_CAPTION = re.compile(
    r"`(?P<path>[^`]+):(?P<first>\d+)-(?P<last>\d+)`"
    r"(?:; `\.\.\.` stands for the rest, to line (?P<end>\d+))?"
    r"(?:; follows practices? (?P<follows>[\d, and]+))?"
)

_LEARNED = re.compile(
    r"Learned here: (?:memory (?P<id>m-\w+) \((?P<about>[^()]*)\)"
    r"|\"(?P<quote>.+)\" \(memory (?P<quoted_id>m-\w+); (?P<quoted_about>[^()]*)\))\."
)


class AgentFile:
    """One agent file on its way through the checks."""

    def __init__(self, path: Path, claims: Claims) -> None:
        self.path, self.claims = path, claims
        self.ledger = claims.ledger
        self.package, self.code = claims.package, claims.code
        self.lines = path.read_text(encoding="utf-8").split("\n")
        self.manifest: Json = self.package.agents.get(path.stem, {})
        self.layers: list[str] = self.manifest.get("layers", [])
        self.section = ""
        self.practices: list[list[Json]] = []
        self.references: list[str] = []

    def where(self, index: int) -> str:
        return f"agents/{self.path.name}:{index + 1}"

    def check(self) -> None:
        """Everything that the file says."""
        start = self.frontmatter()
        index = start
        while index < len(self.lines):
            line = self.lines[index]
            if line.startswith("## "):
                self.section = line[3:].strip()
                index += 1
            elif self.section == "Code Examples" and line.startswith("### "):
                index = self.example(index)
            elif self.section == "Template References" and re.match(r"\d+\. `", line):
                index = self.reference(index)
            elif self.section in ("Best Practices", "Constraints") and re.match(
                r"(\d+\.|-) ", line
            ):
                index = self.statement(index)
            else:
                self.prose(index)
                index += 1
        self.length()

    # -- head -------------------------------------------------------------------------------

    def frontmatter(self) -> int:
        expect, where = self.ledger.expect, self.where(0)
        if not expect(
            "frontmatter", self.lines[0] == "---" and "---" in self.lines[1:], where, "none"
        ):
            return 0
        end = self.lines.index("---", 1)
        try:
            self.head: Json = yaml.safe_load("\n".join(self.lines[1:end]))
        except yaml.YAMLError as exc:
            expect("frontmatter", False, where, f"no YAML: {exc}")
            return end + 1
        head, listed = self.head, self.manifest
        name, text = head.get("name"), str(head.get("description", ""))
        expect("frontmatter", listed, where, "the manifest does not list this agent")
        expect("frontmatter", name == self.path.stem, where, f"name {name!r} is not the file's")
        expect("frontmatter", re.fullmatch(r"[a-z0-9-]{1,64}", str(name)), where, f"name {name!r}")
        expect("frontmatter", text.startswith("Use when "), where, f"description {text!r}")
        expect("frontmatter", 20 <= len(text) <= 250, where, f"{len(text)} characters")
        expect("frontmatter", text == listed.get("description"), where, "not the manifest's words")
        tools = {item.strip() for item in str(head.get("tools", "")).split(",")}
        expect("frontmatter", tools and tools <= _TOOLS, where, f"tools {sorted(tools)}")
        layers = [item.strip() for item in str(head.get("layer", "")).split(",")]
        known = layers == self.layers and set(layers) <= set(self.package.layers)
        expect("layer", known, where, f"layers {layers}")
        for item in head.get("technologies") or []:
            match = re.fullmatch(r"(.+) \((.+)\)", item)
            if expect("technology", match, where, f"{item!r} has no place") and match:
                self.claims.technology(match[1], match[2], where)
        told = head.get("evidence") or {}
        expect("files", told.get("files") == listed.get("files"), where, "not the manifest's")
        expect("files", self.files_fit(told.get("files")), where, f"{told.get('files')} files")
        expect(
            "templates",
            told.get("templates") == len(listed.get("templates", ())),
            where,
            f"{told.get('templates')} templates",
        )
        self.description(text, where)
        for key, value in head.items():
            if key == "short_because":
                self.short_because(str(value), where)
            elif key in ("generated_by", "template_source", "enhancement"):
                self.claims.nothing_unchecked(
                    str(value).replace(self.package.manifest["name"], ""), where
                )
        return end + 1

    def files_fit(self, number: Any) -> bool:
        """An agent has the files of its layers; of two agents for the same layers each has a
        part, and both together have no more than all."""
        union = len(self.package.layer_files(self.layers))
        twins = [item for item in self.package.agents.values() if item["layers"] == self.layers]
        if len(twins) == 1 and not self.path.stem.startswith(tuple(_LANGUAGES)):
            return bool(number == union)
        return 0 < number <= union and sum(item["files"] for item in twins) <= union

    def description(self, text: str, where: str) -> None:
        expect = self.ledger.expect
        form = re.fullmatch(
            r"Use when adding or changing (?P<work>[^.\d]*?)(?: in (?P<places>\S+(?: or \S+)?))?"
            r"(?:, with (?P<names>.+?))?\."
            r"(?: (?P<knows>Copies from .+|Knows that .+)\.)?",
            text,
        )
        if form is None:
            self.claims.nothing_unchecked(text, where)
            return
        for folder in (form["places"] or "").split(" or "):
            there = not folder or folder in self.code.folders or self.code.has_glob(folder)
            expect("path", there or self.code.is_file(folder), where, f"no such place {folder!r}")
        known = {item["name"] for item in self.package.technologies}
        for name in re.split(r", | and ", form["names"] or ""):
            expect("technology", not name or name in known, where, f"unknown {name!r}")
        if form["knows"]:
            self.knows(form["knows"], where)

    def knows(self, text: str, where: str) -> None:
        """The files to copy from are this agent's templates; the habit is one of its layers."""
        form = re.fullmatch(
            r"(?:Copies from (?P<files>`[^`]+`(?: and `[^`]+`)?))?(?:; |Knows that )?"
            r"(?:(?P<k>\d+) of (?P<n>\d+) (?P<said>.+))?",
            text,
        )
        if not self.ledger.expect("unchecked", form, where, text) or form is None:
            return
        listed = self.manifest.get("templates", ())
        own = [self.package.template_ids[key]["source"] for key in listed]
        for _, name in SPAN.findall(form["files"] or ""):
            there = any(f"/{path}".endswith(f"/{name}") for path in own)
            self.ledger.expect("path", there, where, f"no template of this agent: {name!r}")
        if form["k"]:
            wanted = (int(form["k"]), int(form["n"]))
            fitting = [
                item
                for item in self.package.conventions
                if (item["k"], item["n"]) == wanted
                and item["layer"] in self.layers
                and squeezed(re.sub(r" of the [\w-]+ layer\b", "", item["statement"])).casefold()
                == squeezed(form["said"]).casefold()
            ]
            self.ledger.expect("count", fitting, where, f"no such habit: {text!r}")

    def short_because(self, text: str, where: str) -> None:
        form = re.fullmatch(
            r"(?:only (?P<own>\d+) of its (?P<files>\d+) files? became (?:a template|templates)"
            r"|none of its (?P<none>\d+) files? became a template"
            r"|its (?P<all>\d+) files? (?:is|are) all there is, and small)",
            text,
        )
        if form is None:
            self.claims.nothing_unchecked(text, where)
            return
        own = [
            key for key in self.manifest.get("templates", ()) if self.layer_of(key) in self.layers
        ]
        every = [key for key in self.package.template_ids if self.layer_of(key) in self.layers]
        expect, files = self.ledger.expect, form["files"] or form["none"] or form["all"]
        expect("files", int(files) == self.manifest.get("files"), where, text)
        told = int(form["own"] or 0)
        fits = int(files) <= len(every) if form["all"] else told in (len(own), len(every))
        expect("templates", fits, where, f"own templates: {own}")

    def layer_of(self, key: str) -> str:
        return str(self.package.template_ids.get(key, {}).get("layer"))

    # -- prose ------------------------------------------------------------------------------

    def prose(self, index: int) -> None:
        line, where = self.lines[index], self.where(index)
        if match := _HOME.search(line):
            self.home(match, where)
            self.claims.nothing_unchecked(line[: match.start()], where)
        elif line.startswith("It works with "):
            self.works_with(line, where)
        elif line.startswith("Hand over "):
            self.ledger.expect("agent-name", SPAN.search(line), where, "names nobody")
            self.claims.spans(line, where)
            for _, name in SPAN.findall(line):
                self.ledger.expect("agent-name", name in self.package.agents, where, f"no {name!r}")
        elif match := _COMMAND.fullmatch(line):
            purpose = {"type check": "types"}.get(match["purpose"], match["purpose"])
            self.claims.command(
                match["command"], match["folder"] or "", purpose, match["place"], where
            )
        elif self.section == "Template References":
            self.claims.spans(line, where)
            self.claims.nothing_unchecked(SPAN.sub("", line), where)
        else:
            self.claims.nothing_unchecked(
                line.replace(self.package.facts["project"]["name"], ""), where
            )

    def home(self, match: re.Match[str], where: str) -> None:
        files = self.package.layer_files(self.layers)
        count = int(match[1] or match["places"].count("` and `") + 1)
        self.ledger.expect(
            "files", count == self.manifest.get("files"), where, f"says {count} files"
        )
        places = [span for _, span in SPAN.findall(match["places"])]
        places += ["."] * ("the top folder" in match["places"])
        for item in places:
            there = item in (".", *self.code.folders, *files) or self.code.has_glob(item)
            self.ledger.expect("path", there, where, f"nothing matches {item!r}")
        if len(self.manifest.get("layers", ())) and len(files) == self.manifest.get("files"):
            outside = [
                path for path in sorted(files) if not any(_holds(item, path) for item in places)
            ]
            least = {"mostly": count / 2, "partly": 1}.get(match["how"] or "", count)
            fits = count - len(outside) >= least
            self.ledger.expect("home", fits, where, f"elsewhere: {outside[:5]}")

    def works_with(self, line: str, where: str) -> None:
        listed = {item["name"] for item in self.manifest.get("technologies", ())}
        names = re.split(r", | and ", line.removeprefix("It works with ").removesuffix("."))
        unknown = sorted(set(names) - listed)
        self.ledger.expect("technology", not unknown, where, f"not the agent's: {unknown}")

    # -- sections ---------------------------------------------------------------------------

    def reference(self, index: int) -> int:
        expect, where = self.ledger.expect, self.where(index)
        block = self.block(index)
        number, path = re.match(r"(\d+)\. `([^`]+)`$", block[0]).groups()  # type: ignore[union-attr]
        expect("numbering", int(number) == len(self.references) + 1, where, f"number {number}")
        self.references.append(path)
        template = self.package.templates.get(path)
        if (
            not expect("template-path", template, where, f"no template {path!r}")
            or template is None
        ):
            return index + len(block)
        expect("template-path", (self.package.root / path).is_file(), where, f"no file {path!r}")
        listed = template["id"] in self.manifest.get("templates", ())
        expect("template-path", listed, where, "not a template of this agent")
        for offset, line in enumerate(block[1:], 1):
            spot, text = self.where(index + offset), line.strip()
            if match := _STANDING.fullmatch(text):
                self.standing(match, template, spot)
            else:
                self.why(text, template, spot)
        return index + len(block)

    def standing(self, match: re.Match[str], template: Json, where: str) -> None:
        expect, source = self.ledger.expect, match["source"]
        expect("path", source == template["source"], where, f"the source is {template['source']!r}")
        expect("path", self.code.is_file(source), where, f"no such file {source!r}")
        length = self.code.length(source)
        expect("lines", int(match["lines"]) == length, where, f"{source} has {length} lines")
        alone = not match["grade"] and (similarity_of(template) < 0.3 or not template["support"])
        grade = match["grade"] == template["grade"] or alone
        expect("grade", grade, where, f"it is {template['grade']}, {template['similarity']}")
        siblings = self.package.report["templates"][template["id"]]["siblings"]
        support, similarity = int(match["support"] or 0), template["similarity"]
        same = template["support"] == len(siblings) and (alone or support == template["support"])
        expect("siblings", same, where, f"{len(siblings)}")
        for path in siblings:
            expect("siblings", self.code.is_file(path) and path != source, where, f"{path!r}")
        if match["alike"]:
            alike = f"{100 * similarity:.0f}"
            expect("alike", match["alike"] == alike, where, f"the manifest says {alike} %")
            grade = "pattern" if similarity >= 0.8 else "shape" if similarity >= 0.5 else "example"
            expect("grade", match["grade"] == grade, where, f"{similarity} makes a {grade}")

    def why(self, text: str, template: Json, where: str) -> None:
        form = re.fullmatch(
            r"(?P<lead>[A-Z][a-z ]+?)\.(?: (?P<purpose>.+?)\.)?(?: It declares (?P<names>`.+?)\.)?",
            text,
        )
        expect = self.ledger.expect
        if form is None or form["lead"] not in _LEADS:
            self.claims.nothing_unchecked(text, where)
            return
        own, tests = template["layer"] in self.layers, template["layer"] in ("tests", "e2e")
        expect(
            "lead",
            _LEADS[form["lead"]](own, tests),
            where,
            f"{form['lead']!r}: {template['layer']}",
        )
        purpose = template["purpose"].rstrip(".")
        same = (form["purpose"] or "").lower() == purpose.lower()
        expect("purpose", same, where, f"the manifest says {purpose!r}")
        self.claims.purpose(form["purpose"] or "", template, where)
        if form["names"]:
            more = re.search(r" and (\d+) more$", form["names"])
            names = [span for _, span in SPAN.findall(form["names"])]
            self.claims.declarations(names, int(more[1]) if more else 0, template, where)
            left = re.sub(
                r"`[^`]+`(?: \([A-Z]+\))?| and (?:\d+ more|others)$|,| and ", "", form["names"]
            )
            expect("unchecked", not left.strip(), where, f"not understood: {left!r}")
            for name, verb in re.findall(r"`([^`]+)` \(([A-Z]+)\)", form["names"]):
                self.route(name, verb, template, where)

    def route(self, name: str, verb: str, template: Json, where: str) -> None:
        lines = self.code.lines(template["source"])
        found = [
            number
            for number, line in enumerate(lines)
            if re.search(rf"(?<!\w){re.escape(name)}(?!\w)\s*[(<]", line)
            and re.search(
                rf"(?i)\b(?:http)?{verb}(?:mapping)?\b",
                "\n".join(lines[max(0, number - 14) : number + 1]),
            )
        ]
        self.ledger.expect("route", found, where, f"{name!r} is not routed by {verb}")

    def statement(self, index: int) -> int:
        block = self.block(index)
        where = self.where(index)
        text = re.sub(r"^(?:\d+\.|-) ", "", block[0])
        proofs = re.sub(r";\n\s*", "; ", "\n".join(block[1:])).split("\n")
        proofs = [line.strip() for line in proofs if line.strip()]
        habits: list[Json] = []
        known: set[str] = set()
        for offset, proof in enumerate(proofs, 1):
            self.proof(text, proof, self.where(index + offset), habits, known)
        if not proofs:
            self.unproved(text, where)
        if self.section == "Best Practices":
            number = int(block[0].partition(".")[0])
            self.practices.append(habits)
            self.ledger.expect(
                "numbering", number == len(self.practices), where, f"number {number}"
            )
        if proofs and not habits and not known:
            self.claims.spans(text, where)
        if habits:
            usually = text.startswith("Usually ")
            shares = [item["k"] / item["n"] for item in habits]
            fits = any(share < 0.8 for share in shares) if usually else max(shares) >= 0.6
            self.ledger.expect("share", fits, where, f"{text!r}: {shares}")
        return index + len(block)

    def proof(self, text: str, proof: str, where: str, habits: list[Json], known: set[str]) -> None:
        if match := _EVIDENCE.fullmatch(proof):
            self.counted(text, match, where, habits)
        elif match := re.fullmatch(r"The project's own words, `([^`]+)`\.", proof):
            known.add("quoted")
            self.claims.quoted(text, match[1], where)
        elif match := re.fullmatch(r'The project says: "(.+)" \(`([^`]+)`\)\.', proof):
            self.claims.quoted(match[1], match[2], where)
        elif match := _LEARNED.fullmatch(proof):
            known.add("learned")
            self.claims.learned(text, match.groupdict(), self.path.stem, where)
        elif re.fullmatch(r"See `[^`]+`\.", proof):
            self.claims.spans(proof, where)
            if match := _LAYOUT.match(text):
                known.add("layout")
                self.layout(text, match["files"], where)
        elif match := re.fullmatch(r"In use: (.+)\.", proof):
            for name, span in re.findall(r"([^;`]+?) \(`([^`]+)`\)", match[1]):
                self.claims.technology(name.strip(), span, where)
        elif match := re.fullmatch(r"Command: `(.+)` \(`([^`]+)`\)\.", proof):
            found = [item for item in self.package.commands if item["command"] == match[1]]
            self.ledger.expect("command", found, where, f"not in the report: {match[1]!r}")
            self.claims.place(match[2], where)
        else:
            self.claims.nothing_unchecked(proof, where)

    def counted(self, text: str, match: re.Match[str], where: str, habits: list[Json]) -> None:
        k, n = int(match["k"]), int(match["n"])
        rest = {"one": 1, None: n - k}.get(match["rest"])
        rest = int(match["rest"]) if rest is None else rest
        self.ledger.expect("count", rest == n - k, where, f"{k} and {rest} are not {n}")
        if match["only"] == "the exception is":
            self.ledger.expect("count", n - k == 1, where, f"{n - k} exceptions")
        if k < n:
            told = match["miss"] or match["except"]
            self.ledger.expect("count", told, where, "tells no exception")
        for span in (match["hit"], match["miss"], match["except"]):
            if span:
                self.claims.place(span, where)
        self.claims.habit(
            text.removeprefix("Usually "),
            k,
            n,
            match["hit"] or "",
            where,
            miss=match["miss"] or match["except"] or "",
            other=(match["other"] or "").rstrip("."),
        )
        habits.append({"k": k, "n": n, "hit": match["hit"]})

    def unproved(self, text: str, where: str) -> None:
        """What may stand without a place: which libraries are in use, which of the files
        referenced above to lay a new one out like, or not to copy."""
        if match := _LIBRARIES.fullmatch(text):
            known = {item["name"] for item in self.manifest.get("technologies", ())}
            for name, span in re.findall(r"(?:^| and )([^`]+?) \(`([^`]+)`\)", match["names"]):
                self.ledger.expect("technology", name in known, where, f"not the agent's: {name!r}")
                self.claims.technology(name, span, where)
        elif match := _LAYOUT.match(text):
            self.layout(text, match["files"], where)
        else:
            self.ledger.expect("no-evidence", False, where, f"nothing proves {text!r}")

    def layout(self, text: str, files: str, where: str) -> None:
        """Names that a referenced file declares, its grade, about how many lines it has."""
        expect = self.ledger.expect
        names = [span for _, span in SPAN.findall(files)]
        for name in names:
            fitting = [
                item
                for path in self.references
                if (item := self.package.templates.get(path))
                and f"/{item['source']}".endswith(f"/{name}")
            ]
            only = len({item["source"] for item in fitting}) == names.count(name) == 1
            if expect("path", only, where, f"{name!r} does not tell one of the templates above"):
                self.one_layout(text, fitting[0], where)

    def one_layout(self, text: str, template: Json, where: str) -> None:
        expect, source = self.ledger.expect, template["source"]
        if match := re.search(r" into `([^`]+)`, next to", text):
            inside = source.rpartition("/")[0] == match[1]
            expect("path", inside, where, f"{source} is not in {match[1]!r}")
            return
        if text.startswith("Do not copy"):
            expect("grade", template["grade"] == "example", where, f"{source}: {template['grade']}")
            return
        body = self.code.text(source)
        names = [span for _, span in SPAN.findall(text)][1:]
        found = [re.search(rf"(?<!\w){re.escape(name)}(?!\w)", body) for name in names]
        absent = [name for name, match in zip(names, found, strict=True) if match is None]
        expect("declared-name", not absent, where, f"not in {source}: {absent}")
        if about := re.search(r"in about (\d+) lines", text):
            length = self.code.length(source)
            expect("lines", int(about[1]) == length, where, f"{source} has {length} lines")

    def example(self, index: int) -> int:
        expect, where = self.ledger.expect, self.where(index)
        heading = self.lines[index]
        fence = next(
            (n for n in range(index + 1, len(self.lines)) if re.match(r"`{3,}", self.lines[n])),
            None,
        )
        if (
            not expect("excerpt", fence is not None, where, f"no code under {heading!r}")
            or fence is None
        ):
            return index + 1
        mark = re.match(r"`+", self.lines[fence])[0]  # type: ignore[index]
        end = next((n for n in range(fence + 1, len(self.lines)) if self.lines[n] == mark), None)
        if not expect("excerpt", end is not None, where, "the fence is not closed") or end is None:
            return len(self.lines)
        shown = "\n".join(self.lines[fence + 1 : end])
        captions = [n for n in range(index + 1, fence) if self.lines[n].strip()]
        match = _CAPTION.fullmatch(self.lines[captions[0]]) if captions else None
        if expect("excerpt", match, where, "no caption with path and lines") and match:
            self.excerpt(match, shown, self.where(captions[0]))
        for other in captions[1:]:
            self.claims.nothing_unchecked(self.lines[other], self.where(other))
        self.heading(heading, shown, match["path"] if match else "", where)
        return end + 1

    def excerpt(self, match: re.Match[str], shown: str, where: str) -> None:
        path, first, last = match["path"], int(match["first"]), int(match["last"])
        expect = self.ledger.expect
        self.claims.place(f"{path}:{first}-{last}", where)
        if match["end"] and shown.split("\n")[-1].strip() == "...":
            shown = shown.rpartition("\n")[0]
        expect(
            "excerpt", shown == self.code.text(path, first, last), where, "not the lines it names"
        )
        sources = {item["source"] for item in self.package.templates.values()}
        expect("excerpt", path in sources, where, f"{path!r} is not the source of a template")
        if match["end"]:
            expect("place", last < int(match["end"]) <= self.code.length(path), where, match["end"])
        for number in map(int, re.findall(r"\d+", match["follows"] or "")):
            known = 1 <= number <= len(self.practices)
            if not expect("follows", known, where, f"no practice {number}"):
                continue
            expect("follows", self.has_site(number, path, first, last), where, f"practice {number}")

    def has_site(self, number: int, path: str, first: int, last: int) -> bool:
        told = self.practices[number - 1]
        wanted = [(item["k"], item["n"]) for item in told]
        return any(
            first <= span[0] <= last
            for item in self.package.conventions
            if (item["k"], item["n"]) in wanted
            for span in item["hits"].get(path, ())
        )

    def heading(self, heading: str, shown: str, path: str, where: str) -> None:
        """A heading names what the excerpt shows."""
        title = heading.removeprefix("### ")
        names = [span for _, span in SPAN.findall(title)]
        absent = [name for name in names if name not in shown and name != path.rpartition("/")[2]]
        self.ledger.expect("heading", names and not absent, where, f"not in the excerpt: {absent}")
        left = re.sub(r"`[^`]*`|:", "", title).strip()
        fits = not left or re.fullmatch(r"[A-Z][a-z]+|GET|POST|PUT|PATCH|DELETE", left)
        self.ledger.expect("unchecked", fits, where, f"not understood: {left!r}")
        if left.isupper():
            self.ledger.expect("route", re.search(left, shown, re.IGNORECASE), where, f"no {left}")

    # -- helpers ----------------------------------------------------------------------------

    def block(self, index: int) -> list[str]:
        """The line and those indented below it."""
        end = index + 1
        while end < len(self.lines) and re.match(r" {2,}\S", self.lines[end]):
            end += 1
        return self.lines[index:end]

    def length(self) -> None:
        count = len(self.lines) - (not self.lines[-1])
        short = bool(getattr(self, "head", {}).get("short_because"))
        fits = 150 <= count <= 250 or (short and count < 150)
        self.ledger.expect("length", fits, self.where(0), f"{count} lines, short_because: {short}")
        entries = [item for item in self.package.report["agents"] if item["name"] == self.path.stem]
        same = entries and entries[0]["lines"] == count
        self.ledger.expect("length", same, self.where(0), f"{count} lines, the report differs")


_LANGUAGES = ("python-", "typescript-", "javascript-", "csharp-", "go-", "rust-", "java-", "ruby-")


def similarity_of(template: Json) -> float:
    """The measured similarity with siblings; none without any."""
    return float(template["similarity"] or 0.0)


def _holds(glob: str, path: str) -> bool:
    """Whether ``path`` is ``glob`` or lies below a folder that matches it."""
    if glob == ".":
        return "/" not in path
    return any(matches(glob, part) for part in (path, *ancestors(path)))


def check_agents(claims: Claims) -> None:
    """Every file in ``agents``; those that the manifest lists are all there."""
    paths = sorted((claims.package.root / "agents").glob("*.md"))
    names = {path.stem for path in paths}
    same = names == set(claims.package.agents)
    claims.ledger.expect("agent-name", same, "agents", f"{sorted(names)} are not the manifest's")
    for path in paths:
        AgentFile(path, claims).check()
    prose: dict[str, str] = {}
    for path in paths:
        text = squeezed(path.read_text(encoding="utf-8"))
        first = prose.setdefault(text, path.name)
        claims.ledger.expect(
            "unique", first == path.name, f"agents/{path.name}", f"the same as {first}"
        )
