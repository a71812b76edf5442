"""From an error to a message and an exit code, in one place."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from template_creation.errors import ExitCode, InvocationPending, TemplateCreateError

__all__ = ["Console", "guarded", "report_failure"]


@dataclass(frozen=True, slots=True)
class Console:
    """Where a command talks: results on stdout, everything else on stderr."""

    as_json: bool
    verbose: bool

    def result(self, text: str, document: Mapping[str, Any]) -> None:
        """Print the result: ``document`` with ``--json``, else ``text``."""
        if self.as_json:
            sys.stdout.write(json.dumps(document, indent=2) + "\n")
        elif text:
            sys.stdout.write(text.rstrip("\n") + "\n")
        sys.stdout.flush()

    def note(self, text: str) -> None:
        """Print a message for a person."""
        sys.stderr.write(text.rstrip("\n") + "\n")
        sys.stderr.flush()


@contextmanager
def guarded(*, as_json: bool, verbose: bool) -> Iterator[Console]:
    """Run a command; an error becomes a message with the way out and its exit code."""
    console = Console(as_json, verbose)
    try:
        yield console
    except InvocationPending as exc:
        waiting = {"status": "pending", "exit_code": int(exc.exit_code), "message": exc.message}
        waiting |= {"hint": exc.hint, "finished": list(exc.finished), "request": exc.request}
        console.result("", waiting)
        console.note(f"{exc.message}\n{exc.hint}")
        raise SystemExit(int(exc.exit_code)) from exc
    except TemplateCreateError as exc:
        _show(console, type(exc).__name__, exc.message, exc.hint, exc.exit_code)
        if verbose and exc.__cause__ is not None:
            traceback.print_exception(exc)
        raise SystemExit(int(exc.exit_code)) from exc
    except KeyboardInterrupt as exc:
        hint = "what was finished is kept; the same command goes on from there"
        _show(console, "Interrupted", "interrupted", hint, ExitCode.INTERRUPTED)
        raise SystemExit(int(ExitCode.INTERRUPTED)) from exc
    except BrokenPipeError as exc:
        sys.stderr.close()
        raise SystemExit(int(ExitCode.FAILED)) from exc
    except Exception as exc:
        traceback.print_exception(exc)
        hint = "this is a bug: please report the traceback above and the command"
        _show(console, type(exc).__name__, f"internal error: {exc}", hint, ExitCode.INTERNAL)
        raise SystemExit(int(ExitCode.INTERNAL)) from exc


def _show(console: Console, kind: str, message: str, hint: str, code: ExitCode) -> None:
    report_failure(console, kind, message, hint, code)
    console.note(f"error: {message}" + (f"\n  {hint}" if hint else ""))


def report_failure(
    console: Console, kind: str, message: str, hint: str, code: ExitCode = ExitCode.BAD_INPUT
) -> None:
    """A failure as one JSON object on stdout, where that is asked for."""
    if console.as_json:
        error = {"type": kind, "message": message, "hint": hint}
        console.result("", {"status": "failed", "exit_code": int(code), "error": error})
