"""From signals to the paragraph on a real store: who writes what, what is theirs, what is forgotten."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import shelf
from profile_kit import SHORT, Broken, at, breaking, is_mirrored, kept, signal, store_of, text_of

from ipse.agent.evidence import Library
from ipse.agent.forget import find
from ipse.errors import Conflict, UsageError
from ipse.me import Me
from ipse.raw.signals import read_signals
from ipse.store.sqlite import SqliteStore, create_person, open_store
from ipse.types import Dimension, Person, SignalSource
from ipse.words import personality, profile
from ipse.words.drift import FLAG_AT
from ipse.words.forgetting import forget, told_in_profile
from ipse.words.portrait import diff, history
from ipse.words.preamble import context, current, preamble
from ipse.words.profile import (
    LONGEST_TEXT,
    accept,
    describe,
    dismiss,
    edit,
    judge,
    note_reply,
    observe,
    onboard,
    pin,
    read_style,
    restore,
    sweep,
    unpin,
)
from ipse.words.unsaid import Unsaid

NOTHING = Unsaid.of("", [])


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    return store_of(tmp_path)


def moved(store: SqliteStore, dimension: Dimension, start: int = 0) -> None:
    """A dimension that stood still for half an hour, and then didn't."""
    values = [*[0.3, 0.34, 0.28] * 10, *[0.8] * 6]
    observe(store, [signal(start + i, dimension, value) for i, value in enumerate(values)], at(start + len(values)))


# writers


def test_every_writer_writes_the_paragraph_anew(store: SqliteStore) -> None:
    observe(store, [signal(1, "tone", 0.1)], at(1))
    assert text_of(store) == "The tone should be dry, without pleasantries."
    describe(store, "I bake.", at(2))
    assert text_of(store) == "The tone should be dry, without pleasantries. You bake."
    edit(store, " Rhymes,\r\n please!  Or  songs.\n", at(3))
    assert text_of(store) == "Rhymes,\n please!  Or  songs."
    assert current(store).sentences == ((text_of(store), ("user",)),)  # type: ignore[union-attr]
    unpin(store, at(4))
    assert text_of(store) == "The tone should be dry, without pleasantries. You bake."
    onboard(store, {"domain": "Sailing", "length": 0.9}, at(5))
    assert text_of(store).startswith("You like long answers that leave nothing out. The tone should be dry")
    assert "What you ask about most is sailing." in text_of(store)
    assert [each.provenance for each in store.paragraphs()] == [
        *("evolved", "evolved", "user_authored", "evolved", "onboarding")
    ]
    assert [each.made_at for each in store.paragraphs()] == [at(minute) for minute in range(1, 6)]


def test_a_change_that_changes_no_word_makes_no_new_paragraph(store: SqliteStore) -> None:
    observe(store, [signal(1, "tone", 0.1)], at(1))
    observe(store, [signal(2, "tone", 0.12)], at(2))
    assert len(store.paragraphs()) == 1
    assert store.preferences()["tone"].count == 2


