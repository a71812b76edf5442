"""What enhancement works from: a package's facts, templates and agents, without its codebase."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from template_creation.templating import render_original
from template_creation.values.agent import AgentSpec
from template_creation.values.analysis import (
    Analysis,
    Command,
    Convention,
    Memory,
    Rule,
    Technology,
)
from template_creation.values.template import Template, TemplateSet, TemplateSymbol

__all__ = ["EnhancementContext", "PackageView"]


class PackageView(Protocol):
    """What a package on disk offers to enhancement (`template_creation.package.Package`)."""

    @property
    def analysis(self) -> Analysis:
        """The facts; those per file may be missing."""

    @property
    def templates(self) -> TemplateSet:
        """The templates, in the order of their ids."""

    @property
    def agents(self) -> tuple[AgentSpec, ...]:
        """The agents that the package declares."""


@dataclass(frozen=True)
class EnhancementContext:
    """Everything that an agent may say, and the originals that prove it.

    ``read_original`` gives the bytes of the file that a template was made from; by default
    they are rendered from the template itself, so that no codebase is needed.
    """

    analysis: Analysis
    templates: TemplateSet
    agents: tuple[AgentSpec, ...]
    read_original: Callable[[Template], bytes] = field(default=render_original)

    @classmethod
    def of(cls, package: PackageView) -> EnhancementContext:
        """The context of a package that was read from disk."""
        return cls(package.analysis, package.templates, package.agents)

    @cached_property
    def template_by_id(self) -> dict[str, Template]:
        """Templates by id (``T3``)."""
        return {item.id: item for item in self.templates}

    @cached_property
    def symbol_by_id(self) -> dict[str, tuple[Template, TemplateSymbol]]:
        """Declarations by id (``T3.s2``), with the template that they are in."""
        return {symbol.id: (item, symbol) for item in self.templates for symbol in item.symbols}

    @cached_property
    def convention_by_id(self) -> dict[str, Convention]:
        """Measured habits by the id that requests give them (``C1``)."""
        return {f"C{i}": item for i, item in enumerate(self.analysis.conventions, 1)}

    @cached_property
    def rule_by_id(self) -> dict[str, Rule]:
        """The project's own rules by the id that requests give them (``R1``)."""
        return {f"R{i}": item for i, item in enumerate(self.analysis.rules, 1)}

    @cached_property
    def command_by_id(self) -> dict[str, Command]:
        """Commands by the id that requests give them (``K1``)."""
        return {f"K{i}": item for i, item in enumerate(self.analysis.commands, 1)}

    @cached_property
    def technology_by_id(self) -> dict[str, Technology]:
        """Technologies by the id that requests give them (``D1``)."""
        return {f"D{i}": item for i, item in enumerate(self.analysis.technologies, 1)}

    @cached_property
    def memory_by_id(self) -> dict[str, Memory]:
        """What was learned in the project by the id that requests give it (``M1``)."""
        return {f"M{i}": item for i, item in enumerate(self.analysis.memories, 1)}

    @cached_property
    def own_words(self) -> str:
        """What the project itself wrote, and what was measured of it, in lower case: rules,
        memories, commands, statements of habits, purposes of templates."""
        analysis = self.analysis
        words = [item.text for item in analysis.rules]
        words += [item.text for item in analysis.memories]
        words += [item.command for item in analysis.commands]
        words += [item.statement for item in analysis.conventions]
        words += [item.purpose for item in self.templates]
        return "\n".join(words).casefold()

    def spec(self, name: str) -> AgentSpec | None:
        """The agent with this name, or ``None``."""
        return next((item for item in self.agents if item.name == name), None)

    def original_lines(self, template: Template) -> tuple[str, ...]:
        """The lines of the original without line ends and byte order mark; bytes that are not
        UTF-8 are shown as replacement characters."""
        return self._lines(template.id)

    @cached_property
    def _line_cache(self) -> dict[str, tuple[str, ...]]:
        return {}

    def _lines(self, template_id: str) -> tuple[str, ...]:
        if template_id not in self._line_cache:
            data = self.read_original(self.template_by_id[template_id])
            text = data.decode("utf-8", errors="replace").removeprefix("\ufeff")
            lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
            self._line_cache[template_id] = tuple(lines[:-1] if lines[-1] == "" else lines)
        return self._line_cache[template_id]
