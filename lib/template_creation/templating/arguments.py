"""Names of arguments: whose they are is decided by the call that they are passed to.

A keyword of Python, a key of Ruby's last hash and a key of an object literal belong to the
function that is called. Where the repository does not declare it, they are somebody else's,
except where a call takes whatever names the caller has: fields of a model, values of a text.
"""

from __future__ import annotations

from tree_sitter import Node

from template_creation.templating.names import FileNames
from template_creation.templating.vocabulary import words_in

__all__ = ["is_foreign_argument", "is_foreign_value"]

_PYTHON_OPEN = words_in(
    """__init__ __new__ _replace aggregate alias annotate cls dict exclude filter filter_by format
    format_map get_list_or_404 get_object_or_404 get_or_create model_copy model_construct partial
    render_template replace safe_substitute substitute super type update_or_create url_for
    url_path_for SimpleNamespace Q"""
)
"""Functions that take whatever keywords they are given, as fields of a model or as values."""
_PYTHON_FIELDS = words_in(
    """acreate aget aupdate bulk_create bulk_update create first get insert save update values"""
)
"""Functions that do so when a model is asked; a client's ``get`` has keywords of its own."""
_MODEL_OWNERS = words_in("objects query queryset qs manager")
_RUBY_OPEN = words_in(
    """assign_attributes attributes_for build build_list build_stubbed create create! create_list
    create_or_find_by eager_load eq expect find_by find_by! find_or_create_by find_or_create_by!
    find_or_initialize_by format group have_attributes having includes include insert joins
    left_joins left_outer_joins match merge new not order permit pluck preload references render
    require rewhere select slice sum t translate update update! update_all update_columns upsert
    where with accepts_nested_attributes_for"""
)
_SCRIPT_OPEN = words_in(
    """Schema assign combineReducers defineProps deferred json model mysqlTable object observable
    pgTable pick reactive ref shallowReactive signal sqliteTable stringify toEqual toMatchObject
    useContext useReducer useRef useState"""
)
_PARAMETER_PLACES = words_in("body cookie form formData header path query")
_PLACE_KEYS = words_in("in in_ loc")


def is_foreign_argument(node: Node, names: FileNames) -> bool:
    """Whether the name at ``node`` is that of an argument which only foreign code reads."""
    parent = node.parent
    if parent is None:
        return False
    if parent.type == "keyword_argument" and parent.child_by_field_name("name") == node:
        return _is_foreign_keyword(parent, _text(node), names)
    if parent.type == "pair" and parent.child_by_field_name("key") == node:
        if node.type == "hash_key_symbol":
            return _is_foreign_key(parent, names)
        if node.type == "property_identifier":
            return _is_foreign_property(parent, names)
    return False


def is_foreign_value(node: Node) -> bool:
    """Whether the string at ``node`` is a word of a standard: where a parameter of a request
    stands (``"in": "cookie"``, as OpenAPI writes it)."""
    whole = node.parent if node.parent is not None and node.parent.type == "string" else node
    if _text(whole).strip("\"'") not in _PARAMETER_PLACES:
        return False
    pair = whole.parent
    if pair is not None and pair.type in ("list", "array"):
        pair = pair.parent
    if pair is None or pair.type not in ("pair", "keyword_argument"):
        return False
    key = pair.child_by_field_name("key") or pair.child_by_field_name("name")
    return key is not None and key != whole and _text(key).strip("\"'") in _PLACE_KEYS


def _is_foreign_keyword(argument: Node, name: str, names: FileNames) -> bool:
    call = argument.parent.parent if argument.parent is not None else None
    function = call.child_by_field_name("function") if call is not None else None
    if function is None:
        return False
    chain = _chain(function)
    last = chain[-1]
    if last in _PYTHON_OPEN or "__" in name.strip("_"):
        return False
    if last in _PYTHON_FIELDS and (
        not _MODEL_OWNERS.isdisjoint(chain) or _is_own_type(chain[0], names)
    ):
        return False
    # Imported from a module of ours is not enough: that may only hand on what others declare.
    return chain[0] in names.foreign or last not in names.names.declared


def _is_foreign_key(pair: Node, names: FileNames) -> bool:
    call = pair.parent.parent if pair.parent is not None else None
    if call is None or pair.parent is None or pair.parent.type != "argument_list":
        return False
    method = call.child_by_field_name("method") if call.type == "call" else None
    if method is None or method.type == "super":
        return False
    name = _text(method)
    if name in _RUBY_OPEN or name.endswith(("_path", "_url")):
        return False
    receiver = call.child_by_field_name("receiver")
    if receiver is not None and _is_own_type(_chain(receiver)[0], names):
        return False
    return not names.allows(name)


def _is_foreign_property(pair: Node, names: FileNames) -> bool:
    """Only where the imported function itself is called: keys of ``schema.object({...})`` and
    ``http.post(url, {...})`` are data of ours."""
    arguments = pair.parent.parent if pair.parent is not None else None
    call = arguments.parent if arguments is not None else None
    if call is None or arguments is None or arguments.type != "arguments":
        return False
    function = call.child_by_field_name("function") or call.child_by_field_name("constructor")
    if function is None or function.type != "identifier":
        return False
    return _text(function) in names.foreign and _text(function) not in _SCRIPT_OPEN


def _is_own_type(name: str, names: FileNames) -> bool:
    return name[:1].isupper() and names.allows(name)


def _chain(node: Node) -> tuple[str, ...]:
    """The names of ``a.b(1).c`` from left to right, without what is passed to them; a single
    empty name where it starts with no name."""
    found: list[str] = []
    current: Node | None = node
    while current is not None:
        if current.type in ("attribute", "call") and current.named_children:
            member = current.child_by_field_name("attribute") or current.child_by_field_name(
                "method"
            )
            if member is not None:
                found.append(_text(member))
            inner = (
                current.child_by_field_name("object")
                or current.child_by_field_name("receiver")
                or current.child_by_field_name("function")
            )
            current = inner
            continue
        found.append("" if current.child_count else _text(current))
        current = None
    return tuple(reversed(found)) or ("",)


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")
