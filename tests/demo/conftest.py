"""The demo, seeded once for all of its tests.

Each test runs in a savepoint of the transaction that holds the demo, so what it changes is
gone when it ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from django.core.management import call_command
from django.db import transaction

from exercises.models import Exercise
from tests.simulated_aws import stopped_clock

if TYPE_CHECKING:
    from pytest_django import DjangoDbBlocker


def demo_data() -> str:
    """Run the command; what it printed."""
    out = StringIO()
    call_command("demo_data", "--print-sign-ins", stdout=out)
    return out.getvalue()


@pytest.fixture(scope="module")
def seeded(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """What the command printed on its first run."""
    with stopped_clock(), django_db_blocker.unblock(), transaction.atomic():
        yield demo_data()
        transaction.set_rollback(True)


@pytest.fixture
def opened(seeded: str, db: None) -> Exercise:
    """The edition that waits for Go."""
    return Exercise.objects.get(is_imported=False, schedule__isnull=True)
