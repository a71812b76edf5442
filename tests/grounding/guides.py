"""The guides of a package: AGENTS.md, CLAUDE.md and README.md, table by table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

import yaml
from claims import SPAN, Claims
from evidence import squeezed

Row = tuple[str, list[str]]


class Guide:
    """One guide on its way through the checks."""

    def __init__(self, name: str, claims: Claims) -> None:
        self.name, self.claims = name, claims
        self.package, self.code, self.ledger = claims.package, claims.code, claims.ledger
        self.lines = (self.package.root / name).read_text(encoding="utf-8").split("\n")
        self.section = ""
        self.tables: dict[tuple[str, ...], Callable[[list[str], str], None]] = {
            ("To", "Run", "Where", "Found in"): self.command_row,
            ("What", "Folders", "Files", "Templates"): self.layer_row,
            ("Template", "File", "What it is", "Grade", "Siblings"): self.template_row,
            ("Technology", "Version", "For", "Declared in"): self.technology_row,
            ("Agent", "Area", "Templates"): self.agent_row,
            ("File", "What"): self.content_row,
            ("Reason", "Files"): self.reason_row,
        }

    def check(self) -> None:
        """Everything that the guide says."""
        header: tuple[str, ...] = ()
        in_fence = False
        for number, line in enumerate(self.lines, 1):
            where = f"{self.name}:{number}"
            if line.startswith("```"):
                in_fence = not in_fence
            elif in_fence:
                self.shell(line, where)
            elif not line.startswith("|"):
                header = ()
                self.prose(line, where)
            elif not header:
                header = tuple(_cells(line))
                known = header in self.tables
                self.ledger.expect(
                    "unchecked", known, where, f"no form checks this table: {header}"
                )
            elif not set(line) <= set("|- "):
                self.tables.get(header, lambda row, place: None)(_cells(line), where)

    # -- tables -----------------------------------------------------------------------------

    def command_row(self, row: list[str], where: str) -> None:
        """A command in each of its folders, with the line that declares it in the first."""
        purpose, command = row[0], _code(row[1])
        folders = [span for _, span in SPAN.findall(row[2])]
        (source, *_) = [span for _, span in SPAN.findall(row[3])] or [""]
        more = re.search(r" and (\d+) more$", row[3])
        mine = [
            item
            for item in self.package.commands
            if (item["purpose"], squeezed(item["command"])) == (purpose, squeezed(command))
        ]
        told = {"" if folder == "." else folder for folder in folders}
        real = {item["folder"].strip("/") for item in mine}
        self.ledger.expect("command", told == real, where, f"{command!r} is run in {sorted(real)}")
        count = len(told) == len(folders) == (int(more[1]) if more else 0) + 1
        self.ledger.expect("command", count, where, f"{len(folders)} folders, {row[3]}")
        for item in mine:
            place = f"{item['path']}:{item['line']}"
            self.claims.command(command, item["folder"].strip("/"), purpose, place, where)
        places = [f"{item['path']}:{item['line']}" for item in mine]
        self.ledger.expect("command", source in places, where, f"declared in {places}")

    def layer_row(self, row: list[str], where: str) -> None:
        expect = self.ledger.expect
        title, folders, number, templates = row
        layer = next(
            (item for item in self.package.layers.values() if item["title"] == title), None
        )
        if not expect("layer", layer, where, f"no layer {title!r}") or layer is None:
            return
        files = layer["files"]
        expect("files", int(number) == len(files) == len(set(files)), where, f"{len(files)} files")
        missing = [path for path in files if not self.code.is_file(path)]
        expect("files", not missing, where, f"not there: {missing[:3]}")
        real = {str(PurePosixPath(path).parent) for path in files}
        named = [span for _, span in SPAN.findall(folders)]
        more = re.search(r" and (\d+) more$", folders)
        expect("path", set(named) <= real, where, f"no files in {sorted(set(named) - real)}")
        total = len(named) + int(more[1] if more else 0)
        expect("files", total == len(real), where, f"{len(real)} folders, told {total}")
        own = [t["id"] for t in self.package.templates.values() if t["layer"] == layer["name"]]
        told = [] if templates == "none" else templates.split(", ")
        expect("templates", told == own, where, f"the layer's templates are {own}")

    def template_row(self, row: list[str], where: str) -> None:
        expect = self.ledger.expect
        key, path, purpose, grade, support = row
        item = self.package.template_ids.get(key)
        if not expect("template-id", item, where, f"no template {key!r}") or item is None:
            return
        expect("template-path", _code(path) == item["path"], where, f"{key} is {item['path']!r}")
        expect("template-path", (self.package.root / item["path"]).is_file(), where, "no such file")
        same = _plain(purpose) == _plain(item["purpose"])
        expect("purpose", same, where, f"the manifest says {item['purpose']!r}")
        self.claims.purpose(purpose, item, where)
        expect("grade", grade == item["grade"], where, f"{key} is graded {item['grade']!r}")
        siblings = self.package.report["templates"][key]["siblings"]
        expect(
            "siblings", int(support) == item["support"] == len(siblings), where, f"{len(siblings)}"
        )

    def technology_row(self, row: list[str], where: str) -> None:
        name, version, role, source = row[0], row[1], row[2], _code(row[3])
        self.claims.technology(name, source, where)
        found = [item for item in self.package.technologies if item["name"] == name]
        told = "" if version == "not pinned" else _code(version)
        fits = any(
            item["role"] == role and _plain(item["version"]) == _plain(told) for item in found
        )
        self.ledger.expect("technology", fits, where, f"{name} {told!r} for {role!r}")
        if told:
            self.claims.version(told, name, source, where)

    def agent_row(self, row: list[str], where: str) -> None:
        expect = self.ledger.expect
        name, area, templates = _code(row[0]), row[1], row[2]
        item = self.package.agents.get(name)
        if not expect("agent-name", item, where, f"no agent {name!r}") or item is None:
            return
        path = self.package.root / "agents" / f"{name}.md"
        if expect("agent-name", path.is_file(), where, f"no file for {name!r}"):
            head = yaml.safe_load(path.read_text(encoding="utf-8").split("---\n")[1])
            expect(
                "frontmatter", _plain(area) == _plain(head["description"]), where, "another area"
            )
        told = [] if templates == "none" else templates.split(", ")
        expect("templates", told == item["templates"], where, f"they are {item['templates']}")

    def content_row(self, row: list[str], where: str) -> None:
        for _, span in SPAN.findall(row[0]):
            there = (self.package.root / span).exists()
            self.ledger.expect("path", there, where, f"not in the package: {span!r}")
        counts = {"agents": len(self.package.agents), "templates": len(self.package.templates)}
        for number, noun in re.findall(r"(\d+) (?:specialist )?(\w+)", row[1]):
            told = counts.get(noun if noun.endswith("s") else f"{noun}s")
            self.ledger.expect("files", told == int(number), where, f"{told} {noun}")

    def reason_row(self, row: list[str], where: str) -> None:
        found = self.package.excluded[row[0]]
        fits = int(row[1]) == found == self.package.facts["excluded_by_reason"].get(row[0])
        self.ledger.expect("files", fits, where, f"{found} left out as {row[0]!r}")

    # -- lines ------------------------------------------------------------------------------

    def prose(self, line: str, where: str) -> None:
        project = self.package.facts["project"]
        if line.startswith("#"):
            self.section = line.lstrip("# ")
        for form, check in self.forms():
            if match := form.fullmatch(line):
                check(match, where)
                return
        self.claims.nothing_unchecked(line.replace(project["name"], ""), where)

    def forms(self) -> Iterator[tuple[re.Pattern[str], Callable[[re.Match[str], str], None]]]:
        yield _MEASURED, self.measured
        if self.section == "Commits":
            yield _SUBJECT, self.subject
        if self.section == "What the tools enforce":
            yield _SETTING, self.setting
            yield _TOOL, self.tool
        yield _HABIT, self.habit
        yield _COMMITS, self.commits
        yield _RULE, self.rule
        yield _SUMMARY, self.summary
        yield _COPIER, self.copier

    def measured(self, match: re.Match[str], where: str) -> None:
        expect, project = self.ledger.expect, self.package.facts["project"]
        expect("identity", match["name"] == project["name"], where, f"it is {project['name']!r}")
        self.commit(match["commit"], where)
        expect("files", int(match["files"]) == project["files"], where, f"{project['files']}")
        if self.code.listed is not None:
            whole = int(match["files"]) + len(self.package.report["excluded_files"])
            expect(
                "files",
                whole == self.code.listed,
                where,
                f"git lists {self.code.listed}, told {whole}",
            )

    def commit(self, told: str | None, where: str) -> None:
        real = self.code.commit or ""
        fits = real.startswith(told) if told else not real
        self.ledger.expect("identity", fits, where, f"the commit is {real[:12]!r}, told {told!r}")

    def habit(self, match: re.Match[str], where: str) -> None:
        self.claims.place(match["place"], where)
        self.claims.habit(
            match["text"],
            int(match["k"]),
            int(match["n"]),
            match["place"],
            where,
            other=(match["other"] or "").rstrip("."),
        )

    def commits(self, match: re.Match[str], where: str) -> None:
        """Counted again in git's own log, without the subjects that machines write."""
        told = self.package.facts.get("commits") or {}
        numbers = (int(match["k"]), int(match["n"]))
        fits = (told.get("k"), told.get("n")) == numbers and match["text"] == told.get("statement")
        self.ledger.expect("count", fits, where, f"the report says {told}")
        people = [item for item in self.code.subjects if not _MACHINE.match(item)]
        found = [item for item in people if re.search(told.get("pattern", "(?!)"), item)]
        real = (len(found), len(people))
        self.ledger.expect("recount", real == numbers, where, f"git's log says {real}")

    def subject(self, match: re.Match[str], where: str) -> None:
        whole = SPAN.fullmatch(match["text"])
        said = whole[2].strip() if whole else match["text"]
        self.ledger.expect("quotation", said in self.code.subjects, where, f"no commit {said!r}")

    def setting(self, match: re.Match[str], where: str) -> None:
        """A setting to the letter, at each of the places that have it."""
        mine = [
            item
            for item in self.package.facts.get("settings", ())
            if item["text"] == match["text"].strip("` ")
        ]
        places = [f"{item['path']}:{item['line']}" for item in mine]
        self.ledger.expect("quotation", match["place"] in places, where, f"it is at {places}")
        count = int(match["more"] or 0) + 1
        self.ledger.expect("count", len(places) == count, where, f"told {count}: {places}")
        for item in mine:
            self.claims.quoted(item["text"], f"{item['path']}:{item['line']}", where)

    def tool(self, match: re.Match[str], where: str) -> None:
        known = {item["tool"] for item in self.package.facts.get("settings", ())}
        self.ledger.expect(
            "technology", match["name"] in known, where, f"no tool {match['name']!r}"
        )

    def rule(self, match: re.Match[str], where: str) -> None:
        self.claims.quoted(match["text"], match["place"], where)

    def summary(self, match: re.Match[str], where: str) -> None:
        expect, package = self.ledger.expect, self.package
        expect("files", int(match["templates"]) == len(package.templates), where, "templates")
        expect("files", int(match["agents"] or 0) == len(package.agents), where, "agents")
        self.commit(match["commit"], where)
        licence = package.facts["project"]["licence"]
        expect("identity", match["licence"] == licence, where, f"the licence is {licence!r}")
        version = package.manifest["generator"]["version"]
        expect("identity", match["version"] == version, where, f"made by {version!r}")

    def copier(self, match: re.Match[str], where: str) -> None:
        if match["left"]:
            out = len(self.package.report["copier_excluded"])
            fits = (int(match["left"]), int(match["of"])) == (out, len(self.package.templates))
            self.ledger.expect("files", fits, where, f"{out} left out")

    def shell(self, line: str, where: str) -> None:
        known = re.match(r"(?:template-create (?:render|validate)|copier copy|mkdir|cp) ", line)
        self.ledger.expect(
            "unchecked", known or not line, where, f"a command nobody knows: {line!r}"
        )


