"""Measured habits: every site, a pattern to recount them, and nothing below the bar."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from template_creation.analysis import recount
from template_creation.analysis.conventions.measure import Ledger, Sample
from template_creation.analysis.text import TextCache
from template_creation.values.analysis import Analysis, Convention, Site

Survey = Callable[[Mapping[str, bytes | str]], Analysis]


def many(path: str, text: str, count: int = 6, **others: str) -> dict[str, str]:
    """``count`` files from patterns in which ``NN`` is the number and ``W`` a word."""
    words = ("cart", "item", "order", "price", "stock", "user", "offer", "visit")
    files = {
        path.replace("NN", str(n)).replace("W", words[n]): text.replace("NN", str(n)).replace(
            "Word", words[n].title()
        )
        for n in range(count)
    }
    return {**files, **others}


ROUTES = """\
from fastapi import APIRouter, HTTPException
from app.deps import SessionDep
router = APIRouter(prefix="/NN")


@router.get("/{key}", response_model=Word)
def read_NN(session: SessionDep, key: dict[str, tuple[int, str]]) -> Word:
    \"\"\"Reads.\"\"\"
    raise HTTPException(status_code=404)


@router.post("/", response_model=Word, status_code=201)
def create_NN(session: SessionDep, key: dict[str, tuple[int, str]]) -> Word:
    \"\"\"Creates.\"\"\"
    return Word()


def _helper(number: int) -> int:
    return number
"""
COMPONENT = """\
import { Box } from '@/ui/box'

type WordProps = { name: string }

export const WordCard = ({ name }: WordProps) => {
  return <Box>{name}</Box>
}
"""
COMMAND = """\
namespace Shop.App;

public sealed record AddWordCommand(int Id) : IRequest<int>;

public sealed class AddWordCommandHandler(IDb db) : IRequestHandler<AddWordCommand, int>
{
    public async Task<int> Handle(AddWordCommand request, CancellationToken token) => 1;
}
"""
GO_TEST = """\
package cart

func TestWord(t *testing.T) {
\tt.Parallel()
\tcases := []struct{ name string }{{"a"}}
\tfor _, c := range cases {
\t\tt.Run(c.name, func(t *testing.T) { require.NoError(t, nil) })
\t}
}
"""
RUST = """\
use axum::{Json, Extension};

#[derive(Debug, serde::Serialize)]
pub struct WordBody { id: i32 }

pub async fn read_NN(ctx: Extension<Context>) -> Result<Json<WordBody>> {
    sqlx::query_as!(WordBody, "select 1").fetch_one(&ctx.db).await
}
"""
JAVA = """\
package a;

@RestController
class WordController {
    private final Shop shop;

    WordController(Shop shop) {
        this.shop = shop;
    }

    @GetMapping("/NN")
    ResponseEntity<String> read() { return null; }
}
"""
RUBY = """\
# frozen_string_literal: true

class WordJob < ApplicationJob
  queue_as :default

  def perform(id)
    raise ShopError, "no" unless id
  end
end
"""
TS_TEST = """\
describe('Word', () => {
  it('should add NN', () => {})
})
"""
PY_TEST = """\
def test_word_NN(client: Client, db: Session) -> None:
    assert client.get("/") == NN
