"""The story of the second flow: what the person likes becomes one paragraph.

    signals -> the log -> preferences -> the paragraph          (every writer, in one transaction)
    preferences -> drift flags                                  (the sweep, every fifteen minutes)
    replies and thumbs -> amendments -> folded in, or proposed  (every twenty replies)
    the paragraph -> a language model's words for it            (`consult`, where one is configured)

Whatever changes, the paragraph is written anew before the change is committed, so that reading it is one query and
never a computation. What the person wrote themselves is passed on untouched. This module, `consult` and `forgetting`
alone write; all reading for a prompt is in `preamble`.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from ipse.errors import Conflict, UsageError
from ipse.raw.signals import own_style, signal_of, style_of
from ipse.store.protocol import Store
from ipse.store.sqlite import SqliteStore, alarmed_people
from ipse.types import Amendment, Drift, Paragraph, Preference, Profile, Reply, Signal, new_id
from ipse.words import refine
from ipse.words.drift import FLAG_AT
from ipse.words.personality import verbalize
from ipse.words.preamble import current
from ipse.words.preferences import number, observe_all, restarted

SWEEP_EVERY = 15 * 60.0
"""Seconds between two sweeps."""
AT_ONCE = 200
"""People whose flags are written in one transaction."""
LONGEST_TEXT = 4000
"""Characters of about-me or of a paragraph of the person's own."""
MILDER, ALIKE = 0.2, 0.05
"""How far from a reply that wasn't liked lies what would have been; nearer to what is known it says nothing."""

Thumb = Literal["up", "down"]


def observe(store: Store, signals: Sequence[Signal], now: datetime) -> list[Signal]:
    """Logs the signals and lets them count; those that were new. One transaction, constant time for each."""
    if not signals:
        return []
    with store.transaction():
        new = store.put_signals(signals)
        if new:
            known = store.preferences()
            changed = observe_all(known, new)
            store.put_preferences(changed.values())
            emit(store, _counted(store, new), {**known, **changed}, now)
    return new


def _counted(store: Store, new: Sequence[Signal]) -> Profile:
    """The profile with these signals counted in."""
    known = store.profile()
    thumbs = len({signal.refs or signal.id for signal in new if signal.source == "thumb"})
    nudges = sum(signal.source == "nudge" for signal in new)
    if not thumbs and not nudges:
        return known
    counted = replace(known, thumbs=known.thumbs + thumbs, nudges=known.nudges + nudges)
    store.put_profile(counted)
    return counted


def _decide(store: Store, profile: Profile, now: datetime) -> Paragraph:
    """Keeps what the person decided, and what follows for the paragraph."""
    store.put_profile(profile)
    return emit(store, profile, store.preferences(), now)


def emit(store: Store, profile: Profile, preferences: Mapping[str, Preference], now: datetime) -> Paragraph:
    """Writes the paragraph anew where its words, or whose they are, changed; in each writer's own transaction."""
    made = verbalize(profile, preferences, now)
    last = current(store)
    if last is not None and (last.sentences, last.provenance) == (made.sentences, made.provenance):
        return last
    if last is None and made.provenance == "empty":
        return made
    # the same words may come again in one tick of the clock: what they follow tells the two apart
    made = replace(made, id=new_id("paragraph", made.id, last.id if last else ""))
    store.put_paragraph(made)
    return made


def read_style(store: Store, now: datetime) -> list[Signal]:
    """Signals of how the person writes to others; a source that was read already adds nothing."""
    return observe(store, own_style(store.sources(), store.turns()), now)


def onboard(store: Store, answers: Mapping[str, object], now: datetime) -> list[Signal]:
    """The quiz: dimension -> value. Raises UsageError for an answer that is none."""
    key = (secrets.token_hex(8),)
    signals = [signal_of(name, value, "onboarding", now, now, key=key) for name, value in answers.items()]
    if not signals:
        raise UsageError("no question was answered; nothing is changed")
    with store.transaction():
        store.put_profile(replace(store.profile(), onboarded=True))
        return observe(store, signals, now)


def describe(store: Store, about_me: str, now: datetime, base: str | None = None) -> Paragraph:
    """About-me, in the person's own words; empty takes it away. `base` is what they saw while they wrote: raises
    Conflict if it is something else by now.
    """
    text = _own_text(about_me, "about-me")
    with store.transaction():
        known = store.profile()
        if base is not None and base != known.about_me:
            raise Conflict("about-me was changed meanwhile; look at it again, then save")
        return _decide(store, replace(known, about_me=text), now)


