"""Freezes and schedules through the API: as on the pages, without exceptions."""

from __future__ import annotations

import pytest

from exercises.models import FreezeWindow, Programme, Schedule
from tests import build
from tests.api.conftest import Caller
from tests.cast import Cast

pytestmark = pytest.mark.django_db

FREEZE = {
    "name": "Peak",
    "starts_at": "2030-11-26T00:00:00Z",
    "ends_at": "2030-12-01T00:00:00Z",
    "environments": ["production"],
}
TIMES = {
    "rrule": "FREQ=MONTHLY;BYDAY=2WE",
    "timezone": "Europe/Berlin",
    "local_start": "2026-01-14T09:30",
    "duration_s": 9000,
    "region": build.REGION,
}


def test_a_freeze_is_declared_changed_and_lifted(cast: Cast, caller: Caller) -> None:
    lead = caller("lead")
    made = lead.post("/api/v1/freezes/", FREEZE | {"teams": [cast.team.slug]})
    assert made.status_code == 201, made.json()
    assert (made.json()["teams"], made.json()["declared_by"]) == ([cast.team.slug], cast.lead.name)
    one = f"/api/v1/freezes/{made.json()['id']}/"
    assert lead.put(one, FREEZE | {"name": "Launch"}).json()["teams"] == []
    assert len(lead.get("/api/v1/freezes/", {"lifted": "false"}).json()["results"]) == 1
    assert caller("owner").post(f"{one}lift/", {"reason": "We want to"}).status_code == 403
    assert lead.post(f"{one}lift/", {"reason": "Moved to March"}).json()["lifted_at"]
    assert lead.get("/api/v1/freezes/", {"lifted": "false"}).json()["results"] == []


def test_a_freeze_that_is_wrong_names_its_fields(cast: Cast, caller: Caller) -> None:
    bad = caller("lead").post("/api/v1/freezes/", FREEZE | {"ends_at": "2030-01-01T00:00:00Z"})
    assert bad.status_code == 422
    assert bad.json()["errors"][0]["field"] == "ends_at"
    assert not FreezeWindow.objects.exists()


def test_a_calendar_is_added_without_showing_its_address(cast: Cast, caller: Caller) -> None:
    typed = {"name": "Changes", "url": "https://calendar.example.test/secret.ics"}
    made = caller("lead").post("/api/v1/freeze-calendars/", typed)
    assert made.status_code == 201, made.json()
    assert "secret" not in str(made.json())
    one = f"/api/v1/freeze-calendars/{made.json()['id']}/"
    assert caller("lead").post(f"{one}read/").status_code == 200
    assert caller("author").delete(one).status_code == 403
    assert caller("lead").delete(one).status_code == 204


def test_a_schedule_is_previewed_created_changed_suspended_and_resumed(
    cast: Cast, caller: Caller
) -> None:
    Programme.objects.create(
        slug="cloud-itee", name="Cloud ITEE", lead=cast.lead, safety_officer=cast.safety
    )
    lead = caller("lead")
    shown = lead.post("/api/v1/schedules/preview/", TIMES).json()
    assert len(shown) == 12
    assert shown[0]["local"].endswith("09:30:00")
    made = lead.post("/api/v1/schedules/", TIMES | {"programme": "cloud-itee"})
    assert made.status_code == 201, made.json()
    assert made.json()["words"] == "Every second Wednesday of the month"
    one = f"/api/v1/schedules/{made.json()['id']}/"
    changed = lead.put(one, TIMES | {"rrule": "FREQ=WEEKLY;BYDAY=TU"})
    assert len(changed.json()["creates"]) >= 8
    assert lead.post(f"{one}suspend/").json()["is_suspended"]
    assert not lead.post(f"{one}resume/").json()["is_suspended"]
    assert caller("owner").put(one, TIMES).status_code == 403
    bomb = lead.put(one, TIMES | {"rrule": "FREQ=SECONDLY"})
    [problem] = bomb.json()["errors"]
    assert problem["field"] == "rrule"
    assert problem["problem"].startswith("FREQ is one of DAILY, WEEKLY, MONTHLY, YEARLY")
    never = lead.put(one, TIMES | {"local_start": "2026-02-30T09:30"})
    [problem] = never.json()["errors"]
    assert problem["field"] == "local_start"
    assert Schedule.objects.get().rrule == "FREQ=WEEKLY;BYDAY=TU"
