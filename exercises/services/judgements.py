"""A person's judgement as a reading of a probe: what somebody sees, kept with who and when."""

from __future__ import annotations

from typing import Final

from django.db import transaction

from exercises.domain.actors import Actor
from exercises.domain.engine_values import Reading
from exercises.domain.errors import Conflict, Invalid
from exercises.domain.probe_sources import JUDGEMENT
from exercises.domain.steady_state import ProbeSpec, format_value, probes_from_json
from exercises.models import Run
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.queries.judgements import is_open_for_judgement
from exercises.services.audit import record
from exercises.services.run_changes import note_samples
from exercises.services.run_events import append_event, lock_run

MOST_NOTE: Final = 500
JUDGED: Final = "probe.judged"


def say_how_it_is(*, actor: Actor, run: Run, probe: str, is_steady: bool, note: str = "") -> None:
    """Keep what this person says of a probe, before, during or after the fault. Whoever says it
    again is heard again.

    Raises NotAllowed; Invalid (probe, note); Conflict when the run is judged or never starts.
    """
    authorize(actor, "exercise.note", run.experiment.exercise)
    if len(note) > MOST_NOTE:
        raise Invalid("note", f"at most {MOST_NOTE} characters")
    with transaction.atomic():
        locked = lock_run(run.pk)
        if not is_open_for_judgement(locked):
            raise Conflict("the run is over and judged, or never starts; write into the debrief")
        spec = _asked(locked, probe)
        now, value = database_now(), float(is_steady)
        note_samples(locked, [Reading(probe, now, value)])
        append_event(
            exercise=locked.experiment.exercise,
            run=locked,
            kind=JUDGED,
            text=f"{spec.name}: {format_value(spec, value)}. {note.strip()}".strip(),
            source=actor.name,
            author_id=actor.user_id,
            at=now,
            probe=probe,
            value=value,
        )
        record(actor, "run.judge_probe", locked, probe=probe, value=value)


def _asked(run: Run, probe: str) -> ProbeSpec:
    for spec in probes_from_json(run.revision.plan["steady_state"]):
        if spec.key == probe and spec.kind == JUDGEMENT:
            return spec
    raise Invalid("probe", "is no judgement that this run asks for")
