"""Small trees through the real walk, the real syntax and the real analysis."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from template_creation.analysis import analyse
from template_creation.scan import scan_codebase
from template_creation.syntax import GRAMMAR_LANGUAGES, extract_facts
from template_creation.values.analysis import Analysis
from template_creation.values.source import Codebase

Survey = Callable[[Mapping[str, bytes | str]], Analysis]


def analyse_codebase(codebase: Codebase) -> Analysis:
    """The analysis of a walked codebase, as the orchestrator makes it."""
    facts = {
        file.path: extract_facts(codebase.read(file.path), file.language)
        for file in codebase.files
        if file.language in GRAMMAR_LANGUAGES
    }
    return analyse(codebase, facts)


@pytest.fixture
def analysed() -> Callable[[Path], Analysis]:
    """Walks and analyses a folder."""
    return lambda root: analyse_codebase(scan_codebase(root))


@pytest.fixture
def survey(tmp_path: Path) -> Survey:
    """Writes ``{path: content}`` to a folder named ``shop`` and analyses it."""

    def run(files: Mapping[str, bytes | str]) -> Analysis:
        root = tmp_path / "shop"
        for path, content in files.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode() if isinstance(content, str) else content)
        return analyse_codebase(scan_codebase(root))

    return run
