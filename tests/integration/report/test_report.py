"""The report, written by the program and read in a real browser: it loads nothing, runs nothing
of the codebase, reads without scripts, by keyboard, on a phone, on paper, in both colour schemes.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import pytest
from typer.testing import CliRunner

from batch_engine.core import SqliteRunStore
from template_creation.agents import Ledger
from template_creation.cli.app import app
from template_creation.create import CreateOptions, create_template
from template_creation.values.answer import RequestUsage

HOSTILE = '''"""</script><script>window.hacked=1</script> <img src=x onerror=window.hacked=1>"""

ACCESS = "user\u202e \u2066// only admins\u2069 \u2066"
'''
AGENT = """
## My notes </script><script>window.hacked = 1</script>

<img src=x onerror="window.hacked = 1"> ![tracked](https://example.org/pixel.png)
[click](javascript:window.hacked=1) <iframe src="https://example.org"></iframe>

```html
</code></pre><script>window.hacked = 1</script>
```
"""
USAGE = RequestUsage(
    request_id="req_1",
    model="some-model",
    agents=("api-specialist", "testing-specialist"),
    input_tokens=4_000,
    output_tokens=1_250,
    cache_read_tokens=321,
    cost_usd=0.0375,
    seconds=12.5,
    stop_reason="end_turn",
)


class Page(Protocol):
    """What a test wants of the browser; see conftest.py."""

    requested: list[str]
    complaints: list[str]

    def open(self, path: Path, **how: Any) -> None: ...
    def run(self, expression: str) -> Any: ...
    def press(self, key: str, *, shift: bool = False, text: str = "") -> None: ...
    def call(self, method: str, **params: Any) -> dict[str, Any]: ...


class Warm(Protocol):
    """The program that starts without imports; see tests/conftest.py."""

    program: str


@pytest.fixture(scope="session")
def made(bookshop_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``package``, made from a hostile bookshop, its run ``state``, and its
    ``report.html``, written by the program in a process of its own."""
    folder = tmp_path_factory.mktemp("report")
    root = folder / "bookshop"
    shutil.copytree(bookshop_once, root)
    (root / "src/bookshop/routers/customers.py").write_text(
        HOSTILE + (root / "src/bookshop/routers/customers.py").read_text(encoding="utf-8"),
        encoding="utf-8",
    )
    (root / "src/bookshop/<img src=x onerror=alert(1)>.bin").write_bytes(b"\x00\x01")
    options = CreateOptions(
        name="bookshop", path=root, output=folder / "package", state=folder / "state",
        max_templates=5,
    )  # fmt: skip
    create_template(options)
    with SqliteRunStore(folder / "state") as store:
        Ledger(store, run="r").record(USAGE)
    agent = folder / "package/agents/api-specialist.md"
    agent.write_text(agent.read_text(encoding="utf-8") + AGENT, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def written(warm: Warm, made: Path) -> Mapping[str, Any]:
    """What ``report --json --open`` printed, run once; ``address`` is what it opened."""
    opened = made / "opened"
    ran = subprocess.run(
        [warm.program, "report", "package", "--state-dir", "state",
         "--output", "report.html", "--json", "--open"],
        cwd=made,
        env={**os.environ, "BROWSER": f"{sys.executable} -IS -c \"import sys; "
             f"open({str(opened)!r}, 'w').write(sys.argv[1])\" %s"},
        capture_output=True,
        text=True,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return {**json.loads(ran.stdout), "address": opened.read_text(encoding="utf-8")}


@pytest.fixture(scope="session")
def page(made: Path, written: Mapping[str, Any]) -> Path:
    """The report."""
    return made / "report.html"


def _cli(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["report", *arguments])


# -- the command ----------------------------------------------------------------------------


def test_it_says_as_json_what_it_wrote_and_opens_it(written: Mapping[str, Any], page: Path) -> None:
    assert written["report"] == str(page)
    assert written["bytes"] == page.stat().st_size
    assert (written["status"], written["exit_code"], written["opened"]) == ("written", 0, True)
    assert written["address"] == page.as_uri()
    assert (written["agents"], written["templates"]) == (6, 5)
    assert written["recorded_runs"] == ["The run that made the package"]


def test_the_page_tells_what_the_package_and_the_run_state_hold(page: Path, made: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for told in (
        "api-specialist",
        "pyproject.toml:13",
        "26 of 26",
        "$0.0375",
        "4,321 tokens in",
        "agent enhancement",
        "CONTRIBUTING.md:7",
        "⟦U+202E⟧",
    ):
        assert told in text, told
    assert str(made) not in text
    assert "\u202e" not in text


def test_without_a_run_state_it_says_so_and_nothing_else_is_missing(
    made: Path, tmp_path: Path
) -> None:
    target = tmp_path / "r.html"
    got = _cli(str(made / "package"), "--output", str(target))
    assert got.exit_code == 0
    assert "not recorded: there is no run state of it" in got.stderr
    text = target.read_text(encoding="utf-8")
    assert "<dt>Tokens and cost</dt><dd>not recorded</dd>" in text
    assert "api-specialist" in text


def test_a_run_state_that_cannot_be_read_is_told_and_not_invented(
    made: Path, tmp_path: Path
) -> None:
    (tmp_path / "run.sqlite3").write_bytes(b"no database at all, and long enough to be one" * 30)
    got = _cli(
        str(made / "package"), "--state-dir", str(tmp_path), "--output", str(tmp_path / "r.html")
    )
    assert got.exit_code == 0
    assert "the run state cannot be read" in got.stderr
    assert str(tmp_path) not in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_it_is_written_beside_the_caller_and_only_over_a_report(made: Path, page: Path) -> None:
    """Over a report of the same input it writes the same bytes."""
    package, state = str(made / "package"), str(made / "state")
    target = Path("bookshop-report.html")
    target.write_text("my own page", encoding="utf-8")
    refused = _cli(package)
    assert refused.exit_code == 2
    assert "no report of template-create" in refused.stderr
    assert target.read_text(encoding="utf-8") == "my own page"
    assert _cli(package, "--force").exit_code == 0
    assert target.read_bytes() != page.read_bytes()
    assert _cli(package, "--state-dir", state).exit_code == 0
    assert target.read_bytes() == page.read_bytes()


@pytest.mark.parametrize(
    ("damage", "code", "said"),
    [
        (lambda root: shutil.rmtree(root), 2, "is no template package"),
        (lambda root: (root / "report.json").write_text("{"), 2, "cannot read"),
        (lambda root: (root / "manifest.json").write_text("[]"), 2, "holds no JSON object"),
        (lambda root: shutil.rmtree(root / "templates"), 2, "which cannot be read"),
        (lambda root: (root / "agents/api-specialist.md").unlink(), 0, "2 errors"),
    ],
)
def test_a_broken_package_is_told_with_a_way_out(
    made: Path, tmp_path: Path, damage: Any, code: int, said: str
) -> None:
    root = tmp_path / "package"
    shutil.copytree(made / "package", root)
    damage(root)
    target = tmp_path / "r.html"
    got = _cli(str(root), "--output", str(target))
    assert (got.exit_code, said in got.stderr) == (code, True), got.stderr
    assert target.exists() is (code == 0)


def test_a_place_that_cannot_be_written_is_said(made: Path, tmp_path: Path) -> None:
    package = str(made / "package")
    assert _cli(package, "--output", str(tmp_path / "no/r.html")).exit_code == 6
    assert _cli(package, "--output", str(tmp_path)).exit_code == 2


class _Elements(HTMLParser):
    """Which elements a page has by their ids, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value or "" for name, value in attrs if name == "id"]

    def handle_data(self, data: str) -> None:
        self.text += data


POISON = "<b id=owned>'\"><b id=owned>\u202e{{ 1 }}"
SPOKEN = (
    "display_name description purpose statement otherwise detail message command signal text "
    "signature error example pattern short_because reason fix licence"
)


def _poisoned(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _poisoned(item, name) for name, item in value.items()}
    if isinstance(value, list):
        inner = key if key in ("siblings", "leaks", "examples") else ""
        return [item + POISON if inner else _poisoned(item) for item in value]
    return value + POISON if isinstance(value, str) and key in SPOKEN.split() else value


def test_nothing_that_a_package_says_becomes_markup(made: Path, tmp_path: Path) -> None:
    root = tmp_path / "package"
    shutil.copytree(made / "package", root)
    for name in ("manifest.json", "report.json"):
        document = _poisoned(json.loads((root / name).read_text(encoding="utf-8")))
        (root / name).write_text(json.dumps(document), encoding="utf-8")
    got = _cli(str(root), "--output", str(tmp_path / "r.html"))
    assert got.exit_code == 0, got.stderr
    page = _Elements((tmp_path / "r.html").read_text(encoding="utf-8"))
    assert "owned" not in page.ids
    assert page.text.count("<b id=owned>") > 200
    assert "\u202e" not in page.text


# -- in the browser -------------------------------------------------------------------------

CONTRAST = """
(() => {
  const parse = (c) => (c.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] === 1) return c;
      if (c[3] > 0) throw Error("a ground that shines through");
    }
    throw Error("no ground");
  };
  const found = {};
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n; (n = walker.nextNode()); ) {
    if (!n.data.trim() || n.parentElement.closest("script, style")) continue;
    const [a, b] = [parse(getComputedStyle(n.parentElement).color), ground(n.parentElement)];
    const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
    found[`${a} on ${b}`] = (x + 0.05) / (y + 0.05);
  }
  return found;
})()
"""


@dataclass(frozen=True)
class Reading:
    """The page as it was opened once, everything unfolded: what it asked for, what stood on the
    console, and the values of `LOOKED_AT`."""

    requested: Sequence[str]
    complaints: Sequence[str]
    saw: Mapping[str, Any]


LOOKED_AT = {
    "hacked": "window.hacked === undefined ? 'no' : 'yes'",
    "foreign": "document.querySelectorAll('img, iframe, object, embed').length",
    "scripts": "document.querySelectorAll('script').length",
    "links out": "[...document.links].filter(a => a.getAttribute('href')[0] !== '#').length",
    "broken links": (
        "[...document.links].map(a => a.hash.slice(1)).filter(h => !document.getElementById(h))"
    ),
    "ids twice": (
        "(ids => ids.length - new Set(ids).size)"
        "([...document.querySelectorAll('[id]')].map(e => e.id))"
    ),
    "landmarks": (
        "['header', 'nav[aria-label]', 'main', 'footer', 'html[lang=en]', 'title']"
        ".map(selector => document.querySelectorAll(selector).length)"
    ),
    "headings": "[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(h => +h.tagName[1])",
    "bare tables": (
        "[...document.querySelectorAll('table')].filter(t => !t.caption?.textContent "
        "|| [...t.querySelectorAll('th')].some(h => !h.scope)).length"
    ),
    "width": "document.documentElement.scrollWidth",
    "wide": (
        "[...document.querySelectorAll('main *')].filter(e => !e.closest('pre, .sr, svg') && "
        "e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 80))"
    ),
    "contrast": CONTRAST,
    "ground": "getComputedStyle(document.body).backgroundColor",
}
WIDTHS = {"light": 1100, "dark": 360}


@pytest.fixture(scope="session")
def readings(browser: Page, page: Path) -> Mapping[str, Reading]:
    """On a wide screen with scripts and light, and on a phone without scripts and dark."""
    found = {}
    for scheme, width in WIDTHS.items():
        browser.open(page, scheme=scheme, width=width, scripts=scheme == "light")
        browser.run("document.querySelectorAll('details').forEach(d => d.open = true)")
        saw = {name: browser.run(expression) for name, expression in LOOKED_AT.items()}
        found[scheme] = Reading(browser.requested, browser.complaints, saw)
    return found


@pytest.fixture(params=WIDTHS)
def scheme(request: pytest.FixtureRequest) -> str:
    """One of the two ways in which the page is read."""
    return str(request.param)


def test_nothing_is_loaded_and_nothing_of_the_codebase_runs(
    readings: Mapping[str, Reading], scheme: str
) -> None:
    reading = readings[scheme]
    names = ("hacked", "foreign", "scripts", "links out")
    assert [reading.saw[name] for name in names] == ["no", 0, 1, 0]
    assert [url for url in reading.requested if not url.startswith(("file:", "data:"))] == []
    assert reading.complaints == []


def test_every_link_leads_to_a_place_on_the_page(
    readings: Mapping[str, Reading], scheme: str
) -> None:
    assert readings[scheme].saw["broken links"] == []
    assert readings[scheme].saw["ids twice"] == 0


def test_the_page_has_landmarks_and_headings_in_order(
    readings: Mapping[str, Reading], scheme: str
) -> None:
    saw = readings[scheme].saw
    assert saw["landmarks"] == [1] * 6
    levels = saw["headings"]
    assert (levels[0], levels.count(1)) == (1, 1)
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert saw["bare tables"] == 0


def test_no_width_makes_the_page_scroll_sideways(
    readings: Mapping[str, Reading], scheme: str
) -> None:
    assert readings[scheme].saw["width"] <= WIDTHS[scheme]
    assert readings[scheme].saw["wide"] == []


def test_every_text_has_the_contrast_of_wcag_aa(
    readings: Mapping[str, Reading], scheme: str
) -> None:
    ratios = readings[scheme].saw["contrast"]
    assert len(ratios) >= 5
    assert {pair: ratio for pair, ratio in ratios.items() if ratio < 4.5} == {}


def test_the_two_schemes_differ(readings: Mapping[str, Reading]) -> None:
    assert readings["light"].saw["ground"] != readings["dark"].saw["ground"]


def test_without_scripts_everything_is_there_and_unfolds(browser: Page, page: Path) -> None:
    browser.open(page, scripts=False)
    assert browser.run("document.getElementById('filter')") is None
    browser.run("document.querySelector('summary').focus()")
    assert browser.run("document.activeElement.parentElement.open") is False
    browser.press("Enter")
    assert browser.run("document.activeElement.parentElement.open") is True


def _focused(browser: Page) -> str:
    return str(
        browser.run(
            "(e => (e.tagName + ' ' + (e.id || e.getAttribute('href') || e.textContent)).trim())"
            "(document.activeElement).slice(0, 40)"
        )
    )


def test_the_keyboard_goes_in_reading_order_and_can_skip_the_contents(
    browser: Page, page: Path
) -> None:
    browser.open(page)
    browser.press("Tab")
    assert _focused(browser) == "A #content"
    assert browser.run("document.activeElement.getBoundingClientRect().top >= 0")
    browser.press("Enter")
    browser.press("Tab")
    assert _focused(browser) == "INPUT filter"
    browser.press("Tab", shift=True)
    assert _focused(browser) == "A #run"
    tops = []
    browser.run("document.getElementById('filter').focus()")
    for _ in range(12):
        browser.press("Tab")
        tops.append(browser.run("document.activeElement.getBoundingClientRect().top + scrollY"))
        outline = browser.run("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", _focused(browser)
    assert tops == sorted(tops)


def test_the_filter_narrows_and_escape_ends_it(browser: Page, page: Path) -> None:
    browser.open(page)
    shown = "[...document.querySelectorAll('article')].filter(e => e.offsetParent).length"
    before = browser.run(shown)
    browser.run("document.getElementById('filter').focus()")
    browser.call("Input.insertText", text="customer_service")
    assert 0 < browser.run(shown) < before
    assert " entries" in browser.run("document.querySelector('output').textContent")
    browser.press("Escape")
    assert browser.run(shown) == before
    assert browser.run("document.querySelector('output').textContent") == ""


def test_on_paper_everything_is_unfolded_and_the_contents_are_left_out(
    browser: Page, page: Path
) -> None:
    browser.open(page, media="print")
    assert browser.run("document.querySelector('nav').offsetParent") is None
    folded = (
        "[...document.querySelectorAll('details > :not(summary)')]"
        ".filter(e => !e.checkVisibility()).length"
    )
    assert browser.run(folded) == 0


def test_axe_finds_nothing(browser: Page, page: Path, axe: str) -> None:
    """All rules but that of contrast, which takes minutes here and is measured above."""
    browser.open(page)
    some = "details:not(.item details), #T1 ~ details, #agent-api-specialist ~ details"
    browser.run(f"document.querySelectorAll({some!r}).forEach(d => d.open = true)")
    browser.run(axe + "; 0")
    found = browser.run(
        "axe.run({rules: {'color-contrast': {enabled: false}}, resultTypes: ['violations']})"
        ".then(r => r.violations.map(v => [v.id, v.nodes.length, v.nodes[0].html]))"
    )
    assert found == []
