"""Which of a person's facts matter for a request: near in meaning, sharing a name or a rare word,
serving a need the request has, or saying how the person wants to be answered.

What is superseded or given up is never passed on as current, private facts only when the request
itself is about them, facts about others only when the others are involved. Knows no store.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ipse.agent.manners import Listener, standing_orders
from ipse.agent.needs import needs_of, served
from ipse.agent.refusals import refusals, uses
from ipse.agent.sentences import (
    HEARD,
    is_about_pronoun,
    is_asking,
    is_secret,
    lacks_referent,
    names_in,
    owner,
    people_in,
    plain,
    shared,
    speaks_of_self,
    word_stems,
)
from ipse.llm.protocol import Embedder, Vectors
from ipse.llm.sense import neutral
from ipse.types import Fact, Person, Perspective

RELEVANT = 0.3
"""Least score of a fact that is passed on. A bare cosine of this size says little by itself; a shared
rare word or a need adds to it."""
BY_WORD, BY_NEED, BY_NAME, BY_REFUSAL = 0.3, 0.5, 0.15, 0.2
"""What a shared rare word, a need, a name in common with a chosen fact and a "no" add at most."""
NOTHING_TOLD = 0.2
"""What a sentence loses that asks, has hardly a content word, or says "he" of nobody named."""
CLOSE = 5
"""Sentences that somebody must have written to the person to count among those whom "we" may mean."""
STANDING = 1.0
"""Score of a standing order: it matters for nearly every request."""
OTHERS = 0.45
"""Least score of a fact about somebody whom the request doesn't name."""

