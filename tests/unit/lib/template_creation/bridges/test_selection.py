"""Examples are chosen for what they show: each form once, nobody's best example taken."""

from __future__ import annotations

from typing import Any

import pytest

from template_creation.bridges.selection import Excerpt, choose_examples, http_route
from template_creation.values.request import BatchRequest, CatalogEntry, CatalogSymbol


def chosen(data: dict[str, Any], room: int, fill: int = 0) -> dict[str, list[str]]:
    request = BatchRequest.model_validate(data)
    catalog = {item.id: item for item in request.template_catalog}
    rooms = {agent.name: room for agent in request.agents}
    found = choose_examples(request.agents, catalog, rooms, fill=fill)
    return {name: [item.id for item in items] for name, items in found.items()}


def test_one_example_for_each_verb(request_data) -> None:
    """The second GET is a near-duplicate of the first; three-line helpers show nothing."""
    assert chosen(request_data, 60)["api-specialist"] == ["T1.s1", "T1.s3"]


def test_tests_differ_by_what_they_do_not_by_what_they_do_it_to(request_data) -> None:
    """Two creations are one form, also for two resources."""
    assert chosen(request_data, 50)["testing-specialist"] == ["T2.s1", "T2.s3"]


def test_no_agent_takes_anothers_own_example_first(request_data) -> None:
    """The API agent comes first and cites the tests too; they stay with the testing agent."""
    found = chosen(request_data, 60)
    assert not set(found["api-specialist"]) & {"T2.s1", "T2.s3"}


def test_neighbours_only_fill_up_to_the_least_length(request_data) -> None:
    """With much room left, near templates help; an agent that has enough takes none."""
    assert "T3" in chosen(request_data, 200)["api-specialist"]
    assert "T3" not in chosen(request_data, 200, fill=150)["api-specialist"]


def test_an_agent_that_stays_short_shows_nothing_of_others(request_data) -> None:
    """Code of other layers that does not get it to the least length only pads it."""
    assert "T1.s1" in chosen(request_data, 200, fill=100)["testing-specialist"]
    assert chosen(request_data, 200)["testing-specialist"] == ["T2.s1", "T2.s2", "T2.s3"]


def test_an_excerpt_is_shown_by_two_agents_at_most(request_data) -> None:
    """However little else there is to show; by a third only where it would have none, since
    an agent without code is refused."""
    agents = request_data["agents"]
    agents.append({**agents[1], "name": "third"})
    agents.append({**agents[1], "name": "fourth"})
    found = chosen(request_data, 500, fill=400)
    assert all(found.values())
    some = [key for keys in found.values() if len(keys) > 1 for key in keys]
    assert max(some.count(key) for key in some) == 2


def test_a_small_file_is_shown_whole() -> None:
    """A thing to copy; unless a licence or imports would be most of it."""
    symbols = (
        CatalogSymbol(id="T1.s1", name="A", kind="class", lines="5-25", signature="class A"),
    )
    fields = {
        "id": "T1", "name": "a.py", "category": "api", "path": "p", "source": "s", "purpose": "",
        "technologies": (), "grade": "pattern", "support": 1, "symbols": symbols,
    }  # fmt: skip
    small = CatalogEntry(**fields, lines=27)
    mostly_licence = CatalogEntry(**{**fields, "symbols": symbols}, lines=60)
    data = {"name": "a", "title": "A", "purpose": "", "technologies": (), "layers": ("api",)}
    request = BatchRequest.model_validate(
        {
            "project": "p",
            "languages": (),
            "agents": [{**data, "files": 1, "templates": ("T1",)}],
            "template_catalog": [],
            "conventions": [],
            "rules": [],
            "commands": [],
            "enhancement_instructions": "",
        }
    )
    for entry, expected in ((small, "T1"), (mostly_licence, "T1.s1")):
        (item,) = choose_examples(request.agents, {"T1": entry}, {"a": 100})["a"]
        assert item.id == expected


@pytest.mark.parametrize(
    ("mark", "route"),
    [
        ('@router.get("/items/{id}")', ("GET", "/items/{id}")),
        ("@app.post('/x', status_code=201)", ("POST", "/x")),
        ('@GetMapping("/owners")', ("GET", "/owners")),
        ('@PostMapping(value = "/owners")', ("POST", "/owners")),
        ("@DeleteMapping", ("DELETE", "")),
        ('[HttpPut("{id}")]', ("PUT", "{id}")),
        ("[HttpGet]", ("GET", "")),
        ('#[get("/a")]', None),
        ("@pytest.fixture", None),
        ("@dataclass", None),
    ],
)
def test_routes_are_read_from_decorators_and_attributes(
    mark: str, route: tuple[str, str] | None
) -> None:
    """Of Python, Java and C# frameworks."""
    symbol = CatalogSymbol(
        id="T1.s1", name="f", kind="function", lines="1-9", signature="", marks=(mark,)
    )
    assert http_route(symbol) == route


def test_a_long_declaration_costs_what_its_cut_costs(request_data) -> None:
    """The reckoned lines are those of the file, captions and fences included."""
    entry = CatalogEntry.model_validate(request_data["template_catalog"][0])
    symbol = entry.symbols[0]
    assert Excerpt("T1.s1", entry, symbol, 28).form == ("route", "GET")


def test_a_second_of_a_form_is_shown_where_its_name_says_something_else(request_data) -> None:
    """The error case of what was shown, not the same again for another thing."""
    names = ["test_read_item", "test_read_item_not_found", "test_read_order"]
    request_data["template_catalog"][1]["symbols"] = [
        {
            "id": f"T2.s{place}",
            "name": name,
            "kind": "function",
            "lines": f"{place * 20}-{place * 20 + 15}",
            "signature": "",
        }
        for place, name in enumerate(names, 1)
    ]
    request_data["template_catalog"][1]["name"] = "test_items_orders.py"
    assert chosen(request_data, 200)["testing-specialist"][:2] == ["T2.s1", "T2.s2"]
    assert "T2.s3" not in chosen(request_data, 200)["testing-specialist"]
