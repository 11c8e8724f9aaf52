"""Freezes: times when nothing may start, for everyone or for some, and who may all the same."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from exercises.domain.times import Window


@dataclass(frozen=True, slots=True)
class FreezeFacts:
    """A freeze and its scope. An empty set leaves that dimension open: it means all."""

    id: int
    name: str
    window: Window
    environments: frozenset[str]
    account_ids: frozenset[str]
    team_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class FreezeScope:
    """The teams a freeze is narrowed to, as permissions ask; none means everyone."""

    team_ids: frozenset[int]
    is_imported: bool = False


def freezes_touching(
    freezes: Iterable[FreezeFacts],
    window: Window,
    *,
    environment: str,
    account_ids: Collection[str],
    team_id: int,
) -> list[FreezeFacts]:
    """The freezes that forbid a fault in this window, team and any of these accounts."""
    return [
        freeze
        for freeze in freezes
        if freeze.window.overlaps(window)
        and (not freeze.environments or environment in freeze.environments)
        and (not freeze.account_ids or not freeze.account_ids.isdisjoint(account_ids))
        and (not freeze.team_ids or team_id in freeze.team_ids)
    ]


@dataclass(frozen=True, slots=True)
class ExceptionFacts:
    """One experiment may run in one freeze, as it is written in `digest`, until a moment."""

    freeze_id: int
    experiment_id: int
    digest: str
    valid_until: datetime
    is_revoked: bool = False

    def holds(self, *, experiment_id: int, digest: str, now: datetime) -> bool:
        """An edit of the experiment ends it, like its approvals."""
        return (
            not self.is_revoked
            and self.experiment_id == experiment_id
            and self.digest == digest
            and now < self.valid_until
        )


def without_excepted(
    freezes: Iterable[FreezeFacts],
    exceptions: Iterable[ExceptionFacts],
    *,
    experiment_id: int,
    digest: str,
    now: datetime,
) -> list[FreezeFacts]:
    """The freezes that bind this experiment now."""
    lifted = {
        e.freeze_id
        for e in exceptions
        if e.holds(experiment_id=experiment_id, digest=digest, now=now)
    }
    return [freeze for freeze in freezes if freeze.id not in lifted]


def environment_problems(named: Iterable[str], known: Collection[str]) -> list[tuple[str, str]]:
    """The first environment that does not exist, as the problem of a field."""
    unknown = sorted(set(named) - set(known))
    if not unknown:
        return []
    return [("environments", f"“{unknown[0][:40]}” is not one of {', '.join(known)}")]
