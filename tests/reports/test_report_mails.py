"""A report by mail: due at its time, with the PDF, to who may read it, until it is ended."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from exercises.domain.errors import Conflict, Invalid, NotAllowed
from exercises.models import (
    Announcement,
    AuditEntry,
    Delivery,
    OrganisationRole,
    ReportSubscription,
    Run,
    User,
)
from exercises.models.due_work import claim, database_now
from exercises.services.report_mails import mail_report, subscribe, unsubscribe
from tests.api.conftest import Caller, caller
from tests.cast import Cast
from tests.drive import tell_everyone
from tests.findings.conftest import fallen
from tests.reports.test_pdf import needs_pango

pytestmark = pytest.mark.django_db
__all__ = ["caller", "fallen"]


def every_monday(cast: Cast, who: str = "lead", **over: Any) -> ReportSubscription:
    wanted: dict[str, Any] = {
        "covers": "months",
        "weekday": 0,
        "day": None,
        "at": time(8),
        "timezone": "Europe/Berlin",
        "recipients": [cast.lead, cast.leadership],
    }
    return subscribe(actor=cast.actor(who), **(wanted | over))


def make_due(row: ReportSubscription) -> None:
    ReportSubscription.objects.filter(pk=row.pk).update(
        due_at=database_now() - timedelta(seconds=1)
    )


def sent(row: ReportSubscription) -> int:
    """What a worker does once it is due."""
    make_due(row)
    (claimed,) = claim(ReportSubscription.objects.all())
    return mail_report(subscription_id=claimed.pk, fence=claimed.fence)


@needs_pango
def test_each_recipient_gets_one_mail_with_the_report_in_it(
    cast: Cast, fallen: Run, settings: Any
) -> None:
    Announcement.objects.all().delete()
    row = every_monday(cast)
    assert sent(row) == 2
    row.refresh_from_db()
    assert row.due_at is not None
    assert row.due_at > database_now()
    announcement = Announcement.objects.get(topic="report")
    settings.CHAOSPLANE_TIME_SPEED = 1e9  # nothing waits to be gathered with others
    tell_everyone()
    mails = [one for one in mail.outbox if "Report: " in one.subject]
    assert {one.to[0] for one in mails} == {cast.lead.email, cast.leadership.email}
    ((name, content, kind),) = [a for one in mails[:1] for a in one.attachments]
    assert (name, kind) == (
        f"chaosplane-report-{announcement.report_period}.pdf",
        "application/pdf",
    )
    assert content.startswith(b"%PDF-")
    assert "/reports/" in str(mails[0].body)
    states = Delivery.objects.filter(announcement=announcement).values_list("state", flat=True)
    assert set(states) == {"sent"}


def test_a_second_worker_sends_nothing(cast: Cast) -> None:
    row = every_monday(cast)
    make_due(row)
    (claimed,) = claim(ReportSubscription.objects.all())
    assert mail_report(subscription_id=row.pk, fence=claimed.fence) == 2
    assert mail_report(subscription_id=row.pk, fence=claimed.fence) == 0, "a doubled message"
    make_due(row)
    assert mail_report(subscription_id=row.pk, fence=claimed.fence - 1) == 0, "a late one"
    assert Announcement.objects.filter(topic="report").count() == 1


def test_who_has_left_gets_none(cast: Cast) -> None:
    row = every_monday(cast)
    User.objects.filter(pk=cast.leadership.pk).update(is_active=False)
    assert sent(row) == 1


def test_others_get_none_once_its_owner_may_not_send_to_others(cast: Cast) -> None:
    row = every_monday(cast)
    OrganisationRole.objects.filter(user=cast.lead).delete()
    assert sent(row) == 1
    assert Announcement.objects.get(topic="report").people == [cast.lead.pk]


def test_everybody_subscribes_for_themselves_and_only_a_lead_for_others(cast: Cast) -> None:
    every_monday(cast, "author", recipients=[cast.author])
    with pytest.raises(NotAllowed, match="Only a programme lead"):
        every_monday(cast, "author", recipients=[cast.owner])


def test_who_gets_it_leaves_and_the_owner_ends_it(cast: Cast) -> None:
    row = every_monday(cast)
    with pytest.raises(NotAllowed, match="who gets it"):
        unsubscribe(actor=cast.actor("outsider"), subscription=row)
    unsubscribe(actor=cast.actor("leadership"), subscription=row)
    assert list(row.recipients.all()) == [cast.lead]
    unsubscribe(actor=cast.actor("lead"), subscription=row)
    row.refresh_from_db()
    assert row.ended_at is not None
    assert row.due_at is None
    with pytest.raises(Conflict):
        unsubscribe(actor=cast.actor("lead"), subscription=row)
    acts = AuditEntry.objects.filter(action__startswith="report_mail.")
    assert [entry.action for entry in acts] == [
        "report_mail.add",
        "report_mail.end",
        "report_mail.end",
    ]


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"covers": "year"}, "covers"),
        ({"recipients": []}, "recipients"),
        ({"weekday": 9}, "weekday"),
        ({"weekday": None, "day": 31}, "day"),
        ({"timezone": "Mars"}, "timezone"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(
    cast: Cast, over: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as error:
        every_monday(cast, **over)
    assert field in dict(error.value.problems)


def test_the_page_has_one_sent_and_the_way_out(client: Client, cast: Cast) -> None:
    client.force_login(cast.lead)
    wanted = {"covers": "quarter", "weekday": "d3", "at": "07:30", "timezone": "Europe/Berlin"}
    address = reverse("report_mails")
    to = {"recipients": f"{cast.lead.email}\n{cast.owner.email}"}
    page = client.post(address, wanted | to, follow=True).content.decode()
    assert "On day 3 of every month at 07:30" in page
    row = ReportSubscription.objects.get()
    assert (row.day, row.weekday, row.recipients.count()) == (3, None, 2)
    client.force_login(cast.owner)
    assert "Leave it" in client.get(address).content.decode()
    client.post(reverse("report_mail_end", args=[row.pk]))
    assert list(row.recipients.all()) == [cast.lead]
    assert "No report leaves by mail for you" in client.get(address).content.decode()


def test_the_page_names_who_is_not_known(client: Client, cast: Cast) -> None:
    client.force_login(cast.lead)
    answer = client.post(
        reverse("report_mails"),
        {
            "covers": "months",
            "weekday": "w0",
            "at": "08:00",
            "timezone": "Mars",
            "recipients": "nobody@example.test",
        },
    )
    assert answer.status_code == 422
    assert "nobody is known as nobody@example.test" in answer.content.decode()


def test_a_program_sets_one_up_and_ends_it(cast: Cast, caller: Caller) -> None:
    api = caller("author", ("read", "write"))
    wanted = {"covers": "months", "weekday": 4, "at": "08:00", "timezone": "Europe/Berlin"}
    made = api.post("/api/v1/report-mails/", wanted, format="json")
    assert made.status_code == 201
    assert made.json()["recipients"] == [cast.author.email]
    others = api.post(
        "/api/v1/report-mails/", wanted | {"recipients": [cast.owner.email]}, format="json"
    )
    assert others.status_code == 403
    assert api.delete(f"/api/v1/report-mails/{made.json()['id']}/").status_code == 204
    assert api.get("/api/v1/report-mails/").json()["results"] == []
