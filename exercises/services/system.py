"""The actor behind what happens without anyone's hand: schedules and workers."""

from __future__ import annotations

from typing import Final

from exercises.domain.actors import Actor, Door

SYSTEM: Final = Actor(
    user_id=None,
    name="chaosplane",
    door=Door.SYSTEM,
    org_roles=frozenset(),
    team_roles={},
)
