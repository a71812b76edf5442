"""Containers, pipelines and infrastructure: what runs the project, by file name and text.

The first file of each kind in path order is the evidence; compose images are read from their
``image:`` lines, so that templated YAML does not stop the reading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from template_creation.analysis.manifests.model import Dependency, Manifest
from template_creation.analysis.text import line_at, line_of_match, name_of

__all__ = ["infra_tools", "is_infra_manifest", "read_infra"]

_IMAGE = re.compile(r"^\s*(?:-\s*)?image:\s*[\"']?([\w./\-]+)(?::([\w.\-]+))?", re.MULTILINE)
_COMPOSE = re.compile(r"(?:docker-)?compose[\w.-]*\.ya?ml")
_KUBERNETES = re.compile(r"^kind:\s*(?:Deployment|Service|Ingress|StatefulSet|Job)\b", re.MULTILINE)

TOOLS = {
    "docker": ("Docker", "infra"),
    "compose": ("Docker Compose", "infra"),
    "github-actions": ("GitHub Actions", "infra"),
    "gitlab-ci": ("GitLab CI", "infra"),
    "azure-pipelines": ("Azure Pipelines", "infra"),
    "circleci": ("CircleCI", "infra"),
    "terraform": ("Terraform", "infra"),
    "helm": ("Helm", "infra"),
    "kubernetes": ("Kubernetes", "infra"),
    "bicep": ("Bicep", "infra"),
    "pre-commit": ("pre-commit", "lint"),
}
"""What `read_infra` can find, by the package name it gives: (technology, role)."""


def infra_tools() -> dict[str, tuple[str, str]]:
    """Name and role of each tool that is known by its files and not by a package."""
    return dict(TOOLS)


def is_infra_manifest(path: str) -> bool:
    """Whether `read_infra` has something to say about a file of this name."""
    return bool(_kind(path)) or (path.endswith((".yml", ".yaml")) and _may_be_kubernetes(path))


def read_infra(path: str, text: str) -> Manifest:
    """The tools that the file at ``path`` proves."""
    return Manifest(path, "infra", dependencies=tuple(_found(path, text)))


def _kind(path: str) -> str:
    name = name_of(path)
    if name == "Dockerfile" or name.startswith("Dockerfile.") or name.endswith(".dockerfile"):
        return "docker"
    if _COMPOSE.fullmatch(name):
        return "compose"
    if ".github/workflows/" in f"/{path}" and name.endswith((".yml", ".yaml")):
        return "github-actions"
    named = {
        ".gitlab-ci.yml": "gitlab-ci",
        "azure-pipelines.yml": "azure-pipelines",
        "Chart.yaml": "helm",
        ".pre-commit-config.yaml": "pre-commit",
    }
    if name in named:
        return named[name]
    if ".circleci/" in f"/{path}":
        return "circleci"
    return {"tf": "terraform", "bicep": "bicep"}.get(name.rpartition(".")[2], "")


def _may_be_kubernetes(path: str) -> bool:
    return bool(re.search(r"(^|/)(k8s|kubernetes|manifests|deploy|kustomize)/", path))


def _found(path: str, text: str) -> Iterator[Dependency]:
    kind = _kind(path)
    if not kind and _KUBERNETES.search(text):
        line = line_of_match(text, _KUBERNETES.pattern)
        yield Dependency("infra", "kubernetes", "", path, line)
        return
    starts = {"docker": r"^FROM\b", "github-actions": r"^jobs:", "compose": r"^services:"}
    if kind:
        line = line_of_match(text, starts.get(kind, r"^\S"))
        yield Dependency("infra", kind, "", path, line)
    if kind == "compose":
        for match in _IMAGE.finditer(text):
            line = line_at(text, match.start(1))
            yield Dependency("image", match.group(1), match.group(2) or "", path, line)
