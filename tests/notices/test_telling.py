"""From what happened to who was told: once each, gathered, retried, and never in a flood."""

from __future__ import annotations

import smtplib
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage

from exercises.domain.approvals import DecisionVerdict
from exercises.domain.exercise_phases import Phase
from exercises.domain.notices import Audience, Topic
from exercises.models import (
    Announcement,
    Application,
    Channel,
    Delivery,
    Exercise,
    Membership,
    Notice,
    OrganisationRole,
)
from exercises.models.due_work import claim, database_now
from exercises.queries.notice_recipients import current_rules
from exercises.services import channels
from exercises.services.announce import announce
from exercises.services.decide import decide
from exercises.services.deliver import deliver
from exercises.services.exercises import invite
from exercises.services.notice_times import look
from exercises.services.notify import tell
from exercises.services.run_events import append_event
from exercises.services.stop import stop_all
from tests import build
from tests.cast import Cast
from tests.drive import tell_everyone

pytestmark = pytest.mark.django_db


def told(topic: Topic) -> dict[str, str]:
    """Who was told, and why."""
    rows = Notice.objects.filter(announcement__topic=topic.value).select_related("person")
    return {notice.person.name: notice.because for notice in rows}


def let_time_pass() -> None:
    """Everything that waits is due now."""
    Delivery.objects.filter(state="waiting").update(not_before=database_now())
    Channel.objects.filter(deliveries__state="waiting").update(due_at=database_now())
    tell_everyone()


def test_who_can_approve_is_told_and_who_wrote_it_is_not(cast: Cast) -> None:
    build.proposed(cast)
    tell_everyone()
    assert told(Topic.APPROVAL_ASKED) == {
        "Programme lead": "You can approve it",
        "Team owner": "You can approve it",
    }


def test_a_word_on_an_experiment_reaches_its_author_with_the_reason(cast: Cast) -> None:
    experiment = build.proposed(cast)
    assert experiment.revision is not None
    decide(
        actor=cast.actor("owner"),
        experiment=experiment,
        verdict=DecisionVerdict.REQUEST_CHANGES,
        digest_seen=experiment.revision.digest,
        reason="Say what the clients see.",
    )
    tell_everyone()
    assert set(told(Topic.CHANGES_REQUESTED)) == {"Team author", "Team operator"}
    text = Announcement.objects.get(topic=Topic.CHANGES_REQUESTED).text
    assert "Say what the clients see." in text


def test_looking_again_tells_nobody_twice(cast: Cast, mailoutbox: list[EmailMessage]) -> None:
    build.proposed(cast)
    (row,) = claim(Announcement.objects.filter(due_at__isnull=False))
    assert announce(announcement_id=row.pk, fence=row.fence) == 2
    assert announce(announcement_id=row.pk, fence=row.fence) == 0
    let_time_pass()
    let_time_pass()
    assert len(mailoutbox) == 2
    assert set(Delivery.objects.values_list("state", "attempts")) == {("sent", 1)}


def test_a_worker_that_slept_through_its_lease_sends_nothing(
    cast: Cast, mailoutbox: list[EmailMessage]
) -> None:
    build.proposed(cast)
    (row,) = claim(Announcement.objects.filter(due_at__isnull=False))
    announce(announcement_id=row.pk, fence=row.fence)
    Channel.objects.update(due_at=database_now())
    channel = claim(Channel.objects.all())[0]
    assert deliver(channel_id=channel.pk, fence=channel.fence - 1) == 0
    assert mailoutbox == []


def test_many_things_are_one_mail_and_a_stop_does_not_wait_for_them(
    cast: Cast, mailoutbox: list[EmailMessage]
) -> None:
    exercise = build.exercise(cast)
    for number in range(5):
        build.proposed(cast, exercise, title=f"Stop broker {number}")
    tell_everyone()
    assert mailoutbox == []  # gathered
    append_event(exercise=exercise, kind="stop.all", text="Stop all.")
    tell_everyone()
    Channel.objects.update(due_at=database_now())
    Delivery.objects.filter(is_urgent=True).update(not_before=database_now())
    tell_everyone()
    of_owner = [m for m in mailoutbox if m.to == [cast.owner.email]]
    assert [m.subject for m in of_owner] == [f"Stopped: {exercise.name}"]
    let_time_pass()
    of_owner = [m for m in mailoutbox if m.to == [cast.owner.email]]
    assert [m.subject.split(":")[0] for m in of_owner[1:]] == ["5 things"]


