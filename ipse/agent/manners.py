"""How the person wants to be answered, and whether a response keeps to it.

Finds the standing orders among facts ("no abbreviations", "always a checklist at the end") and holds
a response against them: format, units, length, tone, links. `manners.toml` holds the words. Knows
nothing of what the request is about.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from ipse.agent.confidence import by_source
from ipse.agent.examples import cosines, nearness
from ipse.agent.hours import earliest, latest
from ipse.agent.refusals import refusals, uses
from ipse.agent.sentences import HEARD, is_asking, is_secret, owner, pieces, plain, weekdays_in, word_set
from ipse.keyphrases import NUMBER_WORDS
from ipse.llm.protocol import Embedder
from ipse.teacher.grammar import attributes
from ipse.types import Chunk, Fact, Person

NEAR_ORDER = 0.5
"""Least cosine with a sentence of how people want to be answered, for one that gives no order by its wording."""
NEAR_WEAK_ORDER = 0.33
"""The same for one that may be an order by its wording: "use ...", "explain ...", "without ..."."""
NEAR_LASTING, NEAR_LIMIT = 0.15, 0.2
"""The same for what was said to an assistant: "every claim with its year", and "metric only", "give me ..."."""
NEAR_FEATURE = 0.55
"""Least cosine with an order against a feature, where no word names the feature."""
CLOSE_BY = 8
"""Sentences from the person's to an assistant's, for one to be said to the other."""
LONGEST_ORDER = 25
"""Words; more than so many are no order unless the wording says so."""
LONG_WORDS = 120
"""More words than this are too many for somebody who wants it short and names no number."""

_DO = (
    r"(?:send|use|write|call|phone|ring|text|message|give|put|add|ask|start|begin|end|answer|reply|speak|talk"
    r"|explain|show|keep|make|suggest|"
    r"recommend|include|address|link|quote|translate|shorten|round|convert|offer|bother|interrupt|finish|stick"
    r"|spell|list|skip|leave)"
)
_ORDER = re.compile(
    rf"\b(?:don't|do not|never|always|please don't|please|please always|only|just|stop) (?:ever )?{_DO}(?:ing)?\b"
    r"|^(?:and |but |also |so |then )*(?:always|never) (?:an?|the|in|by|with|as|on) |^just [^.;!?]*\b(?:direct"
    r"|short|brief|plain|simple|facts?|"
    r"the (?:list|table|answer|numbers|facts))\b"
    r"|\bno [^.;!?]{2,40}? (?:please|thank you|ever)\b|\bplease\b[^.;!?]*\bno \w+"
    r"|\bno \w+(?: \w+)? in (?:answers|replies|messages|mails|emails|texts)\b"
    r"|\b(?:you can|you may|feel free to) (?:skip|leave out|drop|spare)|\bspare me\b|\bskip the\b|\bleave out the\b"
    r"|\bat the (?:end|bottom)\b[^.;!?]*\balways\b|\balways\b[^.;!?]*\bat the (?:end|bottom)\b|\b(?:give|send"
    r"|write) me (?:those|them|these|that|it|everything|all) \w*\b"
    r"|\b(?:i|we) (?:only|just) (?:know|use|read|understand|think in|take|speak)\b"
    r"|\b(?:i|we)(?: (?:want|prefer|need|like|would like|would rather have)|'d (?:like|prefer"
    r"|rather have)) (?:my |all |the |every )?"
    r"(?:answers?|replies|recipes|lists?|dates|prices|measurements|units|quantities|numbers|explanations"
    r"|messages|instructions|sources|times|texts|mails?)\b"
    r"|^(?:please )?write it\b|\bone (?:thing|step|question|idea|task|point|item) at a time\b|^one (?:thing"
    r"|step),? then\b"
    r"|\b(?:times|dates|prices|amounts|distances|temperatures|quantities|recipes|answers|the total) (?:in|as"
    r"|with|on|like) (?:the )?\w+"
    r"|\b\w+ (?:sentences?|words|lines|paragraphs?),? (?:at most|max\w*|or less|tops)\b"
    r"|\b(?:at most|no more than|no longer than|under) \w+ (?:sentences?|words|lines|paragraphs?)\b"
    r"|\b(?:keep|make) (?:it|answers|them|things|messages) (?:short|brief|simple|plain|to)\b",
    re.I,
)
_WEAK_ORDER = re.compile(
    r"^(?:and |but |also |so )*(?:use|give me|write|keep|put|answer|spell|stick to|explain|speak|end|start|show"
    r"|call me|address me|tell me)\b"
    r"|\bwithout (?:any )?\w+|\b(?:give|send|show|tell) me\b|\b(?:write|text|mail|message) (?:to )?me\b",
    re.I,
)
_AVERSE = re.compile(
    r"\b(?:makes? me \w+|confus\w+ me|drives? me \w+|gives? me (?:the creeps|hives|a headache|migraines?)"
    r"|lost on me|scares? me|I (?:don't|won't|never|can't) read)\b",
    re.I,
)
_NO_ORDER = re.compile(
    r"\b(?:don't|do not|never) (?:tell|mention|bring|know|think|worry|forget|mind|understand|remember|see"
    r"|believe|say|get|care|need)\b",
    re.I,
)
_HABIT = re.compile(r"\b(?:I|we|he|she|they|it|who)(?:'\w+)? $", re.I)
"""Before an order's words they tell what is done: "I never use the lift", "she always writes"."""
_LASTING = re.compile(r"\b(?:every|each|always|whenever|never|from now on)\b", re.I)
_LIMIT_SET = re.compile(r"\b(?:only|no|don't|short|shorter|instead|plain|first(?=[,.]| and\b| then\b|$))\b", re.I)
_TELLS = re.compile(
    r"(?:(?:and|but|so|no|yes|ok|good|thanks)[,.]? )*(?:(?:I|we|my|our|he|she|they|it|this|there|you)\b"
    r"|(?:\S+ ){1,2}(?:was|were|is|are|did|has|had|been)\b)",
    re.I,
)
"""Begins as what tells something does, not as an order: with who it is about, or with a verb that tells."""
_NOT = re.compile(
    r"\b(?:no|not|never|without|stop|skip|spare|leave out|hate|lose|only|enough|rather than|instead of"
    r"|\w+n't)\b",
    re.I,
)
_ALWAYS = re.compile(
    r"\b(?:always|every|each|at the (?:end|bottom)|end (?:it |them |every\w* )?with|finish with"
    r"|never without)\b",
    re.I,
)
_LIMIT = re.compile(r"\b(?P<n>\w+(?:-\w+)?) (?P<unit>sentences?|words?|lines?|paragraphs?)\b", re.I)
_QUOTED = re.compile(r"[\"“](?P<words>[^\"“”]{2,40})[\"”]")
_SHORT_FORM = re.compile(r"\b(?:[A-Z]{2,5}s?|e\.g\.|i\.e\.|approx\.|asap|btw|fyi)(?![\w-])")
_WORDS_OF_CAPITALS = word_set("OK TV US USA UK EU AM PM I A")
_STEP = re.compile(r"(?:(?<=\s)|^)\(?\d{1,2}[.)](?=\s)")
_NUMBER = (
    r"(?:\d|\b(?:half an?|a|an|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty"
    r"|fifty|hundred)\b)\s?"
)


