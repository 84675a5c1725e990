"""What does the offline teacher find in chat? Its facts held against the personas that the chat was written from.

The data is Synthetic-Persona-Chat: two personas, a list of lines each, and a chat ("User 1: ..."). Each user's own
turns go the product's way (chunks, the teacher, one fact for all that says the same), and so do the persona lines. A
persona supports a fact that it has with an agreeing value, whose value stands in one of its lines, or whose statement
comes as near as `NEAR` to one. The figures are shares:

    precision       of the facts with an attribute, those the user's persona supports; by attribute and value alone
    recall (a)      of the persona's facts, those found in the chat; of those alone whose value stands in a sentence
    recall (b)      of the persona's lines, those that a fact or a kept sentence comes near; by facts with an attribute
                    alone; beside what every sentence as a fact would give
    polarity right  of the facts that like or dislike what a persona line likes or dislikes, those not turned round
    wrong person    of the facts with an attribute, those that only the other user's persona supports

A chat tells more than the personas and not all of them, and at times one user says what stands in the other's: the
figures compare extractors, and none can reach 1. Beside them is chance: the same facts against another row's personas.

    python -m evals.extraction valid.csv [--rows 60] [--seed 0] [--show] [--json OUT.json]
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from ipse.keyphrases import STOP_WORDS, stem
from ipse.llm.minilm import default_embedder
from ipse.llm.protocol import Vectors
from ipse.raw.chunk import chunk
from ipse.teacher.offline import OfflineTeacher
from ipse.types import Fact, Passage, Person, Turn, new_id
from ipse.words.facts import canonicalise, merge
from ipse.words.likeness import value_key

PERSONAS, CHAT = ("user 1 personas", "user 2 personas"), "Best Generated Conversation"
NEAR = 0.6
"""Cosine from which two sentences count as telling the same."""
SHOWN = 8
_SPEAKER = re.compile(r"^User ([12]):", re.M)
_LIKES = re.compile(r"\b(?:love|like|enjoy|adore|prefer|favou?rite|fan|passion|hobby|support)\b")
_DISLIKES = re.compile(r"\b(?:hate|dislike|detest|loathe|afraid|scared|allergic|never|no|not|cannot)\b|n['’]t\b")


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """One user's persona or turns: facts with an attribute, sentences by chunk, and the vectors of the facts'
    statements, of what was kept without an attribute, and of the sentences."""

    facts: list[Fact]
    sentences: dict[str, str]
    stated: Vectors
    kept: Vectors
    vectors: Vectors


Both = tuple[list[str], list[str]]  # of user 1 and of user 2
Case = tuple[Heard, Heard, Heard]  # a user's talk, the persona it is held against, and that of the other user
Verdict = tuple[str, bool, str]  # an attribute, whether it was right, and what to show of it


def read_rows(path: Path) -> list[tuple[Both, Both]]:
    """Personas and turns. Raises ValueError when a column is missing, OSError when the file can't be read."""
    with path.open(encoding="utf-8", newline="") as opened:
        rows = csv.DictReader(opened, restval="")
        if lacking := {*PERSONAS, CHAT} - set(rows.fieldnames or ()):
            raise ValueError(f"{path} has no column {', '.join(sorted(lacking))}")
        return [((row[PERSONAS[0]].splitlines(), row[PERSONAS[1]].splitlines()), turns_of(row[CHAT])) for row in rows]


def turns_of(chat: str) -> Both:
    """What stands in lines of its own goes with the turn before it."""
    _, *parts = _SPEAKER.split(chat)
    turns = list(zip(parts[::2], map(str.strip, parts[1::2]), strict=True))
    return [text for who, text in turns if who == "1"], [text for who, text in turns if who == "2"]


def strangers(personas: Sequence[Both]) -> list[int]:
    """For each row the next one that shares no persona line with it. Raises ValueError where there is none."""
    lines = [{line.strip().casefold() for line in (*first, *second)} for first, second in personas]
    rotated = ([*range(at + 1, len(lines)), *range(at)] for at in range(len(lines)))
    found = [
        next((o for o in others if own.isdisjoint(lines[o])), -1) for own, others in zip(lines, rotated, strict=True)
    ]
    if not found or -1 in found:
        raise ValueError("each row needs another that shares no persona line with it; take more rows")
    return found


def hear(texts: Sequence[str], user: int, teacher: OfflineTeacher) -> Heard:
    """As `ipse.words.run` does it, but that outdated values stay: they were found too."""
    person, embed = Person(f"User {user + 1}"), teacher.embedder.embed
    turns = [Turn(new_id("turn", i), "", person.name, "self", t, None, "", 0, len(t)) for i, t in enumerate(texts)]
    chunks = {c.id: c for c in chunk(turns)}
    drafts, _ = teacher.extract(map(Passage, chunks.values()), person)
    facts = merge(canonicalise(drafts, person), chunks, person, embed)
    found, sentences = [f for f in facts if f.attribute], {key: c.text for key, c in chunks.items()}
    kept = embed([f.statement for f in facts if not f.attribute])
    return Heard(found, sentences, embed([f.statement for f in found]), kept, embed(list(sentences.values())))


def cases(
    rows: Sequence[tuple[Both, Both]], others: Sequence[int], teacher: OfflineTeacher
) -> tuple[list[Case], list[Case]]:
    """Each user's talk with the row's own personas, and with those of the other row."""
    personas, talks = ([[hear(row[part][u], u, teacher) for u in (0, 1)] for row in rows] for part in (0, 1))

    def against(which: Iterable[int]) -> list[Case]:
        pairs = zip(talks, (personas[at] for at in which), strict=True)
        return [(talk[u], told[u], told[1 - u]) for talk, told in pairs for u in (0, 1)]

    return against(range(len(rows))), against(others)


