"""Commands of the living profile: signal, profile, serve."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ipse.cli import show
from ipse.cli.entrance import STDIN, AsJson, given, opened, stdin_text, text_of
from ipse.errors import BrokenInput, UsageError

if TYPE_CHECKING:
    from ipse.living import Portrait
    from ipse.me import Me
    from ipse.types import Preference
    from ipse.words.onboarding import QuizQuestion
    from ipse.words.portrait import Version

group = typer.Typer(
    help="How the person likes to be answered: one paragraph that every prompt reads.",
    rich_markup_mode=None,
    invoke_without_command=True,
)

WHOSE = {
    "user_authored": "yours, pinned: nothing but you changes it",
    "evolved": "evolved from signals",
    "onboarding": "from the quiz, until there is more to go by",
    "empty": "nothing is known yet, and prompts are told nothing",
}


def register(app: typer.Typer) -> None:
    app.command()(signal)
    for command in (edit, about, quiz, pin, unpin, history, restore, amendments, thumb, consult, sweep):
        group.command()(command)
    group.command("show")(show_profile)
    group.callback()(show_by_default)
    app.add_typer(group, name="profile")
    app.command()(serve)


def signal(
    context: typer.Context,
    dimension: Annotated[
        str | None, typer.Argument(help="tone, length, density, math_comfort, level, domain or language.")
    ] = None,
    value: Annotated[str | None, typer.Argument(help="0 to 1; for domain and language a word.")] = None,
    source: Annotated[str, typer.Option(help="thumb, nudge, about_me, skip or preview.")] = "nudge",
    at: Annotated[str | None, typer.Option(metavar="TIME", help="When; now by default.")] = None,
    file: Annotated[Path | None, typer.Option("--file", metavar="SIGNALS.jsonl", help="Many, or - for stdin.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say how the person likes to be answered, once or from a file; a file that was read adds nothing."""
    if file is not None:
        if dimension is not None or at is not None:
            raise UsageError("with --file each line says its own dimension, value and time")
        place, text = (STDIN, stdin_text()) if str(file) == "-" else (str(file), _text_of(file))
        with opened(context) as me:
            added, failures = me.read_signals(place, text)
        show.warn(failures)
        told: dict[str, Any] = {"added": len(added), "failures": failures}
        line = f"{show.counted(len(added), 'signal')} added, {show.counted(len(failures), 'line')} left out."
    else:
        if dimension is None or value is None:
            raise UsageError("give a dimension and a value, or --file SIGNALS.jsonl")
        with opened(context) as me:
            added = me.signal(dimension, value, source, _time_of(at))  # type: ignore[arg-type]  # checked there
            paragraph = me.profile().paragraph
        told = {"added": len(added), "paragraph": paragraph.text if paragraph else ""}
        line = told["paragraph"]
    if as_json:
        show.emit(told)
    else:
        show.say(line)
    if file is not None and failures and not added:
        raise typer.Exit(1)


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as fault:
        raise UsageError(f"{file} can't be read: {fault.strerror}") from fault
    except UnicodeDecodeError as fault:
        raise BrokenInput(str(file), f"is not UTF-8 ({fault.reason}); convert it first") from fault