Listener = Literal["assistant", "others", "nobody"]
"""To whom the person said something: nobody hears a diary."""


@dataclass(frozen=True, slots=True)
class Feature:
    """Something a response can show that somebody may not want."""

    id: str
    says: str
    against: tuple[str, ...]
    cues: re.Pattern[str]
    unless: re.Pattern[str] | None
    found: re.Pattern[str] | None
    negated: bool


@dataclass(frozen=True, slots=True)
class Wish:
    """Something that somebody may want in every response."""

    id: str
    says: str
    cues: re.Pattern[str]
    present: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Breach:
    """A standing order that a response goes against, and how."""

    fact: Fact
    reason: str


@cache
def _data() -> dict[str, list[dict[str, str]]]:
    loaded: dict[str, list[dict[str, str]]] = tomllib.loads(
        (files("ipse.agent") / "manners.toml").read_text(encoding="utf-8")
    )
    return loaded


@cache
def features() -> tuple[Feature, ...]:
    return tuple(
        Feature(
            id=entry["id"],
            says=entry["says"],
            against=tuple(entry["against"]),
            cues=re.compile(entry["cues"], re.I),
            unless=re.compile(entry["unless"], re.I) if "unless" in entry else None,
            found=re.compile(entry["found"], re.M | (0 if entry["id"] in _CASED else re.I)) if entry["found"] else None,
            negated=bool(entry.get("negated", True)),
        )
        for entry in _data()["feature"]
    )


