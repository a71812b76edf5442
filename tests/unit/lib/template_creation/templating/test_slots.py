"""How the places of a package are shared among layers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from template_creation.templating.entities import Entity
from template_creation.templating.exemplars import Group, Member
from template_creation.templating.slots import allot

ITEM = Entity(("item",), 4, (), (), (), "models/item.py")


def _groups(layer, count, *, size=2, entity=ITEM, value=3.0):
    return [
        Group(
            layer,
            f"role{number}",
            "{E}" if entity else "",
            tuple(Member(f"{layer}/{number}/{one}", entity, 1.0) for one in range(size)),
            value,
        )
        for number in range(count)
    ]


@dataclass
class Bench:
    """Takes every candidate but those listed in ``refused``; files below a folder in ``ranks``
    have that rank."""

    ranks: dict[str, int] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    taken: list[str] = field(default_factory=list)

    def make(self, group):
        return group.members[0].path

    def accept(self, made):
        if made in self.refused or made in self.taken:
            return False
        self.taken.append(made)
        return True

    def rank(self, made):
        return next((rank for mark, rank in self.ranks.items() if made.startswith(mark)), 0)

    def run(self, groups, limit=15):
        allot(groups, limit, self.make, self.accept, self.rank)
        return Counter(path.split("/")[0] for path in self.taken)


def test_places_follow_the_square_root_of_the_layers_size():
    groups = [*_groups("components", 16, size=8), *_groups("pages", 16, size=2)]
    assert Bench().run(groups, 12) == {"components": 8, "pages": 4}


def test_every_layer_with_siblings_has_a_place_before_any_has_many():
    groups = [*_groups("components", 9, size=9), *_groups("api", 1), *_groups("models", 1)]
    given = Bench().run(groups, 4)
    assert given == {"components": 2, "api": 1, "models": 1}


def test_tests_get_at_most_a_quarter_and_supporting_layers_come_last():
    groups = [*_groups("tests", 20, size=9), *_groups("docs", 20, size=9), *_groups("api", 9)]
    bench = Bench()
    given = bench.run(groups, 12)
    assert given["tests"] == 3
    assert given["api"] == 8
    assert given["docs"] == 1


def test_a_literal_one_off_stands_only_where_its_layer_has_nothing_better():
    groups = [*_groups("api", 2), *_groups("hooks", 3, entity=None, value=1.0)]
    bench = Bench(ranks={"api/1": 2, "hooks": 2})
    assert bench.run(groups) == {"api": 1, "hooks": 1}
    assert "api/1/0" not in bench.taken


def test_files_about_an_entity_go_before_a_better_group_without_one():
    groups = [*_groups("api", 1, value=1.1), *_groups("api", 1, entity=None, value=2.0)]
    groups = [groups[0], Group("api", "other", "", (Member("api/x", None, 1.0),) * 2, 2.0)]
    assert Bench().run(groups, 1) == {"api": 1}
    bench = Bench()
    bench.run(groups, 1)
    assert bench.taken == ["api/0/0"]


def test_a_refused_candidate_costs_no_place():
    bench = Bench(refused={"api/0/0"})
    assert bench.run(_groups("api", 3), 2) == {"api": 2}


def test_a_single_file_stands_for_its_layer():
    groups = [*_groups("components", 9, size=9), *_groups("models", 1, size=1, entity=None)]
    assert Bench().run(groups, 4) == {"components": 3, "models": 1}
