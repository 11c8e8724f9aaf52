"""What the linter says of an experiment: errors refuse it, warnings go along to who decides."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from django.test import Client

from exercises.domain.errors import Invalid
from exercises.models import Application, Finding, TargetPreview, TemplateVersion
from exercises.models.due_work import database_now
from exercises.queries.lint import warnings_of
from exercises.queries.policy_checks import field_words, policy_checks
from exercises.services.catalogue import publish_version
from tests import build
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def risky(cast: Cast) -> TemplateVersion:
    """Instances that stay stopped: sound for FIS, and nothing brings them back."""
    definition: dict[str, Any] = copy.deepcopy(build.DEFINITION)
    definition["actions"]["Stop-one"]["parameters"] = {}
    return publish_version(
        actor=cast.actor("owner"),
        template=build.template_version().template,
        definition_text=json.dumps(definition),
        parameters_text="[]",
        rung=2,
    )


def test_a_warning_is_read_by_whoever_decides(client: Client, cast: Cast) -> None:
    build.proposed(cast, template_version=risky(cast), parameters={})
    client.force_login(cast.owner)
    inbox = client.get("/approvals/").content.decode()
    assert "he instances stay stopped" in inbox
    assert "FIS-UNDO-002" in inbox
    assert "Add startInstancesAfterDuration." in inbox


def test_a_steady_state_that_holds_at_zero_is_refused_by_its_field(cast: Cast) -> None:
    dead = [
        {**probe, "low": 0, "high": 0, "stop_low": None} for probe in copy.deepcopy(build.PROBES)
    ]
    with pytest.raises(Invalid) as caught:
        build.proposed(cast, steady_state=dead)
    [(field, text)] = caught.value.problems
    assert field == "steady_state"
    assert "every probe holds at zero" in text


def test_a_tag_that_nothing_carries_is_shown_once_targets_were_looked_up(cast: Cast) -> None:
    experiment = build.proposed(cast)
    seen = TargetPreview(targets=[], resolved_at=database_now())
    assert [p.rule_id for p in warnings_of(experiment, preview=seen)] == ["FIS-TGT-009"]
    unread = TargetPreview(targets=[], problem="access denied", resolved_at=database_now())
    assert warnings_of(experiment, preview=unread) == []


def test_a_quorum_is_warned_about_where_a_zone_goes(cast: Cast) -> None:
    version = build.template_version(rung=3, generator="az_power")
    experiment = build.proposed(cast)
    Application.objects.update(architecture_tags=["quorum"])
    experiment.refresh_from_db()
    assert "ZONE-001" not in {p.rule_id for p in warnings_of(experiment)}
    experiment.template_version = version
    version.template.failure_family = "az-power"
    experiment.parameters = {}
    experiment.application.architecture_tags = ["quorum"]
    assert "ZONE-001" in {p.rule_id for p in warnings_of(experiment)}


def test_known_problems_of_the_same_failure_come_first(cast: Cast) -> None:
    experiment = build.proposed(cast)
    for family in ("deployment", "instance-loss"):
        known = Finding.objects.create(
            exercise=experiment.exercise,
            application=experiment.application,
            title=f"Found by {family}",
            failure_family=family,
            state="accepted",
            created_at=database_now(),
        )
    found = [check for check in policy_checks(experiment, now=database_now()) if check.finding]
    assert [(c.detail, c.rule.id if c.rule else "") for c in found] == [
        ("Found by instance-loss", "KNOWN-001"),
        ("Found by deployment", ""),
    ]
    experiment.retest_of = known
    found = [check for check in policy_checks(experiment, now=database_now()) if check.finding]
    assert not any(check.rule for check in found)


def test_the_page_of_a_template_says_what_the_linter_says(client: Client, cast: Cast) -> None:
    version = risky(cast)
    client.force_login(cast.author)
    address = f"/templates/{version.template.slug}/"
    page = client.get(address).content.decode()
    assert "the instances stay stopped, also after Stop" in page
    assert "FIS-UNDO-002" in page
    assert "Not everything is taken back" in page
    first = client.get(f"{address}?v=1").content.decode()
    assert "No rule objects" in first
    assert "FIS-UNDO-002" not in first


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("recheck_after_min", "Check again"),
        ("steady_state[2].low", "Probe 3 / low"),
        ("parameters.outage_min", "Outage min"),
    ],
)
def test_a_problem_is_told_by_the_name_of_its_control(field: str, words: str) -> None:
    assert field_words(field) == words
