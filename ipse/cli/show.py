"""How things look on a terminal: plain lines, tables, progress bars, and the same as JSON.

Knows the nouns and no verb. rich is imported when something is drawn. Texts come from files that
others wrote too, so nothing in them may steer the terminal.
"""

from __future__ import annotations

import json
import math
import sys
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ipse.types import Adapter, Failure

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

    from ipse.weights.filter import FilterReport

WIDE = 160
"""Columns of a table that goes into a file or a pipe."""
MANY = 20
"""Lines of a list that are shown before the rest is only counted."""


def clean(text: object) -> str:
    """A text without what a terminal would obey."""
    return "".join(c for c in str(text) if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))


def say(*lines: object) -> None:
    for line in lines:
        print(clean(line))


def warn(failures: Sequence[Failure]) -> None:
    """One line each on standard error."""
    for failure in failures:
        print(clean(f"{failure.place}: {failure.reason}"), file=sys.stderr)


def emit(value: object) -> None:
    """Prints JSON."""
    print(json.dumps(plain(value), ensure_ascii=False, indent=2))


def plain(value: object) -> Any:
    """Nouns as JSON values: times as ISO text, paths as text, what is no number as null."""
    if isinstance(value, Adapter):
        # its refs are all the facts there are: thousands of ids nobody asked for
        return {name: plain(getattr(value, name)) for name in ("id", "status", "path", "made_at", "parent", "scores")}
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def console(*, on_stderr: bool = False) -> Console:
    from rich.console import Console

    width = None if (sys.stderr if on_stderr else sys.stdout).isatty() else WIDE
    return Console(stderr=on_stderr, width=width, highlight=False, markup=False, emoji=False)


def table(headers: Sequence[str], rows: Sequence[Sequence[object]], numbers: Sequence[str] = ()) -> None:
    """Columns under their headers; those named in `numbers` stand to the right."""
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for header in headers:
        drawn.add_column(header, justify="right" if header in numbers else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(clean(cell)) for cell in row))
    console().print(drawn)


def some(lines: Sequence[object], most: int = MANY) -> None:
    """The first lines, indented, and how many there are besides."""
    say(*(f"  {line}" for line in lines[:most]))
    if len(lines) > most:
        say(f"  ... and {len(lines) - most} more")


def counted(number: int, noun: str) -> str:
    """ "1 file", "2 files"."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def scores(measured: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.2f}" for name, value in measured.items()) or "none"


def level_table(report: FilterReport) -> None:
    """What each level of the filter was given, kept and dropped, and why."""
    rows = [
        (
            name,
            level.made,
            level.kept,
            "; ".join(f"{count} {reason}" for reason, count in level.dropped.items()),
        )
        for name, level in report.levels.items()
    ]
    table(("filter", "made", "kept", "dropped because"), rows, numbers=("made", "kept"))


def score_table(systems: Mapping[str, Mapping[str, float]]) -> None:
    """Systems down, scores across; what wasn't measured stays empty."""
    names = list(dict.fromkeys(name for measured in systems.values() for name in measured))
    rows = [
        (system, *(f"{measured[name]:.2f}" if name in measured else "" for name in names))
        for system, measured in systems.items()
    ]
    table(("system", *names), rows, numbers=names)


class Bars:
    """Progress bars on standard error, one for each stage. Silent where nobody is watching.

    with Bars() as progress:
        me.learn(progress)
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet or not sys.stderr.isatty()
        self._drawn: Progress | None = None
        self._bars: dict[str, TaskID] = {}

    def __enter__(self) -> Bars:
        if not self._quiet:
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

            columns = (
                TextColumn("{task.description:<12}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
            )
            self._drawn = Progress(*columns, console=console(on_stderr=True))
            self._drawn.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._drawn is not None:
            if kind is None:
                self._finish()
            self._drawn.stop()

    def __call__(self, stage: str, done: int, total: int) -> None:
        """The bar of `stage` stands at `done` of `total`; the stages before it are over."""
        if self._drawn is None:
            return
        if stage not in self._bars:
            self._finish()
            self._bars[stage] = self._drawn.add_task(stage, total=None)
        # a stage that only says "0 of 1" can't say how far it is: its bar moves to and fro
        known = total if total > 1 or done else None
        self._drawn.update(self._bars[stage], completed=done, total=known)

    def under(self, name: str) -> Callable[[str, int, int], None]:
        """One bar for what names its stage after each file."""
        return lambda _, done, total: self(name, done, total)

    def _finish(self) -> None:
        for bar in self._bars.values():
            if self._drawn is not None:
                total = self._drawn.tasks[bar].total or 1
                self._drawn.update(bar, total=total, completed=total)
