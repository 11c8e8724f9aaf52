"""Who sets up schedules, what editions take over, what a change does, what was missed."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client

from exercises.domain.errors import Invalid, NotAllowed
from exercises.models import (
    AuditEntry,
    Decision,
    Exercise,
    Finding,
    MissedOccurrence,
    Programme,
    RunEvent,
    Schedule,
)
from exercises.models.due_work import database_now
from exercises.queries.schedule_rules import rule_of
from exercises.queries.schedules import preview
from exercises.services.editions import materialise_editions
from exercises.services.schedules import (
    Times,
    change_schedule,
    create_programme,
    create_schedule,
    suspend_schedule,
)
from tests import build
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def times(**changes: object) -> Times:
    values = {
        "rrule": "FREQ=WEEKLY;BYDAY=WE",
        "timezone": "Europe/Berlin",
        "local_start": datetime(2026, 1, 7, 9, 30),
        "duration_s": 9000,
        "region": build.REGION,
        "az": f"{build.REGION}a",
        "horizon_days": 30,
    } | changes
    return Times(**values)  # type: ignore[arg-type]


@pytest.fixture
def programme(cast: Cast) -> Programme:
    return create_programme(
        actor=cast.actor("lead"), name="Cloud ITEE", lead=cast.lead, safety_officer=cast.safety
    )


def made(schedule: Schedule) -> int:
    schedule.refresh_from_db()
    return materialise_editions(schedule_id=schedule.pk, fence=schedule.fence)


@pytest.mark.parametrize("who", ["safety", "owner", "author", "leadership", "auditor"])
def test_only_a_programme_lead_sets_up_schedules(
    cast: Cast, programme: Programme, who: str
) -> None:
    with pytest.raises(NotAllowed):
        create_schedule(actor=cast.actor(who), programme=programme, times=times())


def test_what_is_wrong_is_named_field_by_field(cast: Cast, programme: Programme) -> None:
    bad = times(rrule="FREQ=SECONDLY", region="moon", horizon_days=0, duration_s=1)
    with pytest.raises(Invalid) as error:
        create_schedule(actor=cast.actor("lead"), programme=programme, times=bad)
    named = {field for field, _ in error.value.problems}
    assert named >= {"region", "horizon_days", "duration"}
    with pytest.raises(Invalid, match="no day from now on"):
        create_schedule(
            actor=cast.actor("lead"),
            programme=programme,
            times=times(rrule="FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30"),
        )


def test_editions_carry_participants_and_drafts_over_but_no_approval(
    cast: Cast, programme: Programme
) -> None:
    last = build.exercise(cast, slug="last", opens_in=timedelta(hours=1))
    Exercise.objects.filter(pk=last.pk).update(programme=programme)
    experiment = build.approved(cast, last)
    schedule = create_schedule(actor=cast.actor("lead"), programme=programme, times=times())
    assert made(schedule) >= 4
    first = schedule.exercise_set.order_by("starts_at")[0]
    draft = first.experiments.get()
    assert (draft.title, draft.status, draft.revision) == (experiment.title, "draft", None)
    assert draft.parameters == experiment.parameters
    assert first.participations.get().answer == "invited"
    assert not Decision.objects.filter(experiment__exercise=first).exists()
    assert (
        "Carried over as drafts: 1"
        in RunEvent.objects.get(exercise=first, kind="exercise.created").text
    )


def test_findings_due_for_a_retest_become_drafts(cast: Cast, programme: Programme) -> None:
    where, run = build.live(cast)
    Exercise.objects.filter(pk=where.pk).update(programme=programme)
    finding = Finding.objects.create(
        exercise=where,
        run=run,
        application=run.experiment.application,
        title="Reconnects took 10 minutes",
        failure_family="instance-loss",
        state="retest",
        created_at=database_now(),
    )
    schedule = create_schedule(actor=cast.actor("lead"), programme=programme, times=times())
    made(schedule)
    first = schedule.exercise_set.order_by("starts_at")[0]
    assert [e.retest_of for e in first.experiments.all()] == [finding]


def test_a_change_says_what_it_does_and_deletes_nothing(cast: Cast, programme: Programme) -> None:
    schedule = create_schedule(actor=cast.actor("lead"), programme=programme, times=times())
    count = made(schedule)
    effect = change_schedule(
        actor=cast.actor("lead"), schedule=schedule, times=times(rrule="FREQ=WEEKLY;BYDAY=TH")
    )
    assert len(effect.unmatched) == count
    assert effect.leaves == ()
    assert made(schedule) == len(effect.creates)
    assert schedule.exercise_set.count() == count + len(effect.creates)
    again = change_schedule(actor=cast.actor("lead"), schedule=schedule, times=times())
    assert (len(again.leaves), again.creates) == (count, ())
    assert AuditEntry.objects.filter(action="schedule.change").count() == 2


def test_what_came_and_went_without_an_edition_is_noted_once_and_never_made(
    cast: Cast, programme: Programme
) -> None:
    schedule = create_schedule(actor=cast.actor("lead"), programme=programme, times=times())
    suspend_schedule(actor=cast.actor("lead"), schedule=schedule)
    Schedule.objects.update(looked_until=database_now() - timedelta(days=15))
    made(schedule)
    made(schedule)
    missed = MissedOccurrence.objects.all()
    assert len(missed) == 2
    assert all("suspended" in m.reason for m in missed)
    assert not schedule.exercise_set.filter(starts_at__lt=database_now()).exists()


def test_an_edition_that_nobody_took_live_is_skipped_with_its_reason(
    cast: Cast, programme: Programme
) -> None:
    schedule = create_schedule(actor=cast.actor("lead"), programme=programme, times=times())
    made(schedule)
    first = schedule.exercise_set.order_by("starts_at")[0]
    past = database_now() - timedelta(hours=5)
    Exercise.objects.filter(pk=first.pk).update(starts_at=past, ends_at=past + timedelta(hours=1))
    made(schedule)
    first.refresh_from_db()
    assert first.phase == "cancelled"
    assert "never caught up" in first.cancelled_because
    assert MissedOccurrence.objects.get().occurrence_key == first.occurrence_key
    assert RunEvent.objects.filter(exercise=first, kind="exercise.missed").exists()


def test_a_preview_marks_clocks_and_skipped_months(cast: Cast, programme: Programme) -> None:
    monthly = times(rrule="FREQ=MONTHLY;BYMONTHDAY=31")
    schedule = create_schedule(actor=cast.actor("lead"), programme=programme, times=monthly)
    shown = preview(rule_of(schedule), now=database_now())
    assert len(shown) == 12
    assert any("February" in p.skipped for p in shown)
    assert {p.clocks for p in shown} > {""}
    assert {p.offset for p in shown} == {"UTC+01:00", "UTC+02:00"}


# -- Pages ---------------------------------------------------------------------------------

TYPED = {
    "kind": "date", "day": "31", "short_months": "last_day", "first_day": "2026-01-31",
    "starts": "09:30", "minutes": "150", "timezone": "Europe/Berlin", "region": build.REGION,
    "az": "", "horizon_days": "60", "nth": "2", "weekday": "WE", "weeks": "1",
}  # fmt: skip


@pytest.fixture
def lead(cast: Cast, client: Client) -> Client:
    build.account()
    client.force_login(cast.lead)
    return client


def test_a_schedule_is_set_up_shown_changed_suspended_and_resumed(cast: Cast, lead: Client) -> None:
    assert lead.get("/schedules/").status_code == 200
    assert lead.get("/schedules/new/").status_code == 200
    new = {"new_programme": "Cloud ITEE", "lead": cast.lead.pk, "safety_officer": cast.safety.pk}
    answer = lead.post("/schedules/new/", TYPED | new)
    schedule = Schedule.objects.get()
    assert answer["Location"] == f"/schedules/{schedule.pk}/"
    assert schedule.rrule == "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1"
    made(schedule)
    page = lead.get(answer["Location"]).content.decode()
    assert "the last day where there is none" in page
    change = f"/schedules/{schedule.pk}/change/"
    asked = lead.post(change, TYPED | {"kind": "weekly", "preview": "1", "schedule": schedule.pk})
    assert "no longer match" in asked.content.decode()
    assert Schedule.objects.get().rrule == schedule.rrule, "asked, not saved"
    lead.post(change, TYPED | {"kind": "weekly"})
    assert Schedule.objects.get().rrule == "FREQ=WEEKLY;BYDAY=WE"
    lead.post(f"/schedules/{schedule.pk}/suspend/")
    assert "Suspended" in lead.get("/schedules/").content.decode()
    lead.post(f"/schedules/{schedule.pk}/resume/")
    assert not Schedule.objects.get().is_suspended


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"short_months": ""}, "not every month has day 31"),
        ({"kind": "rrule", "rrule": "FREQ=SECONDLY"}, "FREQ is one of"),
        ({"kind": "rrule", "rrule": "FREQ=DAILY;BYSECOND=1"}, "BYSECOND"),
        ({"timezone": "Mars"}, "no time zone of this name"),
        ({}, "Needed for a new programme"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    lead: Client, change: dict[str, str], says: str
) -> None:
    answer = lead.post("/schedules/new/", TYPED | change)
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert not Schedule.objects.exists()


def test_the_preview_is_live_and_others_only_read(cast: Cast, lead: Client) -> None:
    shown = lead.post("/schedules/preview/", TYPED).content.decode()
    assert shown.count("<tr>") == 13
    assert "clocks forward 1 h" in shown
    lead.force_login(cast.owner)
    assert lead.get("/schedules/").status_code == 200
    assert lead.get("/schedules/new/").status_code == 403
    assert lead.post("/schedules/preview/", TYPED).status_code == 403


def test_a_schedule_is_called_after_its_programme_unless_it_is_named(
    cast: Cast, programme: Programme
) -> None:
    lead = cast.actor("lead")
    made = [
        create_schedule(actor=lead, programme=programme, times=times(), slug=slug).slug
        for slug in ("", "", "autumn")
    ]
    assert made == [programme.slug, f"{programme.slug}-2", "autumn"]
    for slug in ("autumn", "a b", "x" * 61):
        with pytest.raises(Invalid, match="slug: "):
            create_schedule(actor=lead, programme=programme, times=times(), slug=slug)
