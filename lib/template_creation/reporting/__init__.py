"""One page about a package, for people: what is in it, what proves it, and what it took."""

from template_creation.reporting.page import GENERATOR_MARK, render_report
from template_creation.reporting.values import Findings, NoRun, Run

__all__ = ["GENERATOR_MARK", "Findings", "NoRun", "Run", "render_report"]
