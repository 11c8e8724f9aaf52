"""The slots the product suggests are those the gate would take."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.test import Client

from exercises.models import Exercise, FreezeWindow, Participation
from exercises.models.due_work import database_now
from exercises.queries.conflicts import conflicts_of
from exercises.queries.free_slots import next_free, next_free_for_teams
from exercises.services.propose import start_draft
from tests import build
from tests.cast import Cast

Person = Callable[[str], Client]


def minutes(exercise: Exercise, found: list) -> list[int]:  # type: ignore[type-arg]
    return [round((start - exercise.starts_at).total_seconds() / 60) for start in found]


def test_an_exercise_offers_the_minutes_nobody_on_the_application_has(cast: Cast) -> None:
    exercise = build.exercise(cast, opens_in=timedelta(hours=1), hours=1)
    build.proposed(cast, exercise, slot_offset_s=0, parameters={"minutes": 10})
    build.proposed(cast, exercise, slot_offset_s=1_200, parameters={"minutes": 10})
    mine = build.proposed(cast, exercise, slot_offset_s=60, parameters={"minutes": 10})
    now = database_now()
    assert minutes(exercise, next_free(mine, now=now)) == [10, 30, 40]
    FreezeWindow.objects.create(
        name="Short freeze", starts_at=exercise.starts_at + timedelta(minutes=35),
        ends_at=exercise.ends_at, environments=["production"],
    )  # fmt: skip
    assert minutes(exercise, next_free(mine, now=now)) == [10]


def test_what_is_offered_is_in_nobodys_way(cast: Cast) -> None:
    exercise = build.exercise(cast, opens_in=timedelta(hours=1), hours=1)
    for number in range(5):
        deployment = build.deployment(cast, slug=f"app-{number}")
        build.proposed(
            cast, exercise, deployment=deployment, slot_offset_s=600, parameters={"minutes": 20}
        )
    mine = build.proposed(cast, exercise, slot_offset_s=600, parameters={"minutes": 10})
    Participation.objects.filter(application=mine.application).update(on_call="Somebody else")
    for start in next_free(mine, now=database_now()):
        mine.slot_offset_s = round((start - exercise.starts_at).total_seconds())
        assert {clash.level for clash in conflicts_of(mine) or []} <= {"note"}


def test_on_our_own_it_is_working_hours_without_an_exercise_or_a_freeze(cast: Cast) -> None:
    now = database_now()
    build.exercise(cast, opens_in=timedelta(days=1), hours=30)
    draft = start_draft(
        actor=cast.actor("author"), draft=build.draft(cast, slot_offset_s=0), exercise=None,
        starts_at=now + timedelta(hours=2),
    )  # fmt: skip
    zone = ZoneInfo(draft.exercise.timezone)
    own = next_free(draft, now=now)
    team = next_free_for_teams(
        cast.actor("author"), now=now, timezone=str(zone), duration=timedelta(hours=1)
    )
    for start in [*own, *team]:
        local = start.astimezone(zone)
        assert start > now
        assert local.weekday() < 5
        assert 9 <= local.hour < 17
        assert local.minute % 15 == 0
    window = Exercise.objects.get(kind="itee").window
    assert team
    assert not [start for start in team if window.contains(start)]


def test_the_form_takes_a_free_slot_and_keeps_what_was_typed(cast: Cast, as_person: Person) -> None:
    exercise = build.exercise(cast, opens_in=timedelta(hours=1))
    first = build.proposed(cast, exercise, slot_offset_s=0)
    author = as_person("author")
    page = author.get(f"/experiments/EXP-{first.pk}/edit/").content.decode()
    assert "Next free:" in page
    slot = page.split('name="use_slot" value="')[1].split('"')[0]
    answer = author.post(
        f"/experiments/EXP-{first.pk}/edit/",
        {"use_slot": slot, "title": "Typed and not saved", "slot": "", "template": ""},
    )
    shown = answer.content.decode()
    assert f'name="slot" value="{slot}"' in shown
    assert "Typed and not saved" in shown
    first.refresh_from_db()
    assert first.title == "Stop one broker"
