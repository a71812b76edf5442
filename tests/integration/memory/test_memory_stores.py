"""The contract of every store, on the real database: one class, run on each."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from batch_engine.core import ConfigurationError, DatabaseError
from memory_processing import (
    BatchProcessingConfig,
    MemoryStore,
    MemoryStoreError,
    RecordSource,
    decide,
    export_memories,
    import_memories,
    open_pairs,
    store_stats,
    unmerge,
)
from memory_processing.stores.protocol import JournalRow, MemoryRow, RunRow

QUIET = BatchProcessingConfig(log_progress=False)


def row(number: int) -> MemoryRow:
    content = f"{number:064x}"
    return MemoryRow(content, f"m-{number}", "g", f"text {number}", 0.5, "", f"c{number}", "{}")


def records(*texts: str, **more: Any) -> RecordSource:
    return RecordSource([{"text": text, **more} for text in texts])


class TestContract:
    def test_what_is_rolled_back_was_never_there(self, store: MemoryStore) -> None:
        store.begin()
        store.insert_many([row(1)])
        store.rollback()
        assert store.find_hashes([row(1).content_hash]) == {}
        store.rollback()  # without a transaction it does nothing

    def test_a_failed_savepoint_loses_its_own_rows_only(self, store: MemoryStore) -> None:
        store.begin()
        store.insert_many([row(1)])
        with pytest.raises(DatabaseError), store.savepoint():
            store.insert_many([row(2), row(1)])
        store.insert_many([row(3)])
        store.commit()
        found = store.find_hashes([row(n).content_hash for n in (1, 2, 3)])
        assert sorted(found) == [row(1).content_hash, row(3).content_hash]

    def test_writers_take_turns(self, database: Any) -> None:
        first, second = database.open(), database.open()
        first.begin()
        done = threading.Event()

        def write() -> None:
            second.begin()
            second.insert_many([row(2)])
            second.commit()
            done.set()

        writer = threading.Thread(target=write)
        writer.start()
        assert not done.wait(0.2)
        first.insert_many([row(1)])
        first.commit()
        assert done.wait(30)
        writer.join()
        assert first.counts()["memory"] == 2

    def test_a_store_opened_to_read_makes_and_changes_nothing(self, database: Any) -> None:
        with pytest.raises(MemoryStoreError):
            database.open(read_only=True)  # there is nothing, and nothing is made
        import_memories([records("be kind to all users")], database.open(), QUIET)
        store = database.open(read_only=True)
        assert [record.text for record in export_memories(store)] == ["be kind to all users"]
        with pytest.raises((DatabaseError, MemoryStoreError)):
            import_memories([records("never be kind")], store, QUIET)
        assert store.counts()["memory"] == 1

    def test_the_journal_keeps_a_row_per_batch_and_replaces_it(self, store: MemoryStore) -> None:
        store.begin()
        store.put_run(RunRow(run="r", key="k", number=1, status="running", owner="me"))
        for outcomes in ("cc", "cs"):
            store.journal(
                JournalRow(run="r", start=0, stop=2, digest="d", outcomes=outcomes, status="stored")
            )
        store.commit()
        assert [one.outcomes for one in store.journal_rows("r")] == ["cs"]
        store.unjournal("r", 0)
        assert store.journal_rows("r") == []

    def test_many_hashes_are_found_in_one_call(self, store: MemoryStore) -> None:
        store.begin()
        store.insert_many([row(n) for n in range(1200)])
        store.commit()
        assert len(store.find_hashes([row(n).content_hash for n in range(1300)])) == 1200

    def test_text_comes_back_as_it_went_in(self, store: MemoryStore) -> None:
        text = "tab\tnewline\nback\\slash \\N 'quote' \"double\" ünï 漢字 🎉 {brace} %s ?"
        import_memories([records(text)], store, QUIET)
        assert [record.text for record in export_memories(store)] == [text]


class TestPolicies:
    """One bad row per batch, under each policy: exactly the expected rows stay."""

    @staticmethod
    def source() -> RecordSource:
        texts = [f"the rule number {n} of the house" for n in range(20)]
        texts[3] = "poison for the database"  # valid, and refused by the database
        listed: list[dict[str, Any]] = [{"text": text} for text in texts]
        listed[12] = {"text": "not valid", "confidence": 3}
        return RecordSource(listed)

    @pytest.fixture(autouse=True)
    def _refusing(self, database: Any) -> None:
        database.refuse("poison")

    def run(self, store: MemoryStore, **settings: Any) -> Any:
        config = QUIET.updated(**({"batch_size": 10} | settings))
        report = import_memories([self.source()], store, config)
        counts = report.counts
        assert counts.processed == counts.successful + counts.failed + counts.skipped
        assert sum(report.by_category.values()) == counts.failed
        return report

    def test_policy_record_keeps_all_but_the_bad_rows(self, store: MemoryStore) -> None:
        report = self.run(store)
        assert (report.counts.successful, report.counts.failed) == (18, 2)
        assert dict(report.by_category) == {"database": 1, "validation": 1}
        assert [error.index for error in report.errors] == [3, 12]
        assert all(error.record.hint for error in report.errors)
        assert store.counts()["memory"] == 18

    def test_policy_batch_takes_back_exactly_the_batches_with_a_bad_row(
        self, store: MemoryStore
    ) -> None:
        report = self.run(store, rollback="batch", batch_size=5)
        assert (report.counts.successful, report.counts.failed) == (10, 10)
        assert report.counts.rolled_back == 8
        kept = {record.text.split()[3] for record in export_memories(store)}
        assert kept == {"5", "6", "7", "8", "9", "15", "16", "17", "18", "19"}

    def test_policy_run_leaves_nothing(self, store: MemoryStore) -> None:
        report = self.run(store, rollback="run")
        assert report.status == "rolled_back"
        assert (report.counts.successful, report.counts.failed) == (0, 20)
        assert [error.index for error in report.errors] == [3, 12]
        assert [*store.dump()] == []

    @pytest.mark.parametrize("size", [1, 4, 20])
    def test_without_continue_on_error_it_ends_at_the_first_bad_row(
        self, store: MemoryStore, size: int
    ) -> None:
        report = self.run(store, continue_on_error=False, batch_size=size)
        assert report.status == "stopped"
        assert (report.counts.processed, report.counts.successful) == (4, 3)
        assert store.counts()["memory"] == 3

    def test_validate_first_writes_nothing_when_a_record_is_not_valid(
        self, store: MemoryStore
    ) -> None:
        report = self.run(store, continue_on_error=False, validate_first=True)
        assert (report.status, report.counts.failed) == ("stopped", 1)
        assert store.counts()["memory"] == 0

    def test_too_many_failures_end_the_import(self, store: MemoryStore) -> None:
        report = self.run(store, max_failures=0)
        assert report.status == "stopped"
        assert report.counts.processed == 10

    def test_a_dry_run_reports_all_and_stores_nothing(self, store: MemoryStore) -> None:
        before = [*store.dump()], store.runs()
        report = import_memories([self.source()], store, QUIET, dry_run=True)
        assert (report.status, report.counts.successful) == ("dry_run", 18)
        assert ([*store.dump()], store.runs()) == before

    @pytest.mark.parametrize("rollback", ["record", "batch", "run"])
    @pytest.mark.parametrize("go_on", [True, False])
    def test_a_dry_run_says_what_the_import_then_does(
        self, store: MemoryStore, rollback: str, go_on: bool
    ) -> None:
        config = QUIET.updated(rollback=rollback, continue_on_error=go_on, batch_size=7)
        dry = import_memories([self.source()], store, config, dry_run=True)
        wet = import_memories([self.source()], store, config)
        assert dry.counts == wet.counts
        assert [error.index for error in dry.errors] == [error.index for error in wet.errors]
        again = import_memories([self.source()], store, config)
        assert again.counts.successful == 0 or rollback == "run"

    def test_an_interrupted_import_goes_on_in_the_same_process(self, store: MemoryStore) -> None:
        class Torn(RecordSource):
            """Ends with an interrupt after 25 records, once."""

            torn = False

            def read(self) -> Any:
                for number, raw in enumerate(super().read()):
                    if number == 25 and not self.torn:
                        self.torn = True
                        raise KeyboardInterrupt
                    yield raw

        source = Torn([{"text": f"the rule number {n} of the house"} for n in range(40)])
        with pytest.raises(KeyboardInterrupt):
            import_memories([source], store, QUIET.updated(batch_size=10))
        assert store.runs()[-1].status == "interrupted"
        report = import_memories([source], store, QUIET)
        assert (report.resumed, report.counts.successful) == (20, 40)
        assert len(store.runs()) == 1

    def test_after_a_refusal_the_same_text_is_no_duplicate(self, store: MemoryStore) -> None:
        """A failed insert must not make its retry look stored: that would lose it."""
        report = import_memories([records("poison", "poison")], store, QUIET)
        assert (report.counts.failed, report.counts.skipped) == (2, 0)

    def test_mode_memory_reports_known_content_as_a_database_error(
        self, store: MemoryStore
    ) -> None:
        config = QUIET.updated(mode="memory", batch_size=2)
        report = import_memories([records("a b", "c d", "A  b.")], store, config)
        assert (report.counts.successful, dict(report.by_category)) == (2, {"database": 1})


LONG = "Run the integration tests before you push a release branch to the shared remote"
SAME = "Run integration tests before you push a release branch to the shared remote."


class TestMerging:
    def test_a_merge_keeps_both_origins_and_unmerge_gives_the_rows_back(
        self, store: MemoryStore
    ) -> None:
        apart = [
            {"text": LONG, "tags": ["ci"], "confidence": 0.4},
            {"text": SAME, "tags": ["git"], "confidence": 0.9},
        ]
        import_memories([RecordSource(apart)], store, QUIET)
        (merged,) = export_memories(store)
        assert (merged.text, merged.tags) == (SAME, ("ci", "git"))
        assert [origin.line for origin in merged.provenance] == [1, 2]
        assert unmerge(store, merged.id, config=QUIET) != ()
        assert {record.text: record.tags for record in export_memories(store)} == {
            LONG: ("ci",),
            SAME: ("git",),
        }
        again = import_memories([RecordSource(apart)], store, QUIET)
        assert (again.counts.successful, again.counts.merged) == (0, 0)
        assert store.counts()["current"] == 2

    def test_a_person_can_merge_and_part_what_the_guards_left_open(
        self, store: MemoryStore
    ) -> None:
        import_memories([records(LONG, LONG.replace("integration", "unit"))], store, QUIET)
        (pair,) = open_pairs(store)
        assert any(reason.startswith("substitution") for reason in pair.reasons)
        decide(store, pair.first.id, pair.second.id, "merge", config=QUIET)
        assert (store.counts()["current"], open_pairs(store)) == (1, [])
        decide(store, pair.first.id, pair.second.id, "apart", config=QUIET)
        assert (store.counts()["current"], open_pairs(store)) == (2, [])

    def test_a_name_that_stands_for_nothing_or_several_is_refused(self, store: MemoryStore) -> None:
        import_memories([records(*(f"text number {n}" for n in range(40)))], store, QUIET)
        (first, *_) = export_memories(store)
        for name in ("m-", "m-zz", "%", "m-0123456789abcdef", first.id[:3]):
            with pytest.raises(ConfigurationError):
                unmerge(store, name)
        with pytest.raises(ConfigurationError, match="in no merge"):
            unmerge(store, first.id)
        with pytest.raises(ConfigurationError, match="same memory"):
            decide(store, first.id, first.id, "merge")

    def test_other_kinds_and_scopes_are_never_compared(self, store: MemoryStore) -> None:
        listed = [
            {"text": LONG, "kind": "lesson"},
            {"text": LONG, "kind": "decision"},
            {"text": LONG, "kind": "lesson", "scope": {"project": "shop"}},
        ]
        report = import_memories([RecordSource(listed)], store, QUIET)
        assert (report.counts.successful, report.counts.skipped) == (3, 0)
        assert store.counts()["merge"] == store.counts()["review"] == 0

    def test_statistics_say_what_the_store_holds(self, store: MemoryStore) -> None:
        import_memories([records(LONG, SAME, "be kind to all users")], store, QUIET)
        stats = store_stats(store)
        assert (stats.current, stats.merged, stats.kinds) == (2, 1, {"note": 2})
        assert stats.runs[0]["counts"]["successful"] == 3
        assert "merged into one" in stats.table()
        assert json.loads(json.dumps(stats.to_json()))["memories"] == {"current": 2, "merged": 1}
