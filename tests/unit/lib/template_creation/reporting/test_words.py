"""The words of the page are those of the product: bars, reasons and grades."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from template_creation.reporting.facts import REASONS
from template_creation.reporting.templates import BARS
from template_creation.values.source import ExclusionReason


def test_every_reason_to_leave_a_file_out_is_explained() -> None:
    assert set(REASONS) == set(get_args(ExclusionReason))


def test_the_bars_are_those_of_the_glossary(checkout: Path) -> None:
    glossary = (checkout / "docs" / "glossary.md").read_text(encoding="utf-8")
    assert list(BARS) == re.findall(r"^\| (B\d) \|", glossary, flags=re.MULTILINE)
