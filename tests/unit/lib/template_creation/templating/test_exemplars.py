"""Which files stand for their group, and in which order the groups come."""

from __future__ import annotations

from template_creation.templating.entities import find_entities
from template_creation.templating.exemplars import find_groups

USUAL = "class {One}Store:\n" + "    def get(self):\n        return 1\n\n" * 4
ODD = "class {One}Store:\n    x = {{1: 2}}\n" + "x = [y for y in {{1, 2}} if y]\n" * 9
MODEL = "class {One}:\n    {one}s = 1\n" + "    x = 1\n" * 9


def _files(texts):
    files = {}
    for one, text in texts.items():
        files[f"services/{one}_store.py"] = text.format(one=one, One=one.capitalize())
        files[f"models/{one}.py"] = MODEL.format(one=one, One=one.capitalize())
    return files


def _groups(tree):
    return find_groups(tree.analysis, find_entities(tree.analysis))


def test_the_exemplar_is_the_file_most_like_the_others(make_tree):
    tree = make_tree(_files({"apple": ODD, "item": USUAL, "order": USUAL, "parcel": USUAL}))
    group = next(item for item in _groups(tree) if item.layer == "services")
    assert (group.role, group.pattern) == ("store", "{E} store py")
    assert group.members[-1].path == "services/apple_store.py"


def test_a_plain_entity_goes_before_one_that_everything_signs_in_with(make_tree):
    tree = make_tree(_files({"account": USUAL, "parcel": USUAL, "user": USUAL}))
    group = next(item for item in _groups(tree) if item.layer == "services")
    assert group.members[0].path == "services/parcel_store.py"


def test_files_without_a_role_in_common_are_a_group_together(make_tree):
    files = _files({"item": USUAL, "order": USUAL})
    files["services/mail/queue.py"] = USUAL.format(One="Mail")
    files["services/pay/gate.py"] = USUAL.format(One="Pay")
    groups = [group for group in _groups(make_tree(files)) if not group.pattern]
    assert [(group.layer, len(group.members)) for group in groups] == [("services", 2)]


def test_a_copy_of_an_app_is_left_out(make_tree):
    files = {}
    for app in ("apps/one", "apps/two"):
        for path, text in _files({"item": USUAL, "order": USUAL}).items():
            files[f"{app}/{path}"] = text
    files["apps/one/services/extra.py"] = USUAL
    tree = make_tree(files, roots={"apps/one": "one", "apps/two": "two"})
    paths = [member.path for group in _groups(tree) for member in group.members]
    assert paths
    assert all(path.startswith("apps/one/") for path in paths)


def test_migrations_and_long_or_tiny_files_are_no_shapes(make_tree):
    files = _files({"item": USUAL, "order": USUAL})
    files["services/20240102_item_store.py"] = USUAL
    files["services/long_store.py"] = USUAL * 60
    files["services/tiny_store.py"] = "x = 1\n"
    paths = {m.path for group in _groups(make_tree(files)) for m in group.members}
    assert paths == set(_files({"item": USUAL, "order": USUAL}))
