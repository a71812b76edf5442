"""Languages that one person writes together: TypeScript with JavaScript, Kotlin with Java."""

from __future__ import annotations

__all__ = ["family_of"]

_FAMILIES = {
    "python": "python",
    "javascript": "web",
    "jsx": "web",
    "typescript": "web",
    "tsx": "web",
    "vue": "web",
    "svelte": "web",
    "csharp": "csharp",
    "go": "go",
    "rust": "rust",
    "java": "jvm",
    "kotlin": "jvm",
    "ruby": "ruby",
    "php": "php",
    "swift": "swift",
    "dart": "dart",
}


def family_of(language: str | None) -> str:
    """The family of a language, or nothing for markup, data and what is unknown.

    >>> family_of("tsx"), family_of("html")
    ('web', '')
    """
    return _FAMILIES.get(language or "", "")
