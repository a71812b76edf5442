"""Which nouns are entities, in the layouts of several frameworks."""

from __future__ import annotations

import pytest

from template_creation.templating.entities import find_entities, shared_names

LAYOUTS = {
    "one folder per entity (Spring)": {
        "owner/OwnerController.java": "class OwnerController { Owner owner; }",
        "owner/OwnerRepository.java": "class OwnerRepository { Owner[] owners; }",
        "owner/Owner.java": "class Owner { }",
        "vet/VetController.java": "class VetController { Vet[] vets; }",
        "vet/VetRepository.java": "class VetRepository { }",
        "vet/Vet.java": "class Vet { }",
    },
    "one folder per role, plural names (Rails)": {
        "app/models/owner.rb": "class Owner\nend",
        "app/models/vet.rb": "class Vet\nend",
        "app/controllers/owners_controller.rb": "class OwnersController\nend",
        "app/controllers/vets_controller.rb": "class VetsController\nend",
    },
    "one file for all, told by names (flat)": {
        "models.py": "class Owner: ...\nclass OwnerCreate: ...\n"
        "class Vet: ...\nclass VetCreate: ...\n",
        "api/routes.py": "def list_owners(): ...\ndef list_vets(): ...\n",
        "services.py": "class OwnerList: ...\nclass VetList: ...\n",
    },
    "kebab folders (TypeScript)": {
        "src/features/owners/api/get-owners.ts": "export type Owner = {a: 1};",
        "src/features/owners/components/owner-card.tsx": "export const OwnerCard = 1;",
        "src/features/vets/api/get-vets.ts": "export type Vet = {a: 1};",
        "src/features/vets/components/vet-card.tsx": "export const VetCard = 1;",
    },
}


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_entities_are_found_in_every_usual_layout(layout, make_tree):
    found = find_entities(make_tree(LAYOUTS[layout]).analysis)
    assert {entity.name for entity in found} == {"owner", "vet"}


def test_verbs_roles_and_words_without_plural_are_no_entities(make_tree):
    files = {}
    for noun in ("Create", "Handler", "Data", "News", "Base"):
        files[f"api/{noun.lower()}_view.py"] = f"class {noun}: ...\n"
        files[f"models/{noun.lower()}.py"] = f"class {noun}View: ...\n"
    assert find_entities(make_tree(files).analysis) == ()


def test_at_most_twelve_and_the_same_ones_each_time(make_tree):
    nouns = [f"thing{chr(97 + i)}" for i in range(15)]
    files = {}
    for noun in nouns:
        files[f"api/{noun}s.py"] = f"class {noun.capitalize()}Api: ...\n"
        files[f"models/{noun}.py"] = f"class {noun.capitalize()}: ...\n"
    analysis = make_tree(files).analysis
    found = find_entities(analysis)
    assert len(found) == 12
    assert found == find_entities(analysis)


def test_a_noun_that_nobody_uses_in_the_plural_is_no_entity(make_tree):
    files = dict(LAYOUTS["one folder per role, plural names (Rails)"])
    files["app/models/security.rb"] = "class Security\nend"
    files["app/controllers/security_controller.rb"] = "class SecurityController\nend"
    found = {entity.name for entity in find_entities(make_tree(files).analysis)}
    assert found == {"owner", "vet"}


def test_a_noun_whose_plural_does_not_lead_back_to_it_is_no_entity(make_tree):
    """``axes`` may be those of a chart: its singular is ``axis``, and no axe is named anew."""
    files = dict(LAYOUTS["one folder per role, plural names (Rails)"])
    for noun in ("owner", "vet", "axe"):
        files[f"app/models/{noun}.rb"] = f"class {noun.title()}\nend"
        files[f"app/helpers/{noun}_helper.rb"] = f"module {noun.title()}Helper\nend"
        files[f"app/jobs/{noun}_job.rb"] = f"class {noun.title()}Job\n  @{noun}s = 1\nend"
    found = {entity.name for entity in find_entities(make_tree(files).analysis)}
    assert found == {"owner", "vet"}


def test_a_name_that_others_use_too_is_the_entitys_where_its_files_declare_it(make_tree):
    files = {
        "users/user_form.py": "class UserForm(FormItem): ...\nclass User: ...\nx = BuyItem\n",
        "users/user_list.py": "class UserList: ...\n",
        "items/item_form.py": "class ItemForm(FormItem): ...\nclass Item: ...\n",
        "items/item_list.py": "class ItemList: ...\n",
        "items/buy_item.py": "class BuyItem: ...\n",
        "ui/form.py": "class FormItem: ...\n",
    }
    analysis = make_tree(files).analysis
    shared = shared_names(analysis, find_entities(analysis))
    assert shared[("item",)] == {"FormItem"}
