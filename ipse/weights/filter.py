"""Which pairs are worth training on: five levels, each with its counts and its reasons.

A level is a function from pairs to those it keeps and those it drops. Nothing is mended here, and
nothing dropped without a reason. Knows no store and no training; the model, the embedder and what
counts as private are handed in.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from rapidfuzz import fuzz, process, utils

from ipse.llm.protocol import Embedder
from ipse.llm.template import clean
from ipse.types import Fact, Pair, Person
from ipse.weights.answered import answered
from ipse.weights.grounding import DENYING, fault, is_own, said, words_of

QUESTION_WORDS, ANSWER_WORDS = (2, 60), (1, 60)
NEAR = 97.0
"""Per cent of rapidfuzz's token_set_ratio."""
EXAMPLES = 3
"""Dropped pairs a reason that the report shows."""

_OLDEST = datetime.min.replace(tzinfo=UTC)
_REPEATED = re.compile(r"\b(\w+(?:\W+\w+){0,2})(?:\W+\1\b){2,}", re.IGNORECASE)
_SCRIPTS = {
    **dict.fromkeys(("be", "bg", "kk", "mk", "ru", "sr", "uk"), ("CYRILLIC",)),
    **dict.fromkeys(("hi", "mr", "ne"), ("DEVANAGARI",)),
    **dict.fromkeys(("ar", "fa", "ur"), ("ARABIC",)),
    **dict.fromkeys(("he", "yi"), ("HEBREW",)),
    "el": ("GREEK",),
    "ja": ("CJK", "HIRAGANA", "KATAKANA"),
    "ko": ("HANGUL",),
    "th": ("THAI",),
    "zh": ("CJK",),
}
_UNSPACED = frozenset({"ja", "th", "zh"})
_VERDICTS = ("yes", "no", "approve", "flag")
"""Forms in which a single word may be the whole answer."""

Reason = str
Dropped = list[tuple[Pair, Reason]]
Level = Callable[[Sequence[Pair]], tuple[list[Pair], Dropped]]


