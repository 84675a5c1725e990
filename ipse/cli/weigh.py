"""Commands that look at the weights and the house: evaluate, adapters, promote, rollback, status, doctor."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ipse.cli import show
from ipse.cli.entrance import AsJson, given, opened

if TYPE_CHECKING:
    from ipse.me import Me
    from ipse.types import Adapter


def register(app: typer.Typer) -> None:
    for command in (evaluate, adapters, promote, rollback, status, doctor):
        app.command()(command)


def evaluate(
    context: typer.Context,
    plot: Annotated[Path | None, typer.Option(metavar="FILE.png", help="Draw the scores as well.")] = None,
    as_json: AsJson = False,
) -> None:
    """Measure the weights beside the systems they have to beat."""
    with opened(context) as me, show.Bars(quiet=as_json) as progress:
        measured = me.evaluate(progress)
    if plot is not None:
        from ipse.agent.evaluate import plot as draw

        draw(measured, plot)
    if as_json:
        show.emit(measured)
        return
    show.score_table(measured.systems)
    show.say(f"{show.counted(measured.questions, 'question')} each.")
    if plot is not None:
        show.say(f"Drawn in {plot}")


def adapters(context: typer.Context, as_json: AsJson = False) -> None:
    """List the adapters, oldest first."""
    with opened(context) as me:
        known = me.adapters()
    if as_json:
        show.emit(known)
    elif known:
        rows = [(a.id, a.status, f"{a.made_at:%Y-%m-%d %H:%M}", show.scores(a.scores)) for a in known]
        show.table(("id", "status", "made", "scores"), rows)
    else:
        show.say("There are no adapters yet. Next: ipse learn")


def promote(
    context: typer.Context, adapter_id: Annotated[str, typer.Argument(metavar="ID")], as_json: AsJson = False
) -> None:
    """Let this adapter answer."""
    with opened(context) as me:
        _show_live(me.promote(adapter_id), as_json)


def rollback(context: typer.Context, as_json: AsJson = False) -> None:
    """Bring back the adapter that answered before."""
    with opened(context) as me:
        _show_live(me.rollback(), as_json)


def _show_live(adapter: Adapter, as_json: bool) -> None:
    if as_json:
        show.emit(adapter)
    else:
        show.say(f"{adapter.id} answers now.")


def status(context: typer.Context, as_json: AsJson = False) -> None:
    """Show what there is, and what is still to be learnt."""
    with opened(context) as me:
        found = _state(me)
    if as_json:
        show.emit(found)
        return
    person, live = found["person"], found["live"]
    show.say(
        f"{person.name} ({person.pronouns}) in {found['home']}",
        f"Read: {show.counted(found['sources'], 'source')}, {show.counted(found['sentences'], 'sentence')}.",
        f"Known: {show.counted(found['facts'], 'fact')}, {found['superseded']} superseded, "
        f"{show.counted(len(found['private_topics']), 'private topic')}.",
        f"Live: {live.id} of {live.made_at:%Y-%m-%d}, {show.scores(live.scores)}." if live else "Live: no adapter yet.",
    )
    show.warn(found["failures"])
    if found["to_learn"]:
        show.say(f"{show.counted(found['to_learn'], 'source')} still to be learnt. Next: ipse learn")


def _state(me: Me) -> dict[str, Any]:
    sources, known = me.store.sources(), me.facts(include_superseded=True)
    live = next((adapter for adapter in me.adapters() if adapter.status == "live"), None)
    active = sum(fact.status == "active" for fact in known)
    return {
        "person": me.person,
        "home": me.settings.home,
        "sources": len(sources),
        "sentences": len(me.store.chunks()),
        "facts": active,
        "superseded": len(known) - active,
        "private_topics": me.store.private_topics(),
        "failures": me.store.failures(),
        "adapters": len(me.adapters()),
        "live": live,
        "to_learn": sum(live is None or source.added_at > live.made_at for source in sources),
        "teacher": me.settings.teacher,
        "base": me.settings.base,
    }


def doctor(context: typer.Context, as_json: AsJson = False) -> None:
    """Check all that ipse stands on; say what to do."""
    from ipse.config import load
    from ipse.doctor import examine

    checks = examine(load(given(context).home))
    if as_json:
        show.emit({"ok": all(check.ok for check in checks), "checks": checks})
    else:
        rows = [("ok" if c.ok else "fault", c.name, c.detail, c.next_step) for c in checks]
        show.table(("", "what", "found", "next step"), rows)
    if not all(check.ok for check in checks):
        raise typer.Exit(1)
