"""Facts of Java source."""

from __future__ import annotations

import textwrap

from template_creation.syntax import extract_facts
from template_creation.values.facts import Call, FileFacts, Import, Parameter, Raise, Symbol


def facts_of(text: str) -> FileFacts:
    return extract_facts(textwrap.dedent(text).lstrip("\n").encode(), "java")


def test_an_annotated_method() -> None:
    """Annotations are decorators and begin the excerpt; the signature begins after them."""
    facts = facts_of(
        """
        class A {
          /** Finds. */
          @GetMapping(value = "/a")
          public <T> List<T> find(@PathVariable("id") final int id, String... xs)
              throws IOException {
            return null;
          }
        }
        """
    )
    assert facts.symbols[1] == Symbol(
        name="find",
        kind="method",
        line=3,
        end_line=7,
        body_line=6,
        signature=(
            'public <T> List<T> find(@PathVariable("id") final int id, String... xs) '
            "throws IOException"
        ),
        parent="A",
        decorators=('GetMapping(value = "/a")',),
        parameters=(Parameter("id", "int"), Parameter("xs", "String...")),
        returns="List<T>",
        documented=True,
        exported=True,
        modifiers=("public",),
    )


def test_types_and_their_bases() -> None:
    """Classes, records, interfaces, enums and annotation types."""
    facts = facts_of(
        """
        package org.shop;
        @Controller @RequestMapping("/x")
        public final class A extends Base<T> implements B, C {
          A(Repo repo) { }
          enum E { X, Y(1); }
        }
        record R(int x, String y) implements I { }
        interface I extends J, K { int m(); }
        @interface Ann { int v() default 1; }
        """
    )
    assert facts.namespace == "org.shop"
    assert [(s.kind, s.parent, s.name, s.bases, s.exported) for s in facts.symbols] == [
        ("class", "", "A", ("Base<T>", "B", "C"), True),
        ("method", "A", "A", (), False),
        ("enum", "A", "E", (), False),
        ("record", "", "R", ("I",), False),
        ("interface", "", "I", ("J", "K"), False),
        ("method", "I", "m", (), True),
        ("interface", "", "Ann", (), False),
    ]
    assert facts.symbols[0].decorators == ("Controller", 'RequestMapping("/x")')
    assert facts.symbols[0].modifiers == ("public", "final")
    assert facts.symbols[3].parameters == (Parameter("x", "int"), Parameter("y", "String"))


def test_imports_calls_and_exceptions() -> None:
    """The last part of an import is its name; unions are caught one by one."""
    facts = facts_of(
        """
        import static x.Y.z;
        import java.util.*;
        import java.util.List;
        class A { void f() {
          try { this.repo.find("n").get(); throw new X("a"); } catch (B | C e) { throw e; }
        } }
        """
    )
    assert facts.imports == (
        Import("x.Y", 1, ("z",)),
        Import("java.util", 2, ("*",)),
        Import("java.util", 3, ("List",)),
    )
    assert facts.calls == (Call("this.repo.find().get", 5), Call("this.repo.find", 5, "n"))
    assert facts.raises == (
        Raise("X", 5),
        Raise("e", 5),
        Raise("B", 5, caught=True),
        Raise("C", 5, caught=True),
    )


def test_declared_are_the_names_that_this_file_makes() -> None:
    """Fields, parameters, lambdas, patterns, resources and package parts count."""
    facts = facts_of(
        """
        package own.part;
        class A<T> {
          int f1, f2;
          enum E { X }
          void m(int p, String... q) {
            var local = 1; for (User each : us) { }
            try (var res = open()) { } catch (Bad e) { }
            run(a -> a, (b, c) -> b);
            if (o instanceof User u) { }
          }
        }
        """
    )
    made = "A E T X a b c e each f1 f2 local m own p part q res u"
    assert facts.declared == tuple(made.split())
    assert {"User", "Bad", "open", "run"} <= set(facts.identifiers)
