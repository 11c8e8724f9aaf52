"""A finding that is left as it is: in a name, for a while, and due again after."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from exercises.domain.errors import Invalid, Refused
from exercises.models import AuditEntry, Finding
from exercises.models.due_work import database_now
from exercises.services.findings import waive_finding
from tests.cast import Cast

pytestmark = pytest.mark.django_db
WHY = "The broker is replaced in spring, and two zones carry the load."


@pytest.fixture
def accepted(cast: Cast, drafted: Finding) -> Finding:
    Finding.objects.filter(pk=drafted.pk).update(
        state="accepted", owner=cast.owner, due_on=date(2026, 1, 1)
    )
    return Finding.objects.select_related("application", "exercise").get(pk=drafted.pk)


def in_days(days: int) -> date:
    return database_now().date() + timedelta(days=days)


def test_a_waiver_names_who_took_the_risk_and_the_day_it_is_due_again(
    client: Client, cast: Cast, accepted: Finding
) -> None:
    client.force_login(cast.owner)
    assert "Overdue" in page_of(client, accepted)
    address = reverse("finding_waive", args=[accepted.pk])
    answer = client.post(address, {"until": in_days(90).isoformat(), "because": WHY}, follow=True)
    text = answer.content.decode()
    assert "Overdue" not in text
    assert "by Team owner" in text
    assert WHY in text
    entry = AuditEntry.objects.order_by("-seq").first()
    assert entry is not None
    assert (entry.action, entry.details["because"]) == ("finding.waive", WHY)


def page_of(client: Client, finding: Finding) -> str:
    return client.get(reverse("finding_detail", args=[finding.pk])).content.decode()


def test_after_its_day_a_waived_finding_is_overdue(
    client: Client, cast: Cast, accepted: Finding
) -> None:
    waive_finding(actor=cast.actor("lead"), finding=accepted, until=in_days(30), because=WHY)
    Finding.objects.filter(pk=accepted.pk).update(due_on=in_days(-1), waived_until=in_days(-1))
    client.force_login(cast.owner)
    assert "Overdue" in page_of(client, accepted)


@pytest.mark.parametrize(("days", "why"), [(0, WHY), (-3, WHY), (367, WHY), (30, "Because.")])
def test_a_waiver_without_end_or_reason_is_refused_by_its_field(
    client: Client, cast: Cast, accepted: Finding, days: int, why: str
) -> None:
    with pytest.raises(Invalid) as caught:
        waive_finding(actor=cast.actor("owner"), finding=accepted, until=in_days(days), because=why)
    assert caught.value.problems[0][0] == ("because" if why == "Because." else "until")
    client.force_login(cast.owner)
    address = reverse("finding_waive", args=[accepted.pk])
    assert client.post(address, {"until": "soon", "because": WHY}).status_code == 422


@pytest.mark.parametrize("state", ["draft", "found", "fix_live", "retest", "verified", "dismissed"])
def test_only_an_accepted_finding_without_a_fix_is_waived(
    cast: Cast, accepted: Finding, state: str
) -> None:
    Finding.objects.filter(pk=accepted.pk).update(state=state)
    with pytest.raises(Refused):
        waive_finding(actor=cast.actor("owner"), finding=accepted, until=in_days(9), because=WHY)


@pytest.mark.parametrize("who", ["operator", "author", "safety", "leadership"])
def test_who_does_not_answer_for_the_team_takes_no_risk_for_it(
    client: Client, cast: Cast, accepted: Finding, who: str
) -> None:
    client.force_login(getattr(cast, who))
    address = reverse("finding_waive", args=[accepted.pk])
    answer = client.post(address, {"until": in_days(9).isoformat(), "because": WHY})
    assert answer.status_code == 403
    assert "Leave it as it is" not in page_of(client, accepted)


def test_the_csv_is_the_list_as_it_is_narrowed_and_holds_no_formula(
    client: Client, cast: Cast, accepted: Finding
) -> None:
    Finding.objects.filter(pk=accepted.pk).update(title='=HYPERLINK("x")')
    client.force_login(cast.owner)
    rows = list(csv.DictReader(io.StringIO(exported(client, "?overdue=1"))))
    assert [row["finding"] for row in rows] == [accepted.code]
    assert rows[0]["title"] == '\'=HYPERLINK("x")'
    assert list(csv.DictReader(io.StringIO(exported(client, "?state=verified")))) == []


def test_the_csv_holds_no_draft_of_another_team(
    client: Client, cast: Cast, drafted: Finding
) -> None:
    client.force_login(cast.outsider)
    assert drafted.code not in exported(client, "?state=all")


def exported(client: Client, query: str) -> str:
    return client.get(reverse("finding_csv") + query).content.decode()
