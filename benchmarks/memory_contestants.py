"""What `memory.py` measures: one contestant per call, in a process of its own.

    python benchmarks/memory_contestants.py NAME FOLDER [DSN]

``FOLDER`` has ``records.jsonl``; a contestant that looks for pairs writes them to
``NAME.pairs.json``. The peers run under the interpreter of their own environment and need
nothing of ours.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

THRESHOLD = 0.8
PERMUTATIONS = 128


def texts(folder: Path) -> list[str]:
    """The text of each record, in order."""
    with (folder / "records.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line)["text"] for line in lines]


def rows(folder: Path) -> Iterator[tuple[str, str, str]]:
    """A minimal row per distinct text: key, kind, the record as it is."""
    seen = set()
    with (folder / "records.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            key = " ".join(record["text"].lower().split())
            if key not in seen:
                seen.add(key)
                yield key, record["kind"], line


def keep(folder: Path, name: str, pairs: set[tuple[int, int]]) -> None:
    """Write the pairs that a contestant found."""
    (folder / f"{name}.pairs.json").write_text(json.dumps(sorted(pairs)), encoding="utf-8")


def verified(
    word_sets: list[set[str]], candidates: Iterator[tuple[int, int]]
) -> set[tuple[int, int]]:
    """The candidates whose words are alike enough."""
    found = set()
    for a, b in candidates:
        if a != b:
            common = len(word_sets[a] & word_sets[b])
            if common >= THRESHOLD * (len(word_sets[a]) + len(word_sets[b]) - common):
                found.add((min(a, b), max(a, b)))
    return found


def join(folder: Path, _: str) -> None:
    """Our exact join alone."""
    from memory_processing.similarity import near_pairs

    keep(folder, "join", {(a, b) for a, b, _ in near_pairs(texts(folder), threshold=THRESHOLD)})


def rensa(folder: Path, _: str) -> None:
    """rensa: 128 permutations, 16 bands, then exact verification."""
    from rensa import RMinHash, RMinHashLSH

    words = [text.lower().split() for text in texts(folder)]
    hashes = RMinHash.from_token_sets(words, num_perm=PERMUTATIONS, seed=1)
    index = RMinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS, num_bands=16)
    index.insert_many(hashes)
    found = index.query_all(hashes)
    pairs = ((a, b) for a, others in enumerate(found) for b in others)
    keep(folder, "rensa", verified([set(one) for one in words], pairs))


def datasketch(folder: Path, _: str) -> None:
    """datasketch: 128 permutations, default weights, then exact verification."""
    from datasketch import MinHash, MinHashLSH

    words = [{word.encode() for word in text.lower().split()} for text in texts(folder)]
    index = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
    candidates: list[tuple[int, int]] = []
    for place, one in enumerate(MinHash.bulk(words, num_perm=PERMUTATIONS)):
        candidates += [(place, other) for other in index.query(one)]
        index.insert(place, one, check_duplication=False)
    keep(folder, "datasketch", verified(words, iter(candidates)))  # type: ignore[arg-type]  # bytes do as well


def _import(folder: Path, place: str, **settings: str) -> None:
    from memory_processing import (
        BatchProcessingConfig,
        FileSource,
        JsonLines,
        import_memories,
        open_store,
    )

    config = BatchProcessingConfig.of(log_progress=False, **settings)
    source = FileSource(folder / "records.jsonl", JsonLines(), label="records.jsonl")
    with open_store(place) as store:
        report = import_memories([source], store, config)
    (folder / "report.json").write_text(json.dumps(report.to_json()), encoding="utf-8")


def sqlite_import(folder: Path, _: str) -> None:
    """Our whole import into SQLite: validation, exact and near duplicates, journal."""
    _import(folder, str(folder / "import.sqlite3"))


def sqlite_first(folder: Path, _: str) -> None:
    """The same with ``validate_first``: everything is read and validated twice."""
    _import(folder, str(folder / "first.sqlite3"), validate_first="true")


def sqlite_plain(folder: Path, _: str) -> None:
    """Our import without looking for duplicates (mode "memory")."""
    _import(folder, str(folder / "plain.sqlite3"), mode="memory")


def postgres_import(folder: Path, dsn: str) -> None:
    """Our whole import into PostgreSQL."""
    _import(folder, dsn)


def executemany(folder: Path, _: str) -> None:
    """The limit: distinct texts by one bare executemany into SQLite, nothing checked."""
    db = sqlite3.connect(folder / "bare.sqlite3", isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=NORMAL")
    db.execute("CREATE TABLE memory (key TEXT PRIMARY KEY, kind TEXT, data TEXT)")
    db.execute("BEGIN IMMEDIATE")
    db.executemany("INSERT INTO memory VALUES (?, ?, ?)", rows(folder))
    db.execute("COMMIT")
    db.close()


def copy(folder: Path, dsn: str) -> None:
    """The limit: distinct texts by one bare COPY into PostgreSQL, nothing checked."""
    import psycopg

    with psycopg.connect(dsn) as db:
        db.execute("DROP TABLE IF EXISTS bare_memory")
        db.execute("CREATE TABLE bare_memory (key text PRIMARY KEY, kind text, data text)")
        with db.cursor() as cursor, cursor.copy("COPY bare_memory FROM STDIN") as stream:
            for row in rows(folder):
                stream.write_row(row)


CONTESTANTS: dict[str, Callable[[Path, str], None]] = {
    "join": join,
    "rensa": rensa,
    "datasketch": datasketch,
    "sqlite_import": sqlite_import,
    "sqlite_first": sqlite_first,
    "sqlite_plain": sqlite_plain,
    "executemany": executemany,
    "postgres_import": postgres_import,
    "copy": copy,
}

if __name__ == "__main__":
    CONTESTANTS[sys.argv[1]](Path(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else "")
