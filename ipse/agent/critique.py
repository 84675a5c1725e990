"""A draft read as the person would read it: what in it they reject, no longer have, or asked not to get.

Rules over facts, and a small judge that reads each sentence of the draft beside what was said; no language model. The
same draft always gets the same verdict, and every reason quotes the sentence it rests on. Knows no store.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ipse.agent.confidence import by_source, confidential, none_private, one_by_one
from ipse.agent.enhance import heard, quoted
from ipse.agent.evidence import Library
from ipse.agent.hours import clashes as hour_clashes
from ipse.agent.hours import latest
from ipse.agent.manners import breaches, is_measure, listeners_of, standing_orders
from ipse.agent.refusals import Refusal, refusals, uses
from ipse.agent.relevance import CLOSE, Request, involved, own_wording, read_request
from ipse.agent.sentences import HEARD, is_asking, is_secret, owner, pieces, plain, says_now, word_set, word_stems
from ipse.keyphrases import tokens
from ipse.teacher.extract import stated_values
from ipse.teacher.grammar import attributes
from ipse.types import Chunk, Critique, Fact, Person

REFUSING = word_set(
    """
    disliked_food health_allergy health_intolerance drink_given_up habit_quit health_phobia
    answer_leave_out
    """
)
"""Attributes of the grammar whose value is not wanted."""
FORMER = frozenset({"vehicle_previous"})
"""Attributes whose value is no longer there."""
_CLAUSES = re.compile(r"[,;:]\s")
SPEAKS_AGAINST = 1.0
"""Least log-odds, by the judge, that what was said speaks against a sentence of the draft. With it three written
persons whom the rules don't know get 0.67 of their drafts right instead of 0.5; from 0.5 on it flags what suits."""
LATER = 4
"""Sentences after "I sold the van" in which its successor is looked for."""


@dataclass(frozen=True, slots=True)
class Clash:
    """One reason against a draft, with the facts it rests on; the first is quoted."""

    reason: str
    facts: tuple[Fact, ...]


def critique(
    query: str,
    response: str,
    facts: Sequence[Fact],
    library: Library,
    are_private: Callable[[Sequence[str]], list[bool]] = none_private,
) -> Critique:
    """flag with every reason, each with the words it rests on, or approve. What is private is used only for a
    request that is itself about it."""
    chunks, embedder, person = library.chunks, library.embedder, library.person
    secret = confidential(chunks)
    told = [*facts, *heard(chunks, secret)]
    is_private = one_by_one(are_private, [query, *(f.statement for f in told)])
    asked = is_private(query)
    usable = [
        f
        for f in told
        if asked or not (secret.intersection(f.refs) or is_secret(f.statement) or is_private(f.statement))
    ]
    active = [f for f in usable if f.status == "active"]
    worded = own_wording(active)
    alive = [f for f in worded if not is_asking(f.statement) or f.attribute]
    request = read_request(f"{query} {response}", embedder, person)
    unmannerly = list(_unmannerly(response, worded, library))
    judged = {f.id for clash in unmannerly for f in clash.facts}
    found = [
        *_rejected(query, response, [f for f in alive if f.id not in judged], chunks, request, person),
        *_outdated(query, response, usable),
        *_contradicted(response, active, person),
        *unmannerly,
        *_untimely(query, response, alive, person),
    ]
    quoted_already = {f.id for clash in found for f in clash.facts}
    found += [c for c in _spoken_against(query, response, alive, library) if c.facts[0].id not in quoted_already]
    return _verdict(_merged(found), person)


def _verdict(found: Sequence[Clash], person: Person) -> Critique:
    if not found:
        return Critique("approve", f"This suits {person.short}.")
    lines = [f"- {clash.reason}. {_quotes(clash, person)}" for clash in found]
    refs = dict.fromkeys(f.id for clash in found for f in clash.facts)
    return Critique("flag", "\n".join([f"This doesn't suit {person.short}:", *lines]), tuple(refs))


def _quotes(clash: Clash, person: Person) -> str:
    return "; ".join(f"{quoted(f, person)}" for f in clash.facts)


def _merged(found: Sequence[Clash]) -> list[Clash]:
    """Reasons that rest on the same facts as one; a reason that is given twice once."""
    by_facts: dict[tuple[str, ...], list[Clash]] = {}
    seen: set[str] = set()
    for clash in found:
        if clash.reason.casefold() not in seen:
            seen.add(clash.reason.casefold())
            by_facts.setdefault(tuple(f.id for f in clash.facts), []).append(clash)
    return [Clash("; ".join(c.reason for c in group), group[0].facts) for group in by_facts.values()]


def _rejected(
    query: str, response: str, alive: Sequence[Fact], chunks: Sequence[Chunk], request: Request, person: Person
) -> Iterator[Clash]:
    """What somebody who matters here says no to, or no longer has, and the response uses."""
    wrote = Counter(f.subject for f in alive if f.made_by == HEARD)
    close = frozenset(name for name, count in wrote.items() if count >= CLOSE)
    for fact in alive:
        whose = owner(fact, person)
        for refusal in _refusals_of(fact):
            used = None if is_measure(refusal.thing) else uses(response, refusal.thing)
            if used is None or not involved(fact, 0.0, request, person, close):
                continue
            if not refusal.gone:
                yield Clash(_no_to(used, refusal, whose), (fact,))
            elif whose == "self" and not uses(query, refusal.thing):
                successor = _successor(fact, refusal.thing, alive, chunks)
                yield Clash(f"it counts on {used}, which is no longer there", (fact, *successor))


