"""What an adapter remembers, asked with care: several drafts are made, and the likeliest that answers is given.

The same question is put with its sense and without it, and as ipse itself would ask it; where a draft was least sure
it is said again in other ways. Then the adapter is made to quote, in whatever ways it would begin, for it often denies
what it could say. The reader and turned sentence vectors, which know nobody, tell which of all that would answer the
question. No word of the person's is looked up here: what isn't in the weights can't be said.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ipse.llm.biencoder import default_biencoder
from ipse.llm.crossencoder import CrossEncoder
from ipse.llm.local import LocalChat
from ipse.llm.protocol import Reply
from ipse.llm.sense import neutral
from ipse.types import Message, Person, Perspective
from ipse.voice import REFUSAL, WROTE, system, wrote
from ipse.weights.evaluate import is_unknown, plain
from ipse.weights.pertinence import Wanted, wanted_of

BRANCHES = 2
"""Other ways to go on from the least sure token."""
TWICE = 0.5
"""Added to what is told more than once. Not to not knowing: without the sense an adapter denies readily."""
OFF = 16.0
"""Taken from the log of the least probable token of a value told in ipse's words, for each point that it is off what
was asked for, see `Wanted`. Of not knowing, which nobody can check against the question, the likelihood counts."""
QUOTE_READ = 0.5
"""Weight of the reader's log-odds beside that log for a sentence quoted, where whether it answers shows when it is
read."""
MOST_ODDS = 6.0
WAYS = 12
"""In how many ways a quotation is begun, with the sense of the question and as many without."""
TURNED, ADDED = 6.0, 3.0
"""Log-odds for each point of nearness of its turned vector to the question's, less what that adds on average: the
reader and the vectors err in different places."""
FIRST_WORD = 0.2
"""Weight of the log of its first word's likelihood beside the reader's log-odds."""
NEARLY, TOGETHER, WORDS = 3.0, 2, 36
"""Quotations worth so little less than the best are told with it, at most so many of so many words together."""
TOLD, DENIED = -1.0, -2.0
"""Least worth of a quotation to take the place of what was said, and of not knowing, less the odds of that."""


@dataclass(frozen=True, slots=True)
class _Draft:
    reply: Reply
    worth: float
    """A log-likelihood but for a constant."""


def recall(
    person: Person,
    asked: Sequence[tuple[Perspective, str]],
    chat: LocalChat,
    reader: CrossEncoder,
    max_tokens: int = 56,
) -> list[Reply]:
    """One reply a question; its confidence is its share among all that was drafted."""
    if not asked:
        return []
    prompts = [[Message("system", system(person, whom)), Message("user", question)] for whom, question in asked]
    drafted = _drafted(person, asked, prompts, chat, reader, max_tokens)
    replies = [reply for reply, _ in drafted]
    torn = [i for i, (_, may_quote) in enumerate(drafted) if may_quote]
    if not torn:
        return replies
    again = [prompts[i] for i in torn]
    quotations = _quotations(again, [wrote(person, asked[i][0], "").rstrip() for i in torn], chat, max_tokens)
    read, near = _read(again, quotations, chat.names, reader), _near(again, quotations, chat)
    for i, own, odds, added in zip(torn, quotations, read, near, strict=True):
        replies[i] = _outweighed(replies[i], own, [o + more for o, more in zip(odds, added, strict=True)])
    return replies


def _quotations(
    prompts: Sequence[Sequence[Message]], opened: Sequence[str], chat: LocalChat, max_tokens: int
) -> list[list[Reply]]:
    """What the adapter quotes of itself for each prompt, every quotation once."""
    found: list[dict[str, Reply]] = [{} for _ in prompts]
    for one in [chat, chat.plain()] if chat.embedder is not None else [chat]:
        for own, begun in zip(found, one.openings(prompts, opened, WAYS, max_tokens), strict=True):
            for reply in begun:
                own[reply.text] = max(own.get(reply.text, reply), reply, key=lambda r: r.confidence or 0.0)
    return [list(own.values()) for own in found]


def _near(
    prompts: Sequence[Sequence[Message]], quotations: Sequence[Sequence[Reply]], chat: LocalChat
) -> list[list[float]]:
    """What the nearness of each quotation to its question adds to its log-odds; nothing without sentence vectors."""
    if chat.embedder is None:
        return [[0.0] * len(own) for own in quotations]
    turn = default_biencoder()
    asked = turn.asked(chat.embedder.embed([neutral(prompt[-1].content, chat.names) for prompt in prompts]))
    told = chat.embedder.embed([_quoted(reply, chat.names) for own in quotations for reply in own])
    vectors = iter(turn.told(told, told, told, np.zeros(len(told), np.float32)))
    return [
        [TURNED * float(next(vectors) @ question) - ADDED for _ in own]
        for question, own in zip(asked, quotations, strict=True)
    ]


def _outweighed(reply: Reply, quotations: Sequence[Reply], odds: Sequence[float]) -> Reply:
    """The quotations that answer likeliest, if they answer more surely than the reply is meant; else the reply, with
    them beside it if it is one itself."""
    worth = [o + FIRST_WORD * math.log(q.confidence or 1e-9) for q, o in zip(quotations, odds, strict=True)]
    order = sorted(range(len(worth)), key=lambda i: (-worth[i], i))
    best = worth[order[0]]
    denied = is_unknown(reply.text)
    bar = DENIED - math.log(1.001 - (reply.confidence or 0.0)) if denied else TOLD
    near = [quotations[i].text for i in order if worth[i] >= max(best, TOLD) - NEARLY]
    if best >= bar:
        return Reply(_together(near), 1 / (1 + math.exp(-best)))
    return Reply(_together([reply.text, *near]), reply.confidence) if WROTE in reply.text else reply


def _together(quotations: Sequence[str]) -> str:
    """The first, and those after it that say something else and fit: begun with another word an adapter often goes on
    with the same sentence."""
    told = [quotations[0]]
    for text in quotations[1:]:
        other = text.split(WROTE, 1)[-1].strip()
        words = set(plain(other).split())
        says_more = 2 * len(words - set(plain(" ".join(told)).split())) > len(words)
        if says_more and len(told) < TOGETHER and len(" / ".join([*told, other]).split()) <= WORDS:
            told.append(other)
    return " / ".join(told)


def _drafted(
    person: Person,
    asked: Sequence[tuple[Perspective, str]],
    prompts: Sequence[Sequence[Message]],
    chat: LocalChat,
    reader: CrossEncoder,
    max_tokens: int,
) -> list[tuple[Reply, bool]]:
    """For each prompt the likeliest, and whether it may be made to quote instead, see `_may_quote`."""
    drafts = chat.drafts(prompts, BRANCHES, max_tokens)
    wanted: Sequence[Wanted | None] = [None] * len(asked)
    if chat.embedder is not None:
        wanted = known = wanted_of(asked, person, chat.embedder)
        plainly = chat.plain().drafts(prompts, BRANCHES, max_tokens)
        again = _reworded(prompts, [one.reworded for one in known], chat, max_tokens)
        drafts = [[*one, *two, *three] for one, two, three in zip(drafts, plainly, again, strict=True)]
    read = _read(prompts, drafts, chat.names, reader)
    best = [
        _best([_weighed(*each, one) for each in zip(own, odds, strict=True)])
        for own, odds, one in zip(drafts, read, wanted, strict=True)
    ]
    return [(reply, _may_quote(reply, own)) for reply, own in zip(best, drafts, strict=True)]


def _reworded(
    prompts: Sequence[Sequence[Message]], questions: Sequence[str | None], chat: LocalChat, max_tokens: int
) -> list[list[Reply]]:
    """Drafts for these questions in place of the prompts' own, none where there is none."""
    put = {i: [*prompts[i][:-1], Message("user", one)] for i, one in enumerate(questions) if one is not None}
    drafts = dict(zip(put, chat.drafts(list(put.values()), BRANCHES, max_tokens), strict=True))
    return [drafts.get(i, []) for i in range(len(prompts))]


