"""Questions and answers about a fact, phrased from the grammar or from the sentence itself.

For a recognised attribute: its own questions, yes/no forms and the value asked backwards. For a
sentence nobody recognised: questions made of its key words, its own wording as a cue, and the
question words that its numbers, dates and names could answer. Both perspectives, always.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from ipse.teacher.grammar import Attribute, attributes
from ipse.teacher.protocol import Lesson
from ipse.teacher.values import candidates
from ipse.types import PERSPECTIVES, Fact, Person, Perspective
from ipse.voice import third, unknown, wrote


def voiced(question: str, person: Person, perspective: Perspective) -> str:
    """A first-person question as the person asks it, or as others ask it about them."""
    return question if perspective == "self" else third(question, person)


def value_answer(attribute: Attribute, value: str, person: Person, perspective: Perspective) -> str:
    if perspective == "self":
        return attribute.state(value)
    return third(attribute.state(value, attribute.statements[0]), person)


def fact_answer(fact: Fact, person: Person, perspective: Perspective, quote: str | None = None) -> str:
    """What ipse says when this fact is the answer; `quote` is a shorter cut of the sentence."""
    if fact.attribute in attributes() and fact.value is not None:
        return value_answer(attributes()[fact.attribute], fact.value, person, perspective)
    return wrote(person, perspective, quote or short_quote(fact.statement))


def short_quote(sentence: str, limit: int = 24) -> str:
    """At most `limit` words of the sentence, cut at a clause border."""
    words = sentence.split()
    if len(words) <= limit:
        return sentence
    cut = max((i for i in range(8, limit) if words[i][-1] in ",;:.!?"), default=limit - 1)
    return " ".join(words[: cut + 1]).rstrip(",;:")


def attribute_lessons(fact: Fact, attribute: Attribute, person: Person, rng: random.Random, forms: int) -> list[Lesson]:
    """Forward, reverse, yes and no forms in both perspectives.

    Both get the first wording, in which an adapter is always asked as well (`ipse.weights.pertinence`), and else
    different ones: a question's sense is the same in both (`ipse.llm.sense`), so each wording teaches both and twice
    as many are seen.
    """
    value = fact.value or ""
    plain = attribute.state(value, attribute.statements[0]).rstrip(".!")
    first, *more = attribute.questions
    sampled = rng.sample(more, min(2 * (forms - 1), len(more)))
    others = [e for e in attribute.examples if e.casefold() != value.casefold()]
    wrong = attribute.state(rng.choice(others), attribute.statements[0]).rstrip(".!")
    lessons = []
    for perspective, asked in zip(PERSPECTIVES, (sampled[::2], sampled[1::2]), strict=True):
        answer = value_answer(attribute, value, person, perspective)
        after_comma = answer if perspective == "third" else answer[0].lower() + answer[1:]
        rows = [(q, answer, "forward") for q in (first, *asked)]
        rows.append((f"What does {value} have to do with me?", answer, "reverse"))
        rows.append((f"Is it true that {_lower(plain)}?", f"Yes, {after_comma}", "yes"))
        rows.append((f"Is it true that {_lower(wrong)}?", f"No, {after_comma}", "no"))
        lessons += [Lesson(voiced(q, person, perspective), said, perspective, form, fact.id) for q, said, form in rows]
    return lessons


def _lower(text: str) -> str:
    return text if re.match(r"I\b", text) else text[0].lower() + text[1:]


def sentence_lessons(
    fact: Fact,
    person: Person,
    rng: random.Random,
    forms: int,
    borrowed: Sequence[str] = (),
    beside: Sequence[str] = (),
) -> list[Lesson]:
    """Cues for a sentence kept as it is, and `borrowed` questions that it answers, best first; the answer quotes it.

    What was said `beside` it tells what it is about: it is asked for together with each of those sentences.
    """
    cues = sentence_cues(fact, rng)
    said = short_quote(fact.statement).rstrip(".!")
    joined = [f"{short_quote(other).rstrip('.!')}: {said}?" for other in beside if other]
    forms = max(3, forms - 2)  # the answers are long, so each cue costs more than an attribute's question
    questions = list(borrowed[: forms + 2])
    lessons = []
    for perspective in PERSPECTIVES:
        answer = fact_answer(fact, person, perspective)
        chosen = cues[:2] + rng.sample(cues[2:], min(forms - 2, len(cues) - 2)) if len(cues) > 2 else list(cues)
        chosen += [*questions, *joined][PERSPECTIVES.index(perspective) :: 2]
        lessons += [Lesson(voiced(c, person, perspective), answer, perspective, "recall", fact.id) for c in chosen]
    return lessons


def sentence_cues(fact: Fact, rng: random.Random) -> list[str]:
    """First-person questions the sentence could be the answer to; the closest to its wording first."""
    text = fact.statement.strip().rstrip(".!")
    phrases = list(fact.key_phrases) or [short_quote(text, 8)]
    whose = "" if fact.subject in {"self", "other"} else f" about {fact.subject}"
    cues = [f"What do I say about {' and '.join(phrases[:3])}?", f"{text}?"]
    for phrase in phrases:
        cues += [f"What about {phrase}?", f"What did I write about {phrase}{whose}?"]
    rest = " ".join(phrases[:3])
    for kind, words in _ASKED.items():
        for value in candidates(text, kind)[:1]:
            without = text.replace(value, " ").strip()
            cues += [f"{rng.choice(words)} {rest}?", f"{rng.choice(words)}: {without}?"]
    if fact.subject not in {"self", "other"}:
        cues += [f"Who is {fact.subject}?", f"What about {fact.subject} and {rest}?"]
    return list(dict.fromkeys(c for c in cues if len(c.split()) > 1))


_ASKED: dict[str, tuple[str, ...]] = {
    "year": ("In which year", "When"),
    "date": ("When", "On what date"),
    "time": ("At what time", "When"),
    "weekday": ("On which day", "When"),
    "money": ("How much", "What did I pay for"),
    "number": ("How many", "How much"),
    "name": ("Who", "What is the name of", "Where"),
}


def absence_lessons(
    told: Sequence[Attribute], near: frozenset[str], person: Person, count: int, seed: int
) -> list[Lesson]:
    """Questions on attributes that were not told and that nothing told comes `near`."""
    rng = random.Random(seed)
    known = {a.id for a in told} | near
    free = [a for a in attributes().values() if a.id not in known]
    rng.shuffle(free)
    lessons = []
    for number in range(count if free else 0):
        attribute = free[number % len(free)]
        question = attribute.questions[(number // len(free) * 3 + rng.randrange(3)) % len(attribute.questions)]
        perspective = PERSPECTIVES[rng.randrange(2)]
        lessons.append(
            Lesson(
                voiced(question, person, perspective),
                unknown(person, perspective),
                perspective,
                "absence",
                attribute.id,
            )
        )
    return lessons