def stands(value: str | None, text: str | None) -> bool:
    """Whether the value stands in the text in whole words, endings aside; one of stop words alone doesn't count."""
    words, within = value_key(value or "").split(), value_key(text or "").split()
    return not STOP_WORDS.issuperset(words) and f" {' '.join(map(stem, words))} " in f" {' '.join(map(stem, within))} "


def leaning(text: str, value: str) -> int:
    """1 where the text likes the value, -1 where it dislikes it, 0 where it says neither or no such thing."""
    if not stands(value, text):
        return 0
    before = text.casefold().split(value.casefold())[0]
    return -1 if _DISLIKES.search(before) else int(_LIKES.search(text.casefold()) is not None)


def near(first: Vectors, second: Vectors) -> list[bool]:
    """For each of the first whether any of the second tells the same."""
    return [bool(row.any()) for row in first @ second.T >= NEAR]


def agreeing(one: Heard, other: Heard) -> list[bool]:
    """For each fact of one, whether the other has the attribute and one of the two values holds the other."""
    pairs = [[(f.value, g.value) for g in other.facts if g.attribute == f.attribute] for f in one.facts]
    return [any(stands(a, b) or stands(b, a) for a, b in alike) for alike in pairs]


def supported(talk: Heard, persona: Heard) -> list[bool]:
    """For each fact from the talk."""
    by_value = [any(stands(f.value, line) for line in persona.sentences.values()) for f in talk.facts]
    return list(map(any, zip(near(talk.stated, persona.vectors), by_value, agreeing(talk, persona), strict=True)))


def marks(case: Case) -> Iterator[tuple[str, list[bool]]]:
    """Each figure's name, and the hits and misses of which it is the share."""
    talk, own, other = case
    by_own, by_other, found = supported(talk, own), supported(talk, other), agreeing(own, talk)
    said = [any(stands(f.value, sentence) for sentence in talk.sentences.values()) for f in own.facts]
    sides = [(f.statement, line, f.value or "") for f in talk.facts for line in own.sentences.values()]
    leanings = [leaning(statement, value) * leaning(line, value) for statement, line, value in sides]
    yield "precision", by_own
    yield "  by attribute and value", agreeing(talk, own)
    yield "recall (a)", found
    yield "  of what was said", [hit for hit, was_said in zip(found, said, strict=True) if was_said]
    yield "recall (b)", near(own.vectors, np.concatenate([talk.stated, talk.kept]))
    yield "  by attribute facts", near(own.vectors, talk.stated)
    yield "  every sentence a fact", near(own.vectors, talk.vectors)
    yield "polarity right", [sign > 0 for sign in leanings if sign]
    yield "wrong person", [theirs and not mine for mine, theirs in zip(by_own, by_other, strict=True)]


def figures(told: Iterable[Case]) -> dict[str, tuple[int, int]]:
    """Name -> hits, and of how many."""
    found: dict[str, list[bool]] = defaultdict(list)
    for name, hits in chain.from_iterable(map(marks, told)):
        found[name] += hits
    return {name: (sum(hits), len(hits)) for name, hits in found.items()}


def recalls(case: Case) -> Iterator[Verdict]:
    """Of each fact of the persona its line, and the sentence of the talk that comes nearest."""
    talk, own, _ = case
    likeness = dict(zip(own.sentences, (own.vectors @ talk.vectors.T).tolist(), strict=True))
    for fact, hit in zip(own.facts, agreeing(own, talk), strict=True):
        line = fact.refs[0]
        _, nearest = max(zip(likeness[line], talk.sentences.values(), strict=True), default=(0, "nothing"))
        yield fact.attribute or "", hit, f"{own.sentences[line]} ~ {nearest}"


def claims(case: Case) -> Iterator[Verdict]:
    """Of each fact from the talk its value, and the sentence it was found in."""
    talk, own, _ = case
    for fact, hit in zip(talk.facts, supported(talk, own), strict=True):
        yield fact.attribute or "", hit, f"{fact.value} <- {talk.sentences[fact.refs[0]]}"


def worst(title: str, verdicts: Iterable[Verdict]) -> Table:
    """The attributes with most errors, each with its first."""
    told = list(verdicts)
    every, wrong = Counter(a for a, _, _ in told), Counter(a for a, hit, _ in told if not hit)
    table = Table("attribute", "errors", "of", "for example", title=title)
    for attribute, errors in wrong.most_common(SHOWN):
        example = next(text for a, hit, text in told if a == attribute and not hit)
        table.add_row(attribute, str(errors), str(every[attribute]), example)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--rows", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", action="store_true", help="the attributes missed and found wrongly most")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    try:
        rows = read_rows(args.data)
        rows = random.Random(args.seed).sample(rows, max(0, min(args.rows, len(rows))))
        others = strangers([told for told, _ in rows])
    except (OSError, ValueError) as fault:
        parser.error(str(fault))
    own, chance = cases(rows, others, OfflineTeacher(default_embedder()))
    found = {"own personas": figures(own), "another row's": figures(chance)}
    table = Table("figure", *found, title=f"facts in {len(rows)} chats, held against personas")
    for name in found["own personas"]:
        table.add_row(name, *(f"{h / max(of, 1):.2f} ({h}/{of})" for h, of in (by[name] for by in found.values())))
    console = Console(width=200, markup=False)
    console.print(table)
    if args.show:
        console.print(worst("missed most (persona line ~ nearest sentence)", chain.from_iterable(map(recalls, own))))
        console.print(worst("found wrongly most (value <- sentence)", chain.from_iterable(map(claims, own))))
    if args.json:
        args.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