"""


@dataclass(frozen=True)
class Case:
    name: str
    files: Mapping[str, str]
    expected: tuple[str, ...]


CASES = [
    Case(
        "FastAPI routes",
        many("app/routes/W.py", ROUTES),
        (
            "Route handlers take a parameter of type `SessionDep`",
            "Handlers of POST declare the status 201",
            "Errors of the api layer are raised as `HTTPException`",
            "Route handlers are plain `def`",
            "Route decorators of the api layer declare `response_model=`",
            "Files of the api layer call `APIRouter`",
            "Functions annotate what they return",
            "Functions annotate every parameter",
        ),
    ),
    Case(
        "React components",
        many(
            "src/components/W-card.tsx",
            COMPONENT,
            **{"package.json": '{"dependencies": {"react": "1"}}'},
        ),
        (
            "Components of the components layer are arrow functions held by a `const`",
            "Props of components of the components layer have a type named `*Props`",
            "Exports are named exports",
            "Imports inside the project use the alias `@/`",
            "Files with more than one word in the name are kebab-case",
            "Statements end without a semicolon",
            "Strings are in single quotes",
        ),
    ),
    Case(
        "MediatR commands",
        many("App/Commands/AddW.cs", COMMAND),
        (
            "Requests and transfer types of the commands layer are records",
            "Files of the commands layer declare a type that extends `IRequest`",
            "Files of the commands layer declare a type that extends `IRequestHandler`",
            "Functions of the commands layer take a parameter of type `CancellationToken`",
            "Classes of the commands layer take what they need by a primary constructor",
            "Classes of the commands layer are `sealed`",
            "Namespaces are file-scoped (`namespace X;`)",
        ),
    ),
    Case(
        "Go tests",
        many("cart/W_test.go", GO_TEST),
        (
            "Tests call `t.Parallel()` first",
            "Tests are table-driven (a slice of structs)",
            "Tests run their cases with `t.Run`",
            "Tests assert with `require.*`",
            "Tests stand beside the code that they test",
        ),
    ),
    Case(
        "Go repositories",
        many(
            "internal/W_repository.go",
            "package shop\n\ntype WordRepository struct{}\n\n"
            "func NewWordRepository() *WordRepository { return nil }\n\n"
            "func (r *WordRepository) Get(ctx context.Context, id int) (*Word, error) {\n"
            '\treturn nil, fmt.Errorf("get: %w", err)\n}\n',
        ),
        (
            "Functions of the data layer take a parameter of type `context.Context`",
            "Files of the data layer declare a function `New*`",
            "Types of the data layer are named `*Repository`",
            "A `context.Context` is the first parameter",
            "Errors are wrapped with `fmt.Errorf` and `%w`",
        ),
    ),
    Case(
        "Axum handlers",
        many("src/http/W.rs", RUST),
        (
            "Functions of the api layer take a parameter of type `Extension<Context>`",
            "Types of the api layer derive `Serialize`",
            "Functions of the api layer that return something return `Result<...>`",
            "Functions of the api layer are `async fn`",
            "Queries of the api layer are checked at compile time (`sqlx::query!`, `query_as!`, "
            "`query_scalar!`)",
        ),
    ),
    Case(
        "Spring controllers",
        many("src/main/java/a/W.java", JAVA),
        (
            "Classes of the api layer carry `@RestController`",
            "Managed classes of the api layer take what they need by constructor",
            "Types of the api layer are named `*Controller`",
            "Functions of the api layer that return something return `ResponseEntity<...>`",
        ),
    ),
    Case(
        "Rails jobs",
        many("app/jobs/W_job.rb", RUBY, **{"Gemfile": 'gem "rails"\n'}),
        (
            "Classes of the jobs layer inherit from `ApplicationJob`",
            "Files of the jobs layer call `queue_as`",
            "Files of the jobs layer declare a function `perform`",
            "Errors of the jobs layer are raised as `ShopError`",
            "Files of the jobs layer are named `*_job.rb`",
            "Files start with `# frozen_string_literal: true`",
        ),
    ),
    Case(
        "Rails models",
        many(
            "app/models/W.rb",
            "class Word < ApplicationRecord\n  belongs_to :shop\n"
            "  validates :name, presence: true\nend\n",
            **{"Gemfile": 'gem "rails"\n'},
        ),
        (
            "Classes of the models layer inherit from `ApplicationRecord`",
            "Classes of the models layer say `belongs_to`",
            "Classes of the models layer say `validates`",
        ),
    ),
    Case(
        "RSpec specs",
        many(
            "spec/models/W_spec.rb",
            'RSpec.describe Word do\n  let(:word) { create(:word) }\n\n  context "new" do\n'
            '    it "works" do\n      expect(word).to eq(1)\n    end\n  end\nend\n',
            **{"Gemfile": 'gem "rails"\n'},
        ),
        (
            "Spec files open with `RSpec.describe`",
            "Specs group their cases in `context` blocks",
            "Specs set their data up with `let`",
            "Specs make records with a factory's `create`",
        ),
    ),
    Case(
        "hooks around queries",
        many(
            "src/features/words/api/get-W.ts",
            "import { useQuery } from '@tanstack/react-query'\n\n"
            "export const useWord = () => {\n  return useQuery({ queryKey: ['NN'] })\n}\n",
            **{"package.json": '{"dependencies": {"react": "1"}}'},
        ),
        (
            "Files of the data layer that fetch export a hook of their own around `useQuery` or "
            "`useMutation`",
        ),
    ),
    Case(
        "TypeScript tests",
        many("src/__tests__/W.test.ts", TS_TEST),
        (
            "Tests are written with `it(...)`",
            "Tests stand inside `describe`",
            "Test names begin with `should`",
            "Tests stand in a `__tests__` folder beside what they test",
            "Files of the tests layer are named `*.test.ts`",
        ),
    ),
    Case(
        "pytest tests",
        many("tests/test_W.py", PY_TEST),
        (
            "Tests take the fixture `client`",
            "Tests take the fixture `db`",
            "Tests are functions, not classes",
            "Tests stand under `tests/`",
            "Files of the tests layer are named `test_*`",
        ),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_most_files_do_is_said_and_recounted(
    case: Case, survey: Survey, tmp_path: Path
) -> None:
    analysis = survey(case.files)
    said = {convention.statement: convention for convention in analysis.conventions}
    assert set(case.expected) <= set(said), sorted(said)
    for statement in case.expected:
        assert said[statement].k == said[statement].n >= 5
    for convention in analysis.conventions:
        found = recount(convention, lambda path: (tmp_path / "shop" / path).read_bytes())
        assert found == (convention.k, convention.n), convention.id


def by_statement(analysis: Analysis, statement: str) -> Convention | None:
    return next((item for item in analysis.conventions if item.statement == statement), None)


def test_the_sites_that_do_otherwise_are_listed_with_what_they_do(survey: Survey) -> None:
    files = many("app/routes/W.py", ROUTES, 5)
    files["app/routes/user.py"] = ROUTES.replace("def read_NN", "async def read")
    found = by_statement(survey(files), "Route handlers are plain `def`")
    assert found is not None
    assert (found.k, found.n, found.otherwise) == (11, 12, "`async def`")
    assert found.misses == (Site("app/routes/user.py", 6, 7),)


@pytest.mark.parametrize(("follow", "otherwise"), [(4, 0), (5, 4)])
def test_an_anecdote_and_a_mixed_habit_are_not_said(
    follow: int, otherwise: int, survey: Survey
) -> None:
    """Fewer than five sites, or less than six of ten."""
    files = many("app/routes/W.py", ROUTES, follow)
    body = ROUTES.replace("HTTPException", "ShopError")
    for n in range(otherwise):
        files[f"app/routes/other{n}.py"] = body
    statement = "Errors of the api layer are raised as `HTTPException`"
    assert by_statement(survey(files), statement) is None


def test_what_the_whole_codebase_does_is_not_repeated_for_every_layer(survey: Survey) -> None:
    files = many("app/routes/W.py", ROUTES)
    files |= many("app/services/W_service.py", "def serve_NN(key: int) -> int: ...\n")
    kinds = [c.layer for c in survey(files).conventions if c.kind == "return annotation"]
    assert kinds == [""]


def test_a_formatter_makes_counting_quotes_pointless(survey: Survey) -> None:
    manifest = '{"dependencies": {"react": "1"}, "devDependencies": {"prettier": "3"}}'
    files = many("src/components/W-card.tsx", COMPONENT, **{"package.json": manifest})
    assert "formatting" not in {item.kind for item in survey(files).conventions}


def test_generated_files_are_not_counted(survey: Survey) -> None:
    files = many("app/routes/W.py", "# @generated\n" + ROUTES)
    assert survey(files).conventions == ()


def test_ids_are_unique_and_the_most_useful_kind_stands_first(survey: Survey) -> None:
    analysis = survey({**CASES[0].files, **CASES[-1].files})
    ids = [item.id for item in analysis.conventions]
    assert len(ids) == len(set(ids))
    assert analysis.conventions[0].kind == "injected parameter"
    assert [item.layer for item in analysis.conventions][-1] == ""


def test_a_pattern_that_does_not_say_what_the_facts_say_is_refused() -> None:
    ledger = Ledger(TextCache(lambda path: b"def f(): ...\n"))
    samples = [Sample(Site(f"{n}.py", 1, 1), True) for n in range(10)]
    assert not ledger.measure("x", "async", "All are async", "async def", samples)
    assert ledger.found == []
    assert [(wrong, n) for _, wrong, n in ledger.refused] == [(10, 10)]


def test_recounting_notices_a_changed_file() -> None:
    hits = tuple(Site(f"{n}.py", 1, 1) for n in range(5))
    held = Convention("a", "async", "Plain", "", "python", r"^def\b", "text", hits, ())
    assert recount(held, lambda path: b"\xef\xbb\xbfdef f(): ...\r\n") == (5, 5)
    assert recount(held, lambda path: b"async def f(): ...\n") == (0, 5)
    by_path = replace(held, pattern=r"^[0-3]\.py$", subject="path")
    assert recount(by_path, lambda path: b"") == (4, 5)


def test_an_error_of_the_language_is_no_habit_of_a_few_places(survey: Survey) -> None:
    def raising(name: str) -> list[str]:
        files = many("app/services/W.py", f"def word_NN():\n    raise {name}()\n", 7)
        return [item.kind for item in survey(files).conventions if item.kind == "exception"]

    assert raising("ValueError") == []
    assert raising("OutOfStock") == ["exception"]


def test_two_of_three_is_an_anecdote_even_where_the_share_is_enough(
    tmp_path: Path, survey: Survey
) -> None:
    (tmp_path / "a.py").write_text("x\nx\nx\ny\ny\n", encoding="utf-8")
    ledger = Ledger(TextCache(lambda path: (tmp_path / path).read_bytes()))
    samples = [Sample(Site("a.py", line, line), line <= 3) for line in range(1, 6)]
    assert not ledger.measure("x", "call", "Lines say x", "x", samples)


@pytest.mark.parametrize(
    ("labels", "said"),
    [(("`Router`",) * 4, "`Router`"), (("`Router`",) * 3 + ("`Depot`",), ""),
     (("`Router`",) * 3 + ("",), "")],
)  # fmt: skip
def test_what_the_others_do_is_said_only_where_all_of_them_do_it(
    labels: tuple[str, ...], said: str
) -> None:
    """ "The other 4: `Router`" is false where one of the four does something else."""
    text = b"follow\n" * 8 + b"stray\n" * 4
    ledger = Ledger(TextCache(lambda path: text))
    samples = [Sample(Site("a.py", line, line), line <= 8, "`Own`") for line in range(1, 9)]
    samples += [
        Sample(Site("a.py", line, line), False, label) for line, label in enumerate(labels, start=9)
    ]
    assert ledger.measure("x", "call", "Lines follow", "follow", samples)
    assert ledger.found[0].otherwise == said


def test_what_the_others_do_is_not_said_where_pattern_and_facts_disagree() -> None:
    """The label of a site is of the facts; a miss that the facts call a hit has another."""
    text = b"follow\n" * 58 + b"stray\n" * 2
    ledger = Ledger(TextCache(lambda path: text))
    samples = [Sample(Site("a.py", line, line), line < 60) for line in range(1, 61)]
    assert ledger.measure("x", "call", "Lines follow", "follow", samples, otherwise="they stray")
    assert (ledger.found[0].k, ledger.found[0].otherwise) == (58, "")


def test_a_group_of_tests_is_not_counted_as_a_test(survey: Survey) -> None:
    text = 'test.describe("group", () => {\n  test("adds NN", () => {});\n});\n'
    found = by_statement(
        survey(many("tests/W.spec.ts", text)), "Tests are written with `test(...)`"
    )
    assert found is not None
    assert found.n == 6


@pytest.mark.parametrize(("files", "told"), [(1, False), (2, False), (6, True)])
def test_what_functions_return_is_a_habit_where_most_files_do_it(
    files: int, told: bool, survey: Survey
) -> None:
    """Six functions of one feature that return its result say nothing to a writer elsewhere."""
    function = "export const load%d = (): Promise<AuthResponse> => fetchIt(%d);\n"
    each = 12 // files
    tree = {
        f"src/services/part{n}.ts": "".join(function % (i, i) for i in range(each))
        for n in range(files)
    }
    statement = "Functions of the services layer that return something return `AuthResponse`"
    assert (by_statement(survey(tree), statement) is not None) == told


def test_functions_that_are_values_are_no_entries_of_a_file(survey: Survey) -> None:
    text = (
        "export const makeNN = () => ({ children: () => 1 });\n"
        "const children = () => 2;\nexport const load = () => children();\n"
    )
    found = {item.statement for item in survey(many("src/services/W.ts", text)).conventions}
    assert "Files of the services layer declare a function `load`" in found
    assert "Files of the services layer declare a function `children`" not in found
