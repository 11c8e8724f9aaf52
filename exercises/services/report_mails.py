"""Reports by mail: who gets which, when; and what a worker does when one is due.

The mail goes the way of every notice (services.notify, announce, deliver), so it keeps to
people's wishes and the delivery log says how it went; deliver attaches the PDF.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time
from zoneinfo import ZoneInfo

from django.db import transaction

from exercises.domain.actors import Actor, Door
from exercises.domain.errors import Conflict, Invalid, NotAllowed
from exercises.domain.notices import Topic
from exercises.domain.report_rhythm import COVERS, next_at, period_of, rhythm
from exercises.models import ReportSubscription, User
from exercises.models.due_work import database_now
from exercises.permissions import actor_for, authorize, may
from exercises.services.audit import record
from exercises.services.notify import tell

MOST_A_PERSON = 20
MOST_RECIPIENTS = 50


def subscribe(
    *,
    actor: Actor,
    covers: str,
    weekday: int | None,
    day: int | None,
    at: time,
    timezone: str,
    recipients: Sequence[User],
) -> ReportSubscription:
    """Have a report sent from now on. Everybody may for themselves, a programme lead for
    others. Raises Invalid and NotAllowed."""
    authorize(actor, "report.subscribe")
    people = {person.pk: person for person in recipients}
    if people.keys() - {actor.user_id}:
        authorize(actor, "report.mail_others")
    found = rhythm(weekday=weekday, day=day, at=at, zone=timezone)
    _check(actor, covers, list(people.values()))
    with transaction.atomic():
        row = ReportSubscription.objects.create(
            owner_id=actor.person_id,
            covers=covers,
            weekday=weekday,
            day=day,
            at=at,
            timezone=timezone,
            due_at=next_at(found, database_now()),
        )
        row.recipients.set(people.values())
        record(actor, "report_mail.add", row, recipients=sorted(people), when=found.words)
    return row


def _check(actor: Actor, covers: str, people: Sequence[User]) -> None:
    problems = []
    if covers not in dict(COVERS):
        problems.append(("covers", f"one of {', '.join(dict(COVERS))}"))
    if not 1 <= len(people) <= MOST_RECIPIENTS:
        problems.append(("recipients", f"1 to {MOST_RECIPIENTS} people"))
    if any(not person.is_active for person in people):
        problems.append(("recipients", "people who can sign in, and so may read the report"))
    mine = ReportSubscription.objects.filter(owner_id=actor.user_id, ended_at__isnull=True)
    if mine.count() >= MOST_A_PERSON:
        problems.append(("covers", f"one person has {MOST_A_PERSON} of them at most"))
    if problems:
        raise Invalid.of(problems)


def unsubscribe(*, actor: Actor, subscription: ReportSubscription) -> None:
    """End it for everybody as its owner or a programme lead, else for oneself alone."""
    authorize(actor, "report.subscribe")
    with transaction.atomic():
        row = ReportSubscription.objects.select_for_update(no_key=True).get(pk=subscription.pk)
        if row.ended_at is not None:
            raise Conflict("this mail has been ended already")
        is_mine = row.owner_id == actor.user_id or may(actor, "report.mail_others")
        if not is_mine and not row.recipients.filter(pk=actor.user_id).exists():
            raise NotAllowed("Only its owner, a programme lead and who gets it end this mail.")
        if not is_mine:
            row.recipients.remove(actor.person_id)
        if is_mine or not row.recipients.exists():
            row.ended_at, row.due_at = database_now(), None
            row.save(update_fields=["ended_at", "due_at"])
        record(actor, "report_mail.end", row, for_everybody=row.ended_at is not None)


def mail_report(*, subscription_id: int, fence: int) -> int:
    """Announce what is due to who may still read it; return to how many. Again is once."""
    with transaction.atomic():
        row = (
            ReportSubscription.objects.select_for_update(of=("self",), no_key=True)
            .select_related("owner")
            .get(pk=subscription_id)
        )
        now, due = database_now(), row.due_at
        if row.fence != fence or due is None or due > now:
            return 0
        people = _readers(row)
        if people:
            period = period_of(row.covers, due.astimezone(ZoneInfo(row.timezone)))
            tell(
                Topic.REPORT,
                key=f"report:{row.pk}:{due:%Y-%m-%dT%H:%M}",
                people=people,
                text=f"The report is attached. You get it {row.rhythm.words}.",
                report_period=period.key,
            )
            row.sent_at = now
        row.due_at, row.lease_until = next_at(row.rhythm, now), None
        row.save(update_fields=["due_at", "lease_until", "sent_at"])
        return len(people)


def _readers(row: ReportSubscription) -> list[int]:
    """Active recipients; beside the owner only while the owner may still send to others."""
    active = list(row.recipients.filter(is_active=True).order_by("pk").values_list("pk", flat=True))
    if may(actor_for(row.owner, Door.SCHEDULE), "report.mail_others"):
        return active
    return [pk for pk in active if pk == row.owner_id]
