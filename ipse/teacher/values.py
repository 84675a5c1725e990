"""Finds in a sentence the spans that could be an attribute's value, by type.

Knows shapes (numbers, times, dates, names, noun-like spans), not meanings.
"""

from __future__ import annotations

import re
from itertools import pairwise

_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|"
    r"Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)"
)
_SHAPES: dict[str, str] = {
    "number": r"\b\d[\d.,]*\b(?: ?(?:km|kg|cm|m|miles|hours|minutes|years|euros|%))?",
    "year": r"\b(?:19|20)\d\d\b",
    "date": rf"\b(?:\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH}\.?|"
    rf"{_MONTH}\.? \d{{1,2}}(?:st|nd|rd|th)?)(?:,? \d{{4}})?",
    "time": r"\b\d{1,2}[:.]\d\d(?: ?[ap]\.?m\.?)?|\b\d{1,2} ?[ap]\.?m\b\.?|\b(?:noon|midnight)\b",
    "weekday": r"\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?\b",
    "money": r"(?:[$€£]\s?\d[\d,. ]*)|\b\d[\d,. ]*\d? ?(?:k|thousand|million)?\s?"
    r"(?:euros?|dollars?|pounds?|kroner|kr|pesos|rupees|yen|naira|CHF|€|\$)",
}
NAMED = frozenset({"name", "person", "place"})
"""Kinds of value that are written with a capital letter."""
_NAME = r"(?:[A-ZÀ-ÖØ-ÞĀ-Ž][\w'’-]+(?: (?:de|la|van|von|der|bin|al) )?)(?: [A-ZÀ-ÖØ-ÞĀ-Ž][\w'’-]+){0,3}"
_CUT = re.compile(r"\s*(?:[,;:.!?()\n—–]|\s-\s|\b(?:but|because|since|although|which|who|so|and then|when|while|if)\b)")
_STOP = frozenset(
    """
    I I'm I've I'll i it he she they we you this that there what yes no
    """.split()
)


def shape_fits(value: str, kind: str) -> bool:
    """Whether a span looks like a value of that type."""
    value = value.strip()
    words = value.lower().replace("’", "'").split()
    if not words or len(words) > 7 or value in _STOP or words[0] in _NO_START or words[-1] in _NO_END:
        return False
    if kind in _SHAPES:
        return re.search(_SHAPES[kind], value) is not None or (
            kind == "number" and value.split()[0].lower() in _NUMBER_WORDS
        )
    if kind in NAMED:
        return any(word[:1].isupper() for word in value.split()) and value.split()[0].lower() not in _STOP
    return not value.lower().startswith(("that ", "to be ", "not "))


_NUMBER_WORDS = frozenset(
    """
    two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty sixty
    """.split()
)


_SAYS = frozenset("i'm i've i'd love loves like likes enjoy enjoys adore prefer".split())
"""No value begins with what the sentence says of it: of "I love the piano" it is the piano."""
_NO_START = _SAYS | frozenset("and or but too also then so it's adores really just".split())
_NO_END = frozenset("and or but the a an of to with my your too".split())


def trim(value: str) -> str:
    """Cuts a captured value at the first clause border and strips what belongs to the sentence."""
    cut = _CUT.search(value)
    return (value[: cut.start()] if cut and cut.start() > 0 else value).strip(" \"'“”.,!?;:")


def candidates(sentence: str, kind: str) -> list[str]:
    """Spans of the sentence that could be a value of that type, in order, without repeats."""
    if kind in _SHAPES:
        found = [m[0].strip() for m in re.finditer(_SHAPES[kind], sentence)]
    elif kind in NAMED:
        found = [m[0] for m in re.finditer(_NAME, sentence) if m.start() > 0 or " " in m[0]]
    else:
        words = re.findall(r"[^\s,;:.!?()\"]+", sentence)
        found = [" ".join(words[i : i + n]) for n in (1, 2, 3) for i in range(len(words) - n + 1)]
        found = [f for f in found if _EDGE.isdisjoint((f.split()[0].lower(), f.split()[-1].lower()))]
        found = [f for f in found if f.split()[0].lower() not in _VERBS and not _takes_object(f.lower().split())]
    return list(dict.fromkeys(f for f in found if f not in _STOP))[:24]


_EDGE = frozenset(
    """
    a an the of to in on at for with and or but is am are was were be been i my me we our you it he she
    they this that so very just not no do did have has had from by as than then too also when if
    """.split()
)
_ARTICLES = frozenset("a an the my his her our their".split())
_BEFORE_ARTICLES = frozenset(
    """
    of to in on at for with and or by as than from into onto over under near after before behind all half both
    """.split()
)


def _takes_object(words: list[str]) -> bool:
    """Whether there is a verb in it: an article after anything but a preposition, "stole the Peugeot"."""
    return any(word in _ARTICLES and before not in _BEFORE_ARTICLES for before, word in pairwise(words))


_VERBS = _SAYS | frozenset("play plays got want named called".split())
