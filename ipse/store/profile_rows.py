"""The living profile in rows: the log of signals, and what is made of it.

Signals are only ever added, and go only where their source goes. A paragraph is a new row each time its words change:
the last one is in force and the others are its history.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from sqlalchemy import select, text

from ipse.store import schema
from ipse.store.database import Database
from ipse.store.rows import PersonRows, among, fields_of, upsert
from ipse.types import Amendment, Dimension, Drift, Paragraph, Preference, Profile, Reply, Signal

_KNOWN = text("SELECT id FROM signals WHERE person_id = :person AND id IN (SELECT value FROM json_each(:ids))")


class ProfileRows(PersonRows):
    def signals(self, dimension: Dimension | None = None) -> list[Signal]:
        wanted = [] if dimension is None else [schema.signals.c.dimension == dimension]
        return self._select(schema.signals, Signal, *wanted)

    def put_signals(self, signals: Sequence[Signal]) -> list[Signal]:
        """Adds them to the log; those that were new to it. Ids that are there already are left alone."""
        with self.database.transaction():
            wanted = json.dumps([signal.id for signal in signals])
            known = {row["id"] for row in self.database.all(_KNOWN, person=self.person.id, ids=wanted)}
            new = [s for s in {signal.id: signal for signal in signals}.values() if s.id not in known]
            self._insert(schema.signals, new)
            return new

    def delete_signals(self, ids: Iterable[str]) -> None:
        """For `forget` alone: what is forgotten has no say any more."""
        self._delete(schema.signals, among(schema.signals.c.id, ids))

    def preferences(self) -> dict[str, Preference]:
        """By dimension; those that nothing was ever seen of are missing."""
        return {each.dimension: each for each in self._select(schema.preferences, Preference)}

    def put_preferences(self, preferences: Iterable[Preference]) -> None:
        rows = [{**fields_of(each), "peak": each.detector.peak} for each in preferences]
        self._put(schema.preferences, "dimension", rows)

    def delete_preferences(self, dimensions: Iterable[Dimension]) -> None:
        self._delete(schema.preferences, among(schema.preferences.c.dimension, dimensions))

    def profile(self) -> Profile:
        return self._last(schema.profiles, Profile) or Profile()

    def put_profile(self, profile: Profile) -> None:
        row = fields_of(profile)
        self.database.run(upsert(schema.profiles, ("person_id",), tuple(row)), [{"person_id": self.person.id, **row}])

    def paragraph(self) -> Paragraph | None:
        """The one in force."""
        return self._last(schema.paragraphs, Paragraph)

    def paragraphs(self, last: int | None = None) -> list[Paragraph]:
        """The oldest first; only the `last` ones where that is given."""
        return self._select(schema.paragraphs, Paragraph, last=last)

    def put_paragraph(self, paragraph: Paragraph) -> None:
        self._insert(schema.paragraphs, [paragraph])

    def delete_paragraphs(self, ids: Iterable[str]) -> None:
        self._delete(schema.paragraphs, among(schema.paragraphs.c.id, ids))

    def drifts(self) -> list[Drift]:
        return self._select(schema.drifts, Drift)

    def delete_drifts(self, dimensions: Iterable[Dimension]) -> None:
        self._delete(schema.drifts, among(schema.drifts.c.dimension, dimensions))

    def put_drifts(self, drifts: Sequence[Drift]) -> None:
        self._insert(schema.drifts, drifts)

    def replies(self, last: int | None = None) -> list[Reply]:
        """The oldest first; only the `last` ones where that is given."""
        return self._select(schema.replies, Reply, last=last)

    def reply(self, reply_id: str) -> Reply | None:
        return next(iter(self._select(schema.replies, Reply, schema.replies.c.id == reply_id)), None)

    def put_reply(self, reply: Reply) -> None:
        self._put(schema.replies, "id", [fields_of(reply)])

    def amendments(self) -> list[Amendment]:
        return self._select(schema.amendments, Amendment)

    def delete_amendments(self, ids: Iterable[str]) -> None:
        self._delete(schema.amendments, among(schema.amendments.c.id, ids))

    def put_amendment(self, amendment: Amendment) -> None:
        self._put(schema.amendments, "id", [fields_of(amendment)])


def alarmed(database: Database, above: float) -> set[str]:
    """Ids of everybody in the home with a peak above this: the sweep alone looks over more than one person."""
    query = select(schema.preferences.c.person_id).where(schema.preferences.c.peak > above).distinct()
    return {row["person_id"] for row in database.all(query)}
