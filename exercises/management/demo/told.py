"""What is told of an imported run, from which its log and its finding are written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from exercises.domain.engine_values import Reading
from exercises.domain.timeline import PlannedAction
from exercises.domain.verdicts import Judgement
from exercises.management.demo.past import PastRun
from exercises.models import Run


@dataclass(frozen=True, slots=True)
class Told:
    """A run that was imported, with all that its log and its finding are written from."""

    past: PastRun
    run: Run
    started_at: datetime
    ended_at: datetime
    settled_at: datetime
    actions: tuple[PlannedAction, ...]
    readings: dict[str, list[Reading]]
    judgement: Judgement
