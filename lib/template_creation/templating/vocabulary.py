"""Words as data: stop words, plurals, reserved words and names that belong to others.

Nothing here decides anything; `words`, `entities`, `placeholders` and `render` do. (Sources:
facts sections 1, 4 and 6; the reserved words are those of each language's own reference.)
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = [
    "BUILTIN_METHODS",
    "CSS_TOKENS",
    "FOREIGN_OWNERS",
    "INVARIANT_WORDS",
    "IRREGULAR_PLURALS",
    "OVERLOADED_ENTITIES",
    "RESERVED_WORDS",
    "STOP_WORDS",
    "TAIL_WORDS",
    "words_in",
]


def words_in(text: str) -> frozenset[str]:
    """The words of a table written as text."""
    return frozenset(text.split())


INVARIANT_WORDS = words_in(
    """advice aircraft analytics canvas criteria data equipment evidence feedback fish graphics
    info information logistics logs mathematics media metadata money news physics politics
    rice series sheep software species statistics stats stuff traffic weather"""
) - {"canvas", "logs"}
"""Words without a number of their own: never an entity, never cut to a singular."""

IRREGULAR_PLURALS: Mapping[str, str] = MappingProxyType(
    {
        "alias": "aliases",
        "atlas": "atlases",
        "bonus": "bonuses",
        "bus": "buses",
        "cache": "caches",
        "calf": "calves",
        "campus": "campuses",
        "canvas": "canvases",
        "child": "children",
        "cookie": "cookies",
        "corpus": "corpora",
        "echo": "echoes",
        "foot": "feet",
        "gas": "gases",
        "half": "halves",
        "hero": "heroes",
        "index": "indexes",
        "knife": "knives",
        "leaf": "leaves",
        "lens": "lenses",
        "life": "lives",
        "loaf": "loaves",
        "man": "men",
        "menu": "menus",
        "mouse": "mice",
        "movie": "movies",
        "niche": "niches",
        "person": "people",
        "potato": "potatoes",
        "quiz": "quizzes",
        "shelf": "shelves",
        "status": "statuses",
        "tomato": "tomatoes",
        "tooth": "teeth",
        "veto": "vetoes",
        "virus": "viruses",
        "wife": "wives",
        "wolf": "wolves",
        "woman": "women",
    }
)
"""Singular to plural, where the general rules are wrong."""

STOP_WORDS = words_in(
    """abstract accept action actor adapter add admin all any api app application arg args
    assert async attr attribute auth authentication authorization aware backend bad base
    basic batch body bootstrap browser builder bulk button bytes cache call callback card
    change char check class cli client code column command common component conf config
    configuration connection console const constant container content context controller
    convert core create creator criteria current custom data database date datetime db debug
    decorator default delete dependency dependent deps detail dialog dict dispatch
    dispatcher domain driver dto dummy edit element endpoint engine entity entry_point enum
    env environment error event exception executor export ext extension extra factory
    failure fake feature field file filter fixture flag form format formatter forbidden
    frontend function generator generic get global guard handler header health hello helper
    home hook host http icon id identity image impl import index info init input instance
    integration interceptor interface internal invalid iterator job json key kind label
    layout lib library link list listener loader local log logger logging login logout main
    manager map mapper mapping meta metadata method middleware migration misc mixin mock
    modal mode model module name namespace nav navigation new nil node none not null number
    object operation option options origin out output page panel param parameter params
    parser patch path pattern payload permission plugin policy popup port prefix private
    processor program prop props provider proxy public query queue range read reader record
    ref register registry remove render renderer repository request require reset resolver
    resource response rest result root route router rule runner sample save schema scheduler
    scope script search select selector serializer server service session set setting
    settings setup shared show sidebar sign signal simple size spec sql src start state
    static status step storage store strategy stream string struct style sub suite support
    swagger switch sync system table tab target temp template test testing text theme time
    timestamp title toast tool transform trigger type ui unit unknown update url use util
    utility utils validate validation validator value var variable version view viewset web
    widget window with worker wrapper write writer xml yaml"""
)
"""A name that starts with one of these is a role, a verb or a technical term, not an entity."""

TAIL_WORDS = words_in(
    """account category collection entry event field file group image item list message note
    option order page plan project record section session set source transaction type"""
)
"""Stop words that make an entity when another word stands before them: ``todo list``."""

OVERLOADED_ENTITIES = frozenset({"account", "auth", "login", "profile", "session", "token", "user"})
"""Entities whose files carry sign-in and permissions: a plainer one makes the better shape."""

BUILTIN_METHODS = words_in(
    """children entries files filter find format groups index items keys links map tags values"""
)
"""Methods of the languages' own collections: ``d.items()`` is no item of ours."""

FOREIGN_OWNERS = words_in(
    """context ctx document env environ event httpcontext navigator os process req request
    window"""
)
"""Objects of frameworks and platforms whose members we do not declare: ``request.user``."""

CSS_TOKENS = frozenset(
    f"{prefix}items-{place}"
    for prefix in ("", "place-", "justify-")
    for place in ("start", "end", "center", "baseline", "stretch", "normal")
) | frozenset({"list-item", "user-select", "users-select", "align-items", "justify-items"})
"""Style names that contain an everyday entity and mean something else."""

_C_LIKE = """break case catch class const continue default do else enum extends false finally for
    if import in instanceof new null return super switch this throw true try typeof var void
    while with"""
_JAVASCRIPT = f"""{_C_LIKE} await debugger delete export function let static yield implements
    interface package private protected public"""

RESERVED_WORDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "python": words_in(
            """False None True and as assert async await break class continue def del elif else
    except finally for from global if import in is lambda nonlocal not or pass raise return try
    while with yield"""
        ),
        "javascript": frozenset(_JAVASCRIPT.split()),
        "jsx": frozenset(_JAVASCRIPT.split()),
        "typescript": frozenset(f"{_JAVASCRIPT} any boolean never number string symbol".split()),
        "tsx": frozenset(f"{_JAVASCRIPT} any boolean never number string symbol".split()),
        "csharp": words_in(
            """abstract as base bool break byte case catch char checked class const continue decimal
    default delegate do double else enum event explicit extern false finally fixed float for
    foreach goto if implicit in int interface internal is lock long namespace new null
    object operator out override params private protected public readonly ref return sbyte
    sealed short sizeof stackalloc static string struct switch this throw true try typeof
    uint ulong unchecked unsafe ushort using virtual void volatile while"""
        ),
        "go": words_in(
            """break case chan const continue default defer else fallthrough for func go goto if
    import interface map package range return select struct switch type var"""
        ),
        "rust": words_in(
            """Self abstract as async await become box break const continue crate do dyn else enum
    extern false final fn for if impl in let loop macro match mod move mut override priv pub
    ref return self static struct super trait true try type typeof unsafe unsized use
    virtual where while yield"""
        ),
        "java": words_in(
            """abstract assert boolean break byte case catch char class const continue default do
    double else enum extends false final finally float for goto if implements import
    instanceof int interface long native new null package private protected public return
    short static strictfp super switch synchronized this throw throws transient true try
    void volatile while"""
        ),
        "ruby": words_in(
            """BEGIN END alias and begin break case class def defined do else elsif end ensure false
    for if in module next nil not or redo rescue retry return self super then true undef
    unless until when while yield"""
        ),
    }
)
"""The reserved words of each language that is parsed."""
