"""Who answers for a finding hears of its day: a week before, past it, and before a waiver ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from exercises.models import Announcement, Finding
from exercises.models.due_work import database_now
from exercises.services.notice_times import look
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def due(finding: Finding, days: int, **changes: Any) -> None:
    day = database_now().date() + timedelta(days=days)
    Finding.objects.filter(pk=finding.pk).update(state="accepted", due_on=day, **changes)


def told() -> list[tuple[str, list[int]]]:
    look(database_now())
    look(database_now())  # each is told once
    rows = Announcement.objects.filter(topic__in=["finding_due_soon", "finding_overdue"])
    rows |= Announcement.objects.filter(topic="waiver_ends")
    return [(row.topic, row.people) for row in rows.order_by("pk")]


@pytest.mark.parametrize(
    ("days", "topic"),
    [(8, None), (7, "finding_due_soon"), (0, "finding_due_soon"), (-1, "finding_overdue")],
)
def test_the_owner_hears_a_week_before_and_when_it_is_past(
    cast: Cast, drafted: Finding, days: int, topic: str | None
) -> None:
    due(drafted, days, owner=cast.author)
    assert told() == ([(topic, [cast.author.pk])] if topic else [])


def test_without_an_owner_those_who_answer_for_the_application_hear_it(
    cast: Cast, drafted: Finding
) -> None:
    due(drafted, 3)
    assert told() == [("finding_due_soon", sorted([cast.owner.pk, cast.operator.pk]))]


def test_of_a_waiver_that_ends_the_owner_and_who_took_the_risk_hear(
    cast: Cast, drafted: Finding
) -> None:
    ends = database_now().date() + timedelta(days=5)
    due(drafted, 5, owner=cast.author, waived_until=ends, waived_by=cast.owner)
    assert told() == [("waiver_ends", sorted([cast.author.pk, cast.owner.pk]))]


def test_another_day_is_told_anew_and_a_draft_never(cast: Cast, drafted: Finding) -> None:
    due(drafted, 3, owner=cast.author)
    assert len(told()) == 1
    due(drafted, 5)
    assert len(told()) == 2
    due(drafted, 4)
    Finding.objects.filter(pk=drafted.pk).update(state="draft")
    assert len(told()) == 2


def test_a_ticket_is_linked_by_https_and_its_host_is_shown(
    client: Client, cast: Cast, drafted: Finding
) -> None:
    client.force_login(cast.author)
    form = {"title": drafted.title, "body": drafted.body, "severity": "2"}
    edit = reverse("finding_edit", args=[drafted.pk])
    refused = client.post(edit, form | {"tracker_url": "http://tracker.example.test/1"})
    assert refused.status_code == 422
    assert "starts with https://" in refused.content.decode()
    client.post(edit, form | {"tracker_url": "https://tracker.example.test/browse/OPS-1"})
    page = client.get(reverse("finding_detail", args=[drafted.pk])).content.decode()
    assert 'href="https://tracker.example.test/browse/OPS-1" rel="noopener noreferrer"' in page
    assert "<small>tracker.example.test</small>" in page


@pytest.mark.parametrize(
    ("field", "length", "said"), [("title", 201, "200"), ("body", 5001, "5000"), ("title", 4, "5")]
)
def test_words_that_are_too_long_or_too_short_are_refused_with_the_limit(
    client: Client, cast: Cast, drafted: Finding, field: str, length: int, said: str
) -> None:
    client.force_login(cast.author)
    form = {"title": drafted.title, "body": drafted.body, "severity": "2", field: "x" * length}
    answer = client.post(reverse("finding_edit", args=[drafted.pk]), form)
    assert answer.status_code == 422
    assert said in answer.content.decode()