_GOES_ON = re.compile(r"\b(?:now|instead|so it's|since then|these days|nowadays)\b", re.I)
_TOGETHER = re.compile(
    r"\b(?:family|everybody|everyone|guests?|kids|children|grandchildren|party|parties|all of us|together"
    r"|in-laws|relatives|reunion|wedding|"
    r"birthday|we|us)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Request:
    """A request as facts are compared with it."""

    text: str
    vector: Vectors
    stems: frozenset[str]
    needs: dict[str, float]
    together: bool
    """Other people are part of it, named or not."""


def read_request(query: str, embedder: Embedder, person: Person) -> Request:
    """The request with its vector, words, needs and company."""
    vector = embedder.embed([neutral(plain(query), person.names)])[0]
    own = {s for name in person.names for s in word_stems(name)}
    return Request(
        query, vector, word_stems(query) - own, needs_of(query, vector, embedder), _TOGETHER.search(query) is not None
    )


def relevant(
    query: str,
    facts: Sequence[Fact],
    embedder: Embedder,
    person: Person,
    limit: int,
    perspective: Perspective = "self",
    is_private: Callable[[str], bool] = lambda _: False,
    listeners: Mapping[str, Listener] | None = None,
) -> list[tuple[Fact, float]]:
    """At most `limit` facts that matter for the request, best first, each with its score in [0, 2].

    Standing orders come with STANDING or more; `listeners` is what `standing_orders` takes. Of facts that
    rest on the same sentence only one is given, the person's own wording before the grammar's.
    """
    request = read_request(query, embedder, person)
    pool = [f for f in own_wording(current(facts, query)) if may_tell(f, request, perspective, is_private)]
    if not pool or limit < 1:
        return []
    standing = {f.id for f in standing_orders(pool, embedder, person, listeners)}
    scores = _direct(pool, request, embedder, person)
    scores = scores + _one_hop(pool, scores, request)
    wrote = Counter(f.subject for f in pool if f.made_by == HEARD)
    close = frozenset(name for name, count in wrote.items() if count >= CLOSE)
    found = []
    for fact, score in zip(pool, scores.tolist(), strict=True):
        if fact.id in standing:
            found.append((fact, STANDING + max(score, 0.0)))
        elif score >= RELEVANT and involved(fact, score, request, person, close):
            found.append((fact, score))
    return sorted(found, key=lambda pair: -pair[1])[:limit]


def current(facts: Sequence[Fact], query: str = "") -> list[Fact]:
    """The facts that still hold: none superseded or ended, and nothing of what is given up unless `query`
    names it. Of "the van failed, now it's the bus" the last clause is kept."""
    alive = [f for f in facts if f.status == "active" and f.valid_to is None]
    gone = {r.thing for f in alive for r in refusals(f.statement) if r.gone and f.made_by != HEARD}
    closed = [thing for thing in gone if not uses(query, thing)]
    return [kept for f in alive if (kept := _without(f, closed)) is not None]


def _without(fact: Fact, closed: Sequence[str]) -> Fact | None:
    """The fact as far as it doesn't speak of what is gone; None if nothing current is left."""
    if not any(_speaks_of(fact.statement, thing) for thing in closed):
        return fact
    clauses = re.split(r"(?<=[,;.])\s+", fact.statement)
    rest = " ".join(c for c in clauses if not any(_speaks_of(c, thing) for thing in closed))
    return replace(fact, statement=rest) if len(rest.split()) >= 3 and _GOES_ON.search(rest) else None


def _speaks_of(text: str, thing: str) -> bool:
    return bool(uses(text, thing)) or any(r.gone and r.thing == thing for r in refusals(text))


def own_wording(facts: Sequence[Fact]) -> list[Fact]:
    """One fact a sentence: the statement itself, where there is one."""
    quoted = {ref for f in facts if f.attribute is None for ref in f.refs}
    return [f for f in facts if f.attribute is None or not (set(f.refs) & quoted)]


def may_tell(fact: Fact, request: Request, perspective: Perspective, is_private: Callable[[str], bool]) -> bool:
    """Whether privacy lets the fact be used for this request at all."""
    if is_secret(fact.statement) or is_private(fact.statement):
        return perspective == "self" and is_private(request.text) and not is_secret(fact.statement)
    if fact.sensitivity != "private":
        return True
    return perspective == "self" and (bool(request.needs) or bool(shared(request.stems, word_stems(fact.statement))))


def _direct(pool: Sequence[Fact], request: Request, embedder: Embedder, person: Person) -> Vectors:
    """Score of each fact by meaning, shared words and needs, shape (pool,)."""
    texts = [plain(f.statement) for f in pool]
    vectors = embedder.embed([neutral(t, person.names) for t in texts])
    stems = [word_stems(t) for t in texts]
    rarity = _rarity(stems)
    words = np.array([_overlap(request.stems, each, rarity) for each in stems], dtype=np.float32)
    need = served(texts, request.needs, embedder)
    refused = np.array([bool(refusals(t)) for t in texts], dtype=np.float32) * (need > 0)
    empty = np.array(
        [is_asking(t) or len(each) < 2 or lacks_referent(t) for t, each in zip(texts, stems, strict=True)],
        dtype=np.float32,
    )
    near = np.clip(vectors @ request.vector, 0, 1)
    scores: Vectors = near + BY_WORD * words + BY_NEED * need + BY_REFUSAL * refused - NOTHING_TOLD * empty
    return scores


def _rarity(stems: Sequence[frozenset[str]]) -> dict[str, float]:
    """stem -> 1 for one that a single fact has, falling to 0 for one that all have."""
    counts = Counter(stem for each in stems for stem in each)
    most = math.log(len(stems) + 1)
    return {stem: 1 - math.log(count) / most for stem, count in counts.items()}


def _overlap(first: frozenset[str], second: frozenset[str], rarity: dict[str, float]) -> float:
    """Rarity of the rarest word that both have; 0 without one. Small numbers are shared by accident."""
    both = [stem for stem in shared(first, second) if not (stem.isdigit() and len(stem) < 3)]
    return max((rarity.get(stem, 1.0) for stem in both), default=0.0)


def _one_hop(pool: Sequence[Fact], scores: Vectors, request: Request) -> Vectors:
    """What a fact gains by naming somebody or something that a well-chosen fact names."""
    chosen = [pool[i] for i in np.argsort(-scores)[:4] if scores[i] >= 0.5]
    names = {n for fact in chosen for n in names_in(fact.statement)} - request.stems
    rarity = _rarity([word_stems(f.statement) for f in pool])
    gains = [
        BY_NAME * max((rarity.get(n, 0.0) for n in names & word_stems(f.statement)), default=0.0)
        if f not in chosen
        else 0.0
        for f in pool
    ]
    return np.array(gains, dtype=np.float32)


def involved(fact: Fact, score: float, request: Request, person: Person, close: frozenset[str]) -> bool:
    """Whether whom the fact is about has a part in the request; the person always has.

    `close` are those who write to the person often: they are meant by "the whole family" unnamed.
    """
    whose = owner(fact, person)
    if whose == "self":
        return True
    own = {w for name in person.names for w in word_stems(name)}
    told_of = people_in(fact.statement) - own
    if (told_of | word_stems(whose)) & request.stems:
        return True
    if is_about_pronoun(fact.statement):
        return False
    if fact.made_by != HEARD:
        return request.together or score >= OTHERS
    if request.together and (whose in close or shared(request.stems, word_stems(fact.statement))):
        return True
    return (
        not told_of and not speaks_of_self(fact.statement) and bool(shared(request.stems, word_stems(fact.statement)))
    )
