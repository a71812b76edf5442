"""Facts of C# source."""

from __future__ import annotations

import textwrap

from template_creation.syntax import extract_facts
from template_creation.values.facts import Call, FileFacts, Import, Parameter, Raise, Symbol


def facts_of(text: str) -> FileFacts:
    return extract_facts(textwrap.dedent(text).lstrip("\n").encode(), "csharp")


def test_a_record_in_a_file_scoped_namespace() -> None:
    """Attributes, modifiers, primary parameters and bases are read."""
    facts = facts_of(
        """
        namespace Shop.Items;

        /// <summary>Create.</summary>
        [ApiController, Route("x")]
        public sealed record CreateItem(int Id, string Name) : IRequest<int>, IFoo;
        """
    )
    assert facts.namespace == "Shop.Items"
    assert facts.symbols == (
        Symbol(
            name="CreateItem",
            kind="record",
            line=4,
            end_line=5,
            body_line=5,
            signature="public sealed record CreateItem(int Id, string Name) : IRequest<int>, IFoo;",
            decorators=("ApiController", 'Route("x")'),
            bases=("IRequest<int>", "IFoo"),
            parameters=(Parameter("Id", "int"), Parameter("Name", "string")),
            documented=True,
            exported=True,
            modifiers=("public", "sealed"),
        ),
    )


def test_members_of_a_class_in_a_block_namespace() -> None:
    """Methods, constructors, local functions, nested types; the excerpt of an Allman method
    begins its body at the brace."""
    facts = facts_of(
        """
        namespace A
        {
            public class C<T>(ISender sender) : Base(sender), IFoo where T : class
            {
                public C(int a) : base(a) { }
                [HttpGet("{id}")]
                public async Task<int> Get([FromQuery] int id, CancellationToken ct = default)
                {
                    int Local(int p) => p;
                    return await sender.Send(new Query(id));
                }
                enum E { X }
                delegate void D(int x);
            }
            interface I { int M(int x); }
            public struct S { }
        }
        """
    )
    assert [(s.kind, s.parent, s.name, s.exported) for s in facts.symbols] == [
        ("class", "", "C", True),
        ("method", "C", "C", True),
        ("method", "C", "Get", True),
        ("function", "Get", "Local", False),
        ("enum", "C", "E", False),
        ("type", "C", "D", False),
        ("interface", "", "I", False),
        ("method", "I", "M", True),
        ("struct", "", "S", True),
    ]
    assert facts.symbols[0].bases == ("Base", "IFoo")
    get = facts.symbols[2]
    assert (get.line, get.body_line, get.end_line) == (6, 8, 11)
    assert (get.returns, get.is_async, get.decorators) == ("Task<int>", True, ('HttpGet("{id}")',))
    assert get.signature.startswith("public async Task<int> Get(")
    assert facts.namespace == "A"


def test_usings_calls_and_exceptions() -> None:
    """Aliases name their target; generic callees keep their type."""
    facts = facts_of(
        """
        using Text = System.Text;
        using System.Linq;
        class A { void F() {
            try { _s.Send<int>("a"); throw new NotFound("x"); } catch (Bad e) { throw; }
            var x = y ?? throw new ArgumentNullException(nameof(y));
        } }
        """
    )
    assert facts.imports == (Import("System.Text", 1), Import("System.Linq", 2))
    assert facts.calls == (Call("_s.Send<int>", 4, "a"), Call("nameof", 5))
    assert facts.raises == (
        Raise("NotFound", 4),
        Raise("Bad", 4, caught=True),
        Raise("ArgumentNullException", 5),
    )


def test_declared_are_the_names_that_this_file_makes() -> None:
    """Fields, properties, patterns, deconstruction, lambdas and namespace parts count."""
    facts = facts_of(
        """
        using Alias = System.Text;
        namespace Own.Part;
        class A<T> {
            int _field; public int Prop { get; set; } event Handler Ev;
            enum E { One }
            void M(int arg) {
                var local = 1; (var a, int b) = q; foreach (var each in q) { }
                if (o is User u) { } Func<int, int> f = w => w; Do(out var res);
                try { } catch (Exception ex) { }
            }
        }
        """
    )
    made = "A Alias E Ev M One Own Part Prop T _field a arg b each ex f local res u w"
    assert facts.declared == tuple(made.split())
    assert {"User", "Exception", "Func", "Do"} <= set(facts.identifiers)
