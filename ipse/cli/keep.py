"""Commands that rule what is kept: facts, correct, private, forget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli import show
from ipse.cli.entrance import AsJson, opened, text_of
from ipse.errors import UsageError

if TYPE_CHECKING:
    from ipse.agent.forget import Doomed
    from ipse.types import Fact, Receipt

private = typer.Typer(help="Topics that nobody else is told about.", rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    app.command()(facts)
    app.command()(correct)
    for command in (add, remove):
        private.command()(command)
    private.command("list")(show_topics)
    app.add_typer(private, name="private")
    app.command()(forget)


def facts(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Those that no longer hold as well.")] = False,
    as_json: AsJson = False,
) -> None:
    """List what is known, with the ids that other commands take."""
    with opened(context) as me:
        known = me.facts(include_superseded=everything)
    if as_json:
        show.emit(known)
    elif known:
        show.table(("id", "since", "fact", "sure", ""), [_row(fact) for fact in known], numbers=("sure",))
    else:
        show.say("There are no facts yet. Next: ipse add FILES, then ipse learn")


def _row(fact: Fact) -> tuple[str, ...]:
    since = fact.valid_from.date().isoformat() if fact.valid_from else ""
    marks = [
        mark
        for mark, holds in (
            ("private", fact.sensitivity == "private"),
            ("superseded", fact.status == "superseded"),
            (f"of {fact.subject}", fact.subject != "self"),
        )
        if holds
    ]
    return fact.id, since, fact.statement, f"{fact.confidence:.2f}", ", ".join(marks)


def correct(
    context: typer.Context,
    fact_id: Annotated[str, typer.Argument(metavar="ID")],
    text: Annotated[str | None, typer.Argument(help="How it is; or on standard input.")] = None,
    as_json: AsJson = False,
) -> None:
    """Put a fact right. It holds over every rebuild, from the next `learn` on."""
    statement = text_of(text, "the corrected fact")
    with opened(context) as me:
        me.correct(fact_id, statement)
    if as_json:
        show.emit({"id": fact_id, "statement": statement})
    else:
        show.say(f"{fact_id} is corrected. In force after: ipse learn")


def add(
    context: typer.Context,
    text: Annotated[str | None, typer.Argument(help="A topic or a fact's id; or on standard input.")] = None,
    as_json: AsJson = False,
) -> None:
    """Keep a topic, or a fact by its id, from everybody else."""
    topic = text_of(text, "a topic")
    with opened(context) as me:
        covered = me.private(topic)
        topics = me.store.private_topics()
    if as_json:
        show.emit({"topics": topics, "facts_covered": covered})
    else:
        show.say(f"Kept private. It covers {show.counted(covered, 'known fact')}.")


def show_topics(context: typer.Context, as_json: AsJson = False) -> None:
    """List the private topics."""
    with opened(context) as me:
        topics = me.store.private_topics()
    if as_json:
        show.emit({"topics": topics})
    else:
        show.say(*(topics or ["There are no private topics."]))


def remove(
    context: typer.Context, text: Annotated[str, typer.Argument(help="As listed.")], as_json: AsJson = False
) -> None:
    """Make a topic open again."""
    with opened(context) as me:
        if text not in me.store.private_topics():
            raise UsageError(f'"{text}" is no private topic; see them with: ipse private list')
        me.store.remove_private_topic(text)
        topics = me.store.private_topics()
    if as_json:
        show.emit({"topics": topics})
    else:
        show.say("No longer private. The weights follow with: ipse learn")


def forget(
    context: typer.Context,
    text: Annotated[str | None, typer.Argument(help="A phrase, a fact's id or a file; or on standard input.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove something from files, facts and weights. Shows first what would go.

    With --json and without --yes it only shows.
    """
    request = text_of(text, "what to forget")
    with opened(context) as me:
        doomed = me.doomed(request)
        if as_json and not yes:
            show.emit({"would_forget": _doomed_record(doomed)})
            return
        if not as_json:
            _show_doomed(doomed)
        if not yes and not typer.confirm("Forget this for good?"):
            show.say("Nothing was forgotten.")
            return
        with show.Bars(quiet=as_json) as progress:
            receipt = me.forget(doomed, progress)
    if as_json:
        show.emit(receipt)
    else:
        _show_receipt(receipt)


def _doomed_record(doomed: Doomed) -> dict[str, object]:
    return {
        "sentences": [{"id": chunk.id, "text": chunk.text} for chunk in doomed.chunks],
        "facts": doomed.facts,
        "source": doomed.source_id,
        "adapters": doomed.adapters,
        "profile": doomed.profile,
    }


def _show_doomed(doomed: Doomed) -> None:
    sentences = [*(chunk.text for chunk in doomed.chunks), *(f"{each}  (profile)" for each in doomed.profile)]
    show.say(f"{show.counted(len(sentences), 'sentence')} would go:")
    show.some(sentences)
    if not doomed.chunks:
        return
    show.say(
        f"And what rests on that: {show.counted(len(doomed.facts), 'fact')}, "
        f"{show.counted(len(doomed.adapters), 'adapter')}. A new one is trained on what is left."
    )


def _show_receipt(receipt: Receipt) -> None:
    gone = ", ".join(f"{len(ids)} {noun}" for noun, ids in receipt.removed.items())
    show.say(
        f"Forgotten: {gone}.",
        f"Destroyed: {', '.join(receipt.destroyed_adapters) or 'no adapter'}.",
        f"New adapter: {receipt.new_adapter or 'none'}.",
        f"Receipt: {receipt.id}",
    )
