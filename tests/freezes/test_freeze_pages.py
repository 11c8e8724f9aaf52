"""The pages of freezes: what each role is offered, what is refused and where."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from exercises.models import Experiment, FreezeException, FreezeSource, FreezeWindow, User
from exercises.models.due_work import database_now
from tests import build
from tests.cast import Cast

pytestmark = pytest.mark.django_db

LIST = "/policy/freezes/"
TYPED = {
    "name": "Commerce peak",
    "reason": "Shops are busy",
    "starts_at": "2030-11-26T00:00",
    "ends_at": "2030-12-01T00:00",
    "timezone": "Europe/Berlin",
    "environments": ["production"],
}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def held(cast: Cast) -> FreezeWindow:
    build.approved(cast, build.exercise(cast, opens_in=timedelta(hours=1)))
    now = database_now()
    return FreezeWindow.objects.create(
        name="Launch", starts_at=now, ends_at=now + timedelta(hours=4), declared_by=cast.lead
    )


def test_a_lead_declares_changes_and_lifts_a_freeze(cast: Cast) -> None:
    lead = signed_in(cast.lead)
    assert b"Declare freeze" in lead.get(LIST).content
    made = lead.post(f"{LIST}new/", TYPED)
    freeze = FreezeWindow.objects.get()
    assert made["Location"] == f"{LIST}{freeze.pk}/"
    assert f"{freeze.starts_at:%m-%d %H:%M}" == "11-25 23:00"
    assert b"production" in lead.get(made["Location"]).content
    assert lead.get(f"{made['Location']}change/").status_code == 200
    lead.post(f"{made['Location']}change/", TYPED | {"name": "Peak"})
    assert FreezeWindow.objects.get().name == "Peak"
    assert lead.post(f"{made['Location']}lift/", {"reason": ""}).status_code == 422
    lead.post(f"{made['Location']}lift/", {"reason": "Moved to next year"})
    assert b"Moved to next year" in lead.get(made["Location"]).content
    assert b"Peak" in lead.get(f"{LIST}?show=past").content


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"ends_at": "2030-11-01T00:00"}, "must be later than the start"),
        ({"name": ""}, "required"),
        ({"timezone": "Mars"}, "no time zone of this name"),
        ({"environments": ["prod"]}, "not one of the available choices"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_saved(
    cast: Cast, change: dict[str, object], says: str
) -> None:
    answer = signed_in(cast.lead).post(f"{LIST}new/", TYPED | change)
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert not FreezeWindow.objects.exists()


def test_an_owner_is_offered_their_own_teams_only(cast: Cast) -> None:
    owner = signed_in(cast.owner)
    form = owner.get(f"{LIST}new/").content.decode()
    assert cast.team.name in form
    assert cast.other_team.name not in form
    assert owner.post(f"{LIST}new/", TYPED).status_code == 422
    assert owner.post(f"{LIST}new/", TYPED | {"teams": [cast.team.pk]}).status_code == 302


def test_everybody_reads_and_the_rest_declare_nothing(cast: Cast) -> None:
    freeze = held(cast)
    for who in ("author", "operator", "leadership", "auditor", "outsider"):
        client = signed_in(getattr(cast, who))
        assert client.get(LIST).status_code == 200
        assert client.get(f"{LIST}{freeze.pk}/").status_code == 200
        assert client.get(f"{LIST}new/").status_code == 403
        assert client.post(f"{LIST}{freeze.pk}/lift/", {"reason": "because"}).status_code == 403


def test_a_lead_excepts_what_is_held_and_revokes_it(cast: Cast) -> None:
    freeze = held(cast)
    lead, page = signed_in(cast.lead), f"{LIST}{freeze.pk}/"
    [experiment] = Experiment.objects.all()
    assert experiment.title in lead.get(page).content.decode()
    ask = f"{page}except/{experiment.pk}/"
    assert ask in lead.get(page).content.decode()
    assert lead.post(ask, {"reason": "", "hours": 5}).status_code == 422
    assert lead.post(ask, {"reason": "The launch needs it", "hours": 5}).status_code == 302
    assert b"May run" in lead.get(page).content
    exception = FreezeException.objects.get()
    assert signed_in(cast.safety).get(ask).status_code == 403
    lead.post(f"{page}exceptions/{exception.pk}/revoke/")
    assert b"Revoked" in lead.get(page).content


def test_a_calendar_is_added_shown_and_removed(cast: Cast) -> None:
    lead = signed_in(cast.lead)
    typed = {"name": "Changes", "url": "https://calendar.example.test/a.ics", "timezone": "UTC"}
    bad = lead.post(f"{LIST}calendars/new/", typed | {"url": "http://localhost/"})
    assert "starts with https" in bad.content.decode()
    made = lead.post(f"{LIST}calendars/new/", typed)
    assert made.status_code == 302
    FreezeSource.objects.update(problem="it answered 503", tried_at=database_now())
    page = lead.get(made["Location"]).content.decode()
    assert "it answered 503" in page
    assert "nothing is frozen by it" in page
    assert "Not read" in lead.get(LIST).content.decode()
    lead.post(f"{made['Location']}read/")
    lead.post(f"{made['Location']}remove/")
    assert FreezeSource.objects.get().removed_at is not None
    assert signed_in(cast.owner).get(f"{LIST}calendars/new/").status_code == 403


def test_the_list_costs_the_same_however_many_there_are(cast: Cast) -> None:
    lead, now = signed_in(cast.lead), database_now()

    def cost() -> int:
        made = FreezeWindow.objects.create(
            name="F", starts_at=now, ends_at=now + timedelta(1), declared_by=cast.lead
        )
        made.teams.set([cast.team])
        with CaptureQueriesContext(
            connection,
        ) as queries:
            lead.get(f"{LIST}?show=now")
        return len(queries)

    cost()
    assert cost() == cost()


def test_what_a_freeze_holds_is_marked_on_its_exercise(cast: Cast) -> None:
    held(cast)
    page = signed_in(cast.author).get("/exercises/2026-11/experiments/").content.decode()
    assert "Held by freeze" in page
    assert "<small>Launch</small>" in page
