"""The command line: `ipse [--home DIR] [--person NAME] VERB ...`.

An entrance holds no logic: a command reads its arguments, calls the verb of `ipse.me.Me` and shows
what came back. What ipse raises on purpose becomes one line on standard error, or with --json an
object {"error": ...} on standard output; anything else is a bug and keeps its traceback.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence

import typer

from ipse.cli import converse, keep, profile, teach, weigh
from ipse.cli.entrance import app
from ipse.errors import IpseError, UsageError

__all__ = ["app", "main"]

FAULT, USAGE, INTERRUPTED = 1, 2, 130

for group in (teach, converse, keep, profile, weigh):
    group.register(app)


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs one command and leaves with its exit status: 0, 1 (it failed), 2 (wrong usage), 130 (Ctrl-C)."""
    given = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    as_json = "--json" in given
    try:
        status = typer.main.get_command(app).main(given, prog_name="ipse", standalone_mode=False) or 0
        sys.stdout.flush()
    except IpseError as fault:
        status = _failed(str(fault), as_json, USAGE if isinstance(fault, UsageError) else FAULT)
    except typer.TyperException as fault:
        told = f"{fault.format_message()} See: ipse --help"
        status = _failed(told, as_json, fault.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        status = INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has left; the interpreter must not try to flush it once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = FAULT
    if status == INTERRUPTED:
        _failed("stopped; what was saved until now is kept", as_json, status)
    raise SystemExit(status)


def _failed(reason: str, as_json: bool, status: int) -> int:
    line = " ".join(reason.split())
    if as_json:
        print(json.dumps({"error": line}, ensure_ascii=False))
    else:
        print(f"ipse: {line}", file=sys.stderr)
    return status
