"""Commands that talk with a self: ask, enhance, critique, chat."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ipse.cli import batch, show
from ipse.cli.entrance import AsJson, InFile, OutFile, opened, text_of
from ipse.errors import UsageError
from ipse.types import Answer, Critique, Perspective

if TYPE_CHECKING:
    from ipse.agent.loop import Turnover
    from ipse.me import Me

Seen = Annotated[Perspective, typer.Option("--perspective", help="self: the person asks. third: somebody else does.")]
Work = Callable[[Sequence[batch.Item]], Sequence[batch.Record]]


def register(app: typer.Typer) -> None:
    for command in (ask, enhance, critique, chat):
        app.command()(command)


def ask(
    context: typer.Context,
    question: Annotated[str | None, typer.Argument(help="Or on standard input.")] = None,
    perspective: Seen = "self",
    asker: Annotated[
        str | None, typer.Option(help="Who asks, if not the person: then the perspective is third.")
    ] = None,
    source: Annotated[
        Literal["all", "weights", "words", "raw"], typer.Option("--from", help="Who may answer.")
    ] = "all",
    file: InFile = None,
    out: OutFile = None,
    as_json: AsJson = False,
) -> None:
    """Ask about the person."""
    from ipse.agent.answer import Question

    if asker is not None:
        perspective = "third"

    def seen(item: batch.Item) -> Perspective:
        return "third" if asker or item.fields.get("perspective", perspective) == "third" else "self"

    def answer(me: Me, items: Sequence[batch.Item]) -> list[batch.Record]:
        asked = [Question(str(item.id), item.text("question"), seen(item)) for item in items]
        return [_answer_record(each) for each in me.ask_many(asked, source)]

    if file is not None:
        _only_file(question)
        _batch(context, file, out, ("question",), answer, as_json)
        return
    _only_with_file(out)
    text = text_of(question, "a question")
    with opened(context) as me:
        found = me.ask(text, perspective, source, asker)
    if as_json:
        show.emit({**_answer_record(found), "known": found.known})
        return
    show.say(found.text, said_by(found))


def _answer_record(answer: Answer) -> batch.Record:
    return {
        "answer": answer.text,
        "confidence": round(answer.confidence, 4),
        "spoke": answer.spoke,
        "refs": list(answer.refs),
    }


def said_by(answer: Answer) -> str:
    """Who spoke, how surely, and on what ground: the line under an answer."""
    if answer.spoke == "nobody":
        return "  (nobody spoke)"
    ground = f"; {', '.join(answer.refs)}" if answer.refs else "; no source"
    return f"  ({answer.spoke}, confidence {answer.confidence:.2f}{ground})"


def enhance(
    context: typer.Context,
    query: Annotated[str | None, typer.Argument(help="Or on standard input.")] = None,
    perspective: Seen = "self",
    file: InFile = None,
    out: OutFile = None,
    as_json: AsJson = False,
) -> None:
    """Enrich a request with what matters about the person."""

    def enrich(me: Me, items: Sequence[batch.Item]) -> list[batch.Record]:
        found = [me.enhance(item.text("query"), item.fields.get("perspective", perspective)) for item in items]
        return [{"answer": each.text, "refs": list(each.refs)} for each in found]

    if file is not None:
        _only_file(query)
        _batch(context, file, out, ("query",), enrich, as_json)
        return
    _only_with_file(out)
    text = text_of(query, "a request")
    with opened(context) as me:
        enhanced = me.enhance(text, perspective)
    if as_json:
        show.emit({"answer": enhanced.text, "refs": enhanced.refs})
    else:
        show.say(enhanced.text)


def critique(
    context: typer.Context,
    query: Annotated[str | None, typer.Argument(help="What was asked for.")] = None,
    response: Annotated[str | None, typer.Argument(help="The draft; or on standard input.")] = None,
    file: InFile = None,
    out: OutFile = None,
    as_json: AsJson = False,
) -> None:
    """Read a draft as the person would."""

    def judge(me: Me, items: Sequence[batch.Item]) -> list[batch.Record]:
        return [_critique_record(me.critique(item.text("query"), item.text("response"))) for item in items]

    if file is not None:
        _only_file(query)
        _batch(context, file, out, ("query", "response"), judge, as_json)
        return
    _only_with_file(out)
    if query is None or not query.strip():
        raise UsageError("give the request and the draft: ipse critique QUERY RESPONSE")
    draft = text_of(response, "a draft")
    with opened(context) as me:
        found = me.critique(query, draft)
    if as_json:
        show.emit(_critique_record(found))
    else:
        show.say(f"{found.verdict}: {found.feedback}")


def _critique_record(found: Critique) -> batch.Record:
    return {"verdict": found.verdict, "answer": found.feedback, "refs": list(found.refs)}


def chat(
    context: typer.Context,
    request: Annotated[str | None, typer.Argument(help="Or on standard input.")] = None,
    as_json: AsJson = False,
) -> None:
    """Put a request to the agent model, enriched and criticised.

    Without an agent model it shows what would be sent.
    """
    text = text_of(request, "a request")
    with opened(context) as me:
        turn = me.chat(text)
    if as_json:
        show.emit({**show.plain(turn), "answer": turn.answer})
    else:
        _show_turn(turn)


def _show_turn(turn: Turnover) -> None:
    if turn.answer is None:
        manner = [turn.preamble, ""] if turn.preamble else []
        show.say("No agent model is configured (IPSE_AGENT_MODEL). This would be sent:", "", *manner, turn.sent.text)
        return
    if turn.revised is not None and turn.critique is not None:
        show.say("The first draft was sent back:", turn.critique.feedback, "")
    show.say(turn.answer)
    if not turn.approved and turn.second is not None:
        show.say("", "Still not as it should be:", turn.second.feedback)
    if turn.reply is not None:
        show.say("", f"Did you like how it is written? ipse profile thumb {turn.reply.id} up, or down")


def _only_file(argument: str | None) -> None:
    if argument is not None:
        raise UsageError("give an argument or --file, not both")


def _only_with_file(out: Path | None) -> None:
    if out is not None:
        raise UsageError("--out goes with --file")


def _batch(
    context: typer.Context,
    file: Path,
    out: Path | None,
    required: tuple[str, ...],
    answer: Callable[[Me, Sequence[batch.Item]], list[batch.Record]],
    as_json: bool,
) -> None:
    """A JSONL file through one verb. Leaves with 1 if a line gave no answer."""
    if as_json and out is None:
        raise UsageError("with --file, --json needs --out: the answers are JSON lines already")
    items, unusable = batch.read_items(file, required)
    with opened(context) as me, show.Bars(quiet=as_json) as progress:
        done = batch.run(items, out, lambda group: answer(me, group), progress)
    failures = (*unusable, *done.failures)
    if as_json:
        show.emit({"answered": done.answered, "failures": failures})
    else:
        show.warn(failures)
        if out is not None:
            show.say(f"{show.counted(done.answered, 'answer')} in {out}; {len(failures)} lines gave none.")
    if failures:
        raise typer.Exit(1)
