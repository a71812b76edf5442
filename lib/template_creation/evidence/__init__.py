"""What a team and its assistants learned, as evidence for agents.

::

    loaded = load_memories(["lessons.md", "memories.sqlite3"])
    ranked = rank_memories(loaded.records, agents)
    ranked["api-specialist"][0].text

A memory comes from the user, not from the codebase: it is quoted with its id and source, capped,
and never followed as an instruction. (Issue 6 item 8; facts/memory-processing.md section 7.)
"""

from template_creation.evidence.loading import LoadedMemories, load_memories
from template_creation.evidence.ranking import (
    WEIGHTS,
    Explanation,
    Score,
    explain,
    known_memories,
    rank_memories,
    with_memories,
)
from template_creation.evidence.texts import LONGEST_TEXT, Unusable, usable_text

__all__ = [
    "LONGEST_TEXT",
    "WEIGHTS",
    "Explanation",
    "LoadedMemories",
    "Score",
    "Unusable",
    "explain",
    "known_memories",
    "load_memories",
    "rank_memories",
    "usable_text",
    "with_memories",
]
