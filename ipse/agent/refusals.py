"""What a sentence says no to, or says is gone, and whether a text uses it all the same.

"I can't stand olives" refuses olives; "the van was scrapped" makes the van a thing of the past.
`kinds.toml` knows what belongs to what (bacon is meat). Knows no requests and no ledger.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from ipse.agent.sentences import pieces, plain, word_set
from ipse.keyphrases import content_words, stem

_NOT = (
    r"(?:can'?t|cannot|can not|could(?:n't| not)|won't|will not|wouldn't|do(?:n't| not)|does(?:n't| not)"
    r"|did(?:n't| not)|"
    r"must(?:n't| not)|may not|should(?:n't| not)|not allowed(?: to)?|not supposed to|not to|refuses? to|never"
    r"|no longer)"
)
_ADVERB = r"(?:(?:ever|really|even|ever again|any ?more|again|actually|personally) )?"
_VERBS = (
    r"(?:eat|drink|have|like|use|touch|stand|bear|abide|tolerate|digest|take|wear|drive|ride|buy|want|smoke|do|watch|"
    r"listen to|visit|cook with|bake with|work with|deal with|go near|lift|climb|eats|drinks|uses|takes|wears"
    r"|touches|drives|likes|wants)"
)
_OBJECT = r"(?P<o>[^.;:!?()]+)"
_REFUSED = tuple(
    re.compile(rf"(?:^|[\s(,\"'])(?:{opening}) {_OBJECT}", re.I)
    for opening in (
        rf"{_NOT} {_ADVERB}{_VERBS}",
        r"hate|hates|loathe|loathes|detest|detests|dislike|dislikes|despise|despises|dread",
        r"allergic to|allergy to|(?:in)?tolerant (?:to|of)|intolerance (?:to|of)|sensitive to",
        r"(?:gave|given|giving|give) up|(?:I|I've|have|has|he|she|they) (?:quit|stopped)|cut out|lay off"
        r"|laid off|swore off|sworn off",
        r"leave out|skip|spare me|keep away from|stay away from|steer clear of|keep off|stays off|hold the|avoid"
        r"|avoids|avoiding",
        r"(?:afraid|scared|terrified|frightened|sick|tired|fed up) (?:of|with)",
        r"nobody (?:wants|likes|asked for)|never again|not a fan of|not keen on|no fan of",
        r"(?:I|we) (?:don't|do not|no longer) (?:have|own) an?",
        r"(?:am|is|are|I'm|we're|he's|she's) (?:done|finished|through|over) with|had enough of",
        r"nothing (?:with|containing|made (?:of|with|from))",
        rf"{_NOT} [^.;:!?]{{0,30}}?\b(?:anything|things|stuff|products|food|dishes|something) (?:with|containing"
        rf"|made (?:of|with|from))",
        r"(?:I've |I |we |we've )?stopped (?:buying|ordering|shopping|going|working|eating|training) (?:from|at"
        r"|to|with)",
    )
)
_NONE_OF = re.compile(rf"(?:^|[\s(,\"'])(?P<lead>[\w']+ )?no (?:more )?{_OBJECT}", re.I)
_NO_MEANT = re.compile(
    r"\bplease\b|\bthank(?:s| you)\b|\banywhere\b|\bnear me\b|\bfor (?:me|us|him|her)\b|\bwith (?:the|my|his"
    r"|her)\b|\bever\b|"
    r"\bat all\b|\bdoctor\b|\bpill|\bmedic|\bdiet\b|\ballowed\b|\balso\b|\bany ?more\b|\bunder no\b|\bin (?:my"
    r"|the) (?:answers?|repl\w+|messages?|house)\b",
    re.I,
)
_NO_SAID_OF = word_set(
    """
    is was were are be been has have had there there's that's with it's it got find found see saw knew
    """
)
_AT_ODDS = re.compile(
    r"^(?P<o>[\w' -]{3,25}?) and (?:I|me) (?:don't|do not|are not|aren't|will never|have never|never)\b", re.I
)
_ALONE = re.compile(
    rf"\b{_NOT} {_ADVERB}(?P<o>fly|smoke|drink|drive|swim|dance|ski|cook)(?=[.,;!]|$| any ?more| at all| because"
    rf"| since| and)",
    re.I,
)
_WHEN = re.compile(
    rf"\b{_NOT} {_ADVERB}(?P<verb>drive|walk|travel|cycle|ride|go out|eat|drink|work) (?:after|at|in the|in"
    rf"|when it's|alone in the) "
    r"(?P<when>dark|night|snow|rain|ice|heat)\b",
    re.I,
)
_SICK = re.compile(
    r"(?P<o>[\w' -]{3,30}?) (?:makes? me (?:ill|sick|sneeze|itch|break out|nervous|anxious|panic|cringe|sweat"
    r"|dizzy|cough|bloated)|confuses? me|drives? me (?:mad|crazy|nuts)|gives? me (?:an? )?(?:migraines?|hives"
    r"|headaches?|rash|heartburn)|"
    r"disagrees? with me|(?:turns?|sends?|knocks?|keeps?|puts?) me (?:into|up|out|off|awake|to the)|and (?:my"
    r"|your|his|her) (?:throat|stomach|skin|lips|head|heart|tongue|face|gut|belly|eyes|lungs)\b|is not for me"
    r"|isn't for me|doesn't agree with me|brings? me out in)",
    re.I,
)
_ALLERGY = re.compile(r"\b(?P<o>[\w-]+) (?:allergy|intolerance)\b", re.I)
_GONE = (
    re.compile(
        r"\b(?:sold|scrapped|wrote off|totalled|totaled|got rid of|gave away|given away|lost|crashed|traded in"
        r"|threw out|threw away|returned|cancelled|canceled) "
        r"(?:the|my|our) (?P<o>[^.,;:!?()]+)",
        re.I,
    ),
    re.compile(
        r"\b(?i:gave|given|passed|handed|sold|donated) (?:(?:my|our) )?[\w'-]+(?: [\w'-]+)? (?:the|my"
        r"|our) (?:old )?(?P<o>[^.,;:!?()]+)"
    ),
    re.compile(
        r"\b(?:the|my|our) (?P<o>[\w'-]+(?: [\w'-]+)?) (?:didn't pass|failed (?:its|the|her|his)"
        r"|is beyond repair|won't start any ?more|was written off|burnt down|burned down|blew up|packed in"
        r"|had to go|broke down for good|died|is gone|was stolen|got stolen|is sold|was sold|"
        r"has been sold|is no more|gave up the ghost|is dead|was scrapped|went to (?:the )?scrap\w*"
        r"|closed(?: down)?(?: for good)?|shut down|"
        r"no longer (?:runs|exists|works)|doesn't exist any ?more)\b",
        re.I,
    ),
    re.compile(
        r"\bno longer (?:at|in|with|have|own|live in|work (?:at|for|in)) (?:the |my |our )?(?P<o>[^.,;:!?()]+)", re.I
    ),
    re.compile(
        r"\b(?i:moved (?:away |out )(?:from|of)|left|resigned from|dropped out of) (?:the |my "
        r"|our )?(?P<o>[A-Z][^.,;:!?()]+)"
    ),
    re.compile(r"\bswitched (?:over )?from (?:the |my |our )?(?P<o>[^.,;:!?()]+?) to\b", re.I),
    re.compile(
        r"\bused to (?:drive|ride|own|have|use|live in|work (?:at|for|in)|play|rent) (?:the |my |our "
        r"|an? )?(?P<o>[^.,;:!?()]+)",
        re.I,
    ),
)
_CUT = re.compile(
    r"\b(?:(?:\d+|an?|one|two|three|four|five|six|seven|eight|nine|ten|some|many) (?:years?|months?|weeks?|days?)"
    r"|because|but|so|since|when|if|unless|which|who|that|than|on account|with (?:the|my|his|her|your)"
    r"|for (?:me|us|my|the|a)|as|at|in|near|"
    r"on|for|anywhere|any ?more|please|ever|thanks|thank|I|I'm|it|it's|they|he|she|we|you|you're|anything|from"
    r"|while|after|before|"
    r"didn't|is|are|was|has|have|does|do|to|of|by|until|till|about|all|either|too|these|now|again|even|last|this"
    r"|yet)\b",
    re.I,
)
_LIST = re.compile(
    r"^(?:[\w'-]+(?: [\w'-]+)?, )*[\w'-]+(?: [\w'-]+)?,? (?:or|and|nor|and no|or any) [\w'-]+(?: [\w'-]+)?"
)
_VAGUE = word_set(
    """
    thing things stuff kind sort lot bit way time times day days people idea much many word point
    business bother doubt need problem problems question worries worry clue chance reason rush hurry
    matter sense
    """
)
_ARTICLES = word_set(
    """
    no the a an any my our your his her their that this those these more much such
    """
)
_DROP = _ARTICLES | word_set(
    """
    being eating drinking using wearing having taking driving riding regular old another other
    """
)
_NEGATED = word_set(
    """
    no not without instead never avoid avoiding skip skipping omit except excluding rather leave leaving
    nor neither don't doesn't isn't won't can't cannot aren't stop zero replace replacing replaces
    """
)


@dataclass(frozen=True, slots=True)
class Kind:
    """A group of things; `but` makes a member harmless when it stands just before it."""

    names: frozenset[str]
    signals: tuple[str, ...]
    members: tuple[tuple[str, ...], ...]
    but: frozenset[str]


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing a sentence refuses ("olives"), or says is no longer there (`gone`)."""

    thing: str
    gone: bool = False


