"""The walk: a list, each path judged, each usable file read once, hashed and described."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any, Final

from batch_engine.core import Listener, RunStore, StepRef, each, fingerprint, run_batches
from template_creation.errors import AnalysisError, BadInput
from template_creation.scan import content, names
from template_creation.scan.git import GitRefused, list_with_git
from template_creation.scan.ignore import list_with_pathspec
from template_creation.scan.listing import Entry, Listing
from template_creation.scan.secret_rules import RULES
from template_creation.scan.secrets import find_secrets
from template_creation.values.languages import GRAMMAR_LANGUAGES, language_of
from template_creation.values.source import Codebase, Exclusion, ExclusionReason, SourceFile

__all__ = ["STEP", "scan_codebase"]

_OPEN_FLAGS: Final = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
_GRAMMARS: Final = frozenset(GRAMMAR_LANGUAGES)

STEP: Final = "scan"
_CHUNK: Final = 500
_RACY_NS: Final = 2_000_000_000
_FINGERPRINT: Final = fingerprint(4, [[rule.id, rule.pattern.pattern.decode()] for rule in RULES])
"""Raise the number when a file would be judged or described otherwise than before."""


def scan_codebase(
    root: Path,
    *,
    on_file: Callable[[int, int], None] | None = None,
    store: RunStore | None = None,
    listeners: Sequence[Listener] = (),
    now_ns: Callable[[], int] = time.time_ns,
) -> Codebase:
    """The text files under ``root`` and everything that was left out, with the reason.

    Inside a git work tree (also in a sub-folder of one) git's own list counts; elsewhere the
    ignore files do. One file is held in memory at a time; nothing is written and no link is
    followed. ``on_file(done, total)`` is called after each listed path; ``listeners`` get the
    engine's events of the step ``scan``. With a ``store``, a file is not read again while the
    file system says that it is the one of the last scan (size, times, inode), as git's index
    does; one that changed within the last two seconds is not trusted to stay so.

    Raises:
        BadInput: ``root`` does not exist or is not a folder.
        AnalysisError: ``root`` cannot be listed.
    """
    folder = _checked(root)
    listing = _listing(folder)
    reader = _TreeReader(folder)
    entries = sorted(listing.entries, key=lambda item: item.path)
    outcomes = _examined(entries, reader, store, listeners, now_ns)
    files: list[SourceFile] = []
    excluded: list[Exclusion] = []
    for done, outcome in enumerate(outcomes, start=1):
        if isinstance(outcome, SourceFile):
            files.append(outcome)
        else:
            excluded.append(outcome)
        if on_file is not None:
            on_file(done, len(entries))
    files.sort(key=lambda file: file.path)
    return Codebase(
        root=folder,
        files=tuple(files),
        excluded=tuple(sorted(excluded, key=lambda item: (item.path, item.reason))),
        read=_CodebaseReader(reader, {file.path: file.sha256 for file in files}),
        listed_by=listing.listed_by,
        commit=listing.commit,
        log=listing.log,
        notes=listing.notes,
    )


def _examined(
    entries: Sequence[Entry],
    reader: _TreeReader,
    store: RunStore | None,
    listeners: Sequence[Listener],
    now_ns: Callable[[], int],
) -> Iterator[SourceFile | Exclusion]:
    """What each entry is, in order; taken from ``store`` where the file is still the same."""
    step = StepRef(STEP, _FINGERPRINT)
    result = run_batches(
        entries,
        each(lambda entry: _examine(entry, reader)),
        step=step.name,
        fingerprint=step.fingerprint,
        key=lambda entry: reader.identity(entry, now_ns()),
        chunking=_CHUNK,
        store=store,
        listeners=listeners,
        dump=_dump,
        load=_load,
    )
    if store is not None:
        store.prune(step, keep=set(result.keys))
    for entry, outcome in zip(entries, result.in_order(), strict=True):
        if outcome.value is not None:
            yield outcome.value
        else:
            reason = outcome.error.error if outcome.error else "no result"
            yield Exclusion(entry.path.decode("utf-8", "backslashreplace"), "unreadable", reason)


def _dump(outcome: SourceFile | Exclusion) -> list[Any]:
    return [type(outcome).__name__, *astuple(outcome)]


def _load(document: list[Any]) -> SourceFile | Exclusion:
    kind, *values = document
    return SourceFile(*values) if kind == SourceFile.__name__ else Exclusion(*values)


def _checked(root: Path) -> Path:
    try:
        folder = root.expanduser().resolve(strict=True)
    except (OSError, RuntimeError) as error:
        message = f"no such codebase: {str(root)!r}"
        raise BadInput(message, hint="give --path an existing folder") from error
    if not folder.is_dir():
        raise BadInput(f"not a folder: {str(root)!r}", hint="give --path the codebase's folder")
    try:
        os.scandir(folder).close()
    except OSError as error:
        message = f"cannot list the folder {str(root)!r}: {error.strerror}"
        raise AnalysisError(message, hint="check its permissions") from error
    return folder


def _listing(folder: Path) -> Listing:
    try:
        return list_with_git(folder)
    except GitRefused as refused:
        note = (f"listed without git: {refused.reason}",) if refused.reason else ()
        return list_with_pathspec(folder, notes=note)


def _examine(entry: Entry, reader: _TreeReader) -> SourceFile | Exclusion:
    """The file at ``entry``, or why it is left out."""
    try:
        path = entry.path.decode("utf-8")
    except UnicodeDecodeError:
        return Exclusion(entry.path.decode("utf-8", "backslashreplace"), "path-not-utf8")
    refused = _by_path(entry, path) or reader.refuses(entry)
    if refused is not None:
        return Exclusion(path, *refused)
    try:
        data, size = reader.read(entry.path, limit=content.MAX_FILE_BYTES)
    except OSError as error:
        return Exclusion(path, *_unread(error))
    return _described(path, data, size)


def _by_path(entry: Entry, path: str) -> tuple[ExclusionReason, str] | None:
    """What the list and the name say, before anything is opened."""
    if entry.mark == "symlink":
        return "symlink", ""
    if entry.mark == "submodule":
        return "submodule", ""
    if entry.mark == "unreadable":
        return "unreadable", "a folder"
    if entry.mark == "vendored":
        return "vendored", "folder not entered"
    if (folder := names.vendored_by(path)) is not None:
        return "vendored", folder
    if names.is_secret_file(path):
        return "secret-file", "left unread by its name"
    if names.is_lock_file(path):
        return "lock-file", ""
    if names.is_output(path):
        return "generated", "build output by its name"
    is_code = language_of(path) in _GRAMMARS
    if not is_code and (rule := names.generated_by_name(path, is_code=False)) is not None:
        return "generated", rule
    return None


def _unread(error: OSError) -> tuple[ExclusionReason, str]:
    if error.errno in {errno.ENOENT, errno.ENOTDIR}:
        return "missing", ""
    if error.errno == errno.ELOOP:
        return "symlink", ""
    return "unreadable", errno.errorcode.get(error.errno or 0, "")


def _described(path: str, data: bytes, size: int) -> SourceFile | Exclusion:
    refused = content.refusal(data, size)
    if refused is not None:
        return Exclusion(path, *refused)
    language = language_of(path)
    header = content.has_generated_header(data)
    if header and language not in _GRAMMARS:
        return Exclusion(path, "generated", "its header says so")
    secrets = find_secrets(data)
    if secrets:
        more = f" and {len(secrets) - 1} more" if len(secrets) > 1 else ""
        return Exclusion(path, "secret", f"{secrets[0].rule}, line {secrets[0].line}{more}")
    shape = content.text_shape(data)
    return SourceFile(
        path=path,
        sha256=hashlib.sha256(data).hexdigest(),
        size=size,
        lines=shape.lines,
        language=language,
        eol=shape.eol,
        bom=shape.bom,
        final_newline=shape.final_newline,
        generated=header
        or (language in _GRAMMARS and names.generated_by_name(path, is_code=True) is not None),
    )


@dataclass(frozen=True, slots=True)
class _TreeReader:
    """Reads regular files below ``root`` and follows no link on the way to them."""

    root: Path
    _plain: dict[bytes, bool] = field(default_factory=dict)

    def refuses(self, entry: Entry) -> tuple[ExclusionReason, str] | None:
        """What the file system says about ``entry``, before it is opened."""
        if not self._is_plain(os.path.dirname(entry.path)):  # noqa: PTH120 - a bytes path
            return "symlink", "inside a linked folder"
        try:
            mode = os.lstat(self._full(entry.path)).st_mode
        except OSError as error:
            reason, detail = _unread(error)
            sparse = entry.mark == "sparse" and reason == "missing"
            return reason, "left out by the sparse checkout" if sparse else detail
        if stat.S_ISLNK(mode):
            return "symlink", ""
        if stat.S_ISDIR(mode):
            return "not-a-file", "a folder now"
        return None if stat.S_ISREG(mode) else ("not-a-file", _special(mode))

    def identity(self, entry: Entry, now_ns: int) -> str:
        """What tells this very state of the file from any other, as text."""
        path = entry.path.decode("utf-8", "surrogateescape")
        try:
            found = os.lstat(self._full(entry.path))
        except OSError as error:
            return f"{path}|{entry.mark}|{error.errno}|{now_ns}"
        times = (found.st_mtime_ns, found.st_ctime_ns)
        told = [path, entry.mark, found.st_mode, found.st_size, found.st_ino, *times]
        if now_ns - max(times) < _RACY_NS:
            told.append(now_ns)
        return "|".join(map(str, told))

    def read(self, path: bytes, *, limit: int | None = None) -> tuple[bytes, int]:
        """The file's bytes and size; above ``limit`` bytes, its first bytes only."""
        descriptor = os.open(self._full(path), _OPEN_FLAGS)
        with os.fdopen(descriptor, "rb") as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise OSError(errno.EINVAL, "not a regular file")
            if limit is not None and status.st_size > limit:
                return stream.read(content.BINARY_PROBE_BYTES), status.st_size
            data = stream.read()
            return data, len(data)

    def is_plain_path(self, path: bytes) -> bool:
        """Whether no folder on the way to ``path`` is a link, looked up anew."""
        self._plain.clear()
        return self._is_plain(os.path.dirname(path))  # noqa: PTH120 - a bytes path

    def _full(self, path: bytes) -> bytes:
        return os.fsencode(self.root) + b"/" + path

    def _is_plain(self, folder: bytes) -> bool:
        if not folder:
            return True
        known = self._plain.get(folder)
        if known is None:
            parent = os.path.dirname(folder)  # noqa: PTH120 - a bytes path
            known = self._is_plain(parent) and not os.path.islink(self._full(folder))  # noqa: PTH114
            self._plain[folder] = known
        return known


