"""Who the codebase is: its name, the words its code uses for itself, licence and digest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from template_creation.values.analysis import Analysis

Survey = Callable[[Mapping[str, bytes | str]], Analysis]


@dataclass(frozen=True)
class Case:
    name: str
    files: Mapping[str, str]
    project: str
    slug: str
    words: tuple[str, ...]


CASES = [
    Case(
        "a .NET solution and its namespaces",
        {
            "CleanShop.sln": "\n",
            "src/Domain/Domain.csproj": "<Project></Project>",
            "src/Domain/Item.cs": "namespace CleanShop.Domain;\npublic class Item {}\n",
            "src/Web/Page.cs": "namespace CleanShop.Web;\npublic class Page {}\n",
        },
        "CleanShop",
        "clean-shop",
        ("clean", "shop"),
    ),
    Case(
        "a Go module",
        {
            "go.mod": "module example.org/team/order-desk/v2\n\ngo 1.22\n",
            "main.go": "package main\n",
        },
        "v2",
        "v2",
        ("order", "desk"),
    ),
    Case(
        "several Go modules below one name",
        {
            "a/go.mod": "module example.org/order-desk/a\n",
            "b/go.mod": "module example.org/order-desk/b\n",
            "a/a.go": "package a\n",
        },
        "shop",
        "shop",
        ("order", "desk"),
    ),
    Case(
        "the last word of a Java base package",
        {
            "pom.xml": "<project><artifactId>pet-desk</artifactId></project>",
            "src/main/java/org/acme/petdesk/A.java": "package org.acme.petdesk;\nclass A {}\n",
            "src/main/java/org/acme/petdesk/b/B.java": "package org.acme.petdesk.b;\nclass B {}\n",
        },
        "pet-desk",
        "pet-desk",
        ("petdesk",),
    ),
    Case(
        "a Python package named like its project",
        {
            "pyproject.toml": '[project]\nname = "order-desk"\n',
            "src/order_desk/__init__.py": "",
            "src/order_desk/core.py": "X = 1\n",
            "tests/test_core.py": "def test_x() -> None: ...\n",
        },
        "order-desk",
        "order-desk",
        ("order", "desk"),
    ),
    Case(
        "code that names no project",
        {
            "pyproject.toml": '[project]\nname = "app"\n',
            "app/__init__.py": "",
            "app/main.py": "X = 1\n",
        },
        "shop",
        "shop",
        (),
    ),
    Case(
        "a Rust crate",
        {"Cargo.toml": '[package]\nname = "order-desk"\n', "src/main.rs": "fn main() {}\n"},
        "order-desk",
        "order-desk",
        ("order", "desk"),
    ),
    Case(
        "a Rails module",
        {
            "Gemfile": 'gem "rails"\n',
            "config/application.rb": "module OrderDesk\n  class Application\n  end\nend\n",
        },
        "shop",
        "shop",
        ("order", "desk"),
    ),
    Case(
        "a package of one word that its code spells with two",
        {
            "pom.xml": "<project><artifactId>desk</artifactId></project>",
            "src/main/java/org/orderdesk/OrderDeskApplication.java": "package org.orderdesk;\n\n"
            "class OrderDeskApplication { }\n",
            "src/main/java/org/orderdesk/Orderdesks.java": "package org.orderdesk;\n\n"
            "class Orderdesks { }\n",
        },
        "desk",
        "desk",
        ("order", "desk"),
    ),
    Case(
        "a spelling that no naming style gives back",
        {
            "pyproject.toml": '[project]\nname = "orderapi"\n',
            "orderapi/__init__.py": "class OrderAPI: ...\n",
        },
        "orderapi",
        "orderapi",
        ("orderapi",),
    ),
    Case(
        "a scope of npm packages",
        {
            "package.json": '{"name": "monorepo", "private": true}',
            "packages/a/package.json": '{"name": "@deskly/a"}',
            "packages/b/package.json": '{"name": "@deskly/b"}',
            "packages/a/a.ts": "export const a = 1\n",
        },
        "shop",
        "shop",
        ("deskly",),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_project_is_named_as_its_manifests_and_its_code_do(case: Case, survey: Survey) -> None:
    found = survey(case.files).project
    assert (found.name, found.slug, found.words) == (case.project, case.slug, case.words)


LICENCES = [
    (
        "LICENSE",
        "Permission is hereby granted, free of charge, to any\nperson obtaining a copy",
        "MIT",
    ),
    ("LICENSE.md", "Apache License\n   Version 2.0, January 2004", "Apache-2.0"),
    ("COPYING", "GNU AFFERO GENERAL PUBLIC LICENSE\n Version 3, 19 November 2007", "AGPL-3.0"),
    ("LICENSE", "// SPDX-License-Identifier: EUPL-1.2", "EUPL-1.2"),
    ("LICENSE", "All rights reserved.", None),
]


@pytest.mark.parametrize(("path", "text", "spdx"), LICENCES)
def test_a_licence_is_known_by_its_text(
    path: str, text: str, spdx: str | None, survey: Survey
) -> None:
    assert survey({path: text}).project.licence == spdx


def test_a_manifest_names_the_licence_where_no_file_does(survey: Survey) -> None:
    assert survey({"package.json": '{"license": "ISC"}'}).project.licence == "ISC"


def test_the_digest_follows_paths_and_contents_and_not_the_place(
    tmp_path: Path, analysed: Callable[[Path], Analysis]
) -> None:
    digests = []
    for folder, files in (
        ("one", {"a.py": "A = 1\n"}),
        ("two", {"a.py": "A = 1\n"}),
        ("three", {"a.py": "A = 2\n"}),
        ("four", {"b.py": "A = 1\n"}),
    ):
        for path, text in files.items():
            (tmp_path / folder).mkdir()
            (tmp_path / folder / path).write_text(text, encoding="utf-8")
        digests.append(analysed(tmp_path / folder).project.digest)
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3
