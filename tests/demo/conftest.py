"""The demo, seeded once for all of its tests.

Each test runs in a savepoint of the transaction that holds the demo, so what it changes is
gone when it ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command
from django.db import transaction

from exercises.models import Exercise, PreflightCheck
from exercises.models.due_work import database_now
from simulator.clock import VirtualClock
from tests.drive import work_off
from tests.simulated_aws import stopped_clock

if TYPE_CHECKING:
    from pytest_django import DjangoDbBlocker

    from simulator.server import Simulator


def demo_data() -> str:
    """Run the command; what it printed."""
    out = StringIO()
    call_command("demo_data", "--print-sign-ins", stdout=out)
    return out.getvalue()


@pytest.fixture(scope="module")
def aws() -> Iterator[Simulator]:
    with stopped_clock() as simulator:
        yield simulator


@pytest.fixture(scope="module")
def seeded(
    aws: Simulator, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[str]:
    """What the command printed on its first run."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield demo_data()
        transaction.set_rollback(True)


@pytest.fixture
def opened(seeded: str, db: None) -> Exercise:
    """The edition that waits for Go."""
    return Exercise.objects.get(
        programme__isnull=False, kind="itee", is_imported=False, schedule__isnull=True
    )


@pytest.fixture
def rehearsed(opened: Exercise, aws: Simulator, settings: Any) -> Exercise:
    """The same once its rehearsals have ended and were looked at."""
    settings.CHAOSPLANE_OBSERVE_INTERVAL_S = 0.1
    waits = PreflightCheck.objects.filter(experiment__exercise=opened, status="pending")
    for _ in range(60):
        if not waits.exists():
            return opened
        assert isinstance(aws.clock, VirtualClock)
        aws.clock.advance(5)
        work_off()
        PreflightCheck.objects.filter(due_at__isnull=False).update(due_at=database_now())
    raise AssertionError([str(check.experiment) + check.key for check in waits])