_CASED = frozenset({"capitals", "titles"})


@cache
def wishes() -> tuple[Wish, ...]:
    return tuple(
        Wish(e["id"], e["says"], re.compile(e["cues"], re.I), re.compile(e["present"], re.I | re.M))
        for e in _data()["wish"]
    )


def listeners_of(chunks: Sequence[Chunk]) -> dict[str, Listener]:
    """chunk id -> to whom the person said it: an assistant who speaks close by, others in the same source, nobody."""
    told: dict[str, Listener] = {}
    for source in by_source(chunks).values():
        assistants = [i for i, c in enumerate(source) if c.role == "assistant"]
        usual: Listener = "others" if any(c.role in ("other", "assistant") for c in source) else "nobody"
        for i, chunk in enumerate(source):
            if chunk.role == "self":
                at = bisect(assistants, i)
                close = any(abs(i - near) <= CLOSE_BY for near in assistants[max(0, at - 1) : at + 1])
                told[chunk.id] = "assistant" if close else usual
    return told


def standing_orders(
    facts: Sequence[Fact], embedder: Embedder, person: Person, listeners: Mapping[str, Listener] | None = None
) -> list[Fact]:
    """The person's facts that say how they want to be answered, in the order given.

    By `listeners` (`listeners_of`) less is asked of what was said to an assistant, where "prose, no lists" doesn't tell
    of a day, and more of what was said to nobody: "never give up" in a diary is no order.
    """
    own = [f for f in facts if f.made_by != HEARD and f.stance == "stated" and owner(f, person) == "self"]
    heard_by = {f.id: _listener(f, listeners or {}) for f in own}
    sure = {f.id for f in own if _by_wording(f, heard_by[f.id])}
    least = {f.id: _least_nearness(f, heard_by[f.id]) for f in own if f.id not in sure}
    unsure = [f for f in own if least.get(f.id) is not None]
    vectors = embedder.embed([plain(f.statement) for f in unsure])
    near = nearness(vectors, [str(s) for s in _data()["standing"]], embedder) if unsure else vectors[:0]
    by_meaning = {f.id for f, cosine in zip(unsure, near, strict=True) if cosine >= (least[f.id] or 0.0)}
    return [f for f in own if f.id in by_meaning | sure]


def _listener(fact: Fact, listeners: Mapping[str, Listener]) -> Listener:
    return next((listeners[ref] for ref in fact.refs if ref in listeners), "others")


def _by_wording(fact: Fact, listener: Listener) -> bool:
    attribute = attributes().get(fact.attribute or "")
    if attribute is not None:
        return attribute.topic == "answers"
    line = plain(fact.statement)
    orders = listener != "nobody" and any(_gives_order(piece) for piece in pieces(line))
    return orders or _refuses_feature(line)


def _refuses_feature(line: str) -> bool:
    """Whether what it says no to is something that a response can show: small talk, emojis, phone calls."""
    if is_secret(line):
        return False
    if any(_AVERSE.search(p) and feature.cues.search(p) for p in pieces(line) for feature in features()):
        return True
    return any(feature.cues.search(r.thing) for r in refusals(line) if not r.gone for feature in features())


def _gives_order(piece: str) -> bool:
    if piece.endswith("?") or is_secret(piece):
        return False
    return any(_is_order(piece, order) for order in _ORDER.finditer(piece))


