"""A question that asks two things at once, taken apart so that each is answered by itself, and put together again.

"What is my dog called, and where do I live?" No memory and no sentence answers both. Where a later part says "she"
of somebody the first one names it stays whole. Knows nothing of how a question is answered.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ipse.agent.evidence import asks_about_other
from ipse.llm.sense import names_person
from ipse.types import Answer, Person

_BEFORE = r"(?i:(?:in|at|on|by|to|from|for|with|of|about|until|since|under)\s+)?"
_ASKS = r"(?i:what|which|who|whom|whose|where|when|how|why)\b"
_DOES = (
    r"(?i:do|does|did|is|are|am|was|were|have|has|had|can|will)\s+(?:(?i:I|we|you|he|she|they|it|my|our|the)\b|[A-Z])"
)
_JOINT = re.compile(rf"(?:\?\s+(?i:and\s+|also,?\s+)*|[,;]?\s+(?i:and)\s+(?i:also\s+)?)(?={_BEFORE}{_ASKS}|{_DOES})")
_PERSON_OF = re.compile(r"\b(?:he|she|they)\b", re.I)
_OWN_OF = re.compile(r"\b(?:his|their)\b", re.I)
_POINTS_BACK = re.compile(r"\b(?:he|she|it|they|him|her|them|his|hers|its|their|there|that|those|one)\b", re.I)
LEAST_WORDS = 3
"""Of a part: "Who and what am I to her?" is one question."""
MOST_WORDS = 40


def parts(question: str, person: Person) -> list[str]:
    """The questions in a question, in order; by itself where it asks but one thing."""
    first, *later = [part.strip(" ?") for part in _JOINT.split(question.strip())]
    if names_person(first, person.names) and not asks_about_other(first, person):
        later = [_OWN_OF.sub(f"{person.short}'s", _PERSON_OF.sub(person.short, part)) for part in later]
    found = [first, *later]
    if (
        len(found) == 1
        or any(len(part.split()) < LEAST_WORDS for part in found)
        or any(map(_POINTS_BACK.search, later))
    ):
        return [question]
    return [f"{part[0].upper()}{part[1:]}?" for part in found]


def together(answers: Sequence[Answer]) -> Answer:
    """One answer of those to the parts: as sure as the least sure, known if any is.

    Of what is too long together the later quotations are left out.
    """
    if len(answers) == 1:
        return answers[0]
    said = [answer.text for answer in answers]
    for at in sorted(range(len(said)), key=lambda i: -len(said[i].split())):
        if len(_joined(said).split()) > MOST_WORDS:
            said[at] = said[at].split(" / ", 1)[0]
    known = [answer for answer in answers if answer.known]
    refs = tuple(dict.fromkeys(ref for answer in answers for ref in answer.refs))
    return Answer(
        _joined(said),
        min(answer.confidence for answer in known or answers),
        known[0].spoke if known else "nobody",
        refs,
        known=bool(known),
    )


def _joined(said: Sequence[str]) -> str:
    return " / ".join(dict.fromkeys(said))
