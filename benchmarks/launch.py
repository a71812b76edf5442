"""Run one command from a small process and write down what it cost, as JSON.

The kernel starts the peak memory of a new process at that of the process that forked it, so a
benchmark that has read files would report its own memory as everybody's floor. This launcher
imports next to nothing; its floor is about 10 MiB.

    python -I -S benchmarks/launch.py RESULT.json PROGRAM [ARGUMENT ...]
"""

import json
import os
import sys
import time

result, program, *arguments = sys.argv[1:]
started = time.perf_counter()
process = os.posix_spawn(program, [program, *arguments], os.environ)
_, status, usage = os.wait4(process, 0)
wall_s = time.perf_counter() - started
unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss: bytes there, KiB on Linux
cost = {
    "wall_s": wall_s,
    "cpu_s": usage.ru_utime + usage.ru_stime,
    "peak_bytes": usage.ru_maxrss * unit,
}
with open(result, "w", encoding="utf-8") as file:  # noqa: PTH123 - pathlib would raise the floor
    json.dump(cost, file)
code = os.waitstatus_to_exitcode(status)
sys.exit(code if code >= 0 else 128 - code)