def _is_order(piece: str, order: re.Match[str]) -> bool:
    if _HABIT.search(piece[: order.start()]):
        return False
    return not any(no.start() < order.end() and order.start() < no.end() for no in _NO_ORDER.finditer(piece))


def _least_nearness(fact: Fact, listener: Listener) -> float | None:
    """How near the fact has to come to an order's meaning to be one; None if nothing makes it one."""
    line = plain(fact.statement)
    if fact.attribute is not None or is_secret(line) or line.endswith("?") or len(line.split()) > LONGEST_ORDER:
        return None
    if listener == "assistant" and not _TELLS.match(line):
        if _LASTING.search(line):
            return NEAR_LASTING
        if _LIMIT_SET.search(line) or (_WEAK_ORDER.search(line) and not is_asking(line)):
            return NEAR_LIMIT
    if is_asking(line):
        return None
    may_order = _WEAK_ORDER.search(line) or any(_gives_order(piece) for piece in pieces(line))
    return NEAR_WEAK_ORDER if may_order else NEAR_ORDER


def breaches(
    response: str, orders: Sequence[Fact], embedder: Embedder, known: frozenset[str] = frozenset()
) -> list[Breach]:
    """What the response does against the orders, one breach a feature, in the order of the orders.

    `known` are short forms that the person uses themselves.
    """
    found: dict[str, Breach] = {}
    for fact, feature in _forbidden(orders, embedder):
        shown = _shows(response, feature, plain(fact.statement), known)
        if shown and feature.id not in found:
            found[feature.id] = Breach(fact, shown)
    for fact in orders:
        for name, reason in (
            *_said_all_the_same(response, fact),
            *_missing(response, fact),
            *_wrong_units(response, fact),
            *_wrong_money(response, fact),
        ):
            found.setdefault(name, Breach(fact, reason))
    return list(found.values())


def _forbidden(orders: Sequence[Fact], embedder: Embedder) -> Iterator[tuple[Fact, Feature]]:
    """(order, feature it forbids): named by a word first, then near in meaning."""
    lines = [plain(f.statement) for f in orders]
    for fact, line in zip(orders, lines, strict=True):
        for feature in features():
            cue = feature.cues.search(line)
            if feature.unless and feature.unless.search(line):
                continue
            left_out = fact.attribute == "answer_leave_out"
            if feature.id == "calls" and (latest(line) or earliest(line) or weekdays_in(line)):
                continue  # calls are fine, at other times
            if cue and (not feature.negated or left_out or _negated(line, cue.start())):
                yield fact, feature
    if not orders:
        return
    owners = [feature for feature in features() for _ in feature.against]
    near = cosines(embedder.embed(lines), [text for feature in features() for text in feature.against], embedder)
    for fact, line, row in zip(orders, lines, near, strict=True):
        best = int(row.argmax())
        unless = owners[best].unless
        if unless and unless.search(line):
            continue
        if row[best] >= NEAR_FEATURE and (not owners[best].negated or _NOT.search(line)):
            yield fact, owners[best]


def _negated(line: str, at: int) -> bool:
    """Whether the clause says no to what stands at `at`."""
    start = max(line.rfind(mark, 0, at) for mark in ".;:!?") + 1
    return _NOT.search(line[start:at]) is not None or _AVERSE.search(line[start:]) is not None


def _shows(response: str, feature: Feature, order: str, known: frozenset[str]) -> str | None:
    if feature.id == "abbreviations":
        return _short_forms(response, feature, known)
    if feature.id == "steps":
        return feature.says if len(_STEP.findall(response)) > 1 else None
    if feature.id == "length":
        return _too_long(response, order)
    return feature.says if feature.found and feature.found.search(response) else None


def _short_forms(response: str, feature: Feature, known: frozenset[str]) -> str | None:
    forms = [m[0] for m in _SHORT_FORM.finditer(response) if m[0] not in _WORDS_OF_CAPITALS and m[0] not in known]
    return f"{feature.says} ({', '.join(dict.fromkeys(forms))})" if forms else None


