"""Facts of Python source."""

from __future__ import annotations

import textwrap

from template_creation.syntax import extract_facts
from template_creation.values.facts import Call, FileFacts, Import, Parameter, Raise, Symbol


def facts_of(text: str) -> FileFacts:
    return extract_facts(textwrap.dedent(text).lstrip("\n").encode(), "python")


def test_a_decorated_function_is_whole() -> None:
    """Lines begin at the decorator; signature, parameters, return and docstring are read."""
    facts = facts_of(
        '''
        @router.get("/items/{id}", tags=["items"])
        @cached
        async def read_item(
            session: SessionDep, id: int = 1, *args: str, flag=True, **extra
        ) -> Item[int]:  # a remark
            """Get it."""
            return session
        '''
    )
    assert facts.symbols == (
        Symbol(
            name="read_item",
            kind="function",
            line=1,
            end_line=7,
            body_line=6,
            signature=(
                "async def read_item( session: SessionDep, id: int = 1, *args: str, flag=True, "
                "**extra ) -> Item[int]:"
            ),
            decorators=('router.get("/items/{id}", tags=["items"])', "cached"),
            parameters=(
                Parameter("session", "SessionDep"),
                Parameter("id", "int"),
                Parameter("args", "str"),
                Parameter("flag"),
                Parameter("extra"),
            ),
            returns="Item[int]",
            documented=True,
            is_async=True,
            exported=True,
        ),
    )
    assert facts.calls == (Call("router.get", 1, "/items/{id}"),)


def test_classes_hold_methods_and_functions_hold_functions() -> None:
    """Kind and parent tell where a declaration stands; what is inside a function is local."""
    facts = facts_of(
        """
        class Item(Base, Generic[T], table=True):
            title: str
            class Meta:
                pass
            def save(self):
                def inner():
                    pass
            def _hidden(self): pass
        class Kind(str, enum.Enum):
            A = "a"
        class Shape(Flag): pass
        """
    )
    assert [(s.kind, s.parent, s.name, s.exported) for s in facts.symbols] == [
        ("class", "", "Item", True),
        ("class", "Item", "Meta", True),
        ("method", "Item", "save", True),
        ("function", "save", "inner", False),
        ("method", "Item", "_hidden", False),
        ("enum", "", "Kind", True),
        ("enum", "", "Shape", True),
    ]
    assert facts.symbols[0].bases == ("Base", "Generic[T]", "table=True")
    assert facts.declared_types == ("Item", "Kind", "Meta", "Shape")


def test_names_of_the_module() -> None:
    """Assignments of the module are constants, aliases are types."""
    facts = facts_of(
        """
        router = APIRouter(prefix="/items")
        SessionDep: TypeAlias = Annotated[Session, Depends(get_db)]
        type Pair[T] = tuple[T, T]
        limit: int = 3
        def f():
            local = 1
        """
    )
    assert [(s.kind, s.name, s.returns) for s in facts.symbols] == [
        ("constant", "router", ""),
        ("type", "SessionDep", "TypeAlias"),
        ("type", "Pair", ""),
        ("constant", "limit", "int"),
        ("function", "f", ""),
    ]
    assert facts.symbols[0].signature == 'router = APIRouter(prefix="/items")'


def test_imports_as_written() -> None:
    """Module, names and line; relative ones keep their dots."""
    facts = facts_of(
        """
        from __future__ import annotations
        import a.b as c, d
        from ..x import (
            y as z, w
        )
        from m import *
        """
    )
    assert facts.imports == (
        Import("__future__", 1, ("annotations",)),
        Import("a.b", 2),
        Import("d", 2),
        Import("..x", 3, ("y", "w")),
        Import("m", 6, ("*",)),
    )


def test_exceptions_raised_and_caught() -> None:
    """Types by name, bare raises left out."""
    facts = facts_of(
        """
        try:
            raise errors.NotFound("x") from None
        except (KeyError, a.B) as error:
            raise
        except* C:
            raise stop
        """
    )
    assert facts.raises == (
        Raise("errors.NotFound", 2),
        Raise("KeyError", 3, caught=True),
        Raise("a.B", 3, caught=True),
        Raise("C", 5, caught=True),
        Raise("stop", 6),
    )


def test_declared_are_the_names_that_this_file_makes() -> None:
    """Every way to bind a name counts; imported and merely used names do not."""
    facts = facts_of(
        """
        import numpy as np
        from lib import Thing, other as mine
        def f(a, b=1, *c, d: int = 2, **e): pass
        class K[T]:
            field: int
            def m(self): self.attribute = Thing()
        g, (h, [i, *j]) = v
        for k, l in v: pass
        with o() as n, p as (q, r): pass
        [s for s in v if (t := s)]
        lambda u, w=1: u
        match v:
            case Point(x=xx): pass
            case [aa, *bb]: pass
        try: pass
        except E as err: pass
        call(keyword=1)
        """
    )
    made = "K T a aa attribute b bb c d e err f field g h i j k l m mine n np q r s self t u w xx"
    assert facts.declared == tuple(made.split())
    assert {"Thing", "other", "numpy", "keyword", "v", "E"} <= set(facts.identifiers)


def test_strings_hold_no_identifiers_but_their_expressions_do() -> None:
    """What is written in a string or comment is not used."""
    facts = facts_of('x = f"hello {name}"  # remark\n"""word"""')
    assert facts.identifiers == ("name", "x")


def test_calls_without_arguments_of_the_chain() -> None:
    """The callee is bare; a first argument that is text is kept without its quotes."""
    facts = facts_of("a.b(1).\\\n    c(r'x/y', 2)\nd(e('deep'))")
    assert facts.calls == (
        Call("a.b().\\c", 1, "x/y"),
        Call("a.b", 1),
        Call("d", 3),
        Call("e", 3, "deep"),
    )
