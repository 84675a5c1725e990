"""Who is who to the person, from what they say themselves: "my wife Anna", "Tom, my brother".

A few set wordings of English and German and no more; what is private must not be handed in. Knows
sentences and facts, no store.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ipse.teacher.grammar import attributes
from ipse.types import Chunk, Fact, Person, Relation, new_id
from ipse.words.likeness import value_key

_KIN = (
    r"(?:step|grand|great-grand|half-|foster )?(?:mother|father|sister|brother|daughter|son)(?:-in-law)?"
    r"|wife|husband|partner|girlfriend|boyfriend|fiancée?|ex|mum|mom|dad|mama|papa|grandma|grandpa|granny"
    r"|grandchild|aunt|uncle|cousin|niece|nephew|(?:best )?friend|neighbou?r|boss|colleague|co-?worker"
    r"|flatmate|roommate|landlord|landlady|teacher|doctor|dentist|therapist|dog|cat|horse"
)
_GERMAN = {
    "frau": "wife", "mann": "husband", "mutter": "mother", "vater": "father", "schwester": "sister",
    "bruder": "brother", "tochter": "daughter", "sohn": "son", "freundin": "friend", "freund": "friend",
    "nachbarin": "neighbour", "nachbar": "neighbour", "chefin": "boss", "chef": "boss", "tante": "aunt",
    "kollegin": "colleague", "kollege": "colleague", "oma": "grandmother", "opa": "grandfather",
    "onkel": "uncle", "hund": "dog", "katze": "cat",
}  # fmt: skip
_NAME = r"(?P<name>[^\W\d_a-z][\w'’-]*\w(?: [^\W\d_a-z][\w'’-]*\w)?)"
_ADJECTIVE = r"(?:(?:little|big|older|younger|eldest|youngest|late|dear|own|old|new|first|second) )*"
_MINE = rf"(?i:\b(?:my|our) {_ADJECTIVE}(?P<kin>{_KIN}))"
_MEINE = rf"(?i:\b(?:mein|meine|unser|unsere|die|der) (?P<kin>{'|'.join(_GERMAN)}))"
_CALLED = r"(?i:'s name is|'s name's| is called| is named| called| named|,| heißt)?"
_WORDINGS = (
    re.compile(rf"{_MINE}\b{_CALLED} {_NAME}"),
    re.compile(rf"{_MEINE}\b{_CALLED} {_NAME}"),
    re.compile(rf"{_NAME}(?:,| is| was|'s|, who is) {_MINE}\b(?! (?i:{_KIN})\b)(?!'s)"),
)


def relations(chunks: Sequence[Chunk], facts: Sequence[Fact], person: Person) -> list[Relation]:
    """Relations of the person, the best attested first; from own chunks and recognised facts."""
    found: dict[tuple[str, str], tuple[str, dict[str, None]]] = {}
    own = {value_key(name) for name in (person.short, *person.names)}
    for kin, name, refs in (*_worded(chunks), *_recognised(facts)):
        if value_key(name) not in own:
            found.setdefault((kin, value_key(name)), (name, {}))[1].update(dict.fromkeys(refs))
    made = [
        Relation(new_id("relation", person.id, kin, key), "self", kin, name, len(refs), tuple(refs))
        for (kin, key), (name, refs) in found.items()
    ]
    return sorted(made, key=lambda r: (-r.count, r.relation, r.object))


def _worded(chunks: Sequence[Chunk]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for chunk in chunks:
        text = " ".join(chunk.text.replace("’", "'").split()) if chunk.role == "self" else ""
        for wording in _WORDINGS:
            for match in wording.finditer(text):
                kin = match["kin"].casefold()
                yield _GERMAN.get(kin, kin), match["name"].removesuffix("'s"), (chunk.id,)


def _recognised(facts: Sequence[Fact]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for fact in facts:
        known = attributes().get(fact.attribute or "")
        names = known is not None and known.kind == "relation" and known.value in ("name", "person")
        if known and names and fact.value and fact.subject == "self" and fact.status == "active":
            yield known.label.removesuffix("'s name"), fact.value, fact.refs
