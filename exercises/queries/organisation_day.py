"""Which day it is for everybody: in the zone of the programme's schedule, not in UTC.

Whatever is due, overdue or counted by months asks here, so that lists, pages, notices, files and
reports say the same of the same finding.
"""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from exercises.models import Schedule


def organisation_zone() -> ZoneInfo:
    """Where days and months begin."""
    zone = Schedule.objects.order_by("id").values_list("timezone", flat=True).first()
    return ZoneInfo(zone or settings.TIME_ZONE)


def organisation_day(now: datetime) -> date:
    """The day that it is there at this moment."""
    return now.astimezone(organisation_zone()).date()
