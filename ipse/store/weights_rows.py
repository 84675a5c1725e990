"""L2 in rows: the training set, the adapters and the receipts of what was unlearnt.

The adapters' files lie in the person's folder; here is only what is known about them.
"""

from __future__ import annotations

from collections.abc import Sequence

from ipse.errors import UsageError
from ipse.store import provenance, schema
from ipse.store.rows import PersonRows, fields_of
from ipse.types import Adapter, AdapterStatus, Pair, PreferencePair, Receipt

LAYER = "pairs"


class WeightsRows(PersonRows):
    def pairs(self) -> list[Pair]:
        return self._select(schema.pairs, Pair)

    def preference_pairs(self) -> list[PreferencePair]:
        return self._select(schema.preference_pairs, PreferencePair)

    def put_pairs(self, version: str, pairs: Sequence[Pair], preferences: Sequence[PreferencePair]) -> None:
        """Replaces the training set; `version` is its content hash."""
        with self.database.transaction():
            if self._delete(schema.pairs) + self._delete(schema.preference_pairs):
                self.database.leave_nothing_behind()
            provenance.prune(self.database, self.person.id)
            self._insert(schema.pairs, pairs)
            self._insert(schema.preference_pairs, preferences)
            provenance.link(self.database, self.person.id, pairs)
            provenance.link(self.database, self.person.id, preferences)
            self._next_version(LAYER, version)

    def pairs_version(self) -> str | None:
        version = self._version(LAYER)
        return version[1] if version else None

    def adapters(self) -> list[Adapter]:
        return self._select(schema.adapters, Adapter)

    def put_adapter(self, adapter: Adapter) -> None:
        """Inserts or updates by id."""
        with self.database.transaction():
            self._delete(schema.rests_on, schema.rests_on.c.child == adapter.id)
            self._put(schema.adapters, "id", [fields_of(adapter)])
            provenance.link(self.database, self.person.id, [adapter])

    def set_adapter_status(self, adapter_id: str, status: AdapterStatus) -> None:
        """Raises UsageError when there is no such adapter."""
        if not self._update(schema.adapters, schema.adapters.c.id == adapter_id, status=status):
            known = ", ".join(adapter.id for adapter in self.adapters()) or "none"
            raise UsageError(f"{self.person.name} has no adapter {adapter_id}; there are: {known}")

    def delete_adapter(self, adapter_id: str) -> None:
        """Forgets the row and what it rested on; its files are the caller's to remove."""
        with self.database.transaction():
            self._delete(schema.adapters, schema.adapters.c.id == adapter_id)
            provenance.prune(self.database, self.person.id)

    def put_receipt(self, receipt: Receipt) -> None:
        self._insert(schema.receipts, [receipt])

    def receipts(self) -> list[Receipt]:
        return self._select(schema.receipts, Receipt)

    def descendants(self, ref: str) -> set[str]:
        """Every id that rests on `ref`, over any number of steps."""
        return provenance.descendants(self.database, self.person.id, ref)
