"""A fact's way into the ledger: canonicalise, merge, supersede, correct.

Functions from data to data; what a fact rests on is always kept, and an older value is closed, never
dropped. Knows the grammar's attributes, but no store, no teacher and nothing of privacy.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from ipse.keyphrases import key_phrases
from ipse.teacher.grammar import Attribute, attributes
from ipse.teacher.protocol import FactDraft
from ipse.types import Chunk, Fact, Person, Sensitivity, new_id
from ipse.words.likeness import Embed, extends, groups_of_alike, statement_key, tidy, trimmed, value_key

STATED, INFERRED = 0.6, 0.35
"""Confidence in one piece of evidence: said outright (or announced as a change), or only following."""
FURTHER, REPEATED = 0.3, 0.05
"""Share of the remaining doubt that evidence of another source or day takes away, and a repeat."""
MAX_CONFIDENCE = 0.99
MAX_PHRASES = 8
SHORT = 10
"""Words of a sentence that says little more than one value."""

_MYSELF = frozenset({"", "self", "me", "i", "myself", "ich"})
_EARLIEST = datetime.min.replace(tzinfo=UTC)
_STRICTNESS: tuple[Sensitivity, ...] = ("public", "personal", "private")
_NAMED = frozenset({"name", "person", "place"})

Moment = tuple[datetime, bool, int, int, str]
Slot = tuple[str, str]


def canonicalise(drafts: Iterable[FactDraft], person: Person) -> list[FactDraft]:
    """The drafts with tidy texts and attributes of the grammar only; empty ones are left out.

    What an unknown attribute held stays in the statement, and as a key phrase.
    """
    own = _MYSELF | {name.casefold() for name in (person.short, *person.names)}
    return [d for draft in drafts if (d := _canonical(draft, own)).statement]


def _canonical(draft: FactDraft, own: frozenset[str]) -> FactDraft:
    attribute, value = _known(draft.attribute), trimmed(draft.value or "")
    recognised = attribute is not None and bool(value)
    statement = tidy(draft.statement)
    phrases = [tidy(phrase) for phrase in draft.key_phrases]
    if attribute and value:
        statement = statement or attribute.state(value, attribute.statements[0])
    elif value:
        phrases.append(value)
    subject = tidy(draft.subject)
    return replace(
        draft,
        statement=statement,
        subject="self" if subject.casefold() in own else subject,
        attribute=attribute.id if attribute and recognised else None,
        value=value if recognised else None,
        kind=attribute.kind if attribute and recognised else draft.kind,
        key_phrases=tuple(dict.fromkeys(phrase for phrase in phrases if phrase)),
        sensitivity=_strictest(draft.sensitivity, attribute.sensitivity if attribute else "public"),
    )


def _known(name: str | None) -> Attribute | None:
    """The grammar's attribute of that id, or of that label written as an id."""
    if name is None:
        return None
    wanted = _as_id(name)
    by_id = attributes()
    return by_id.get(wanted) or next((a for a in by_id.values() if _as_id(a.label) == wanted), None)


