"""What people are called in findings, debriefs, reports and packs: by name, or by their role.

In blameless mode nobody is named there: what was learned is about systems. Texts that people
wrote are read too, because a name in a note names as well. The audit log keeps every name.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from exercises.domain.capacities import OrgRole, TeamRole
from exercises.models import BlamelessSetting, Membership, OrganisationRole, User

NOBODY: Final = "Somebody"
LEAST_NAME: Final = 3
"""Shorter ones are words of every text."""

_ORGANISATION: Final = {role.value: role.value.replace("_", " ").capitalize() for role in OrgRole}
_RANK: Final = [TeamRole.OWNER.value, TeamRole.OPERATOR.value, TeamRole.MEMBER.value]


@dataclass(frozen=True, slots=True)
class Names:
    """How this installation speaks of people now. `roles` are by id, empty when all are named."""

    is_blameless: bool = False
    roles: Mapping[int, str] = field(default_factory=dict)
    by_name: Mapping[str, str] = field(default_factory=dict)
    pattern: re.Pattern[str] | None = None

    def of(self, person: User | None) -> str:
        """What a person is called; empty for nobody."""
        if person is None:
            return ""
        if person.service_of_id is not None:
            return person.name
        return self.roles.get(person.pk, NOBODY) if self.is_blameless else person.name

    def text(self, text: str) -> str:
        """A text without the names of people, in blameless mode."""
        if self.pattern is None:
            return text
        return self.pattern.sub(lambda found: self.by_name[found[0]], text)

    def deep(self, value: Any) -> Any:
        """The same for everything in a document."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {key: self.deep(one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.deep(one) for one in value]
        return value


def current_setting() -> BlamelessSetting | None:
    return BlamelessSetting.objects.select_related("set_by").first()


def names_now() -> Names:
    """One query while people are named, four in blameless mode."""
    setting = BlamelessSetting.objects.first()
    if setting is None or not setting.is_on:
        return Names()
    roles = _roles()
    people = dict(User.objects.values_list("pk", "name"))
    by_name = {
        name: roles.get(pk, NOBODY) for pk, name in people.items() if len(name) >= LEAST_NAME
    }
    longest_first = sorted(by_name, key=lambda name: (-len(name), name))
    pattern = "|".join(map(re.escape, longest_first))
    return Names(
        is_blameless=True,
        roles={pk: roles.get(pk, NOBODY) for pk in people},
        by_name=by_name,
        pattern=re.compile(rf"(?<!\w)(?:{pattern})(?!\w)") if pattern else None,
    )


def _roles() -> dict[int, str]:
    """Each person's role: of the organisation, else the highest in a team."""
    found: dict[int, str] = {}
    rows = OrganisationRole.objects.order_by("id").values_list("user_id", "role")
    for pk, role in rows:
        found.setdefault(pk, _ORGANISATION[role])
    held: dict[int, list[tuple[int, str]]] = defaultdict(list)
    members = Membership.objects.order_by("team__name", "id")
    for pk, role, team in members.values_list("user_id", "role", "team__name"):
        held[pk].append((_RANK.index(role), f"{role.capitalize()} of {team}"))
    for pk, roles in held.items():
        found.setdefault(pk, min(roles)[1])
    return found
