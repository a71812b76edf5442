"""Files written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from template_creation.errors import WriteError

__all__ = ["write_file"]


def write_file(path: Path, data: bytes) -> None:
    """``data`` into ``path``: afterwards the file is new or untouched, and so it stays through
    a power cut. The mode of a file that was there is kept.

    Raises `WriteError`.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as exc:
        raise WriteError(f"cannot write {path.name}: {exc.strerror}") from exc
