"""How ipse speaks: first-person English turned into second or third, and its few set phrases.

A small grammar, not a parser: it looks at "I" and the word beside it. It knows nothing of facts;
what it can't turn safely (quoted speech, verse) it leaves as it is.
"""

from __future__ import annotations

import re

from ipse.types import Person, Perspective

REFUSAL = "That is private; I can't share it."
WROTE = " wrote: "
"""Between who said a sentence and the sentence."""

_PRONOUNS: dict[str, tuple[str, str, str, str]] = {
    "she": ("she", "her", "her", "herself"),
    "he": ("he", "him", "his", "himself"),
    "they": ("they", "them", "their", "themselves"),
}
# auxiliaries before "I" in a question or after "I" in a statement
_AUXILIARY = {"am": "is", "do": "does", "have": "has", "don't": "doesn't", "haven't": "hasn't", "was": "was"}
_AUXILIARY_YOU = {"am": "are", "was": "were", "wasn't": "weren't"}
_UNCHANGED = frozenset(
    """
    can could should would will must may might shall cannot can't couldn't won't wouldn't shouldn't
    mustn't did didn't had hadn't wasn't
    """.split()
)
_ADVERBS = frozenset(
    """
    ever always never often still just only also really usually sometimes rarely even already now then
    actually probably mostly finally currently generally once almost hardly simply both all
    """.split()
)
_PAST = frozenset(
    """
    went got grew took bought met came began left made gave kept knew thought felt told said saw heard
    read wrote ran sang swam rode drove broke chose lost won built sold paid spent sent slept stood sat
    taught learnt brought caught fell flew forgot found held hurt led lent let lit put quit rang rose
    set shot shut spoke stole stuck struck swore threw understood wore woke drew drank ate cut hit cost
    became began bit blew did had used meant dreamt burnt spilt split fed dug hung kept laid bet cast
    spread wept crept swept dealt knelt bent ground wound bound fought sought clung
    """.split()
)
_WORD = re.compile(
    r"`[^`\n]*`|[a-z]+://\S+|[\w.+-]+@[\w.-]+\.\w+|[\w-]+\.(?:md|txt|html?|json|py|js|ts|csv|pdf)\b"
    r"|[A-Za-z]+(?:['’][A-Za-z]+)?|[^A-Za-z`]+|`"
)
"""Words and what stands between them; code, addresses and names of files are one word."""


def _present_third(verb: str) -> str:
    """ "live" -> "lives"; past forms and modals come back unchanged."""
    low = verb.lower()
    if low in _AUXILIARY:
        return _AUXILIARY[low]
    if (
        low in _UNCHANGED
        or low in _PAST
        or (low.endswith("ed") and low not in {"need", "feed", "heed", "breed", "bleed", "speed", "weed", "embed"})
    ):
        return verb
    if low.endswith(("s", "x", "z", "ch", "sh", "o")):
        return verb + "es"
    if low.endswith("y") and low[-2:-1] not in "aeiou":
        return verb[:-1] + "ies"
    return verb + "s"


def _is_adverb(word: str) -> bool:
    return word in _ADVERBS or (
        word.endswith("ly") and word not in {"fly", "apply", "reply", "rely", "supply", "imply"}
    )


def _match_case(word: str, like: str) -> str:
    return word[:1].upper() + word[1:] if like[:1].isupper() else word


def second(text: str) -> str:
    """First person to second: "I live with my cat" -> "You live with your cat"."""
    tokens = _WORD.findall(text.replace("’", "'"))
    out: list[str] = []
    starts = True
    for i, token in enumerate(tokens):
        low = token.lower()
        new = {
            "my": "your",
            "mine": "yours",
            "me": "you",
            "myself": "yourself",
            "i'm": "you're",
            "i've": "you've",
            "i'll": "you'll",
            "i'd": "you'd",
            "we": "you",
            "our": "your",
            "ours": "yours",
            "us": "you",
            "we're": "you're",
            "we've": "you've",
            "we'll": "you'll",
            "we'd": "you'd",
            "ourselves": "yourselves",
        }.get(low)
        if token == "I" or low == "i":
            new = "you"
        elif low in _AUXILIARY_YOU and ("i" in (_neighbour(tokens, i, -1), _neighbour(tokens, i, 1))):
            new = _AUXILIARY_YOU[low]
        if new is None or (low == "us" and token == "US"):
            out.append(token)
        else:
            out.append(new[:1].upper() + new[1:] if starts else new)
        if token.strip():
            starts = bool(re.search(r"[.!?]\s*$", token)) if not token[0].isalpha() else False
    return "".join(out)


