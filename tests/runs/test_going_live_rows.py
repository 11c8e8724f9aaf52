"""PostgreSQL itself refuses a Go that one person said alone, and keeps what was said."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from exercises.models import GoPair, GoRequest
from exercises.models.due_work import database_now
from tests import build
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def requested(cast: Cast) -> GoRequest:
    now = database_now()
    return GoRequest.objects.create(
        exercise=build.exercise(cast),
        said_by=cast.lead,
        session="one",
        said_at=now,
        valid_until=now + timedelta(minutes=5),
        readiness="as it was",
    )


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"safety": "lead"}, "go_takes_two_people"),
        ({"safety_session": "one"}, "go_takes_two_sessions"),
        ({"late": timedelta(minutes=5, seconds=1)}, "go_is_answered_in_time"),
        ({"late": timedelta(seconds=-1)}, "go_is_answered_in_time"),
    ],
)
def test_a_pair_that_is_none_is_refused_by_the_database(
    cast: Cast, change: dict[str, object], rule: str
) -> None:
    request = requested(cast)
    late = change.get("late", timedelta(minutes=1))
    assert isinstance(late, timedelta)
    with pytest.raises(IntegrityError, match=rule):
        GoPair.objects.create(
            exercise=request.exercise,
            request=request,
            lead=cast.lead,
            lead_session="one",
            lead_at=request.said_at,
            safety=cast.lead if "safety" in change else cast.safety,
            safety_session=str(change.get("safety_session", "two")),
            safety_at=request.said_at + late,
        )


def test_what_was_said_cannot_be_changed(cast: Cast) -> None:
    request = requested(cast)
    for statement in (
        f"UPDATE exercises_gorequest SET session = 'x' WHERE id = {request.pk}",
        f"DELETE FROM exercises_gorequest WHERE id = {request.pk}",
    ):
        with (
            pytest.raises(IntegrityError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
