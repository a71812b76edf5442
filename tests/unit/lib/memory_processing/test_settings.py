"""Settings from code, TOML, environment and at run time; sizes, figures and reports."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from batch_engine.core import ConfigurationError, Progress, ResourceSample
from memory_processing import (
    AdaptiveSize,
    BatchProcessingConfig,
    BatchProcessor,
    FileSource,
    JsonLines,
    LiveConfig,
    MemoryStoreError,
    Monitor,
    RecordSource,
    adaptive_processor,
    all_or_nothing_processor,
    deduplicating_processor,
    figures_table,
    import_memories,
    open_store,
    preview_memories,
    storing_processor,
)

QUIET = BatchProcessingConfig(log_progress=False)
RECORDS = [{"text": f"the rule number {n} of the house"} for n in range(30)]


class TestConfiguration:
    def test_it_reads_a_table_of_a_toml_file(self, tmp_path: Path) -> None:
        file = tmp_path / "settings.toml"
        file.write_text(
            '[memory]\nrollback = "batch"\nbatch_size = { target_ms = 100 }\n', encoding="utf-8"
        )
        config = BatchProcessingConfig.from_toml(file)
        assert config.rollback == "batch"
        assert config.batch_size == AdaptiveSize(target_ms=100)
        file.write_text("[other]\nx = 1\n", encoding="utf-8")
        assert BatchProcessingConfig.from_toml(file) == BatchProcessingConfig()

    @pytest.mark.parametrize("text", ["[memory\n", "memory = 3\n", "[memory]\nsize = 3\n"])
    def test_a_file_that_is_wrong_says_so(self, tmp_path: Path, text: str) -> None:
        file = tmp_path / "settings.toml"
        file.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigurationError):
            BatchProcessingConfig.from_toml(file)

    def test_the_environment_outranks_its_base(self) -> None:
        base = BatchProcessingConfig(mode="memory", batch_size=5)
        config = BatchProcessingConfig.from_environment(
            {"MEMORY_BATCH_BATCH_SIZE": "adaptive", "MEMORY_BATCH_GUARDS": "names,numbers"},
            base=base,
        )
        assert (config.mode, config.guards) == ("memory", ("names", "numbers"))
        assert config.batch_size == AdaptiveSize()

    @pytest.mark.parametrize(
        "settings",
        [
            {"batch_size": 0},
            {"batch_size": 5_001},
            {"rollback": "all"},
            {"merge_threshold": 0.6, "review_threshold": 0.7},
            {"failure_tolerance": 2},
            {"batch_size": {"start": 10}},
            {"unknown": 1},
        ],
    )
    def test_a_setting_that_is_wrong_is_named(self, settings: dict[str, Any]) -> None:
        with pytest.raises(ConfigurationError) as caught:
            BatchProcessingConfig.of(**settings)
        assert caught.value.fields
        assert "batch_size" in caught.value.hint

    def test_what_shapes_the_data_cannot_change_while_a_run_works(self) -> None:
        live = LiveConfig(QUIET)
        live.change(batch_size=7)
        assert live.current.batch_size == 7
        with pytest.raises(ConfigurationError, match="mode cannot change"):
            live.change(mode="memory")


class TestProcessors:
    def test_the_ready_made_ones_do_what_their_names_say(self) -> None:
        twice = [*RECORDS, RECORDS[0]]
        with open_store(":memory:") as store:
            report = deduplicating_processor(store, log_progress=False).process(twice)
            assert (report.counts.successful, report.counts.skipped) == (30, 1)
        with open_store(":memory:") as store:
            report = storing_processor(store, log_progress=False).process(twice)
            assert report.by_category == {"database": 1}
        with open_store(":memory:") as store:
            processor = all_or_nothing_processor(store, log_progress=False)
            assert processor.process([*RECORDS, {"text": ""}]).counts.successful == 0
            assert processor.process(RECORDS).counts.successful == 30
        with open_store(":memory:") as store:
            assert adaptive_processor(store).config.batch_size == AdaptiveSize(target_ms=250)

    def test_a_preview_writes_nothing(self) -> None:
        with open_store(":memory:") as store:
            processor = BatchProcessor(store, QUIET, batch_size=4)
            report = processor.preview([RecordSource(RECORDS)])
            assert (report.status, report.counts.successful) == ("dry_run", 30)
            assert store.counts()["memory"] == 0
            assert processor.validate({"text": ""}).errors

    def test_it_can_be_changed(self) -> None:
        with open_store(":memory:") as store:
            processor = BatchProcessor(store)
            processor.change(batch_size=3)
            assert processor.config.batch_size == 3


class TestJsonLines:
    def test_each_line_that_cannot_be_read_costs_one_record(self, tmp_path: Path) -> None:
        file = tmp_path / "notes.jsonl"
        lines = [
            b'\xef\xbb\xbf{"text": "the first line has a mark"}',
            b"",
            b"{no json",
            b"[1, 2]",
            b'{"text": "not utf-8 \xff"}',
            b'{"text": "a b c", "confidence": NaN}',
            b'{"text": "' + b"x" * 1_000_001 + b'"}',
            b"[" * 100_000,
            b'{"text": "the last one is fine"}',
        ]
        file.write_bytes(b"\n".join(lines))
        report = preview_memories([FileSource(file, JsonLines(), label="notes")], QUIET)
        assert (report.counts.successful, report.counts.failed) == (2, 6)
        assert [error.place for error in report.errors] == [f"notes:{n}" for n in range(3, 9)]
        assert {error.category for error in report.errors} == {"transform"}
        assert all(error.record.hint for error in report.errors)

    def test_a_text_without_end_is_named_at_its_column(self, tmp_path: Path) -> None:
        file = tmp_path / "notes.jsonl"
        file.write_text('{"text', encoding="utf-8")
        (error,) = preview_memories([FileSource(file, JsonLines())], QUIET).errors
        assert error.record.error.endswith("not JSON: Unterminated string at column 2")

    def test_a_source_that_is_not_there_fails_alone(self, tmp_path: Path) -> None:
        gone = FileSource(tmp_path / "gone.jsonl", JsonLines(), label="gone")
        report = preview_memories([gone, RecordSource(RECORDS)], QUIET)
        assert (report.counts.successful, report.by_category) == (30, {"io": 1})

    def test_what_no_database_can_hold_costs_one_record(self, tmp_path: Path) -> None:
        file = tmp_path / "notes.jsonl"
        lines = [
            '{"text": "half a character \\ud800"}',
            '{"text": "fine so far", "extra": {"deep": ["\\ud800"]}}',
            '{"text": "fine so far", "tags": ["\\ud800"]}',
            '{"text": "nothing \\u0000 here"}',
            '{"text": "nothing is wrong here", "extra": {"sign": "\\u0000"}}',
        ]
        file.write_text("\n".join(lines), encoding="utf-8")
        report = preview_memories([FileSource(file, JsonLines(), label="notes")], QUIET)
        assert (report.counts.successful, report.by_category) == (1, {"validation": 4})

    def test_records_that_are_none_cost_one_record_each(self) -> None:
        listed: list[Any] = [
            "a text",
            3,
            {"text": "a fine one"},
            {"text": "x", "extra": {"o": object()}},
        ]
        report = preview_memories([RecordSource(listed)], QUIET)
        assert (report.counts.successful, report.counts.failed) == (1, 3)
        assert report.by_category == {"validation": 1, "transform": 2}

    def test_more_failures_than_the_share_that_is_tolerated_end_the_import(self) -> None:
        listed = [{"text": f"rule {n}", "confidence": 9 if n % 10 == 0 else 1} for n in range(300)]
        config = QUIET.updated(batch_size=50, failure_tolerance=0.05)
        report = preview_memories([RecordSource(listed)], config)
        assert (report.status, report.counts.processed) == ("stopped", 100)
        assert "5.0% are tolerated" in report.stopped

    def test_nothing_to_import_is_refused(self) -> None:
        with pytest.raises(ConfigurationError):
            preview_memories([])


class TestMonitor:
    def test_the_figures_say_where_the_time_went(self) -> None:
        monitor, progress = Monitor(), Progress()
        config = QUIET.updated(batch_size=10, validate_first=True)
        with open_store(":memory:") as store:
            report = import_memories(
                [RecordSource(RECORDS)], store, config, listeners=[monitor, progress]
            )
        figures = report.figures
        assert (figures["records"], figures["batches"]) == (30, 3)
        assert set(figures["stages_s"]) == {"validate", "dedup", "database", "merge"}
        assert figures["bottleneck"] in figures["stages_s"]
        assert figures["rss_mb_max"] > 1
        assert [batch.size for batch in monitor.batches] == [10, 10, 10]
        assert json.loads(json.dumps(report.to_json()))["figures"] == figures
        assert "most time in" in figures_table(figures)
        snapshot = progress.snapshot()
        assert (snapshot.total, snapshot.done, snapshot.eta_s) == (30, 30, 0.0)

    def test_the_trace_of_an_adaptive_size_has_reasons(self) -> None:
        config = QUIET.updated(
            batch_size=AdaptiveSize(target_ms=60_000, start=2, smallest=1, largest=8)
        )
        with open_store(":memory:") as store:
            report = import_memories([RecordSource(RECORDS)], store, config)
        changes = report.figures["sizes"]
        assert [(change["old"], change["new"], change["reason"]) for change in changes][:2] == [
            (2, 3, "faster"),
            (3, 5, "faster"),
        ]
        assert "(faster)" in figures_table(report.figures)

    def test_without_events_there_is_nothing_to_say(self) -> None:
        sample = ResourceSample(rss=0, memory_share=0.0, cpu_share=0.0)
        monitor = Monitor(clock=lambda: 1.0, sample=lambda: sample)
        assert monitor.figures()["records_per_s"] == 0.0


class TestReport:
    def test_it_says_what_failed_and_what_to_do(self) -> None:
        broken = [{"text": "a b c", "confidence": 5} for _ in range(12)]
        with open_store(":memory:") as store:
            report = import_memories([RecordSource(broken)], store, QUIET)
        text = report.text()
        assert "12 failed" in text
        assert "success rate 0.00 %" in text
        assert "confidence: expected at most 1, got 5" in text
        assert "write 0.5" in text
        assert "and 2 more" in text
        assert not report.ok
        data = report.to_json()
        assert data["errors_by_category"]["validation"] == 12
        assert data["errors"][0]["fields"][0]["path"] == "confidence"
        assert data["quality"]["errors"] == {"confidence: range_violation": 12}

    def test_of_nothing_all_rates_are_zero(self) -> None:
        report = preview_memories([RecordSource([])], QUIET)
        assert report.ok
        assert set(report.to_json()["rates"].values()) == {0.0}


def test_a_program_without_logging_gets_nothing_on_stderr() -> None:
    script = (
        "from memory_processing import RecordSource, preview_memories\n"
        "print(preview_memories([RecordSource([{'text': ''}])]).counts.failed)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("1\n", "")


def test_what_cannot_be_joined_with_what_is_stored_is_a_deduplication_error(
    tmp_path: Path,
) -> None:
    """Somebody changed a row by hand: its repeat fails, everything else is stored."""
    place = tmp_path / "store"
    known = {"text": "this one is stored", "provenance": [{"source": "a"}]}
    with open_store(place) as store:
        import_memories([RecordSource([known])], store, QUIET)
    with closing(sqlite3.connect(place)) as db, db:
        db.execute("UPDATE memory SET data = '{}'")
    again = {**known, "provenance": [{"source": "b"}]}
    with open_store(place) as store:
        report = import_memories([RecordSource([again, {"text": "a new one"}])], store, QUIET)
        assert (report.counts.successful, report.counts.failed) == (1, 1)
        assert report.by_category == {"deduplication": 1}
        assert report.errors[0].record.hint


def test_a_file_that_is_no_store_is_left_as_it_is(tmp_path: Path) -> None:
    place = tmp_path / "notes.txt"
    place.write_text("these are my notes, " * 400, encoding="utf-8")
    before = place.read_bytes()
    with pytest.raises(MemoryStoreError, match="cannot be used"):
        open_store(place)
    assert place.read_bytes() == before
    with pytest.raises(MemoryStoreError):
        open_store(tmp_path / "no folder" / "store")
