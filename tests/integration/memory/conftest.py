"""Real databases for the tests of memories: a file, and a PostgreSQL server of their own."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from memory_processing import MemoryStore, open_store

_NUMBERS = count(1)


def _program(name: str) -> Path | None:
    found = [shutil.which(name), *sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))[::-1]]
    return next((Path(one).resolve() for one in found if one), None)


def _user() -> str | None:
    """Who the server runs as: it refuses to run as root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="session")
def postgres_dsn() -> Iterator[str]:
    """The address of a server that lives as long as the session; skipped without the binaries."""
    initdb, pg_ctl = _program("initdb"), _program("pg_ctl")
    if initdb is None or pg_ctl is None:
        pytest.skip("initdb and pg_ctl (PostgreSQL) are not installed")
    user = _user()
    folder = Path(tempfile.mkdtemp(prefix="memories-"))
    if user is not None:
        shutil.chown(folder, user)

    def run(*command: str | Path) -> None:
        done = subprocess.run(
            [str(part) for part in command],
            user=user,
            cwd=folder,
            env={"PATH": os.defpath, "LC_ALL": "C", "HOME": str(folder)},
            stdout=subprocess.DEVNULL,
            stderr=(folder / "errors").open("ab") if user is None else subprocess.DEVNULL,
            timeout=60,
        )
        assert done.returncode == 0, command

    data, port = folder / "data", _free_port()
    options = (
        f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        " -c shared_buffers=16MB -c max_connections=20"
    )
    try:
        run(initdb, "-D", data, "-U", "memory", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        run(pg_ctl, "-D", data, "-l", folder / "log", "-o", options, "-w", "start")
        try:
            yield f"postgresql://memory@127.0.0.1:{port}/postgres"
        finally:
            run(pg_ctl, "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Database:
    """One test's own database: open stores on it, and speak to it past our own code."""

    def __init__(self, open_one: Callable[..., MemoryStore], execute: Callable[[str], Any]) -> None:
        self._open = open_one
        self.execute = execute
        self.stores: list[MemoryStore] = []

    def open(self, *, read_only: bool = False) -> MemoryStore:
        """Another connection to the same store, closed after the test."""
        self.stores.append(self._open(read_only=read_only))
        return self.stores[-1]

    def refuse(self, word: str) -> None:
        """Makes the database itself refuse texts with this word in them."""
        self.open()
        self.execute(self._rule.format(word=word))

    _rule = (
        "CREATE TRIGGER refuse BEFORE INSERT ON memory WHEN NEW.text LIKE '%{word}%'"
        " BEGIN SELECT RAISE(ABORT, 'refused by a rule'); END"
    )


class PostgresDatabase(Database):
    """The same with PostgreSQL's way to refuse."""

    _rule = "ALTER TABLE memory ADD CHECK (position('{word}' in text) = 0)"


def _postgres(dsn: str) -> Database:
    import psycopg

    from memory_processing.stores.postgres import PostgresMemoryStore

    schema = f"test_{next(_NUMBERS)}"

    def execute(sql: str) -> Any:
        with psycopg.connect(dsn, autocommit=True) as db:
            db.execute(f"SET search_path TO {schema}")
            cursor = db.execute(sql)
            return cursor.fetchall() if cursor.description else None

    return PostgresDatabase(partial(PostgresMemoryStore, dsn, schema=schema), execute)


def _sqlite(path: Path) -> Database:
    def execute(sql: str) -> Any:
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            return db.execute(sql).fetchall()

    return Database(partial(open_store, path), execute)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """The test's own database, of each kind."""
    if request.param == "sqlite":
        made = _sqlite(tmp_path / "memories.sqlite3")
    else:
        made = _postgres(request.getfixturevalue("postgres_dsn"))
    yield made
    for store in made.stores:
        store.close()


@pytest.fixture
def store(database: Database) -> MemoryStore:
    """A store on the test's own database."""
    return database.open()
