"""How something felt, and between whom: emotional context and relationships of a memory.

One scale everywhere: valence -1 (bad) to 1 (good), intensity and relevance 0 to 1. Two scales
live in older data (1..10 and 0..1); only a migration that knows the format rescales, never a
guess from the value. (Facts, section 1.)
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "MOODS",
    "Emotion",
    "EmotionalContext",
    "Mood",
    "Relationship",
    "Share",
    "Theme",
    "Valence",
    "pain_of",
]

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Valence = Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)]
Name = Annotated[str, Field(min_length=1, max_length=200)]

Emotion = Literal[
    "anger",
    "anticipation",
    "anxiety",
    "contentment",
    "disgust",
    "excitement",
    "fear",
    "frustration",
    "joy",
    "love",
    "neutral",
    "sadness",
    "surprise",
    "trust",
]
Mood = Literal["positive", "negative", "neutral", "mixed", "ambiguous"]
MOODS: tuple[str, ...] = ("positive", "negative", "neutral", "mixed", "ambiguous")


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Theme(_Value):
    """What it was about: a name, how much (0..1), and the words that show it."""

    name: Name
    relevance: Share = 1.0
    evidence: tuple[Name, ...] = ()


class EmotionalContext(_Value):
    """How the memory felt. ``mood`` is the whole, ``emotions`` its parts.

    >>> EmotionalContext(mood="negative", intensity=0.9, valence=-0.8).pain
    0.72
    """

    mood: Mood = "neutral"
    intensity: Share = 0.0
    valence: Valence = 0.0
    emotions: tuple[Emotion, ...] = ()
    themes: tuple[Theme, ...] = ()
    markers: tuple[Name, ...] = ()

    @property
    def pain(self) -> float:
        """How much it hurt, 0..1: intensity times negative valence (facts, section 7)."""
        return pain_of(self.intensity, self.valence)


class Relationship(_Value):
    """What is between two or more participants, named by their ids."""

    participants: Annotated[tuple[Name, ...], Field(min_length=2)]
    type: Name = "related"
    quality: Literal["positive", "neutral", "strained", "negative", "mixed"] = "neutral"
    strength: Share = 0.5
    dominant: Name | None = None
    observations: tuple[Name, ...] = ()


def pain_of(intensity: float, valence: float) -> float:
    """Intensity times negative valence, 0..1, rounded to 6 digits; good things do not hurt."""
    return round(intensity * max(0.0, -valence), 6)
