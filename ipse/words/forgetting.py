"""Forgetting in the living profile: what would go, and its going.

A category goes when it was asked for by name, with every signal of it. The person's own sentences go when they tell
what is to be forgotten: from about-me, from their paragraph, from the history and from accepted amendments. How they
write goes with the talks it was read off. A generated sentence of numbers tells nothing of what happened, and stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from ipse.raw.signals import LANGUAGES
from ipse.store.protocol import Store
from ipse.types import CATEGORICAL, Amendment, Paragraph, Signal
from ipse.words.consult import is_by_model
from ipse.words.personality import sentences_of
from ipse.words.preferences import observe_all
from ipse.words.profile import emit, unpinned
from ipse.words.unsaid import Unsaid

OWN, CATEGORIES = frozenset({"user", "about_me"}), frozenset(CATEGORICAL)


def told_in_profile(store: Store, unsaid: Unsaid) -> tuple[str, ...]:
    """What `forget` would take away, in words."""
    return (*sorted(_own_sentences(store, unsaid)), *sorted(_named(store, unsaid)))


def forget(store: Store, sources: Iterable[str], unsaid: Unsaid, now: datetime) -> None:
    """What is left counts as if what went had never been. `sources` are the files that something is taken out of."""
    with store.transaction():
        named, said = _named(store, unsaid), _own_sentences(store, unsaid)
        _forget_own_words(store, unsaid)
        _forget_signals(store, frozenset(sources), named)
        emit(store, store.profile(), store.preferences(), now)
        earlier = store.paragraphs()[:-1]  # the one in force is made of what is left
        gone = [each for each in earlier if _tells(each, unsaid, named) or (said and _may_retell(each))]
        store.delete_paragraphs([each.id for each in gone])


def _own_sentences(store: Store, unsaid: Unsaid) -> set[str]:
    """What the person wrote, or a model made of it, that tells what is to be forgotten."""
    known = store.profile()
    texts = [known.about_me, known.pinned or "", *(each.sentence for each in _accepted(store))]
    for each in store.paragraphs():
        by_model = is_by_model(each)
        texts += [text for text, refs in each.sentences if by_model or OWN.intersection(refs)]
    return {sentence for text in texts for sentence in sentences_of(text) if unsaid.tells(sentence)}


def _may_retell(paragraph: Paragraph) -> bool:
    """A model may have put what the person said in words that nobody can search for."""
    return is_by_model(paragraph) and any("about_me" in refs for _, refs in paragraph.sentences)


def _named(store: Store, unsaid: Unsaid) -> set[str]:
    """Categories that were asked to be forgotten; a language by its code or its name."""
    known = {signal.value for signal in store.signals() if isinstance(signal.value, str)}
    return {each for each in known if unsaid.names(each) or unsaid.names(LANGUAGES.get(each, each))}


def _forget_own_words(store: Store, unsaid: Unsaid) -> None:
    gone = [each.id for each in _accepted(store) if any(map(unsaid.tells, sentences_of(each.sentence)))]
    store.delete_amendments(gone)
    known = store.profile()
    kept = replace(known, about_me=unsaid.without(known.about_me), wording=None)
    if known.pinned is not None:
        pinned = unsaid.without(known.pinned)
        kept = replace(kept, pinned=pinned) if pinned else unpinned(store, kept)
    store.put_profile(kept)


def _accepted(store: Store) -> list[Amendment]:
    """Those whose sentence may be the person's own."""
    return [each for each in store.amendments() if each.status == "accepted"]


def _forget_signals(store: Store, sources: frozenset[str], named: set[str]) -> None:
    """With all that they moved: drifts and detectors of their dimensions, too, are made anew from what is left."""
    living = {source.id for source in store.sources()}
    gone = [each for each in store.signals() if each.value in named or _is_of(each, sources, living)]
    if not gone:
        return
    touched = {signal.dimension for signal in gone}
    store.delete_signals([signal.id for signal in gone])
    store.delete_preferences(touched)
    store.delete_drifts(touched)
    store.put_preferences(observe_all({}, (s for s in store.signals() if s.dimension in touched)).values())


def _is_of(signal: Signal, sources: frozenset[str], living: set[str]) -> bool:
    """A style was read off talks: it goes with any of them, and when one of them was replaced since."""
    return signal.source == "style" and (bool(sources.intersection(signal.refs)) or not living.issuperset(signal.refs))


def _tells(paragraph: Paragraph, unsaid: Unsaid, named: set[str]) -> bool:
    by_model = is_by_model(paragraph)
    for text, refs in paragraph.sentences:
        if (by_model or OWN.intersection(refs)) and any(map(unsaid.tells, sentences_of(text))):
            return True
        names = by_model or any(LANGUAGES.get(each, each) in text for each in named)  # it may call them otherwise
        if named and names and CATEGORIES.intersection(refs):
            return True
    return False