def _special(mode: int) -> str:
    kinds: Iterable[tuple[str, Callable[[int], bool]]] = (
        ("a named pipe", stat.S_ISFIFO),
        ("a socket", stat.S_ISSOCK),
        ("a device", lambda value: stat.S_ISCHR(value) or stat.S_ISBLK(value)),
    )
    return next((name for name, test in kinds if test(mode)), "")


@dataclass(frozen=True, slots=True)
class _CodebaseReader:
    """Reads the scanned files again and makes sure that they are still the same."""

    tree: _TreeReader
    hashes: Mapping[str, str]

    def __call__(self, path: str, /) -> bytes:
        """The bytes of the file at ``path``, equal to those that were scanned.

        Raises:
            AnalysisError: no such file in the codebase, or it is gone or changed meanwhile.
        """
        expected = self.hashes.get(path)
        if expected is None:
            raise AnalysisError(f"not a file of the codebase: {path!r}")
        again = "run again when nothing writes to the codebase"
        try:
            if not self.tree.is_plain_path(path.encode()):
                raise AnalysisError(
                    f"a folder of {path!r} became a link while it was read", hint=again
                )
            data, _ = self.tree.read(path.encode())
        except OSError as error:
            raise AnalysisError(
                f"{path!r} can no longer be read ({error.strerror})", hint=again
            ) from error
        if hashlib.sha256(data).hexdigest() != expected:
            raise AnalysisError(f"{path!r} changed while it was read", hint=again)
        return data
