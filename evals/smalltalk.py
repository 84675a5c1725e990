"""Is general ability kept? How surprised the base is by small talk with a person's adapter on, and without.

The talk is that of chats in `pretrain/lives` by which no base was pretrained and no adapter held back (files a to h are
in `ipse/weights/talk.jsonl`); it is about nobody the adapter knows. Each reply is scored in three settings: with no
system message, as people would use the base for anything else, and with the two that ipse asks an adapter with.
Perplexity is per token of the replies (exp of the mean loss).

    python -m evals.smalltalk HOME [--chats 200] [--json OUT.json]
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from ipse.llm.local import LocalChat, load_base
from ipse.me import Me
from ipse.types import PERSPECTIVES, Pair
from ipse.voice import system
from ipse.weights import registry
from ipse.weights.layers import answer_losses
from ipse.weights.rows import rows_of
from ipse.weights.settings import SftSettings, first_adapted
from ipse.weights.talk import talk_pair
from pretrain.lives import LIVES

TURNS = 6
"""Of a chat: the last is the reply that is scored, those before it are what was said."""


def chats() -> Iterator[list[str]]:
    """The lines of every chat that nothing was trained on, speakers left out."""
    for file in sorted(LIVES.glob("[i-z].jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            for note in json.loads(line)["notes"]:
                if note["kind"] == "chat" and len(note["said"]) > 1:
                    yield [text for _, text in note["said"]]


def replies(talk: Sequence[Sequence[str]], told: str | None) -> list[Pair]:
    """The last of the first lines of each chat, as a reply to those before it."""
    return [talk_pair(lines[: min(TURNS, len(lines) // 2 * 2)], told, i) for i, lines in enumerate(talk)]


def perplexity(pairs: Sequence[Pair], chat: LocalChat) -> float:
    settings = replace(SftSettings(), views=("sense",))
    losses = []
    with torch.no_grad():
        for start in range(0, len(pairs), 32):
            rows = rows_of(pairs[start : start + 32], chat.base, chat.embedder, chat.names, settings)
            losses.append(answer_losses(chat.model, rows, first_adapted(chat.base, settings))[0])
    return math.exp(torch.cat(losses).mean().item())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    parser.add_argument("--chats", type=int, default=200)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    me = Me.open(args.home)
    live = registry.live(me.store)
    if live is None:
        parser.error(f"nobody was learnt in {args.home}; run ipse learn first")
    base = load_base(me.settings.base)
    found: dict[str, Any] = {}
    talk = list(islice(chats(), args.chats))
    table = Table("asked with", "base", "with the adapter", "ratio", title=f"perplexity on {len(talk)} chats")
    settings: dict[str, str | None] = {"no system message": None}
    settings |= {perspective: system(me.person, perspective) for perspective in PERSPECTIVES}
    for name, told in settings.items():
        pairs = replies(talk, told)
        without = perplexity(pairs, LocalChat(base, None, me.embedder, me.person.names))
        with LocalChat(base, Path(live.path), me.embedder, me.person.names).opened() as chat:
            on = perplexity(pairs, chat)
        found[name] = {"base": without, "adapter": on, "ratio": on / without}
        table.add_row(name, f"{without:.2f}", f"{on:.2f}", f"{on / without:.3f}")
    Console().print(table)
    if args.json:
        args.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
