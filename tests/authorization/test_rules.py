"""What `may` says before any rule is asked: it needs neither rows nor a thing to do it to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exercises.domain.actors import Actor, Door
from exercises.domain.capacities import OrgRole, TeamRole
from exercises.domain.doors import BY_HAND, OF_A_SERVICE, SCOPE_OF
from exercises.permissions import RULES, may

ALMIGHTY = Actor(
    user_id=1,
    name="Everybody at once",
    door=Door.PAGE,
    org_roles=frozenset(role.value for role in OrgRole),
    team_roles={7: TeamRole.OWNER.value},
)
ASKS_NOTHING_OF_THE_THING = ("exercise.plan", "policy.activate", "audit.read")


@pytest.mark.parametrize("action", sorted(RULES))
def test_who_is_suspended_may_do_nothing(action: str) -> None:
    assert not may(replace(ALMIGHTY, is_active=False), action)
    assert not may(replace(ALMIGHTY, user_id=None), action)


@pytest.mark.parametrize("action", sorted(BY_HAND))
def test_what_needs_a_hand_is_done_on_a_page_alone(action: str) -> None:
    for door in set(Door) - {Door.PAGE}:
        assert not may(replace(ALMIGHTY, door=door), action)


@pytest.mark.parametrize("action", sorted(RULES))
def test_a_token_does_no_more_than_its_scopes(action: str) -> None:
    wrong = {"read", "write", "stop", "incidents"} - {SCOPE_OF.get(action, "write")}
    assert not may(replace(ALMIGHTY, door=Door.API, scopes=frozenset(wrong)), action)


@pytest.mark.parametrize("action", ASKS_NOTHING_OF_THE_THING)
def test_the_same_person_may_with_all_of_it(action: str) -> None:
    assert may(ALMIGHTY, action)


@pytest.mark.parametrize("action", sorted(set(RULES) - OF_A_SERVICE))
def test_the_service_of_a_team_does_only_what_a_program_does(action: str) -> None:
    scopes = frozenset({SCOPE_OF.get(action, "write")})
    service = replace(ALMIGHTY, door=Door.API, scopes=scopes, is_service=True)
    assert not may(service, action)
