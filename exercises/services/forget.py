"""Forget a person who left: their name and address go, what they did stays.

Everything points at the row of the person, so it is enough to empty that row and the few
places that keep a name or an address of their own. The audit trail holds marks of names
(services.audit): with the name and its salt gone, a mark is nobody's, and the chain is whole.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet

from exercises.domain.actors import Actor
from exercises.domain.errors import Invalid, Refusal, Refused
from exercises.domain.exercise_phases import OVER
from exercises.domain.finding_states import OPEN
from exercises.models import (
    ApiToken,
    AuditEntry,
    AuditName,
    CalendarFeed,
    Channel,
    Exercise,
    Finding,
    NoticeWishes,
    Participation,
    RunEvent,
    SafetyLever,
    Schedule,
    SignInAttempt,
    User,
)
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.services.audit import record

MAX_REASON = 300


@dataclass(frozen=True, slots=True)
class Held:
    """What is there of a person: what would go, what keeps the name, and what comes first."""

    tokens: int
    calendars: int
    marks: int
    lines: int
    entries: int
    duties: list[Refusal]


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was done. `lines` and `entries` are those of logs that are never changed and still
    hold the name: from before names were kept apart."""

    name: str
    marks: int
    lines: int
    entries: int


def person_to_forget(*, actor: Actor, email: str) -> User:
    """Whose address this is. Raises NotAllowed, Invalid."""
    authorize(actor, "person.forget")
    person = User.objects.filter(email__iexact=email.strip(), service_of=None).first()
    if person is None:
        raise Invalid("email", f"nobody is known as {email.strip()[:100]}")
    return person


def held_of(*, actor: Actor, person: User) -> Held:
    """What forgetting this person would do, before it is done. Raises NotAllowed."""
    authorize(actor, "person.forget", person)
    return Held(
        tokens=ApiToken.objects.filter(user=person, revoked_at__isnull=True).count(),
        calendars=CalendarFeed.objects.filter(user=person, revoked_at__isnull=True).count(),
        marks=_marks(person).count(),
        lines=_lines(person.name),
        entries=_entries(person.name, person.email),
        duties=duties(person),
    )


def forget_person(*, actor: Actor, person: User, because: str) -> Forgotten:
    """Take name and address away for good. Raises NotAllowed, Invalid, and Refused with each
    duty that has to be handed over first."""
    authorize(actor, "person.forget", person)
    reason = because.strip()
    if not 1 <= len(reason) <= MAX_REASON:
        raise Invalid("because", f"1 to {MAX_REASON} characters: who asked for it, and when")
    with transaction.atomic():
        row = User.objects.select_for_update(no_key=True).get(pk=person.pk)
        if refusals := duties(row):
            raise Refused(*refusals)
        name, email = row.name, row.email
        Participation.objects.filter(on_call=name, on_call_person=row).update(
            on_call=pseudonym(row)
        )
        SafetyLever.objects.filter(engaged_by=row).update(engaged_by_name=pseudonym(row))
        Schedule.objects.filter(suspended_by_name=name).update(suspended_by_name=pseudonym(row))
        _close_ways(row)
        marks = _marks(row).update(name="", salt="")
        SignInAttempt.objects.filter(email__iexact=email).delete()
        row.name, row.email = pseudonym(row), f"forgotten-{row.pk}@invalid"
        row.title = row.demo_hint = ""
        row.is_active = False
        row.set_unusable_password()
        row.save(update_fields=["name", "email", "title", "demo_hint", "is_active", "password"])
        found = Forgotten(
            name=row.name,
            marks=marks,
            lines=_lines(name),
            entries=_entries(name, email),
        )
        record(actor, "person.forget", row, because=reason, marks=marks)
    return found


def pseudonym(person: User) -> str:
    """What stands where the name stood: the same everywhere, and nobody's."""
    return f"Former colleague {person.pk}"


def duties(person: User) -> list[Refusal]:
    """What nobody would answer for if this person were gone."""
    held = [
        ("team", f"member of {row.team.name}", "Remove them from the team.")
        for row in person.memberships.select_related("team").order_by("team__name")
    ]
    held += [
        ("role", f"holds the role {role}", "Withdraw it: manage.py grant_role --withdraw.")
        for role in person.organisation_roles.order_by("role").values_list("role", flat=True)
    ]
    exercises = Exercise.objects.filter(Q(lead=person) | Q(safety_officer=person)).exclude(
        phase__in=[phase.value for phase in OVER]
    )
    held += [
        ("exercise", f"leads {row.name} or is its safety officer", "Hand it over, or end it.")
        for row in exercises.order_by("starts_at")
    ]
    findings = Finding.objects.filter(owner=person, state__in=[state.value for state in OPEN])
    held += [
        ("finding", f"owns {row.code}, {row.title}", "Give it another owner.")
        for row in findings.order_by("pk")
    ]
    return [
        Refusal(rule=f"person.{kind}", because=f"{person.name} {what}", lifted_by=lifted)
        for kind, what, lifted in held
    ]


def _marks(person: User) -> QuerySet[AuditName]:
    return AuditName.objects.filter(
        Q(person_id=person.pk) | Q(name__iexact=person.email), ~Q(salt="")
    )


def _lines(name: str) -> int:
    return RunEvent.objects.filter(Q(source__icontains=name) | Q(text__icontains=name)).count()


def _entries(name: str, email: str) -> int:
    return AuditEntry.objects.filter(
        Q(actor_name__in=[name, email]) | Q(details__icontains=email)
    ).count()


def _close_ways(person: User) -> None:
    """Everything by which they come in or are told."""
    now = database_now()
    ApiToken.objects.filter(user=person, revoked_at__isnull=True).update(revoked_at=now)
    CalendarFeed.objects.filter(user=person, revoked_at__isnull=True).update(revoked_at=now)
    Channel.objects.filter(person=person).update(
        is_active=False, address="", secret="", due_at=None, name="E-mail"
    )
    NoticeWishes.objects.filter(person=person).delete()
