"""Which names are replaced in code, and in which case; one case per trap of the facts."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from template_creation.syntax import extract_facts, parse
from template_creation.templating.names import collect_names
from template_creation.templating.paths import measure_styles
from template_creation.templating.placeholders import choose, to_segments
from template_creation.templating.segments import encode_segments
from template_creation.values.template import Delimiter, Term


@dataclass(frozen=True)
class Case:
    """``source`` in ``path`` becomes ``expected`` for ``entity``; ``others`` are further files
    of the codebase."""

    id: str
    path: str
    source: str
    expected: str
    entity: tuple[str, ...] = ("item",)
    project: tuple[str, ...] = ()
    others: tuple[tuple[str, str], ...] = ()


MODEL_PY = ("app/models.py", "class Item:\n    pass\n\n\nclass ItemCreate(Item):\n    pass\n")

CASES = [
    Case(
        "python: the identifier decides the case",
        "app/routes/items.py",
        "from app.models import Item\n\ndef read_items(item_id: int) -> Item:\n"
        "    item = load(Item, item_id)\n    return item\n",
        "from app.models import <EntityName>\n\ndef read_<entity_names>(<entity_name>_id: int)"
        " -> <EntityName>:\n    <entity_name> = load(<EntityName>, <entity_name>_id)\n"
        "    return <entity_name>\n",
        others=(MODEL_PY,),
    ),
    Case(
        "python: a name imported from outside stays, although we declare the same",
        "app/a.py",
        "from elsewhere import Item\n\nx = Item()\n",
        "from elsewhere import Item\n\nx = Item()\n",
        others=(MODEL_PY,),
    ),
    Case(
        "python: a dict's items() are nobody's items",
        "app/a.py",
        "def total(items):\n    return [item for item in by_id.items()]\n",
        "def total(<entity_names>):\n"
        "    return [<entity_name> for <entity_name> in by_id.items()]\n",
    ),
    Case(
        "python: an argument of a foreign function keeps its name",
        "app/a.py",
        "from driver import connect\n\ndef f(item):\n    return connect(item=item)\n",
        "from driver import connect\n\ndef f(<entity_name>):\n"
        "    return connect(item=<entity_name>)\n",
    ),
    Case(
        "python: a keyword of what is not declared here, of a constructor, of a client's method",
        "app/a.py",
        "def f(item):\n    Client(app, item={})\n    client.get(url, item=item)\n"
        "    Box(item=item)\n    Box.objects.get(item=item)\n"
        '    return "{item}".format(item=item)\n',
        "def f(<entity_name>):\n    Client(app, item={})\n"
        "    client.get(url, item=<entity_name>)\n"
        "    Box(<entity_name>=<entity_name>)\n"
        "    Box.objects.get(<entity_name>=<entity_name>)\n"
        '    return "{<entity_name>}".format(<entity_name>=<entity_name>)\n',
        others=(("app/box.py", "class Box:\n    pass\n"),),
    ),
    Case(
        "python: a keyword of what a module of ours only hands on",
        "app/a.py",
        "from app.clients import Client\n\nitem = 1\nClient(item=item)\n",
        "from app.clients import Client\n\n<entity_name> = 1\nClient(item=<entity_name>)\n",
        others=(("app/clients.py", "from driver import Client as Client\n"),),
    ),
    Case(
        "python: a lookup through a field is renamed with the field",
        "app/a.py",
        "class Box:\n    item = field()\n    items = qs.filter(item__item_kind=1, box__item=2)\n"
        '    q = qs.select_related("item__item_kind").filter(theirs__item_kind=3)\n'
        "    narrow(item__kind=4)\n",
        "class Box:\n    <entity_name> = field()\n"
        "    <entity_names> = qs.filter(<entity_name>__<entity_name>_kind=1,"
        " box__<entity_name>=2)\n"
        '    q = qs.select_related("<entity_name>__<entity_name>_kind")'
        ".filter(theirs__item_kind=3)\n    narrow(<entity_name>__kind=4)\n",
    ),
    Case(
        "python: where a parameter stands is a word of the standard",
        "app/a.py",
        'cookie = {"in": "cookie", "name": "cookie", "loc": ["cookie", "cookie_id"]}\n',
        '<entity_name> = {"in": "cookie", "name": "<entity_name>",'
        ' "loc": ["cookie", "<entity_name>_id"]}\n',
        entity=("cookie",),
    ),
    Case(
        "ruby: a key that a method of others reads, one of ours, and fields of a model",
        "app/models/story.rb",
        "class Story\n  def send_story(story)\n    push!(story: story)\n"
        "    errors.add(:base, story: story)\n    send_story(story: story)\n"
        "    comments.where(story: story)\n    Story.fresh(story: story)\n  end\nend\n",
        "class <EntityName>\n  def send_<entity_name>(<entity_name>)\n"
        "    push!(story: <entity_name>)\n    errors.add(:base, story: <entity_name>)\n"
        "    send_<entity_name>(<entity_name>: <entity_name>)\n"
        "    comments.where(<entity_name>: <entity_name>)\n"
        "    <EntityName>.fresh(<entity_name>: <entity_name>)\n  end\nend\n",
        entity=("story",),
    ),
    Case(
        "ts: a key that an imported function reads; data of ours in a call of a member",
        "src/a.ts",
        'import { connect, z } from "driver";\nconst item = 1;\nconnect({ item: item });\n'
        "new connect({ item: item });\nz.object({ item: item });\nlocal({ item: item });\n",
        'import { connect, z } from "driver";\nconst <entityName> = 1;\n'
        "connect({ item: <entityName> });\nnew connect({ item: <entityName> });\n"
        "z.object({ <entityName>: <entityName> });\nlocal({ <entityName>: <entityName> });\n",
    ),
    Case(
        "python: strings and comments by their neighbours",
        "app/a.py",
        '# Each item is new.\na = "/items/{item_id}"\nb = "Item not found"\nc = "Items"\n',
        "# Each <entity_name_words> is new.\n"
        'a = "/<entity_names_kebab>/{<entity_name>_id}"\nb = "<Entity_name> not found"\n'
        'c = "<EntityNames>"\n',
    ),
    Case(
        "python: a raised message is read by a person",
        "app/a.py",
        'def f():\n    raise NotFound("item")\n',
        'def f():\n    raise NotFound("<entity_name_words>")\n',
    ),
    Case(
        "python: a sentence starts with a capital, whatever follows its first word",
        "app/a.py",
        '"""Items, in the order of their names. Items. An Item is one of the items."""\n'
        "# Items (all of them)\nx = 1\n",
        '"""<Entity_names>, in the order of their names. <Entity_names>. An <EntityName> is one of'
        ' the <entity_names_words>."""\n# <Entity_names> (all of them)\nx = 1\n',
    ),
    Case(
        "python: a label beside a path of the same call is written like it",
        "app/a.py",
        'router = Router(prefix="/items", tags=["items"])\nname = Field(table="items")\n',
        'router = Router(prefix="/<entity_names_kebab>", tags=["<entity_names_kebab>"])\n'
        'name = Field(table="<entity_names>")\n',
    ),
    Case(
        "python: tables and columns of a query",
        "app/a.py",
        'q = "select item.id from item where item.name = ?"\nw = "items.id = ? and x"\n',
        'q = "select <entity_name>.id from <entity_name> where <entity_name>.name = ?"\n'
        'w = "<entity_names>.id = ? and x"\n',
    ),
    Case(
        "tsx: what is shown to a person",
        "src/a.tsx",
        'const a = <List title="Items" aria-label="item" kind="Items" />;\n',
        'const a = <List title="<Entity_Names>" aria-label="<entity_name_words>"'
        ' kind="<EntityNames>" />;\n',
    ),
    Case(
        "ts: a document of somebody else's schema, and linked data",
        "src/a.ts",
        "export const q = `\n  query getItem($id: ID!) { item(id: $id) { ...item } }\n"
        "  ${itemFragment}\n`;\nconst itemFragment = { '@type': 'Item', type: 'Item' };\n",
        "export const q = `\n  query getItem($id: ID!) { item(id: $id) { ...item } }\n"
        "  ${<entityName>Fragment}\n`;\nconst <entityName>Fragment ="
        " { '@type': 'Item', type: '<EntityName>' };\n",
    ),
    Case(
        "ts: a document of our own schema",
        "src/a.ts",
        "export const q = `\n  query getItem($id: ID!) { item(id: $id) { id } }\n`;\n",
        "export const q = `\n  query get<EntityName>($id: ID!) { <entityName>(id: $id) { id } }\n"
        "`;\n",
        others=(("api/schema.graphql", "type Query { item(id: ID!): Item }\n"),),
    ),
    Case(
        "python: links to elsewhere stay",
        "app/a.py",
        "# see https://docs.example.org/items/item.html for an item\nx = 1\n",
        "# see https://docs.example.org/items/item.html for an <entity_name_words>\nx = 1\n",
    ),
    Case(
        "python: other words that contain the name stay",
        "app/a.py",
        "superitem = 1\nitemize = 2\nHTTPITEMS = 3\nITEM_ID = 4\n",
        "superitem = 1\nitemize = 2\nHTTPITEMS = 3\n<ENTITY_NAME>_ID = 4\n",
    ),
    Case(
        "python: an entity named like a keyword leaves the keyword alone",
        "app/a.py",
        "class Class:\n    pass\n\n\ndef get_class(class_id):\n    return Class\n",
        "class <EntityName>:\n    pass\n\n\ndef get_<entity_name>(<entity_name>_id):\n"
        "    return <EntityName>\n",
        entity=("class",),
    ),
    Case(
        "tsx: an external component's parts, style classes and foreign attributes stay",
        "src/components/item-card.tsx",
        'import * as Menu from "@lib/menu";\n'
        'import { loadItem } from "./load-item";\n'
        "type Item = { id: string };\n"
        "export const ItemCard = ({ item }: { item: Item }) => (\n"
        '  <Menu.Item className="flex items-center" item={1}>\n'
        "    <h1>Item</h1> {loadItem(item)}\n  </Menu.Item>\n);\n",
        'import * as Menu from "@lib/menu";\n'
        'import { load<EntityName> } from "./load-<entity_name_kebab>";\n'
        "type <EntityName> = { id: string };\n"
        "export const <EntityName>Card = ({ <entityName> }: { <entityName>: <EntityName> }) => (\n"
        '  <Menu.Item className="flex items-center" item={1}>\n'
        "    <h1><Entity_Name></h1> {load<EntityName>(<entityName>)}\n  </Menu.Item>\n);\n",
        others=(("src/components/load-item.ts", "export const loadItem = (x: unknown) => x;\n"),),
    ),
    Case(
        "tsx: a style string outside of an attribute",
        "src/a.ts",
        'const style = "flex md:items-center";\nconst label = "my item here";\n',
        'const style = "flex md:items-center";\nconst label = "my <entity_name_words> here";\n',
    ),
    Case(
        "csharp: namespaces of ours, framework names of others",
        "src/Users.cs",
        "using Microsoft.AspNetCore.Identity;\nusing Shop.Domain.Users;\n\n"
        "namespace Shop.Web.Users;\n\npublic class UserService\n{\n"
        "    private readonly UserManager<User> _userManager;\n"
        "    public IdentityUser Find(string userId) => _userManager.FindUser(userId);\n}\n",
        "using Microsoft.AspNetCore.Identity;\nusing Shop.Domain.<EntityNames>;\n\n"
        "namespace Shop.Web.<EntityNames>;\n\npublic class <EntityName>Service\n{\n"
        "    private readonly UserManager<<EntityName>> _<entityName>Manager;\n"
        "    public IdentityUser Find(string <entityName>Id)"
        " => _<entityName>Manager.FindUser(<entityName>Id);\n}\n",
        entity=("user",),
        others=(("src/User.cs", "namespace Shop.Domain.Users;\n\npublic class User { }\n"),),
    ),
    Case(
        "go: packages in one lower-case word, methods of others stay",
        "internal/date/date.go",
        'package date\n\nimport (\n\t"time"\n\t"example.com/shop/internal/date"\n)\n\n'
        "type Date struct{}\n\nfunc NewDate(t time.Time) Date {\n"
        "\tnext := t.AddDate(0, 0, 1)\n\tdateOf := date.Parse(next)\n\treturn dateOf\n}\n",
        'package <entityname>\n\nimport (\n\t"time"\n'
        '\t"example.com/shop/internal/<entityname>"\n)\n\n'
        "type <EntityName> struct{}\n\nfunc New<EntityName>(t time.Time) <EntityName> {\n"
        "\tnext := t.AddDate(0, 0, 1)\n\t<entityName>Of := <entityname>.Parse(next)\n"
        "\treturn <entityName>Of\n}\n",
        entity=("date",),
    ),
    Case(
        "java: a package and a variable of one name",
        "src/main/java/org/shop/owner/OwnerController.java",
        "package org.shop.owner;\n\nimport org.other.model.Owner;\nimport org.shop.owner.Pet;\n\n"
        "class OwnerController {\n    Pet find(OwnerController owner) { return owner.pet(); }\n}\n",
        "package org.shop.<entityname>;\n\nimport org.other.model.Owner;\n"
        "import org.shop.<entityname>.Pet;\n\nclass <EntityName>Controller {\n"
        "    Pet find(<EntityName>Controller <entityName>) { return <entityName>.pet(); }\n}\n",
        entity=("owner",),
        others=(
            ("src/main/java/org/shop/owner/Pet.java", "package org.shop.owner;\n\nclass Pet { }\n"),
        ),
    ),
    Case(
        "ruby: symbols and instance variables; a heredoc's tag stays",
        "app/controllers/stories_controller.rb",
        "class StoriesController\n  before_action :find_story\n\n  def find_story\n"
        "    @story = load\n    sql = <<~STORY\n      one story here\n    STORY\n  end\nend\n",
        "class <EntityNames>Controller\n  before_action :find_<entity_name>\n\n"
        "  def find_<entity_name>\n    @<entity_name> = load\n    sql = <<~STORY\n"
        "      one <entity_name_words> here\n    STORY\n  end\nend\n",
        entity=("story",),
    ),
    Case(
        "rust: an entity named type; crate paths are ours, others are not",
        "src/http/articles.rs",
        "use crate::models::Article;\nuse press::articles::Articles;\n\n"
        "pub fn list_articles(article: Article) -> Article {\n    article\n}\n",
        "use crate::models::<EntityName>;\nuse press::articles::Articles;\n\n"
        "pub fn list_<entity_names>(<entity_name>: <EntityName>) -> <EntityName> {\n"
        "    <entity_name>\n}\n",
        entity=("article",),
        others=(("src/models.rs", "pub struct Article;\n"),),
    ),
    Case(
        "project: in text it is a name, in code of a text it is a package",
        "app/a.py",
        '"""The desk tool.\n\n    from desk import start\n"""\nx = "install desk[all]"\n',
        '"""The <project_name_kebab> tool.\n\n    from <project_name> import start\n"""\n'
        'x = "install <project_name>[all]"\n',
        project=("desk",),
    ),
    Case(
        "project: the namespace is replaced, an entity inside its name is not",
        "src/pet.py",
        "class PetClinic:\n    pet = 1\n\n\nPETCLINIC = 'petclinic'\n",
        "class PetClinic:\n    <entity_name> = 1\n\n\n<PROJECT_NAME> = '<project_name>'\n",
        entity=("pet",),
        project=("petclinic",),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_names_are_replaced_by_what_they_are(case, make_tree):
    tree = make_tree(
        {case.path: case.source, **dict(case.others)},
        roots={"": "example.com/shop" if case.path.endswith(".go") else ""},
    )
    data = case.source.encode()
    language = tree.analysis.files[case.path].language
    names = collect_names(tree.analysis).for_file(case.path, extract_facts(data, language))
    terms = [Term("entity", case.entity)]
    if case.project:
        terms.append(Term("project", case.project))
    choices = choose(data, parse(data, language), terms, names, measure_styles(tree.analysis.files))
    encoded = encode_segments(to_segments(data, choices), Delimiter("<", ">"))
    assert encoded.decode() == case.expected


def test_a_lookup_through_a_field_that_was_refused_stays_with_it(make_tree):
    source = "item = 1\nqs.filter(item__kind=item)\nitem_id = 2\n"
    tree = make_tree({"a.py": source})
    data = source.encode()
    names = collect_names(tree.analysis).for_file("a.py", extract_facts(data, "python"))
    choices = choose(
        data,
        parse(data, "python"),
        [Term("entity", ("item",))],
        names,
        measure_styles(tree.analysis.files),
        refused={"item"},
    )
    assert [choice.text for choice in choices] == ["item_id"]
