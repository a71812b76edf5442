"""The facts of a package read back as they were."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from template_creation.analysis import analyse
from template_creation.package.facts import facts_from_document, facts_to_document
from template_creation.scan import scan_codebase
from template_creation.syntax import extract_facts
from template_creation.values.analysis import CommitFormat, Problem
from template_creation.values.languages import GRAMMAR_LANGUAGES


def test_everything_that_may_be_cited_survives_the_way_to_disk_and_back(bookshop: Path) -> None:
    codebase = scan_codebase(bookshop)
    facts = {
        file.path: extract_facts(codebase.read(file.path), file.language)
        for file in codebase.files
        if file.language in GRAMMAR_LANGUAGES
    }
    analysis = replace(
        analyse(codebase, facts),
        problems=(Problem("setup.cfg", 3, "cannot be read"),),
        commits=CommitFormat("Subjects begin with a type", "^feat", 9, 10, ("feat: sell",)),
    )
    assert analysis.conventions
    assert analysis.settings
    document = json.loads(json.dumps(facts_to_document(analysis)))
    assert facts_from_document(document) == replace(analysis, facts={}, files={})
