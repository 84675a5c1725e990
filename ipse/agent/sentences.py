"""What can be read off a single sentence: its pieces, whom it is about, whether it is told in confidence.

Cues of English wording only; no vectors, no ledger. Others here decide what to do with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ipse.keyphrases import MONTHS, WEEKDAYS, content_words, is_name, numbers, stem, tokens
from ipse.teacher.subject import RELATIONS
from ipse.types import Fact, Person

HEARD = "heard"
"""`made_by` of what another speaker wrote: it may be passed on with their name, never as the person's."""

_PIECE = re.compile(r"(?<=[.!?…])\s+|\n+")
_FIRST = re.compile(r"\b(?:I|i|I'\w+|i'\w+|my|me|mine|myself|we|we're|we've|our|us)\b", re.I)
_LEAD = re.compile(
    r"^(?:(?:and|but|so|also|oh|well|ok|okay)\b[\s,.!]*|(?:good|no|yes|hello|hi|thanks|thank you)[,.!]+\s*)+", re.I
)
_AUTHORITY = re.compile(
    r"\b(?:doctor|dr\.?|physio\w*|dentist|cardiologist|nurse|surgeon|midwife|therapist|vet)\b[^.;]{0,30}"
    r"\b(?:says?|said|told|wants?|ordered|orders|forbade|forbids|allows?)\b",
    re.I,
)
_TITLE = re.compile(
    r"\b(?:Miss|Mrs?|Ms|Dr|Frau|Herr|Uncle|Aunt|Auntie|Grandma|Grandpa|Pastor|Madame|Señor\w?)\.?\s+(\w[\w'-]*)",
    re.I,
)
_ACTOR = re.compile(
    r"(?:^|[.!?]\s+|\b(?:and|but|that|because|so)\s+)((?:[^\W\d_a-z][\w-]+ ){0,1}[^\W\d_a-z][\w-]+?)(?:'s)?\s+"
    r"(?:is|was|has|had|can|can't|could|will|won't|would|says?|said|got|gets|told|made|wants?|finished|asks?|lives?|"
    r"loves?|hates?|likes?|never|always|still|needs?|eats?|works?|plays?|turns?|passed|called|thinks?|knows?|"
    r"doesn't|didn't|isn't|wasn't)\b"
)
_PRONOUN_START = re.compile(r"^(?:he|she|they|his|her|their|him)\b", re.I)
_SECRET = re.compile(
    r"\b(?:(?:don't|do not|never|not to|mustn't|must not|can't|nobody|no one|no-one)(?: \w+){0,2} "
    r"(?:tell|told|mention|bring (?:it |this |that )?up|know(?:s)? (?:about|of)|find out|hear (?:of|about)"
    r"|let (?:on|slip)|breathe a word)"
    r"|(?:must not|mustn't|may not|should not|shouldn't|can't) reach|(?:nobody|no one"
    r"|only \w[^.!?]{0,40}?) (?:may |must |can )?knows?(?=[.,!;]|$)|between (?:him|her|them|you|us) and (?:me"
    r"|us)|between us"
    r"|in confidence|confidential|keep (?:it|this|that) (?:quiet|secret|to yourself|between)|(?:is|as) (?:a"
    r"|my) secret|my secret"
    r"|nobody else's business|if [^.!?]{0,40}? (?:hears?|finds? out|learns? of)|told \w+ (?:that )?it(?:'s| is"
    r"| was) (?:only |just )?(?:the|an?) \w+)\b",
    re.I,
)
_ASKS = re.compile(
    r"^(?:what (?!an? |I )|which |why |(?:how|when|where|who) (?:do|does|did|is|are|was|can|could|should|shall"
    r"|will|would|many|much|long|old|far|to)\b"
    r"|can (?:you|we|I)\b|could you\b|(?:do|shall|should) (?:I|you|we)\b|(?:is|are) there\b"
    r"|(?:give|show|write|find|make|tell|draw) me (?:an?|the|some|one|two|three|four|five|six|seven|eight|nine"
    r"|ten|\d+)\b"
    r"|help me\b|(?:translate|scale|convert|summari[sz]e|draft|suggest) (?:this|that|it|me|the|an?)\b)",
    re.I,
)
_SOMEBODY = re.compile(r"\b(?:he|she|him|her|his)\b", re.I)
_NOW = re.compile(
    r"\b(?:now|these days|instead|(?:my|our|an?|the) new|bought|getting|I've got|switched"
    r"|from (?:this|now|next|today|tomorrow)|since then|moved|put off|postponed|rescheduled|brought forward"
    r"|changed (?:the|my|our|it)|no longer|any ?more|took over|has become|is over)\b",
    re.I,
)
_PLAN = re.compile(r"\b(?:put off|postponed|rescheduled|brought forward)\b", re.I)
_CLAUSE_ENDS = re.compile(r"(?<=[,;:–—!?])\s+|\s+(?=(?:and|but|because|so|while|which|who|when|where)\b)|\s*[()]\s*")
_POINTING = re.compile(r"\b(?:it|this|that|them)\b", re.I)


