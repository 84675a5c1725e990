"""One short paragraph on how to answer the person, from what they like: written once a change, never when read.

The same preferences always give the same words, so that a stored paragraph can be held against them. Every sentence
says which dimensions it rests on. It speaks in the second person, plainly or packed as the person likes to read, and
stays under `LIMIT` words: what has least evidence goes first, then the end of about-me. Pinned text is passed on as it
is; where nothing is known nothing is said. Where a language model has put these very sentences in words of its own
(`consult`), those are told. Knows no store, no model and no clock.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from ipse.errors import UsageError
from ipse.raw.signals import LANGUAGES
from ipse.types import NUMERIC, Dimension, Paragraph, Preference, Profile, Provenance, new_id
from ipse.voice import second
from ipse.words.preferences import number, shares

MADE_BY = "personality-1"
LIMIT = 290
ABOUT_LIMIT = 150
"""Words of about-me that are woven in; the rest of the paragraph is how to answer."""
PACKED_FROM = 0.5
"""Density from which the paragraph itself is written packed."""
ENOUGH = 3
"""Signals before a dimension is spoken of, unless the person said so outright."""
NAMED_FROM, EVEN = 0.2, 0.6
"""Share from which a second category is named; two languages are equals when neither has more than `EVEN`."""
JOINTS: dict[str, tuple[str, str]] = {"tone": ("length", ", "), "math_comfort": ("level", "; ")}
"""What is joined to the sentence of which dimension, and by what."""
ORDER: tuple[Dimension, ...] = ("length", "tone", "density", "level", "math_comfort", "domain", "language")
THUMBS, NUDGES = 30, 10
"""So many of both outgrow the quiz."""
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")

Sentence = tuple[str, tuple[str, ...]]


def verbalize(profile: Profile, preferences: Mapping[str, Preference], at: datetime) -> Paragraph:
    """The paragraph that all prompts read until the next change."""
    provenance = provenance_of(profile, preferences)
    told = told_by(profile, preferences)
    made_by = "user" if provenance == "user_authored" else MADE_BY
    wording = profile.wording
    if wording is not None and wording.sentences and wording.of == digest(told):
        told, made_by = wording.sentences, wording.made_by
    made = new_id("paragraph", provenance, digest(told), at.isoformat())
    return Paragraph(made, told, provenance, at, made_by)


def told_by(profile: Profile, preferences: Mapping[str, Preference]) -> tuple[Sentence, ...]:
    """What is to be told, in the person's own words or in the grammar's."""
    if profile.pinned is not None:
        return ((profile.pinned, ("user",)),)  # word for word, line for line
    return tuple(_told(profile, preferences))


def digest(sentences: Sequence[Sentence]) -> str:
    """Which sentences these are, and what they rest on."""
    return new_id("told", "\x1f".join(f"{sentence}\x1e{','.join(refs)}" for sentence, refs in sentences))


def provenance_of(profile: Profile, preferences: Mapping[str, Preference]) -> Provenance:
    """Whose words the paragraph is (design, section 7)."""
    if profile.pinned is not None:
        return "user_authored"
    if not preferences and not profile.about_me:
        return "empty"
    outgrown = profile.thumbs >= THUMBS and profile.nudges >= NUDGES
    return "onboarding" if profile.onboarded and not outgrown else "evolved"


def sentences_of(text: str) -> list[str]:
    return [sentence.strip() for sentence in _SENTENCE.split(text.strip()) if sentence.strip()]


def sentence_for(dimension: Dimension, value: float, form: str = "alone") -> str:
    """How a numeric dimension is put at `value`. Raises UsageError for one that has no numbers."""
    if dimension not in NUMERIC:
        raise UsageError(f"{dimension} has no numbers; it is told by its categories")
    bands: list[str] = wordings()[dimension][form]
    return bands[min(len(bands) - 1, int(value * len(bands)))]


@cache
def wordings() -> dict[str, dict[str, Any]]:
    return tomllib.loads((Path(__file__).parent / "wordings.toml").read_text(encoding="utf-8"))


def _told(profile: Profile, preferences: Mapping[str, Preference]) -> list[Sentence]:
    about = _about(profile.about_me)
    spoken = [preferences[d] for d in ORDER if d in preferences and _enough(preferences[d])]
    lines = _lines(spoken)
    while spoken and _words(lines) + _words(about) > LIMIT:
        spoken.remove(min(spoken, key=lambda each: each.count))
        lines = _lines(spoken)
    return [*lines, *about]


def _words(sentences: Sequence[Sentence]) -> int:
    return sum(len(sentence.split()) for sentence, _ in sentences)


def _enough(preference: Preference) -> bool:
    return preference.outright or preference.count >= ENOUGH


def _lines(spoken: Sequence[Preference]) -> list[Sentence]:
    """A sentence a dimension; where text may be packed some are joined in pairs."""
    values = {each.dimension: number(each) for each in spoken if each.dimension in NUMERIC}
    packed = values.get("density", 0.0) >= PACKED_FROM
    lines: list[Sentence] = []
    for each in spoken:
        name = each.dimension
        joint = JOINTS.get(name)
        if packed and joint and lines and lines[-1][1] == (joint[0],):
            clause = sentence_for(name, values[name], "after")
            lines[-1] = (f"{lines[-1][0][:-1]}{joint[1]}{clause}.", (joint[0], name))
        elif name in values:
            lines.append((sentence_for(name, values[name]), (name,)))
        else:
            lines.append((_categories(each), (name,)))
    return lines


def _categories(preference: Preference) -> str:
    ranked = shares(preference)
    return _language(ranked) if preference.dimension == "language" else _domain(ranked)


def _language(ranked: Sequence[tuple[str, float]]) -> str:
    names = [LANGUAGES.get(name, name) for name, _ in ranked[:2]]
    form = "even" if ranked[0][1] <= EVEN else "two"
    if len(ranked) == 1 or ranked[1][1] < NAMED_FROM:
        form = "one"
    return str(wordings()["language"][form].format(*names))


def _domain(ranked: Sequence[tuple[str, float]]) -> str:
    named = [ranked[0][0], *(name for name, share in ranked[1:3] if share >= NAMED_FROM)]
    return str(wordings()["domain"][("one", "two", "three")[len(named) - 1]].format(*named))


def _about(text: str) -> list[Sentence]:
    """What the person says of themselves, said to them, as far as there is room: whole sentences, but for a first one
    that is longer than that.
    """
    kept: list[Sentence] = []
    left = ABOUT_LIMIT
    for sentence in sentences_of(text):
        words = len(sentence.split())
        if words > left:
            if kept:
                break
            sentence, words = " ".join(sentence.split()[:left]) + " …", left
        left -= words
        turned = second(sentence)
        kept.append((turned if turned[-1:] in ".!?…" else f"{turned}.", ("about_me",)))
    return kept
