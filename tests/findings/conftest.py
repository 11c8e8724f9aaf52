"""A finished run whose hypothesis fell, with the finding that was drafted from it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from exercises.domain.finding_states import FindingState
from exercises.domain.run_states import RunState
from exercises.models import Finding, FindingNote, Run, Sample
from exercises.models.due_work import database_now
from exercises.services.debrief import open_due_debriefs
from exercises.services.judge import judge_when_settled
from tests import build
from tests.cast import Cast

FAULT_S = 300
SETTLED_S = 600
FIXED_AGO = timedelta(minutes=50)


def with_a_live_fix(finding: Finding, cast: Cast) -> Finding:
    Finding.objects.filter(pk=finding.pk).update(
        state=FindingState.FIX_LIVE.value, owner=cast.owner
    )
    FindingNote.objects.create(
        finding=finding,
        at=database_now() - FIXED_AGO,
        author=cast.owner,
        to_state=FindingState.FIX_LIVE.value,
    )
    return finding


def finish(run: Run, *, lowest: float, started_ago: timedelta = timedelta(hours=1)) -> Run:
    """Take a scheduled run to its end, as the engine would have reported it."""
    started_at = database_now() - started_ago
    for state in (RunState.STARTING, RunState.RUNNING, RunState.COMPLETED):
        Run.objects.filter(pk=run.pk).update(state=state.value)
    Run.objects.filter(pk=run.pk).update(
        experiment_ref=f"EXP{run.pk.hex[:12]}",
        due_at=None,
        started_at=started_at,
        ended_at=started_at + timedelta(seconds=FAULT_S),
        settle_until=started_at + timedelta(seconds=SETTLED_S),
    )
    Sample.objects.bulk_create(
        Sample(
            run=run,
            probe=probe,
            at=started_at + timedelta(seconds=at),
            value=lowest if probe == "delivered" and 60 <= at < 240 else normal,
        )
        for probe, normal in (("delivered", 99.9), ("clusters", 1.0))
        for at in range(-300, SETTLED_S + 1, 30)
    )
    run.refresh_from_db()
    judge_when_settled(run, now=database_now(), is_read=True)
    open_due_debriefs()
    run.refresh_from_db()
    return run


@pytest.fixture
def fallen(cast: Cast) -> Run:
    """A run that did not hold: messages were lost for three minutes, two were allowed."""
    _, run = build.live(cast)
    return finish(run, lowest=97.0)


@pytest.fixture
def drafted(fallen: Run) -> Finding:
    return Finding.objects.select_related("application", "exercise").get(run=fallen)
