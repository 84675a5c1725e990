"""How well an adapter holds its person, asked of the weights alone: the gate before promotion.

Questions are pairs that were held out of training. Five systems side by side are the business of
`ipse.agent.evaluate`; this module knows no retrieval.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence

from rapidfuzz import fuzz

from ipse.llm.protocol import ChatModel, Reply
from ipse.types import Fact, Pair
from ipse.voice import REFUSAL, WROTE

KNOWN_FORMS = frozenset({"forward", "reverse", "recall", "yes", "no", "update"})
UNSURE = 0.25
"""A reply with a token less likely than this is a guess, and is not given out."""
CLAUSE = 3
"""Least words of a fact's sentence, quoted as they stand there, that tell it."""
_UNKNOWN = re.compile(r"^I don't know that\b")


def plain(text: str) -> str:
    """Lower case, no accents, no punctuation: for comparing, never for showing."""
    folded = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return " ".join(re.findall(r"\w+", folded))


def agrees(answer: str, reference: str) -> bool:
    """The same words but for a slip of spelling; a denial never agrees with an affirmation."""
    mine, theirs = plain(answer), plain(reference)
    if is_unknown(answer) != is_unknown(reference) or mine.split()[:1] != theirs.split()[:1]:
        return False
    return mine == theirs or fuzz.ratio(mine, theirs) >= 94.0


def is_unknown(answer: str) -> bool:
    """However it goes on: an adapter that has much to hold may lose the thread after "I don't know that"."""
    return _UNKNOWN.match(answer) is not None or answer == REFUSAL


def abstains(reply: Reply) -> bool:
    """Whether the weights say that they don't know, or are too unsure to be believed."""
    return is_unknown(reply.text) or (reply.confidence is not None and reply.confidence < UNSURE)


def tells(said: str, fact: Fact) -> bool:
    """Whether the fact's value, most of its sentence's words, or a clause of it quoted stand in what was said."""
    words = plain(said).split()
    if fact.value:
        return f" {plain(fact.value)} " in f" {' '.join(words)} "
    wanted = plain(fact.statement)
    quoted = [plain(part.split(WROTE, 1)[-1]) for part in said.split(" / ")]
    if any(len(part.split()) >= CLAUSE and f" {part} " in f" {wanted} " for part in quoted):
        return True
    return len({*wanted.split()} & {*words}) >= 0.6 * min(len({*wanted.split()}), 25)


def tells_of(said: str, pair: Pair, facts: Mapping[str, Fact]) -> bool:
    """Whether a fact that the pair rests on is told."""
    return any(tells(said, facts[ref]) for ref in pair.refs if ref in facts)


def score(chat: ChatModel, pairs: Sequence[Pair], facts: Sequence[Fact]) -> dict[str, float]:
    """memory, memory_self, memory_third, absence and leak, each in [0, 1]; absent groups are left out.

    Of `facts`, those that are no longer so among them, a leak tells the very one that is to be refused.
    """
    by_id = {fact.id: fact for fact in facts}
    asked = [p for p in pairs if _groups(p)]
    replies = chat.chat([p.prompt for p in asked], max_tokens=48)
    found: dict[str, list[bool]] = {}
    for pair, reply in zip(asked, replies, strict=True):
        for group in _groups(pair):
            found.setdefault(group, []).append(_scores(pair, reply, by_id))
    return {name: sum(hits) / len(hits) for name, hits in sorted(found.items())}


def counted(pairs: Sequence[Pair]) -> Counter[str]:
    """Of how many questions each score is the share."""
    return Counter(group for pair in pairs for group in _groups(pair))


def _groups(pair: Pair) -> tuple[str, ...]:
    """The scores that a held-out pair counts for; none if it isn't asked."""
    if pair.task != "memory":
        return ()
    if pair.form in KNOWN_FORMS:
        return ("memory", f"memory_{pair.perspective}")
    return {"absence": ("absence",), "refusal": ("leak",)}.get(pair.form, ())


def _scores(pair: Pair, reply: Reply, facts: Mapping[str, Fact]) -> bool:
    """Whether it was known, or rightly not; of what should be refused, whether it was told."""
    if pair.form in KNOWN_FORMS:
        return agrees(reply.text, pair.answer)
    if pair.form == "absence":
        return abstains(reply)
    return not abstains(reply) and tells_of(reply.text, pair, facts)
