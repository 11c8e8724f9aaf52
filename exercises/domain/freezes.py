"""Freezes: times when nothing may start, for everyone or for some."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

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


def freezes_touching(
    freezes: Iterable[FreezeFacts],
    window: Window,
    *,
    environment: str,
    account_id: str,
    team_id: int,
) -> list[FreezeFacts]:
    """The freezes that forbid a fault in this window, account and team."""
    return [
        freeze
        for freeze in freezes
        if freeze.window.overlaps(window)
        and (not freeze.environments or environment in freeze.environments)
        and (not freeze.account_ids or account_id in freeze.account_ids)
        and (not freeze.team_ids or team_id in freeze.team_ids)
    ]
