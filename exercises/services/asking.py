"""How probes of a Region are asked, with the operator's list of what they may reach.

Used by whatever reads probes: services.look, services.start and services.preflight_questions.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from exercises.models import AccountRegion
from exercises.probes.protocol import Asking


def asking(place: AccountRegion, *, until: datetime) -> Asking:
    """Ask in this Region about the time up to `until`."""
    return Asking(
        access=place.access,
        until=until,
        speed=settings.CHAOSPLANE_TIME_SPEED,
        allowed=frozenset(settings.CHAOSPLANE_PROBE_ORIGINS),
    )