@dataclass(frozen=True, slots=True)
class LevelReport:
    """`made` pairs came in and `kept` went on; the rest by reason, with up to three pairs each."""

    made: int
    kept: int
    dropped: Mapping[Reason, int] = field(default_factory=dict)
    examples: Mapping[Reason, tuple[Pair, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FilterReport:
    kept: tuple[Pair, ...]
    levels: Mapping[str, LevelReport]
    """By name, in the order they ran: form, duplicates, grounding, privacy, worth."""


def filter_pairs(
    pairs: Sequence[Pair],
    facts: Sequence[Fact],
    person: Person,
    embedder: Embedder,
    private: Callable[[Sequence[str]], list[bool]],
    already_known: Callable[[Sequence[Pair]], list[bool]] | None = None,
) -> FilterReport:
    """Runs the five levels one after the other, in the order of `pairs`.

    `private` tells which texts touch a private topic; `already_known` which pairs the bare base
    answers word for word, and None leaves that out. Pairs cite facts, superseded ones included.
    """
    by_id = {fact.id: fact for fact in facts}
    levels: dict[str, Level] = {
        "form": lambda some: form(some, person),
        "duplicates": lambda some: duplicates(some, by_id),
        "grounding": lambda some: grounding(some, by_id, person, embedder),
        "privacy": lambda some: privacy(some, by_id, person, private),
        "worth": lambda some: worth(some, already_known),
    }
    left, reports = list(pairs), {}
    for name, level in levels.items():
        made = len(left)
        left, dropped = level(left)
        reports[name] = _report(made, len(left), dropped)
    return FilterReport(tuple(left), reports)


def form(pairs: Sequence[Pair], person: Person) -> tuple[list[Pair], Dropped]:
    """Level 1: a conversation that can be laid out, of a fit length, in the person's script."""
    return _sift(pairs, lambda pair: _schema_fault(pair) or _text_fault(pair, person))


def duplicates(pairs: Sequence[Pair], facts: Mapping[str, Fact]) -> tuple[list[Pair], Dropped]:
    """Level 2: one answer a prompt, the newest active fact's, and one wording of nearly equal ones."""
    best: dict[tuple[str, ...], Pair] = {}
    for pair in pairs:
        before = best.setdefault(_prompt_key(pair), pair)
        if _authority(pair, facts) > _authority(before, facts):
            best[_prompt_key(pair)] = pair
    worded: dict[tuple[object, ...], list[str]] = {}

    def reason(pair: Pair) -> Reason | None:
        chosen = best[_prompt_key(pair)]
        if chosen is not pair:
            same = _plain(chosen.answer) == _plain(pair.answer)
            return "same as another" if same else "contradicts another with the same prompt"
        # what "no" denies is one word of many: questions alike but for it are not the same
        key = (pair.task, pair.perspective, pair.form, _plain(pair.answer), tuple(sorted(pair.refs)))
        question, alike = utils.default_process(pair.question), worded.setdefault(key, [])
        if question and process.extractOne(question, alike, scorer=fuzz.token_set_ratio, score_cutoff=NEAR):
            return "nearly the same as another"
        alike.append(question)
        return None

    return _sift(pairs, reason)


def grounding(
    pairs: Sequence[Pair], facts: Mapping[str, Fact], person: Person, embedder: Embedder
) -> tuple[list[Pair], Dropped]:
    """Level 3: what is asserted follows from the cited facts, and what is denied is not among them.

    Style pairs assert nothing about the person: they are their own words.
    """

    def cited(pair: Pair) -> list[Fact]:
        return [facts[ref] for ref in pair.refs if ref in facts]

    faults: dict[str, Reason | None] = {}
    for pair in pairs:
        if pair.form in DENYING:
            faults[pair.id] = _denial_fault(pair, cited(pair), person)
        else:
            faults[pair.id] = None if pair.task == "style" else fault(pair, cited(pair), person)
    told = [pair for pair in pairs if pair.form not in DENYING and pair.task == "memory" and not faults[pair.id]]
    open_ = [pair for pair in told if not any(fact.sensitivity == "private" for fact in cited(pair))]
    for perspective, lessons in (("self", told), ("third", open_)):
        denied = [pair for pair in pairs if pair.form in DENYING and pair.perspective == perspective]
        for pair, known in zip(denied, answered(denied, lessons, person.names, embedder), strict=True):
            if known:
                faults[pair.id] = faults[pair.id] or "denies what another pair answers"
    return _sift(pairs, lambda pair: faults[pair.id])


def privacy(
    pairs: Sequence[Pair],
    facts: Mapping[str, Fact],
    person: Person,
    private: Callable[[Sequence[str]], list[bool]],
) -> tuple[list[Pair], Dropped]:
    """Level 4: nothing private for a third party, and nobody else's facts as the person's own."""
    secret = [fact for fact in facts.values() if fact.sensitivity == "private"]
    told = _stems(fact for fact in facts.values() if fact.sensitivity != "private")
    telling = {fact.id: _stems([fact]) - told for fact in secret}
    texts = sorted({text for p in pairs if _tells_others(p) for text in (p.question, said(p.answer))})
    touching = {text for text, touches in zip(texts, private(texts), strict=True) if touches}

    def reason(pair: Pair) -> Reason | None:
        cited = [facts[ref] for ref in pair.refs if ref in facts]
        if pair.form not in DENYING and (foreign := _foreign(pair, cited, person)):
            return foreign
        if pair.perspective == "self":
            return None
        denies = pair.form in DENYING
        if not denies and any(fact.sensitivity == "private" for fact in cited):
            return "tells a third party a private fact"
        if any(_holds(f"{pair.question} . {said(pair.answer)}", fact.value) for fact in secret):
            return "holds the value of a private fact"
        # a refusal has to name what it refuses; only its answer must tell nothing of it
        shown = [said(pair.answer)] if denies else [pair.question, said(pair.answer)]
        stems = frozenset[str]().union(*(words_of(text).stems for text in shown))
        if any(words and len(words & stems) >= min(2, len(words)) for words in telling.values()):
            return "holds the words of a private fact"
        return "touches a private topic" if not denies and touching.intersection(shown) else None

    return _sift(pairs, reason)


def _tells_others(pair: Pair) -> bool:
    return pair.perspective == "third" and pair.form not in DENYING


def worth(
    pairs: Sequence[Pair], already_known: Callable[[Sequence[Pair]], list[bool]] | None
) -> tuple[list[Pair], Dropped]:
    """Level 5: it teaches something.

    What the base denies of itself stays: without it the adapter would unlearn to say "I don't know". Of answers
    that the base doesn't give to the first of their questions it is not asked the others: it hardly knows any.
    """
    asserting = [pair for pair in pairs if pair.form not in DENYING]
    known: set[str] = set()
    if already_known is not None:
        first = list({pair.answer: pair for pair in reversed(asserting)}.values())
        given = {pair.answer for pair in _those(first, already_known)}
        known = {pair.id for pair in _those([p for p in asserting if p.answer in given], already_known)}
    return _sift(pairs, lambda pair: "the base knows it already" if pair.id in known else _degenerate(pair))


def _those(pairs: Sequence[Pair], hold: Callable[[Sequence[Pair]], list[bool]]) -> list[Pair]:
    return [pair for pair, holds in zip(pairs, hold(pairs), strict=True) if holds]


def _sift(pairs: Sequence[Pair], reason: Callable[[Pair], Reason | None]) -> tuple[list[Pair], Dropped]:
    judged = [(pair, reason(pair)) for pair in pairs]
    return [pair for pair, why in judged if why is None], [(pair, why) for pair, why in judged if why]


def _report(made: int, kept: int, dropped: Dropped) -> LevelReport:
    counts = Counter(why for _, why in dropped)
    examples = {why: tuple(p for p, other in dropped if other == why)[:EXAMPLES] for why in counts}
    return LevelReport(made, kept, dict(counts), examples)


def _schema_fault(pair: Pair) -> Reason | None:
    roles = [message.role for message in pair.messages]
    if len(roles) < 2 or roles[-1] != "assistant" or roles[-2] != "user":
        return "does not end with a question and its answer"
    if "system" in roles[1:]:
        return "has a system message that is not the first"
    if not all(message.content.strip() for message in pair.messages):
        return "has an empty message"
    return None


def _text_fault(pair: Pair, person: Person) -> Reason | None:
    language = person.language.casefold().split("-")[0]
    for name, text, (least, most) in (
        ("question", pair.question, QUESTION_WORDS),
        ("answer", said(pair.answer), ANSWER_WORDS),
    ):
        if any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t" for c in text):
            return f"{name} holds control characters"
        if clean(text) != text:
            return f"{name} holds a mark of the chat format"
        # without spaces between words two characters make about one
        length = (len(text) + 1) // 2 if language in _UNSPACED else len(text.split())
        if not least <= length <= most:
            return f"{name} has not {least} to {most} words"
        if not _in_script(text, _SCRIPTS.get(language, ("LATIN",))):
            return f"{name} is not in the person's script"
    return None


def _in_script(text: str, scripts: tuple[str, ...]) -> bool:
    letters = [unicodedata.name(c, "") for c in text if c.isalpha()]
    return 2 * sum(name.startswith(scripts) for name in letters) >= len(letters)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _prompt_key(pair: Pair) -> tuple[str, ...]:
    return (pair.task, pair.perspective, *(f"{m.role}:{_plain(m.content)}" for m in pair.prompt))


def _authority(pair: Pair, facts: Mapping[str, Fact]) -> tuple[bool, int, datetime]:
    """Of two answers to one prompt the greater is right: a refusal, then the newest active fact's."""
    cited = [facts[ref] for ref in pair.refs if ref in facts]
    active = any(fact.status == "active" for fact in cited)
    newest = max((fact.valid_from or _OLDEST for fact in cited), default=_OLDEST)
    return pair.form == "refusal", (2 if active else 1 if cited else 0), newest


def _denial_fault(pair: Pair, cited: Sequence[Fact], person: Person) -> Reason | None:
    if pair.perspective == "third" and all(fact.sensitivity == "private" for fact in cited):
        return None
    if any(is_own(fact, person) for fact in cited):
        return "denies or refuses what the fact it cites answers"
    return None


def _foreign(pair: Pair, cited: Sequence[Fact], person: Person) -> Reason | None:
    """A fact about somebody else has to name them, in the question or in the answer."""
    stems = words_of(f"{pair.question} . {said(pair.answer)}").stems
    for fact in cited:
        subject = words_of(fact.subject).stems
        if not is_own(fact, person) and subject and not subject & stems:
            return "states another's fact as the person's own"
    return None


def _stems(facts: Iterable[Fact]) -> frozenset[str]:
    return frozenset().union(*(words_of(f"{f.statement} . {f.value or ''}").stems for f in facts))


def _holds(text: str, value: str | None) -> bool:
    """Whether the value stands in the text as whole words; a mere "no" or "2" gives nothing away."""
    wanted = words_of(value or "")
    if value is None or not (wanted.stems or any(len(number) > 2 for number in wanted.numbers)):
        return False
    return bool(re.search(rf"(?<!\w){re.escape(_plain(value))}(?!\w)", _plain(text)))


def _degenerate(pair: Pair) -> Reason | None:
    answer = said(pair.answer)
    if _REPEATED.search(answer):
        return "repeats itself"
    if pair.form in (*DENYING, *_VERDICTS) or pair.task == "style":
        return None
    told, asked = words_of(answer), words_of(pair.question)
    if not (told.stems or told.numbers):
        return "says nothing"
    # "You have asthma" does answer "What does asthma have to do with me?", and a cue its own sentence
    if pair.form not in ("reverse", "recall") and told.stems <= asked.stems and told.numbers <= asked.numbers:
        return "says no more than the question"
    return None
