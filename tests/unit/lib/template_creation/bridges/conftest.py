"""A batch request as a bridge gets it: ids and facts, no files."""

from __future__ import annotations

from typing import Any

import pytest


def symbol(template: int, place: int, name: str, lines: str, **more: Any) -> dict[str, Any]:
    return {
        "id": f"T{template}.s{place}",
        "name": name,
        "kind": "function",
        "lines": lines,
        "signature": f"def {name}()",
        **more,
    }


def entry(number: int, category: str, symbols: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {
        "id": f"T{number}",
        "name": f"file{number}.py",
        "category": category,
        "path": f"templates/app/file{number}.py.template",
        "source": f"app/file{number}.py",
        "purpose": f"{category} number {number}",
        "technologies": [],
        "grade": "pattern",
        "support": 3,
        "lines": 120,
        "symbols": symbols,
        **more,
    }


def habit(number: int, statement: str, k: int, n: int, kind: str = "docstring") -> dict[str, Any]:
    return {
        "id": f"C{number}",
        "kind": kind,
        "statement": statement,
        "layer": "api",
        "language": "python",
        "k": k,
        "n": n,
        "example": "app/file1.py:3",
    }


@pytest.fixture
def request_data() -> dict[str, Any]:
    """Two agents, three templates, six habits, rules of each modality, two commands."""
    routes = [
        symbol(1, 1, "read_items", "10-30", marks=['@router.get("/")']),
        symbol(1, 2, "read_item", "32-52", marks=['@router.get("/{id}")']),
        symbol(1, 3, "create_item", "54-80", marks=['@router.post("/")']),
        symbol(1, 4, "helper", "82-84"),
    ]
    tests = [
        symbol(2, 1, "test_create_item", "5-20"),
        symbol(2, 2, "test_create_order", "22-40"),
        symbol(2, 3, "test_delete_item", "42-60"),
    ]
    return {
        "version": "1.0",
        "contract": "sections",
        "project": "shop",
        "languages": ["python"],
        "agents": [
            {
                "name": "api-specialist",
                "title": "API specialist",
                "purpose": "Adds endpoints.",
                "technologies": ["FastAPI"],
                "layers": ["api"],
                "files": 6,
                "templates": ["T1", "T2", "T3"],
                "conventions": ["C1", "C2", "C3", "C4", "C5", "C6"],
                "rules": ["R1", "R2"],
                "commands": ["K1", "K2"],
                "dependencies": ["D1"],
            },
            {
                "name": "testing-specialist",
                "title": "Testing specialist",
                "purpose": "Adds tests.",
                "technologies": [],
                "layers": ["tests"],
                "files": 4,
                "templates": ["T2", "T1"],
            },
        ],
        "template_catalog": [
            entry(1, "api", routes),
            entry(2, "tests", tests),
            entry(3, "config", [], lines=20, grade="example"),
        ],
        "conventions": [
            habit(1, "Functions of the api layer annotate what they return", 23, 23),
            habit(2, "Functions of the api layer have a docstring", 22, 23),
            habit(3, "Errors of the api layer are raised as `HTTPException`", 13, 20),
            habit(4, "Rarely done here", 4, 23),
            habit(5, "Seen in four places", 4, 4),
            habit(6, "Files of the api layer call `APIRouter`", 6, 9, kind="call"),
        ],
        "rules": [
            {
                "id": "R1",
                "text": "Never return database errors",
                "source": "RULES.md:3",
                "modality": "must-not",
            },
            {
                "id": "R2",
                "text": "Write a docstring.",
                "source": "RULES.md:4",
                "modality": "must",
            },
        ],
        "commands": [
            {
                "id": "K1",
                "purpose": "test",
                "command": "pytest",
                "folder": "",
                "source": "pyproject.toml:3",
            },
            {
                "id": "K2",
                "purpose": "lint",
                "command": "ruff check",
                "folder": "",
                "source": "pyproject.toml:4",
            },
        ],
        "technologies": [
            {"id": "D1", "name": "FastAPI", "role": "api", "source": "pyproject.toml:7"}
        ],
        "enhancement_instructions": "",
    }
