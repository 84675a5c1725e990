"""A request together with what must be kept in mind about the person: short, quoted, with its sources.

Chooses among facts and among what others wrote to the person; never words a fact anew, so nothing is
claimed that was not said. Knows no store and no language model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from ipse.agent.confidence import belong, by_source, confidential, none_private, one_by_one
from ipse.agent.evidence import Library
from ipse.agent.hours import clock, latest
from ipse.agent.manners import listeners_of, standing_orders
from ipse.agent.relevance import STANDING, Request, current, may_tell, read_request, relevant
from ipse.agent.sentences import HEARD, bare, is_asking, lacks_referent, people_in, plain, speaks_of_self, word_stems
from ipse.llm.protocol import Embedder
from ipse.types import Chunk, Enhanced, Fact, Person, Perspective

MOST_WORDS = 150
"""Words of the whole list; of them at most MANNERS for how the person wants to be answered, and the two headers."""
MANNERS, HEADERS = 60, 9
LINE = 25
"""Words of one line; longer sentences are cut at a clause."""
CANDIDATES = 40
NEAR_BY, FADES, STEPS = 0.27, 0.72, 2
"""A sentence at most STEPS beside a chosen one is worth its score times FADES a step, if that is NEAR_BY."""
SAME_MATTER, CARRIED = 0.2, 0.6
"""Least cosine of the two, unless one answers the other or the chosen one is worth CARRIED."""

_CLAUSE = re.compile(r"(?<=[,;:])\s+|\s+(?=\()")
_EXPLAINS = re.compile(r"^(?:I|I'm|I've|it|it's|they|they're|he|she|that's|which|because|things)\b", re.I)
_SALUTATION = re.compile(r"^(?:(?:dear|hello|hi|hey) )?[\w .'-]{2,25},\s*\n", re.I)


def enhance(
    query: str,
    facts: Sequence[Fact],
    library: Library,
    perspective: Perspective = "self",
    are_private: Callable[[Sequence[str]], list[bool]] = none_private,
) -> Enhanced:
    """The request, then a list of at most MOST_WORDS words of what matters for it; `refs` are the ids of the
    facts quoted, and of the chunks where somebody else is quoted. Without anything that matters: the request."""
    chunks, embedder, person = library.chunks, library.embedder, library.person
    secret = confidential(chunks)
    others = heard(chunks, secret)
    is_private = one_by_one(are_private, [query, *(f.statement for f in (*facts, *others))])
    open_facts = [
        f for f in facts if not secret.intersection(f.refs) or _is_asked_for(f, query, perspective, is_private)
    ]
    pool = [*open_facts, *others]
    listeners = listeners_of(chunks)
    chosen = relevant(query, pool, embedder, person, CANDIDATES, perspective, is_private, listeners)
    orders = [f for f, score in chosen if score >= STANDING and f.made_by != HEARD]
    orders = standing_orders(orders, embedder, person, listeners)
    request = read_request(query, embedder, person)
    told = [f for f in current(pool, query) if f not in orders]
    alive = [f for f in told if may_tell(f, request, perspective, is_private)]
    content = _with_neighbours([p for p in chosen if p[0] not in orders], alive, chunks, request, embedder, person)
    manners = list(_fitting(_in_order(orders, chunks), MANNERS, _order_line))
    room = MOST_WORDS - sum(len(line.split()) for _, line in manners) - HEADERS
    lines = list(_fitting([f for f, _ in content], room, _line))
    return Enhanced(_laid_out(query, lines, manners, person), tuple(f.id for f, _ in (*lines, *manners)))


def heard(chunks: Sequence[Chunk], secret: frozenset[str] = frozenset()) -> list[Fact]:
    """What named others wrote, as facts that carry their name; nothing said in confidence, nothing quoted."""
    return [
        Fact(c.id, c.text, (c.id,), subject=c.speaker, made_by=HEARD, valid_from=c.at)
        for c in chunks
        if c.role == "other" and c.speaker and c.speaker != "quoted" and c.id not in secret
    ]


def _is_asked_for(fact: Fact, query: str, perspective: Perspective, is_private: Callable[[str], bool]) -> bool:
    return perspective == "self" and is_private(query) and is_private(fact.statement)


def _with_neighbours(
    content: Sequence[tuple[Fact, float]],
    alive: Sequence[Fact],
    chunks: Sequence[Chunk],
    request: Request,
    embedder: Embedder,
    person: Person,
) -> list[tuple[Fact, float]]:
    """The chosen facts and short ones of `alive` said in the same breath, best first."""
    by_chunk = {f.refs[0]: f for f in alive if f.attribute is None and f.refs}
    own = {w for name in person.names for w in word_stems(name)}
    vectors = dict(zip(by_chunk, embedder.embed([plain(f.statement) for f in by_chunk.values()]), strict=True))
    scores = {f.id: s for f, s in content}
    facts = {f.id: f for f, _ in content}
    for fact, score in content:
        known = request.stems | own | people_in(fact.statement) | word_stems(fact.subject)
        for steps, chunk, answers in _around(fact, chunks):
            near, worth = by_chunk.get(chunk.id), score * FADES**steps
            if near is None or worth < NEAR_BY or not _stands_alone(near, known, request):
                continue
            cosine = float(vectors[chunk.id] @ vectors.get(fact.refs[0], vectors[chunk.id]))
            if cosine >= SAME_MATTER or answers or score >= CARRIED:
                facts[near.id] = near
                scores[near.id] = max(scores.get(near.id, 0.0), worth)
    return sorted(((facts[i], s) for i, s in scores.items()), key=lambda pair: -pair[1])


def _stands_alone(near: Fact, known: frozenset[str] | set[str], request: Request) -> bool:
    """Whether a neighbouring sentence can be told: short, no question, about nobody new."""
    if is_asking(near.statement) or len(near.statement.split()) > LINE or lacks_referent(near.statement):
        return False
    strangers = bool(people_in(near.statement) - known)
    if near.made_by != HEARD:
        return not (strangers and near.subject != "self")
    return not strangers and (
        request.together or not speaks_of_self(near.statement) or bool(word_stems(near.subject) & request.stems)
    )


def _around(fact: Fact, chunks: Sequence[Chunk]) -> Iterator[tuple[int, Chunk, bool]]:
    """(steps away, chunk, whether it is the reply) for the sentences beside the one a fact rests on."""
    for source in by_source(chunks).values():
        for at, chunk in enumerate(source):
            if chunk.id not in fact.refs:
                continue
            for step in range(1, STEPS + 1):
                for other in (at + step, at - step):
                    if 0 <= other < len(source) and belong(source[other], chunk):
                        yield step, source[other], other == at + 1 and source[other].turn_id != chunk.turn_id


def _in_order(orders: Sequence[Fact], chunks: Sequence[Chunk]) -> list[Fact]:
    """As they were said, so that "give me those" follows what it speaks of."""
    position = {c.id: (c.source_id, c.ordinal) for c in chunks}
    return sorted(orders, key=lambda f: position.get(f.refs[0] if f.refs else "", ("", 0)))


def _fitting(facts: Sequence[Fact], room: int, line_of: Callable[[Fact], str]) -> Iterator[tuple[Fact, str]]:
    """Lines until the room is full; what is too long for the rest of it is passed over."""
    seen: set[str] = set()
    for fact in facts:
        line = line_of(fact)
        words = len(line.split())
        if words <= room and line.casefold() not in seen:
            room -= words
            seen.add(line.casefold())
            yield fact, line


def _line(fact: Fact) -> str:
    """The sentence as it was said, in one line, with the name of whoever else said it."""
    text = _cut(bare(_SALUTATION.sub("", fact.statement)), LINE)
    return f"{_speaker(fact)} wrote: {text}" if fact.made_by == HEARD else text


def quoted(fact: Fact, person: Person) -> str:
    """The fact in quotation marks after the name of who said it."""
    text = _cut(bare(_SALUTATION.sub("", fact.statement)), LINE)
    said_by = _speaker(fact) if fact.made_by == HEARD else person.short
    return f'{said_by} wrote: "{text}"'


def _speaker(fact: Fact) -> str:
    """The name without emoji and other ornaments."""
    return " ".join(re.sub(r"[^\w\s.'-]", " ", fact.subject).split()) or fact.subject


def _order_line(fact: Fact) -> str:
    """A standing order without the reasons given for it."""
    clauses = _CLAUSE.split(bare(fact.statement))
    kept = [clause for i, clause in enumerate(clauses) if i == 0 or not _EXPLAINS.match(clause)]
    line = _cut(" ".join(kept).rstrip(",;: "), LINE)
    limit = latest(fact.statement)
    return line if limit is None or re.search(r"\d[:.]\d\d", line) else f"{line} ({clock(limit)})"


def _cut(text: str, most: int) -> str:
    """At most so many words, ended at a clause where there is one."""
    line = plain(text)
    if len(line.split()) <= most:
        return line
    kept: list[str] = []
    for clause in _CLAUSE.split(line):
        if kept and len(" ".join([*kept, clause]).split()) > most:
            break
        kept.append(clause)
    shorter = " ".join(kept).split()[:most]
    return " ".join(shorter).rstrip(",;: ") + " ..."


def _laid_out(
    query: str, lines: Sequence[tuple[Fact, str]], manners: Sequence[tuple[Fact, str]], person: Person
) -> str:
    parts = [query.strip()]
    if lines:
        parts.append("\n".join([f"Keep in mind about {person.short}:", *(f"- {line}" for _, line in lines)]))
    if manners:
        parts.append("\n".join([f"How {person.short} wants it:", *(f"- {line}" for _, line in manners)]))
    return "\n\n".join(parts)
