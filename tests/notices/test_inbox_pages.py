"""The inbox, a person's wishes, the delivery log and the policy, as people use them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from exercises.models import Channel, Delivery, Exercise, Notice, NoticePolicy, NoticeWishes
from exercises.models.due_work import database_now
from exercises.services.notice_times import look
from exercises.services.run_events import append_event
from tests import build
from tests.cast import Cast
from tests.drive import tell_everyone

pytestmark = pytest.mark.django_db

WISHES = "/settings/notifications/"
LEADS_ONLY = (f"{WISHES}log/", f"{WISHES}policy/")


def as_(client: Client, cast: Cast, name: str) -> Client:
    client.force_login(getattr(cast, name))
    return client


def test_the_bell_counts_what_is_new_and_reading_takes_it_away(client: Client, cast: Cast) -> None:
    build.proposed(cast)
    tell_everyone()
    owner = as_(client, cast, "owner")
    assert 'aria-label="Inbox, 1 new"' in owner.get("/").content.decode()
    page = owner.get("/inbox/").content.decode()
    assert "“Stop one broker” waits for your approval" in page
    assert "You can approve it" in page
    notice = Notice.objects.get(person=cast.owner)
    opened = owner.get(f"/inbox/{notice.pk}/")
    assert opened["Location"].startswith("/approvals/?experiment=")
    assert 'aria-label="Inbox"' in owner.get("/").content.decode()
    assert "Nothing new" in owner.get("/inbox/").content.decode()
    assert "waits for your approval" in owner.get("/inbox/?show=all").content.decode()


def test_one_or_all_are_marked_as_read(client: Client, cast: Cast) -> None:
    exercise = build.exercise(cast)
    for number in range(3):
        build.proposed(cast, exercise, title=f"Stop broker {number}")
    tell_everyone()
    owner = as_(client, cast, "owner")
    first = Notice.objects.filter(person=cast.owner)[0]
    owner.post("/inbox/read/", {"notice": first.pk, "back": "https://evil.example/"})
    assert Notice.objects.filter(person=cast.owner, read_at=None).count() == 2
    answer = owner.post("/inbox/read/", {"back": "https://evil.example/"})
    assert answer["Location"] == "/inbox/"
    assert Notice.objects.filter(person=cast.owner, read_at=None).count() == 0
    assert Notice.objects.filter(person=cast.lead, read_at=None).count() == 3


def test_the_notice_of_somebody_else_does_not_exist(client: Client, cast: Cast) -> None:
    build.proposed(cast)
    tell_everyone()
    notice = Notice.objects.get(person=cast.owner)
    author = as_(client, cast, "author")
    assert author.get(f"/inbox/{notice.pk}/").status_code == 404
    assert author.post(f"/inbox/{notice.pk}/acknowledge/").status_code == 404
    author.post("/inbox/read/", {"notice": notice.pk})
    notice.refresh_from_db()
    assert notice.read_at is None


def test_on_call_acknowledges_with_one_tap_and_the_exercise_shows_it(
    client: Client, cast: Cast
) -> None:
    where = build.exercise(cast, opens_in=timedelta(minutes=50))
    build.proposed(cast, where)
    Exercise.objects.update(created_at=database_now() - timedelta(days=60))
    where.participations.update(on_call="Team operator", on_call_person=cast.operator)
    look(database_now())
    tell_everyone()
    operator = as_(client, cast, "operator")
    assert "Acknowledge" in operator.get("/inbox/?show=needs_you").content.decode()
    notice = Notice.objects.get(person=cast.operator, announcement__topic="hour_before")
    operator.post(f"/inbox/{notice.pk}/acknowledge/")
    operator.post(f"/inbox/{notice.pk}/acknowledge/")
    participation = where.participations.get()
    assert participation.acknowledged_by == cast.operator
    page = as_(client, cast, "lead").get(f"/exercises/{where.slug}/told/").content.decode()
    assert "begins in an hour" in page
    assert "1 of 1 acknowledged" in page
    assert "You are on call" in page
    assert "Not told: its time had passed when" in page


def test_an_inbox_of_many_costs_as_much_as_one_of_few(client: Client, cast: Cast) -> None:
    exercise = build.exercise(cast)
    owner = as_(client, cast, "owner")

    def cost(page: str) -> int:
        with CaptureQueriesContext(connection) as counted:
            assert owner.get(page).status_code == 200
        return len(counted)

    pages = ("/inbox/?show=all", "/exercises/2026-11/told/")
    append_event(exercise=exercise, kind="exercise.go", text="Go.")
    build.proposed(cast, exercise)
    tell_everyone()
    few = [cost(page) for page in pages]
    for number in range(8):
        build.proposed(cast, exercise, title=f"Stop broker {number}")
    tell_everyone()
    assert [cost(page) for page in pages] == few


def test_a_person_says_how_to_be_told(client: Client, cast: Cast) -> None:
    owner = as_(client, cast, "owner")
    form = {
        "pace": "daily", "timezone": "Europe/Lisbon", "daily_at": "07:30", "quiet_from": "21:00",
        "quiet_until": "06:00", "muted": ["approved"],
    }  # fmt: skip
    assert owner.post(WISHES, form).status_code == 302
    row = NoticeWishes.objects.get(person=cast.owner)
    assert (row.pace, row.timezone, row.muted) == ("daily", "Europe/Lisbon", ["approved"])
    assert 'value="07:30"' in owner.get(WISHES).content.decode()
    refused = owner.post(WISHES, form | {"timezone": "Moon/Crater", "quiet_until": ""})
    assert refused.status_code == 422
    assert "an IANA name" in refused.content.decode()
    assert "a beginning and an end" in refused.content.decode()
    assert owner.post(WISHES, form | {"muted": ["stopped"]}).status_code == 422


def test_an_address_that_is_too_long_is_refused_and_not_cut(client: Client, cast: Cast) -> None:
    owner = as_(client, cast, "owner")
    owner.get(WISHES)
    channel = Channel.objects.get(person=cast.owner)
    sent = {"address": f"{'a' * 60}@{'b' * 63}.{'c' * 63}.{'d' * 63}.example.org"}
    page = owner.post(f"{WISHES}channels/{channel.pk}/address/", sent, follow=True)
    assert "at most 254 characters" in page.content.decode()
    channel.refresh_from_db()
    assert channel.address == ""


def test_a_chat_address_is_taken_once_and_never_shown(client: Client, cast: Cast) -> None:
    secret = "TIiajkdnlazkcOXrIdevi7FQ"
    owner = as_(client, cast, "owner")
    sent = {
        "name": "#telemetry", "owner": cast.team.slug,
        "address": f"https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/{secret}",
    }  # fmt: skip
    assert owner.post(f"{WISHES}channels/", sent).status_code == 302
    page = owner.get(WISHES).content.decode()
    assert "#telemetry" in page
    assert secret not in page
    channel = Channel.objects.get(kind="chat")
    assert owner.post(f"{WISHES}channels/{channel.pk}/switch/", {"on": "0"}).status_code == 302
    channel.refresh_from_db()
    assert not channel.is_active
    author = as_(client, cast, "author")
    assert author.post(f"{WISHES}channels/{channel.pk}/test/").status_code == 404
    bad = author.post(f"{WISHES}channels/", sent | {"owner": "me", "address": "file:///etc/passwd"})
    assert bad.status_code == 422
    assert "no address of Slack" in bad.content.decode()
    assert author.post(f"{WISHES}channels/", sent).status_code == 422  # not their team


@pytest.mark.parametrize("page", LEADS_ONLY)
@pytest.mark.parametrize("name", ["author", "owner", "safety", "leadership", "auditor"])
def test_the_log_and_the_policy_are_for_programme_leads(
    client: Client, cast: Cast, page: str, name: str
) -> None:
    answer = as_(client, cast, name).get(page)
    assert answer.status_code == 403
    assert "Only a programme lead" in answer.content.decode()


def test_a_programme_lead_sends_again_what_was_not_delivered(client: Client, cast: Cast) -> None:
    build.proposed(cast)
    tell_everyone()
    delivery = Delivery.objects.filter(channel__person=cast.owner).get()
    lead = as_(client, cast, "lead")
    again = f"{WISHES}log/{delivery.pk}/again/"
    assert lead.post(again).status_code == 409  # it waits
    Delivery.objects.update(state="failed", error="550 no such mailbox")
    page = lead.get(f"{WISHES}log/?state=failed").content.decode()
    assert "550 no such mailbox" in page
    assert lead.post(again).status_code == 302
    delivery.refresh_from_db()
    assert delivery.state == "waiting"


def test_the_policy_is_changed_cell_by_cell_and_nonsense_is_refused(
    client: Client, cast: Cast
) -> None:
    lead = as_(client, cast, "lead")
    page = lead.get(f"{WISHES}policy/").content.decode()
    assert "As built in" in page
    form = {"started.participants": "1", "started.leadership": "2"}
    assert lead.post(f"{WISHES}policy/", form).status_code == 302
    rules = NoticePolicy.objects.get().rules
    assert rules["started"] == {"participants": 1, "dependents": None, "leadership": 2}
    assert lead.post(f"{WISHES}policy/", {"started.leadership": "9"}).status_code == 422
    assert NoticePolicy.objects.count() == 1


def test_the_demo_shows_each_person_the_mails_that_would_have_come(
    client: Client, cast: Cast, settings: Any, tmp_path: Path
) -> None:
    owner = as_(client, cast, "owner")
    page = f"{WISHES}mails/"
    assert owner.get(page).status_code == 404
    settings.CHAOSPLANE_DEMO = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path)
    assert "No mail yet" in owner.get(page).content.decode()
    assert "would have come to you" in owner.get(WISHES).content.decode()
    owner.post(f"{WISHES}channels/{Channel.objects.get(person=cast.owner).pk}/test/")
    tell_everyone()
    assert "Team owner tried the channel" in owner.get(page).content.decode()
    assert "No mail yet" in as_(client, cast, "lead").get(page).content.decode()
