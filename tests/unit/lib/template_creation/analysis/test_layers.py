"""Layers by evidence: what a file is, by its syntax first and its path second."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest

from template_creation.values.analysis import Analysis
from template_creation.values.layers import LAYER_TITLES

Survey = Callable[[Mapping[str, bytes | str]], Analysis]


@dataclass(frozen=True)
class Case:
    layer: str
    path: str
    text: str
    around: Mapping[str, str] = field(default_factory=dict)
    signal: str = ""


NEXT = {"package.json": '{"dependencies": {"next": "15", "react": "19"}}'}
REACT = {"package.json": '{"dependencies": {"react": "19"}, "devDependencies": {"express": "4"}}'}
SERVER = {"package.json": '{"dependencies": {"express": "5"}}'}
JSX = "export function Card() {\n  return <p>hi</p>\n}\n"

CASES = [
    # Python
    Case(
        "api",
        "app/things.py",
        "from fastapi import APIRouter\nrouter = APIRouter()\n@router.get('/')\ndef read(): ...\n",
        signal="decorator @router.<verb>",
    ),
    Case("api", "shop/api/deps.py", "def get_db(): ...\n"),
    Case(
        "views",
        "app/pages.py",
        "from flask import Flask, render_template\napp = Flask('x')\n"
        "@app.route('/')\ndef home():\n    return render_template('a.html')\n",
    ),
    Case("models", "shop/things.py", "from django.db import models\nclass A(models.Model): ...\n"),
    Case(
        "models",
        "shop/things.py",
        "from sqlmodel import SQLModel\nclass A(SQLModel, table=True):\n    id: int\n",
    ),
    Case(
        "models",
        "shop/things.py",
        "from sqlalchemy import Column, Integer\nclass A(Base):\n    id = Column(Integer)\n",
    ),
    Case("validators", "shop/forms.py", "from django import forms\nclass A(forms.Form): ...\n"),
    Case(
        "views",
        "shop/x.py",
        "from django.views.generic import ListView\nclass A(ListView): ...\n",
        signal="base class ListView",
    ),
    Case("pages", "shop/urls.py", "from django.urls import path\nurlpatterns = [path('', x)]\n"),
    Case(
        "cli",
        "shop/management/commands/sync.py",
        "from django.core.management.base import BaseCommand\nclass Command(BaseCommand): ...\n",
    ),
    Case(
        "api",
        "shop/x.py",
        "from rest_framework import viewsets\nclass A(viewsets.ModelViewSet): ...\n",
    ),
    Case("schemas", "shop/x.py", "from pydantic import BaseModel\nclass A(BaseModel): ...\n"),
    Case(
        "config",
        "shop/x.py",
        "from pydantic_settings import BaseSettings\nclass A(BaseSettings): ...\n",
    ),
    Case("jobs", "shop/x.py", "from celery import shared_task\n@shared_task\ndef run(): ...\n"),
    Case("cli", "shop/x.py", "import typer\napp = typer.Typer()\n@app.command()\ndef run(): ...\n"),
    Case("data", "shop/cart_repository.py", "class CartRepository:\n    def get(self): ...\n"),
    Case("errors", "shop/x.py", "class CartError(Exception): ...\n"),
    Case("tests", "tests/test_cart.py", "def test_cart(): ...\n"),
    Case(
        "data",
        "shop/first.py",
        "from alembic import op\ndef upgrade(): ...\ndef downgrade(): ...\n",
    ),
    # JavaScript and TypeScript
    Case("pages", "src/app/cart/page.tsx", JSX, NEXT, "Next.js file page"),
    Case("api", "src/app/cart/route.ts", "export async function GET() {}\n", NEXT),
    Case("api", "src/pages/api/cart.ts", "export default function handler() {}\n", NEXT),
    Case("data", "src/features/cart/api/get-cart.ts", "export const getCart = () => 1\n", NEXT),
    Case(
        "data",
        "src/features/cart/api/use-cart.ts",
        "import { useQuery } from '@tanstack/react-query'\n"
        "export const useCart = () => useQuery({})\n",
        REACT,
        "call useQuery()",
    ),
    Case("components", "src/things/card.tsx", JSX, REACT, "function that returns JSX"),
    Case("components", "src/components/UserSettings/form.tsx", JSX, REACT),
    Case(
        "components",
        "src/components/UserSettings/columns.ts",
        "export const columns = [1]\n",
        REACT,
        "folder components/",
    ),
    Case("hooks", "src/things/use-cart.ts", "export function useCart() {}\n", REACT),
    Case(
        "state",
        "src/things/cart.ts",
        "import { create } from 'zustand'\nexport const s = create(() => 1)\n",
    ),
    Case("stories", "src/things/card.stories.tsx", "export default {}\n", REACT),
    Case("tests", "src/things/card.test.tsx", "test('x', () => {})\n", REACT),
    Case(
        "e2e",
        "tests/cart.spec.ts",
        "import { test } from '@playwright/test'\ntest('x', () => {})\n",
    ),
    Case(
        "api",
        "src/cart.ts",
        "import express from 'express'\nconst app = express()\napp.get('/cart', f)\n",
        SERVER,
    ),
    Case("api", "src/cart.ts", "@Controller('cart')\nexport class Cart {}\n"),
    Case("config", "vite.config.ts", "export default {}\n"),
    Case("schemas", "src/x.ts", "import { z } from 'zod'\nexport const a = z.object({})\n"),
    # .NET
    Case("api", "Web/X.cs", "namespace A;\n[ApiController]\npublic class X : ControllerBase {}\n"),
    Case("api", "Web/X.cs", "namespace A;\npublic class X : IEndpointGroup {}\n"),
    Case("commands", "App/X.cs", "namespace A;\npublic record AddItem : IRequest<int>;\n"),
    Case("queries", "App/Queries/X.cs", "namespace A;\npublic record X : IRequest<int>;\n"),
    Case("validators", "App/X.cs", "namespace A;\npublic class X : AbstractValidator<Y> {}\n"),
    Case("data", "App/X.cs", "namespace A;\npublic class X : DbContext {}\n"),
    Case("mapping", "App/X.cs", "namespace A;\npublic class X : Profile {}\n"),
    Case("tests", "App/X.cs", "namespace A;\npublic class X { [Fact] public void Y() {} }\n"),
    # Java
    Case("api", "src/main/java/a/X.java", "package a;\n@RestController\nclass X {}\n"),
    Case("services", "src/main/java/a/X.java", "package a;\n@Service\nclass X {}\n"),
    Case("models", "src/main/java/a/X.java", "package a;\n@Entity\nclass X {}\n"),
    Case(
        "data",
        "src/main/java/a/X.java",
        "package a;\ninterface X extends JpaRepository<Y, Long> {}\n",
    ),
    Case("config", "src/main/java/a/X.java", "package a;\n@Configuration\nclass X {}\n"),
    Case("tests", "src/test/java/a/X.java", "package a;\nclass X { @Test void y() {} }\n"),
    # Go
    Case(
        "api",
        "web/x.go",
        'package web\nimport "net/http"\nfunc H(w http.ResponseWriter, r *http.Request) {}\n',
    ),
    Case("api", "web/x.go", "package web\nfunc H(c *gin.Context) {}\n"),
    Case("tests", "web/x_test.go", "package web\nfunc TestX(t *testing.T) {}\n"),
    Case("domain", "internal/cart/domain/cart.go", "package domain\ntype Cart struct{}\n"),
    Case("commands", "internal/cart/app/command/add.go", "package command\ntype Add struct{}\n"),
    # Rust
    Case("api", "src/x.rs", "use axum::Json;\nasync fn f(b: Json<A>) -> Json<B> { todo!() }\n"),
    Case("api", "src/x.rs", '#[get("/")]\nasync fn f() -> String { todo!() }\n'),
    Case("models", "src/x.rs", "#[derive(sqlx::FromRow)]\nstruct A { id: i32 }\n"),
    Case("errors", "src/x.rs", "pub enum CartError { Empty }\n"),
    # Ruby
    Case(
        "api", "app/controllers/x_controller.rb", "class XController < ApplicationController\nend\n"
    ),
    Case("models", "app/models/x.rb", "class X < ApplicationRecord\nend\n"),
    Case("jobs", "extras/x.rb", "class X < ApplicationJob\n  def perform; end\nend\n"),
    Case("mailers", "app/mailers/x.rb", "class X < ApplicationMailer\nend\n"),
    Case("pages", "config/routes.rb", "Rails.application.routes.draw do\nend\n"),
    Case("e2e", "spec/features/x_spec.rb", "feature 'x' do\nend\n"),
    Case("tests", "spec/models/x_spec.rb", "describe 'x' do\nend\n"),
    Case("views", "app/views/carts/index.html.erb", "<p></p>\n"),
    # what is no source file
    Case("ci", ".github/workflows/ci.yml", "on: push\n"),
    Case("infra", "infra/main.tf", "x {}\n"),
    Case("docs", "guide/start.md", "# Start\n"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.layer}-{case.path}")
def test_a_file_belongs_where_its_evidence_says(case: Case, survey: Survey) -> None:
    analysis = survey({**case.around, case.path: case.text})
    assert analysis.layer_of.get(case.path) == case.layer
    if case.signal:
        layer = next(layer for layer in analysis.layers if layer.name == case.layer)
        assert case.signal in [item.signal for item in layer.evidence]


UNKNOWN = {
    "shop/prices.py": "TAX = 0.2\ndef with_tax(price): ...\n",
    "shop/__init__.py": "",
    "hooks/post_install.py": "print('done')\n",
    "src/calculations.ts": "export const add = (a: number) => a\n",
    "Makefile": "all:\n",
    "data.csv": "a,b\n",
}


def test_what_nothing_speaks_for_has_no_layer(survey: Survey) -> None:
    """``hooks`` and ``state`` are layers of user interfaces and of nothing else."""
    assert survey(UNKNOWN).layer_of == {}


def test_generated_files_are_evidence_of_nothing(survey: Survey) -> None:
    text = "# @generated by a tool\nfrom django.db import models\nclass A(models.Model): ...\n"
    assert survey({"shop/models.py": text}).layers == ()


def test_layers_are_a_partition_with_titles_and_counted_evidence(survey: Survey) -> None:
    analysis = survey({case.path: case.text for case in CASES})
    paths = [path for layer in analysis.layers for path in layer.files]
    assert len(paths) == len(set(paths))
    for layer in analysis.layers:
        assert layer.title == LAYER_TITLES[layer.name]
        assert list(layer.files) == sorted(layer.files)
        assert sum(item.count for item in layer.evidence) == len(layer.files)
        for item in layer.evidence:
            path, _, line = item.example.partition(":")
            assert path in layer.files
            assert not line or 1 <= int(line) <= analysis.files[path].lines
