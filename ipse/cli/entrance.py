"""What all commands share: the options before the verb, how a self is opened, how a text is read.

Knows no verb. Nothing heavy is imported before a command needs it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ipse.errors import BrokenInput, UsageError

if TYPE_CHECKING:
    from ipse.me import Me

STDIN = "standard input"

app = typer.Typer(
    name="ipse",
    help="Keeps a person as a model: their own files become an adapter that remembers them.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
InFile = Annotated[
    Path | None,
    typer.Option("--file", metavar="IN.jsonl", help="Take many from a JSONL file, or - for stdin."),
]
OutFile = Annotated[
    Path | None, typer.Option("--out", metavar="OUT.jsonl", help="Where the answers go; else to stdout.")
]


@dataclass(frozen=True, slots=True)
class Where:
    """Which home and whose self, as given before the verb."""

    home: Path | None
    person: str | None


def _version(wanted: bool) -> None:
    if wanted:
        from ipse import __version__

        typer.echo(f"ipse {__version__}")
        raise typer.Exit


@app.callback()
def where(
    context: typer.Context,
    home: Annotated[
        Path | None, typer.Option("--home", metavar="DIR", help="Where the data lives; ~/.ipse by default.")
    ] = None,
    person: Annotated[
        str | None,
        typer.Option("--person", metavar="NAME", help="Whose self; needed where there are several."),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    del version
    context.obj = Where(home, person)


def given(context: typer.Context) -> Where:
    """What was said before the verb."""
    found = context.find_object(Where)
    if found is None:
        raise UsageError("a command can't be called on its own; call ipse")
    return found


@contextmanager
def opened(context: typer.Context) -> Iterator[Me]:
    """The self that was named, closed again at the end. Raises NoSuchPerson, StoreError, UsageError."""
    from ipse.me import Me

    told = given(context)
    me = Me.open(told.home, told.person)
    try:
        yield me
    finally:
        me.store.close()


def text_of(argument: str | None, what: str) -> str:
    """An argument's text, or standard input's where it is absent or "-". Raises UsageError, BrokenInput."""
    if argument is None and sys.stdin.isatty():
        raise UsageError(f"give {what} as an argument, or send it to {STDIN}")
    text = stdin_text() if argument in (None, "-") else argument or ""
    if not text.strip():
        raise UsageError(f"{what} is empty; say something")
    return text.strip()


def stdin_text() -> str:
    """All of standard input. Raises BrokenInput if it is not UTF-8."""
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise BrokenInput(STDIN, f"is not UTF-8 ({fault.reason}); convert it first") from fault
