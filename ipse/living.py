"""The verbs of the living profile: what `Me` can do beside asking. None holds logic of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ipse.types import (
    Amendment,
    Dimension,
    Drift,
    Failure,
    Paragraph,
    Preference,
    Profile,
    Provenance,
    Reply,
    Signal,
    SignalSource,
)

if TYPE_CHECKING:
    from ipse.config import Settings
    from ipse.store.sqlite import SqliteStore
    from ipse.words.portrait import Point, Version
    from ipse.words.profile import Thumb


@dataclass(frozen=True, slots=True)
class Portrait:
    """The living profile as it stands. `amendments` are those that are proposed now."""

    paragraph: Paragraph | None
    profile: Profile
    preferences: tuple[Preference, ...]
    drifts: tuple[Drift, ...]
    amendments: tuple[Amendment, ...]

    @property
    def provenance(self) -> Provenance:
        return self.paragraph.provenance if self.paragraph else "empty"


class LivingProfile:
    """Mixed into `Me`: everything about how the person likes to be answered."""

    store: SqliteStore
    settings: Settings
    clock: Callable[[], datetime]

    def signal(
        self, dimension: str, value: float | str, source: SignalSource = "nudge", at: datetime | None = None
    ) -> list[Signal]:
        """One observation of how the person likes to be answered. Raises UsageError for one that can't be true."""
        return self.signals([(dimension, value, source)], at)

    def signals(
        self, told: Sequence[tuple[str, float | str, SignalSource]], at: datetime | None = None
    ) -> list[Signal]:
        """Several observations as one change: (dimension, value, source). All of them count, or none."""
        import secrets

        from ipse.raw.signals import signal_of
        from ipse.words.profile import observe

        now, key = self.clock(), secrets.token_hex(8)
        made = [signal_of(*each, at or now, now, key=(key, place)) for place, each in enumerate(told)]
        return observe(self.store, made, now)

    def read_signals(self, place: str, text: str) -> tuple[list[Signal], list[Failure]]:
        """Signals from JSON lines: those that were new, and what is wrong with the lines that were left out."""
        from ipse.raw.signals import read_signals
        from ipse.words.profile import observe

        found, failures = read_signals(place, text, self.clock())
        return observe(self.store, found, self.clock()), failures

    def profile(self) -> Portrait:
        from ipse.words.preamble import current

        with self.store.reading():
            proposed = tuple(each for each in self.store.amendments() if each.status == "proposed")
            return Portrait(
                current(self.store),
                self.store.profile(),
                tuple(self.store.preferences().values()),
                tuple(self.store.drifts()),
                proposed,
            )

    def series(self, dimension: Dimension) -> list[Point]:
        """How a dimension came to where it stands."""
        from ipse.words.portrait import series

        return series(self.store.signals(dimension))

    def history(self, last: int | None = None) -> list[Version]:
        """The paragraphs until now, newest first, with what changed; only the `last` ones where that is given."""
        from ipse.words.portrait import history

        return history(self.store.paragraphs(last if last is None else last + 1))[:last]

    def describe(self, about_me: str, base: str | None = None) -> Paragraph:
        """About-me. Raises Conflict if it is something else than `base` by now."""
        from ipse.words.profile import describe

        return describe(self.store, about_me, self.clock(), base)

    def edit(self, text: str, base: str | None = None) -> Paragraph:
        """The person's own paragraph, pinned. Raises Conflict if another than `base` is in force by now."""
        from ipse.words.profile import edit

        return edit(self.store, text, self.clock(), base)

    def pin(self, base: str | None = None) -> Paragraph:
        """Keeps the paragraph as it stands. Raises Conflict as `edit` does."""
        from ipse.words.profile import pin

        return pin(self.store, self.clock(), base)

    def unpin(self) -> Paragraph:
        from ipse.words.profile import unpin

        return unpin(self.store, self.clock())

    def restore(self, paragraph_id: str) -> Paragraph:
        from ipse.words.profile import restore

        return restore(self.store, paragraph_id, self.clock())

    def onboard(self, answers: Mapping[str, object]) -> list[Signal]:
        """The answers of the quiz, by dimension."""
        from ipse.words.profile import onboard

        return onboard(self.store, answers, self.clock())

    def note_reply(self, text: str) -> Reply | None:
        """An agent replied: how it was written is remembered, not its words."""
        from ipse.words.profile import note_reply

        return note_reply(self.store, text, self.clock())

    def thumb(self, reply_id: str, thumb: Thumb) -> list[Signal]:
        from ipse.words.profile import judge

        return judge(self.store, reply_id, thumb, self.clock())

    def amendments(self) -> list[Amendment]:
        """What was proposed until now, and what became of it; the oldest first."""
        return self.store.amendments()

    def accept(self, amendment_id: str, sentence: str | None = None) -> Paragraph:
        from ipse.words.profile import accept

        return accept(self.store, amendment_id, self.clock(), sentence)

    def consult(self) -> Paragraph | None:
        """Lets the configured model word the paragraph, or read what the person's own stands for. Raises LLMError."""
        from ipse.llm.openai import OpenAIChat
        from ipse.words.consult import consult

        model = OpenAIChat(self.settings.model_for("teacher"), self.settings.endpoint())
        return consult(self.store, model, self.clock())

    def dismiss(self, amendment_id: str) -> None:
        from ipse.words.profile import dismiss

        dismiss(self.store, amendment_id)
