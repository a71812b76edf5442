"""Check a whole package: files, proofs, secrets, references and agents.

Every finding names the rule, the place and the fix. Nothing here trusts the report in the
package: proofs are made again from the files. (Seed 002, phase 9.5; DESIGN section 5.)
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from template_creation.agents import (
    EnhancementContext,
    check_folder,
    load_folder,
    read_frontmatter,
    validate_agent,
)
from template_creation.analysis import recount
from template_creation.errors import BadInput
from template_creation.package import (
    AGENTS_FOLDER,
    AGENTS_GUIDE,
    CLAUDE_GUIDE,
    MANIFEST,
    README,
    REPORT,
    TEMPLATES_FOLDER,
    Package,
    digest,
    list_files,
    load_package,
)
from template_creation.scan import find_secrets
from template_creation.templating import original_values, render_original, render_path
from template_creation.templating.paths import illegal_path
from template_creation.values.agent import Issue

__all__ = ["PackageReport", "validate_package"]

_ABSOLUTE = re.compile(
    r"(?<![\w./:<-])(/(?:home|Users|root|tmp|var|mnt|opt)/[\w.-]+|[A-Z]:\\\\?Users\\)"
)
_COUNT = re.compile(r"^ {3}(\d+) of (\d+)\b")
_RECORDED_HASH = re.compile(rb'"[0-9a-f]{64}"')


@dataclass(frozen=True)
class PackageReport:
    """What was checked and what was found. ``edited`` are files that differ from what was
    generated, ``checked`` counts checks by what they looked at."""

    package: Path
    issues: tuple[Issue, ...]
    edited: tuple[str, ...]
    checked: dict[str, int]

    @property
    def errors(self) -> tuple[Issue, ...]:
        """The findings that make the package invalid."""
        return tuple(item for item in self.issues if item.severity == "error")

    @property
    def warnings(self) -> tuple[Issue, ...]:
        """The findings that are only told."""
        return tuple(item for item in self.issues if item.severity != "error")


def validate_package(root: Path, *, codebase: Path | None = None) -> PackageReport:
    """Check the package in ``root``; with ``codebase``, also against the code itself.

    Of a package that others made, without our report, only its folders are checked: agents
    that no host loads, references that lead nowhere. Raises `BadInput` where there is no
    package, or no such codebase.
    """
    if codebase is None and _is_foreign(root):
        return _check_foreign(root)
    package = load_package(root)
    checks = [
        *_check_files(package),
        *_check_templates(package),
        *_check_secrets(package),
        *_check_guides(package),
        *_check_agents(package),
    ]
    checked = {
        "files": len(package.manifest["files"]),
        "templates": len(package.templates),
        "agents": len(package.agent_paths),
    }
    if codebase is not None:
        checks.extend(_check_codebase(package, codebase))
        checked["counts"] = len(package.analysis.conventions)
    return PackageReport(root, tuple(checks), tuple(_edited(package)), checked)


def _is_foreign(root: Path) -> bool:
    folders = (root / AGENTS_FOLDER, root / TEMPLATES_FOLDER)
    return not (root / REPORT).exists() and all(folder.is_dir() for folder in folders)


def _check_foreign(root: Path) -> PackageReport:
    context = load_folder(root)
    counts = {"templates": len(context.templates), "agents": len(context.agents)}
    return PackageReport(root, check_folder(root), (), counts)


def _edited(package: Package) -> Iterator[str]:
    for path, recorded in package.manifest["files"].items():
        file = package.root / path
        if file.is_file() and digest(file.read_bytes()) != recorded:
            yield path


def _check_files(package: Package) -> Iterator[Issue]:
    listed = set(package.manifest["files"]) | {MANIFEST}
    for path in sorted(listed):
        if not (package.root / path).is_file():
            yield Issue(
                "file-missing", path, "the manifest lists a file that is not there", "restore it"
            )
    folded = Counter(path.casefold() for path in listed)
    for path in sorted(listed):
        if folded[path.casefold()] > 1:
            yield Issue(
                "path-collision", path, "differs from another path only in case", "rename one"
            )


def _check_templates(package: Package) -> Iterator[Issue]:
    for template in package.templates:
        if hashlib.sha256(render_original(template)).hexdigest() != template.sha256:
            yield Issue(
                "B1",
                template.path,
                f"does not render back to {template.source!r}",
                "restore the file from the package as it was made, or make the package anew",
                "warning" if template.path in _edited(package) else "error",
            )
        if render_path(template, original_values(template)) != template.source:
            yield Issue("B8", template.path, "its path does not render back", "rename the file")
        problem = illegal_path(template.source)
        if problem:
            yield Issue("B8", template.source, problem, "rename the source file", "warning")


def _check_secrets(package: Package) -> Iterator[Issue]:
    for path in list_files(package.root):
        if path.startswith(".git/"):
            continue
        data = (package.root / path).read_bytes()
        if path == MANIFEST:
            data = _RECORDED_HASH.sub(b'""', data)
        for found in find_secrets(data):
            yield Issue(
                "B6", f"{path}:{found.line}", f"looks like a secret ({found.rule})", "remove it"
            )


def _check_guides(package: Package) -> Iterator[Issue]:
    for name in (AGENTS_GUIDE, CLAUDE_GUIDE, README):
        path = package.root / name
        if not path.is_file():
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if _ABSOLUTE.search(line):
                yield Issue(
                    "machine-path",
                    f"{name}:{number}",
                    "names a path of one machine",
                    "write the path relative to the project",
                    "warning",
                )


def _check_agents(package: Package) -> Iterator[Issue]:
    declared = {spec.name for spec in package.agents}
    present = {path.stem for path in package.agent_paths}
    for name in sorted(declared - present):
        yield Issue(
            "agent-missing", f"{AGENTS_FOLDER}/{name}.md", "is listed but not there", "restore it"
        )
    context = EnhancementContext.of(package)
    counts = {(item.k, item.n) for item in package.analysis.conventions}
    for path in package.agent_paths:
        place = f"{AGENTS_FOLDER}/{path.name}"
        if path.stem not in declared:
            message = "is not of this package and was not checked"
            yield Issue("agent-foreign", place, message, "nothing to mend", "warning")
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as exc:
            yield Issue("encoding", place, f"is not UTF-8: {exc.reason}", "save it as UTF-8")
            continue
        if read_frontmatter(text)[0].get("enhancement") == "none":
            yield Issue("agent-basic", place, "was not enhanced", "enhance the package", "warning")
            continue
        yield from _check_counts(text, place, counts)
        for found in validate_agent(text, spec=context.spec(path.stem), context=context):
            yield replace(found, place=f"{place}: {found.place}")


def _check_counts(text: str, place: str, counts: Collection[tuple[int, int]]) -> Iterator[Issue]:
    """Every "k of n" of an agent has to be a count of the report."""
    for number, line in enumerate(text.splitlines(), 1):
        for k, n in _COUNT.findall(line):
            if (int(k), int(n)) not in counts:
                message = f"{k} of {n} is no count of report.json"
                yield Issue("count", f"{place}:{number}", message, "make the package anew")


def _check_codebase(package: Package, codebase: Path) -> Iterator[Issue]:
    if not codebase.is_dir():
        raise BadInput(f"no such codebase: {str(codebase)!r}", hint="give --codebase a folder")

    def read(path: str) -> bytes:
        return (codebase / path).read_bytes()

    for template in package.templates:
        try:
            same = read(template.source) == render_original(template)
        except OSError as exc:
            yield Issue("B1", template.source, f"cannot be read: {exc.strerror}", "check the path")
            continue
        if not same:
            yield Issue(
                "B1", template.source, "differs from what its template renders", "make anew"
            )
    for convention in package.analysis.conventions:
        try:
            counted = recount(convention, read)
        except OSError as exc:
            message = f"a place it counts cannot be read: {exc.strerror}"
            yield Issue("count", convention.id, message, "make the package anew")
            continue
        if counted != (convention.k, convention.n):
            yield Issue(
                "count",
                convention.id,
                f"says {convention.k} of {convention.n}, the code has {counted[0]} of {counted[1]}",
                "make the package anew",
            )