@cache
def kinds() -> tuple[Kind, ...]:
    text = (files("ipse.agent") / "kinds.toml").read_text(encoding="utf-8")
    return tuple(
        Kind(
            names=frozenset(stem(name) for name in entry["names"]),
            signals=tuple(entry["signals"]),
            members=tuple(tuple(_words(member)) for member in (*entry["members"], *entry["names"])),
            but=frozenset(part for word in entry["but"] for part in _words(word)),
        )
        for entry in tomllib.loads(text)["kind"]
    )


def _words(text: str) -> list[str]:
    return [stem(word) for word in re.findall(r"[\w']+", plain(text))]


@lru_cache(maxsize=8192)
def refusals(text: str) -> tuple[Refusal, ...]:
    """What a sentence refuses or gives up, each thing once; questions refuse nothing."""
    found: dict[str, Refusal] = {}
    for piece in pieces(plain(text)):
        if piece.endswith("?"):
            continue
        for thing in _gone(piece):
            found.setdefault(thing, Refusal(thing, gone=True))
        for thing in _refused(piece):
            found.setdefault(thing, Refusal(thing))
        for signal in _signals(piece):
            found.setdefault(signal, Refusal(signal))
    return tuple(found.values())


def _refused(piece: str) -> Iterator[str]:
    for pattern in _REFUSED:
        for match in pattern.finditer(piece):
            yield from _things(match["o"])
    for match in _NONE_OF.finditer(piece):
        lead = (match["lead"] or "").strip().casefold()
        if lead not in _NO_SAID_OF and (_NO_MEANT.search(piece) or _is_listed(match["o"])):
            yield from _things(match["o"])
    for match in _WHEN.finditer(piece):
        yield f"{match['verb']} {match['when']}"
    for pattern in (_SICK, _ALLERGY, _ALONE, _AT_ODDS):
        for match in pattern.finditer(piece):
            yield from _things(match["o"])