def _time_of(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError as fault:
        raise UsageError(f'"{text}" is no time; write it like 2025-03-15T12:13:43Z') from fault


def show_by_default(context: typer.Context, as_json: AsJson = False) -> None:
    if context.invoked_subcommand is None:
        show_profile(context, as_json)
    elif as_json:
        raise UsageError(f"put --json behind: ipse profile {context.invoked_subcommand} --json")


def show_profile(context: typer.Context, as_json: AsJson = False) -> None:
    """The paragraph, whose it is, and what it rests on."""
    with opened(context) as me:
        _show(me, as_json)


def _show(me: Me, as_json: bool) -> None:
    from ipse.serve.views import portrait

    shown = me.profile()
    if as_json:
        show.emit(portrait(me.person, shown))
        return
    show.say(shown.paragraph.text if shown.paragraph and shown.paragraph.text else "(no paragraph)")
    show.say(f"  ({WHOSE[shown.provenance]})", "")
    _show_dimensions(shown)
    for each in shown.amendments:
        show.say(f'Proposed ({each.id}): "{each.sentence}"  ipse profile amendments --accept {each.id}')


def _show_dimensions(shown: Portrait) -> None:
    if not shown.preferences:
        show.say("Begin with: ipse profile quiz, ipse signal length 0.3, or ipse profile about TEXT")
        return
    moved = {drift.dimension: drift.at.date().isoformat() for drift in shown.drifts}
    rows = [_row(each, moved.get(each.dimension, "")) for each in shown.preferences]
    show.table(
        ("dimension", "signals", "value", "drift statistic", "moved"), rows, numbers=("signals", "drift statistic")
    )


def _row(preference: Preference, moved: str) -> tuple[str, ...]:
    from ipse.types import NUMERIC
    from ipse.words.drift import statistic
    from ipse.words.preferences import number, shares

    if preference.dimension in NUMERIC:
        value = f"{number(preference):.2f}"
    else:
        value = ", ".join(f"{name} {share:.2f}" for name, share in shares(preference)[:3])
    found = statistic(preference.detector, preference.window)
    return preference.dimension, str(preference.count), value, f"{found:.2f}", moved


def edit(
    context: typer.Context,
    text: Annotated[str | None, typer.Argument(help="The paragraph; or on standard input.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write the paragraph yourself; it is pinned from then on."""
    own = text_of(text, "the paragraph")
    with opened(context) as me:
        me.edit(own)
        _show(me, as_json)


def about(
    context: typer.Context,
    text: Annotated[str | None, typer.Argument(help='About yourself; or on standard input. "" takes it away.')] = None,
    as_json: AsJson = False,
) -> None:
    """Say something about yourself, to be woven into the paragraph."""
    own = "" if text == "" else text_of(text, "about-me")
    with opened(context) as me:
        me.describe(own)
        _show(me, as_json)


def quiz(
    context: typer.Context,
    answers: Annotated[
        list[str] | None, typer.Argument(metavar="[DIMENSION=VALUE]...", help="Instead of being asked.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Seven questions to begin with; an empty answer skips one."""
    from ipse.words.onboarding import quiz as questions

    chosen: dict[str, object] = {}
    for answer in answers or []:
        name, equals, value = answer.partition("=")
        if not equals:
            raise UsageError(f'"{answer}" is no answer; write it like length=0.3')
        chosen[name] = value
    with opened(context) as me:
        if not answers:
            if as_json:
                raise UsageError("with --json give the answers as arguments, like length=0.3")
            for question in questions():
                _ask(question, chosen)
        me.onboard(chosen)
        _show(me, as_json)


def _ask(question: QuizQuestion, chosen: dict[str, object]) -> None:
    """Until the answer is one; an empty one passes the question over."""
    show.say("", question.text, *(f"  {n}. {label}" for n, (label, _) in enumerate(question.choices, start=1)))
    while told := typer.prompt("  ", default="", show_default=False).strip():
        if told.isdigit() and 1 <= int(told) <= len(question.choices):
            chosen[question.dimension] = question.choices[int(told) - 1][1]
            return
        if question.free:
            chosen[question.dimension] = told
            return
        show.say(f"  Give a number from 1 to {len(question.choices)}, or nothing to pass.")


def pin(context: typer.Context, as_json: AsJson = False) -> None:
    """Keep the paragraph as it stands."""
    with opened(context) as me:
        me.pin()
        _show(me, as_json)


def unpin(context: typer.Context, as_json: AsJson = False) -> None:
    """Let the paragraph evolve again."""
    with opened(context) as me:
        me.unpin()
        _show(me, as_json)


def history(context: typer.Context, as_json: AsJson = False) -> None:
    """Every paragraph there ever was, newest first, with what changed: [+added+] [-gone-]."""
    from ipse.serve.views import history as as_record

    with opened(context) as me:
        versions = me.history()
    if as_json:
        show.emit(as_record(versions)["history"])
    elif not versions:
        show.say("There is no paragraph yet.")
    for version in [] if as_json else versions:
        show.say(f"{version.paragraph.id}  {version.paragraph.made_at:%Y-%m-%d %H:%M}  {version.paragraph.provenance}")
        show.say(f"  {_marked(version)}", "")


def _marked(version: Version) -> str:
    marks = {"same": "{}", "added": "[+{}+]", "gone": "[-{}-]"}
    return " ".join(marks[kind].format(words) for kind, words in version.diff)


def restore(
    context: typer.Context, paragraph_id: Annotated[str, typer.Argument(metavar="ID")], as_json: AsJson = False
) -> None:
    """Take an earlier paragraph again, word for word; it is pinned."""
    with opened(context) as me:
        me.restore(paragraph_id)
        _show(me, as_json)


def amendments(
    context: typer.Context,
    accept: Annotated[str | None, typer.Option(metavar="ID", help="Add its sentence to your paragraph.")] = None,
    sentence: Annotated[str | None, typer.Option(metavar="TEXT", help="With --accept: your version of it.")] = None,
    dismiss: Annotated[str | None, typer.Option(metavar="ID", help="Leave it out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Sentences that were proposed to your own paragraph, and what became of them."""
    if accept and dismiss:
        raise UsageError("accept one or dismiss one, not both at once")
    if sentence is not None and accept is None:
        raise UsageError("--sentence goes with --accept ID")
    with opened(context) as me:
        if accept:
            me.accept(accept, sentence)
        if dismiss:
            me.dismiss(dismiss)
        known = me.amendments()
    if as_json:
        show.emit(known)
    elif known:
        rows = [(a.id, a.status, a.sentence, f"{a.expected:.2f} -> {a.approved:.2f}", len(a.refs)) for a in known]
        show.table(("id", "status", "sentence", "expected -> approved", "replies"), rows, numbers=("replies",))
    else:
        show.say("Nothing was ever proposed.")


def thumb(
    context: typer.Context,
    reply_id: Annotated[str, typer.Argument(metavar="REPLY", help="As `ipse chat` tells it.")],
    verdict: Annotated[Literal["up", "down"], typer.Argument(help="up or down.")],
    as_json: AsJson = False,
) -> None:
    """Say whether you liked how an agent's reply was written."""
    with opened(context) as me:
        me.thumb(reply_id, verdict)
        _show(me, as_json)


def consult(context: typer.Context, as_json: AsJson = False) -> None:
    """Let the configured model word the paragraph, or read what your own words stand for."""
    with opened(context) as me:
        me.consult()
        _show(me, as_json)


def sweep(context: typer.Context, as_json: AsJson = False) -> None:
    """Flag what has moved, for everybody in this home; `ipse serve` does so every fifteen minutes."""
    from ipse.config import load
    from ipse.me import utc_now
    from ipse.words.profile import sweep as swept

    flagged = swept(load(given(context).home).home, utc_now())
    if as_json:
        show.emit(flagged)
        return
    for name, drifts in flagged.items():
        for each in drifts:
            show.say(f"{name}: {each.dimension} moved at {each.at:%Y-%m-%d} (statistic {each.statistic:.1f})")
    if not flagged:
        show.say("Nothing has moved.")


def serve(
    context: typer.Context,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any that is free.")] = 8765,
    as_json: AsJson = False,
) -> None:
    """The profile page and the HTTP interface, for this machine alone; stop with Ctrl-C."""
    from ipse.config import load
    from ipse.serve.run import serve as run
    from ipse.store.sqlite import people

    told = given(context)
    home = load(told.home).home
    if told.person is not None or not people(home):
        with opened(context):  # says at once if they, or anybody, aren't there
            pass

    def ready(address: str) -> None:
        if as_json:
            show.emit({"address": address})
        else:
            show.say(f"ipse is at {address}  (Ctrl-C stops it)")
        sys.stdout.flush()

    run(home, told.person, port, ready)
