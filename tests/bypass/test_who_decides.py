"""Whose word counts, at every door."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient

from exercises.domain.actors import Actor, Door
from exercises.domain.approvals import DecisionVerdict
from exercises.domain.capacities import Capacity
from exercises.domain.errors import NotAllowed
from exercises.models import Decision, Experiment, Membership, OrganisationRole, User
from exercises.models.due_work import database_now
from exercises.queries.start_gate import refusals
from exercises.services.decide import decide
from exercises.services.propose import edit_draft, propose, start_draft
from exercises.services.run_sheet import Place, arrange
from exercises.services.system import SYSTEM
from exercises.services.teams import add_member, change_role, remove_member
from tests import build
from tests.bypass.conftest import Decide
from tests.cast import Cast

pytestmark = pytest.mark.django_db
Look = Callable[[Experiment], bool]


def by(actor: Actor, experiment: Experiment, capacity: Capacity | None = None) -> Decision:
    """This actor approves what stands there now, by the service itself."""
    experiment.refresh_from_db()
    assert experiment.revision is not None
    return decide(
        actor=actor,
        experiment=experiment,
        verdict=DecisionVerdict.APPROVE,
        digest_seen=experiment.revision.digest,
        capacity=capacity,
    )


@pytest.mark.bypass("B1")
def test_author_sender_and_scheduler_are_refused_on_the_page_and_by_the_service(
    cast: Cast, on_the_page: Decide
) -> None:
    """B1: each of them as an owner of the team, so that nothing else is in the way."""
    Membership.objects.filter(user__in=[cast.author, cast.operator]).update(role="owner")
    experiment = start_draft(
        actor=cast.actor("author"), draft=build.draft(cast), exercise=build.exercise(cast)
    )
    propose(actor=cast.actor("operator"), experiment=experiment)
    place = Place(experiment_id=experiment.pk, wave=1, slot_offset_s=120)
    arrange(actor=cast.actor("lead"), exercise=experiment.exercise, places=[place])
    for name in ("author", "operator", "lead"):
        assert on_the_page(name, experiment) == 403, name
        with pytest.raises(NotAllowed):
            by(cast.actor(name), experiment)
    assert not Decision.objects.exists()
    assert on_the_page("owner", experiment) == 302


@pytest.mark.bypass("B2")
def test_one_edit_excludes_for_good_though_another_wrote_the_rest(
    cast: Cast, on_the_page: Decide
) -> None:
    """B2: neither the next edit by another nor taking one's own back lets the editor in."""
    experiment = build.proposed(cast)
    edited = build.draft(cast, target_cap=2)
    edit_draft(actor=cast.actor("owner"), experiment=experiment, draft=edited)
    edit_draft(actor=cast.actor("author"), experiment=experiment, draft=build.draft(cast))
    assert on_the_page("owner", experiment) == 403
    with pytest.raises(NotAllowed):
        by(cast.actor("owner"), experiment)


@pytest.mark.bypass("B7")
@pytest.mark.parametrize("how", ["removed", "demoted", "disabled"])
def test_an_approver_who_left_after_go_holds_the_start(
    cast: Cast, is_approved: Look, how: str
) -> None:
    """B7: asked anew at the gate, not only when the approval was given."""
    _, run = build.live(cast)
    operator = Membership.objects.get(user=cast.operator)
    change_role(actor=cast.actor("lead"), membership=operator, role="owner")
    mine = Membership.objects.get(user=cast.owner)
    if how == "removed":
        remove_member(actor=cast.actor("lead"), membership=mine)
    elif how == "demoted":
        change_role(actor=cast.actor("lead"), membership=mine, role="member")
    else:
        User.objects.filter(pk=cast.owner.pk).update(is_active=False)
    found = {r.rule for r in refusals(run, now=database_now(), target_count=1)}
    assert "approval.missing" in found
    assert not is_approved(run.experiment)


@pytest.mark.bypass("B8")
def test_an_address_in_other_letters_is_no_second_person(cast: Cast) -> None:
    """B8: there is one account for an address, whoever writes it how."""
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create_user(email="Team-OWNER@Example.test", name="The same again")


@pytest.mark.bypass("B8")
def test_the_page_and_the_token_of_a_person_are_one_person(
    cast: Cast, caller: Callable[..., APIClient], on_the_page: Decide
) -> None:
    """B8: who wrote it through the API is its author on the page."""
    Membership.objects.filter(user=cast.author).update(role="owner")
    experiment = build.proposed(cast)
    body = {
        "application": "mqtt-broker",
        "account_id": "111111111111",
        "region": build.REGION,
        "template": "stop-one-instance",
        "title": experiment.title,
        "hypothesis": experiment.hypothesis,
        "parameters": {"minutes": 6},
    }
    one = f"/api/v1/experiments/{experiment.pk}/"
    response = caller("owner").put(one, body, format="json")
    assert response.status_code == 200, response.content
    assert on_the_page("owner", experiment) == 403


def api_paths() -> list[str]:
    found: list[str] = []

    def walk(patterns: list[URLPattern | URLResolver], before: str) -> None:
        for pattern in patterns:
            path = before + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                walk(pattern.url_patterns, path)
            else:
                found.append(path)

    walk(get_resolver().url_patterns, "")
    return [path for path in found if path.startswith("api/")]


