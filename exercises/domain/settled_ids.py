"""Up to which id a growing table is complete: ids are given out before their rows are committed.

Read in order of their ids, a row that is committed late would be passed over for ever. An id is
settled once every transaction that was under way when it was seen has ended.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at the table, in one snapshot: the newest id; the oldest transaction that was under
    way, and the first that had not begun."""

    newest: int
    oldest_running: int
    first_ahead: int


@dataclass(slots=True)
class Settled:
    """`through` never goes back. It needs two looks, so that also who has an id, and not yet a
    transaction's number, is waited for."""

    through: int = 0
    is_known: bool = False
    _awaited: Seen | None = field(default=None)

    @property
    def is_awaiting(self) -> bool:
        return self._awaited is not None

    def look(self, seen: Seen) -> None:
        if self._awaited is not None:
            if seen.oldest_running < self._awaited.first_ahead:
                return
            self.through = self._awaited.newest
        self._awaited = seen if seen.newest > self.through else None
        self.is_known = self._awaited is None or self.through > 0
