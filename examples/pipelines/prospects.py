"""Prospect discovery: find companies, drop poor ones, enrich and score the rest in batches.

The realistic case: a search gives many companies; two services with requests for whole batches
are paid per company; known companies come from a database; results are kept batch by batch. The
run is killed half way and taken up again: nobody is paid for twice.

    python examples/pipelines/prospects.py

Prints::

    the first run died in batch 4
    companies enriched before: 10
    resumed: 15 enriched, 5 known before, 40 in all
    paid for each company at most once: True
    best: Company 36 (GmbH), score 1.0, 36 employees
    tokens of all batches: 150
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from batch_engine.core import SqliteRunStore
from batch_engine.pipeline import (
    Agent,
    BatchProgressContext,
    Pipeline,
    StageContext,
    batched,
    filtered,
)

Company = dict[str, Any]


class Crash(BaseException):
    """Stands for a power cut."""


class Database:
    """The companies that an earlier campaign enriched, and those that this one adds."""

    def __init__(self) -> None:
        self.rows: dict[int, Company] = {
            number: {"id": number, "name": f"Company {number}", "employees": number, "score": 0.1}
            for number in range(0, 10, 2)
        }

    def knows(self, company: Company) -> bool:
        return company["id"] in self.rows and "employees" in self.rows[company["id"]]

    def load(self, companies: list[Company]) -> list[Company | None]:
        return [self.rows.get(company["id"]) for company in companies]

    def save(self, companies: list[Company]) -> None:
        self.rows.update((company["id"], company) for company in companies)


class Search(Agent):
    """Many hits, cheap."""

    reads = ("region",)
    writes = {"companies": list[dict[str, Any]]}  # noqa: RUF012 - a declaration

    def run(self, context: StageContext) -> dict[str, Any]:
        ending = {"EU": "GmbH", "US": "Inc."}[context["region"]]
        names = [{"id": n, "name": f"Company {n} ({ending})"} for n in range(40)]
        return {"companies": names}


def is_good(company: Company) -> bool:
    """A quick look, before anyone is paid."""
    return bool(company["id"] % 2 == 0)


class Enrich(Agent):
    """One request for the whole batch; paid per company."""

    reads = ("companies",)
    writes = ("companies", "tokens")

    def __init__(self) -> None:
        self._paid: list[int] = []
        self._dies_after = 10

    @property
    def paid(self) -> list[int]:
        return self._paid

    def survive(self) -> None:
        self._dies_after = 1_000

    def run(self, context: StageContext) -> dict[str, Any]:
        companies = context["companies"]
        if len(self._paid) + len(companies) > self._dies_after:
            raise Crash
        self._paid += [company["id"] for company in companies]
        enriched = [{**company, "employees": company["id"]} for company in companies]
        return {"companies": enriched, "tokens": 10 * len(companies)}


class Score(Agent):
    reads = ("companies",)
    writes = ("companies",)

    def run(self, context: StageContext) -> list[Company]:
        return [
            {**c, "score": round(1 - (c["id"] - 36) ** 2 / 64, 2)} for c in context["companies"]
        ]


class Report(Agent):
    reads = ("companies",)
    writes = ("best",)

    def run(self, context: StageContext) -> dict[str, Any]:
        return {"best": max(context["companies"], key=lambda company: company["score"])}


def company_key(company: Company) -> str:
    return f"company:{company['id']}"


def main() -> None:
    database, enrich = Database(), Enrich()
    last = []

    def note(event: BatchProgressContext) -> None:
        last.append(event.number)

    pipeline = Pipeline(
        Search()
        >> batched(
            filtered(is_good) >> enrich >> Score(),
            chunk_size=10,
            over="companies",
            key=company_key,
            skip_if=database.knows,
            load_existing=database.load,
            persist_each_batch=database.save,
            reduce={"tokens": "sum"},
            on_batch_start=note,
        )
        >> Report(),
        name="prospects",
        inputs={"region": str},
    )
    with tempfile.TemporaryDirectory() as folder:
        try:
            with SqliteRunStore(Path(folder)) as store:
                pipeline.run({"region": "EU"}, store=store)
        except Crash:
            print(f"the first run died in batch {last[-1]}")
        print("companies enriched before:", len(enrich.paid))
        enrich.survive()
        with SqliteRunStore(Path(folder)) as store:
            result = pipeline.run({"region": "EU"}, store=store)
    counts = result.scopes[0].counts
    print(f"resumed: {len(enrich.paid)} enriched, 5 known before, {counts.total} in all")
    print("paid for each company at most once:", len(enrich.paid) == len(set(enrich.paid)))
    best = result["best"]
    print(f"best: {best['name']}, score {best['score']}, {best['employees']} employees")
    print("tokens of all batches:", result["tokens"])


if __name__ == "__main__":
    main()
