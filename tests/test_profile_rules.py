"""What holds after any step, in whatever order people, agents, sweeps and crashes come.

- One read: every prompt is told the paragraph that was stored last.
- Whoever writes, the stored paragraph is what is stored besides it comes to.
- What the person wrote themselves stays until they change it.
- It is made when something is written; reading computes nothing.
- Where nothing is known nothing is said.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule
from profile_kit import Broken, at, breaking, home_of, is_mirrored, kept, signal
from words_model import Worder

from ipse.errors import Conflict, UsageError
from ipse.me import Me
from ipse.types import NUMERIC, Detector, Paragraph, Signal
from ipse.words import forgetting, personality, profile
from ipse.words.consult import consult
from ipse.words.preamble import context, current, preamble
from ipse.words.preferences import observe_all
from ipse.words.unsaid import Unsaid

CRASHES = st.sampled_from([None] * 8 + [1, 2, 3, 4])
"""After which write a step breaks off, if at all."""
VALUES = st.tuples(st.sampled_from(NUMERIC), st.sampled_from([0.0, 0.1, 0.35, 0.5, 0.8, 1.0])) | st.tuples(
    st.sampled_from(["domain", "language"]), st.sampled_from(["en", "de", "tax law", "value"])
)
SOURCES = st.sampled_from(["thumb", "nudge", "preview", "style", "skip"])
TEXTS = st.sampled_from(["Rhymes, please.", "I bake. My oven is old!", "two\n\nlines", "x"]) | st.text(max_size=40)
REPLIES = st.sampled_from(
    ["Descale it with vinegar.", "Hi! Happy to help, just boil it once. " * 30, "It is as it is. " * 9]
)


class LivingProfile(RuleBasedStateMachine):
    paragraphs: Bundle[Paragraph] = Bundle("paragraphs")
    replies: Bundle[str] = Bundle("replies")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="ipse-test-"))
        self.home = home_of(self.folder)
        self.me = Me.open(self.home)
        self.me.clock = lambda: at(self.minute)
        self.store = self.me.store
        self.minute = 0
        self.own: str | None = None
        """The person's own words, as this test remembers them."""
        self.last: list[Signal] = []

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)

    def step(self, crash: int | None, action: Callable[[], Any]) -> Any:
        """What the action gives; None where it broke off or was refused, and then nothing has changed."""
        self.minute += 1
        before = kept(self.store)
        try:
            with breaking(crash):
                return action()
        except (Broken, UsageError):
            assert kept(self.store) == before
            return None

    # the person, their agents and the house

    @rule(pairs=st.lists(VALUES, min_size=1, max_size=4), source=SOURCES, crash=CRASHES)
    def signals(self, pairs: list[Any], source: Any, crash: int | None) -> None:
        found = [signal(self.minute, name, value, source, writer=i) for i, (name, value) in enumerate(pairs)]
        if self.step(crash, lambda: profile.observe(self.store, found, at(self.minute))) is not None:
            self.last = found

    @rule()
    def the_same_signals_again(self) -> None:
        before = kept(self.store)
        assert profile.observe(self.store, self.last, at(self.minute)) == []
        assert kept(self.store) == before

    @rule(pair=VALUES, times=st.integers(5, 12), crash=CRASHES)
    def a_mind_is_changed(self, pair: Any, times: int, crash: int | None) -> None:
        found = [signal(self.minute, *pair, writer=number) for number in range(times)]
        self.step(crash, lambda: profile.observe(self.store, found, at(self.minute)))

    @rule(text=TEXTS, crash=CRASHES)
    def about_me(self, text: str, crash: int | None) -> None:
        self.step(crash, lambda: self.me.describe(text))

    @rule(target=paragraphs, text=TEXTS, crash=CRASHES, seen=st.booleans())
    def edit(self, text: str, crash: int | None, seen: bool) -> Any:
        last = current(self.store)
        base = (last.id if last else "") if seen else None
        return self.pinned(self.step(crash, lambda: self.me.edit(text, base)))

    @rule(base=paragraphs, text=TEXTS)
    def edit_what_is_no_more(self, base: Paragraph | None, text: str) -> None:
        if base is not None and base != current(self.store) and text.strip():
            before = kept(self.store)
            with pytest.raises(Conflict):
                self.me.edit(text, base.id)
            assert kept(self.store) == before

    @rule(target=paragraphs, crash=CRASHES)
    def pin(self, crash: int | None) -> Any:
        return self.pinned(self.step(crash, self.me.pin))

    @rule(target=paragraphs, crash=CRASHES)
    def unpin(self, crash: int | None) -> Any:
        made = self.step(crash, self.me.unpin)
        if made is not None:
            self.own = None
        return made

    @rule(target=paragraphs, wanted=paragraphs, crash=CRASHES)
    def restore(self, wanted: Paragraph | None, crash: int | None) -> Any:
        return self.pinned(self.step(crash, lambda: self.me.restore(wanted.id if wanted else "paragraph_0")))

    def pinned(self, made: Paragraph | None) -> Paragraph | None:
        if made is not None:
            self.own = made.text
        return made

    @rule(answers=st.lists(VALUES, max_size=3), crash=CRASHES)
    def quiz(self, answers: list[Any], crash: int | None) -> None:
        self.step(crash, lambda: self.me.onboard(dict(answers)))

    @rule(target=replies, text=REPLIES, crash=CRASHES)
    def an_agent_replies(self, text: str, crash: int | None) -> Any:
        noted = self.step(crash, lambda: self.me.note_reply(text))
        return noted.id if noted else "reply_0"

    @rule(reply=replies, thumb=st.sampled_from(["up", "down"]), crash=CRASHES)
    def thumb(self, reply: str, thumb: Any, crash: int | None) -> None:
        self.step(crash, lambda: self.me.thumb(reply, thumb))

    @rule(text=REPLIES, thumb=st.sampled_from(["up", "down"]), crash=CRASHES)
    def a_day_of_replies(self, text: str, thumb: Any, crash: int | None) -> None:
        for number in range(10):
            noted = self.step(None, lambda: self.me.note_reply(text))
            if number % 2:
                self.step(crash, lambda noted=noted: self.me.thumb(noted.id, thumb))

    @precondition(lambda self: any(each.status == "proposed" for each in self.store.amendments()))
    @rule(target=paragraphs, sentence=st.none() | TEXTS, crash=CRASHES)
    def accept(self, sentence: str | None, crash: int | None) -> Any:
        proposed = next(each for each in self.store.amendments() if each.status == "proposed")
        return self.pinned(self.step(crash, lambda: self.me.accept(proposed.id, sentence)))

    @precondition(lambda self: any(each.status == "proposed" for each in self.store.amendments()))
    @rule(crash=CRASHES)
    def dismiss(self, crash: int | None) -> None:
        proposed = next(each for each in self.store.amendments() if each.status == "proposed")
        self.step(crash, lambda: self.me.dismiss(proposed.id))

    @rule(crash=CRASHES, ends=st.sampled_from(["", " You see."]))
    def a_model_words_it(self, crash: int | None, ends: str) -> None:
        before = preamble(self.store)
        made = self.step(crash, lambda: consult(self.store, Worder(ends), at(self.minute)))
        if made is not None:
            assert made.text.split() in (before.split(), [*before.split(), *("" if self.own else ends).split()])

    @rule(ends=st.sampled_from(["", " You see."]))
    def they_go_on_while_a_model_words_it(self, ends: str) -> None:
        going_on = [lambda: self.signals([("tone", 0.5)] * 3, "nudge", None)]
        consult(self.store, Worder(ends, going_on), at(self.minute))

    @rule(crash=CRASHES)
    def sweep(self, crash: int | None) -> None:
        before = preamble(self.store)
        flagged = self.step(crash, lambda: profile.sweep(self.home, at(self.minute)))
        if flagged is not None:
            assert all(flagged.values())
            assert profile.sweep(self.home, at(self.minute)) == {}
        assert preamble(self.store) == before

    @rule(request=st.sampled_from(["tax law", "oven", "rhymes"]), crash=CRASHES)
    def forget(self, request: str, crash: int | None) -> None:
        unsaid = Unsaid.of(request, [])

        def forgotten() -> bool:
            forgetting.forget(self.store, [], unsaid, at(self.minute))
            return True

        if self.step(crash, forgotten):
            self.own = unsaid.without(self.own or "") or None
            left = self.store.signals()
            self.last = [each for each in self.last if each in left]  # what was forgotten may be told anew
            assert forgetting.told_in_profile(self.store, unsaid) == ()
            assert not any(unsaid.tells(each.text) for each in self.store.paragraphs())

    @rule(gone=consumes(paragraphs))
    def the_house_is_opened_anew(self, gone: Paragraph | None) -> None:
        del gone
        clock = self.me.clock
        self.store.close()
        self.me = Me.open(self.home)
        self.me.clock, self.store = clock, self.me.store

    # the rules

    @invariant()
    def there_is_one_read_and_it_computes_nothing(self) -> None:
        stored = self.store.paragraphs()
        told = stored[-1].text if stored else ""
        never = AssertionError("the paragraph was made while it was read")
        with (
            patch.object(personality, "verbalize", side_effect=never),
            patch.object(profile, "verbalize", side_effect=never),
        ):
            assert preamble(self.store) == self.me.preamble() == told
            assert current(self.store) == self.me.profile().paragraph == (stored[-1] if stored else None)
            assert context(self.store, "self", 10_000) == told
            assert context(self.store, "third") == ""

    @invariant()
    def the_paragraph_mirrors_what_is_stored(self) -> None:
        assert is_mirrored(self.store)

    @invariant()
    def what_is_stored_of_a_dimension_is_what_its_signals_come_to(self) -> None:
        wanted = observe_all({}, self.store.signals())
        assert {name: _still(each) for name, each in self.store.preferences().items()} == {
            name: _still(each) for name, each in wanted.items()
        }

    @invariant()
    def the_persons_own_words_are_theirs(self) -> None:
        assert self.store.profile().pinned == self.own
        if self.own is not None:
            assert preamble(self.store) == self.own

    @invariant()
    def nothing_is_invented(self) -> None:
        known = self.store.profile()
        if not self.store.signals() and not known.about_me and known.pinned is None:
            assert (preamble(self.store), context(self.store, "self")) == ("", "")
        last = current(self.store)
        rests_on = {ref for _, refs in (last.sentences if last else ()) for ref in refs}
        assert rests_on <= {*self.store.preferences(), "about_me", "user"}


def _still(preference: Any) -> Any:
    """Without the detector, which sweeps begin anew."""
    return replace(preference, detector=Detector())


TestLivingProfile = LivingProfile.TestCase
TestLivingProfile.settings = settings(
    max_examples=20,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate, Phase.shrink],  # explaining a failure takes longer than a test may
)