def edit(store: Store, text: str, now: datetime, base: str | None = None) -> Paragraph:
    """The person's own paragraph, pinned from now on.

    `base` is the id of the paragraph that they saw while they wrote: raises Conflict if another is in force by now.
    """
    own = _own_text(text, "the paragraph")
    if not own:
        raise UsageError("the paragraph is empty; to go back to the one that evolves: ipse profile unpin")
    with store.transaction():
        _unchanged(store, base)
        known = unpinned(store, store.profile())  # what was proposed to other words lapses
        meant = refine.stands_for(store.preferences())
        return _decide(store, replace(known, pinned=own, stands_for=meant, wording=None), now)


def _unchanged(store: Store, base: str | None) -> Paragraph | None:
    """The paragraph in force. Raises Conflict if it isn't the one with the id `base`."""
    last = current(store)
    if base is not None and base != (last.id if last else ""):
        raise Conflict("the paragraph was changed meanwhile; look at it again, then save")
    return last


def pin(store: Store, now: datetime, base: str | None = None) -> Paragraph:
    """Keeps the paragraph as it stands. Raises UsageError where there is none, Conflict as `edit` does."""
    with store.transaction():
        last = _unchanged(store, base)
        if last is None or not last.text:
            raise UsageError("there is no paragraph to pin yet; write one with: ipse profile edit")
        return last if last.provenance == "user_authored" else edit(store, last.text, now)


def unpin(store: Store, now: datetime) -> Paragraph:
    """Lets the paragraph evolve again. What was proposed to the pinned one lapses."""
    with store.transaction():
        known = store.profile()
        if known.pinned is None:
            raise UsageError("the paragraph isn't pinned")
        return _decide(store, unpinned(store, known), now)


def unpinned(store: Store, known: Profile) -> Profile:
    for amendment in store.amendments():
        if amendment.status == "proposed":
            store.put_amendment(replace(amendment, status="dismissed"))
    return replace(known, pinned=None, stands_for={}, wording=None)


def restore(store: Store, paragraph_id: str, now: datetime) -> Paragraph:
    """An earlier paragraph, word for word: pinned, because the person chose it. Raises UsageError for an unknown id."""
    with store.transaction():
        found = next((each for each in store.paragraphs() if each.id == paragraph_id), None)
        if found is None:
            raise UsageError(f"there is no paragraph {paragraph_id}; see them with: ipse profile history")
        if not found.text:
            raise UsageError(f"{paragraph_id} is empty; to start from nothing: ipse profile unpin")
        return edit(store, found.text, now)


def note_reply(store: Store, text: str, now: datetime) -> Reply | None:
    """Remembers how an agent's reply was written (not its words), and looks every so often whether the paragraph fits.

    None for a reply that is too short to say anything.
    """
    style = style_of(text)
    if style is None:
        return None
    reply = Reply(f"reply_{secrets.token_hex(8)}", now, style["length"], style.get("density"), style.get("tone"))
    with store.transaction():
        store.put_reply(reply)
        known = replace(store.profile(), replies=store.profile().replies + 1)
        store.put_profile(known)
        if refine.is_due(known):
            _refine(store, now)
    return reply


def judge(store: Store, reply_id: str, thumb: Thumb, now: datetime) -> list[Signal]:
    """A thumb on a reply: how it was written is liked, or its opposite is. Raises UsageError for an unknown id."""
    with store.transaction():
        reply = store.reply(reply_id)
        if reply is None:
            raise UsageError(f"there is no reply {reply_id}")
        if reply.thumb == thumb:
            return []
        store.put_reply(replace(reply, thumb=thumb))
        known = store.preferences()
        liked = {name: _liked(known.get(name), getattr(reply, name), thumb) for name in refine.MEASURED}
        told = [
            signal_of(name, value, "thumb", now, now, key=(thumb,), refs=(reply.id,))
            for name, value in liked.items()
            if value is not None
        ]
        return observe(store, told, now)


def _liked(preference: Preference | None, written: float | None, thumb: Thumb) -> float | None:
    """What a thumb says of a dimension. Of a reply that wasn't liked: a step from how it was written towards what is
    known, and nothing where it was written just so.
    """
    if written is None or thumb == "up":
        return written
    known = refine.UNSAID if preference is None else number(preference)
    if abs(known - written) < ALIKE:
        return None
    return min(1.0, max(0.0, written + math.copysign(MILDER, known - written)))


