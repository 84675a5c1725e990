"""Small sums that a question asks for and a sentence allows: ages from years.

Only what follows from the person's birth year and a year in the sentence; everything else is left
to be quoted. Returns None rather than a guess.
"""

from __future__ import annotations

import re

from ipse.types import Chunk, Person

_AGE = re.compile(r"\bhow old\b|\b(?:at|in) what age\b|\bwhat age\b", re.I)
_NOW = re.compile(r"\bhow old (?:am I|is [\w'-]+)\s*(?:now|today)?\?", re.I)
_YEAR = re.compile(r"\b(19\d\d|20\d\d)\b")
_AGO = re.compile(r"\b(\d+|two|three|four|five|six|seven|eight|nine|ten) years (?:ago|since)\b", re.I)
_SMALL = {
    w: n
    for n, w in enumerate(
        """
    zero one two three four five six seven eight nine ten
    """.split()
    )
}


def reckon(question: str, chunk: Chunk, person: Person) -> str | None:
    """ "How old was I when ...?" from a year in the sentence or from "six years since" and its date."""
    if person.birth_year is None or not _AGE.search(question) or _NOW.search(question):
        return None
    year = _YEAR.search(chunk.text)
    when = int(year[1]) if year else None
    ago = _AGO.search(chunk.text)
    if when is None and ago and chunk.at is not None:
        count = ago[1].lower()
        when = chunk.at.year - (_SMALL[count] if count in _SMALL else int(count))
    if when is None or not 0 < when - person.birth_year < 120:
        return None
    return f"About {when - person.birth_year}: {chunk.text}"
