"""Calling something off reaches everyone who counted on it, whatever the policy says."""

from __future__ import annotations

import pytest
from django.core.mail import EmailMessage
from django.test import Client

from exercises.domain.notices import Audience, Topic
from exercises.models import Application, Exercise, Membership, Participation
from exercises.queries.notice_recipients import current_rules
from exercises.queries.notices import told_of
from exercises.services import channels
from exercises.services.cancel import cancel_exercise, cancel_experiment
from exercises.services.exercises import invite
from tests import build
from tests.cast import Cast
from tests.drive import tell_everyone
from tests.notices.test_telling import let_time_pass, told

pytestmark = pytest.mark.django_db


def with_an_invited_team(cast: Cast) -> Exercise:
    """An exercise to which the other team is invited, with a policy that tells teams nothing."""
    Membership.objects.filter(user=cast.outsider).update(role="owner")
    wallbox = Application.objects.create(slug="wallbox", name="Wallbox", team=cast.other_team)
    where = build.exercise(cast)
    invite(actor=cast.actor("lead"), exercise=where, applications=[wallbox])
    rules = current_rules().as_json()
    rules[Topic.ANNOUNCED] = dict.fromkeys(Audience, None)
    channels.write_policy(actor=cast.actor("lead"), rules=rules)
    return where


def test_who_was_invited_is_told_that_the_exercise_is_off_and_why(
    cast: Cast, client: Client, mailoutbox: list[EmailMessage]
) -> None:
    where = with_an_invited_team(cast)
    cancel_exercise(actor=cast.actor("lead"), exercise=where, reason="The region moves house.")
    tell_everyone()
    assert told(Topic.CANCELLED) == {
        "Safety officer": "You are its safety officer",
        "Outsider": "Your team takes part",
    }
    let_time_pass()
    mail = next(m for m in mailoutbox if m.to == [cast.outsider.email])
    assert f"{where.name} is cancelled" in mail.body
    assert "The region moves house." in mail.body
    client.force_login(cast.outsider)
    assert f"{where.name} is cancelled" in client.get("/inbox/?show=all").content.decode()
    client.force_login(cast.lead)
    assert (
        f"{where.name} is cancelled" in client.get("/settings/notifications/log/").content.decode()
    )


def test_who_is_on_call_or_left_since_is_told_all_the_same(cast: Cast) -> None:
    where = with_an_invited_team(cast)
    tell_everyone()
    Membership.objects.filter(user=cast.outsider).delete()
    Participation.objects.filter(exercise=where).update(on_call_person=cast.author)
    cancel_exercise(actor=cast.actor("lead"), exercise=where, reason="No.")
    tell_everyone()
    assert told(Topic.CANCELLED)["Team author"] == "You are on call"
    assert told(Topic.CANCELLED)["Outsider"] == "You were told of it before"


def test_a_cancelled_experiment_is_told_to_its_team_its_lead_and_who_decided(cast: Cast) -> None:
    experiment = build.approved(cast)
    tell_everyone()
    cancel_experiment(actor=cast.actor("operator"), experiment=experiment, reason="A late deploy.")
    tell_everyone()
    assert told(Topic.EXPERIMENT_CANCELLED) == {
        "Programme lead": "You lead the exercise",
        "Safety officer": "You are its safety officer",
        "Team author": "You wrote it",
        "Team owner": "It is your team's",
    }
    newest = told_of(experiment.exercise)[0]
    assert newest.title == f"Cancelled: “{experiment.title}”"
    assert newest.announcement.text == "A late deploy."
