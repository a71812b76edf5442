"""What is stored depends on the records alone: not on batches, order, workers or repetition."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory_processing import (
    BatchProcessingConfig,
    ImportReport,
    RecordSource,
    SqliteMemoryStore,
    export_memories,
    import_memories,
    open_store,
)
from memory_processing.planted import plant

QUIET = BatchProcessingConfig(log_progress=False)
SAFE = "run the integration tests before anybody pushes this release branch to our remote"


def notes() -> list[dict[str, Any]]:
    """Planted duplicates with chains of safe variants and origins of their own."""
    listed = [dict(record) for record in plant(150, exact=0.2, near=0.4).records()]
    variants = [SAFE, SAFE.replace("the ", ""), SAFE.replace("tests", "test"), f"please {SAFE}"]
    listed += [
        {"kind": "lesson", "text": text, "confidence": confidence / 10, "tags": [str(number)]}
        for number, text in enumerate(variants)
        for confidence in (3, 5, 5)
    ]
    for number, record in enumerate(listed):
        record["provenance"] = [{"source": f"file {number % 7}", "line": number + 1}]
    return listed


def stored(
    records: list[dict[str, Any]], config: BatchProcessingConfig = QUIET, **more: Any
) -> tuple[list[str], ImportReport]:
    with open_store(":memory:") as store:
        report = import_memories([RecordSource(records)], store, config, **more)
        return [*store.dump()], report


EXPECTED, REPORT = stored(notes())


def test_the_sample_has_what_the_laws_speak_of() -> None:
    counts = REPORT.counts
    assert counts.merged >= 2
    assert counts.skipped > 20
    assert counts.review > 10


@pytest.mark.parametrize("size", [1, 7, 100, 1000, "adaptive"])
def test_the_batch_size_does_not_show(size: Any) -> None:
    dump, report = stored(notes(), QUIET.updated(batch_size=size))
    assert dump == EXPECTED
    assert report.counts == REPORT.counts


@pytest.mark.parametrize("seed", range(2))
def test_the_order_does_not_show(seed: int) -> None:
    shuffled = notes()
    random.Random(seed).shuffle(shuffled)
    dump, report = stored(shuffled, QUIET.updated(batch_size=13))
    assert dump == EXPECTED
    assert report.counts == REPORT.counts


def test_workers_do_not_show() -> None:
    dump, report = stored(notes(), QUIET.updated(batch_size=9), max_workers=4)
    assert dump == EXPECTED
    assert report.counts == REPORT.counts


def test_validating_first_and_one_transaction_do_not_show() -> None:
    for more in ({"validate_first": True}, {"rollback": "run"}, {"rollback": "batch"}):
        assert stored(notes(), QUIET.updated(**more))[0] == EXPECTED


def test_parts_in_several_imports_do_not_show() -> None:
    """A better-ranked record that comes later takes over as survivor, as if it had been first."""
    listed = notes()
    with open_store(":memory:") as store:
        for start in range(0, len(listed), 40):
            import_memories([RecordSource(listed[start : start + 40])], store, QUIET)
        assert [*store.dump()] == EXPECTED


def test_a_second_run_stores_nothing() -> None:
    with open_store(":memory:") as store:
        import_memories([RecordSource(notes())], store, QUIET)
        again = import_memories([RecordSource(notes())], store, QUIET)
        assert (again.counts.successful, again.counts.skipped) == (0, len(notes()))
        assert [*store.dump()] == EXPECTED


def test_what_another_process_stores_while_merges_are_planned_is_not_lost(tmp_path: Path) -> None:
    """The plan was made from what there was; it is made again when that is no longer true."""
    place, listed = tmp_path / "store", notes()

    class Late(SqliteMemoryStore):
        """Is overtaken by another import between the look at a group and its merges."""

        late = False

        def decisions(self, group_key: str) -> Any:
            if not self.late:
                self.late = True
                with open_store(place) as other:
                    import_memories([RecordSource(listed[150:])], other, QUIET)
            return super().decisions(group_key)

    with Late(place) as store:
        import_memories([RecordSource(listed[:150])], store, QUIET)
        assert store.late
        assert [*store.dump()] == EXPECTED


def test_a_crowd_fills_the_review_list_no_further_than_it_says() -> None:
    line = "the nightly import of customer {} is done after a long wait in the queue"
    _, report = stored([{"text": line.format(number)} for number in range(45)])
    counts = report.counts
    assert counts.merged == 0
    assert counts.review + report.unlisted == 45 * 44 / 2
    assert 0 < counts.review <= 20 * 45
    assert "further pairs are alike" in report.text()


def test_of_the_same_record_on_two_lines_the_first_line_is_kept() -> None:
    lines = [
        {"text": "the same sentence again", "provenance": [{"source": "a.md", "line": line}]}
        for line in (9, 4, 7)
    ]
    for order in (lines, lines[::-1]):
        for size in (1, 3):
            with open_store(":memory:") as store:
                import_memories([RecordSource(order)], store, QUIET.updated(batch_size=size))
                (record,) = export_memories(store)
                assert [origin.line for origin in record.provenance] == [4]


def test_what_is_exported_is_stored_again_as_it_was() -> None:
    with open_store(":memory:") as store, open_store(":memory:") as other:
        import_memories([RecordSource(notes())], store, QUIET)
        everything = [record.to_json() for record in export_memories(store, members=True)]
        import_memories([RecordSource(everything)], other, QUIET)
        assert [*export_memories(other)] == [*export_memories(store)]


_WORDS = st.sampled_from(["run", "the", "tests", "never", "Alice", "3", "please", "tabs"])
_RECORD = st.one_of(
    st.fixed_dictionaries(
        {
            "text": st.lists(_WORDS, min_size=1, max_size=6).map(" ".join),
            "confidence": st.sampled_from([0, 0.5, 1]),
        }
    ),
    st.just({"text": ""}),
    st.just({"confidence": 0.5}),
)


@settings(max_examples=20)
@given(st.lists(_RECORD, min_size=1, max_size=12), st.integers(1, 5))
def test_the_counts_add_up_and_order_does_not_show(
    records: list[dict[str, Any]], size: int
) -> None:
    listed = [{**record, "provenance": [{"source": "a"}]} for record in records]
    dump, report = stored(listed, QUIET.updated(batch_size=size))
    counts = report.counts
    assert counts.processed == len(listed)
    assert counts.processed == counts.successful + counts.failed + counts.skipped
    assert sum(report.by_category.values()) == counts.failed
    assert report.quality.records == counts.processed
    backwards, _ = stored(listed[::-1])
    assert dump == backwards