def _gone(piece: str) -> Iterator[str]:
    for pattern in _GONE:
        for match in pattern.finditer(piece):
            yield from _things(match["o"], single=True)


def _signals(piece: str) -> Iterator[str]:
    """Words that say what somebody lives without, unless they are denied: "I'm not vegan"."""
    low = piece.casefold()
    for signal in dict.fromkeys(s for kind in kinds() for s in kind.signals):
        match = re.search(rf"(?<![\w-]){re.escape(signal)}(?!\w)", low)
        if match and not re.search(
            r"\b(?:not|isn't|aren't|never|no longer|used to be|nor|hates?) (?:\w+ )?$", low[: match.start()]
        ):
            yield signal


def _is_listed(thing: str) -> bool:
    """Whether it begins with something that people are known to say no to."""
    first = _words(thing)[:2]
    return any(tuple(first[: len(m)]) == m for kind in kinds() for m in kind.members if m)


def _things(text: str, *, single: bool = False) -> Iterator[str]:
    """The noun phrases at the head of an object: one, or all of a list that "or" or "and" closes."""
    listed = None if single else _LIST.match(text)
    parts = re.split(r",\s*|\s+(?:or|and|nor)\s+", listed[0]) if listed else re.split(r",|\s(?:and|or|nor)\s", text)[:1]
    for part in parts:
        part = re.sub(r"^(?:anything|everything|all) (?:with|containing|made of|from) ", "", part.strip(), flags=re.I)
        cut = _CUT.search(part)
        words = (part[: cut.start()] if cut else part).split()
        telling = _telling(words, _DROP) or _telling(words, _ARTICLES)
        if telling:
            yield telling