def test_stop_all_is_told_once_not_once_a_run(cast: Cast, simulator: Any) -> None:
    where, _ = build.live(cast)
    stop_all(actor=cast.actor("operator"), exercise=where, reason="Enough.")
    tell_everyone()
    rows = Announcement.objects.filter(topic=Topic.STOPPED.value)
    assert [row.experiment_id for row in rows if row.told_at] == [None]
    assert [row.skipped_because for row in rows if row.experiment_id] == [
        "part of Stop all, which was told"
    ]
    assert "Team operator" not in told(Topic.STOPPED)
    assert "Team owner" in told(Topic.STOPPED)


def test_leadership_hears_from_the_blast_radius_the_policy_says(cast: Cast) -> None:
    where = build.exercise(cast)
    build.proposed(cast, where)
    append_event(exercise=where, kind="exercise.go", text="Go.")
    tell_everyone()
    assert "Leadership" not in told(Topic.STARTED)
    rules = current_rules().as_json()
    rules[Topic.STARTED][Audience.LEADERSHIP] = 1
    channels.write_policy(actor=cast.actor("lead"), rules=rules)
    append_event(exercise=where, kind="exercise.go", text="Go again.")
    tell_everyone()
    assert told(Topic.STARTED)["Leadership"] == "Blast radius 1 of 5"


def test_owners_of_what_depends_on_it_hear_of_a_wider_exercise(cast: Cast) -> None:
    Membership.objects.filter(user=cast.outsider).update(role="owner")
    wallbox = Application.objects.create(slug="wallbox", name="Wallbox", team=cast.other_team)
    wallbox.depends_on.add(build.deployment(cast).application)
    where = build.exercise(cast)
    build.proposed(cast, where, template_version=build.template_version(rung=2))
    append_event(exercise=where, kind="exercise.go", text="Go.")
    tell_everyone()
    assert told(Topic.STARTED)["Outsider"] == "Your service depends on it"


def test_mails_carry_absolute_links_and_escape_what_people_wrote(
    cast: Cast, mailoutbox: list[EmailMessage], settings: Any
) -> None:
    settings.CHAOSPLANE_BASE_URL = "https://chaos.example.test"
    build.proposed(cast, title='<img src=x onerror="alert(1)"> & more')
    tell_everyone()
    let_time_pass()
    message = next(m for m in mailoutbox if m.to == [cast.owner.email])
    html = message.alternatives[0].content  # type: ignore[attr-defined]
    assert "<img" not in html
    assert "&lt;img src=x" in html
    assert 'href="https://chaos.example.test/approvals/?experiment=' in html
    assert "https://chaos.example.test/approvals/?experiment=" in message.body
    assert "\n" not in message.subject
    assert "correct horse" not in message.body


