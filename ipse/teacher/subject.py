"""Whom a sentence is about: the person, somebody they name, or somebody named just before.

Cues of English word order only; when in doubt it says "self", because the sentence is the
person's own and stays quoted in their words anyway.
"""

from __future__ import annotations

import re

from ipse.keyphrases import MONTHS, STOP_WORDS, WEEKDAYS

RELATIONS = frozenset(
    """
    mother father mum mom dad mama papa parents sister brother daughter son wife husband partner
    girlfriend boyfriend grandmother grandma granny grandfather grandpa granddaughter grandson
    grandchild aunt uncle cousin niece nephew friend neighbour neighbor boss colleague coworker flatmate
    roommate landlord teacher student doctor dog cat ex fiancé fiancée stepson stepdaughter
    mother-in-law father-in-law sister-in-law brother-in-law
    """.split()
)
ANY_RELATION = "|".join(sorted(RELATIONS, key=len, reverse=True))
"""A pattern for one of them."""
_RELATION = rf"((?i:{ANY_RELATION}))(?![\w-])"
_MY = re.compile(rf"^(?:(?i:and|but|so|also|well) )?(?i:my|our) (?:\w+ )?{_RELATION}(?:[ ,]+([A-Z][\w-]+))?")
_INTRODUCED = re.compile(rf"\b(?i:my|our) (?:\w+ )?{_RELATION}[ ,]+([A-Z][\w-]+)")
_PRONOUN = re.compile(r"^(?:and |but |so |also )?(he|she|they|his|hers?|theirs?)\b", re.I)
_ACTS = (
    r"is|was|has|had|can|can't|could|will|won't|says|said|got|gets|plays|works|lives|told|made|wants|calls|called|"
    r"passed|finished|asks|asked|never|always|still|[a-z]+ed|[a-z]+s"
)
_NAMED = re.compile(
    rf"^(?:[Aa]nd |[Bb]ut |[Ss]o |[Aa]lso )?((?:[A-Z][\w'-]*[a-z]\.? )?[A-Z][\w-]*[a-z])(?:'s)? (?:{_ACTS})\b"
)
_NOT_NAMES = (STOP_WORDS - {"will"}) | frozenset(map(str.casefold, (*MONTHS, *WEEKDAYS))) | {"two", "three"}


def subject_of(sentence: str, previous: str = "self", names: tuple[str, ...] = ()) -> str:
    """ "self", or the name or relation of the other person the sentence is about.

    `previous` is the subject of the sentence before it, which "he" or "she" goes back to.
    """
    text = sentence.strip().lstrip("\"'“‘(*-• ")
    own = {w.casefold() for name in names for w in (name, *name.split()[:1])}
    if _PRONOUN.match(text):
        return previous if previous != "self" else "other"
    my = _MY.match(text)
    if my:
        return my[2] or my[1].lower()
    named = _NAMED.match(text)
    if named:
        name = named[1]
        if name.casefold() not in own and name.split()[0].casefold() not in _NOT_NAMES:
            return name
    return "self"


def introduced(text: str) -> set[str]:
    """The names that come with a relation: Hanne in "my sister Hanne"."""
    return {match[2] for match in _INTRODUCED.finditer(text)}
