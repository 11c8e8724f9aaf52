"""What people add to a report: its headline, and the decisions it asks leadership for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import IntegrityError, transaction
from django.db.models import Max

from exercises.domain.actors import Actor
from exercises.domain.errors import Conflict, Invalid
from exercises.domain.report_periods import period_from
from exercises.models import ReportBrief
from exercises.permissions import authorize
from exercises.services.audit import record

MAX_HEADLINE = 120
MAX_DECISIONS = 5
MAX_TITLE = 120
MAX_DETAIL = 300
_CHANGED = "somebody changed the words of this report; read theirs first"


@dataclass(frozen=True, slots=True)
class Ask:
    """One decision that leadership is asked for, and why."""

    title: str
    detail: str = ""


def write_brief(
    *,
    actor: Actor,
    period: str,
    headline: str,
    decisions: Sequence[Ask],
    decide_by: date | None,
    based_on: int,
) -> ReportBrief:
    """Add a wording to the report of a period; the earlier ones stay.

    `based_on` is the number of the wording that was being edited, 0 for none: raises
    Conflict when somebody wrote another one meanwhile. Raises Invalid and NotAllowed.
    """
    authorize(actor, "report.write")
    key = period_from(period).key
    asked = [Ask(a.title.strip(), a.detail.strip()) for a in decisions if a.title or a.detail]
    _check(headline.strip(), asked)
    newest = ReportBrief.objects.filter(period=key).aggregate(n=Max("number"))["n"] or 0
    if newest != based_on:
        raise Conflict(_CHANGED)
    try:
        with transaction.atomic():
            brief = ReportBrief.objects.create(
                period=key,
                number=newest + 1,
                headline=headline.strip(),
                decide_by=decide_by,
                decisions=[{"title": a.title, "detail": a.detail} for a in asked],
                author_id=actor.person_id,
            )
            record(actor, "report.write", brief, period=key, number=brief.number)
    except IntegrityError:  # somebody took the number since
        raise Conflict(_CHANGED) from None
    return brief


def _check(headline: str, asked: Sequence[Ask]) -> None:
    problems = []
    if len(headline) > MAX_HEADLINE:
        problems.append(("headline", f"at most {MAX_HEADLINE} characters"))
    if len(asked) > MAX_DECISIONS:
        problems.append(("decisions", f"at most {MAX_DECISIONS}: a page of five is read"))
    for number, ask in enumerate(asked):
        if not ask.title:
            problems.append((f"title_{number}", "say what is to be decided"))
        if len(ask.title) > MAX_TITLE:
            problems.append((f"title_{number}", f"at most {MAX_TITLE} characters"))
        if len(ask.detail) > MAX_DETAIL:
            problems.append((f"detail_{number}", f"at most {MAX_DETAIL} characters"))
    if problems:
        raise Invalid.of(problems)