def test_a_server_that_is_away_is_tried_again_and_nothing_is_lost_or_doubled(
    cast: Cast, mailoutbox: list[EmailMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    build.proposed(cast)
    tell_everyone()
    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.EmailMultiAlternatives.send", _is_away)
        let_time_pass()
    assert mailoutbox == []
    waiting = Delivery.objects.filter(channel__person=cast.owner).get()
    assert (waiting.state, waiting.attempts) == ("waiting", 1)
    assert "connection refused" in waiting.error
    assert waiting.not_before > database_now()
    let_time_pass()
    let_time_pass()
    assert len([m for m in mailoutbox if m.to == [cast.owner.email]]) == 1
    assert Channel.objects.get(person=cast.owner).failures == 0


def _is_away(self: object, *args: object) -> None:
    raise smtplib.SMTPServerDisconnected("connection refused")


def test_a_channel_that_failed_for_days_is_switched_off_and_somebody_is_told(
    cast: Cast, mailoutbox: list[EmailMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    build.proposed(cast)
    tell_everyone()
    owner = Channel.objects.get(person=cast.owner)
    Channel.objects.filter(pk=owner.pk).update(
        failures=9, failing_since=database_now() - timedelta(days=3)
    )
    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.EmailMultiAlternatives.send", _is_away)
        let_time_pass()
    owner.refresh_from_db()
    assert not owner.is_active
    failed = owner.deliveries.get()
    assert failed.state == "failed"
    assert told(Topic.CHANNEL_DISABLED)["Team owner"] == "It is about you"
    channels.switch_channel(actor=cast.actor("owner"), channel=owner, on=True)
    channels.replay(actor=cast.actor("lead"), delivery=failed)
    let_time_pass()
    assert [m.to for m in mailoutbox if m.to == [cast.owner.email]] == [[cast.owner.email]]


def test_an_address_that_the_server_refuses_for_good_is_not_tried_for_days(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: EmailMessage, *args: object) -> None:
        raise smtplib.SMTPRecipientsRefused({self.to[0]: (550, b"no such mailbox")})

    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", refuse)
    build.proposed(cast)
    tell_everyone()
    let_time_pass()
    assert not Channel.objects.get(person=cast.owner).is_active
    assert mail.outbox == []


def test_who_left_and_what_was_muted_get_no_mail(
    cast: Cast, mailoutbox: list[EmailMessage]
) -> None:
    channels.set_wishes(
        actor=cast.actor("owner"), pace="soon", timezone="Europe/Berlin",
        daily_at=_eight(), quiet_from=None, quiet_until=None,
        muted=[Topic.APPROVAL_ASKED.value],
    )  # fmt: skip
    cast.lead.is_active = False
    cast.lead.save(update_fields=["is_active"])
    build.proposed(cast)
    tell_everyone()
    let_time_pass()
    assert mailoutbox == []
    assert set(told(Topic.APPROVAL_ASKED)) == {"Team owner"}  # the inbox has it all the same


def _eight() -> Any:
    from datetime import time

    return time(8, 0)


def test_each_moment_before_an_exercise_is_told_once(cast: Cast) -> None:
    where = build.exercise(cast, opens_in=timedelta(days=7), phase=Phase.APPROVE)
    build.proposed(cast, where)
    Exercise.objects.update(created_at=database_now() - timedelta(days=60))
    now = where.starts_at - timedelta(days=7) + timedelta(minutes=1)
    look(now)
    look(now)
    tell_everyone()
    rows = {row.topic: row for row in Announcement.objects.exclude(topic="approval_asked")}
    assert set(rows) == {"announced", "week_before"}
    assert rows["week_before"].told_at is not None
    assert "had passed when chaosplane came to it" in rows["announced"].skipped_because
    assert told(Topic.WEEK_BEFORE)["Team owner"] == "Your team takes part"
    look(where.starts_at + timedelta(minutes=1))
    assert Announcement.objects.filter(topic__in=["day_before", "hour_before"]).count() == 0


def test_who_is_on_call_is_asked_an_hour_before(cast: Cast) -> None:
    where = build.exercise(cast, opens_in=timedelta(days=2))
    build.proposed(cast, where)
    Exercise.objects.update(created_at=database_now() - timedelta(days=60))
    where.participations.update(on_call="Team operator", on_call_person=cast.operator)
    look(where.starts_at - timedelta(minutes=59))
    tell_everyone()
    notice = Notice.objects.get(person=cast.operator, announcement__topic=Topic.HOUR_BEFORE)
    assert (notice.because, notice.needs_you, notice.asks_for_word) == ("You are on call", 1, 1)
    assert not Notice.objects.get(
        person=cast.owner, announcement__topic=Topic.HOUR_BEFORE
    ).needs_you


def test_an_invitation_reaches_who_answers_it(cast: Cast) -> None:
    where = build.exercise(cast, phase=Phase.PLAN)
    invite(
        actor=cast.actor("lead"), exercise=where, applications=[build.deployment(cast).application]
    )
    invite(
        actor=cast.actor("lead"), exercise=where, applications=[build.deployment(cast).application]
    )
    tell_everyone()
    assert told(Topic.INVITED) == {
        "Team operator": "It is about you", "Team owner": "It is about you",
    }  # fmt: skip


def test_rolling_back_what_happened_tells_nobody(cast: Cast) -> None:
    from django.db import transaction

    where = build.exercise(cast)
    with transaction.atomic():
        tell(Topic.CANCELLED, key="gone", exercise=where)
        transaction.set_rollback(True)
    assert not Announcement.objects.exists()


@pytest.mark.parametrize(
    ("topic", "role"),
    [(Topic.STARTED, "leadership"), (Topic.APPROVAL_ASKED, "programme_lead")],
)
def test_what_is_told_costs_the_same_for_one_person_and_for_many(
    cast: Cast, topic: Topic, role: str
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def queries(slug: str) -> int:
        where = build.exercise(cast, slug=slug)
        build.proposed(cast, where, template_version=build.template_version(rung=5))
        append_event(exercise=where, kind="exercise.go", text="Go.")
        rows = claim(Announcement.objects.filter(topic=topic, due_at__isnull=False))
        with CaptureQueriesContext(connection) as counted:
            announce(announcement_id=rows[0].pk, fence=rows[0].fence)
        return len(counted)

    queries("first")
    few = queries("second")
    for number in range(20):
        OrganisationRole.objects.create(user=build.user(f"Leader {number}"), role=role)
    queries("third")
    assert queries("fourth") == few
