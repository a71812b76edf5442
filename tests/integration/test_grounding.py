"""Everything that a package says is recounted by a checker that shares no code with us.

The checker (``tests/grounding``) is started as a program on the package and on the codebase,
and nothing else. A claim that it has no form for is a finding too, so nothing slips by.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

Json = dict[str, Any]
Check = Callable[..., dict[Path, Json]]


@pytest.fixture(scope="module")
def check(_sealed_session: None, checkout: Path) -> Check:
    """Runs the checker on packages of a codebase: what it found, by package."""

    def run(codebase: Path, *packages: Path) -> dict[Path, Json]:
        asked = [sys.executable, checkout / "tests/grounding", codebase, *packages]
        done = subprocess.run(list(map(str, asked)), capture_output=True, text=True, check=False)
        assert done.stdout, done.stderr
        found: dict[str, Json] = json.loads(done.stdout)
        assert done.returncode == any(item["findings"] for item in found.values())
        return {Path(package): item for package, item in found.items()}

    return run


@pytest.fixture(scope="module")
def truth(bookshop_package: Path, bookshop_once: Path, check: Check) -> Json:
    """What the checker says of the package as it was made."""
    return check(bookshop_once, bookshop_package)[bookshop_package]


def test_every_claim_of_the_bookshops_package_holds(truth: Json) -> None:
    """Issue 2: every path, count and excerpt in every agent file is recountable."""
    assert truth["findings"] == []


def test_the_checker_looked_at_every_kind_of_claim(truth: Json, bookshop_package: Path) -> None:
    """No finding is no proof where nothing was looked at."""
    agents = len(list((bookshop_package / "agents").glob("*.md")))
    least = {
        "agent-name": agents,
        "alike": 3 * agents,
        "command": 3 * agents,
        "count": 3 * agents,
        "declared-count": 2 * agents,
        "declared-name": 2 * agents,
        "excerpt": 3 * agents,
        "files": 3 * agents,
        "follows": agents,
        "frontmatter": 6 * agents,
        "heading": agents,
        "home": agents,
        "layer": agents,
        "length": 2 * agents,
        "lines": 3 * agents,
        "place": 10 * agents,
        "quotation": 6,
        "recount": 15,
        "route": 5,
        "siblings": 5 * agents,
        "technology": 2 * agents,
        "template-id": 10,
        "template-path": 6 * agents,
        "unchecked": 20 * agents,
        "version": 5,
    }
    checked = truth["checked"]
    assert {rule: n for rule, n in least.items() if checked.get(rule, 0) < n} == {}


def test_the_checker_knows_nothing_of_the_product(checkout: Path) -> None:
    for module in sorted((checkout / "tests/grounding").glob("*.py")):
        text = module.read_text(encoding="utf-8")
        assert not re.search(
            r"^\s*(?:import|from)\s+(?:template_creation|batch_engine)", text, re.M
        )


@dataclass(frozen=True)
class Lie:
    """One change of one file of the package that makes it say something untrue."""

    name: str
    file: str
    truth: str
    lie: str | Callable[[re.Match[str]], str]
    rule: str


def _more(match: re.Match[str]) -> str:
    """The same text with the number in the group one higher."""
    at, end = match.start(1) - match.start(), match.end(1) - match.start()
    return f"{match[0][:at]}{int(match[1]) + 1}{match[0][end:]}"


API, DATA = "agents/api-specialist.md", "agents/data-*.md"
LIES = [
    Lie("a count of places", API, r"^   (\d+) of \d+, for example", _more, "count"),
    Lie("a count of all places", "AGENTS.md", r"of (\d+), see `", _more, "count"),
    Lie("the place of an example", API, r"(for example `[^`:]+):\d+`", r"\1:1`", "count"),
    Lie("a habit that nobody has", API, r"^(\d)\. Give functions a", r"\1. Write two of", "count"),
    Lie(
        "a path in a caption",
        API,
        r"^`src/bookshop/routers/(\w+)\.py:",
        r"`src/bookshop/routes/\1.py:",
        "path",
    ),
    Lie("a line range beyond the file", API, r"^(`[^`]+\.py):\d+-\d+`", r"\1:1-9999`", "place"),
    Lie("a line range moved by one", API, r"^`[^`]+\.py:\d+-(\d+)`", _more, "excerpt"),
    Lie(
        "a line of an excerpt",
        API,
        r'"""Change what is known',
        '"""Change all that is known',
        "excerpt",
    ),
    Lie("an indent of an excerpt", API, r"^    return service", "   return service", "excerpt"),
    Lie("the name over an excerpt", API, r"^### (.*)`([\w.]+)`$", r"### \1`invented`", "heading"),
    Lie("an excerpt without its caption", API, r"^`[^`\n]+:\d+-\d+`.*\n", "", "excerpt"),
    Lie(
        "which practice it follows", API, r"(; follows practices?) [\d, and]+$", r"\1 9", "follows"
    ),
    Lie("a template's path", API, r"templates/src/", "templates/source/", "template-path"),
    Lie(
        "another agent's template",
        DATA,
        r"(1\. `templates)/[^`]+`",
        r"\1/tests/test_cli.py.template`",
        "template-path",
    ),
    Lie("how alike siblings are", API, r"(\d+) % alike", _more, "alike"),
    Lie("the number of siblings", API, r"alike with (\d+) sibling", _more, "siblings"),
    Lie("a grade", API, r"; pattern, ", "; shape, ", "grade"),
    Lie("the length of a file", API, r"\((\d+) lines\); ", _more, "lines"),
    Lie("what a template holds", API, r": (\d+) endpoints", _more, "declared-count"),
    Lie(
        "what a template declares",
        API,
        r"It declares `\w+`",
        "It declares `invented`",
        "declared-name",
    ),
    Lie(
        "the verb of a route",
        API,
        r"`create_customer` \(POST\)",
        "`create_customer` (HEAD)",
        "route",
    ),
    Lie("a command", API, r"^- `make test`", "- `make tests`", "command"),
    Lie(
        "the line of a command",
        API,
        r"(`make test` \(test, from `Makefile):\d+`",
        r"\1:1`",
        "command",
    ),
    Lie("a technology", API, r"It works with FastAPI", "It works with Flask", "technology"),
    Lie(
        "the line of a technology",
        API,
        r"(use FastAPI \(`pyproject\.toml):\d+`",
        r"\1:1`",
        "technology",
    ),
    Lie(
        "a rule's words", API, r"must never import a model", "must not import a model", "quotation"
    ),
    Lie("the line of a rule", API, r"(own words, `CONTRIBUTING\.md):\d+`", r"\1:1`", "quotation"),
    Lie(
        "a library that is not there", API, r"use FastAPI (.*today)", r"use Flask \1", "technology"
    ),
    Lie(
        "an agent to hand over to",
        API,
        r"^(Hand over .* to) `[\w-]+`",
        r"\1 `tea-specialist`",
        "agent-name",
    ),
    Lie("the number of files", API, r"Its (\d+) files", _more, "files"),
    Lie("the number in the evidence", API, r"evidence: \{files: (\d+)", _more, "files"),
    Lie("the number in the description", API, r"(\d+) of \d+ route handlers", _more, "count"),
    Lie("what the description copies from", API, r"Copies from `\w+", "Copies from `teas", "path"),
    Lie(
        "a folder in the description",
        API,
        r"in src/bookshop/routers",
        "in src/bookshop/routes",
        "path",
    ),
    Lie("the agent's name", API, r'^name: "api-specialist"', 'name: "api"', "frontmatter"),
    Lie(
        "a description without its use",
        API,
        r'description: "Use when',
        'description: "For',
        "frontmatter",
    ),
    Lie(
        "an endless description",
        API,
        r'description: "Use when',
        f'description: "Use when {"so " * 90}',
        "frontmatter",
    ),
    Lie(
        "a file cut short",
        API,
        r"\n## Code Examples\n(?s:.*)\n## Constraints",
        "\n## Constraints",
        "length",
    ),
    Lie(
        "a number in new words",
        API,
        r"^## Best Practices$",
        "## Best Practices\n\nAbout 40 files do this.",
        "unchecked",
    ),
    Lie(
        "a number as a word",
        API,
        r"^## Best Practices$",
        "## Best Practices\n\nThere are seven of these.",
        "unchecked",
    ),
    Lie(
        "code in new words",
        API,
        r"^## Best Practices$",
        "## Best Practices\n\nCall `invent()` first.",
        "unchecked",
    ),
    Lie(
        "a practice without evidence",
        API,
        r"^(\d)\. (?!`).*\n(?:   .*\n)+",
        r"\1. Be kind." + "\n",
        "no-evidence",
    ),
    Lie("a template's id", "AGENTS.md", r"^\| T3 \|", "| T33 |", "template-id"),
    Lie(
        "a template's grade in the guide",
        "AGENTS.md",
        r"\| pattern \| 3 \|",
        "| shape | 3 |",
        "grade",
    ),
    Lie(
        "the files of a layer", "AGENTS.md", r"^\| API endpoints \| [^|]+ \| (\d+) ", _more, "files"
    ),
    Lie(
        "the templates of a layer",
        "AGENTS.md",
        r"(^\| services .*\|) T\d+ \|$",
        r"\1 T1 |",
        "templates",
    ),
    Lie("the folders of a layer", "AGENTS.md", r"and (\d+) more \| 16", _more, "files"),
    Lie("the files of the project", "AGENTS.md", r"^Measured .*, (\d+) files", _more, "files"),
    Lie("the commit", "AGENTS.md", r"at commit [0-9a-f]{12}", "at commit 0123456789ab", "identity"),
    Lie("a version", "AGENTS.md", r"`>=0\.160,<1`", "`>=0.161,<1`", "technology"),
    Lie(
        "a table of another kind",
        "AGENTS.md",
        r"^\| Technology \| Version",
        "| Tool | Version",
        "unchecked",
    ),
    Lie("an agent's templates", "CLAUDE.md", r"T1, ", "T3, ", "templates"),
    Lie(
        "an agent that is not there",
        "CLAUDE.md",
        r"^\| `api-specialist`",
        "| `app-specialist`",
        "agent-name",
    ),
    Lie("the number of agents", "README.md", r"and (\d+) agents", _more, "files"),
]


