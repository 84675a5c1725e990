"""What a text is about, in a few of its own words: RAKE in small, without a model or a corpus.

Also the word-level groundwork that other modules share: tokens, stop words, stems and numbers.
Knows nothing of persons, facts or stores; the stop words are English and German.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

MAX_WORDS = 4
"""Longer runs of content words are cut: a key phrase is a handle, not a sentence."""

_TOKEN = re.compile(
    r"\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?!\d)"  # 42 000
    r"|\d+(?:[.,:/]\d+)*%?"  # 42,000  2:45  4.1  31/12/2025
    r"|\w+(?:['’\-.]\w+)*"  # words, B1, baker's, e-mail
    r"|[^\w\s]"
)


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


STOP_WORDS = _listed(
    """
    a about above across actually after afterwards again against all almost along already also although
    always am among an and another any anybody anymore anyone anything anyway are around as at away back
    be became because become been before behind being below best better between both but by came can
    can't cannot come could couldn't did didn't do does doesn't doing don't done down during each either
    else enough especially even ever every everybody everyone everything except few finally first for
    from full get gets getting give given go goes going gone got had hadn't has hasn't have haven't having
    he he'd he'll he's hello her here here's hers herself hey hi him himself his how however i i'd i'll
    i'm i've if in instead into is isn't it it's its itself just keep kept kind know known last least less
    let let's like likely little long lot lots made make makes many may maybe me mean might mine more most
    mostly much must my myself near need never next no nobody none nor not nothing now of off often oh ok
    okay on once one ones only onto or other others our ours ourselves out over own per perhaps please
    put quite rather really said same say says see seem seems seen several shall she she'd she'll she's
    should shouldn't since so some somebody someone something sometimes somewhere soon still such sure
    take taken takes tell than thank thanks that that's the their theirs them themselves then there
    there's these they they'd they'll they're they've thing things think this those though through till
    to today together told tomorrow too toward towards tried try under unless until up upon us use used
    using usually very via want wanted wants was wasn't way we we'd we'll we're we've well went were
    weren't what what's whatever when whenever where whether which while who who's whole whom whose why
    will with within without won't would wouldn't yeah yes yesterday yet you you'd you'll you're you've
    your yours yourself
    aber alle als am auch auf aus bei beim bin bis bist da dann das dass dein deine dem den der des dich
    die dir doch du durch ein eine einem einen einer eines er es euch euer für gegen hab habe haben
    hatte hatten hier ich ihm ihn ihr ihre im immer ist ja jetzt kann kein keine mal mehr mein meine meinem
    meinen meiner mich mir mit muss nach nicht nichts noch nun nur ob oder ohne schon sehr sein seine seit
    sich sie sind so über um und uns unser unter vom von vor wann warum weil wenn wer werden wie wieder
    wir wird wo zu zum zur zwischen
    """
)

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
NUMBER_WORDS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15,
    "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30,
    "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_SCALES = {"hundred": 100, "thousand": 1000, "k": 1000, "million": 1_000_000, "tausend": 1000}
_GROUPED = re.compile(r"\d{1,3}(?:[ \u00a0\u202f.,]\d{3})+")
_ENDINGS = ("ings", "ing", "edly", "ies", "ied", "ers", "ed", "es", "s")


def tokens(text: str) -> list[str]:
    """Words, numbers and single punctuation marks, as written, apostrophes made plain."""
    return _TOKEN.findall(text.replace("’", "'"))


def is_name(token: str) -> bool:
    """Whether a token is written as a name is; at the start of a sentence this says nothing."""
    return token[:1].isupper() and token != "I" and not token.startswith("I'") and len(token) > 1


def number(token: str) -> str | None:
    """The canonical form of a number token: "42 000", "42,000" -> "42000"; "three" -> "3"."""
    if token.casefold() in NUMBER_WORDS:
        return str(NUMBER_WORDS[token.casefold()])
    if not token[:1].isdigit():
        return None
    return re.sub(r"\D", "", token) if _GROUPED.fullmatch(token) else token


def whole(token: str) -> int | None:
    """ "42,000", "seven" and "twenty-one", but not "4.5"."""
    parts = [number(part) for part in token.split("-")] if token[:1].isalpha() else [number(token)]
    return sum(int(part or 0) for part in parts) if all(part and part.isdecimal() for part in parts) else None


def numbers(text: str) -> frozenset[str]:
    """All numbers of a text in canonical form; "12 thousand" gives "12000"."""
    found: list[str] = []
    scalable = False
    for token in tokens(text):
        scale = _SCALES.get(token.casefold())
        if scale and scalable and found[-1].isdigit():
            found[-1] = str(int(found[-1]) * scale)
        elif value := number(token):
            found.append(value)
            scalable = True
            continue
        scalable = False
    return frozenset(found)


def stem(word: str) -> str:
    """A word without case, accents and its commonest English endings; for comparison only."""
    plain = unicodedata.normalize("NFKD", word.casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c)).removesuffix("'s").strip("'.-")
    for ending in _ENDINGS:
        if plain.endswith(ending) and len(plain) - len(ending) >= 3 and not plain.endswith("ss"):
            cut = plain[: -len(ending)] + ("y" if ending in ("ies", "ied") else "")
            doubled = len(cut) > 3 and cut[-1] == cut[-2] and cut[-1] not in "aeiouls"
            return cut[:-1] if doubled else cut.removesuffix("e")
    return plain.removesuffix("e") if len(plain) > 4 else plain


def content_words(text: str) -> list[str]:
    """The words that carry meaning, as written, in order; no stop words, numbers or marks."""
    return [t for t in tokens(text) if t[0].isalpha() and len(t) > 1 and t.casefold() not in STOP_WORDS]


def stems(text: str) -> frozenset[str]:
    """The stems of a text's content words and its numbers: what it can be compared by."""
    return frozenset(stem(word) for word in content_words(text) if number(word) is None) | numbers(text)


def key_phrases(text: str, limit: int = 5) -> tuple[str, ...]:
    """Up to `limit` phrases of one to four words, most telling first; names and numbers count double."""
    runs = list(_runs(tokens(text)))
    degree, frequency = _weights(runs)
    scored: dict[str, tuple[float, str]] = {}
    for run in runs:
        phrase = " ".join(run)
        score = sum(_boost(word) * degree[word.casefold()] / frequency[word.casefold()] for word in run)
        scored.setdefault(phrase.casefold(), (score, phrase))
    ranked = sorted(scored.values(), key=lambda pair: -pair[0])  # stable: earlier in the text first
    return tuple(phrase for _, phrase in ranked[:limit])


def _runs(found: Iterable[str]) -> Iterable[list[str]]:
    """Stretches of content words and numbers between stop words and punctuation."""
    run: list[str] = []
    for token in found:
        if _carries(token) and len(run) < MAX_WORDS:
            run.append(token)
            continue
        if run:
            yield run
        run = [token] if _carries(token) else []
    if run:
        yield run


def _carries(token: str) -> bool:
    if token[0].isdigit():
        return True
    return token[0].isalpha() and len(token) > 1 and token.casefold() not in STOP_WORDS


def _weights(runs: list[list[str]]) -> tuple[Counter[str], Counter[str]]:
    """RAKE's degree (how much company a word keeps) and frequency, by folded word."""
    degree: Counter[str] = Counter()
    frequency: Counter[str] = Counter()
    for run in runs:
        for word in run:
            degree[word.casefold()] += len(run)
            frequency[word.casefold()] += 1
    return degree, frequency


def _boost(word: str) -> float:
    return 2.0 if is_name(word) or word[0].isdigit() else 1.0
