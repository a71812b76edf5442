"""Facts of JavaScript and TypeScript source, with and without JSX."""

from __future__ import annotations

import textwrap

import pytest

from template_creation.syntax import extract_facts
from template_creation.values.facts import Call, FileFacts, Import, Parameter, Raise, Symbol


def facts_of(text: str, language: str = "tsx") -> FileFacts:
    return extract_facts(textwrap.dedent(text).lstrip("\n").encode(), language)


def test_an_exported_arrow_function_is_a_function() -> None:
    """A function bound to a constant has its own parameters and return type."""
    facts = facts_of(
        """
        /** Loads. */
        export const useUser = async ({ id, ...rest }: Props, page?: number): Promise<User> => {
          throw new NotFound(`no ${id}`);
        };
        """
    )
    assert facts.symbols == (
        Symbol(
            name="useUser",
            kind="function",
            line=2,
            end_line=4,
            body_line=3,
            signature=(
                "export const useUser = async ({ id, ...rest }: Props, page?: number): "
                "Promise<User> =>"
            ),
            parameters=(Parameter("{ id, ...rest }", "Props"), Parameter("page", "number")),
            returns="Promise<User>",
            documented=True,
            is_async=True,
            exported=True,
        ),
    )
    assert facts.raises == (Raise("NotFound", 3),)


@pytest.mark.parametrize("language", ["javascript", "jsx", "typescript", "tsx"])
def test_the_kinds_of_functions(language: str) -> None:
    """Declared, bound, wrapped, generated and default ones, in every dialect."""
    facts = facts_of(
        """
        function plain(a, b = 1) {}
        export function* steps() {}
        const bound = function () {};
        const Card = React.memo(function Inner(props) { return null });
        export const Input = forwardRef((props, ref) => null);
        const single = a => a;
        const value = compute(() => 1);
        export default () => {};
        """,
        language,
    )
    assert [(s.kind, s.name, s.exported) for s in facts.symbols] == [
        ("function", "plain", False),
        ("function", "steps", True),
        ("function", "bound", False),
        ("function", "Card", False),
        ("function", "Input", True),
        ("function", "single", False),
        ("constant", "value", False),
        ("function", "default", True),
    ]
    assert [p.name for p in facts.symbols[0].parameters] == ["a", "b"]
    assert facts.symbols[-1].modifiers == ("default",)


def test_classes_with_decorators_heritage_and_members() -> None:
    """Decorators begin the excerpt; modifiers and visibility are read."""
    facts = facts_of(
        """
        @Injectable({ scope: 1 })
        export abstract class UserService<T> extends Base<T> implements A, B {
          @Input() private readonly name: string = 'x';
          constructor(private readonly api: Api) { super(); }
          @Get('x')
          async find(@Param('id') id: string): Promise<User> { return id }
          static handle = () => {};
          private hidden() {}
          abstract run(): void;
        }
        """
    )
    found = facts.symbols[0]
    assert (found.line, found.end_line, found.signature) == (
        1,
        10,
        "export abstract class UserService<T> extends Base<T> implements A, B",
    )
    assert found.decorators == ("Injectable({ scope: 1 })",)
    assert found.bases == ("Base<T>", "A", "B")
    assert [(s.name, s.kind, s.line, s.modifiers, s.exported) for s in facts.symbols[1:]] == [
        ("constructor", "method", 4, (), True),
        ("find", "method", 5, ("async",), True),
        ("handle", "method", 7, ("static",), True),
        ("hidden", "method", 8, ("private",), False),
        ("run", "method", 9, ("abstract",), True),
    ]
    find = facts.symbols[2]
    assert (find.decorators, find.parent) == (("Get('x')",), "UserService")
    assert find.parameters == (Parameter("id", "string"),)
    assert find.signature == "async find(@Param('id') id: string): Promise<User>"


def test_javascript_classes() -> None:
    """The plain grammar has classes too."""
    facts = facts_of("class A extends b.C { #d = 1; get e() {} static async f() {} }", "javascript")
    assert facts.symbols[0].bases == ("b.C",)
    assert [(s.name, s.modifiers) for s in facts.symbols[1:]] == [
        ("e", ("get",)),
        ("f", ("static", "async")),
    ]
    assert {"#d", "A", "e", "f"} == set(facts.declared)