def _refine(store: Store, now: datetime) -> None:
    known = store.profile()
    preferences = store.preferences()
    expected = refine.stands_for(preferences)
    if known.pinned is not None:
        expected = {**dict.fromkeys(refine.MEASURED, refine.UNSAID), **known.stands_for}
    sampled = refine.sample(store.replies(last=refine.EVERY), known.replies)
    waiting = {each.dimension for each in store.amendments() if each.status == "proposed"}
    amendment = refine.amendment(expected, sampled, now)
    if amendment is None or amendment.dimension in waiting:
        return
    if known.pinned is not None:
        store.put_amendment(amendment)
        return
    store.put_amendment(replace(amendment, status="folded"))
    store.put_profile(replace(known, onboarded=False))  # its first evolution, if it came from the quiz
    name, approved = amendment.dimension, amendment.approved
    observe(store, [signal_of(name, approved, "refinement", now, now, key=(amendment.id,), refs=amendment.refs)], now)


def accept(store: Store, amendment_id: str, now: datetime, sentence: str | None = None) -> Paragraph:
    """Adds the proposed sentence, or the person's own version of it, to their paragraph."""
    with store.transaction():
        amendment = _proposed(store, amendment_id)
        told = _own_text(amendment.sentence if sentence is None else sentence, "the sentence")
        if not told:
            raise UsageError("the sentence is empty; to leave it out, dismiss it")
        known = store.profile()
        text = _own_text(_joined(known.pinned or "", told), "the paragraph with the sentence")
        store.put_amendment(replace(amendment, status="accepted", sentence=told))
        settled = _settled(known.stands_for, amendment)
        return _decide(store, replace(known, pinned=text, stands_for=settled), now)


def _joined(text: str, sentence: str) -> str:
    ended = text if text[-1:] in ("", ".", "!", "?", "…") else f"{text}."
    return f"{ended} {sentence}"


def dismiss(store: Store, amendment_id: str) -> None:
    """It isn't proposed again until what is approved has moved on from here."""
    with store.transaction():
        amendment = _proposed(store, amendment_id)
        known = store.profile()
        store.put_amendment(replace(amendment, status="dismissed"))
        store.put_profile(replace(known, stands_for=_settled(known.stands_for, amendment)))


def _settled(stands_for: Mapping[str, float], amendment: Amendment) -> dict[str, float]:
    return {**stands_for, amendment.dimension: amendment.approved}


def _proposed(store: Store, amendment_id: str) -> Amendment:
    found = next((each for each in store.amendments() if each.id == amendment_id), None)
    if found is None or found.status != "proposed":
        raise UsageError(f"nothing is proposed under {amendment_id}; see: ipse profile amendments")
    return found


def sweep(home: Path, now: datetime) -> dict[str, list[Drift]]:
    """Flags every dimension of everybody in the home that has moved since the last sweep; by person's name."""
    flagged: dict[str, list[Drift]] = {}
    with alarmed_people(home, FLAG_AT) as alarmed:
        for group in _groups(alarmed, AT_ONCE):
            with group[0].transaction():
                for store in group:
                    if drifts := _flag(store, now):
                        flagged[store.person.name] = drifts
    return flagged


def _groups(stores: list[SqliteStore], size: int) -> Iterable[list[SqliteStore]]:
    return (stores[start : start + size] for start in range(0, len(stores), size))


def _flag(store: Store, now: datetime) -> list[Drift]:
    """Read again inside the transaction: another process may have swept, or the person may have moved on."""
    moved = [each for each in store.preferences().values() if each.detector.peak > FLAG_AT]
    drifts = [_drift(each, now) for each in moved]
    store.put_drifts(drifts)
    store.put_preferences(restarted(each) for each in moved)
    return drifts


def _drift(preference: Preference, now: datetime) -> Drift:
    state = preference.detector
    at = state.peak_at or now
    name = preference.dimension
    made = new_id("drift", name, at.isoformat(), preference.count)
    return Drift(made, name, at, state.peak, state.peak_before, state.peak_after)


def _own_text(text: str, what: str) -> str:
    """As it was written, but for what surrounds it."""
    clean = text.replace("\r\n", "\n").strip()
    if len(clean) > LONGEST_TEXT:
        raise UsageError(f"{what} is {len(clean):,} characters long; at most {LONGEST_TEXT:,} are read")
    return clean
