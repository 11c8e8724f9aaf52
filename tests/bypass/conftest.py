"""People at the three doors: a page, the API, a service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from exercises.models import Experiment
from exercises.models.due_work import database_now
from exercises.queries.approvals import approval_of
from tests.api.conftest import caller
from tests.bypass.races import Tally
from tests.cast import Cast
from tests.pages_exercises.conftest import as_person
from tests.runs.conftest import estate

__all__ = ["as_person", "caller", "estate"]

Decide = Callable[..., int]


@pytest.fixture
def on_the_page(as_person: Callable[[str], Client]) -> Decide:
    """`on_the_page("owner", experiment)` presses Approve; the status of the answer."""

    def press(name: str, experiment: Experiment, **typed: Any) -> int:
        current = Experiment.objects.get(pk=experiment.pk)
        assert current.revision is not None
        form = {"verdict": "approve", "digest_seen": current.revision.digest} | typed
        response = as_person(name).post(f"/approvals/EXP-{experiment.pk}/", form)
        return int(response.status_code)

    return press


@pytest.fixture
def is_approved(cast: Cast) -> Callable[[Experiment], bool]:
    """Whether the approvals are complete now, for the content as it is now."""

    def look(experiment: Experiment) -> bool:
        current = Experiment.objects.get(pk=experiment.pk)
        return approval_of(current, now=database_now()).is_complete

    return look


@pytest.fixture
def tally(record_property: Callable[[str, object], None]) -> Tally:
    """Counts interleavings and what started in spite of the rule, for `make bypass`."""
    return Tally(record_property)