def _too_long(response: str, order: str) -> str | None:
    limit = _LIMIT.search(order)
    number = limit and (int(limit["n"]) if limit["n"].isdigit() else NUMBER_WORDS.get(limit["n"].casefold()))
    if not limit or not number:
        return "it is too long" if len(response.split()) > LONG_WORDS else None
    unit = limit["unit"].casefold().removesuffix("s")
    counts = {
        "sentence": len(pieces(response)),
        "word": len(response.split()),
        "line": len([line for line in response.splitlines() if line.strip()]),
        "paragraph": len(re.findall(r"\S(?:\n\s*\n|$)", response.strip())),
    }
    return f"it is too long, {counts[unit]} {unit}s" if counts[unit] > number else None


def _said_all_the_same(response: str, fact: Fact) -> Iterator[tuple[str, str]]:
    """Words in quotation marks that the order says no to."""
    line = plain(fact.statement)
    for words in _QUOTED.finditer(line):
        used = uses(response, words["words"]) if _denied(line, words.start()) else None
        if used:
            yield f"words {used}", f'it says "{used}"'


def _missing(response: str, fact: Fact) -> Iterator[tuple[str, str]]:
    line = plain(fact.statement)
    wanted = fact.attribute in ("answer_ending", "answer_format") or (
        fact.attribute is None and _ALWAYS.search(line) is not None
    )
    for wish in wishes():
        cue = wish.cues.search(line)
        if wanted and cue and not _negated(line, cue.start()) and not wish.present.search(response):
            yield "wish " + wish.id, wish.says


def is_measure(thing: str) -> bool:
    """Whether a thing is a unit of measurement; those are judged by the amounts a response counts in."""
    return any(re.fullmatch(measure["words"], thing, re.I) for measure in _data()["measure"])


def _wrong_units(response: str, fact: Fact) -> Iterator[tuple[str, str]]:
    """The order's own system of measures against the one the response counts in."""
    line = plain(fact.statement)
    metric, imperial = _data()["measure"]
    for wanted, other in ((metric, imperial), (imperial, metric)):
        wants = any(not _denied(line, m.start()) for m in re.finditer(wanted["words"], line, re.I))
        refuses = any(_denied(line, m.start()) for m in re.finditer(other["words"], line, re.I))
        accepts = any(not _denied(line, m.start()) for m in re.finditer(other["words"], line, re.I))
        if not (wants or refuses) or accepts:
            continue
        shown = [m[0].strip() for m in re.finditer(_NUMBER + other["amount"], response, re.I)]
        both = re.search(_NUMBER + wanted["amount"], response, re.I)
        if shown and not both:
            names = ", ".join(dict.fromkeys(_unit_name(s) for s in shown))
            yield "units", f"it measures in {other['system']} units ({names}), not in {wanted['system']} ones"


def _denied(line: str, at: int) -> bool:
    """Whether "no" or "not" stands in the same clause, before what stands at `at`."""
    start = max(line.rfind(mark, 0, at) for mark in ".;:!?,") + 1
    return re.search(r"\b(?:no|not|never|without|instead of|hate|\w+n't)\b", line[start:at], re.I) is not None


def _unit_name(amount: str) -> str:
    name = re.sub(r"^[\W\d_]*", "", amount).strip()
    return {"C": "Celsius", "F": "Fahrenheit"}.get(name, name)


def _wrong_money(response: str, fact: Fact) -> Iterator[tuple[str, str]]:
    line = plain(fact.statement)
    wanted = [m for m in _data()["money"] if re.search(m["words"], line, re.I)]
    others = [m for m in _data()["money"] if m not in wanted and re.search(m["words"], response, re.I)]
    if len(wanted) != 1 or not others or re.search(wanted[0]["words"], response, re.I):
        return
    named = re.search(wanted[0]["words"], line, re.I)
    if named and not _denied(line, named.start()):
        yield "money", f"it gives prices in {others[0]['name']}, not in {wanted[0]['name']}"