_MEASURED = re.compile(
    r"Measured from (?P<name>.+?)(?: at commit (?P<commit>[0-9a-f]{12}))?, (?P<files>\d+) files\. "
    r'"k of n" means that k of the n places where it applies follow the habit\.'
)
_HABIT = re.compile(
    r"- (?P<text>.+) \((?P<k>\d+) of (?P<n>\d+), see `(?P<place>[^`]+)`\)\."
    r"(?: The others: (?P<other>.+)\.)?"
)
_COMMITS = re.compile(r"(?P<text>.+) \((?P<k>\d+) of (?P<n>\d+)\), for example:")
_SUBJECT = re.compile(r"- (?P<text>.+)")
_SETTING = re.compile(r"- (?P<text>`.+`) \(`(?P<place>[^`]+:\d+)`(?: and (?P<more>\d+) more)?\)")
_TOOL = re.compile(r"(?P<name>[^`]+):")
_MACHINE = re.compile(r"Merge\b|Revert \"|Bump \S+ from|v?\d+\.\d+")
"""How subjects begin that a program wrote."""

_RULE = re.compile(r"- (?P<text>.+) \(`(?P<place>[^`]+:\d+(?:-\d+)?)`\)")
_SUMMARY = re.compile(
    r"(?P<templates>\d+) templates?(?: and (?P<agents>\d+) agents?)? from (?P<name>.+?)"
    r"(?: \(commit (?P<commit>[0-9a-f]{12})\))?(?:, licence of the source: (?P<licence>[^ ]+?))?"
    r"\. Made by template-create (?P<version>\S+)\."
)
_COPIER = re.compile(
    r"Or answer the questions of copier(?: \((?P<left>\d+) of (?P<of>\d+) templates are left to "
    r"`render`, since copier would change their line ends\))?:"
)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def _code(cell: str) -> str:
    return cell.strip("`").replace("\\|", "|")


def _plain(text: str) -> str:
    return squeezed(text.replace("\\|", "|"))


def check_guides(claims: Claims) -> None:
    """The guides that assistants and people read."""
    for name in ("AGENTS.md", "CLAUDE.md", "README.md"):
        Guide(name, claims).check()
