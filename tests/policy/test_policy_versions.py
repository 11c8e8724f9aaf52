"""A policy takes two people, holds at once at the gate, and leaves decisions as they are."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from exercises.domain.actors import Door
from exercises.domain.errors import Conflict, Invalid, NotAllowed
from exercises.domain.policy_document import default_rules
from exercises.models import Experiment, Membership, OrganisationRole, PolicyVersion
from exercises.models.due_work import database_now
from exercises.queries.approvals import approval_of
from exercises.queries.policy import current_policy
from exercises.services.policy import activate_policy, propose_policy
from exercises.services.propose import edit_draft, propose, start_draft
from tests import build
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def stricter() -> dict[str, Any]:
    found: dict[str, Any] = copy.deepcopy(default_rules())
    found["rows"][0]["approvals"]["safety_officer"] = 1
    return found


def proposed(cast: Cast, document: dict[str, Any] | None = None) -> PolicyVersion:
    return propose_policy(
        actor=cast.actor("lead"), document=document or stricter(), reason="More care"
    )


def in_force(cast: Cast, document: dict[str, Any] | None = None) -> None:
    version = proposed(cast, document)
    activate_policy(actor=cast.actor("safety"), version=version, digest_seen=version.digest)


def test_a_stricter_version_holds_at_once_and_decisions_stay(cast: Cast) -> None:
    experiment = build.approved(cast)
    in_force(cast)
    status = approval_of(Experiment.objects.get(pk=experiment.pk), now=database_now())
    assert [r.rule for r in status.refusals] == ["approval.missing"]
    assert status.policy == 2
    assert {d.policy for d in experiment.decisions.all()} == {1}
    build.approve(cast, experiment, "safety")
    assert approval_of(experiment, now=database_now()).is_complete


def test_nobody_puts_in_force_what_they_wrote_nor_does_a_token(cast: Cast) -> None:
    version = proposed(cast)
    for actor in (cast.actor("lead"), cast.actor("safety", Door.API), cast.actor("owner")):
        with pytest.raises(NotAllowed):
            activate_policy(actor=actor, version=version, digest_seen=version.digest)
    with pytest.raises(Conflict):
        activate_policy(actor=cast.actor("safety"), version=version, digest_seen="another")
    assert current_policy().number == 1


def test_a_policy_nobody_can_satisfy_is_refused_when_it_is_saved(cast: Cast) -> None:
    document = stricter()
    document["rows"][0]["approvals"]["safety_officer"] = 2
    with pytest.raises(Invalid, match="needs 2 different people as safety officer"):
        proposed(cast, document)
    assert not PolicyVersion.objects.exists()


def test_an_older_version_does_not_come_back(cast: Cast) -> None:
    old = proposed(cast)
    in_force(cast)
    with pytest.raises(Conflict):
        activate_policy(actor=cast.actor("safety"), version=old, digest_seen=old.digest)


@pytest.mark.parametrize("name", ["owner", "safety"])
def test_a_role_decides_a_day_after_it_was_given(cast: Cast, name: str) -> None:
    young = database_now() - timedelta(hours=23)
    rows = Membership if name == "owner" else OrganisationRole
    rows.objects.filter(user=getattr(cast, name)).update(granted_at=young)
    experiment = build.proposed(cast)
    with pytest.raises(NotAllowed, match="24 hours"):
        build.approve(cast, experiment, name)


def test_an_approval_given_in_a_role_that_was_given_anew_counts_no_more(cast: Cast) -> None:
    experiment = build.approved(cast)
    Membership.objects.filter(user=cast.owner).update(granted_at=database_now())
    assert not approval_of(experiment, now=database_now()).is_complete


def test_outside_production_the_policy_alone_can_approve_self_service(cast: Cast) -> None:
    document = copy.deepcopy(default_rules())
    document["rows"][2]["policy_alone"] = True  # type: ignore[index]
    in_force(cast, document)
    place = build.account("222222222222", "pre-production")
    experiment = build.proposed(cast, deployment=build.deployment(cast, place=place))
    assert not approval_of(experiment, now=database_now()).is_complete, "an exercise takes people"
    experiment.exercise.kind = "self_service"
    assert approval_of(experiment, now=database_now()).is_by_policy_alone


def test_what_the_policy_alone_approves_is_scheduled_when_it_is_sent(
    cast: Cast, client: Client
) -> None:
    document = copy.deepcopy(default_rules())
    document["rows"][2]["policy_alone"] = True  # type: ignore[index]
    in_force(cast, document)
    place = build.account("222222222222", "pre-production")
    draft = build.draft(cast, deployment=build.deployment(cast, place=place), slot_offset_s=0)
    starts_at = database_now() + timedelta(hours=1)
    author = cast.actor("author")
    experiment = start_draft(actor=author, draft=draft, starts_at=starts_at)
    assert not experiment.runs.exists()
    propose(actor=author, experiment=experiment)
    client.force_login(cast.author)
    page = client.get(f"/experiments/EXP-{experiment.pk}/").content.decode()
    assert "Approved by policy v2" in page
    edit_draft(actor=author, experiment=experiment, draft=replace(draft, target_cap=2))
    assert [r.state for r in experiment.runs.order_by("created_at")] == ["cancelled", "scheduled"]


def test_everybody_reads_it_a_lead_proposes_and_another_puts_it_in_force(
    cast: Cast, client: Client
) -> None:
    build.approved(cast)
    client.force_login(cast.outsider)
    assert "Version 1 is in force" in client.get("/policy/").content.decode()
    assert client.get("/policy/new/").status_code == 403
    client.force_login(cast.lead)
    shown = client.post(
        "/policy/new/", {"as": "json", "rules": json.dumps(stricter()), "then": "show"}
    )
    assert "more: Safety officer" in shown.content.decode()
    assert (
        client.post("/policy/new/", {"as": "json", "rules": "{", "then": "show"}).status_code == 422
    )
    client.post(
        "/policy/new/",
        {"as": "json", "rules": json.dumps(stricter()), "reason": "Care", "then": "propose"},
    )
    version = PolicyVersion.objects.get()
    address = f"/policy/v{version.number}/"
    assert "Put in force" not in client.get(address).content.decode()
    client.force_login(cast.safety)
    assert "Put in force" in client.get(address).content.decode()
    client.post(f"{address}activate/", {"digest_seen": version.digest})
    assert current_policy().number == 2