def _telling(words: Sequence[str], dropped: frozenset[str]) -> str:
    """The content words at the head, without those in `dropped` that stand before them."""
    at = next((i for i, word in enumerate(words) if word.casefold() not in dropped), len(words))
    kept = " ".join(word.strip("\"'*_") for word in words[at : at + 3])
    return " ".join(word for word in content_words(kept) if word.casefold() not in _VAGUE)


def uses(text: str, thing: str) -> str | None:
    """The words of `text` that use `thing`, itself or something of its kind; None if nothing does.

    A use that the text itself denies ("without", "instead of", "oat" before "milk") is none.
    """
    for piece in re.split(r"(?<=[.!?;])\s+|\n+|\bbut\b", plain(text)):
        raw = re.findall(r"[\w']+", piece)
        words = [stem(word) for word in raw]
        for phrase, but in _forms(thing):
            at = _find(words, phrase)
            if at is not None and not _denied(raw, words, at, at + len(phrase), but):
                return " ".join(raw[at : at + len(phrase)])
        if not is_signal(thing) and _scattered(raw, words, thing):
            return thing
    return None


@lru_cache(maxsize=4096)
def _forms(thing: str) -> tuple[tuple[tuple[str, ...], frozenset[str]], ...]:
    """(phrase, words that make it harmless) for the thing and all that belongs to it."""
    own = tuple(_words(thing))
    forms: list[tuple[tuple[str, ...], frozenset[str]]] = []
    for kind in kinds():
        if (
            thing.casefold() in kind.signals
            or any(word in kind.names for word in own[-1:])
            or (own and stem(thing) in kind.names)
        ):
            forms += [(member, kind.but) for member in kind.members]
    if own and not is_signal(thing):
        forms.insert(0, (own, frozenset()))
        names = [word for word in thing.split()[:-1] if word[:1].isupper() and len(word) > 3]
        forms += [((stem(name),), frozenset()) for name in names]
    return tuple(forms)


def is_signal(thing: str) -> bool:
    """Whether it says what somebody lives without ("vegan") and isn't itself what is refused."""
    return any(thing.casefold() in kind.signals and stem(thing) not in kind.names for kind in kinds())


def _scattered(raw: Sequence[str], words: Sequence[str], thing: str) -> bool:
    """Whether the words of a thing of several words stand in one sentence, though apart."""
    own = _words(thing)
    if len(own) < 2 or not all(word in words for word in own):
        return False
    at = words.index(own[0])
    return not _denied(raw, words, at, at + 1, frozenset())


def _find(words: Sequence[str], phrase: Sequence[str]) -> int | None:
    size = len(phrase)
    return next((i for i in range(len(words) - size + 1) if tuple(words[i : i + size]) == tuple(phrase)), None)


def _denied(raw: Sequence[str], words: Sequence[str], start: int, end: int, but: frozenset[str]) -> bool:
    before = {word.casefold() for word in raw[max(0, start - 5) : start]}
    followed = raw[end].casefold() if end < len(raw) else ""
    return bool(before & _NEGATED) or followed == "free" or bool(set(words[max(0, start - 2) : start]) & but)