def _as_id(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")


def _strictest(*found: Sensitivity) -> Sensitivity:
    return max(found, key=_STRICTNESS.index)


@dataclass(frozen=True, slots=True)
class _Group:
    """Drafts that say one thing, oldest first."""

    attribute: str | None
    drafts: tuple[FactDraft, ...]


class _Order:
    """When a draft was said, as something to sort by. Undated ones come before dated ones, in the
    order of their sources; at equal times a wording of change comes after one without."""

    def __init__(self, chunks_by_id: Mapping[str, Chunk]) -> None:
        self.chunks = chunks_by_id
        self.position = {chunk_id: at for at, chunk_id in enumerate(chunks_by_id)}

    def at(self, draft: FactDraft) -> datetime | None:
        chunk = self.chunks.get(draft.chunk_id)
        return draft.at or (chunk.at if chunk else None)

    def __call__(self, draft: FactDraft) -> Moment:
        chunk = self.chunks.get(draft.chunk_id)
        within = chunk.text.find(draft.value or draft.statement) if chunk else -1
        position = self.position.get(draft.chunk_id, -1)
        return self.at(draft) or _EARLIEST, draft.change, position, within, repr(draft)

    def evidence(self, draft: FactDraft) -> tuple[str, object]:
        """Source and day: evidence that shares both is not independent."""
        chunk, at = self.chunks.get(draft.chunk_id), self.at(draft)
        return (chunk.source_id if chunk else draft.chunk_id), at.date() if at else None


def merge(drafts: Sequence[FactDraft], chunks_by_id: Mapping[str, Chunk], person: Person, embed: Embed) -> list[Fact]:
    """One Fact for all drafts that say the same, oldest first; `refs` are their chunks, oldest first.

    `chunks_by_id` in the store's order tells which source comes first. The order of `drafts` does
    not matter. Where only one value can hold at a time, `valid_from` is when the value last began
    to hold: somebody who moved away and back lives there since the return.
    """
    order = _Order(chunks_by_id)
    groups = _groups(sorted(drafts, key=order), embed)
    ranked = sorted(zip(_beginnings(groups, order), groups, strict=True), key=lambda pair: order(pair[0]))
    return [_fact(group, beginning, order, person) for beginning, group in ranked]


def _groups(drafts: Sequence[FactDraft], embed: Embed) -> list[_Group]:
    """By attribute and value; sentences that were not recognised by their wording."""
    valued = _by_value([draft for draft in drafts if draft.attribute])
    homes: dict[Slot, set[int]] = defaultdict(set)
    for at, group in enumerate(valued):
        for draft in group:
            homes[_said(draft)].add(at)
    plain: dict[str, list[FactDraft]] = defaultdict(list)
    for draft in drafts:
        home = homes.get(_said(draft), set())
        if draft.attribute is None and len(home) == 1:
            valued[next(iter(home))].append(draft)
        elif draft.attribute is None:
            plain[value_key(draft.subject)].append(draft)
    worded = [group for same_subject in plain.values() for group in _by_wording(same_subject, embed)]
    return [_Group(_attribute_of(group), tuple(group)) for group in (*valued, *worded)]


def _said(draft: FactDraft) -> Slot:
    return value_key(draft.subject), statement_key(draft.statement)


def _attribute_of(group: Iterable[FactDraft]) -> str | None:
    return next((draft.attribute for draft in group if draft.attribute), None)


def _by_value(drafts: Iterable[FactDraft]) -> list[list[FactDraft]]:
    slots: dict[Slot, dict[str, list[FactDraft]]] = defaultdict(dict)
    for draft in drafts:
        values = slots[draft.attribute or "", value_key(draft.subject)]
        values.setdefault(value_key(draft.value or ""), []).append(draft)
    for (attribute, _), values in slots.items():
        if _is_single(attribute) and attributes()[attribute].value in _NAMED:
            _join_short_names(values)
    return [group for values in slots.values() for group in values.values()]


def _join_short_names(values: dict[str, list[FactDraft]]) -> None:
    """Puts "Minh" with "Minh Tran", unless there is a second Minh it could be."""
    for short in sorted(values, key=len):
        longer = [key for key in values if extends(key, short)]
        longest = max(longer, key=len, default="")
        if longer and all(key == longest or extends(longest, key) for key in longer):
            values[longest].extend(values.pop(short))


def _by_wording(drafts: Sequence[FactDraft], embed: Embed) -> list[list[FactDraft]]:
    by_statement: dict[str, list[FactDraft]] = defaultdict(list)
    for draft in drafts:
        by_statement[draft.statement].append(draft)
    alike = groups_of_alike(list(by_statement), embed)
    return [[draft for statement in group for draft in by_statement[statement]] for group in alike]


def _is_single(attribute: str | None) -> bool:
    known = attributes().get(attribute or "")
    return known is not None and not known.many


def _is_strong(draft: FactDraft) -> bool:
    return draft.stance == "stated" or draft.change


def _beginnings(groups: Sequence[_Group], order: _Order) -> list[FactDraft]:
    """For each group the draft from which on it holds: its first, or that of its last spell."""
    begun = [min(group.drafts, key=order) for group in groups]
    slots: dict[Slot, list[tuple[FactDraft, int]]] = defaultdict(list)
    for at, group in enumerate(groups):
        if group.attribute and _is_single(group.attribute):
            slot = group.attribute, value_key(group.drafts[0].subject)
            slots[slot].extend((draft, at) for draft in group.drafts if _is_strong(draft))
    for said in slots.values():
        previous = None
        for draft, at in sorted(said, key=lambda pair: order(pair[0])):
            if at != previous:
                begun[at] = draft
            previous = at
    return begun


def _fact(group: _Group, beginning: FactDraft, order: _Order, person: Person) -> Fact:
    drafts = sorted(group.drafts, key=order)
    recognised = [draft for draft in drafts if draft.attribute] or drafts
    fullest = max((value_key(draft.value or "") for draft in recognised), key=len)
    best = min(recognised, key=lambda d: (d.stance != "stated", value_key(d.value or "") != fullest))
    first = recognised[0]
    named = value_key(first.value) if first.value else statement_key(first.statement)
    phrases = dict.fromkeys(phrase for draft in drafts for phrase in draft.key_phrases)
    return Fact(
        id=new_id("fact", person.id, group.attribute or "", named, value_key(first.subject)),
        statement=best.statement,
        refs=tuple(dict.fromkeys(draft.chunk_id for draft in drafts)),
        kind=best.kind,
        subject=first.subject,
        attribute=group.attribute,
        value=best.value,
        key_phrases=tuple(phrases)[:MAX_PHRASES] or key_phrases(best.statement),
        valid_from=order.at(beginning),
        stance=best.stance,
        confidence=_confidence(drafts, order),
        sensitivity=_strictest(*(draft.sensitivity for draft in drafts)),
    )


def _confidence(drafts: Sequence[FactDraft], order: _Order) -> float:
    chunks = len({draft.chunk_id for draft in drafts})
    independent = len({order.evidence(draft) for draft in drafts})
    doubt = 1 - (STATED if any(map(_is_strong, drafts)) else INFERRED)
    doubt *= (1 - FURTHER) ** (independent - 1) * (1 - REPEATED) ** (chunks - independent)
    return min(MAX_CONFIDENCE, round(1 - doubt, 4))


def supersede(facts: Sequence[Fact]) -> list[Fact]:
    """The facts with older values closed where only one can hold; all of them stay, in their order.

    Undated facts are older than dated ones, and among equals the order of `facts` decides, which
    `merge` gives. What was merely inferred does not unseat what was stated; it is set aside itself.
    """
    closed: dict[str, Fact] = {}
    slots: dict[Slot, list[Fact]] = defaultdict(list)
    for fact in facts:
        if fact.attribute and _is_single(fact.attribute) and fact.status == "active":
            slots[fact.attribute, value_key(fact.subject)].append(fact)
    for slot in slots.values():
        oldest, *newer = sorted(slot, key=lambda f: (f.valid_from is not None, f.valid_from or _EARLIEST))
        holds = oldest
        for fact in newer:
            loser, holds = (holds, fact) if _unseats(fact, holds) else (fact, holds)
            closed[loser.id] = replace(loser, valid_to=fact.valid_from, status="superseded")
    return [closed.get(fact.id, fact) for fact in _with_sentences_closed(facts, closed)]


def _unseats(newer: Fact, older: Fact) -> bool:
    return newer.stance == "stated" or older.stance == "inferred" or newer.confidence >= STATED


def _with_sentences_closed(facts: Sequence[Fact], closed: Mapping[str, Fact]) -> list[Fact]:
    """Closes a plain sentence with the value it states, if it rests on nothing but the same chunks.

    Otherwise "My alarm is at 2:45" would go on being told as a sentence when as a value it is over.
    """
    stated = [fact for fact in closed.values() if fact.stance == "stated"]
    by_chunk = {ref: fact for fact in stated for ref in fact.refs}
    told = defaultdict(set)
    for fact in facts:
        for ref in fact.refs if fact.attribute else ():
            told[ref].add(fact.id)
    result = []
    for fact in facts:
        over = [by_chunk[ref] for ref in fact.refs if ref in by_chunk and told[ref] == {by_chunk[ref].id}]
        if fact.attribute is None and len(over) == len(fact.refs) and all(_only_says(fact, o) for o in over):
            result.append(replace(fact, valid_to=over[-1].valid_to, status="superseded"))
        else:
            result.append(fact)
    return result


def _only_says(sentence: Fact, value: Fact) -> bool:
    key = value_key(sentence.statement)
    return value_key(value.value or "") in key and len(key.split()) <= SHORT


def apply_corrections(facts: Sequence[Fact], corrections: Mapping[str, str]) -> list[Fact]:
    """The facts with the person's own wording, by fact id: certain, and with its value where it still
    has the old sentence's form or one of the grammar's; else the sentence itself is the fact."""
    return [_corrected(fact, tidy(corrections[fact.id])) if fact.id in corrections else fact for fact in facts]


def _corrected(fact: Fact, statement: str) -> Fact:
    value = _value_in(fact, statement)
    return replace(
        fact,
        statement=statement,
        attribute=fact.attribute if value else None,
        value=value,
        kind=fact.kind if value else "statement",
        key_phrases=key_phrases(statement),
        stance="stated",
        confidence=1.0,
    )


def _value_in(fact: Fact, statement: str) -> str | None:
    known = attributes().get(fact.attribute or "")
    if known is None or fact.value is None:
        return None
    forms = [fact.statement.replace(fact.value, "{v}", 1), *known.statements, known.answer]
    for form in forms:
        before, gap, after = trimmed(form).partition("{v}")
        pattern = re.escape(before) + "(.+)" + re.escape(after)
        found = re.fullmatch(pattern, trimmed(statement), re.I) if gap and before + after else None
        if found:
            return trimmed(found[1])
    return None
