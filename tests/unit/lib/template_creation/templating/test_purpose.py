"""The line about a file counts what the file declares, and nothing that only looks like it."""

from __future__ import annotations

import pytest

from template_creation.syntax import extract_facts
from template_creation.templating.purpose import describe

SCRIPT_TESTS = """\
test.describe("items", () => {
  test("adds one", async () => {});
  test.skip("removes one", async () => {});
});
describe("more", () => { it("works", () => {}); });
"""
RUBY_TESTS = """\
describe Story do
  context "when new" do
    it "is shown" do
    end
    specify "so is this" do
    end
  end
end
"""
ROUTER = """\
router.get("/items", list);
router.post("/items", create);
"""
CLIENT = """\
export const getItem = (id: string) => api.get(`/items/${id}`);
export const getItems = () => api.get("/items");
"""
MINIMAL_API = """\
public class Items
{
    public void Map(RouteGroupBuilder group) { group.MapGet(List); group.MapPost("/new", Create); }
}
"""
ROUTES = """\
@router.get("/")
def read(): ...


@router.post("/")
def create(): ...


def helper(): ...
"""


@pytest.mark.parametrize(
    ("language", "layer", "source", "expected"),
    [
        ("typescript", "e2e", SCRIPT_TESTS, "3 tests"),
        ("ruby", "tests", RUBY_TESTS, "2 tests"),
        ("python", "tests", "def test_a(): ...\n\n\ndef make(): ...\n", "1 test"),
        ("python", "services", "def test_connection(): ...\n",
         "Services: function test_connection"),
        ("typescript", "api", ROUTER, "2 endpoints"),
        ("typescript", "tests", ROUTER, "Tests"),
        ("typescript", "data", CLIENT, "Data access: 2 functions"),
        ("typescript", "pages", CLIENT, "Pages and routes: 2 functions"),
        ("csharp", "api", MINIMAL_API, "2 endpoints"),
        ("python", "api", ROUTES, "2 endpoints"),
        ("python", "data", ROUTES, "Data access: 3 functions"),
    ],
)  # fmt: skip
def test_a_file_is_said_to_hold_what_it_declares(language, layer, source, expected):
    assert describe(extract_facts(source.encode(), language), layer, "", ()) == expected
