"""What waits for whom: starts for each other where one gate counts the other's run, and
nobody for a line of the log."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection, transaction

from exercises.models import Exercise, Run
from exercises.services.run_events import append_event
from exercises.services.start_steps import lock_for_gate
from tests import build
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)


def waits(work: Callable[[], object]) -> bool:
    """Whether another session would wait for a lock of ours to do this."""

    def elsewhere() -> bool:
        try:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute("SET LOCAL lock_timeout = '200ms'")
                work()
            return False
        except OperationalError as error:
            return "lock timeout" in str(error)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(elsewhere).result()


def with_relations(run: Run) -> Run:
    return Run.objects.select_related("experiment__exercise", "experiment__deployment").get(
        pk=run.pk
    )


def test_a_line_of_the_log_never_waits_for_a_start(cast: Cast) -> None:
    """A stop holds the run and writes a line; the start that it meets holds the exercise and
    wants the run. If the line waited for the exercise, neither would ever go on."""
    exercise, run = build.live(cast)
    with transaction.atomic():
        lock_for_gate(with_relations(run), fence=0)
        assert not waits(lambda: append_event(exercise=exercise, run=run, kind="note", text="seen"))


def test_starts_on_one_application_wait_for_each_other_across_accounts(cast: Cast) -> None:
    _, here = build.live(cast)
    Exercise.objects.update(slug="earlier")
    elsewhere = build.deployment(cast, place=build.account("333333333333"))
    _, there = build.live(cast, deployment=elsewhere)
    with transaction.atomic():
        lock_for_gate(with_relations(here), fence=0)
        assert waits(lambda: lock_for_gate(with_relations(there), fence=0))
