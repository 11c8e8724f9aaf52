"""Which of a run's probes people are asked for, and until when. For the live room."""

from __future__ import annotations

from exercises.domain.probe_sources import JUDGEMENT
from exercises.domain.run_states import RunState
from exercises.domain.steady_state import ProbeSpec, probes_from_json
from exercises.models import Run

_NEVER = frozenset({RunState.CANCELLED.value, RunState.SKIPPED.value})


def is_open_for_judgement(run: Run) -> bool:
    """From when it has its slot until its verdict."""
    is_real = not (run.is_rehearsal or run.is_imported)
    return is_real and run.judged_at is None and run.state not in _NEVER


def judgements_asked(run: Run | None) -> tuple[ProbeSpec, ...]:
    """The probes that people answer for in this run now. The run must come with its revision."""
    if run is None or not is_open_for_judgement(run):
        return ()
    specs = probes_from_json(run.revision.plan["steady_state"])
    return tuple(spec for spec in specs if spec.kind == JUDGEMENT)
