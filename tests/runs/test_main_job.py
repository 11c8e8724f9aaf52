"""The main job: an AZ loses power, the broker splits, the finding closes when a re-run holds."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from exercises.domain.exercise_phases import Phase
from exercises.domain.finding_states import FindingState, Severity
from exercises.domain.steady_state import BASELINE_S
from exercises.management.demo.probes import mqtt_probes
from exercises.models import (
    CleanUp,
    Exercise,
    Finding,
    ResolvedTarget,
    Run,
    Template,
    TemplateVersion,
)
from exercises.services.audit_verification import verify
from exercises.services.findings import edit_finding, move_finding
from tests import build
from tests.cast import Cast
from tests.drive import fresh, until
from tests.runs.conftest import SPEED

if TYPE_CHECKING:
    from simulator.server import Simulator

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(240)]

MINUTES = {"kind": "minutes", "required": True, "minimum": 1, "maximum": 60, "unit": "min"}


def az_power(family: str = "az-power") -> TemplateVersion:
    template, _ = Template.objects.get_or_create(
        slug="az-power", defaults={"name": "AZ power interruption", "failure_family": family}
    )
    return template.versions.first() or TemplateVersion.objects.create(
        template=template,
        number=1,
        generator="az_power",
        parameters=[
            MINUTES | {"name": name, "label": name, "default": default}
            for name, default in (
                ("outage_min", 10),
                ("recovery_min", 5),
                ("network_min", 2),
                ("autoshift_after_min", 5),
            )
        ],
        rung=3,
    )


def power_is_lost(cast: Cast, **changes: object) -> tuple[Exercise, Run]:
    """An approved exercise that has just gone live."""
    content: dict[str, object] = {
        "template_version": az_power(),
        "title": "One zone without power",
        "parameters": {
            "outage_min": 10, "recovery_min": 5, "network_min": 2, "autoshift_after_min": 5,
        },
        "steady_state": mqtt_probes(is_production=True),
        "target_cap": 12,
    }  # fmt: skip
    return build.live(cast, **(content | changes))


def az_loses_power(cast: Cast) -> Run:
    """The same up to its last verdict."""
    exercise, run = power_is_lost(cast)
    until(lambda: fresh(run).judged_at is not None, seconds=90)
    until(lambda: Exercise.objects.get(pk=exercise.pk).phase == Phase.DEBRIEF)
    return fresh(run)


def test_the_split_brain_is_found_and_only_a_held_run_after_the_fix_verifies_it(
    cast: Cast, estate: Simulator
) -> None:
    run = az_loses_power(cast)
    assert (run.state, run.verdict) == ("completed", "not_held")
    assert run.samples.filter(probe="clusters", value=2).exists()
    assert run.samples.filter(at__lt=run.started_at).exists()
    hit = ResolvedTarget.objects.filter(run=run, resource_type="aws:ec2:instance")
    assert {target.az for target in hit} == {"eu-central-1a"}
    assert {node["state"] for node in run.fleet} == {"running"}
    clean_up = CleanUp.objects.get(run=run)
    assert (clean_up.state, clean_up.left) == ("clean", [])
    compared = clean_up.certificate["compared"]
    assert {"instances", "subnets", "volumes", "db-clusters"} <= compared.keys()

    finding = Finding.objects.get(run=run, state=FindingState.DRAFT.value)
    assert finding.severity == 3
    owner = cast.actor("owner")
    edit_finding(
        actor=owner, finding=finding, title=finding.title, body=finding.body,
        severity=Severity(finding.severity), owner=cast.owner, due_on=None,
    )  # fmt: skip
    for step in (FindingState.ACCEPTED, FindingState.FIX_AGREED, FindingState.FIX_LIVE):
        move_finding(actor=owner, finding=finding, to=step)
    estate.world.switch_quorum(True)
    time.sleep(BASELINE_S / SPEED)  # the steady state before the re-run must be its own

    Exercise.objects.update(slug="before-the-fix", phase=Phase.CLOSED.value)
    held = az_loses_power(cast)
    assert (held.state, held.verdict) == ("completed", "held")
    finding = move_finding(actor=owner, finding=finding, to=FindingState.VERIFIED)
    assert finding.verified_by_run_id == held.pk
    assert verify().is_whole
