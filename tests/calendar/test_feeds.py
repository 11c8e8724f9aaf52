"""Calendar feeds: an address opens what its person may see now, until it is revoked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from icalendar import Calendar

from exercises.domain.errors import Invalid, NotAllowed
from exercises.domain.exercise_phases import Phase
from exercises.models import (
    AuditEntry,
    CalendarFeed,
    Exercise,
    FreezeWindow,
    Membership,
    OrganisationRole,
    User,
)
from exercises.models.due_work import database_now
from exercises.services.calendar_feeds import create_feed, revoke_feed
from exercises.services.propose import propose, start_draft, withdraw
from tests import build
from tests.cast import Cast

Person = Callable[[str], Client]


def made(cast: Cast, who: str, what: str, **more: Any) -> str:
    _, secret = create_feed(actor=cast.actor(who), what=what, **more)
    return f"/calendar/feed/{secret}.ics"


def events(address: str) -> dict[str, Any]:
    """Summary to event, read anew without any cookie."""
    answer = Client().get(address)
    assert answer.status_code == 200
    document = Calendar.from_ical(answer.content)
    return {str(event["summary"]): event for event in document.walk("VEVENT")}


def own_experiment(cast: Cast) -> Any:
    draft = start_draft(
        actor=cast.actor("author"), draft=build.draft(cast, title="Our own", slot_offset_s=0),
        exercise=None, starts_at=database_now() + timedelta(days=2),
    )  # fmt: skip
    return propose(actor=cast.actor("author"), experiment=draft)


def test_an_address_shows_what_its_person_may_see_at_that_moment(cast: Cast) -> None:
    own_experiment(cast)
    leads, others = made(cast, "lead", "organisation"), made(cast, "outsider", "organisation")
    assert "Our own" in events(leads)
    assert "Our own" not in events(others)
    Membership.objects.create(team=cast.team, user=cast.outsider, role="member")
    assert "Our own" in events(others)
    OrganisationRole.objects.filter(user=cast.lead).delete()
    assert "Our own" not in events(leads)


def test_a_persons_and_a_teams_address_hold_their_own(cast: Cast) -> None:
    exercise = build.exercise(cast, opens_in=timedelta(days=20))
    build.proposed(cast, exercise)
    now = database_now()
    FreezeWindow.objects.create(name="For all", starts_at=now, ends_at=now + timedelta(days=1))
    slot = f"Stop one broker, planned slot in {exercise.name}"
    for address in (
        made(cast, "author", "person"),
        made(cast, "lead", "team", team=cast.team),
    ):
        assert {exercise.name, slot, "Freeze: For all"} <= events(address).keys()
    assert events(made(cast, "outsider", "person")).keys() == {"Freeze: For all"}


def test_times_ids_and_states_follow_the_standard(cast: Cast) -> None:
    experiment = own_experiment(cast)
    exercise = build.exercise(cast, opens_in=timedelta(days=20))
    address = made(cast, "author", "organisation")
    before = events(address)
    event = before[exercise.name]
    assert event["dtstart"].dt == exercise.starts_at.replace(microsecond=0)
    assert event["dtstart"].to_ical().endswith(b"Z")
    due = before[f"Proposals due, {exercise.name}"]
    assert due["dtend"].dt - due["dtstart"].dt == timedelta(days=1)
    assert due["dtstart"].params["VALUE"] == "DATE"
    moved = exercise.starts_at + timedelta(days=3)
    Exercise.objects.filter(pk=exercise.pk).update(
        starts_at=moved, ends_at=moved + timedelta(hours=1), phase=Phase.CANCELLED.value
    )
    withdraw(actor=cast.actor("author"), experiment=experiment)
    after = events(address)
    assert after[exercise.name]["uid"] == event["uid"]
    assert str(after[exercise.name]["status"]) == "CANCELLED"
    assert str(after["Our own"]["status"]) == "CANCELLED"
    assert str(before["Our own"]["status"]) == "CONFIRMED"


def test_what_has_not_changed_is_not_sent_again(cast: Cast) -> None:
    build.exercise(cast, opens_in=timedelta(days=20))
    address = made(cast, "author", "organisation")
    first = Client().get(address)
    assert first["Content-Type"] == "text/calendar; charset=utf-8"
    assert "noindex" in first["X-Robots-Tag"]
    assert not first.cookies
    again = Client().get(address, headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    build.exercise(cast, slug="2026-12", opens_in=timedelta(days=40))
    changed = Client().get(address, headers={"if-none-match": first["ETag"]})
    assert changed.status_code == 200


@pytest.mark.parametrize("why", ["unknown", "revoked", "inactive"])
def test_an_address_that_is_not_valid_is_not_found(cast: Cast, why: str) -> None:
    address = made(cast, "author", "person")
    if why == "unknown":
        address = "/calendar/feed/cal_nothing.ics"
    elif why == "revoked":
        revoke_feed(actor=cast.actor("author"), feed=CalendarFeed.objects.get())
    else:
        User.objects.filter(pk=cast.author.pk).update(is_active=False)
    assert Client().get(address).status_code == 404
    assert Client().post(address).status_code == 405


def test_the_page_shows_the_address_once_and_keeps_only_its_hash(
    cast: Cast, as_person: Person
) -> None:
    author = as_person("author")
    shown = author.post("/calendar/subscribe/", {"what": "team", "team": cast.team.pk})
    secret = shown.content.decode().split("/calendar/feed/")[1].split(".ics")[0]
    assert secret not in author.get("/calendar/subscribe/").content.decode()
    assert secret not in repr(list(CalendarFeed.objects.values()))
    assert secret not in repr(list(AuditEntry.objects.values()))
    assert len(events(f"/calendar/feed/{secret}.ics")) == 0
    feed = CalendarFeed.objects.get()
    assert feed.last_used_at is not None
    revoke = f"/calendar/subscribe/{feed.pk}/revoke/"
    assert as_person("outsider").post(revoke).status_code == 404
    assert author.post(revoke).status_code == 302
    assert "Revoked" in author.get("/calendar/subscribe/").content.decode()


def test_a_feed_that_makes_no_sense_is_refused_by_field(cast: Cast, as_person: Person) -> None:
    author = as_person("author")
    assert author.post("/calendar/subscribe/", {"what": "team"}).status_code == 422
    foreign = {"what": "team", "team": cast.other_team.pk}
    assert author.post("/calendar/subscribe/", foreign).status_code == 422
    with pytest.raises(Invalid):
        create_feed(actor=cast.actor("author"), what="everything")
    feed, _ = create_feed(actor=cast.actor("author"), what="person")
    with pytest.raises(NotAllowed):
        revoke_feed(actor=cast.actor("lead"), feed=feed)
