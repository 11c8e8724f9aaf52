"""The policy's limits in the list beside a proposal, in conflicts and in free slots."""

from __future__ import annotations

import copy
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from exercises.domain.policy_document import default_rules
from exercises.domain.working_hours import WEEKDAYS
from exercises.models.due_work import database_now
from exercises.queries.conflicts import conflicts_of
from exercises.queries.free_slots import next_free, next_free_for_teams
from exercises.queries.policy_checks import policy_checks
from exercises.services.policy import activate_policy, propose_policy
from tests import build
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def in_force(cast: Cast, *, per_place: int = 5, **first_row: Any) -> None:
    document: dict[str, Any] = copy.deepcopy(default_rules())
    document["rows"][0] |= first_row
    document["concurrency"]["per_place"] = per_place
    version = propose_policy(actor=cast.actor("lead"), document=document, reason="Limits")
    activate_policy(actor=cast.actor("safety"), version=version, digest_seen=version.digest)


def listed(cast: Cast, **first_row: Any) -> dict[str, tuple[str, str]]:
    in_force(cast, **first_row)
    where = build.exercise(cast, opens_in=timedelta(hours=10))
    experiment = build.proposed(cast, where)
    checks = policy_checks(experiment, now=database_now())
    return {check.label: (check.status, check.detail) for check in checks}


def test_limits_that_hold_are_said_with_their_number(cast: Cast) -> None:
    found = listed(cast, max_minutes=30, max_targets=7)
    assert found["Within the 30 minutes of policy v2"] == ("ok", "")
    assert found["Within the 7 resources of policy v2"] == ("ok", "")
    assert found["Automatic stop by alarm"] == ("ok", "")


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ({"max_minutes": 4}, "the policy allows 4."),
        ({"max_targets": 2}, "the policy allows 2."),
        (
            {"hours": {"zone": "UTC", "days": ["Mon"], "from": "03:00", "until": "03:01"}},
            "The policy allows Mon 03:00 to 03:01, UTC only.",
        ),
    ],
)
def test_a_broken_limit_is_in_the_list_before_the_gate_says_it(
    cast: Cast, limit: dict[str, Any], said: str
) -> None:
    status, detail = listed(cast, **limit)["The policy (v2) does not allow it"]
    assert status == "fail"
    assert said in detail


def test_lead_time_says_until_when_it_is_approved_in_time(cast: Cast) -> None:
    status, detail = listed(cast, lead_time_h=2)["2 hours between approval and start"]
    assert (status, detail[:29]) == ("pending", "It is approved in time until ")


def test_lead_time_that_cannot_be_kept_any_more_fails(cast: Cast) -> None:
    assert listed(cast, lead_time_h=24)["24 hours between approval and start"][0] == "fail"


def test_a_rehearsal_that_the_policy_asks_for_is_awaited(cast: Cast) -> None:
    found = listed(cast, rehearsal_age_h=48)
    assert found["Rehearsed in the 48 hours before its start"][0] == "pending"


def test_conflicts_and_free_slots_count_with_the_policys_limit(cast: Cast) -> None:
    where = build.exercise(cast, opens_in=timedelta(hours=1))
    mine = build.proposed(cast, where)
    build.proposed(cast, where, deployment=build.deployment(cast, slug="fleet-api"))
    before = {clash.kind.value for clash in conflicts_of(mine) or ()}
    first = next_free(mine, now=database_now())[0]
    in_force(cast, per_place=1)
    assert {clash.kind.value for clash in conflicts_of(mine) or ()} == before | {"limit"}
    assert next_free(mine, now=database_now())[0] >= first


def test_free_slots_keep_the_policys_hours_and_lead_time(cast: Cast) -> None:
    where = build.exercise(cast, opens_in=timedelta(hours=1), hours=6)
    mine = build.proposed(cast, where)
    in_force(cast, lead_time_h=3)
    earliest = database_now() + timedelta(hours=3)
    assert all(slot >= earliest for slot in next_free(mine, now=database_now()))
    never = {"zone": "UTC", "days": ["Mon"], "from": "03:00", "until": "03:01"}
    in_force(cast, hours=never)
    assert next_free(mine, now=database_now()) == []


def test_what_a_team_is_offered_keeps_the_policys_hours_and_lead_time(cast: Cast) -> None:
    build.deployment(cast)
    nights = {"zone": "Asia/Tokyo", "days": list(WEEKDAYS), "from": "02:00", "until": "04:00"}
    in_force(cast, hours=nights, lead_time_h=30)
    now = database_now()

    def offered(who: str) -> list[datetime]:
        return next_free_for_teams(
            cast.actor(who), now=now, timezone="Europe/Berlin", duration=timedelta(hours=1)
        )

    assert {slot.astimezone(ZoneInfo("Asia/Tokyo")).hour for slot in offered("author")} <= {2, 3}
    assert len(offered("author")) == 3
    assert offered("author")[0] >= now + timedelta(hours=30)
    # Another team has nothing anywhere yet, so that the usual hours of the reader are offered.
    assert 9 <= offered("outsider")[0].astimezone(ZoneInfo("Europe/Berlin")).hour < 17
