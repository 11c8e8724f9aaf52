"""Who acts, through which door, with which rights at this moment.

`permissions.actor_for` builds one per request; rules and services only read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from exercises.domain.errors import NotAllowed


class Door(StrEnum):
    """How an act came in. Written into the audit trail."""

    PAGE = "page"
    API = "api"
    SCHEDULE = "schedule"
    SYSTEM = "system"
    CLI = "cli"


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, the service of a team, or the system. `scopes` narrows what an API token may
    do; None means all. `until` is when the token ends. `vouched_by` are the people by whose doing
    the service of a team can act here: what it writes may be their word.

    `team_roles` maps team ids to the role held there.
    """

    user_id: int | None
    name: str
    door: Door
    org_roles: frozenset[str]
    team_roles: Mapping[int, str]
    scopes: frozenset[str] | None = None
    is_active: bool = True
    is_service: bool = False
    until: datetime | None = None
    vouched_by: frozenset[int] = frozenset()

    @property
    def is_system(self) -> bool:
        """True for chaosplane itself: nobody's account, so nobody can sign in as it."""
        return self.user_id is None and self.door in {Door.SYSTEM, Door.SCHEDULE}

    @property
    def person_id(self) -> int:
        """The id of the account that acts, a person's or a service's. Raises NotAllowed for the
        system."""
        if self.user_id is None:
            raise NotAllowed("Only a person can do this.")
        return self.user_id