def test_types_of_typescript() -> None:
    """Interfaces, aliases, enums and namespaces."""
    facts = facts_of(
        """
        export interface A extends B, C<D> { id: string; load(x: number): void }
        type E = { key: string; method(): void };
        export const enum F { One, Two = 2 }
        declare namespace G { const h = 1 }
        """
    )
    assert [(s.kind, s.parent, s.name, s.exported) for s in facts.symbols] == [
        ("interface", "", "A", True),
        ("method", "A", "load", True),
        ("type", "", "E", False),
        ("enum", "", "F", True),
        ("module", "", "G", False),
    ]
    assert facts.symbols[0].bases == ("B", "C<D>")
    assert facts.declared_types == ("A", "E", "F")
    assert {"id", "load", "key", "One", "Two"} <= set(facts.declared)


def test_tests_are_blocks_with_their_titles() -> None:
    """describe, it and test blocks nest; hooks and other callbacks are no tests."""
    facts = facts_of(
        """
        describe('users', () => {
          beforeEach(() => {});
          it.each([1, 2])(`works %s`, async (n) => {});
          test('a page', async ({ page }) => { const open = () => {}; });
        });
        test.describe('more', function () {});
        items.test('x', () => {});
        """
    )
    assert [(s.kind, s.parent, s.name, s.is_async) for s in facts.symbols] == [
        ("test", "", "users", False),
        ("test", "users", "works %s", True),
        ("test", "users", "a page", True),
        ("test", "", "more", False),
    ]


def test_exports_by_name() -> None:
    """What is exported after its declaration is exported."""
    facts = facts_of(
        """
        const Button = () => null;
        type Props = {};
        function App() {}
        const inner = 1;
        export { Button, type Props };
        export default App;
        """
    )
    assert {s.name for s in facts.symbols if s.exported} == {"Button", "Props", "App"}
    common = facts_of("const a = 1\nfunction b() {}\nmodule.exports = { a, b }", "javascript")
    assert [s.exported for s in common.symbols] == [True, True]


def test_imports_and_re_exports() -> None:
    """Default and namespace imports have a sign; require and export-from count."""
    facts = facts_of(
        """
        import React, { useState as state, type FC } from 'react';
        import * as z from "zod";
        import './styles.css';
        export { a as b } from './c';
        export * from './d';
        const e = require('./f');
        """
    )
    assert facts.imports == (
        Import("react", 1, ("default", "useState", "FC")),
        Import("zod", 2, ("*",)),
        Import("./styles.css", 3),
        Import("./c", 4, ("a",)),
        Import("./d", 5, ("*",)),
        Import("./f", 6),
    )


def test_declared_are_the_names_that_this_file_makes() -> None:
    """Destructuring, parameters and aliases count; names of other packages do not, and a
    default import counts only from the codebase's own modules."""
    facts = facts_of(
        """
        import External, { Radix, Other as mine } from 'pkg';
        import own from '@/lib/own';
        import * as space from './space';
        const { a, b: c, d = 1, ...e } = x;
        const [f, [g]] = y;
        function h({ i }, [j], k = 1, ...l) {}
        try {} catch (m) {}
        for (const n of z) {}
        const api = { getUser: () => 1, other() {}, plain: 2 };
        const o = <T,>(p: T) => p;
        call({ shorthand, key: 1 });
        """
    )
    made = "T a api c d e f g getUser h i j k l m mine n o other own p space"
    assert facts.declared == tuple(made.split())
    assert {"External", "Radix", "b", "plain", "shorthand", "key"} <= set(facts.identifiers)


def test_calls_and_their_text() -> None:
    """Chains, templates and generics."""
    facts = facts_of("router.get('/x', h);\nz.object({}).min(1);\nf<T>(`a ${b}`);\n")
    assert facts.calls == (
        Call("router.get", 1, "/x"),
        Call("z.object().min", 2),
        Call("z.object", 2),
        Call("f", 3, "a ${b}"),
    )


def test_jsx_text_is_no_identifier() -> None:
    """Words between tags are text; components and attributes are names."""
    facts = facts_of("const a = <Foo.Bar title='x'>Hello {name}</Foo.Bar>;", "jsx")
    assert facts.identifiers == ("Bar", "Foo", "a", "name", "title")
