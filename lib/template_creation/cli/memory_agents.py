"""Which memories reach which agents of a package, and why."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from template_creation.cli.memory_inputs import short
from template_creation.cli.memory_place import named_places
from template_creation.cli.run import Console
from template_creation.evidence import WEIGHTS, explain, load_memories
from template_creation.package import load_package

__all__ = ["show_agents"]


def show_agents(console: Console, package: Path, *, memories: Sequence[str]) -> None:
    """Show for each agent its memories with the parts of their scores, and those without any."""
    loaded = load_memories(named_places(memories) or ())
    by_id = {record.id: record for record in loaded.records}
    specs = load_package(package).agents
    found = explain(loaded.records, specs)
    lines: list[str] = []
    for spec in specs:
        reached = [(item, item.scores[spec.name]) for item in found if spec.name in item.scores]
        reached.sort(key=lambda pair: (-pair[1].value, pair[0].record))
        if reached:
            lines.append(spec.name)
        for item, score in reached:
            record = by_id[item.record]
            lines.append(f"  {record.id}  {record.kind:<10}  {score}")
            lines.append(f"      {short(record.text)}")
    left = [item for item in found if not item.scores]
    if left:
        lines.append("none")
    for item in left:
        lines.append(f"  {item.record}  {item.reason}")
        lines.append(f"      {short(by_id[item.record].text)}")
    document = {
        "status": "done",
        "exit_code": 0,
        "read": len(found),
        "memories": [
            {
                "id": item.record,
                "reason": item.reason,
                "agents": {
                    name: {
                        "score": score.value,
                        "shared": list(score.shared),
                        **{part: getattr(score, part) for part in WEIGHTS},
                    }
                    for name, score in item.scores.items()
                },
            }
            for item in found
        ],
    }
    for warning in loaded.warnings:
        console.note(f"warning: {warning}")
    console.result("\n".join(lines), document)
