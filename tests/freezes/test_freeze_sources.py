"""Freezes of a calendar elsewhere: read anew, kept while it cannot be read, never brought back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from exercises.domain.actors import Door
from exercises.domain.errors import Invalid, NotAllowed
from exercises.models import AuditEntry, FreezeSource, FreezeWindow
from exercises.models.due_work import claim, database_now
from exercises.queries.freezes import reason_shown
from exercises.services.freeze_sources import (
    add_source,
    read_soon,
    refresh_source,
    remove_source,
)
from exercises.services.freezes import declare_freeze, lift_freeze
from exercises.services.sentinel import HANDS, _claimed, celery_is_silent
from tests.cast import Cast
from tests.freezes.conftest import CalendarServer

pytestmark = pytest.mark.django_db


def event(uid: str, days_ahead: int, name: str = "Peak") -> str:
    begins = database_now() + timedelta(days=days_ahead)
    ends = begins + timedelta(days=2)
    return (
        f"BEGIN:VEVENT\nUID:{uid}\nSUMMARY:{name}\nDTSTART;VALUE=DATE:{begins:%Y%m%d}\n"
        f"DTEND;VALUE=DATE:{ends:%Y%m%d}\nEND:VEVENT\n"
    )


def calendar(*events: str) -> bytes:
    return f"BEGIN:VCALENDAR\nVERSION:2.0\n{''.join(events)}END:VCALENDAR\n".encode()


@pytest.fixture
def source(cast: Cast, calendar_server: CalendarServer) -> FreezeSource:
    return add_source(
        actor=cast.actor("lead"),
        name="Change calendar",
        url=calendar_server.url,
        timezone="Europe/Berlin",
        environments=["production"],
        teams=[cast.team],
    )


def read(source: FreezeSource, server: CalendarServer) -> FreezeSource:
    FreezeSource.objects.filter(pk=source.pk).update(due_at=database_now(), lease_until=None)
    [claimed] = claim(FreezeSource.objects.all())
    refresh_source(source_id=claimed.pk, fence=claimed.fence, reach=server.reach)
    return FreezeSource.objects.get(pk=source.pk)


def test_events_become_freezes_with_the_scope_of_their_calendar(
    cast: Cast, source: FreezeSource, calendar_server: CalendarServer
) -> None:
    calendar_server.body = calendar(event("a", 5), event("b", 20, "Launch"))
    seen = read(source, calendar_server)
    assert (seen.problem, seen.lease_until) == ("", None)
    assert seen.good_at is not None
    assert seen.due_at is not None
    assert seen.due_at > seen.good_at
    first, _ = FreezeWindow.objects.order_by("starts_at")
    assert (first.name, first.environments, first.teams.get()) == (
        "Peak",
        ["production"],
        cast.team,
    )


def test_a_change_is_taken_over_and_what_is_gone_is_lifted(
    source: FreezeSource, calendar_server: CalendarServer
) -> None:
    calendar_server.body = calendar(event("a", 5), event("b", 20))
    read(source, calendar_server)
    before = FreezeWindow.objects.get(source_key="a/once")
    calendar_server.body = calendar(event("a", 7, "Moved"))
    read(source, calendar_server)
    after = FreezeWindow.objects.get(source_key="a/once")
    assert (after.pk, after.name) == (before.pk, "Moved")
    assert after.starts_at > before.starts_at
    gone = FreezeWindow.objects.get(source_key="b/once")
    assert gone.lifted_at is not None
    assert "no longer" in gone.lifted_because
    calendar_server.body = calendar(event("b", 20))
    read(source, calendar_server)
    gone.refresh_from_db()
    assert gone.lifted_at is None, "it is in the calendar again"


def test_the_last_good_copy_holds_while_the_calendar_cannot_be_read(
    source: FreezeSource, calendar_server: CalendarServer
) -> None:
    calendar_server.body = calendar(event("a", 5))
    good = read(source, calendar_server)
    calendar_server.body = b"<html>sign in</html>"
    bad = read(source, calendar_server)
    assert "line 1: is not the beginning of a calendar" in bad.problem
    assert (bad.good_at, bad.content) == (good.good_at, good.content)
    assert FreezeWindow.objects.filter(lifted_at__isnull=True).count() == 1
    assert AuditEntry.objects.filter(action="freeze_source.problem").count() == 1
    read(source, calendar_server)
    assert AuditEntry.objects.filter(action="freeze_source.problem").count() == 1, "said once"


def test_what_did_not_change_is_expanded_from_the_copy(
    source: FreezeSource, calendar_server: CalendarServer
) -> None:
    calendar_server.body, calendar_server.headers = calendar(event("a", 5)), {"ETag": '"1"'}
    read(source, calendar_server)
    calendar_server.status = 304
    again = read(source, calendar_server)
    assert (again.problem, again.etag) == ("", '"1"')
    assert calendar_server.asked[-1]["If-None-Match"] == '"1"'
    assert FreezeWindow.objects.filter(lifted_at__isnull=True).count() == 1


def test_what_a_person_lifted_the_calendar_does_not_bring_back(
    cast: Cast, source: FreezeSource, calendar_server: CalendarServer
) -> None:
    calendar_server.body = calendar(event("a", 5))
    read(source, calendar_server)
    freeze = FreezeWindow.objects.get()
    lift_freeze(actor=cast.actor("safety"), freeze=freeze, reason="Agreed with the shops.")
    calendar_server.body = calendar(event("a", 6, "Renamed"))
    read(source, calendar_server)
    freeze.refresh_from_db()
    assert (freeze.name, freeze.lifted_by) == ("Peak", cast.safety)


def test_a_private_address_is_refused_when_it_is_read(
    cast: Cast, calendar_server: CalendarServer
) -> None:
    inside = add_source(
        actor=cast.actor("lead"), name="Inside", url="https://127.0.0.1/", timezone="UTC"
    )
    FreezeSource.objects.exclude(pk=inside.pk).update(due_at=None)
    [claimed] = claim(FreezeSource.objects.all())
    refresh_source(source_id=claimed.pk, fence=claimed.fence)
    assert "not on the public internet" in FreezeSource.objects.get(pk=inside.pk).problem


def test_while_celery_is_silent_the_sentinel_reads_the_calendars(source: FreezeSource) -> None:
    FreezeSource.objects.update(url="https://localhost/freezes.ics", due_at=database_now())
    assert celery_is_silent()
    for work in _claimed(HANDS):
        work()
    source.refresh_from_db()
    assert source.tried_at is not None
    assert "not on the public internet" in source.problem
    assert source.due_at is not None
    assert source.due_at > database_now()
    assert _claimed(HANDS) == []


def test_a_worker_that_slept_changes_nothing(
    source: FreezeSource, calendar_server: CalendarServer
) -> None:
    calendar_server.body = calendar(event("a", 5))
    [claimed] = claim(FreezeSource.objects.all())
    FreezeSource.objects.update(fence=claimed.fence + 1)
    assert refresh_source(
        source_id=claimed.pk, fence=claimed.fence, reach=calendar_server.reach
    ) == 0  # fmt: skip
    assert not FreezeWindow.objects.exists()


def test_a_removed_calendar_takes_its_freezes_along(
    cast: Cast, source: FreezeSource, calendar_server: CalendarServer
) -> None:
    calendar_server.body = calendar(event("a", 5))
    read(source, calendar_server)
    remove_source(actor=cast.actor("lead"), source=source)
    assert FreezeWindow.objects.get().lifted_at is not None
    assert FreezeSource.objects.get(pk=source.pk).due_at is None


@pytest.mark.parametrize("who", ["owner", "operator", "author", "leadership", "outsider"])
def test_only_leads_and_safety_officers_import(cast: Cast, source: FreezeSource, who: str) -> None:
    with pytest.raises(NotAllowed):
        add_source(actor=cast.actor(who), name="X", url="https://a.example/", timezone="UTC")
    with pytest.raises(NotAllowed):
        read_soon(actor=cast.actor(who), source=source)
    with pytest.raises(NotAllowed):
        remove_source(actor=cast.actor(who), source=source)


def test_what_is_wrong_with_a_source_is_named_field_by_field(cast: Cast) -> None:
    with pytest.raises(Invalid) as error:
        add_source(
            actor=cast.actor("lead"), name="", url="http://x", timezone="CET+1", environments=["p"]
        )
    assert [f for f, _ in error.value.problems] == ["name", "url", "timezone", "environments"]


def test_what_a_calendar_elsewhere_says_is_read_by_leads_and_safety_officers(
    cast: Cast, source: FreezeSource, calendar_server: CalendarServer
) -> None:
    told = event("a", 5).replace("END:VEVENT", "DESCRIPTION:Passcode 4711\nEND:VEVENT")
    calendar_server.body = calendar(told)
    read(source, calendar_server)
    freeze = FreezeWindow.objects.get()
    assert freeze.reason == "Passcode 4711"
    own = declare_freeze(
        actor=cast.actor("lead"), name="Ours", starts_at=freeze.starts_at,
        ends_at=freeze.ends_at, reason="The launch",
    )  # fmt: skip
    for who in ("author", "owner", "lead", "safety"):
        assert reason_shown(cast.actor(who), own) == "The launch"
        client = Client()
        client.force_login(getattr(cast, who))
        page = client.get(f"/policy/freezes/{freeze.pk}/").content.decode()
        assert "Peak" in page
        assert ("Passcode 4711" in page) == (who in {"lead", "safety"})
    assert reason_shown(cast.actor("author", Door.API), freeze) == ""
