"""What was kept long enough goes, by class; what proves anything stays."""

from __future__ import annotations

from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from exercises.domain.retention import Kept, limits
from exercises.models import (
    Announcement,
    AuditEntry,
    Decision,
    Exercise,
    Finding,
    Run,
    RunEvent,
    Sample,
)
from exercises.models.due_work import database_now
from exercises.services.audit_verification import verify
from exercises.services.retention import remove_when_due
from tests.cast import Cast
from tests.findings.conftest import drafted, fallen

pytestmark = pytest.mark.django_db
__all__ = ["drafted", "fallen"]


@pytest.fixture
def closed(drafted: Finding, fallen: Run, settings: Any) -> Run:
    """A run of a closed exercise that ended a year ago, where a month is long enough."""
    for name in ("SAMPLES", "DOCUMENTS", "NOTICES"):
        setattr(settings, f"CHAOSPLANE_KEEP_{name}_DAYS", 30)
    year_ago = database_now() - timedelta(days=365)
    Run.objects.filter(pk=fallen.pk).update(ended_at=year_ago, archive={"id": "EXP1"})
    Exercise.objects.filter(pk=fallen.experiment.exercise_id).update(phase="closed")
    Announcement.objects.update(happened_at=year_ago, due_at=None)
    return fallen


def test_measurements_documents_and_notices_go_and_proof_stays(closed: Run) -> None:
    kinds = (Decision, Finding, RunEvent, Run)
    before = [kind.objects.count() for kind in kinds]
    assert remove_when_due() > 0
    closed.refresh_from_db()
    assert not Sample.objects.filter(run=closed).exists()
    assert not Announcement.objects.exists()
    assert closed.archive == {}
    assert closed.judgement["probes"], "what the verdict rests on stays"
    assert [kind.objects.count() for kind in kinds] == before
    entry = AuditEntry.objects.get(action="retention.samples")
    assert entry.details["rows"] > 0
    assert verify().is_whole


def test_once_a_day_is_enough(closed: Run) -> None:
    assert remove_when_due() > 0
    Run.objects.filter(pk=closed.pk).update(archive={"id": "EXP1"})
    assert remove_when_due() == 0


def test_what_is_not_closed_or_not_old_enough_stays(closed: Run) -> None:
    Exercise.objects.filter(pk=closed.experiment.exercise_id).update(phase="debrief")
    Announcement.objects.update(happened_at=database_now())
    assert remove_when_due() == 0
    assert Sample.objects.filter(run=closed).exists()


def test_unless_somebody_says_otherwise_everything_is_kept(
    cast: Cast, closed: Run, settings: Any
) -> None:
    for name in ("SAMPLES", "DOCUMENTS", "NOTICES"):
        setattr(settings, f"CHAOSPLANE_KEEP_{name}_DAYS", 0)
    assert remove_when_due() == 0
    out = StringIO()
    call_command("retention", "--remove", stdout=out)
    assert out.getvalue().count("kept for ever") == len(Kept)
    assert Sample.objects.filter(run=closed).exists()


def test_the_command_says_what_would_go_and_removes_only_when_told(closed: Run) -> None:
    out = StringIO()
    call_command("retention", stdout=out)
    assert "Nothing was removed" in out.getvalue()
    assert f"{closed.samples.count()} rows are older" in out.getvalue()
    assert Sample.objects.filter(run=closed).exists()
    call_command("retention", "--remove", stdout=out)
    assert not Sample.objects.filter(run=closed).exists()


def test_a_class_without_days_has_no_limit() -> None:
    now = datetime.fromisoformat("2026-11-20T12:00+00:00")
    assert limits({Kept.SAMPLES: 0, Kept.NOTICES: 20}, now) == {
        Kept.NOTICES: now - timedelta(days=20)
    }
