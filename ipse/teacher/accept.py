"""What of a language model's reply is believed, and why the rest is refused.

Pure functions from a reply to drafts, lessons and Failures; the model itself is not known here.
A Failure names the chunk or fact and the rule that was broken, and repeats none of the text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from rapidfuzz import fuzz

from ipse.teacher.prompts import ANSWER_CHARS, MAX_LESSONS, MIN_LESSONS, THINK_CHARS
from ipse.teacher.protocol import CoT, FactDraft, Lesson
from ipse.teacher.replies import FoundFact, LessonForm, WrittenLesson
from ipse.types import Chunk, Fact, Failure, Person

_QUOTE_FIT = 90.0
"""How much of a quote must stand in its passage, in per cent: models mend typos and quote marks."""
_QUOTE_LEAST = 5
_ID_SHOWN = 40
"""Characters of an id that the model made up."""
_STATEMENT_MOST = 400
_REASONED_MOST = 1500
_QUESTION_MOST = 300
_MYSELF = frozenset({"self", "me", "i", "myself", "the person"})
_FORMS: tuple[LessonForm, ...] = ("forward", "reverse", "yes", "no")
_STRONG = re.compile(
    r"\A<think>(?P<think>(?:(?!</?think>).)+)</think>\n(?P<answer>(?:(?!</?think>)[^\n])+)\Z", re.DOTALL
)
_ANSWER_OF = re.compile(r"\A<think>.*</think>\n", re.DOTALL)


def drafts(
    found: Iterable[FoundFact], chunks: Sequence[Chunk], person: Person
) -> tuple[list[FactDraft], list[Failure]]:
    """The facts that are about one of `chunks` and whose quote stands in it."""
    by_id = {chunk.id: chunk for chunk in chunks}
    kept: list[FactDraft] = []
    failures: list[Failure] = []
    for fact in found:
        chunk = by_id.get(fact.chunk_id)
        if chunk is None:
            failures.append(Failure(fact.chunk_id[:_ID_SHOWN], "the model cited a chunk that was not in its batch"))
        elif fault := _draft_fault(fact, chunk):
            failures.append(Failure(chunk.id, fault))
        else:
            kept.append(_draft(fact, chunk, person))
    return kept, failures


def is_quoted(quote: str, text: str) -> bool:
    """Whether `quote` stands in `text`, give or take a few characters."""
    quote, text = _plain(quote), _plain(text)
    if len(quote) < min(_QUOTE_LEAST, len(text)):
        return False
    # partial_ratio looks for the shorter in the longer: a quote longer than its passage would pass
    # whatever it adds, so such a one has to match as a whole
    compare = fuzz.partial_ratio if len(quote) <= len(text) else fuzz.ratio
    return bool(compare(quote, text) >= _QUOTE_FIT)


def lessons(
    written: Iterable[WrittenLesson], facts: Sequence[Fact], person: Person, cot: CoT
) -> tuple[list[Lesson], list[Failure]]:
    """The usable lessons in order, at most 30 a fact, and what each fact still lacks."""
    by_id = {fact.id: fact for fact in facts}
    kept: dict[str, list[Lesson]] = {fact.id: [] for fact in facts}
    refused: Counter[tuple[str, str]] = Counter()
    for lesson in written:
        fact = by_id.get(lesson.fact_id)
        fault: str | None = "the model cited a fact that was not in its batch"
        if fact is not None:
            fault = _lesson_fault(lesson, fact, person, cot) or _surplus(lesson, kept[fact.id])
        if fault:
            refused[lesson.fact_id[:_ID_SHOWN], fault] += 1
            continue
        question, answer = lesson.question.strip(), lesson.answer.strip()
        kept[lesson.fact_id].append(Lesson(question, answer, lesson.perspective, lesson.form, lesson.fact_id))
    failures = [Failure(place, f"{count} lesson(s) refused: {fault}") for (place, fault), count in refused.items()]
    failures += [Failure(fact.id, lack) for fact in facts if (lack := _lack(fact, kept[fact.id]))]
    return [lesson for fact in facts for lesson in kept[fact.id]], failures


def cot_fault(answer: str, cot: CoT) -> str | None:
    """Why `answer` is not in the form its chain-of-thought mode demands; None when it is."""
    if cot == "strong":
        match = _STRONG.match(answer)
        if match is None:
            return "the answer is not <think>...</think>, a line break and one line of answer"
        if not _within(match["think"], THINK_CHARS):
            return f"the thinking has not {THINK_CHARS[0]} to {THINK_CHARS[1]} characters"
        fits = _within(match["answer"], ANSWER_CHARS)
        return None if fits else f"the answer is over {ANSWER_CHARS[1]} characters"
    if "<think>" in answer or "</think>" in answer:
        return f"the answer holds think tags, which mode {cot} has not"
    most = ANSWER_CHARS[1] if cot == "none" else _REASONED_MOST
    return None if _within(answer, (1, most)) else f"the answer has not 1 to {most} characters"


def _draft_fault(fact: FoundFact, chunk: Chunk) -> str | None:
    if chunk.role != "self":
        return "the passage is not by the person"
    if not is_quoted(fact.quote, chunk.text):
        return "the quote is not in the passage"
    if not _within(fact.statement, (1, _STATEMENT_MOST)):
        return f"the statement has not 1 to {_STATEMENT_MOST} characters"
    return None


def _draft(fact: FoundFact, chunk: Chunk, person: Person) -> FactDraft:
    attribute = re.sub(r"[^a-z0-9]+", "_", (fact.attribute or "").casefold()).strip("_")
    value = (fact.value or "").strip()
    recognised = bool(attribute and value)  # one without the other says nothing
    subject = fact.subject.strip() or "self"
    own = {*_MYSELF, person.short.casefold(), *(name.casefold() for name in person.names)}
    return FactDraft(
        statement=fact.statement.strip(),
        chunk_id=chunk.id,
        kind=fact.kind,
        subject="self" if subject.casefold() in own else subject,
        attribute=attribute if recognised else None,
        value=value if recognised else None,
        key_phrases=tuple(phrase.strip() for phrase in fact.key_phrases if phrase.strip()),
        at=chunk.at,
        stance=fact.stance,
        sensitivity=fact.sensitivity,
        change=fact.change,
    )


def _lesson_fault(lesson: WrittenLesson, fact: Fact, person: Person, cot: CoT) -> str | None:
    if fact.sensitivity == "private" and lesson.perspective == "third":
        return "it tells a private fact to others"
    if not _within(lesson.question, (3, _QUESTION_MOST)):
        return f"the question has not 3 to {_QUESTION_MOST} characters"
    answer = lesson.answer.strip()
    if fault := cot_fault(answer, cot):
        return fault
    # in the other modes reasoning stands first, and other languages say yes in other words
    plain = cot in ("none", "strong") and person.language.casefold().startswith("en")
    said = _ANSWER_OF.sub("", answer).casefold()
    if plain and lesson.form in ("yes", "no") and not re.match(rf"{lesson.form}\b", said):
        return f'the answer to a "{lesson.form}" question does not begin with {lesson.form}'
    return None


def _surplus(lesson: WrittenLesson, kept: Sequence[Lesson]) -> str | None:
    if len(kept) >= MAX_LESSONS:
        return f"beyond the {MAX_LESSONS} that a fact gets"
    asked = _plain(lesson.question)
    return "asks the same as another" if any(_plain(other.question) == asked for other in kept) else None


def _lack(fact: Fact, lessons: Sequence[Lesson]) -> str | None:
    """What is missing from a fact's lessons, on one line."""
    lacks = []
    if len(lessons) < MIN_LESSONS:
        lacks.append(f"{len(lessons)} usable lessons, at least {MIN_LESSONS} are wanted")
    has_forms = {lesson.form for lesson in lessons}
    lacks += [f'no "{form}" question' for form in _FORMS if form not in has_forms]
    wanted = ("self",) if fact.sensitivity == "private" else ("self", "third")
    has_perspectives = {lesson.perspective for lesson in lessons}
    lacks += [f'no lesson in perspective "{p}"' for p in wanted if p not in has_perspectives]
    return "; ".join(lacks) or None


def _within(text: str, bounds: tuple[int, int]) -> bool:
    return bounds[0] <= len(text.strip()) <= bounds[1]


def _plain(text: str) -> str:
    return " ".join(text.replace("’", "'").casefold().split())
