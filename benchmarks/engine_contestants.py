# ruff: noqa: D103 - each function is a contestant, named in engine.py
"""The contestants of ``engine.py``: the same work, each in its own way. Run by it, one at a time.

Each function gets the rows, the folder it may write to and ``done`` (to call with each finished
chunk's results), and returns when everything is done. Only what a contestant needs is imported.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

COUNT, SIZE = 10_000, 100
Row = dict[str, Any]
Done = Callable[[Any], None]


def make(number: int) -> Row:
    return {"id": number, "text": f"{number:06d}" + "x" * 170}


def first(rows: list[Row]) -> list[Row]:
    return [{**row, "a": row["id"] + 1} for row in rows]


def second(rows: list[Row]) -> list[Row]:
    return [{**row, "b": row["a"] * 2} for row in rows]


def third(rows: list[Row]) -> list[Row]:
    effect(rows)
    return [{**row, "c": row["b"] - row["a"]} for row in rows]


def chunks_of(rows: list[Row]) -> Iterator[list[Row]]:
    for start in range(0, len(rows), SIZE):
        yield rows[start : start + SIZE]


class Options:
    """What was asked on the command line; set once in `main`."""

    folder = Path()
    kill_at = 0
    resume = False


def effect(rows: list[Row]) -> None:
    """The chunk's effect in the world, counted; and, if asked, death right after it."""
    if not Options.kill_at and not Options.resume:
        return
    number = rows[0]["id"] // SIZE + 1
    log = os.open(Options.folder / "effects.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(log, f"{number}\n".encode())
    os.fsync(log)
    os.close(log)
    if number == Options.kill_at:
        os.kill(os.getpid(), signal.SIGKILL)


# -- plain ------------------------------------------------------------------------------------


def plain(rows: list[Row], done: Done) -> None:
    for chunk in chunks_of(rows):
        done(third(second(first(chunk))))


def _plain_sqlite(rows: list[Row], done: Done, synchronous: str) -> None:
    db = sqlite3.connect(Options.folder / "plain.db", isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute(f"PRAGMA synchronous={synchronous}")
    db.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, data TEXT)")
    for chunk in chunks_of(rows):
        results = third(second(first(chunk)))
        db.execute("BEGIN")
        db.executemany(
            "INSERT INTO item VALUES (?, ?)", [(row["id"], json.dumps(row)) for row in results]
        )
        db.execute("COMMIT")
        done(results)
    db.close()


def plain_sqlite(rows: list[Row], done: Done) -> None:
    _plain_sqlite(rows, done, "NORMAL")


def plain_sqlite_full(rows: list[Row], done: Done) -> None:
    _plain_sqlite(rows, done, "FULL")


# -- ours -------------------------------------------------------------------------------------


def _key(row: Row) -> str:
    return str(row["id"])


def _core(rows: list[Row], done: Done, **options: Any) -> None:
    from batch_engine.core import stream_batches

    def work(items: list[Row], context: Any) -> list[Row]:
        return third(second(first(items)))

    for chunk in stream_batches(rows, work, step="s", chunking=SIZE, distinct=True, **options):
        done(chunk.outcomes)


def core(rows: list[Row], done: Done) -> None:
    _core(rows, done, key=_key)


def _core_store(rows: list[Row], done: Done, **options: Any) -> None:
    from batch_engine.core import SqliteRunStore

    with SqliteRunStore(Options.folder) as store:
        _core(rows, done, store=store, **options)


def core_store_key(rows: list[Row], done: Done) -> None:
    _core_store(rows, done, key=_key)


def core_store_hash(rows: list[Row], done: Done) -> None:
    _core_store(rows, done)


def _pipeline(**options: Any) -> Any:
    from batch_engine.pipeline import Pipeline, batched, stage

    flow = (
        stage(lambda context: first(context["rows"]), name="first", reads=(), version=1)
        >> stage(lambda context: second(context["rows"]), name="second", reads=(), version=1)
        >> stage(lambda context: third(context["rows"]), name="third", reads=(), version=1)
    )
    after = stage(lambda context: {"count": len(context["rows"])}, name="count")
    return Pipeline(batched(flow, chunk_size=SIZE, over="rows", **options) >> after)


def pipeline(rows: list[Row], done: Done, **settings: Any) -> None:
    with _pipeline(key=_key).stream({"rows": rows}, **settings) as stream:
        for batch in stream:
            done(batch.results)


def pipeline_stream(rows: list[Row], done: Done) -> None:
    from batch_engine.pipeline import Pipeline, batched, stage

    flow = (
        stage(lambda context: first(context["rows"]), name="first")
        >> stage(lambda context: second(context["rows"]), name="second")
        >> stage(lambda context: third(context["rows"]), name="third")
    )
    lazy = Pipeline(batched(flow, chunk_size=SIZE, over="rows", key=_key))
    for batch in lazy.stream({"rows": (make(number) for number in range(COUNT))}):
        done(batch.results)


def pipeline_store_key(rows: list[Row], done: Done, durability: Any = "process") -> None:
    from batch_engine.core import SqliteRunStore

    with SqliteRunStore(Options.folder, durability=durability) as store:
        pipeline(rows, done, store=store)


def pipeline_store_hash(rows: list[Row], done: Done) -> None:
    from batch_engine.core import SqliteRunStore

    with (
        SqliteRunStore(Options.folder) as store,
        _pipeline().stream({"rows": rows}, store=store) as stream,
    ):
        for batch in stream:
            done(batch.results)


def pipeline_store_power(rows: list[Row], done: Done) -> None:
    pipeline_store_key(rows, done, "power")


def pipeline_rerun(rows: list[Row], done: Done) -> None:
    pipeline_store_key(rows, done)


# -- others -----------------------------------------------------------------------------------


def pypeln(rows: list[Row], done: Done) -> None:
    import pypeln as pl

    stage: Any = list(chunks_of(rows))
    for function in (first, second, third):
        stage = pl.thread.map(function, stage, workers=1, maxsize=4)
    for results in stage:
        done(results)


def dask(rows: list[Row], done: Done) -> None:
    import dask

    whole = [dask.delayed(lambda chunk: third(second(first(chunk))))(chunk)
             for chunk in chunks_of(rows)]  # fmt: skip
    done(dask.compute(*whole, scheduler="threads", num_workers=2))


def langchain(rows: list[Row], done: Done) -> None:
    from langchain_core.runnables import RunnableLambda

    chain = RunnableLambda(first) | RunnableLambda(second) | RunnableLambda(third)
    for chunk in chunks_of(rows):
        done(chain.invoke(chunk))


def _graph() -> Any:
    import operator
    from typing import Annotated, TypedDict

    from langgraph.graph import END, START, StateGraph

    joined = Annotated[list, operator.add]
    State = TypedDict("State", {"cursor": int, "chunk": list, "results": joined})  # noqa: UP013 - real types, whatever __future__ says

    rows = [make(number) for number in range(COUNT)]
    graph = StateGraph(State)
    graph.add_node("first", lambda s: {"chunk": first(rows[s["cursor"] : s["cursor"] + SIZE])})
    graph.add_node("second", lambda s: {"chunk": second(s["chunk"])})
    graph.add_node("third", lambda s: {"results": third(s["chunk"]), "chunk": [],
                                       "cursor": s["cursor"] + SIZE})  # fmt: skip
    graph.add_edge(START, "first")
    graph.add_edge("first", "second")
    graph.add_edge("second", "third")
    graph.add_conditional_edges("third", lambda s: "first" if s["cursor"] < COUNT else END)
    return graph


def _graph_run(app: Any, done: Done, start: Any) -> None:
    config = {"recursion_limit": 1_000, "configurable": {"thread_id": "1"}}
    for update in app.stream(start, config, stream_mode="updates"):
        if "third" in update:
            done(update["third"]["results"])


def langgraph(rows: list[Row], done: Done) -> None:
    _graph_run(_graph().compile(), done, {"cursor": 0, "chunk": [], "results": []})


def langgraph_sqlite(rows: list[Row], done: Done) -> None:
    from langgraph.checkpoint.sqlite import SqliteSaver

    with SqliteSaver.from_conn_string(str(Options.folder / "graph.db")) as saver:
        start = None if Options.resume else {"cursor": 0, "chunk": [], "results": []}
        _graph_run(_graph().compile(checkpointer=saver), done, start)


def _hamilton(done: Done, cached: bool) -> None:
    import types

    from hamilton import driver
    from hamilton.execution import executors
    from hamilton.htypes import Collect, Parallelizable

    def chunk() -> Parallelizable[list]:  # type: ignore[type-arg]  # as its parser wants it
        yield from chunks_of([make(number) for number in range(COUNT)])

    def one(chunk: list) -> list:  # type: ignore[type-arg]  # as its parser wants it
        return first(chunk)

    def two(one: list) -> list:  # type: ignore[type-arg]  # as its parser wants it
        return second(one)

    def three(two: list) -> list:  # type: ignore[type-arg]  # as its parser wants it
        return third(two)

    def merged(three: Collect[list]) -> list:  # type: ignore[type-arg]  # as its parser wants it
        return [row for part in three for row in part]

    module = types.ModuleType("nodes")
    for function in (chunk, one, two, three, merged):
        function.__module__ = "nodes"
        function.__annotations__ = _resolved(function, Parallelizable, Collect)
        setattr(module, function.__name__, function)
    sys.modules["nodes"] = module
    builder = driver.Builder().with_modules(module)
    builder = builder.enable_dynamic_execution(allow_experimental_mode=True)
    builder = builder.with_remote_executor(executors.SynchronousLocalTaskExecutor())
    if cached:
        builder = builder.with_cache(path=str(Options.folder / "cache"))
    done(builder.build().execute(["merged"]))


def _resolved(function: Any, parallel: Any, collect: Any) -> dict[str, Any]:
    names = {"Parallelizable[list]": parallel[list], "Collect[list]": collect[list], "list": list}
    return {name: names[text] for name, text in function.__annotations__.items()}


def hamilton(rows: list[Row], done: Done) -> None:
    _hamilton(done, cached=False)


def hamilton_cache(rows: list[Row], done: Done) -> None:
    _hamilton(done, cached=True)


def dbos(rows: list[Row], done: Done) -> None:
    from dbos import DBOS, SetWorkflowID

    url = f"sqlite:///{Options.folder / 'dbos.db'}"
    config = {"name": "bench", "system_database_url": url, "log_level": "ERROR",
              "run_admin_server": False, "application_version": "1"}  # fmt: skip
    DBOS(config=config)

    @DBOS.step()
    def work(start: int) -> list[Row]:
        return third(second(first(rows[start : start + SIZE])))

    @DBOS.workflow()
    def whole() -> int:
        for start in range(0, COUNT, SIZE):
            done(work(start))
        return COUNT

    DBOS.launch()
    if Options.resume:
        DBOS.retrieve_workflow("bench").get_result()
    else:
        with SetWorkflowID("bench"):
            whole()
    DBOS.destroy()


# -- one run ----------------------------------------------------------------------------------


def main() -> None:
    """Run one contestant and print what it took as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kill-at", type=int, default=0)
    parser.add_argument("--resume", action="store_true")
    options = parser.parse_args()
    Options.folder, Options.kill_at = options.folder, options.kill_at
    Options.resume = options.resume
    contestant = globals()[options.name]
    rows = [make(number) for number in range(COUNT)]
    seen: list[float] = []

    def done(results: Any) -> None:
        if not seen:
            seen.append(time.perf_counter())

    if not options.resume and not options.kill_at:
        warm_up(options.name)
    if options.name == "pipeline_rerun":
        contestant(rows, done)
        seen.clear()
    begun, cpu = time.perf_counter(), time.process_time()
    contestant(rows, done)
    elapsed, cpu = time.perf_counter() - begun, time.process_time() - cpu
    print(
        json.dumps(
            {
                "ms_per_chunk": elapsed * 1000 / (COUNT // SIZE),
                "cpu_ms_per_chunk": cpu * 1000 / (COUNT // SIZE),
                "first_ms": ((seen[0] if seen else time.perf_counter()) - begun) * 1000,
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        )
    )


def warm_up(name: str) -> None:
    """Imports are not part of the work."""
    modules = {
        "pypeln": ["pypeln"],
        "dask": ["dask", "dask.threaded"],
        "langchain": ["langchain_core.runnables"],
        "langgraph": ["langgraph.graph"],
        "langgraph_sqlite": ["langgraph.graph", "langgraph.checkpoint.sqlite"],
        "hamilton": ["hamilton.driver"],
        "hamilton_cache": ["hamilton.driver"],
        "dbos": ["dbos"],
    }
    if name.startswith("plain"):
        return
    for module in modules.get(name, ["batch_engine.core", "batch_engine.pipeline"]):
        __import__(module)


if __name__ == "__main__":
    main()
