"""Before a policy is put in force one sees what it would have changed, however much there is."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from exercises.domain.policy_document import default_rules, parse
from exercises.models.due_work import database_now
from exercises.queries.policy import current_policy
from exercises.queries.policy_replay import Replayed, replay
from exercises.services.propose import propose, start_draft
from tests import build
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def replayed() -> list[Replayed]:
    document: dict[str, Any] = copy.deepcopy(default_rules())
    document["rows"][0] |= {"rehearsal_age_h": 24}
    return replay(current_policy(), parse(document), now=database_now())


def test_what_is_planned_and_would_be_refused_is_named_with_the_rule(cast: Cast) -> None:
    experiment = build.proposed(cast)
    (one,) = replayed()
    assert (one.experiment, one.is_past, one.more, one.fewer) == (experiment, False, (), ())
    assert one.refused == ("The policy asks for a rehearsal in the 24 hours before.",)


def test_many_experiments_take_no_more_queries_than_one(cast: Cast) -> None:
    first = build.proposed(cast)
    with CaptureQueriesContext(connection) as one:
        replayed()
    for number in range(3):
        draft = replace(build.draft(cast), title=f"Another {number}")
        more = start_draft(actor=cast.actor("author"), draft=draft, exercise=first.exercise)
        propose(actor=cast.actor("author"), experiment=more)
    with CaptureQueriesContext(connection) as many:
        assert len(replayed()) == 4
    assert len(many) == len(one)
