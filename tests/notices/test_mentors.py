"""A mentor who is asked hears of it, and so does the team when the mentor has answered."""

from __future__ import annotations

import pytest
from django.core.mail import EmailMessage
from django.test import Client

from exercises.domain.notices import Topic
from exercises.models import MentorRequest, Notice
from exercises.services.mentoring import answer_mentor_request, ask_mentor, sign_off
from tests import build, past
from tests.cast import Cast
from tests.drive import tell_everyone
from tests.ladder.test_pages import LADDER, seeded
from tests.notices.test_telling import let_time_pass, told

pytestmark = pytest.mark.django_db


def asked(cast: Cast) -> MentorRequest:
    return ask_mentor(
        actor=cast.actor("author"),
        application=seeded(cast),
        family="instance-loss",
        mentor=cast.outsider,
        message="It is our first time.",
    )


def test_a_mentor_is_told_who_asks_and_led_to_where_to_answer(
    cast: Cast, client: Client, mailoutbox: list[EmailMessage]
) -> None:
    asked(cast)
    tell_everyone()
    assert told(Topic.MENTOR_ASKED) == {"Outsider": "It is about you"}
    assert Notice.objects.get().needs_you
    client.force_login(cast.outsider)
    page = client.get("/inbox/?show=needs_you").content.decode()
    assert "Ingest asks you to be its mentor" in page
    assert "It is our first time." in page
    assert client.get(f"/inbox/{Notice.objects.get().pk}/", follow=True).request["PATH_INFO"] == (
        "/mentors/"
    )
    let_time_pass()
    assert [m.to for m in mailoutbox] == [[cast.outsider.email]]


@pytest.mark.parametrize(
    ("answer", "words"),
    [("accepted", "Outsider agrees to be the mentor"), ("declined", "Outsider declines to be")],
)
def test_the_team_is_told_of_the_answer_with_its_reason(
    cast: Cast, client: Client, answer: str, words: str
) -> None:
    request = asked(cast)
    answer_mentor_request(
        actor=cast.actor("outsider"), request=request, answer=answer, reason="After the freeze."
    )
    tell_everyone()
    assert set(told(Topic.MENTOR_ANSWERED)) == {"Team author", "Team owner", "Team operator"}
    client.force_login(cast.author)
    page = client.get("/inbox/").content.decode()
    assert words in page
    assert "After the freeze." in page
    notice = Notice.objects.get(person=cast.author)
    assert client.get(f"/inbox/{notice.pk}/", follow=True).request["PATH_INFO"] == LADDER


def test_the_team_is_told_that_a_mentor_signed_its_experiment_off(cast: Cast) -> None:
    deployment = past.deployed(seeded(cast))
    experiment = build.proposed(cast, deployment=deployment, template_version=past.version())
    assert experiment.revision is not None
    signed = sign_off(
        actor=cast.actor("outsider"), experiment=experiment, digest_seen=experiment.revision.digest
    )
    tell_everyone()
    assert signed.mentor == cast.outsider
    assert set(told(Topic.SIGNED_OFF)) == {"Team author", "Team owner", "Team operator"}
