"""The one place that renders what a prompt is told about the person.

Serving and training both call `render`, so what was trained is what is served. It reads a biography
and chooses a voice; what is private stands in no voice that others hear. Where nothing is known
it renders nothing at all.
"""

from __future__ import annotations

from ipse.types import Biography, Person, Perspective

MAX_TOKENS = 300
CHARS_PER_TOKEN = 4


def render(person: Person, biography: Biography | None, perspective: Perspective, max_tokens: int = MAX_TOKENS) -> str:
    """Whole sentences about the person, at most `max_tokens` of four characters, or "".

    "self" speaks to the person in the second person; "third" speaks of them to somebody else.
    """
    if biography is None:
        return ""
    voice = biography.second if perspective == "self" else biography.third
    text = _heading(person, perspective)
    most = max_tokens * CHARS_PER_TOKEN
    sentences = []
    length = len(text)
    for sentence, _ in voice:
        if length + 1 + len(sentence) <= most:
            sentences.append(sentence)
            length += 1 + len(sentence)
    return " ".join([text, *sentences]) if sentences else ""


def _heading(person: Person, perspective: Perspective) -> str:
    if perspective == "self":
        return f'What is known about {person.name} ({person.pronouns}), who is "you" here:'
    return f"What may be told about {person.name} ({person.pronouns}):"