def _told(case: Lie, package: Path) -> str:
    """Put the lie into the first file of the package that tells the truth; its name."""
    for path in sorted(package.glob(case.file)):
        text = path.read_text(encoding="utf-8")
        told = re.sub(case.truth, case.lie, text, count=1, flags=re.MULTILINE)
        if told != text:
            path.write_text(told, encoding="utf-8")
            return path.relative_to(package).as_posix()
    return ""


@pytest.fixture(scope="module")
def liars(
    bookshop_package: Path,
    bookshop_once: Path,
    check: Check,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, tuple[str, Json]]:
    """For each lie the file that tells it and what the checker found in the whole package."""
    folder = tmp_path_factory.mktemp("lies")
    copies = {case.name: folder / str(number) for number, case in enumerate(LIES)}
    files = {}
    for case in LIES:
        shutil.copytree(bookshop_package, copies[case.name])
        files[case.name] = _told(case, copies[case.name])
    found = check(bookshop_once, *copies.values())
    return {name: (files[name], found[copies[name]]) for name in copies}


@pytest.mark.parametrize("case", LIES, ids=lambda case: case.name)
def test_a_lie_is_found(case: Lie, truth: Json, liars: dict[str, tuple[str, Json]]) -> None:
    """The checker can fail, on each kind of claim, and names the file."""
    file, result = liars[case.name]
    assert file, f"nothing in {case.file} says {case.truth!r} any more: mend the lie"
    before = {(item["rule"], item["where"]) for item in truth["findings"]}
    found = {(item["rule"], item["where"]) for item in result["findings"]} - before
    assert case.rule in {rule for rule, where in found if where.startswith(file)}, found