def test_reading_computes_nothing(store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    observe(store, [signal(1, "tone", 0.1)], at(1))
    told = preamble(store)

    def computed(*_: object) -> None:
        raise AssertionError("the paragraph was made while it was read")

    monkeypatch.setattr(personality, "verbalize", computed)
    monkeypatch.setattr(profile, "verbalize", computed)
    me = Me.open(tmp_path / "home")
    assert preamble(store) == context(store, "self") == me.preamble() == me.context() == told
    shown = me.profile()
    assert shown.paragraph is not None
    assert (shown.paragraph.text, shown.provenance, me.history()[0].paragraph.text) == (told, "evolved", told)


def test_a_signals_file_that_is_read_again_adds_nothing(store: SqliteStore) -> None:
    lines = [json.dumps({"t": "2025-02-01T08:00:00Z", "dimension": "tone", "value": 0.1})] * 3
    found, failures = read_signals("s.jsonl", "\n".join([*lines, "oops"]), at(0))
    assert len(observe(store, found, at(1))) == 3
    assert [failure.place for failure in failures] == ["s.jsonl:line 4"]
    before = kept(store)
    assert observe(store, found, at(2)) == []
    assert kept(store) == before
    assert store.profile().thumbs == 3


def test_the_style_of_a_source_is_read_once(store: SqliteStore) -> None:
    store.put_source(*shelf.source_of("letter", ["Hi, thanks for the bread on Sunday!", "ok"], ["self", "other"]))
    assert len(read_style(store, at(1))) == 3
    assert read_style(store, at(2)) == []
    assert text_of(store) == ""  # once is not enough to speak of
    letters(store, "another")
    again = read_style(store, at(3))
    assert [each.dimension for each in again] == ["length", "density", "tone"]  # of both together
    assert {each.refs for each in again} == {tuple(sorted(source.id for source in store.sources()))}
    assert read_style(store, at(4)) == []
    assert text_of(store) == ""


def test_the_quiz_is_taken_whole_or_not_at_all(store: SqliteStore) -> None:
    before = kept(store)
    for answers in ({}, {"tone": 0.5, "mood": 0.5}, {"tone": 7}):
        with pytest.raises(UsageError):
            onboard(store, answers, at(1))
        assert kept(store) == before


@pytest.mark.parametrize("after", range(1, 5))
def test_a_crash_amid_writing_leaves_what_was(store: SqliteStore, after: int) -> None:
    observe(store, [signal(1, "tone", 0.9)], at(1))
    before = kept(store)
    with breaking(after), pytest.raises(Broken):
        onboard(store, {"length": 0.2, "tone": 0.1}, at(2))
    assert kept(store) == before
    assert is_mirrored(store)


# the person's own words


def test_nothing_but_the_person_changes_what_they_pinned(store: SqliteStore) -> None:
    observe(store, [signal(1, "tone", 0.1)], at(1))
    edit(store, "Answer in rhymes.", at(2))
    describe(store, "I bake.", at(3))
    moved(store, "length", 10)
    onboard(store, {"tone": 0.9}, at(60))
    sweep(store.home, at(61))
    for minute in range(20):
        reply = note_reply(store, SHORT, at(70 + minute))
        assert reply is not None
        judge(store, reply.id, "up", at(70 + minute))
    assert text_of(store) == "Answer in rhymes."
    assert len(store.paragraphs()) == 2
    unpin(store, at(99))
    assert "You bake." in text_of(store)


def test_an_edit_on_a_paragraph_that_has_changed_is_a_conflict(store: SqliteStore) -> None:
    first = edit(store, "One.", at(1), base="")
    second = edit(store, "Two.", at(2), base=first.id)
    for base in (first.id, ""):
        with pytest.raises(Conflict, match="changed meanwhile"):
            edit(store, "Three.", at(3), base=base)
    assert current(store) == second
    assert edit(store, "Three.", at(3), base=second.id).text == "Three."


def test_what_else_was_changed_meanwhile_is_a_conflict(store: SqliteStore) -> None:
    observe(store, [signal(1, "tone", 0.1)], at(1))
    seen = current(store)
    assert seen is not None
    describe(store, "I bake.", at(2), base="")
    for late in (
        lambda: describe(store, "I sail.", at(3), base=""),
        lambda: describe(store, "I sail.", at(3), base="I knit."),
        lambda: pin(store, at(3), base=seen.id),
        lambda: pin(store, at(3), base=""),
    ):
        before = kept(store)
        with pytest.raises(Conflict, match="changed meanwhile"):
            late()
        assert kept(store) == before
    assert describe(store, "I sail.", at(4), base="I bake.").text.endswith("You sail.")
    last = current(store)
    assert last is not None
    assert pin(store, at(5), base=last.id).provenance == "user_authored"
    with pytest.raises(Conflict):
        pin(store, at(6), base=last.id)


def test_about_me_is_kept_as_it_was_written(store: SqliteStore) -> None:
    describe(store, "  I bake.\r\nI sail.\n\n  I knit.\n", at(1))
    assert store.profile().about_me == "I bake.\nI sail.\n\n  I knit."
    assert text_of(store) == "You bake. You sail. You knit."


def test_what_cant_be_done_says_why(store: SqliteStore) -> None:
    before = kept(store)
    for call, reason in (
        (lambda: pin(store, at(1)), "no paragraph to pin"),
        (lambda: unpin(store, at(1)), "isn't pinned"),
        (lambda: edit(store, " \n", at(1)), "is empty"),
        (lambda: edit(store, "x" * (LONGEST_TEXT + 1), at(1)), "4,001 characters"),
        (lambda: describe(store, "x" * (LONGEST_TEXT + 1), at(1)), "4,001 characters"),
        (lambda: restore(store, "paragraph_0", at(1)), "no paragraph paragraph_0"),
        (lambda: judge(store, "reply_0", "up", at(1)), "no reply reply_0"),
        (lambda: accept(store, "amendment_0", at(1)), "nothing is proposed under amendment_0"),
        (lambda: dismiss(store, "amendment_0"), "nothing is proposed under amendment_0"),
    ):
        with pytest.raises(UsageError, match=reason):
            call()
    assert kept(store) == before


def test_pinning_keeps_the_words_and_restoring_brings_them_back(store: SqliteStore) -> None:
    observe(store, [signal(1, "tone", 0.1)], at(1))
    dry = current(store)
    assert dry is not None
    pinned = pin(store, at(2))
    assert (pinned.text, pinned.provenance) == (dry.text, "user_authored")
    assert pin(store, at(3)) == pinned
    edit(store, "Answer in rhymes.", at(4))
    assert restore(store, dry.id, at(5)).text == text_of(store) == dry.text
    versions = history(store.paragraphs())
    assert [version.paragraph for version in versions] == store.paragraphs()[::-1]
    assert versions[-1].diff == (("added", dry.text),)
    changes = ["same", "gone", "added", "same"], ["dry", "and", "but", "short"]
    assert diff("dry and short", "dry but short") == list(zip(*changes, strict=True))
    unpin(store, at(6))
    assert text_of(store) == dry.text


def test_the_same_words_may_come_back_in_one_tick_of_the_clock(store: SqliteStore) -> None:
    for text in ("One.", "Two.", "One.", "Two."):
        edit(store, text, at(1))
    assert [each.text for each in store.paragraphs()] == ["One.", "Two.", "One.", "Two."]
    assert len({each.id for each in store.paragraphs()}) == 4


# sweeps


def test_the_sweep_flags_everybody_who_moved_once_and_writes_nothing_else(tmp_path: Path) -> None:
    home = shelf.home_of(tmp_path, shelf.MAYA, shelf.JUN, Person("Ida Berg"))
    maya, jun, ida = (open_store(home, name) for name in ("Maya", "Jun", "Ida"))
    moved(maya, "tone")
    moved(ida, "level")
    observe(jun, [signal(i, "tone", 0.3 + 0.02 * (i % 2)) for i in range(36)], at(36))
    before = {store.person.name: store.paragraphs() for store in (maya, jun, ida)}
    flagged = sweep(home, at(40))
    assert {name: [each.dimension for each in drifts] for name, drifts in flagged.items()} == {
        "Maya Okafor": ["tone"],
        "Ida Berg": ["level"],
    }
    assert maya.drifts() == flagged["Maya Okafor"]
    assert at(30) <= maya.drifts()[0].at <= at(36)
    assert sweep(home, at(55)) == {}
    assert (len(maya.drifts()), jun.drifts(), len(ida.drifts())) == (1, [], 1)
    assert before == {store.person.name: store.paragraphs() for store in (maya, jun, ida)}
    moved(maya, "length", 60)
    assert [each.dimension for each in sweep(home, at(120))["Maya Okafor"]] == ["length"]


def test_a_sweep_that_breaks_flags_nobody_and_the_next_one_does(tmp_path: Path) -> None:
    home = shelf.home_of(tmp_path, shelf.MAYA, shelf.JUN)
    maya, jun = open_store(home, "Maya"), open_store(home, "Jun")
    moved(maya, "tone")
    moved(jun, "tone")
    with breaking(3), pytest.raises(Broken):
        sweep(home, at(40))
    assert maya.drifts() == jun.drifts() == []
    assert set(sweep(home, at(55))) == {"Maya Okafor", "Jun Tanaka"}


# forgetting


def letters(store: SqliteStore, *names: str) -> list[str]:
    """Letters of the person, each in a style of its own; their sources' ids."""
    found = []
    for number, name in enumerate(names, start=1):
        own = " ".join(["Hi, thanks for the lovely bread on Sunday!"] * number)
        source = shelf.source_of(name, [own, "ok"], ["self", "other"])
        store.put_source(*source)
        found.append(source[0].id)
    return found


def test_what_was_read_off_a_forgotten_source_counts_as_if_it_never_had_been(tmp_path: Path) -> None:
    (tmp_path / "twin").mkdir()
    twin, store = store_of(tmp_path / "twin"), store_of(tmp_path)
    ids = letters(store, "a", "b", "c")
    letters(twin, "a")
    for each in (store, twin):
        observe(each, [signal(1, "tone", 0.2), signal(2, "level", 0.9)], at(2))
        describe(each, "I bake.", at(3))
    read_style(store, at(4))
    assert len(store.signals()) == len(twin.signals()) + 3
    for source_id in ids[1:]:
        store.delete_source(source_id)
    forget(store, ids[1:], NOTHING, at(5))
    assert store.signals() == twin.signals()  # a style that was read off all of them went with any
    assert store.preferences() == twin.preferences()
    assert len(read_style(store, at(6))) == len(read_style(twin, at(6))) == 3
    assert store.signals() == twin.signals()
    assert store.preferences() == twin.preferences()
    assert text_of(store) == text_of(twin)
    assert not {ref for each in store.signals() for ref in each.refs} & set(ids[1:])


def test_what_was_read_off_a_file_that_was_replaced_since_goes_too(store: SqliteStore) -> None:
    ids = letters(store, "a", "b")
    read_style(store, at(1))
    store.delete_source(ids[0])
    forget(store, [], NOTHING, at(2))
    assert (store.signals(), store.preferences()) == ([], {})


def test_forgetting_nothing_that_was_read_changes_nothing(store: SqliteStore) -> None:
    moved(store, "tone")
    before = kept(store)
    forget(store, ["source_0"], Unsaid.of("", ["Nothing of the sort was said."]), at(40))
    assert kept(store) == before


def test_sentences_that_tell_what_is_forgotten_go_from_the_profile_and_its_history(store: SqliteStore) -> None:
    describe(store, "I carve birds with my granddaughter. I bake.", at(1))
    edit(store, "Never mention the birds that I carve with my granddaughter! Answer in rhymes.", at(2))
    forget(store, [], Unsaid.of("", ["I carve birds with my granddaughter."]), at(3))
    assert text_of(store) == "Answer in rhymes."
    unpin(store, at(4))
    assert text_of(store) == "You bake."
    assert "granddaughter" not in repr(kept(store))


def test_what_is_forgotten_may_sound_like_a_sentence_of_the_paragraph(store: SqliteStore) -> None:
    observe(store, [signal(1, "tone", 0.9)], at(1))
    observe(store, [signal(2, "length", 0.9)], at(2))
    before = kept(store)
    for unsaid in (
        Unsaid.of("", ["I like long answers that leave nothing out."]),
        Unsaid.of("long answers", ["I like long answers that leave nothing out."]),
        Unsaid.of("warm", []),
    ):
        assert told_in_profile(store, unsaid) == ()
        forget(store, [], unsaid, at(3))
    assert kept(store) == before  # nor is the history touched: what is generated tells of nothing that happened


def test_a_category_that_is_named_goes_with_all_that_it_moved(tmp_path: Path) -> None:
    (tmp_path / "twin").mkdir()
    twin, store = store_of(tmp_path / "twin"), store_of(tmp_path)
    for each in (store, twin):
        moved(each, "level")
        observe(each, [signal(40 + i, "domain", name) for i, name in enumerate(["baking", "chess"] * 5)], at(60))
    level = store.preferences()["level"]
    assert level.detector.peak > FLAG_AT
    for _ in range(3):
        onboard(store, {"domain": "IVF treatment", "tone": 0.1}, at(61))
        onboard(twin, {"tone": 0.1}, at(61))
    unsaid = Unsaid.of("the IVF", ["We went for the IVF in March."])
    assert "ivf treatment" in told_in_profile(store, unsaid)
    assert "ivf" in preamble(store)
    forget(store, [], unsaid, at(62))
    assert "ivf" not in repr(kept(store)).lower()
    assert told_in_profile(store, unsaid) == ()
    assert store.preferences() == twin.preferences()
    assert text_of(store) == text_of(twin)
    assert store.preferences()["level"] == level  # not one of its signals went: its move is still to be flagged
    assert [each.dimension for each in sweep(store.home, at(63))["Maya Okafor"]] == ["level"]


@pytest.mark.parametrize(("asked", "goes"), [("tax law", True), ("law", True), ("my tax law exam", False), ("", False)])
def test_a_category_goes_where_the_request_names_it(store: SqliteStore, asked: str, goes: bool) -> None:
    observe(store, [signal(1, "domain", "tax law"), signal(2, "domain", "sailing")], at(2))
    forget(store, [], Unsaid.of(asked, ["I teach tax law to sailors."]), at(3))
    assert ("tax law" not in [each.value for each in store.signals()]) == goes
    assert "sailing" in text_of(store)


def test_a_move_that_is_still_there_is_flagged_anew_and_others_stay_flagged(store: SqliteStore) -> None:
    ids = letters(store, "a")
    moved(store, "tone")
    moved(store, "level")
    read_style(store, at(40))
    assert len(sweep(store.home, at(45))["Maya Okafor"]) == 2
    level = store.preferences()["level"]
    store.delete_source(ids[0])
    forget(store, ids, NOTHING, at(50))
    assert [each.dimension for each in store.drifts()] == ["level"]
    assert store.preferences()["level"] == level
    assert [each.dimension for each in sweep(store.home, at(60))["Maya Okafor"]] == ["tone"]
    assert sweep(store.home, at(75)) == {}
    assert sorted(each.dimension for each in store.drifts()) == ["level", "tone"]


def test_a_number_is_a_telling_word(store: SqliteStore) -> None:
    describe(store, "My pin is 4471. I bake.", at(1))
    forget(store, [], Unsaid.of("4471", []), at(2))
    assert text_of(store) == "You bake."
    assert "4471" not in repr(kept(store))


@pytest.mark.parametrize(
    "sentences", [["Bake!"], ["Bread."], ["Ok."], [""], ["Bake!", "Bread.", "Answer."], ["I have been here."]]
)
def test_a_sentence_of_one_telling_word_takes_nothing_with_it(store: SqliteStore, sentences: list[str]) -> None:
    describe(store, "I bake bread.", at(1))
    edit(store, "Answer in rhymes.", at(2))
    before = kept(store)
    unsaid = Unsaid.of("", sentences)
    assert told_in_profile(store, unsaid) == ()
    forget(store, [], unsaid, at(3))
    assert kept(store) == before


def test_what_would_go_is_told_first(store: SqliteStore) -> None:
    describe(store, "I carve birds. I bake.", at(1))
    edit(store, "No birds, please! Answer in rhymes.", at(2))
    observe(store, [signal(3, "domain", "birds of prey"), signal(4, "domain", "chess")], at(4))
    unsaid = Unsaid.of("birds", [])
    told = told_in_profile(store, unsaid)
    assert {"I carve birds.", "No birds, please!", "birds of prey"} <= set(told)
    assert not {"I bake.", "Answer in rhymes.", "chess"} & set(told)
    forget(store, [], unsaid, at(5))
    assert told_in_profile(store, unsaid) == ()
    assert "birds" not in repr(kept(store))
    assert text_of(store) == "Answer in rhymes."


def test_a_sentence_among_many_of_a_pinned_paragraph_goes_from_the_history_too(store: SqliteStore) -> None:
    edit(store, "I carve birds. Answer in rhymes, and keep the jokes for Friday afternoons with my colleagues.", at(1))
    unsaid = Unsaid.of("", ["On Sundays I carve birds in the shed behind our old house near Bergen."])
    assert told_in_profile(store, unsaid) == ("I carve birds.",)
    forget(store, [], unsaid, at(2))
    assert text_of(store) == "Answer in rhymes, and keep the jokes for Friday afternoons with my colleagues."
    assert "birds" not in repr(kept(store))


def test_words_of_several_sentences_together_take_none_of_them(store: SqliteStore) -> None:
    """Sentences are told apart in the history as they are in the paragraph in force."""
    edit(store, "I bake. Carve it in stone. Birds wake me early. Answer in rhymes.", at(1))
    edit(store, "Rhymes!", at(2))
    unsaid = Unsaid.of("", ["I carve birds."])
    assert told_in_profile(store, unsaid) == ()
    forget(store, [], unsaid, at(3))
    assert len(store.paragraphs()) == 2


# clocks


def test_a_clock_that_stands_still_is_no_fault(store: SqliteStore) -> None:
    now: datetime = at(1)
    me = Me.open(store.home)
    me.clock = lambda: now
    for _ in range(3):
        me.signal("tone", 0.5)
    me.describe("I bake.")
    assert (len(store.signals()), me.profile().provenance) == (3, "evolved")
    create_person(store.home, shelf.JUN)
    assert open_store(store.home, "Jun").signals() == []


# as a whole


def test_many_observations_are_one_change(store: SqliteStore) -> None:
    me = Me.open(store.home)
    me.clock = lambda: at(1)
    told: list[tuple[str, float | str, SignalSource]] = [("tone", 0.1, "nudge"), ("tone", 0.1, "nudge")]
    made = me.signals([*told, ("domain", "Chess", "preview")])
    assert made == store.signals() == me.store.signals()
    assert [(each.dimension, each.value, each.source) for each in made] == [
        *(("tone", 0.1, "nudge"), ("tone", 0.1, "nudge"), ("domain", "chess", "preview"))
    ]
    assert len({each.id for each in made}) == 3
    assert (len(store.paragraphs()), store.profile().nudges) == (1, 2)
    before = kept(store)
    with pytest.raises(UsageError):
        me.signals([("tone", 0.9, "nudge"), ("mood", 0.1, "nudge")])
    assert me.signals([]) == []
    assert kept(store) == before


def test_the_profile_can_be_read_while_another_process_writes(store: SqliteStore) -> None:
    observe(store, [signal(1, "tone", 0.1)], at(1))
    told = preamble(store)
    writer = sqlite3.connect(store.home / "ipse.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    try:
        shown = Me(open_store(store.home, patience=0.1), Me.open(store.home).settings).profile()
        assert shown.paragraph is not None
        assert (shown.paragraph.text, shown.provenance, len(shown.preferences)) == (told, "evolved", 1)
    finally:
        writer.execute("ROLLBACK")
        writer.close()


def test_the_profile_is_of_one_moment(store: SqliteStore) -> None:
    observe(store, [signal(1, "tone", 0.1)], at(1))
    other = open_store(store.home)
    with store.reading():
        before = kept(store)
        observe(other, [signal(2, "length", 0.1)], at(2))  # and it need not wait
        assert kept(store) == before
    assert len(store.signals()) == 2


def test_the_history_can_be_cut_short(store: SqliteStore) -> None:
    for number in range(5):
        edit(store, f"Version {number}.", at(number))
    me = Me.open(store.home)
    whole = me.history()
    assert [me.history(last) for last in (1, 3, 5, 99)] == [whole[:1], whole[:3], whole, whole]


# what a request covers


def covered(store: SqliteStore, request: str) -> tuple[str, ...]:
    """What goes from the profile by this request; no model is asked."""
    unused: Any = None
    return find(request, store, Library.of(store, shelf.WordEmbedder(), unused, unused)).profile


def test_what_others_said_takes_nothing_from_the_profile(store: SqliteStore) -> None:
    said = ["I carve birds with my granddaughter.", "I carve owls with my grandson."]
    source = shelf.source_of("talk", said, ["other", "self"])
    store.put_source(*source)
    describe(store, "I carve birds with my granddaughter. I carve owls with my grandson.", at(1))
    assert covered(store, source[0].id) == ("I carve owls with my grandson.", "You carve owls with your grandson.")


def test_the_request_itself_counts_beside_what_it_matches_but_not_an_id_or_a_path(store: SqliteStore) -> None:
    source = shelf.source_of("owls", ["I bake rye bread on Sundays."])
    store.put_source(*source)
    describe(store, "I carve owls.", at(1))
    observe(store, [signal(2, "domain", "owls"), signal(3, "domain", "chess")], at(3))
    assert covered(store, "owls") == ()  # the file of that name
    store.delete_source(source[0].id)
    assert covered(store, "owls")[-1] == "owls"
    assert {"I carve owls.", "You carve owls."} <= set(covered(store, "the owls"))
    with pytest.raises(UsageError, match="nothing matches"):
        find("harmonica", store, Library.of(store, shelf.WordEmbedder(), None, None))  # type: ignore[arg-type]
