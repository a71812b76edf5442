"""What would silently not work in Claude Code, found before it is missed."""

from template_creation.doctor.examine import Examination, examine
from template_creation.doctor.places import AgentFile, AgentFolder, agent_folders, agents_in
from template_creation.doctor.programs import Program, find_claude
from template_creation.doctor.reading import MEASURED, HostReading, read_as_host
from template_creation.doctor.rules import KNOWN_TOOLS, tool_names

__all__ = [
    "KNOWN_TOOLS",
    "MEASURED",
    "AgentFile",
    "AgentFolder",
    "Examination",
    "HostReading",
    "Program",
    "agent_folders",
    "agents_in",
    "examine",
    "find_claude",
    "read_as_host",
    "tool_names",
]
