"""The words that the demo's programme lead added to the report of the last three months."""

from __future__ import annotations

from datetime import timedelta

from exercises.domain.report_periods import Period, month_of
from exercises.management.demo.people import LEAD
from exercises.management.demo.world import World
from exercises.models import ReportBrief
from exercises.models.due_work import database_now
from exercises.queries.organisation_day import organisation_zone
from exercises.services.reports import Ask, write_brief

DECIDE_IN = timedelta(days=24)
ASKED = (
    Ask(
        "Every critical application joins one exercise per half year",
        "Some took no part for a year; each belongs to a team that can join.",
    ),
    Ask(
        "Brokers take clients only with a quorum",
        "Ends the split brain that the last exercise found.",
    ),
    Ask("One day a month for mentors", "Teams with a mentor get to production sooner."),
)


def seed_report(world: World) -> None:
    """Once a period; what people wrote since is left alone."""
    now = database_now().astimezone(organisation_zone())
    period = Period(month_of(now.date()).plus(-1)).key
    if ReportBrief.objects.filter(period=period).exists():
        return
    write_brief(
        actor=world.actor(LEAD),
        period=period,
        headline="",
        decisions=ASKED,
        decide_by=(now + DECIDE_IN).date(),
        based_on=0,
    )
