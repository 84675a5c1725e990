"""Commands that bring a person in: init, add, learn."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ipse.cli import show
from ipse.cli.entrance import AsJson, given, opened, stdin_text
from ipse.errors import UsageError

if TYPE_CHECKING:
    from ipse.me import Learnt
    from ipse.raw.run import AddReport
    from ipse.types import Person


def register(app: typer.Typer) -> None:
    for command in (init, add, learn):
        app.command()(command)


def init(
    context: typer.Context,
    person: Annotated[str | None, typer.Option("--person", metavar="NAME", help="Full name.")] = None,
    pronouns: Annotated[str | None, typer.Option(help="she/her, he/him, they/them ...")] = None,
    alias: Annotated[
        list[str] | None, typer.Option(help="Another name or mail address they write under; may be repeated.")
    ] = None,
    birth_year: Annotated[int | None, typer.Option(min=1850, max=2100)] = None,
    language: Annotated[str | None, typer.Option(help="en, de, ...")] = None,
    as_json: AsJson = False,
) -> None:
    """Set up a person, or bring their details up to date."""
    from ipse.config import load
    from ipse.me import Me
    from ipse.store.sqlite import people

    told = given(context)
    home = load(told.home).home
    name, earlier = _who(person or told.person, people(home))
    me = Me.init(
        told.home,
        name,
        pronouns=pronouns or (earlier.pronouns if earlier else "they/them"),
        aliases=alias or (),
        birth_year=birth_year,
        language=language or (earlier.language if earlier else "en"),
    )
    me.store.close()
    if as_json:
        show.emit({"home": home, "person": me.person})
        return
    show.say(f"{me.person.name} {'is up to date' if earlier else 'now lives'} in {home}.")
    if not earlier:
        show.say(f"Next: ipse --home {home} add FILES")


def _who(name: str | None, known: list[Person]) -> tuple[str, Person | None]:
    """The name to use, and the person as they are known already. Details may be added without a name."""
    if name is None and len(known) == 1:
        return known[0].name, known[0]
    if name is None or not name.strip():
        raise UsageError('say who it is: ipse init --person "NAME"')
    return name, next((each for each in known if each.name.casefold() == name.casefold()), None)


def add(
    context: typer.Context,
    paths: Annotated[list[str], typer.Argument(help="Files and folders; - is text on standard input.")],
    as_json: AsJson = False,
) -> None:
    """Read files, folders, or text from standard input."""
    if "-" in paths and len(paths) > 1:
        raise UsageError("- stands for standard input and can't be mixed with files; add them one after the other")
    with opened(context) as me, show.Bars(quiet=as_json) as progress:
        if paths == ["-"]:
            text = stdin_text()
            if not text.strip():
                raise UsageError("standard input is empty; send some text")
            report = me.add_text(text)
        else:
            report = me.add(*(Path(path).expanduser() for path in paths), progress=progress.under("add"))
    if as_json:
        show.emit(report)
    else:
        _show_added(report)
    if report.failures and not (report.added or report.changed or report.unchanged or report.duplicates):
        raise typer.Exit(1)


def _show_added(report: AddReport) -> None:
    told = [
        f"{len(paths)} {verdict}"
        for verdict, paths in (
            ("added", report.added),
            ("changed", report.changed),
            ("unchanged", report.unchanged),
            ("twice", report.duplicates),
            ("left out", report.skipped),
        )
        if paths
    ]
    show.say(f"{', '.join(told) or 'nothing added'}; {show.counted(report.chunks, 'new sentence')}.")
    if report.forgotten:
        show.say(f"{show.counted(report.forgotten, 'sentence')} stayed out: you had them forgotten.")
    if report.failures:
        show.say(f"{show.counted(len(report.failures), 'thing')} could not be read:")
        show.warn(report.failures)
    if report.added or report.changed:
        show.say("Next: ipse learn")


def learn(context: typer.Context, as_json: AsJson = False) -> None:
    """Make facts of what was added, and an adapter of the facts. Stopped, it goes on where it stood."""
    began = time.monotonic()
    with opened(context) as me, show.Bars(quiet=as_json) as progress:
        learnt = me.learn(progress)
    seconds = round(time.monotonic() - began, 1)
    if as_json:
        show.emit(as_record(learnt, seconds))
    else:
        show_learnt(learnt, seconds)


def as_record(learnt: Learnt, seconds: float) -> dict[str, Any]:
    """What `learn --json` prints: all but the filtered pairs themselves."""
    weights = show.plain(learnt.weights)
    filtered = learnt.weights.filtered
    weights["filtered"] = filtered and [
        {"level": name, "made": level.made, "kept": level.kept, "dropped": dict(level.dropped)}
        for name, level in filtered.levels.items()
    ]
    return {"words": show.plain(learnt.words), "weights": weights, "seconds": seconds}


def show_learnt(learnt: Learnt, seconds: float) -> None:
    """What was made, kept and dropped, and whether the new adapter answers now."""
    words, weights = learnt.words, learnt.weights
    show.say(
        f"Words: {show.counted(words.facts, 'fact')} ({words.facts - words.statements} recognised as "
        f"{show.counted(words.attributes_found, 'kind')}, {words.statements} in their own words), "
        f"{words.superseded} superseded, {words.private} private"
        f"{'; unchanged' if words.unchanged else ''}."
    )
    if words.failures:
        show.say(f"  {show.counted(words.failures, 'failure')} while reading; see: ipse status")
    if weights.filtered is not None:
        show.level_table(weights.filtered)
    show.warn(weights.failures)
    if weights.unchanged:
        show.say(f"Weights: {weights.reason}; {weights.adapter.id} stays {weights.adapter.status}.")
    else:
        show.say(
            f"Weights: {show.counted(weights.pairs, 'pair')}, "
            f"{show.counted(weights.preferences, 'preference')}, {show.counted(weights.epochs, 'epoch')}, "
            f"{show.counted(weights.unlearnt, 'token')} not learnt.",
            f"Scores: {show.scores(weights.adapter.scores)}.",
            f"{'Promoted' if weights.promoted else 'Not promoted'}: {weights.adapter.id}, {weights.reason}.",
        )
    show.say(f"Took {seconds:.0f} s.")
