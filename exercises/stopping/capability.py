"""The stop capability: a signed note in a cookie that says who may stop what.

Given to people while the database answers, believed for twelve hours by its signature
alone. It opens nothing but Stop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.core import signing

from exercises.domain.actors import Actor
from exercises.domain.capacities import OrgRole, TeamRole
from exercises.stopping.targets import LiveExercise

GOOD_FOR: Final = timedelta(hours=12)
RENEW_AFTER: Final = timedelta(minutes=30)
_RUN_A_TEAM: Final = frozenset({TeamRole.OPERATOR.value, TeamRole.OWNER.value})
_ANSWER_FOR_ALL: Final = frozenset({OrgRole.PROGRAMME_LEAD.value, OrgRole.SAFETY_OFFICER.value})
_SALT: Final = "chaosplane.stop-capability"


class NoCapability(Exception):
    """The note is forged, damaged or too old; the message says which."""


@dataclass(frozen=True, slots=True)
class Capability:
    """Who holds it, and how far it reaches."""

    user_id: int
    name: str
    sees_all: bool
    """A role in the organisation: private experiments of every team, too."""
    team_ids: frozenset[int]
    may_stop_accounts: bool
    """Everything in an account, by its safety lever."""

    def covers(self, exercise: LiveExercise) -> bool:
        if not exercise.is_private or self.sees_all:
            return True
        return not self.team_ids.isdisjoint(exercise.team_ids)


def capability_of(actor: Actor) -> Capability:
    """What this person may stop, by the roles held now."""
    runs_a_team = _RUN_A_TEAM.intersection(actor.team_roles.values())
    return Capability(
        user_id=actor.person_id,
        name=actor.name,
        sees_all=bool(actor.org_roles),
        team_ids=frozenset(actor.team_roles),
        may_stop_accounts=bool(runs_a_team or _ANSWER_FOR_ALL & actor.org_roles),
    )


def as_told(capability: Capability) -> dict[str, Any]:
    """As it is written into a note or a file."""
    return {
        "u": capability.user_id,
        "n": capability.name,
        "a": capability.sees_all,
        "t": sorted(capability.team_ids),
        "l": capability.may_stop_accounts,
    }


def from_told(told: dict[str, Any]) -> Capability:
    return Capability(
        user_id=told["u"],
        name=told["n"],
        sees_all=told["a"],
        team_ids=frozenset(told["t"]),
        may_stop_accounts=told["l"],
    )


def sign(capability: Capability, *, key: str) -> str:
    return signing.dumps(as_told(capability), key=key, salt=_SALT)


def read(
    note: str,
    *,
    key: str,
    fallback_keys: Sequence[str] = (),
    max_age: timedelta = GOOD_FOR,
) -> Capability:
    """Raises NoCapability."""
    try:
        told: dict[str, Any] = signing.loads(
            note, key=key, salt=_SALT, max_age=max_age, fallback_keys=list(fallback_keys)
        )
    except signing.SignatureExpired:
        raise NoCapability("It is older than twelve hours.") from None
    except signing.BadSignature:
        raise NoCapability("It does not carry our signature.") from None
    return from_told(told)
