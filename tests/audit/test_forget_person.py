"""Who left can be forgotten: the name goes, what was done stays, and the chain is whole."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from exercises.domain.errors import Invalid, Refused
from exercises.models import ApiToken, AuditEntry, AuditName, Membership, NoticeWishes, User
from exercises.models.due_work import database_now
from exercises.queries.audit_log import FORGOTTEN, Names
from exercises.services.audit import record
from exercises.services.audit_verification import verify
from exercises.services.forget import forget_person
from exercises.services.system import SYSTEM
from exercises.services.tokens import issue_token
from tests import build
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def gone(cast: Cast) -> User:
    """Somebody who did something, and has handed everything over."""
    record(cast.actor("outsider"), "experiment.look", build.proposed(cast))
    Membership.objects.filter(user=cast.outsider).delete()
    return cast.outsider


def forget(person: User) -> None:
    forget_person(actor=SYSTEM, person=person, because="asked for on 3 November")


def test_name_and_address_go_and_what_was_done_stays(cast: Cast, gone: User) -> None:
    name, email, entries = gone.name, gone.email, AuditEntry.objects.count()
    forget(gone)
    gone.refresh_from_db()
    assert (gone.name, gone.is_active) == (f"Former colleague {gone.pk}", False)
    assert email not in gone.email
    entry = AuditEntry.objects.get(action="experiment.look")
    assert entry.actor_id == gone.pk
    assert Names([entry]).of(entry.actor_name) == FORGOTTEN
    assert AuditEntry.objects.count() == entries + 1
    with connection.cursor() as cursor:
        for table in ("exercises_auditentry", "exercises_auditname", "exercises_user"):
            cursor.execute(f"SELECT count(*) FROM {table} t WHERE t::text LIKE %s", [f"%{name}%"])
            assert cursor.fetchone() == (0,), table


def test_the_chain_is_whole_before_and_after(gone: User) -> None:
    assert verify().is_whole
    forget(gone)
    assert verify().is_whole
    call_command("audit_verify", stdout=StringIO())


def test_a_name_put_in_place_of_another_breaks_the_chain(gone: User) -> None:
    seq = AuditEntry.objects.get(action="experiment.look").seq
    AuditName.objects.filter(person_id=gone.pk).update(name="Somebody else")
    assert verify().broken_at == seq


def test_a_mark_without_its_row_breaks_the_chain(gone: User) -> None:
    seq = AuditEntry.objects.get(action="experiment.look").seq
    AuditName.objects.filter(person_id=gone.pk).delete()
    assert verify().broken_at == seq


def test_nobody_comes_in_as_them_any_more(client: Client, cast: Cast, gone: User) -> None:
    issue_token(
        actor=cast.actor("outsider"),
        name="script",
        scopes=["read"],
        days=30,
    )
    NoticeWishes.objects.create(person=gone)
    client.force_login(gone)
    forget(gone)
    assert client.get("/").status_code == 302
    assert not ApiToken.objects.filter(user=gone, revoked_at__isnull=True).exists()
    assert not NoticeWishes.objects.filter(person=gone).exists()


def test_what_they_answer_for_is_handed_over_first(cast: Cast) -> None:
    exercise = build.exercise(cast)
    with pytest.raises(Refused) as refused:
        forget(cast.lead)
    told = [one.because for one in refused.value.refusals]
    assert any("holds the role programme_lead" in one for one in told)
    assert any(exercise.name in one for one in told)
    with pytest.raises(CommandError, match="this comes first"):
        call_command("forget_person", cast.lead.email, because="left")
    cast.lead.refresh_from_db()
    assert cast.lead.is_active


def test_without_a_reason_nobody_is_forgotten(gone: User) -> None:
    with pytest.raises(Invalid, match="because: 1 to 300 characters"):
        forget_person(actor=SYSTEM, person=gone, because=" ")


def test_the_command_says_what_still_holds_the_name(cast: Cast, gone: User) -> None:
    exercise = build.exercise(cast, slug="another")
    exercise.events.create(
        at=database_now(), kind="note", text=f"{gone.name} saw it first.", source=""
    )
    out = StringIO()
    call_command("forget_person", gone.email, because="asked for", stdout=out)
    assert "still holding the name: 1 lines of event logs" in out.getvalue()
