"""A finding is overdue by the organisation's day, wherever one looks; UTC may be a day off."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from exercises.domain.report_periods import Period, month_of
from exercises.models import Announcement, Finding, Programme, Schedule
from exercises.models.due_work import database_now
from exercises.queries.home import home_of
from exercises.queries.ladder import evidences
from exercises.queries.organisation_day import organisation_day
from exercises.queries.report import report_page
from exercises.services.notice_times import look
from tests.cast import Cast

pytestmark = pytest.mark.django_db
AHEAD, BEHIND = "Pacific/Kiritimati", "Pacific/Pago_Pago"
"""14 hours before UTC and 11 behind it: at any hour one of them has another day."""


@pytest.fixture
def edge(cast: Cast) -> date:
    """The earlier one of the two days that it is, here and in UTC."""
    now = database_now()
    programme = Programme.objects.create(
        slug="monthly", name="Monthly", lead=cast.lead, safety_officer=cast.safety
    )
    Schedule.objects.create(
        slug="monthly",
        programme=programme,
        rrule="FREQ=MONTHLY",
        timezone=AHEAD if now.hour >= 10 else BEHIND,
        local_start="2026-01-14T18:00:00",
        duration_s=3600,
        region="eu-central-1",
    )
    here = organisation_day(now)
    assert here != now.date()
    return min(here, now.date())


def test_lists_pages_files_notices_and_the_report_say_the_same(
    client: Client, cast: Cast, drafted: Finding, edge: date
) -> None:
    Finding.objects.filter(pk=drafted.pk).update(
        state="accepted", due_on=edge, severity=3, owner=cast.author
    )
    now = database_now()
    is_over = edge < organisation_day(now)
    client.force_login(cast.author)
    shown = client.get(reverse("finding_detail", args=[drafted.pk])).content.decode()
    listed = client.get(reverse("finding_list"), {"overdue": "1"}).content.decode()
    rows = csv.DictReader(io.StringIO(client.get(reverse("finding_csv")).content.decode()))
    look(now)
    told = set(Announcement.objects.values_list("topic", flat=True))
    report = report_page(Period(month_of(organisation_day(now))), now=now)
    said = {
        "page": "Overdue" in shown,
        "list": drafted.title in listed,
        "file": next(rows)["overdue"] == "yes",
        "home": drafted in home_of(cast.actor("author"), now=now).findings,
        "notice": "finding_overdue" in told,
        "ladder": bool(evidences([drafted.application_id], now=now).overdue),
        "report": report.numbers.overdue == 1,
    }
    assert said == dict.fromkeys(said, is_over)
