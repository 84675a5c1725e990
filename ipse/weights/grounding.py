"""Whether an answer follows from the facts it cites: word by word, with no model.

What the facts say is their statement, value, key phrases and date, and what the grammar says of
their attribute in other words. An answer may change the person (I, you, name), inflect, leave
out, and use the plain words of the question; names and numbers have to come from the facts. For
English; in other languages numbers are checked, and that half of the words are the facts'.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from ipse.keyphrases import MONTHS
from ipse.teacher.grammar import attributes
from ipse.types import Fact, Pair, Person

DENYING = frozenset({"absence", "trap", "refusal"})
"""Forms whose answer says that nothing is known, or that nothing is told."""

_FUNCTION_TEXT = """
a about actually again all already also although always am an and any anybody anymore anyone anything
approve are as at be because been before being both but by can can't cannot correct could currently did
didn't do does doesn't doing don't done dont during each ever every everyone flag for from further had
hadn't has hasn't have haven't having he he'd he'll he's her here hers herself him himself his how
however i i'd i'll i'm i've if in into is isn't isnt it it's its itself just let's lets longer may me
might mine more most much must my myself never no nor not now of off on once one's only or other our
ours ourselves out over private same shall she she'd she'll she's should since so some somebody still
such than that that's the their theirs them themselves then there these they they'd they'll they're
they've this those though through to too true under until up upon us very was wasn't we we'd we'll we're
we've were weren't what what's when where which while who who's whom whose why will with within without
won't would wouldn't yes yet you you'd you'll you're you've your yours yourself yourselves
"""
_FUNCTION = frozenset(_FUNCTION_TEXT.split())
_COLOURLESS_TEXT = "call get go goes keep know mind name own person say said share tell told thing write wrote"
"""Words that claim nothing by themselves, in whatever inflection."""
_NEGATION = re.compile(r"^(?:not|no|never|without|cannot|nor|neither|\w+n't)$")
_CLAUSE = re.compile(r"[,;:.!?](?=\s|$)|\b(?:but|because|and|since|so|while|although|though)\b")
_WORD = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]")
"""Where no spaces part the words, each character counts as one."""
_THINKING = re.compile(r"\A<think>.*</think>\s*", re.DOTALL)
_UNANSWERED = re.compile(r"\A\s*(?:yes|no|approve|flag)\b[,.:]?", re.IGNORECASE)
"""The verdict that an answer opens with; what follows is its content."""
_SUBJECTS = frozenset({"i", "you", "he", "she", "they", "we", "it"})
_NUMBER_TEXT = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen twenty
"""
_NUMBERS = {word: str(number) for number, word in enumerate(_NUMBER_TEXT.split())}
_SUFFIXES = ("ings", "ing", "ies", "ied", "ed", "es", "ly", "er", "s", "y", "e")


@dataclass(frozen=True, slots=True)
class Words:
    """A text's content words: stems, and among the words as written its numbers and its names."""

    stems: frozenset[str]
    numbers: frozenset[str]
    names: frozenset[str]


_NO_WORDS = Words(frozenset(), frozenset(), frozenset())


def said(answer: str) -> str:
    """The answer without the thinking that stands before it."""
    return _THINKING.sub("", answer).strip()


def is_own(fact: Fact, person: Person) -> bool:
    """Whether the fact is about the person and not about somebody they know."""
    own = {"self", person.short.casefold(), *(name.casefold() for name in person.names)}
    return fact.subject.casefold() in own


def words_of(text: str, *, english: bool = True) -> Words:
    """Function words (in other languages short ones), possessives and, for stems, endings are left out."""
    stems: set[str] = set()
    numbers: set[str] = set()
    names: set[str] = set()
    for match in _WORD.finditer(text):
        word = _plain(match[0])
        if word in _NUMBERS or word[0].isdigit():
            numbers.add(_number(word))
        elif not english:
            stems.update(_UNSPACED.findall(word) or ([stem(word, english=False)] if len(word) > 3 else []))
        elif word not in _FUNCTION and _plain(match[0], possessive=True) not in _FUNCTION:
            is_name = match[0][0].isupper() and not _starts_sentence(text, match.start())
            if is_name or stem(word) not in _COLOURLESS:
                stems.add(stem(word))
            if is_name:
                names.add(word)
    return Words(frozenset(stems), frozenset(numbers), frozenset(names))


