"""A question that asks two things at once, taken apart so that each is answered by itself, and put together again.

"What is my dog called, and where do I live?" No memory and no sentence answers both. Knows nothing of how
a question is answered.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ipse.types import Answer

_BEFORE = r"(?:(?:in|at|on|by|to|from|for|with|of|about|until|since|under)\s+)?"
_ASKS = r"(?:what|which|who|whom|whose|where|when|how|why|do|does|did|is|are|am|was|were|have|has|had|can|will)\b"
_JOINT = re.compile(rf"(?:\?\s+(?:and\s+|also,?\s+)*|[,;]?\s+and\s+(?:also\s+)?)(?={_BEFORE}{_ASKS})", re.I)
LEAST_WORDS = 3
"""Of a part: "Who and what am I to her?" is one question."""
MOST_WORDS = 40


def parts(question: str) -> list[str]:
    """The questions in a question, in order; by itself where it asks but one thing."""
    found = [part.strip(" ?") for part in _JOINT.split(question.strip())]
    if len(found) == 1 or any(len(part.split()) < LEAST_WORDS for part in found):
        return [question]
    return [f"{part[0].upper()}{part[1:]}?" for part in found]


def together(answers: Sequence[Answer]) -> Answer:
    """One answer of those to the parts: as sure as the least sure, known if any is."""
    if len(answers) == 1:
        return answers[0]
    said = [answer.text for answer in answers]
    if sum(len(text.split()) for text in said) >= MOST_WORDS:
        said = [text.split(" / ", 1)[0] for text in said]  # of several quotations the best
    known = [answer for answer in answers if answer.known]
    refs = tuple(dict.fromkeys(ref for answer in answers for ref in answer.refs))
    return Answer(
        " / ".join(dict.fromkeys(said)),
        min(answer.confidence for answer in known or answers),
        known[0].spoke if known else "nobody",
        refs,
        known=bool(known),
    )
