"""The one place that renders what a prompt is told about the person, and the only one that reads their paragraph.

No cache and no variant for this surface or that: whoever needs it asks here, each time. How to answer comes first
(only where the person themselves is served, for it is about talking with them), then what is known. What is private
stands in no voice that others hear. Where nothing is known it renders nothing at all.
"""

from __future__ import annotations

from ipse.store.protocol import Store
from ipse.types import Biography, Paragraph, Person, Perspective

MAX_TOKENS = 300
CHARS_PER_TOKEN = 4


def current(store: Store) -> Paragraph | None:
    """The paragraph in force, with its provenance; None before there ever was one."""
    return store.paragraph()


def preamble(store: Store) -> str:
    """How to answer the person, as every prompt is told it; "" where nothing is known."""
    paragraph = current(store)
    return paragraph.text if paragraph else ""


def context(store: Store, perspective: Perspective, max_tokens: int = MAX_TOKENS) -> str:
    """The preamble and the facts that matter most, as whole sentences that fit `max_tokens`; no model involved.

    "self" speaks to the person in the second person; "third" speaks of them to somebody else, and has no preamble. A
    preamble that doesn't fit is left out as a whole: with sentences missing it might say something else.
    """
    budget = max_tokens * CHARS_PER_TOKEN
    manner = preamble(store) if perspective == "self" else ""
    told = manner if len(manner) <= budget else ""
    facts = render(store.person, store.biography(), perspective, budget - len(told) - 2)
    return "\n\n".join(part for part in (told, facts) if part)


def render(person: Person, biography: Biography | None, perspective: Perspective, budget: int) -> str:
    """Whole sentences of the biography, at most `budget` characters with their heading, or ""."""
    if biography is None:
        return ""
    voice = biography.second if perspective == "self" else biography.third
    heading = _heading(person, perspective)
    left = budget - len(heading) - 1
    sentences = []
    for sentence, _ in voice:
        if len(sentence) <= left:
            sentences.append(sentence)
            left -= len(sentence) + 1
    return " ".join([heading, *sentences]) if sentences else ""


def _heading(person: Person, perspective: Perspective) -> str:
    if perspective == "self":
        return f'What is known about {person.name} ({person.pronouns}), who is "you" here:'
    return f"What may be told about {person.name} ({person.pronouns}):"
