"""Wall time and planned time of a run: charts and timelines count planned seconds from its start.

They differ only on the simulated estate, where time runs faster; what was imported ran elsewhere,
at the speed of our clocks.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from exercises.models import Run


def planned_since(start: datetime, moment: datetime, run: Run | None = None) -> float:
    """Planned seconds from start to moment, of this run; negative before it."""
    speed = 1 if run is not None and run.is_imported else settings.CHAOSPLANE_TIME_SPEED
    return (moment - start).total_seconds() * speed


def planned_elapsed(run: Run, *, now: datetime) -> float:
    """Planned seconds a run has been going, up to its end; 0 before it started."""
    if run.started_at is None:
        return 0.0
    return max(0.0, planned_since(run.started_at, run.ended_at or now, run))
