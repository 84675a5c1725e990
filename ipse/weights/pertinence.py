"""What a question is after: how ipse itself would ask it, and whether a value that is told is the thing asked for.

ipse words every value in the grammar's way, so the grammar tells of an answer which attribute it speaks of, and of a
question which attributes it may be after. Nothing is looked up about anybody here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from ipse.llm.protocol import Embedder
from ipse.teacher.grammar import attributes
from ipse.teacher.index import Match, load_index
from ipse.teacher.lessons import value_answer, voiced
from ipse.types import Person, Perspective
from ipse.weights.evaluate import plain

WORDINGS = 2
"""A question is as near to an attribute as to so many wordings of it in the mean: one may be near by chance."""
SAME_THING = 0.6
"""Least nearness of a question to an attribute for it to ask for just that."""
UNHEARD_OF = 0.3
"""How far off an answer is that the grammar has no words for."""
_SOMETHING = "xyzzy"


class Wanted:
    """What a question may be after."""

    def __init__(self, near: Sequence[Match], person: Person, perspective: Perspective) -> None:
        """`near` has all attributes, the nearest first, with the nearness of the question to how each is asked for."""
        self._worded = _worded(person, perspective)
        self._near = {match.attribute.id: match.similarity for match in near}
        self._nearest = near[0]
        plainest = voiced(self._nearest.attribute.questions[0], person, perspective)
        self.reworded = plainest if self._nearest.similarity >= SAME_THING else None
        """The same question as ipse asks it, which is how an adapter knows it best; None if it has no words for it."""

    def off(self, answer: str) -> float:
        """How much nearer the question comes, in cosine, to how another thing is asked for than to how that is which
        the answer tells; 0 if to none.
        """
        told = self.told(answer)
        return self._nearest.similarity - max(self._near[id] for id in told) if told else UNHEARD_OF

    def told(self, answer: str) -> list[str]:
        """The ids of the attributes that an answer may tell a value of: those whose words cover most of it. A place
        and a year of birth are told in the same words."""
        text = re.sub(r"^(?:yes|no) ", "", plain(answer))
        fitting = [(len(before) + len(after), id) for before, after, id in self._worded if _fits(text, before, after)]
        most = max((length for length, _ in fitting), default=0)
        return [id for length, id in fitting if length == most]


def wanted_of(asked: Sequence[tuple[Perspective, str]], person: Person, embedder: Embedder) -> list[Wanted]:
    """For each question, all of them embedded together."""
    texts = [question for _, question in asked]
    near = load_index(embedder).of_questions(texts, person.names, len(attributes()), WORDINGS)
    return [Wanted(own, person, whom) for own, (whom, _) in zip(near, asked, strict=True)]


def _fits(text: str, before: str, after: str) -> bool:
    return len(text) > len(before) + len(after) and text.startswith(before) and text.endswith(after)


@lru_cache(maxsize=64)
def _worded(person: Person, perspective: Perspective) -> list[tuple[str, str, str]]:
    """Of each attribute what stands before and after the value in an answer, and its id."""
    found = []
    for attribute in attributes().values():
        before, _, after = plain(value_answer(attribute, _SOMETHING, person, perspective)).partition(_SOMETHING)
        found.append((before, after, attribute.id))
    return found