def word_set(words: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(words.split())


def plain(text: str) -> str:
    """One line, with straight apostrophes."""
    return " ".join(text.replace("’", "'").replace("‘", "'").split())


def pieces(text: str) -> list[str]:
    """The sentences within a text."""
    return [piece.strip() for piece in _PIECE.split(text.replace("’", "'")) if piece.strip()]


def excerpt(text: str, words: str, most: int) -> str:
    """The clause in which `words` begin, and as many after and before it as fit `most` words; else the text."""
    at = text.find(words)
    if not words or at < 0 or len(text.split()) <= most:
        return text
    ends = [0, *(place for border in _CLAUSE_ENDS.finditer(text) for place in border.span()), len(text)]
    clauses = list(zip(ends[::2], ends[1::2], strict=True))
    first = last = next((i for i, (_, end) in enumerate(clauses) if end > at), len(clauses) - 1)

    def fits(one: int, other: int) -> bool:
        if one < 0 or other == len(clauses):
            return False
        return len(text[clauses[one][0] : clauses[other][1]].split()) <= most

    while fits(first, last + 1) or fits(first - 1, last):
        first, last = (first, last + 1) if fits(first, last + 1) else (first - 1, last)
    return text[clauses[first][0] : clauses[last][1]].strip(" ,;:–—")


def bare(text: str) -> str:
    """A line without the greeting or connective it begins with; the text itself if nothing else is in it."""
    line = plain(text)
    shorter = _LEAD.sub("", line, count=1)
    return shorter if len(shorter.split()) >= 3 else line


def is_secret(text: str) -> bool:
    """Whether the wording asks that others shall not hear of something."""
    return _SECRET.search(plain(text)) is not None


def points_away(text: str) -> bool:
    """Whether a sentence says "it" of what a neighbouring sentence names."""
    return _POINTING.search(plain(text)) is not None


def speaks_of_self(text: str) -> bool:
    """Whether whoever says it speaks of themselves."""
    return _FIRST.search(plain(text)) is not None


def is_about_pronoun(text: str) -> bool:
    """Whether only the sentence before it tells whom it is about."""
    return _PRONOUN_START.match(bare(text)) is not None


def people_in(text: str) -> frozenset[str]:
    """Folded names of people the sentence shows as such: by a title, or as the one who does something."""
    line = plain(text)
    found = [match[1] for match in _TITLE.finditer(line)]
    for match in _ACTOR.finditer(line):
        words = [w for w in match[1].split() if is_name(w)]
        found += words if words and words[0].casefold() not in _NOT_PEOPLE else []
    return frozenset(stem(name) for name in found)


_NOT_PEOPLE = word_set(
    """
    it he she they this that there what who here nobody everybody someone the a an my our your his her
    everything nothing one two three half all some most how when where which why customers people doctor
    """
)


def owner(fact: Fact, person: Person) -> str:
    """ "self", or whom the fact is about. What a doctor orders the person to do is about the person."""
    if fact.subject == "self":
        return "self"
    if fact.made_by == HEARD:
        return fact.subject
    line = plain(fact.statement)
    if speaks_of_self(line) or _AUTHORITY.search(line):
        return "self"
    own = {word.casefold() for name in person.names for word in (name, *name.split())}
    if fact.subject.casefold() in own:
        return "self"
    known = fact.subject.casefold() in RELATIONS or fact.subject == "other" or is_about_pronoun(line)
    return fact.subject if known or people_in(line) else "self"


def lacks_referent(text: str) -> bool:
    """Whether it says "he" or "her" of somebody it doesn't name."""
    return _SOMEBODY.search(plain(text)) is not None and not names_in(text) and not people_in(text)


def names_in(text: str) -> frozenset[str]:
    """Stems of the words written like names, the first word of a sentence apart."""
    found: set[str] = set()
    for piece in pieces(text):
        words = [t for t in tokens(piece) if t[0].isalpha()]
        found.update(stem(word) for word in words[1:] if is_name(word) and not word.isupper())
    return frozenset(found)


def word_stems(text: str) -> frozenset[str]:
    """Stems of content words and numbers; months and weekdays in one spelling."""
    found = {_CALENDAR.get(stem(word), stem(word)) for word in content_words(text)}
    for compound in [word for word in content_words(text) if "-" in word]:
        found.update(stem(part) for part in compound.split("-") if len(part) > 2)
    return frozenset(found) | numbers(text)


def shared(first: Iterable[str], second: Iterable[str]) -> frozenset[str]:
    """Stems that both have, where a long one may also stand inside a compound: "bread" in "shortbread"."""
    one, other = set(first), set(second)
    found = one & other
    for a in one - found:
        for b in other:
            short, long = sorted((a, b), key=len)
            if (
                len(short) >= 4
                and short.isalpha()
                and long != short
                and (long.endswith(short) or long.startswith(short))
            ):
                found.add(short)
    return frozenset(found)


_CALENDAR = {stem(short): name for name in map(str.casefold, (*MONTHS, *WEEKDAYS)) for short in (name[:3], name)}
_CALENDAR |= {"sept": "september", "tue": "tuesday", "thur": "thursday"}
for _everyday in ("may", "sun", "sat", "mar", "wed"):  # words of their own as well
    _CALENDAR.pop(stem(_everyday), None)


def weekdays_in(text: str) -> list[str]:
    """The weekdays a text names, folded and in the singular, in order, each once."""
    found = re.findall(rf"\b({'|'.join(WEEKDAYS)})s?\b", text, re.I)
    return list(dict.fromkeys(day.casefold() for day in found))


def says_now(text: str) -> bool:
    """Whether it tells of what holds from now on."""
    return _NOW.search(plain(text)) is not None


def changes_plan(text: str) -> bool:
    """Whether it tells that something will be at another time than was said before."""
    return _PLAN.search(plain(text)) is not None


def is_asking(text: str) -> bool:
    """Whether a sentence asks for something instead of telling something."""
    line = bare(text)
    return line.endswith("?") or _ASKS.match(line) is not None
