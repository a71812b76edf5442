"""Python: pyproject.toml (PEP 621, 735, Poetry, uv), requirements, setup.cfg, Pipfile."""

from __future__ import annotations

import configparser
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping

from template_creation.analysis.manifests.model import Dependency, Manifest, ManifestError
from template_creation.analysis.text import (
    as_mapping,
    as_strings,
    as_text,
    line_at,
    line_of,
    line_of_match,
    name_of,
)

__all__ = ["is_python_manifest", "read_python"]

_REQUIREMENT = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*([^;#]*)")
_TOOLS = {
    "ruff": "ruff",
    "pytest": "pytest",
    "mypy": "mypy",
    "black": "black",
    "isort": "isort",
    "pyright": "pyright",
    "pylint": "pylint",
    "coverage": "coverage",
    "djlint": "djlint",
    "ty": "ty",
}


def is_python_manifest(path: str) -> bool:
    """Whether the file name is one that this module reads."""
    name = name_of(path)
    if name in {"pyproject.toml", "setup.cfg", "setup.py", "Pipfile"}:
        return True
    in_folder = "/requirements/" in f"/{path}" and name.endswith(".txt")
    return in_folder or bool(re.fullmatch(r".*requirements.*\.(?:txt|in)", name))


def normalise(package: str) -> str:
    """The PEP 503 name of a package."""
    return re.sub(r"[-_.]+", "-", package).lower()


def read_python(path: str, text: str) -> Manifest:
    """The manifest at ``path``. Raises `ManifestError` if it is not what its name says."""
    name = name_of(path)
    if name == "pyproject.toml":
        return _read_pyproject(path, text)
    if name == "setup.cfg":
        return _read_setup_cfg(path, text)
    if name == "setup.py":
        return _read_setup_py(path, text)
    if name == "Pipfile":
        return _read_pipfile(path, text)
    return Manifest(path, "python", dependencies=tuple(_requirement_lines(path, text)))


def _toml(text: str) -> Mapping[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        raise ManifestError(f"not TOML: {error}", int(found.group(1)) if found else 1) from error


def _parse(requirement: str) -> tuple[str, str] | None:
    match = _REQUIREMENT.match(requirement)
    return (normalise(match.group(1)), match.group(2).strip()) if match else None


def _from_strings(path: str, text: str, items: Iterable[str], start: int) -> Iterator[Dependency]:
    for item in items:
        parsed = _parse(item)
        if parsed:
            line = line_of(text, item, start=start)
            yield Dependency("python", parsed[0], parsed[1], path, line)


def _section(text: str, header: str) -> int:
    found = re.search(rf"^\[+{re.escape(header)}[.\]]", text, re.MULTILINE)
    return found.start() if found else 0


def _from_table(
    path: str, text: str, table: Mapping[str, object], start: int
) -> Iterator[Dependency]:
    for package, value in table.items():
        if normalise(package) == "python":
            continue
        version = as_text(value) or as_text(as_mapping(value).get("version"))
        found = re.compile(rf"^\s*[\"']?{re.escape(package)}[\"']?\s*=", re.MULTILINE)
        match = found.search(text, start)
        line = line_at(text, match.end()) if match else 1
        yield Dependency("python", normalise(package), version, path, line)


def _read_pyproject(path: str, text: str) -> Manifest:
    data = _toml(text)
    project, tool = as_mapping(data.get("project")), as_mapping(data.get("tool"))
    poetry = as_mapping(tool.get("poetry"))
    found = list(_pyproject_dependencies(path, text, data, project, tool))
    known = {item.package for item in found}
    for key, package in _TOOLS.items():
        if key in tool and package not in known:
            line = line_of_match(text, rf"^\[+tool\.{key}[.\]]")
            found.append(Dependency("python", package, "", path, line))
    requires = as_text(project.get("requires-python"))
    if not requires:
        requires = as_text(as_mapping(poetry.get("dependencies")).get("python"))
    languages = (("Python", requires, line_of(text, requires)),) if requires else ()
    licence = project.get("license")
    return Manifest(
        path,
        "python",
        name=as_text(project.get("name")) or as_text(poetry.get("name")),
        is_root=bool(project or poetry),
        licence=as_text(licence)
        or as_text(as_mapping(licence).get("text"))
        or as_text(poetry.get("license")),
        dependencies=tuple(found),
        languages=languages,
    )


def _pyproject_dependencies(
    path: str,
    text: str,
    data: Mapping[str, object],
    project: Mapping[str, object],
    tool: Mapping[str, object],
) -> Iterator[Dependency]:
    start = _section(text, "project")
    yield from _from_strings(path, text, as_strings(project.get("dependencies")), start)
    for group in as_mapping(project.get("optional-dependencies")).values():
        yield from _from_strings(path, text, as_strings(group), start)
    start = _section(text, "dependency-groups")
    for group in as_mapping(data.get("dependency-groups")).values():
        yield from _from_strings(path, text, as_strings(group), start)
    uv = as_mapping(tool.get("uv"))
    yield from _from_strings(path, text, as_strings(uv.get("dev-dependencies")), 0)
    build = as_mapping(data.get("build-system"))
    start = _section(text, "build-system")
    yield from _from_strings(path, text, as_strings(build.get("requires")), start)
    poetry = as_mapping(tool.get("poetry"))
    tables = [poetry.get("dependencies"), poetry.get("dev-dependencies")]
    groups = as_mapping(poetry.get("group")).values()
    tables += [as_mapping(group).get("dependencies") for group in groups]
    for table in tables:
        yield from _from_table(path, text, as_mapping(table), _section(text, "tool.poetry"))


def _requirement_lines(path: str, text: str) -> Iterator[Dependency]:
    for number, line in enumerate(text.split("\n"), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith(("#", "-", "http", "git+", ".")):
            continue
        parsed = _parse(stripped.removesuffix("\\"))
        if parsed:
            yield Dependency("python", parsed[0], parsed[1], path, number)


def _read_setup_cfg(path: str, text: str) -> Manifest:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise ManifestError(f"not an INI file: {error.message}") from error
    items = parser.get("options", "install_requires", fallback="").split("\n")
    for section in parser.sections():
        if section == "options.extras_require":
            items += [line for _, value in parser.items(section) for line in value.split("\n")]
    wanted = [item.strip() for item in items if item.strip()]
    found = list(_from_strings(path, text, wanted, 0))
    for key, package in (("flake8", "flake8"), ("tool:pytest", "pytest"), ("mypy", "mypy")):
        if parser.has_section(key):
            found.append(Dependency("python", package, "", path, line_of(text, f"[{key}]")))
    name = parser.get("metadata", "name", fallback="")
    licence = parser.get("metadata", "license", fallback="")
    return Manifest(path, "python", name, bool(name), licence, tuple(found))


def _read_setup_py(path: str, text: str) -> Manifest:
    listed = re.search(r"install_requires\s*=\s*\[(.*?)\]", text, re.DOTALL)
    items = re.findall(r"['\"]([^'\"]+)['\"]", listed.group(1)) if listed else []
    name = re.search(r"\bname\s*=\s*['\"]([^'\"]+)['\"]", text)
    start = listed.start() if listed else 0
    return Manifest(
        path,
        "python",
        name=name.group(1) if name else "",
        is_root="setup(" in text,
        dependencies=tuple(_from_strings(path, text, items, start)),
    )


def _read_pipfile(path: str, text: str) -> Manifest:
    data = _toml(text)
    found: list[Dependency] = []
    for section in ("packages", "dev-packages"):
        table = as_mapping(data.get(section))
        found += _from_table(path, text, table, _section(text, section))
    version = as_text(as_mapping(data.get("requires")).get("python_version"))
    languages = (("Python", version, line_of(text, "python_version")),) if version else ()
    return Manifest(path, "python", is_root=True, dependencies=tuple(found), languages=languages)