def _neighbour(tokens: list[str], i: int, step: int) -> str:
    """The next word in that direction, skipping one gap of spaces."""
    j = i + step
    if 0 <= j < len(tokens) and not tokens[j].strip():
        j += step
    return tokens[j].lower() if 0 <= j < len(tokens) else ""


def third(text: str, person: Person, name: str | None = None) -> str:
    """First person to third, with the person's name first and their pronouns after it.

    "Where do I live?" -> "Where does Maya live?"; "I sold my car" -> "Maya sold her car".
    """
    called = name or person.short
    subject, object_, possessive, reflexive = _PRONOUNS.get(person.pronouns.split("/")[0].lower(), _PRONOUNS["they"])
    plural_pronoun = subject == "they"
    tokens = _WORD.findall(text.replace("’", "'"))
    out: list[str] = []
    named = False
    conjugate: str | None = None  # how the verb after a replaced "I" is to agree
    starts = True
    for i, token in enumerate(tokens):
        low = token.lower()
        new: str | None = None
        if low == "i":
            new, singular = (called, True) if not named else (subject, not plural_pronoun)
            before = _neighbour(tokens, i, -1)
            inverted = before in _AUXILIARY or before in _UNCHANGED
            if inverted:
                _agree_before(out, singular)
            conjugate = None if inverted else ("singular" if singular else "plural")
            named = True
        elif low in {"i'm", "i've", "i'll", "i'd"}:
            head, singular = (called, True) if not named else (subject, not plural_pronoun)
            tail = {
                "i'm": "is" if singular else "are",
                "i've": "has" if singular else "have",
                "i'll": "will",
                "i'd": "would",
            }
            new = f"{head} {tail[low]}"
            named = True
        elif low in {"my", "our"}:
            new = possessive if named else f"{called}'s"
            named = True
        elif low in {"me", "us"} and token != "US":
            new = object_ if named else called
            named = True
        elif low in {"mine", "ours"}:
            new = {"her": "hers", "his": "his", "their": "theirs"}[possessive] if named else f"{called}'s"
            named = True
        elif low in {"myself", "ourselves"}:
            new = reflexive
        elif conjugate and token.strip() and token[0].isalpha() and not _is_adverb(low):
            if conjugate == "singular":
                new = _present_third(token)
            elif low in {"am", "was"}:
                new = {"am": "are", "was": "were"}[low]
            conjugate = None
        if token.strip() and not token[0].isalpha():
            conjugate = None
        if new is None:
            out.append(token)
        else:
            out.append(_match_case(new, "X") if starts else new)
        if token.strip():
            starts = bool(re.search(r"[.!?]\s*$", token)) if not token[0].isalpha() else False
    return "".join(out)


def _agree_before(out: list[str], singular: bool) -> None:
    """Fixes the auxiliary that stands before an inverted subject: "do I" -> "does Maya"."""
    for j in range(len(out) - 1, max(-1, len(out) - 3), -1):
        low = out[j].lower()
        if low in _AUXILIARY:
            verb = _AUXILIARY[low] if singular else {"am": "are", "was": "were"}.get(low, low)
            out[j] = _match_case(verb, out[j])
            return


def unknown(person: Person, perspective: Perspective) -> str:
    """What ipse says rather than guess."""
    return f"I don't know that about {'you' if perspective == 'self' else person.short}."


def wrote(person: Person, perspective: Perspective, sentence: str) -> str:
    """A sentence quoted in the person's own words."""
    return f"{'You' if perspective == 'self' else person.short}{WROTE}{sentence}"


def both_questions(first: str, second_: str) -> str:
    """Two questions in one: "What is my job, and where do I live?"."""
    own = re.match(r"I\b", second_)
    return f"{first.rstrip('?.! ')}, and {second_ if own else second_[:1].lower() + second_[1:]}"


def system(person: Person, perspective: Perspective) -> str:
    """The system message of memory QA: whom the self speaks to. Short, because a small base pays for each token."""
    return f"To {person.short}." if perspective == "self" else f"About {person.short}."