def _may_quote(reply: Reply, drafts: Sequence[Reply]) -> bool:
    """Of whom values alone are known, what begins as a quotation is made up: one of the drafts must quote. What the
    adapter refuses as private it isn't made to tell, and a value it tells stands."""
    denied = is_unknown(reply.text) and reply.text != REFUSAL
    return (denied or WROTE in reply.text) and any(WROTE in draft.text for draft in drafts)


def _read(
    prompts: Sequence[Sequence[Message]], drafts: Sequence[Sequence[Reply]], names: Sequence[str], reader: CrossEncoder
) -> list[list[float]]:
    """For every draft that quotes the log-odds that it answers its question; for the others, which nobody weighs, 0."""
    asked = [
        (neutral(prompt[-1].content, names), _quoted(reply, names))
        for prompt, own in zip(prompts, drafts, strict=True)
        for reply in own
        if WROTE in reply.text
    ]
    odds = iter(reader.alone(asked))
    return [[next(odds) if WROTE in reply.text else 0.0 for reply in own] for own in drafts]


def _quoted(reply: Reply, names: Sequence[str]) -> str:
    return neutral(reply.text.split(WROTE, 1)[-1], names)


def _weighed(reply: Reply, odds: float, wanted: Wanted | None) -> _Draft:
    """A value tells nothing to the reader that what it speaks of doesn't tell better."""
    sure = math.log(max(reply.confidence or 0.0, 1e-9))
    if is_unknown(reply.text):
        return _Draft(reply, sure)
    if WROTE in reply.text:
        return _Draft(reply, sure + QUOTE_READ * max(-MOST_ODDS, min(MOST_ODDS, odds)))
    return _Draft(reply, sure - OFF * (wanted.off(reply.text) if wanted else 0.0))


def _best(drafts: Sequence[_Draft]) -> Reply:
    groups: dict[str, list[_Draft]] = {}
    for draft in drafts:
        key = "" if is_unknown(draft.reply.text) else plain(draft.reply.text)
        groups.setdefault(key, []).append(draft)
    worth = {key: max(d.worth for d in own) + TWICE * (key != "" and len(own) > 1) for key, own in groups.items()}
    best = max(worth, key=worth.__getitem__)
    share = 1 / sum(math.exp(w - worth[best]) for w in worth.values())
    return Reply(max(groups[best], key=lambda d: d.worth).reply.text, share)
