"""From files and facts to what may be said about a codebase, each claim with its evidence."""

from template_creation.analysis.conventions import recount
from template_creation.analysis.orders import addresses_a_model, find_order
from template_creation.analysis.survey import analyse
from template_creation.analysis.technologies import known_technologies

__all__ = ["addresses_a_model", "analyse", "find_order", "known_technologies", "recount"]
