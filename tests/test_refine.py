"""Every twenty replies: does the paragraph foretell what is approved of, and what becomes of it if not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from profile_kit import LONG, SHORT, at, is_mirrored, kept, signal, store_of, text_of

from ipse.errors import UsageError
from ipse.raw.signals import NO_WARMTH
from ipse.store.sqlite import SqliteStore
from ipse.types import Amendment, Profile, Reply
from ipse.words.forgetting import forget
from ipse.words.preamble import current
from ipse.words.preferences import number
from ipse.words.profile import (
    ALIKE,
    MILDER,
    accept,
    dismiss,
    edit,
    judge,
    note_reply,
    observe,
    onboard,
    pin,
    restore,
    unpin,
)
from ipse.words.refine import FAR, LEAST_APPROVED, SAMPLED, UNSAID, amendment, is_due, sample
from ipse.words.unsaid import Unsaid


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    return store_of(tmp_path)


def reply_of(number: int, length: float, thumb: str | None) -> Reply:
    return Reply(f"reply_{number}", at(number), length, 0.5, 0.5, thumb)  # type: ignore[arg-type]


# without a store


def test_it_is_due_every_twenty_replies() -> None:
    assert [count for count in range(61) if is_due(Profile(replies=count))] == [20, 40, 60]


def test_five_of_the_last_twenty_that_were_judged_are_looked_at() -> None:
    replies = [reply_of(number, 0.5, "up" if number % 2 else None) for number in range(40)]
    found = sample(replies, 7)
    assert found == sample(replies, 7)
    assert len(found) == len(set(found)) == SAMPLED == 5
    assert all(each.thumb and each in replies[20:] for each in found)
    assert sample(replies[:1], 7) == []


def test_an_amendment_is_drawn_up_from_what_was_approved_of_alone() -> None:
    liked = [reply_of(number, 0.1, "up") for number in range(LEAST_APPROVED)]
    disliked = [reply_of(9, 0.9, "down"), reply_of(10, 0.9, "down")]
    made = amendment({"length": 0.9, "tone": 0.5}, [*liked, *disliked], at(1))
    assert made is not None
    assert (made.dimension, made.sentence, made.status) == ("length", "You like answers very short.", "proposed")
    assert (made.expected, made.approved) == (0.9, pytest.approx(0.1))
    assert made.refs == tuple(each.id for each in liked)


@pytest.mark.parametrize("expected", [{}, {"length": 0.1 + FAR - 0.01}, {"level": 0.9}])
def test_what_was_foretold_well_or_not_at_all_is_left_alone(expected: dict[str, float]) -> None:
    liked = [reply_of(number, 0.1, "up") for number in range(SAMPLED)]
    assert amendment(expected, liked, at(1)) is None
    assert amendment({"length": 0.9}, liked[: LEAST_APPROVED - 1], at(1)) is None


# with one


def answered(store: SqliteStore, start: int, liked: str = SHORT) -> None:
    """Twenty replies; five that the person judged, and liked, are as `liked` is."""
    for minute in range(start, start + 20):
        reply = note_reply(store, liked if minute >= start + 14 else LONG, at(minute))
        assert reply is not None
        if start + 14 <= minute < start + 19:
            judge(store, reply.id, "up", at(minute))


def likes_it_long(store: SqliteStore) -> None:
    for minute in range(20):
        observe(store, [signal(minute, "length", 0.9), signal(minute, "tone", 0.3)], at(minute))


def proposed(store: SqliteStore) -> list[Amendment]:
    return [each for each in store.amendments() if each.status == "proposed"]


def test_a_thumb_up_likes_what_was_written_and_one_down_a_step_from_it(store: SqliteStore) -> None:
    likes_it_long(store)
    reply = note_reply(store, SHORT, at(30))
    assert reply is not None
    assert "vinegar" not in repr(kept(store))
    before = number(store.preferences()["length"])
    up = judge(store, reply.id, "up", at(31))
    assert {each.dimension: each.value for each in up}["length"] == reply.length < 0.1
    assert judge(store, reply.id, "up", at(32)) == []
    after = number(store.preferences()["length"])
    assert after < before
    down = judge(store, reply.id, "down", at(33))
    assert {each.dimension: each.value for each in down}["length"] == pytest.approx(reply.length + MILDER)
    assert all(each.refs == (reply.id,) and each.source == "thumb" for each in (*up, *down))
    assert (store.replies()[0].thumb, store.profile().thumbs) == ("down", 2)
    assert note_reply(store, "Yes.", at(34)) is None


def test_a_thumb_down_says_nothing_of_what_was_written_as_it_is_liked(store: SqliteStore) -> None:
    reply = note_reply(store, SHORT, at(1))
    assert reply is not None
    assert reply.density is not None
    near = reply.density + ALIKE - 0.01
    observe(store, [signal(2, "density", near), signal(2, "tone", 0.0), signal(2, "length", 0.9)], at(2))
    told = {each.dimension: each.value for each in judge(store, reply.id, "down", at(3))}
    assert told == {"length": pytest.approx(reply.length + MILDER), "tone": 0.0}
    assert store.profile().thumbs == 1


def test_of_a_dimension_nothing_is_known_of_a_thumb_down_steps_to_the_middle(store: SqliteStore) -> None:
    reply = note_reply(store, "Descale the kettle overnight, friend", at(1))
    assert reply is not None
    assert reply.density == 1.0
    told = {each.dimension: each.value for each in judge(store, reply.id, "down", at(2))}
    assert told == {
        "length": pytest.approx(reply.length + MILDER),
        "density": pytest.approx(1 - MILDER),
        "tone": pytest.approx(NO_WARMTH + MILDER),
    }


@pytest.mark.parametrize("thumb", ["up", "down"])
def test_of_a_reply_in_a_language_that_isnt_known_the_length_alone_is_judged(
    store: SqliteStore, thumb: Literal["up", "down"]
) -> None:
    reply = note_reply(store, "Odkamień czajnik octem przez noc", at(1))
    assert reply is not None
    assert (reply.density, reply.tone) == (None, None)
    assert store.reply(reply.id) == reply
    assert [each.dimension for each in judge(store, reply.id, thumb, at(2))] == ["length"]


def test_replies_that_say_nothing_of_a_dimension_dont_count_for_it() -> None:
    foreign = [replace(reply_of(number, 0.5, "up"), density=None, tone=None) for number in range(LEAST_APPROVED)]
    assert amendment({"density": 0.9, "tone": 0.9}, foreign, at(1)) is None
    assert amendment({"length": 0.9, "tone": 0.9}, foreign, at(1)).dimension == "length"  # type: ignore[union-attr]


def test_what_is_approved_is_folded_into_what_evolves(store: SqliteStore) -> None:
    likes_it_long(store)
    expected = text_of(store)
    answered(store, 20)
    (folded,) = store.amendments()
    assert (folded.dimension, folded.status, folded.at) == ("length", "folded", at(39))
    assert folded.approved < 0.1 < 0.2 < folded.expected - folded.approved
    assert set(folded.refs) <= {reply.id for reply in store.replies()}
    (refined,) = [each for each in store.signals() if each.source == "refinement"]  # one, however many replies
    assert (refined.dimension, refined.value, refined.refs) == ("length", folded.approved, folded.refs)
    assert number(store.preferences()["length"]) < folded.expected
    assert text_of(store) != expected


def test_refining_is_the_first_evolution_of_what_came_from_the_quiz(store: SqliteStore) -> None:
    onboard(store, {"length": 0.9}, at(0))
    for minute in range(1, 20):
        observe(store, [signal(minute, "length", 0.9, "preview")], at(minute))
    assert current(store).provenance == "onboarding"  # type: ignore[union-attr]
    answered(store, 20)
    assert [each.status for each in store.amendments()] == ["folded"]
    assert current(store).provenance == "evolved"  # type: ignore[union-attr]
    assert is_mirrored(store)


def test_to_what_is_pinned_it_is_proposed_and_the_person_decides(store: SqliteStore) -> None:
    likes_it_long(store)
    edit(store, "Tell me everything.", at(20))
    answered(store, 21)
    (made,) = proposed(store)
    assert text_of(store) == "Tell me everything."
    assert [each for each in store.signals() if each.source == "refinement"] == []
    with pytest.raises(UsageError, match="empty"):
        accept(store, made.id, at(50), " ")
    written = accept(store, made.id, at(50), "But briefly.")
    assert written.text == text_of(store) == "Tell me everything. But briefly."
    assert store.amendments() == [replace(made, status="accepted", sentence="But briefly.")]
    with pytest.raises(UsageError, match="nothing is proposed"):
        dismiss(store, made.id)
    answered(store, 60)
    assert proposed(store) == []


def test_what_was_dismissed_is_not_proposed_again(store: SqliteStore) -> None:
    likes_it_long(store)
    edit(store, "Tell me everything.", at(20))
    answered(store, 21)
    dismiss(store, proposed(store)[0].id)
    answered(store, 60)
    assert [each.status for each in store.amendments()] == ["dismissed"]
    answered(store, 90, LONG)  # but what is approved has moved on from there
    assert [each.dimension for each in proposed(store)] == ["length"]
    unpin(store, at(120))
    assert proposed(store) == []


def test_of_what_nothing_was_known_the_pinned_text_stands_for_the_middle(store: SqliteStore) -> None:
    edit(store, "Tell me everything.", at(1))
    assert store.profile().stands_for == {}
    answered(store, 2)
    (made,) = proposed(store)
    assert (made.dimension, made.expected) == ("length", UNSAID)
    assert made.approved < 0.1


def test_there_is_one_open_proposal_a_dimension(store: SqliteStore) -> None:
    likes_it_long(store)
    edit(store, "Tell me everything.", at(20))
    for start in (21, 60, 90):
        answered(store, start)
    assert [(each.dimension, each.status) for each in store.amendments()] == [("length", "proposed")]


def test_what_was_proposed_to_other_words_lapses(store: SqliteStore) -> None:
    likes_it_long(store)
    first = edit(store, "Tell me everything.", at(20))
    answered(store, 21)
    assert pin(store, at(45)) == first
    assert len(proposed(store)) == 1  # nothing was changed
    edit(store, "Rhymes, please!", at(46))
    assert [each.status for each in store.amendments()] == ["dismissed"]
    observe(store, [signal(minute, "length", 0.9) for minute in range(47, 70)], at(70))
    edit(store, "Rhymes!", at(71))
    answered(store, 72)
    assert len(proposed(store)) == 1
    restore(store, first.id, at(99))
    assert [each.status for each in store.amendments()] == ["dismissed", "dismissed"]
    with pytest.raises(UsageError, match="nothing is proposed"):
        accept(store, store.amendments()[-1].id, at(100))


@pytest.mark.parametrize(
    ("pinned", "joined"),
    [
        ("Tell me everything", "Tell me everything. But briefly."),
        ("- rhymes\n- no lists", "- rhymes\n- no lists. But briefly."),
        ("Rhymes, please!", "Rhymes, please! But briefly."),
        ("And so on…", "And so on… But briefly."),
    ],
)
def test_a_sentence_is_added_to_a_whole_one(store: SqliteStore, pinned: str, joined: str) -> None:
    likes_it_long(store)
    edit(store, pinned, at(20))
    answered(store, 21)
    accept(store, proposed(store)[0].id, at(50), "But briefly.")
    assert text_of(store) == joined


def test_a_sentence_that_was_accepted_is_forgotten_too(store: SqliteStore) -> None:
    likes_it_long(store)
    edit(store, "Tell me everything.", at(20))
    answered(store, 21)
    accept(store, proposed(store)[0].id, at(50), "Never mention the birds that I carve with my granddaughter.")
    forget(store, [], Unsaid.of("", ["I carve birds with my granddaughter."]), at(51))
    assert text_of(store) == "Tell me everything."
    assert "granddaughter" not in repr(kept(store))


def test_where_the_pinned_text_was_forgotten_nothing_is_proposed_to_it(store: SqliteStore) -> None:
    likes_it_long(store)
    edit(store, "I carve birds with my granddaughter.", at(20))
    answered(store, 21)
    forget(store, [], Unsaid.of("", ["I carve birds with my granddaughter."]), at(50))
    assert store.profile().pinned is None
    assert (proposed(store), store.profile().stands_for) == ([], {})
