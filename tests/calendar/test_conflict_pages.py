"""Dependencies are named without circles, and conflicts are seen where they matter."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from exercises.domain.conflicts import Kind
from exercises.domain.errors import Invalid, NotAllowed
from exercises.domain.steady_state import SETTLE_S
from exercises.models import (
    Application,
    AuditEntry,
    Exercise,
    Participation,
    Template,
    TemplateVersion,
)
from exercises.models.due_work import database_now
from exercises.queries.conflicts import UNNAMED, conflicts_of, exercise_conflicts, span_of
from exercises.queries.plans import planned_wall
from exercises.queries.policy_checks import policy_checks
from exercises.services.dependencies import change_dependencies
from exercises.services.propose import propose, start_draft
from tests import build
from tests.cast import Cast

Person = Callable[[str], Client]


def application(cast: Cast, slug: str) -> Application:
    return build.deployment(cast, slug=slug).application


def depends(cast: Cast, one: Application, *others: Application) -> None:
    change_dependencies(actor=cast.actor("owner"), application=one, depends_on=others)


@pytest.fixture
def exercise(cast: Cast) -> Exercise:
    return build.exercise(cast, opens_in=timedelta(hours=1))


def test_dependencies_are_kept_and_a_circle_is_refused_with_its_way(cast: Cast) -> None:
    a, b, c = (application(cast, slug) for slug in ("app-a", "app-b", "app-c"))
    depends(cast, a, b)
    depends(cast, b, c)
    with pytest.raises(Invalid) as refused:
        depends(cast, c, a)
    assert refused.value.problems[0][0] == "depends_on"
    assert "App C → App A → App B → App C" in refused.value.problems[0][1]
    with pytest.raises(Invalid):
        depends(cast, a, a)
    assert list(c.depends_on.all()) == []
    assert list(a.depends_on.all()) == [b]
    assert AuditEntry.objects.filter(action="application.depend").count() == 2


def test_only_who_may_change_the_application_says_what_it_needs(
    cast: Cast, as_person: Person
) -> None:
    a, b = application(cast, "app-a"), application(cast, "app-b")
    with pytest.raises(NotAllowed):
        change_dependencies(actor=cast.actor("author"), application=a, depends_on=[b])
    page = "/applications/app-a/dependencies/"
    assert as_person("outsider").post(page, {"depends_on": [b.pk]}).status_code == 403
    assert "Save" not in as_person("outsider").get(page).content.decode()
    assert as_person("owner").post(page, {"depends_on": [b.pk]}).status_code == 302
    answer = as_person("owner").post("/applications/app-b/dependencies/", {"depends_on": [a.pk]})
    assert answer.status_code == 422
    assert "this would be a circle" in answer.content.decode()


def test_the_policy_list_names_what_is_in_the_way(cast: Cast, exercise: Exercise) -> None:
    broker, api = application(cast, "mqtt-broker"), application(cast, "api")
    build.proposed(cast, exercise, title="The broker first")
    mine = build.proposed(
        cast, exercise, deployment=build.deployment(cast, slug="api"), title="The API"
    )
    label = "In the way of others in this slot"
    checks = {check.label: check for check in policy_checks(mine, now=database_now())}
    # Nobody is named, so the same team would look after both.
    assert "Vehicle Telemetry is on call for both" in checks[label].detail
    for app, who in ((broker, "First"), (api, "Second")):
        Participation.objects.filter(exercise=exercise, application=app).update(on_call=who)
    assert label not in {check.label for check in policy_checks(mine, now=database_now())}
    depends(cast, api, broker)
    checks = {check.label: check for check in policy_checks(mine, now=database_now())}
    assert "Api depends on Mqtt Broker" in checks[label].detail
    assert "The broker first" in checks[label].detail


def test_another_teams_own_experiment_is_counted_but_not_named(
    cast: Cast, exercise: Exercise
) -> None:
    hers = start_draft(
        actor=cast.actor("author"), draft=build.draft(cast, title="Secret", slot_offset_s=0),
        exercise=None, starts_at=exercise.starts_at + timedelta(minutes=1),
    )  # fmt: skip
    propose(actor=cast.actor("author"), experiment=hers)
    other = build.deployment(cast, slug="charging")
    Application.objects.filter(pk=other.application_id).update(team=cast.other_team)
    mine = start_draft(
        actor=cast.actor("outsider"),
        draft=build.draft(cast, deployment=type(other).objects.get(pk=other.pk)),
        exercise=exercise,
    )
    found = conflicts_of(mine) or []
    assert {clash.kind for clash in found} == {Kind.ZONE, Kind.ACCOUNT}
    assert {slot.label for clash in found for slot in clash.slots if slot.id != mine.pk} == {
        UNNAMED
    }
    page = exercise_conflicts(cast.actor("outsider"), exercise)
    assert "Secret" not in repr(page)
    assert "Secret" in repr(exercise_conflicts(cast.actor("lead"), exercise))


def test_a_fault_that_is_over_at_once_has_the_minutes_in_which_it_is_measured(
    cast: Cast, exercise: Exercise
) -> None:
    actions = {
        "Reboot": {
            "actionId": "aws:ec2:reboot-instances",
            "targets": {"Instances": "one-instance"},
        }
    }
    version = TemplateVersion.objects.create(
        template=Template.objects.create(slug="reboot", name="Reboot"),
        number=1,
        definition=build.DEFINITION | {"actions": actions, "description": "Reboot one"},
        parameters=[],
        rung=1,
    )
    mine = build.proposed(cast, exercise, template_version=version, parameters={})
    span = span_of(mine)
    assert span is not None
    assert span.ends_at - span.starts_at == planned_wall(SETTLE_S)
    assert conflicts_of(mine) == []


def test_the_conflict_page_says_why_and_costs_the_same_for_many(
    cast: Cast, exercise: Exercise, as_person: Person
) -> None:
    build.proposed(cast, exercise, title="First")
    build.proposed(cast, exercise, title="Second")
    lead, page = as_person("lead"), f"/exercises/{exercise.slug}/conflicts/"

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert lead.get(page).status_code == 200
        return len(seen)

    few = queries()
    shown = lead.get(page).content.decode()
    assert "Both are on Mqtt Broker" in shown
    assert "Let one begin after the other has ended." in shown
    for number in range(4):
        deployment = build.deployment(cast, slug=f"app-{number}")
        build.proposed(cast, exercise, deployment=deployment, title=f"More {number}")
    assert queries() == few
    assert "6 at once in account" in lead.get(page).content.decode()
