"""Java and Kotlin: pom.xml, build.gradle(.kts), settings.gradle, version catalogs."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

from template_creation.analysis.manifests.dotnet import check_xml
from template_creation.analysis.manifests.model import Dependency, Manifest, ManifestError
from template_creation.analysis.text import as_mapping, as_text, line_at, name_of

__all__ = ["is_java_manifest", "read_java"]

_NAMES = {
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "settings.gradle",
    "settings.gradle.kts",
    "libs.versions.toml",
}
_CONFIGURATION = (
    r"(?:\w*[iI]mplementation|\w*[aA]pi|compileOnly|\w*[rR]untimeOnly|kapt|ksp|"
    r"annotationProcessor|developmentOnly|\w*CompileOnly|checkstyle|classpath)"
)
_GRADLE = re.compile(
    rf"^\s*{_CONFIGURATION}\s*\(?\s*(?:platform\()?[\"']([\w.\-]+):([\w.\-]+)(?::([^\"'@]+))?",
    re.MULTILINE,
)
_PLUGIN = re.compile(
    r"^\s*(?:id\s*\(?\s*[\"']([\w.\-]+)[\"']\)?|kotlin\(\"(\w+)\"\))"
    r"(?:\s+version\s+[\"']([^\"']+)[\"'])?",
    re.MULTILINE,
)
_BLOCK = re.compile(r"<(dependency|plugin|parent)>(.*?)</\1>", re.DOTALL)
_JAVA_VERSION = re.compile(
    r"<(?:java\.version|maven\.compiler\.release|maven\.compiler\.source)>\s*([\w.]+)\s*<"
)
_GRADLE_JAVA = re.compile(
    r"(?:JavaLanguageVersion\.of\(|sourceCompatibility\s*=\s*(?:JavaVersion\.VERSION_)?[\"']?|"
    r"jvmToolchain\()\s*([\d._]+)"
)


def is_java_manifest(path: str) -> bool:
    """Whether the file name is one that this module reads."""
    return name_of(path) in _NAMES


def read_java(path: str, text: str) -> Manifest:
    """The build file at ``path``. Raises `ManifestError` if it cannot be read."""
    name = name_of(path)
    if name == "pom.xml":
        return _read_pom(path, text)
    if name == "libs.versions.toml":
        return _read_catalog(path, text)
    if name.startswith("settings."):
        project = re.search(r"rootProject\.name\s*=\s*[\"']([^\"']+)[\"']", text)
        return Manifest(path, "java", name=project.group(1) if project else "")
    return _read_gradle(path, text)


def _tag(block: str, tag: str) -> str:
    found = re.search(rf"<{re.escape(tag)}>\s*([^<]*?)\s*</{re.escape(tag)}>", block)
    return found.group(1) if found else ""


def _read_pom(path: str, text: str) -> Manifest:
    check_xml(text)
    properties = dict(re.findall(r"<([\w.\-]+)>\s*([^<>]*?)\s*</\1>", _inside(text, "properties")))

    def resolve(value: str) -> str:
        return re.sub(r"\$\{([^}]+)\}", lambda m: properties.get(m.group(1), m.group(0)), value)

    found = []
    for match in _BLOCK.finditer(text):
        body = match.group(2)
        group, artifact = resolve(_tag(body, "groupId")), resolve(_tag(body, "artifactId"))
        if match.group(1) == "plugin" and not group:
            group = "org.apache.maven.plugins"
        offset = match.start(2) + max(body.find("<artifactId>"), 0)
        version = resolve(_tag(body, "version"))
        found.append(
            Dependency("java", f"{group}:{artifact}", version, path, line_at(text, offset))
        )
    top = _BLOCK.sub("", text)
    top = re.sub(
        r"<(build|profiles|reporting|licenses|developers)>.*?</\1>", "", top, flags=re.DOTALL
    )
    java = _JAVA_VERSION.search(text)
    languages = (("Java", java.group(1), line_at(text, java.start())),) if java else ()
    licence = _tag(_inside(_inside(text, "licenses"), "license"), "name")
    return Manifest(
        path,
        "java",
        name=_tag(top, "artifactId"),
        is_root=True,
        licence=licence,
        dependencies=tuple(found),
        languages=languages,
    )


def _inside(text: str, tag: str) -> str:
    found = re.search(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
    return found.group(1) if found else ""


def _read_gradle(path: str, text: str) -> Manifest:
    found = list(_gradle_dependencies(path, text))
    java = _GRADLE_JAVA.search(text)
    languages = (("Java", java.group(1), line_at(text, java.start())),) if java else ()
    return Manifest(path, "java", is_root=True, dependencies=tuple(found), languages=languages)


def _gradle_dependencies(path: str, text: str) -> Iterator[Dependency]:
    for match in _GRADLE.finditer(text):
        package = f"{match.group(1)}:{match.group(2)}"
        line = line_at(text, match.start(1))
        yield Dependency("java", package, match.group(3) or "", path, line)
    for match in _PLUGIN.finditer(text):
        plugin = match.group(1) or f"org.jetbrains.kotlin.{match.group(2)}"
        line = line_at(text, match.end())
        yield Dependency("java", f"plugin:{plugin}", match.group(3) or "", path, line)


def _read_catalog(path: str, text: str) -> Manifest:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ManifestError(f"not TOML: {error}") from error
    versions = as_mapping(data.get("versions"))
    found = []
    for table, prefix in (("libraries", ""), ("plugins", "plugin:")):
        for key, value in as_mapping(data.get(table)).items():
            entry = as_mapping(value)
            module = as_text(value) or as_text(entry.get("module")) or as_text(entry.get("id"))
            if not module and entry.get("group"):
                module = f"{as_text(entry.get('group'))}:{as_text(entry.get('name'))}"
            reference = as_text(as_mapping(entry.get("version")).get("ref"))
            version = as_text(entry.get("version")) or as_text(versions.get(reference))
            match = re.search(rf"^\s*\"?{re.escape(key)}\"?\s*=", text, re.MULTILINE)
            line = line_at(text, match.end()) if match else 1
            package = ":".join(module.split(":")[:2])
            found.append(Dependency("java", f"{prefix}{package}", version, path, line))
    return Manifest(path, "java", dependencies=tuple(found))
