"""Mistakes in what is written down and who comes back to it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from exercises.models import due_work as _due_work
from exercises.models.audit import AuditEntry
from exercises.services import observe as _observe
from exercises.services import start as _start
from tests.harness.planted import bug, dies_at, replace
from tests.harness.steps import ALL, SLOT, Crash, Step

due_work: Any = _due_work
observe: Any = _observe
start: Any = _start


@bug(*SLOT, ALL)
def intent_not_audited() -> None:
    """A start leaves no line in the audit trail."""
    replace("record", lambda *_, **__: None, start)


@bug(*SLOT, ALL)
def audit_skips_a_number() -> None:
    """The audit trail counts by twos."""
    entry: Any = AuditEntry
    right = entry.save

    def wrong(self: Any, *args: Any, **kwargs: Any) -> None:
        self.seq += 1
        right(self, *args, **kwargs)

    entry.save = wrong


@bug(*SLOT, ALL)
def audit_chain_torn() -> None:
    """An entry of the audit trail does not carry the hash of the one before."""
    entry: Any = AuditEntry
    right = entry.save

    def wrong(self: Any, *args: Any, **kwargs: Any) -> None:
        self.previous_hash = "0" * 64
        right(self, *args, **kwargs)

    entry.save = wrong


@bug(SLOT[0], Step("tick", order=Crash("due.claimed")))
def lease_without_end() -> None:
    """What a dead worker held is held for ever."""
    due_work.LEASE_S = timedelta(days=1).total_seconds()


@bug(*SLOT, dies_at("start.sent"))
def starting_never_settled() -> None:
    """A run whose worker died while it asked AWS is not looked at again."""
    right = start.move_run

    def wrong(run: Any, to: Any, **changes: Any) -> Any:
        return right(run, to, **changes, due_at=None)

    replace("move_run", wrong, start)


@bug(*SLOT, ALL)
def end_not_observed() -> None:
    """What AWS says of a run is read once and never again."""
    right = observe._watched
    seen: set[Any] = set()

    def wrong(place: Any) -> Any:
        runs = [run for run in right(place) if run.pk not in seen]
        seen.update(run.pk for run in runs)
        return runs

    replace("_watched", wrong, observe)