def stem(word: str, *, english: bool = True) -> str:
    """What inflected forms share: "lives", "lived", "living" -> "liv"; "sell", "selling" -> "sel"."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", word.casefold()) if not unicodedata.combining(c))
    if not english:
        return plain[:4]
    for suffix in _SUFFIXES:
        if plain.endswith(suffix) and len(plain) - len(suffix) >= 3:
            plain = plain.removesuffix(suffix)
            break
    return plain[:-1] if len(plain) > 2 and plain[-1] == plain[-2] else plain


_COLOURLESS = frozenset(map(stem, _COLOURLESS_TEXT.split()))


def fault(pair: Pair, cited: Sequence[Fact], person: Person) -> str | None:
    """Why the answer does not follow from `cited`; None when it does. Not for DENYING forms."""
    if not cited:
        return "cites no known fact"
    sources = [text for fact in cited for text in _tellings(fact)]
    answer = said(pair.answer)
    if not person.language.casefold().startswith("en"):
        return _loose_fault(answer, pair.question, sources)
    known = _known(sources, cited, person)
    asked = words_of(pair.question)
    if pair.form in ("no", "flag"):
        lacking = _denial_lack(answer, asked, known)
    else:
        lacking = _lack(words_of(answer), known, _granted(pair, asked))
    if lacking:
        return lacking
    if pair.form == "yes" and _lack(asked, known):
        return "says yes to more than the cited facts hold"
    if pair.form == "no" and _is_confirmed(pair, cited):
        return "says no to what a cited fact says"
    return "turns a cited fact around" if _is_turned(answer, sources, person) else None


def _granted(pair: Pair, asked: Words) -> Words:
    """What the answer may take from the question without the facts holding it."""
    if pair.task == "enhance":
        return asked
    if pair.form in ("yes", "approve"):
        return _NO_WORDS
    return Words(asked.stems, frozenset(), frozenset())


def _lack(found: Words, known: Words, granted: Words = _NO_WORDS) -> str | None:
    if found.numbers - known.numbers - granted.numbers:
        return "a number that no cited fact holds"
    if found.names - known.names - granted.names:
        return "a name that no cited fact holds"
    if found.stems - known.stems - granted.stems:
        return "words that no cited fact holds"
    return None


def _denial_lack(answer: str, asked: Words, known: Words) -> str | None:
    """The question's words may come back where they are denied: "No, not in Bonn, in Berlin"."""
    for clause in _CLAUSE.split(_UNANSWERED.sub("", answer)):
        granted = asked if _is_negated(clause) else _NO_WORDS
        if lacking := _lack(words_of(clause), known, granted):
            return lacking
    return None


def _loose_fault(answer: str, question: str, sources: Sequence[str]) -> str | None:
    found, asked = words_of(answer, english=False), words_of(question, english=False)
    known = words_of(" . ".join(sources), english=False)
    if found.numbers - known.numbers:
        return "a number that no cited fact holds"
    if 2 * len(found.stems & (known.stems | asked.stems)) < len(found.stems):
        return "words that no cited fact holds"
    return None


def _tellings(fact: Fact) -> list[str]:
    """The fact in its own words and in those of the grammar."""
    texts = [fact.statement, *fact.key_phrases]
    attribute = attributes().get(fact.attribute or "")
    if attribute is not None and fact.value:
        texts += [attribute.label, attribute.state(fact.value)]
        texts.append(attribute.state(fact.value, attribute.statements[0]))
    elif fact.value:
        texts.append(f"{(fact.attribute or '').replace('_', ' ')} {fact.value}")
    if fact.subject != "self":
        texts.append(fact.subject)
    return texts


def _known(texts: Sequence[str], cited: Sequence[Fact], person: Person) -> Words:
    words = words_of(" . ".join((*texts, *person.names)))
    dates = [date for fact in cited for date in (fact.valid_from, fact.valid_to) if date]
    months = {MONTHS[date.month - 1].casefold() for date in dates}
    # as a name counts whatever the facts hold, be it in lower case or at the start of a sentence
    written = {_plain(word) for text in (*texts, *person.names) for word in _WORD.findall(text)}
    return Words(
        words.stems | {stem(month) for month in months},
        words.numbers | {str(part) for date in dates for part in (date.year, date.day)},
        frozenset(written | months),
    )


def _is_confirmed(pair: Pair, cited: Sequence[Fact]) -> bool:
    """The question holds a fact's very value, and neither fact nor question turns it around."""
    asked = words_of(pair.question)
    for fact in cited:
        value = words_of(fact.value or "")
        holds = value.stems <= asked.stems and value.numbers <= asked.numbers
        if (value.stems or value.numbers) and holds and not _is_negated(f"{fact.statement} {pair.question}"):
            return True
    return False


def _is_turned(answer: str, sources: Sequence[str], person: Person) -> bool:
    """A whole sentence of the answer asserts what the facts only deny, or denies what they only assert."""
    held: set[str] = set()
    refused: set[str] = set()
    for text in sources:
        for open_part, denied_part in _parts(text):
            held |= open_part
            refused |= denied_part
    subjects = _SUBJECTS | {person.short.casefold()}
    for clause in _CLAUSE.split(_UNANSWERED.sub("", answer)):
        if not subjects & {_plain(word) for word in _WORD.findall(clause)}:
            continue  # "Coffee" may well answer what is avoided
        asserted, denied = _parts(clause)[0]
        for told, against in ((asserted, refused - held), (denied, held - refused)):
            if told and told <= against:
                return True
    return False


def _parts(text: str) -> list[tuple[frozenset[str], frozenset[str]]]:
    """For each clause the stems before its first negation, and those after it."""
    found = []
    for clause in _CLAUSE.split(text):
        words = _WORD.findall(clause)
        at = next((i for i, word in enumerate(words) if _NEGATION.match(_plain(word))), len(words))
        found.append((words_of(" ".join(words[:at])).stems, words_of(" ".join(words[at:])).stems))
    return found


def _is_negated(text: str) -> bool:
    return any(_NEGATION.match(_plain(word)) for word in _WORD.findall(text))


def _starts_sentence(text: str, at: int) -> bool:
    before = text[:at].rstrip(" \"'“‘(")
    return not before or before[-1] in ".!?:\n"


def _plain(word: str, *, possessive: bool = False) -> str:
    low = word.casefold().replace("’", "'")
    return low if possessive else low.removesuffix("'s")


def _number(word: str) -> str:
    """ "two", "2" and "02" are one number; so are "1,450" and "1450"."""
    digits = _NUMBERS.get(word, re.sub(r",(?=\d{3}\b)", "", word))
    return str(int(digits)) if digits.isdecimal() else digits