def test_a_count_of_the_report_that_the_code_does_not_bear_out_is_found(
    bookshop_package: Path, bookshop_once: Path, check: Check, tmp_path: Path
) -> None:
    """Agent and report may agree and both be wrong: the code decides."""
    copy = Path(shutil.copytree(bookshop_package, tmp_path / "copy"))
    report = json.loads((copy / "report.json").read_bytes())
    item = next(item for item in report["facts"]["conventions"] if item["misses"])
    path, spans = item["misses"].popitem()
    item["hits"].setdefault(path, []).extend(spans)
    item["k"] += len(spans)
    (copy / "report.json").write_text(json.dumps(report), encoding="utf-8")
    rules = {finding["rule"] for finding in check(bookshop_once, copy)[copy]["findings"]}
    assert "recount" in rules


def test_an_agent_that_the_manifest_does_not_list_is_found(
    bookshop_package: Path, bookshop_once: Path, check: Check, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(bookshop_package, tmp_path / "copy"))
    agents = copy / "agents"
    shutil.copy(agents / "api-specialist.md", agents / "stray-specialist.md")
    rules = {finding["rule"] for finding in check(bookshop_once, copy)[copy]["findings"]}
    assert {"agent-name", "unique", "frontmatter"} <= rules


def test_a_codebase_that_changed_since_is_noticed(
    bookshop_package: Path, bookshop: Path, check: Check
) -> None:
    source = bookshop / "src/bookshop/routers/customers.py"
    source.write_text("\n" + source.read_text(encoding="utf-8"), encoding="utf-8")
    found = check(bookshop, bookshop_package)[bookshop_package]["findings"]
    assert {"excerpt", "lines"} <= {item["rule"] for item in found}
