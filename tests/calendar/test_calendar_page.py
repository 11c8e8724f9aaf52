"""The calendar's pages: months, quarters and years on the reader's days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client

from exercises.models import Exercise, FreezeWindow
from exercises.queries.calendar import Entry
from exercises.web.calendar_grid import period_of, weeks_of
from tests import build
from tests.cast import Cast

Person = Callable[[str], Client]


def freeze(name: str, first: date, last: date) -> Entry:
    return Entry(
        uid=name, kind="freeze", title=name, timezone="UTC",
        starts_at=datetime(first.year, first.month, first.day, tzinfo=UTC),
        ends_at=datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=1),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("slug", "title", "before", "after"),
    [
        ("2026-11", "November 2026", "2026-10", "2026-12"),
        ("2026-12", "December 2026", "2026-11", "2027-01"),
        ("2026-q4", "October to December 2026", "2026-q3", "2027-q1"),
        ("2026", "2026", "2025", "2027"),
    ],
)
def test_a_period_knows_its_name_and_its_neighbours(
    slug: str, title: str, before: str, after: str
) -> None:
    period = period_of(slug)
    assert period is not None
    assert period.before
    assert period.after
    assert (period.slug, period.title) == (slug, title)
    assert (period.before.slug, period.after.slug) == (before, after)


@pytest.mark.parametrize("slug", ["2026-13", "2026-00", "2026-q5", "1999", "99999", "x", "2026-1"])
def test_what_names_no_period_is_not_one(slug: str) -> None:
    assert period_of(slug) is None


def test_weeks_are_iso_weeks_and_hold_the_whole_month() -> None:
    period = period_of("2026-11")
    assert period is not None
    weeks = weeks_of(period, [], zone="Europe/Berlin", today=date(2026, 11, 18))
    assert [week.number for week in weeks] == [44, 45, 46, 47, 48, 49]
    assert weeks[0].days[0].day == date(2026, 10, 26)
    assert [d.css for d in weeks[3].days] == ["", "", "today", "", "", "we", "we"]
    assert weeks[0].days[5].css == "out we"


def test_freezes_that_overlap_keep_a_line_each_all_week() -> None:
    period = period_of("2026-11")
    assert period is not None
    entries = [
        freeze("long", date(2026, 10, 1), date(2026, 11, 4)),
        freeze("short", date(2026, 11, 3), date(2026, 11, 5)),
    ]
    week = weeks_of(period, entries, zone="UTC", today=date(2026, 1, 1))[1]
    lines = [[bar.entry.title if bar else None for bar in day.bars] for day in week.days]
    assert lines == [["long"], ["long", "short"], ["long", "short"], [None, "short"], [], [], []]
    # On a phone days of other months are gone: the first of this one carries the name.
    first_week = weeks_of(period, entries, zone="UTC", today=date(2026, 1, 1))[0]
    assert [bool(d.bars and d.bars[0] and d.bars[0].is_labelled) for d in first_week.days] == [
        True, False, False, False, False, False, True,
    ]  # fmt: skip


def test_the_month_shows_what_is_planned_in_the_readers_zone(cast: Cast, as_person: Person) -> None:
    exercise = build.exercise(cast, opens_in=timedelta(days=1))
    Exercise.objects.filter(pk=exercise.pk).update(
        starts_at="2026-11-30T23:30Z", ends_at="2026-12-01T02:00Z", phase="approve"
    )
    build.proposed(cast, exercise)
    FreezeWindow.objects.create(
        name="Quiet days", starts_at="2026-11-26T00:00Z", ends_at="2026-11-27T00:00Z"
    )
    lead = as_person("lead")
    page = lead.get("/calendar/2026-11/").content.decode()
    assert "Quiet days" in page
    assert "Schedule exercise" in page
    assert "Times in Europe/Berlin" in page
    lead.cookies["zone"] = "America/New_York"
    page = lead.get("/calendar/2026-11/").content.decode()
    assert "Times in America/New_York" in page
    assert "Cloud ITEE 2026-11" in page
    lead.cookies["zone"] = "../../etc/passwd"
    assert "Times in Europe/Berlin" in lead.get("/calendar/2026-q4/").content.decode()
    assert "1 experiment, 1 team" in lead.get("/calendar/2026/").content.decode()


def test_the_way_in_is_this_month_and_the_filters_stay(cast: Cast, as_person: Person) -> None:
    answer = as_person("author").get("/calendar/?team=mine")
    assert answer.status_code == 302
    assert answer["Location"].endswith("/?team=mine")
    page = as_person("author").get(answer["Location"]).content.decode()
    assert "Nothing matches" in page
    assert "Schedule exercise" not in page
    assert as_person("author").get("/calendar/2026-13/").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(
    "page",
    [
        "/calendar/",
        "/calendar/2026-11/",
        "/calendar/subscribe/",
        "/exercises/2026-11/conflicts/",
        "/applications/mqtt-broker/dependencies/",
    ],
)
def test_nobody_reads_it_without_signing_in(page: str) -> None:
    answer = Client().get(page)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/")
