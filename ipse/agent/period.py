"""The months and years that a question names: "What did I lose in March?" is answered by what was said then.

Only whether a sentence is of that time; whether it answers, others tell.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ipse.keyphrases import MONTHS
from ipse.types import Chunk

OF_ITS_TIME = 0.97
"""How often what answers a question that names a month or a year was said then, or names it too: 971 of 990 questions
of written lives that name a year."""

YEAR = re.compile(r"\b((?:19|20)\d\d)\b")

_NAMES = "|".join(name for name in MONTHS if name != "May")
_BEFORE_MAY = "in|of|my|by|our|his|her|mid|last|this|next|from|late|that|since|until|early|after|during|before"
_ASKED_MONTH = re.compile(rf"\b(?:({_NAMES})\b|(?:{_BEFORE_MAY})[ -](May)\b|(May) (?=(?:19|20)\d\d\b))")
"""May is a name and a verb as well."""
_TOLD_MONTH = re.compile(rf"\b(?:{_NAMES}|May|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b", re.I)


@dataclass(frozen=True, slots=True)
class Period:
    """Empty where it doesn't matter; months are 1 to 12."""

    months: frozenset[int]
    years: frozenset[int]

    def has(self, chunk: Chunk) -> bool:
        """Whether it was said then, or names that time."""
        months = {month_of(name) for name in _TOLD_MONTH.findall(chunk.text)}
        years = {int(year) for year in YEAR.findall(chunk.text)}
        if chunk.at is not None:
            months, years = months | {chunk.at.month}, years | {chunk.at.year}
        return (not self.months or bool(self.months & months)) and (not self.years or bool(self.years & years))


def period_of(question: str) -> Period | None:
    """The time that a question names, if it does."""
    names = ("".join(found) for found in _ASKED_MONTH.findall(question))
    period = Period(frozenset(map(month_of, names)), frozenset(map(int, YEAR.findall(question))))
    return period if period.months or period.years else None


def timely(question: str, chunks: Sequence[Chunk]) -> list[float]:
    """What each chunk's log-odds to answer gain or lose by its time; nothing where the question names none.

    By Bayes' rule: how often what answers is of that time, against how often whatever was said is.
    """
    period = period_of(question)
    if period is None:
        return [0.0] * len(chunks)
    fits = [period.has(chunk) for chunk in chunks]
    usual = (sum(fits) + 0.5) / (len(fits) + 1)
    gain, loss = math.log(OF_ITS_TIME / usual), math.log((1 - OF_ITS_TIME) / (1 - usual))
    return [gain if fit else loss for fit in fits]


def month_of(name: str) -> int:
    """1 to 12, by the three letters that its name or short form begins with."""
    return 1 + [month[:3] for month in MONTHS].index(name[:3].capitalize())
