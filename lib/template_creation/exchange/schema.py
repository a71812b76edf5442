"""The JSON Schema of an answer, generated from its models and the ids of the request.

Only what structured outputs take: closed objects with everything required, enums, ``$defs``
and ``minItems`` of 1; no patterns, lengths or ranges (facts/llm-api.md section 1). What a
schema cannot say, that texts are not blank, the reader checks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from template_creation.values.response import AgentMarkdown, AgentSections

__all__ = ["MAX_ENUM", "SchemaStyle", "response_schema", "schema_style"]

SchemaStyle = Literal["per_agent", "plain"]

MAX_ENUM = 500
"""The most ids that a schema enumerates, agents included: large grammars are refused."""


def schema_style(request: Mapping[str, Any]) -> tuple[SchemaStyle, str]:
    """Which style suits ``request``, and why where it is ``plain``."""
    count = len(request["agents"]) + sum(len(values) for values in _ids(request).values())
    if count > MAX_ENUM:
        return "plain", f"{count} ids are more than the {MAX_ENUM} that a schema enumerates"
    return "per_agent", ""


def response_schema(
    request_document: Mapping[str, Any], *, style: SchemaStyle = "per_agent"
) -> dict[str, Any]:
    """The schema of an answer to the request, in its contract.

    ``per_agent`` has one required property for each agent under ``enhancements``, with enums of
    the ids that it may cite; where those are too many it is ``plain``, and the schema's
    ``description`` says so. ``plain`` is a list of objects with ``agent_name``, and no enums.
    Items that nothing could be cited for are left out.

    >>> request = {"contract": "markdown", "agents": [{"name": "api"}], "template_catalog": []}
    >>> response_schema(request)["properties"]["enhancements"]["required"]
    ['api']
    """
    suited, reason = schema_style(request_document)
    ids = _ids(request_document) if suited == style == "per_agent" else {}
    model = AgentMarkdown if request_document.get("contract") == "markdown" else AgentSections
    raw = model.model_json_schema()
    definitions: dict[str, Any] = {
        name: {"type": "string", "enum": values} for name, values in ids.items() if values
    }
    absent = {name for name, values in ids.items() if not values}
    shaper = _Shaper(set(definitions), absent)
    for name, item in raw.get("$defs", {}).items():
        if not shaper.cites_nothing(item):
            definitions[name] = shaper.shaped(item)
    shaper.dropped = set(raw.get("$defs", {})) - set(definitions)
    agent = shaper.shaped({key: value for key, value in raw.items() if key != "$defs"})
    names = [item["name"] for item in request_document["agents"]]
    if ids:
        _without(agent, "agent_name")
        definitions["Agent"] = agent
        answers = _closed({name: {"$ref": "#/$defs/Agent"} for name in names})
    else:
        definitions["Agent"] = agent
        answers = {"type": "array", "items": {"$ref": "#/$defs/Agent"}}
    schema = _closed({"enhancements": answers})
    if style == "per_agent" and suited == "plain":
        schema["description"] = f"Cite only ids of the request; they are not listed: {reason}."
    schema["$defs"] = definitions
    return schema


def _ids(request: Mapping[str, Any]) -> dict[str, list[str]]:
    """The ids of a request, by what may stand in a place of the answer."""

    def named(key: str) -> list[str]:
        return [item["id"] for item in request.get(key, ())]

    catalog = request.get("template_catalog", ())
    templates = [item["id"] for item in catalog]
    symbols = [symbol["id"] for item in catalog for symbol in item.get("symbols", ())]
    kinds = ("conventions", "rules", "commands", "technologies", "memories")
    facts = [one for kind in kinds for one in named(kind)]
    if request.get("contract") == "markdown":
        return {"templates": [], "shown": [], "cited": [], "commands": []}
    return {
        "templates": templates,
        "shown": [*symbols, *templates],
        "cited": [*facts, *symbols, *templates],
        "commands": named("commands"),
    }


class _Shaper:
    """From pydantic's schema to one that structured outputs take."""

    def __init__(self, enums: set[str], absent: set[str]) -> None:
        self._enums, self._absent = enums, absent
        self.dropped: set[str] = set()

    def shaped(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """``item`` with the unsupported left out, objects closed and ids referred to."""
        if item.get("ids") in self._enums:
            return {"$ref": f"#/$defs/{item['ids']}"}
        if item.get("type") == "object":
            properties = {
                name: self.shaped(value)
                for name, value in item["properties"].items()
                if not self.cites_nothing(value)
            }
            return _closed(properties)
        kept = {key: item[key] for key in ("type", "$ref") if key in item}
        if "items" in item:
            kept["items"] = self.shaped(item["items"])
        if item.get("minItems") == 1:
            kept["minItems"] = 1
        return kept

    def cites_nothing(self, item: Mapping[str, Any]) -> bool:
        """Whether a place wants an id where the request has none."""
        if item.get("ids") in self._absent:
            return True
        if item.get("$ref", "").rpartition("/")[2] in self.dropped:
            return True
        return any(self.cites_nothing(inner) for inner in _inner(item))


def _inner(item: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if "items" in item:
        yield item["items"]
    if "agent_name" not in item.get("properties", {}):
        yield from item.get("properties", {}).values()


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _without(item: dict[str, Any], name: str) -> None:
    del item["properties"][name]
    item["required"].remove(name)
