"""What a path alone says: vendored, generated, a lock file, a secret file.

Source: facts/codebase-to-template, sections 2 and 3. `packages/` is not vendored: it is the
usual folder of a monorepo.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = [
    "PRUNED_FOLDERS",
    "generated_by_name",
    "is_lock_file",
    "is_output",
    "is_secret_file",
    "vendored_by",
]

_VENDORED: Final = frozenset(
    {
        ".bundle", ".gradle", ".mypy_cache", ".next", ".nox", ".nuxt", ".output", ".parcel-cache",
        ".pnpm-store", ".pytest_cache", ".ruff_cache", ".svelte-kit", ".template-create",
        ".terraform", ".tox",
        ".turbo", ".venv", ".vs", ".yarn", "__pycache__", "__pypackages__", "bower_components",
        "carthage", "dist", "jspm_packages", "node_modules", "pods", "site-packages",
        "third-party", "third_party", "thirdparty", "vendor", "vendored", "venv",
    }
)  # fmt: skip
_BUILD: Final = frozenset({"build", "coverage", "htmlcov", "obj", "out", "target"})
PRUNED_FOLDERS: Final = frozenset(
    name.encode() for name in _VENDORED - {"vendor", "dist", "third_party", "vendored"}
)
"""Folders that a walk without git does not enter, lower case: they may hold 100,000 files."""

_VENDORED_PAIRS: Final = ("wwwroot/lib/", "static/vendor/", "public/vendor/")
_VENDORED_FILES: Final = frozenset({"gradlew", "gradlew.bat", "mvnw", "mvnw.cmd"})

_LOCK_FILES: Final = frozenset(
    {
        "bun.lockb", "cartfile.resolved", "go.sum", "go.work.sum", "gradle.lockfile",
        "npm-shrinkwrap.json", "package-lock.json", "package.resolved", "packages.lock.json",
        "pnpm-lock.yaml", "pnpm-lock.yml", "project.assets.json",
    }
)  # fmt: skip

_OUTPUT_NAME: Final = re.compile(
    r"\.min\.(?:js|css|mjs)$|\.bundle\.js$|\.(?:js|css|mjs|cjs|ts)\.map$|\.snap$"
    r"|(?:^|/)mockserviceworker\.js$"
)
_GENERATED_NAME: Final = re.compile(
    r"\.designer\.(?:cs|vb)$"
    r"|\.gen\.\w+$|\.g\.(?:i\.)?cs$|\.g\.dart$|\.freezed\.dart$|\.pb\.(?:go|cc|h|gw\.go)$"
    r"|_pb2(?:_grpc)?\.pyi?$|_pb\.(?:js|ts|d\.ts|rb)$|_grpc\.pb\.go$|\.generated\.\w+$"
    r"|_generated\.\w+$|(?:^|/)zz_generated\.|(?:^|/)wire_gen\.go$|modelsnapshot\.cs$"
    r"|(?:^|/)next-env\.d\.ts$|(?:^|/)db/(?:schema|structure)\.(?:rb|sql)$"
)
_GENERATED_FOLDER: Final = re.compile(
    r"(?:^|/)(?:__generated__|\.?generated|__snapshots__|alembic/versions|migrations)/"
)
_DATA_FOLDER: Final = re.compile(r"(?:^|/)(?:snapshots|fixtures|locales|__fixtures__|cassettes)/")

_SECRET_NAMES: Final = frozenset(
    {
        ".dockercfg", ".git-credentials", ".htpasswd", ".netrc", ".pgpass", ".pypirc", ".s3cfg",
        "_netrc", "application_default_credentials.json", "credentials.yml.enc",
        "google-services.json", "googleservice-info.plist", "id_dsa", "id_ecdsa", "id_ed25519",
        "id_rsa", "kubeconfig", "local.settings.json", "master.key", "secrets.json",
        "terraform.tfstate", "terraform.tfstate.backup",
    }
)  # fmt: skip
_SECRET_SUFFIX: Final = re.compile(
    r"\.(?:pem|key|p12|pfx|jks|keystore|kdbx|ppk|p8|tfvars|tfvars\.json|tfstate|ovpn|gpg|asc)$"
)
_SECRET_PATH: Final = re.compile(
    r"(?:^|/)(?:\.aws/credentials|\.ssh/|\.docker/config\.json|\.kube/config)"
    r"|(?:^|/)(?:service[-_]?account|client_secret)[\w.-]*\.json$"
)
_ENV: Final = re.compile(r"^(?:\.env(?:\.[\w.-]+|rc)?|[\w.-]+\.env)$")
_HARMLESS: Final = re.compile(
    r"[._-](?:example|examples|sample|template|tmpl|dist|defaults?|schema|tpl)(?:[._-]|$)"
)


def vendored_by(path: str) -> str | None:
    """The folder or name that makes the file at ``path`` third-party or build output, or
    ``None``. ``build``, ``out`` and ``target`` count at the top only: deeper they are
    ordinary package names.

    >>> vendored_by("web/node_modules/x/index.js"), vendored_by("packages/ui/button.tsx")
    ('node_modules/', None)
    """
    lower = path.lower()
    folders = lower.split("/")
    name = folders.pop()
    for folder in folders:
        if folder in _VENDORED:
            return f"{folder}/"
    if folders and folders[0] in _BUILD:
        return f"{folders[0]}/"
    if name in _VENDORED_FILES:
        return name
    return next((pair for pair in _VENDORED_PAIRS if f"/{lower}".find(f"/{pair}") >= 0), None)


def is_output(path: str) -> bool:
    """Whether the file is minified, a source map or a snapshot: no code that anyone reads.

    >>> is_output("static/app.min.js")
    True
    """
    return _OUTPUT_NAME.search(path.lower()) is not None


def generated_by_name(path: str, *, is_code: bool) -> str | None:
    """The rule by which the path's name says "a tool wrote this", or ``None``. Folders of
    test data count for data only: code in ``fixtures/`` is written by hand.

    >>> generated_by_name("api/user.pb.go", is_code=True)
    'user.pb.go'
    """
    lower = path.lower()
    if _GENERATED_NAME.search(lower):
        return path.rpartition("/")[2]
    folder = _GENERATED_FOLDER.search(lower) if is_code or "migrations/" not in lower else None
    if folder is None and not is_code:
        folder = _DATA_FOLDER.search(lower)
    return folder.group().strip("/") + "/" if folder is not None else None


def is_lock_file(path: str) -> bool:
    """Whether the file pins dependencies and is written by a package manager."""
    name = path.rpartition("/")[2].lower()
    return name in _LOCK_FILES or name.endswith((".lock", "-lock.json", "-lock.yaml"))


def is_secret_file(path: str) -> bool:
    """Whether the file is left unread because its name says that it holds secrets.

    >>> is_secret_file("config/.env"), is_secret_file(".env.example"), is_secret_file("id_rsa")
    (True, False, True)
    """
    lower = path.lower()
    name = lower.rpartition("/")[2]
    if _HARMLESS.search(name):
        return False
    return bool(
        name in _SECRET_NAMES
        or _ENV.match(name)
        or _SECRET_SUFFIX.search(name)
        or _SECRET_PATH.search(lower)
    )
