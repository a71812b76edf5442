"""Facts of Rust source."""

from __future__ import annotations

import textwrap

from template_creation.syntax import extract_facts
from template_creation.values.facts import Call, FileFacts, Import, Parameter, Raise, Symbol


def facts_of(text: str) -> FileFacts:
    return extract_facts(textwrap.dedent(text).lstrip("\n").encode(), "rust")


def test_a_struct_with_derives() -> None:
    """Attributes begin the excerpt, doc comments above them document it."""
    facts = facts_of(
        """
        /// A user.
        #[derive(Debug, Clone)]
        #[serde(rename_all = "camelCase")]
        pub struct User<T> {
            pub name: String,
        }
        """
    )
    assert facts.symbols == (
        Symbol(
            name="User",
            kind="struct",
            line=2,
            end_line=6,
            body_line=5,
            signature="pub struct User<T>",
            decorators=("derive(Debug, Clone)", 'serde(rename_all = "camelCase")'),
            documented=True,
            exported=True,
            modifiers=("pub",),
        ),
    )


def test_functions_of_impl_blocks_are_methods_of_their_type() -> None:
    """The type lends its name; functions of a trait are public with it."""
    facts = facts_of(
        """
        pub trait Repo: Send + Sync { fn find(&self) -> i32; const K: i32; }
        impl<T> Repo for db::User<T> {
            async fn find(&self, mut a: i32, (b, c): (i32, i32)) -> Result<i32> { Ok(1) }
        }
        impl User { pub fn new() -> Self { User {} } fn private() {} }
        mod inner { pub(crate) fn helper() {} }
        pub enum E { A }
        type Alias = i32;
        const LIMIT: i32 = 1;
        #[tokio::test]
        async fn works() {}
        """
    )
    assert [(s.kind, s.parent, s.name, s.exported) for s in facts.symbols] == [
        ("trait", "", "Repo", True),
        ("method", "Repo", "find", True),
        ("constant", "Repo", "K", True),
        ("method", "User", "find", True),
        ("method", "User", "new", True),
        ("method", "User", "private", False),
        ("module", "", "inner", False),
        ("function", "inner", "helper", True),
        ("enum", "", "E", True),
        ("type", "", "Alias", False),
        ("constant", "", "LIMIT", False),
        ("function", "", "works", False),
    ]
    find = facts.symbols[3]
    assert (find.is_async, find.returns) == (True, "Result<i32>")
    assert find.parameters == (
        Parameter("self", "&self"),
        Parameter("a", "i32"),
        Parameter("(b, c)", "(i32, i32)"),
    )
    assert facts.symbols[0].bases == ("Send", "Sync")
    assert facts.symbols[-1].decorators == ("tokio::test",)


def test_uses_calls_macros_and_failures() -> None:
    """Groups are opened; ``Err(...)`` names what goes wrong."""
    facts = facts_of(
        """
        use axum::{routing::get, Router as R, *};
        use serde;
        fn f() -> Result<()> {
            println!("x {}", d);
            foo.bar::<T>("y").baz();
            Err(Error::NotFound)?;
            return Err(Error::Other("z"));
        }
        """
    )
    assert facts.imports == (
        Import("axum::routing", 1, ("get",)),
        Import("axum", 1, ("Router",)),
        Import("axum", 1, ("*",)),
        Import("serde", 2),
    )
    assert [call for call in facts.calls if call.callee not in {"Err", "Error::Other"}] == [
        Call("println!", 4, "x {}"),
        Call("foo.bar::<T>().baz", 5),
        Call("foo.bar::<T>", 5, "y"),
    ]
    assert facts.raises == (Raise("Error::NotFound", 6), Raise("Error::Other", 7))


def test_declared_are_the_names_that_this_file_makes() -> None:
    """Patterns bind names; their constants and types do not."""
    facts = facts_of(
        """
        use a::b as alias;
        struct S { field: i32 }
        enum E { One }
        fn f(p: i32) {
            let v = 1; let (t1, mut t2) = x; let Some(e) = o else { return };
            if let Ok(g) = r {} for i in y {}
            match z { Foo { h, k: l } => {}, None => {}, m => {}, Wrap(None) => {} }
            let c = |q, w: i32| q;
        }
        macro_rules! mac { () => {} }
        """
    )
    made = "E One S alias c e f field g h i l m mac p q t1 t2 v w"
    assert facts.declared == tuple(made.split())
    assert {"None", "Some", "Foo", "k"} <= set(facts.identifiers)
