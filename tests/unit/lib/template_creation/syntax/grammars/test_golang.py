"""Facts of Go source."""

from __future__ import annotations

import textwrap

from template_creation.syntax import extract_facts
from template_creation.values.facts import Call, FileFacts, Import, Parameter, Symbol


def facts_of(text: str) -> FileFacts:
    return extract_facts(textwrap.dedent(text).lstrip("\n").encode(), "go")


def test_a_method_belongs_to_its_receiver() -> None:
    """Pointer and type parameters of the receiver are dropped from the parent's name."""
    facts = facts_of(
        """
        package ports

        // Get gets.
        func (s *Server[T]) Get(ctx context.Context, a, b int, xs ...string) (res int, err error) {
            return
        }
        """
    )
    assert facts.namespace == "ports"
    assert facts.symbols == (
        Symbol(
            name="Get",
            kind="method",
            line=4,
            end_line=6,
            body_line=5,
            signature=(
                "func (s *Server[T]) Get(ctx context.Context, a, b int, xs ...string) "
                "(res int, err error)"
            ),
            parent="Server",
            parameters=(
                Parameter("ctx", "context.Context"),
                Parameter("a", "int"),
                Parameter("b", "int"),
                Parameter("xs", "...string"),
            ),
            returns="(res int, err error)",
            documented=True,
            exported=True,
        ),
    )


def test_types_constants_and_functions() -> None:
    """Alone a declaration begins at its keyword; in a group the keyword leads its signature."""
    facts = facts_of(
        """
        package a
        const A, b = 1, 2
        var (
            ErrX = errors.New("x")
        )
        type S struct {
            Base
            *pkg.Other
            Name string
        }
        type I interface {
            M(x int) error
            Embedded
        }
        type (
            F func(int) error
            G = int
        )
        func helper[T any](x T) T { return x }
        func TestS(t *testing.T) { t.Run("x", func(t *testing.T) {}) }
        """
    )
    assert [(s.kind, s.parent, s.name, s.signature, s.exported) for s in facts.symbols] == [
        ("constant", "", "A", "const A, b = 1, 2", True),
        ("constant", "", "b", "const A, b = 1, 2", False),
        ("constant", "", "ErrX", 'var ErrX = errors.New("x")', True),
        ("struct", "", "S", "type S struct", True),
        ("interface", "", "I", "type I interface", True),
        ("method", "I", "M", "M(x int) error", True),
        ("type", "", "F", "type F func(int) error", True),
        ("type", "", "G", "type G = int", True),
        ("function", "", "helper", "func helper[T any](x T) T", False),
        ("function", "", "TestS", "func TestS(t *testing.T)", True),
    ]
    by_name = {symbol.name: symbol for symbol in facts.symbols}
    assert by_name["S"].bases == ("Base", "pkg.Other")
    assert by_name["I"].bases == ("Embedded",)
    assert (by_name["S"].line, by_name["S"].body_line, by_name["S"].end_line) == (6, 7, 10)
    assert facts.declared_types == ("F", "G", "I", "S")


def test_imports_and_calls() -> None:
    """Paths without quotes, whatever their alias."""
    facts = facts_of(
        """
        package a
        import (
            "fmt"
            h "net/http"
        )
        func f() { fmt.Errorf("x: %w", g()); h.Get(`raw`) }
        """
    )
    assert facts.imports == (Import("fmt", 3), Import("net/http", 4))
    assert facts.calls == (
        Call("fmt.Errorf", 6, "x: %w"),
        Call("g", 6),
        Call("h.Get", 6, "raw"),
    )


def test_declared_are_the_names_that_this_file_makes() -> None:
    """Short declarations, ranges, switches, fields, labels and the package count."""
    facts = facts_of(
        """
        package own
        import al "x/y"
        type S struct { Field, other int }
        func (r *S) M(p int) (res error) {
            a, b := f()
            for i, v := range b { }
            var c, d int
            switch t := a.(type) { case User: }
        outer:
            for { break outer }
            return nil
        }
        """
    )
    made = "Field M S a al b c d i other outer own p r res t v"
    assert facts.declared == tuple(made.split())
    assert "User" in facts.identifiers
