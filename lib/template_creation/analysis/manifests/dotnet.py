""".NET: project files, Directory.Packages.props, Directory.Build.props, global.json."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from xml.etree import ElementTree

from template_creation.analysis.manifests.model import Dependency, Manifest, ManifestError
from template_creation.analysis.text import as_mapping, as_text, line_at, name_of

__all__ = ["is_dotnet_manifest", "read_dotnet", "with_central_versions"]

_PROJECT = (".csproj", ".fsproj", ".vbproj")
_REFERENCE = re.compile(
    r"<(PackageReference|PackageVersion|GlobalPackageReference|FrameworkReference)\s+"
    r"[^>]*?\b(?:Include|Update)\s*=\s*[\"']([^\"']+)[\"'][^>]*?(?:/>|>)",
    re.DOTALL,
)
_VERSION = re.compile(r"\bVersion\s*=\s*[\"']([^\"']*)[\"']")
_SDK = re.compile(r"<(?:Project|Sdk)\b[^>]*?\b(?:Sdk|Name)\s*=\s*[\"']([^\"'/]+)")
_TARGET = re.compile(r"<TargetFrameworks?>\s*([^<]+?)\s*</TargetFrameworks?>")
_NAMESPACE = re.compile(r"<RootNamespace>\s*([^<]+?)\s*</RootNamespace>")
CENTRAL = "PackageVersion"


def is_dotnet_manifest(path: str) -> bool:
    """Whether the file name is one that this module reads."""
    name = name_of(path)
    return name.endswith((*_PROJECT, ".props", ".targets")) or name == "global.json"


def read_dotnet(path: str, text: str) -> Manifest:
    """The project or properties file at ``path``. Raises `ManifestError` if it is not XML
    (or JSON for global.json)."""
    if name_of(path) == "global.json":
        return _read_global(path, text)
    check_xml(text)
    found = list(_references(path, text))
    is_project = path.endswith(_PROJECT)
    for match in _SDK.finditer(text) if is_project else ():
        package = f"sdk:{match.group(1).lower()}"
        found.append(Dependency("dotnet", package, "", path, line_at(text, match.start())))
    target = _TARGET.search(text)
    languages: tuple[tuple[str, str, int], ...] = ()
    if target and "$(" not in target.group(1):
        languages = ((".NET", target.group(1), line_at(text, target.start())),)
    namespace = _NAMESPACE.search(text)
    stem = name_of(path).rpartition(".")[0]
    return Manifest(
        path,
        "dotnet",
        name=stem if is_project else "",
        is_root=is_project,
        dependencies=tuple(found),
        languages=languages,
        module=namespace.group(1) if namespace and "$(" not in namespace.group(1) else "",
    )


def check_xml(text: str) -> None:
    """Raises `ManifestError` unless ``text`` is XML without entities of its own."""
    if "<!ENTITY" in text:
        raise ManifestError("XML with entities is not read")
    try:
        ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise ManifestError(f"not XML: {error}", error.position[0]) from error
    except ValueError as error:
        raise ManifestError(f"not XML: {error}") from error


def _references(path: str, text: str) -> Iterator[Dependency]:
    for match in _REFERENCE.finditer(text):
        kind, package = match.group(1), match.group(2)
        version = _VERSION.search(match.group(0))
        name = f"framework:{package.lower()}" if kind == "FrameworkReference" else package
        ecosystem = "dotnet-central" if kind == CENTRAL else "dotnet"
        for part in name.split(";"):
            if part.strip():
                line = line_at(text, match.start())
                shown = version.group(1) if version else ""
                yield Dependency(ecosystem, part.strip(), shown, path, line)


def _read_global(path: str, text: str) -> Manifest:
    try:
        data = as_mapping(json.loads(text))
    except json.JSONDecodeError as error:
        raise ManifestError(f"not JSON: {error.msg}", error.lineno) from error
    version = as_text(as_mapping(data.get("sdk")).get("version"))
    line = line_at(text, max(text.find(version), 0))
    return Manifest(path, "dotnet", languages=((".NET SDK", version, line),) if version else ())


def with_central_versions(manifests: Sequence[Manifest]) -> tuple[Manifest, ...]:
    """The same manifests with versions of central package management filled in; a central
    entry that no project asks for stays as a dependency of its own file."""
    central = {
        item.package.lower(): item
        for manifest in manifests
        for item in manifest.dependencies
        if item.ecosystem == "dotnet-central"
    }
    asked = {
        item.package.lower()
        for manifest in manifests
        for item in manifest.dependencies
        if item.ecosystem == "dotnet"
    }

    def fill(item: Dependency) -> Dependency | None:
        if item.ecosystem == "dotnet-central":
            used = item.package.lower() in asked
            return None if used else replace(item, ecosystem="dotnet")
        found = central.get(item.package.lower())
        if item.ecosystem != "dotnet" or item.version or not found:
            return item
        return replace(item, version=found.version)

    return tuple(
        replace(
            manifest,
            dependencies=tuple(done for item in manifest.dependencies if (done := fill(item))),
        )
        for manifest in manifests
    )
