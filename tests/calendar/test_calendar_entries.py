"""What the calendar holds between two instants, and for whom."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from exercises.domain.deadlines import deadlines_of
from exercises.domain.exercise_phases import Phase
from exercises.domain.times import Window
from exercises.models import Exercise, FreezeWindow, Programme, Schedule
from exercises.models.due_work import database_now
from exercises.queries.calendar import Show, calendar_entries
from exercises.services.editions import materialise_editions
from exercises.services.propose import propose, start_draft
from tests import build
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def around(days: float = 40) -> Window:
    now = database_now()
    return Window(now - timedelta(days=days), now + timedelta(days=days))


def titles(
    cast: Cast, name: str, *, show: Show | None = None, window: Window | None = None
) -> list[str]:
    found = calendar_entries(cast.actor(name), window or around(), now=database_now(), show=show)
    return [entry.title for entry in found]


def schedule(cast: Cast) -> Schedule:
    programme = Programme.objects.create(
        slug="monthly", name="Monthly", lead=cast.lead, safety_officer=cast.safety
    )
    return Schedule.objects.create(
        slug=programme.slug, programme=programme,
        rrule="FREQ=MONTHLY;BYMONTHDAY=10", timezone="Europe/Berlin",
        local_start="2025-01-10T09:30:00", duration_s=9_000, region=build.REGION, horizon_days=45,
    )  # fmt: skip


def test_deadlines_never_fall_on_a_weekend() -> None:
    for number in range(400):
        day = date(2026, 1, 1) + timedelta(days=number)
        found = list(deadlines_of(day))
        assert all(deadline.day.weekday() < 5 for deadline in found)
        assert [d.key for d in found] == ["proposals", "approvals", "preflight", "debrief"]
        assert found[2].day < day < found[3].day


def test_an_exercise_comes_with_its_deadlines_and_what_is_proposed_in_it(cast: Cast) -> None:
    exercise = build.exercise(cast, opens_in=timedelta(days=10))
    build.proposed(cast, exercise)
    found = calendar_entries(cast.actor("lead"), around(), now=database_now())
    assert sorted(entry.deadline for entry in found) == [
        "", "approvals", "debrief", "preflight", "proposals",
    ]  # fmt: skip
    assert next(e for e in found if not e.deadline).counts == "1 experiment, 1 team"


def test_an_experiment_on_its_own_is_for_its_team_and_for_who_looks_across_teams(
    cast: Cast,
) -> None:
    starts_at = database_now() + timedelta(days=3)
    experiment = start_draft(
        actor=cast.actor("author"), draft=build.draft(cast, slot_offset_s=0), exercise=None,
        starts_at=starts_at,
    )  # fmt: skip
    propose(actor=cast.actor("author"), experiment=experiment)
    assert titles(cast, "author") == ["Stop one broker"]
    assert titles(cast, "lead") == ["Stop one broker"]
    assert titles(cast, "outsider") == []


def test_filters_leave_out_what_does_not_belong(cast: Cast) -> None:
    now = database_now()
    exercise = build.exercise(cast, opens_in=timedelta(days=10))
    place = build.account("222222222222", "pre-production")
    build.proposed(cast, exercise, deployment=build.deployment(cast, place=place))
    freeze = FreezeWindow.objects.create(
        name="Pre-production freeze", starts_at=now, ends_at=now + timedelta(days=2),
        environments=["pre-production"], declared_by=cast.lead,
    )  # fmt: skip
    freeze.teams.add(cast.team)
    assert len(titles(cast, "lead")) == 6
    assert titles(cast, "lead", show=Show(production_only=True)) == []
    assert len(titles(cast, "lead", show=Show(teams=frozenset({cast.team.pk})))) == 6
    assert titles(cast, "lead", show=Show(teams=frozenset({cast.other_team.pk}))) == []
    assert titles(cast, "lead", show=Show(region="us-east-1")) == ["Pre-production freeze"]


def test_a_schedule_shows_as_outlines_only_what_it_has_not_created(cast: Cast) -> None:
    row = schedule(cast)
    window = around(days=200)
    before = calendar_entries(cast.actor("lead"), window, now=database_now())
    assert {entry.kind for entry in before} == {"planned"}
    materialise_editions(schedule_id=row.pk, fence=row.fence)
    after = calendar_entries(cast.actor("lead"), window, now=database_now())
    assert [e.uid for e in before] == [e.uid for e in after if e.kind in {"planned", "exercise"}]
    assert 0 < sum(e.kind == "exercise" for e in after) < len(before)
    Schedule.objects.update(is_suspended=True)
    left = calendar_entries(cast.actor("lead"), window, now=database_now())
    assert "planned" not in {entry.kind for entry in left}


def test_what_is_cancelled_stays_and_says_so(cast: Cast) -> None:
    build.exercise(cast, opens_in=timedelta(days=10), phase=Phase.CANCELLED)
    found = calendar_entries(cast.actor("lead"), around(), now=database_now())
    assert found
    assert all(entry.is_cancelled for entry in found)


def test_many_entries_ask_no_more_than_few(cast: Cast) -> None:
    build.proposed(cast, build.exercise(cast, opens_in=timedelta(days=5)))
    schedule(cast)
    show = Show(teams=None)
    window = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 12, 31, tzinfo=UTC))

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            calendar_entries(cast.actor("lead"), window, now=database_now(), show=show)
        return len(seen)

    now = database_now()
    few = queries()
    Exercise.objects.bulk_create(
        Exercise(
            slug=f"more-{n}", name=f"More {n}", starts_at=now + timedelta(days=n),
            ends_at=now + timedelta(days=n, hours=1), region=build.REGION, lead=cast.lead,
        )
        for n in range(40)
    )  # fmt: skip
    FreezeWindow.objects.bulk_create(
        FreezeWindow(name=f"F{n}", starts_at=now, ends_at=now + timedelta(days=n + 1))
        for n in range(10)
    )
    # Teams and accounts of freezes are looked up as soon as there is one.
    assert queries() - few <= 2