@pytest.mark.bypass("B9")
def test_the_api_has_no_door_for_deciding(cast: Cast, caller: Callable[..., APIClient]) -> None:
    """B9: no address that would decide, and those that one would guess lead nowhere."""
    experiment = build.proposed(cast)
    assert [path for path in api_paths() if "approv" in path or "decide" in path] == []
    one = f"/api/v1/experiments/{experiment.pk}"
    for word in ("approve", "decide", "decisions", "approvals", "decline"):
        told = caller("owner").post(f"{one}/{word}/", {"verdict": "approve"}, format="json")
        assert told.status_code in {404, 405}, word
    for body in ({"status": "approved"}, {"decisions": [{"verdict": "approve"}]}):
        assert caller("author").put(f"{one}/", body, format="json").status_code == 422
    assert not Decision.objects.exists()


@pytest.mark.bypass("B9")
@pytest.mark.parametrize("door", [Door.API, Door.SCHEDULE, Door.SYSTEM, Door.CLI])
def test_only_a_page_gives_a_word(cast: Cast, door: Door) -> None:
    """B9: the service itself refuses every other door, whatever the person holds."""
    experiment = build.proposed(cast)
    with pytest.raises(NotAllowed):
        by(cast.actor("owner", door), experiment)


@pytest.mark.bypass("B9")
def test_a_token_opens_no_page(cast: Cast, caller: Callable[..., APIClient]) -> None:
    """B9: the address of the page asks a token to sign in."""
    experiment = build.proposed(cast)
    assert experiment.revision is not None
    form = {"verdict": "approve", "digest_seen": experiment.revision.digest}
    told = caller("owner").post(f"/approvals/EXP-{experiment.pk}/", form)
    assert (told.status_code, told["Location"].split("?")[0]) == (302, "/sign-in/")
    assert not Decision.objects.exists()


@pytest.mark.bypass("B14")
def test_nobody_is_almighty(cast: Cast, on_the_page: Decide) -> None:
    """B14: there is no such flag; every role together decides nothing one wrote, nor does
    chaosplane itself."""
    assert not {"is_superuser", "is_staff"} & {f.name for f in User._meta.get_fields()}
    for role in ("programme_lead", "safety_officer", "change_manager"):
        OrganisationRole.objects.create(user=cast.author, role=role, granted_at=None)
    Membership.objects.filter(user=cast.author).update(role="owner")
    experiment = build.proposed(cast)
    assert on_the_page("author", experiment) == 403
    with pytest.raises(NotAllowed):
        by(SYSTEM, experiment)
    assert not Decision.objects.exists()


@pytest.mark.bypass("B19")
@pytest.mark.parametrize(
    "name", ["author", "operator", "outsider", "leadership", "auditor", "other_owner"]
)
def test_seeing_it_is_not_deciding_on_it(
    cast: Cast, as_person: Callable[[str], Client], on_the_page: Decide, name: str
) -> None:
    """B19: everyone reads it and is refused by the server; an owner decides for their own
    team's services only."""
    if name == "other_owner":
        Membership.objects.filter(user=cast.outsider).update(role="owner")
        name = "outsider"
    experiment = build.proposed(cast)
    assert as_person(name).get(f"/experiments/EXP-{experiment.pk}/").status_code == 200
    assert on_the_page(name, experiment) == 403
    assert on_the_page(name, experiment, capacity="service_owner") == 403
    assert not Decision.objects.exists()


@pytest.mark.bypass("B23")
@pytest.mark.parametrize("how", ["added", "promoted"])
def test_a_friend_let_in_decides_a_day_later(cast: Cast, on_the_page: Decide, how: str) -> None:
    """B23: and an approval given too early does not ripen."""
    experiment = build.proposed(cast)
    owner = cast.actor("owner")
    if how == "added":
        friend = add_member(actor=owner, team=cast.team, user=cast.outsider, role="owner")
    else:
        friend = Membership.objects.get(user=cast.operator)
        friend = change_role(actor=owner, membership=friend, role="owner")
    name = "outsider" if how == "added" else "operator"
    assert on_the_page(name, experiment) == 403
    Membership.objects.filter(pk=friend.pk).update(granted_at=database_now() - timedelta(hours=25))
    assert on_the_page(name, experiment) == 302


@pytest.mark.bypass("B23")
def test_who_sends_it_gives_nobody_a_role(cast: Cast) -> None:
    """B23: an author has no door to the group that approves."""
    with pytest.raises(NotAllowed):
        add_member(actor=cast.actor("author"), team=cast.team, user=cast.outsider, role="owner")


@pytest.mark.bypass("B24")
def test_one_person_with_every_role_is_one_of_three(
    cast: Cast, on_the_page: Decide, is_approved: Look
) -> None:
    """B24: counted by person; a second word in another capacity fills no second place."""
    experiment = build.proposed(cast, template_version=build.template_version(rung=3))
    OrganisationRole.objects.create(user=cast.owner, role="programme_lead", granted_at=None)
    OrganisationRole.objects.create(user=cast.owner, role="safety_officer", granted_at=None)
    for capacity in ("service_owner", "programme_lead", "safety_officer", "service_owner"):
        assert on_the_page("owner", experiment, capacity=capacity) == 302
    assert not is_approved(experiment)
    build.approve(cast, experiment, "lead")
    assert not is_approved(experiment)
    build.approve(cast, experiment, "safety")
    assert is_approved(experiment)