def _refusals_of(fact: Fact) -> tuple[Refusal, ...]:
    if fact.attribute is None:
        return refusals(fact.statement)
    if fact.stance == "stated" and fact.value and fact.attribute in REFUSING | FORMER:
        return (Refusal(fact.value, gone=fact.attribute in FORMER), *refusals(fact.statement))
    return refusals(fact.statement) if fact.stance == "stated" else ()


def _no_to(used: str, refusal: Refusal, whose: str) -> str:
    same = used.casefold() == refusal.thing.casefold()
    what = used if same else f"{used} ({refusal.thing})"
    return f"no {what}" if whose == "self" else f"no {what}, it isn't for everybody here"


def _successor(fact: Fact, thing: str, alive: Sequence[Fact], chunks: Sequence[Chunk]) -> tuple[Fact, ...]:
    """What took the place of a thing that is gone, if the person says so soon after."""
    by_chunk = {f.refs[0]: f for f in alive if f.refs and f.made_by != HEARD}
    for source in by_source(chunks).values():
        for at, chunk in enumerate(source):
            if chunk.id in fact.refs:
                after = [by_chunk[c.id] for c in source[at : at + 1 + LATER] if c.id in by_chunk]
                return tuple([f for f in after if says_now(f.statement) and not uses(f.statement, thing)][:1])
    return ()


def _outdated(query: str, response: str, facts: Sequence[Fact]) -> Iterator[Clash]:
    """Values that a newer one has taken the place of."""
    current = {f.attribute: f for f in facts if f.status == "active" and f.attribute}
    for old in facts:
        new = current.get(old.attribute or "")
        if old.status == "active" or not old.value or new is None or new.value is None:
            continue
        if uses(response, old.value) and not uses(query, old.value) and not uses(new.value, old.value):
            yield Clash(f"it goes by {old.value}, which no longer holds", (new,))


def _contradicted(response: str, active: Sequence[Fact], person: Person) -> Iterator[Clash]:
    """Statements about the person that give another value than the ledger, where only one can hold."""
    own = [f for f in active if f.attribute and f.value and f.stance == "stated" and f.subject == "self"]
    for fact in own:
        attribute, right = attributes().get(fact.attribute or ""), fact.value or ""
        if attribute is None or attribute.many:
            continue
        for value in stated_values(response, attribute, person):
            if not uses(value, right) and not uses(right, value):
                yield Clash(f"it says {value}, but it is {right}", (fact,))
    yield from _mixed_up(response, own)


def _mixed_up(response: str, own: Sequence[Fact]) -> Iterator[Clash]:
    """A value told in the words of another thing: "You keep two oboes in the yard" of tortoises and an oboe."""
    values = {f.value: f.attribute for f in own if f.value}
    for clause in (c for piece in pieces(response) for c in _CLAUSES.split(piece)):
        said = word_stems(clause)
        for fact in own:
            right = fact.value or ""
            wording = word_stems(fact.statement) - word_stems(right)
            if not wording or not wording <= said or uses(clause, right):
                continue
            for value, attribute in values.items():
                if attribute == fact.attribute or not uses(clause, value) or uses(fact.statement, value):
                    continue
                if len(wording) > 1 or said == wording | word_stems(value):
                    yield Clash(f"it says {value}, but it is {right}", (fact,))


def _spoken_against(query: str, response: str, alive: Sequence[Fact], library: Library) -> Iterator[Clash]:
    """Sentences that what the person or others said is read to speak against, but for those that only repeat it."""
    by_chunk = {ref: f for f in alive for ref in f.refs}
    said = [word_stems(f.statement) for f in alive]
    for piece in pieces(response):
        if any(word_stems(piece) <= stems for stems in said):
            continue
        odds = {i: o for i, o in library.against(piece, query).items() if i in by_chunk}
        best = max(odds, key=odds.__getitem__, default="")
        if best and odds[best] >= SPEAKS_AGAINST:
            yield Clash(f'what was said speaks against "{plain(piece)}"', (by_chunk[best],))


def _unmannerly(response: str, worded: Sequence[Fact], library: Library) -> Iterator[Clash]:
    orders = standing_orders(worded, library.embedder, library.person, listeners_of(library.chunks))
    known = frozenset(token for f in worded if f.made_by != HEARD for token in tokens(f.statement) if token.isupper())
    for breach in breaches(response, orders, library.embedder, known):
        yield Clash(breach.reason, (breach.fact,))


def _untimely(query: str, response: str, alive: Sequence[Fact], person: Person) -> Iterator[Clash]:
    own = [f for f in alive if f.made_by != HEARD and owner(f, person) == "self"]
    orders_first = sorted(own, key=lambda f: latest(plain(f.statement)) is None)
    for clash in hour_clashes(query, response, orders_first):
        yield Clash(clash.reason, (clash.fact,))
