"""A run ends by itself when a stop limit is broken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from exercises.management.demo.probes import mqtt_probes
from exercises.models import AuditEntry, RunEvent
from tests.cast import Cast
from tests.drive import fresh, until
from tests.runs.test_main_job import power_is_lost

if TYPE_CHECKING:
    from simulator.server import Simulator

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(240)]


def test_a_second_cluster_beyond_its_stop_limit_stops_the_run(
    cast: Cast, estate: Simulator
) -> None:
    probes = [
        probe | {"stop_high": 1, "stop_after": 2} if probe["key"] == "clusters" else probe
        for probe in mqtt_probes(is_production=True)
    ]
    _, run = power_is_lost(cast, steady_state=probes)
    until(lambda: fresh(run).state == "stopped", seconds=90)
    asked = RunEvent.objects.get(run=run, kind="stop.requested")
    assert asked.source == "guardrail"
    assert "Distinct clusters is at 2, beyond its stop limit" in asked.text
    assert AuditEntry.objects.filter(action="run.stop", actor_id=None).exists()
    assert fresh(run).actions, "the fault had begun"
