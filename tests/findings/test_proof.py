"""What proves a fix: a run that held, on the same fault and application, after it went live."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from exercises.domain.errors import Refused
from exercises.domain.finding_states import FindingState
from exercises.models import Application, Exercise, Experiment, Finding, Run
from exercises.services.findings import move_finding
from tests import build
from tests.cast import Cast
from tests.findings.conftest import FIXED_AGO, finish, with_a_live_fix

pytestmark = pytest.mark.django_db

RUN_AGO = timedelta(minutes=40)


def run_that_held(cast: Cast, *, started_ago: timedelta = RUN_AGO) -> Run:
    Exercise.objects.filter(slug="2026-11").update(slug="2026-10")
    _, run = build.live(cast)
    return finish(run, lowest=99.9, started_ago=started_ago)


def test_a_run_that_held_after_the_fix_verifies_it(cast: Cast, drafted: Finding) -> None:
    finding = with_a_live_fix(drafted, cast)
    run = run_that_held(cast)
    verified = move_finding(actor=cast.actor("owner"), finding=finding, to=FindingState.VERIFIED)
    assert (verified.state, verified.verified_by_run) == (FindingState.VERIFIED.value, run)


def of_a_rehearsal(run: Run, cast: Cast) -> None:
    Run.objects.filter(pk=run.pk).update(is_rehearsal=True)


def without_a_verdict(run: Run, cast: Cast) -> None:
    Run.objects.filter(pk=run.pk).update(verdict="inconclusive")


def on_another_family(run: Run, cast: Cast) -> None:
    template = run.experiment.template_version.template
    template.failure_family = "storage-loss"
    template.save(update_fields=["failure_family"])


def on_another_application(run: Run, cast: Cast) -> None:
    other = Application.objects.create(slug="other", name="Other", team=cast.team)
    Experiment.objects.filter(pk=run.experiment_id).update(application=other)


@pytest.mark.parametrize(
    "made",
    [of_a_rehearsal, without_a_verdict, on_another_family, on_another_application],
)
def test_no_other_run_verifies_it(cast: Cast, drafted: Finding, made: Any) -> None:
    finding = with_a_live_fix(drafted, cast)
    made(run_that_held(cast), cast)
    with pytest.raises(Refused, match="has held since the fix"):
        move_finding(actor=cast.actor("owner"), finding=finding, to=FindingState.VERIFIED)
    assert Finding.objects.get(pk=finding.pk).state == FindingState.FIX_LIVE.value


def test_a_run_before_the_fix_does_not_verify_it(cast: Cast, drafted: Finding) -> None:
    finding = with_a_live_fix(drafted, cast)
    run_that_held(cast, started_ago=FIXED_AGO + timedelta(minutes=1))
    with pytest.raises(Refused, match="has held since the fix"):
        move_finding(actor=cast.actor("owner"), finding=finding, to=FindingState.VERIFIED)
