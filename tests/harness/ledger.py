"""What the people of a schedule did and were told, by the clock that both sides share.

An act was asked for at `begun`; `acknowledged` is when the answer came, None when the process
died before it. In between it may or may not count: the oracle gives the benefit of the doubt.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class Act:
    """One act. `run_id` empty: it is about everything."""

    kind: str
    begun: datetime
    acknowledged: datetime | None = None
    run_id: str = ""
    until: datetime | None = None
    """For a freeze: its end, moved forward when it is lifted."""


@dataclass(slots=True)
class Ledger:
    """Every act of a schedule, in order; and what may keep an honest start from happening."""

    acts: list[Act] = field(default_factory=list)
    aws_refused: bool = False
    """AWS was made to refuse for good (access denied, a changed template)."""
    healed_at: datetime | None = None

    def begin(self, kind: str, at: datetime, run_id: str = "") -> Act:
        act = Act(kind, at, run_id=run_id)
        self.acts.append(act)
        return act

    def about(self, run_id: str, *kinds: str) -> Iterator[Act]:
        for act in self.acts:
            if act.kind in kinds and act.run_id in ("", run_id):
                yield act
