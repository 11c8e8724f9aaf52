"""A token of a team acts as its service: within the team, within its scopes, never as a person."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import authenticate
from django.test import Client
from rest_framework.request import Request
from rest_framework.test import APIClient, APIRequestFactory

from exercises.api.authentication import TokenAuthentication, actor_of
from exercises.domain.actors import Actor, Door
from exercises.domain.doors import BY_HAND, OF_A_SERVICE
from exercises.domain.errors import ChaosplaneError, Conflict, Invalid, NotAllowed
from exercises.models import ApiToken, AuditEntry, AuditName, Membership, User
from exercises.models.due_work import database_now
from exercises.permissions import RULES, actor_for, may
from exercises.queries.approvals import authors_of
from exercises.services.propose import propose, start_draft
from exercises.services.tokens import (
    MOST_OF_A_TEAM,
    issue_token,
    resume_service,
    revoke_token,
    suspend_service,
)
from tests import build
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def _token(cast: Cast, *scopes: str, by: str = "owner", days: int = 1) -> tuple[ApiToken, str]:
    return issue_token(
        actor=cast.actor(by),
        name="pipeline",
        scopes=list(scopes or ("read", "write", "stop")),
        days=days,
        team=cast.team,
    )


def _client(secret: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


def _asking(secret: str) -> Actor:
    """Whom a request with this token comes from."""
    came = APIRequestFactory().get("/", headers={"Authorization": f"Bearer {secret}"})
    return actor_of(Request(came, authenticators=[TokenAuthentication()]))


def _service(cast: Cast, *scopes: str) -> Actor:
    user = User.accounts.service_of(cast.team)
    return actor_for(user, Door.API, frozenset(scopes or ("read", "write", "stop")))


def test_it_says_that_it_is_the_service_of_its_team(cast: Cast) -> None:
    _, secret = _token(cast, "read")
    assert _client(secret).get("/api/v1/me/").json() == {
        "name": "Service of Vehicle Telemetry",
        "email": "",
        "is_service": True,
        "organisation_roles": [],
        "teams": {"vehicle-telemetry": "member"},
        "scopes": ["read"],
    }


def test_only_an_owner_of_the_team_issues_one(cast: Cast) -> None:
    for name in ("author", "operator", "lead", "safety", "outsider", "auditor"):
        with pytest.raises(NotAllowed):
            _token(cast, by=name)
    assert not ApiToken.objects.exists()


def test_the_service_is_nobody_who_signs_in_or_is_listed(client: Client, cast: Cast) -> None:
    service = User.accounts.service_of(cast.team)
    assert User.accounts.service_of(cast.team) == service
    assert not User.objects.filter(pk=service.pk).exists()
    assert not service.has_usable_password()
    assert not service.memberships.exists()
    assert authenticate(username=service.email, password="") is None
    client.force_login(service)
    assert client.get("/").status_code == 302


def test_it_does_what_is_named_and_nothing_else() -> None:
    service = Actor(
        user_id=1,
        name="Service",
        door=Door.API,
        org_roles=frozenset({"programme_lead", "safety_officer"}),
        team_roles={1: "owner"},
        scopes=frozenset({"read", "write", "stop", "incidents"}),
        is_service=True,
    )
    assert {action for action in RULES if _is_reached(service, action)} == OF_A_SERVICE
    assert not OF_A_SERVICE & BY_HAND


def _is_reached(actor: Actor, action: str) -> bool:
    """Whether the rule itself is asked: for most it asserts what kind of thing it is about."""
    try:
        return may(actor, action)
    except AssertionError:
        return True


def test_it_proposes_for_its_own_team_and_no_other(cast: Cast) -> None:
    exercise = build.exercise(cast)
    experiment = start_draft(actor=_service(cast), draft=build.draft(cast), exercise=exercise)
    propose(actor=_service(cast), experiment=experiment)
    experiment.refresh_from_db()
    assert experiment.status == "proposed"
    other = actor_for(User.accounts.service_of(cast.other_team), Door.API, frozenset({"write"}))
    with pytest.raises(NotAllowed):
        start_draft(actor=other, draft=build.draft(cast), exercise=exercise)


def test_who_had_its_token_made_counts_as_an_author_of_what_it_wrote(cast: Cast) -> None:
    token, secret = _token(cast)
    service = _asking(secret)
    exercise = build.exercise(cast)
    experiment = start_draft(actor=service, draft=build.draft(cast), exercise=exercise)
    assert authors_of([experiment]) == {experiment.pk: {token.user_id, cast.owner.pk}}
    written = start_draft(
        actor=cast.actor("author"), draft=build.draft(cast, title="By a person"), exercise=exercise
    )
    assert authors_of([written])[written.pk] == {cast.author.pk}
    propose(actor=service, experiment=written)
    written.refresh_from_db()
    assert authors_of([written])[written.pk] == {cast.author.pk, token.user_id, cast.owner.pk}


def test_a_token_made_later_makes_nobody_an_author_of_what_was_there(cast: Cast) -> None:
    token, secret = _token(cast)
    experiment = start_draft(
        actor=_asking(secret), draft=build.draft(cast), exercise=build.exercise(cast)
    )
    Membership.objects.filter(user=cast.operator).update(role="owner")
    _token(cast, by="operator")
    assert authors_of([experiment]) == {experiment.pk: {token.user_id, cast.owner.pk}}


def test_its_power_is_no_more_than_the_scopes_of_the_token(cast: Cast) -> None:
    _, run = build.live(cast)
    address = f"/api/v1/runs/{run.pk}/stop/"
    assert _client(_token(cast, "read")[1]).post(address, {"reason": "x"}).status_code == 403
    stop = _client(_token(cast, "stop")[1])
    assert stop.get("/api/v1/runs/").status_code == 403
    assert stop.post(address, {"reason": "pipeline"}).status_code == 200


def test_the_audit_trail_names_the_service(cast: Cast) -> None:
    experiment = start_draft(
        actor=_service(cast), draft=build.draft(cast), exercise=build.exercise(cast)
    )
    entry = AuditEntry.objects.get(action="experiment.draft", object_id=str(experiment.pk))
    assert AuditName.objects.get(mark=entry.actor_name).name == "Service of Vehicle Telemetry"


def test_any_owner_or_a_lead_revokes_it_and_nobody_else(cast: Cast) -> None:
    token, secret = _token(cast)
    for name in ("author", "operator", "outsider"):
        with pytest.raises(NotAllowed):
            revoke_token(actor=cast.actor(name), token=token)
    revoke_token(actor=cast.actor("lead"), token=token)
    assert _client(secret).get("/api/v1/me/").status_code == 401


def test_a_suspended_service_has_no_tokens_and_gets_none(cast: Cast) -> None:
    _, secret = _token(cast)
    suspend_service(actor=cast.actor("lead"), team=cast.team)
    assert _client(secret).get("/api/v1/me/").status_code == 401
    with pytest.raises(Conflict):
        _token(cast)
    with pytest.raises(NotAllowed):
        resume_service(actor=cast.actor("lead"), team=cast.team)
    resume_service(actor=cast.actor("owner"), team=cast.team)
    assert _client(secret).get("/api/v1/me/").status_code == 401
    assert _client(_token(cast)[1]).get("/api/v1/me/").status_code == 200


def test_a_service_makes_no_tokens(cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        issue_token(actor=_service(cast), name="more", scopes=["read"], days=1)
    with pytest.raises(NotAllowed):
        issue_token(actor=_service(cast), name="more", scopes=["read"], days=1, team=cast.team)


def test_a_token_gives_no_more_than_it_has_and_for_no_longer(cast: Cast) -> None:
    until = database_now() + timedelta(days=3)
    asking = actor_for(cast.owner, Door.API, frozenset({"write"}), until=until)
    for team in (None, cast.team):
        with pytest.raises(Invalid) as refused:
            issue_token(actor=asking, name="more", scopes=["stop"], days=9, team=team)
        assert [field for field, _ in refused.value.problems] == ["scopes", "days"]
        issue_token(actor=asking, name="less", scopes=["write"], days=2, team=team)


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"name": " "}, "name", "what the token is for"),
        ({"scopes": []}, "scopes", "read, write, stop"),
        ({"scopes": ["incidents"]}, "scopes", "read, write, stop"),
        ({"days": 0}, "days", "1 and 366"),
        ({"days": 367}, "days", "1 and 366"),
    ],
)
def test_bad_input_names_field_and_limit(
    cast: Cast, change: dict[str, object], field: str, says: str
) -> None:
    asked: dict[str, object] = {"name": "pipeline", "scopes": ["read"], "days": 1}
    with pytest.raises(ChaosplaneError) as refused:
        issue_token(actor=cast.actor("owner"), team=cast.team, **(asked | change))  # type: ignore[arg-type]
    assert isinstance(refused.value, Invalid)
    [(named, problem)] = refused.value.problems
    assert (named, says in problem) == (field, True)


def test_a_team_has_a_limited_number_of_tokens(cast: Cast) -> None:
    token, _ = _token(cast)
    ApiToken.objects.bulk_create(
        ApiToken(
            user_id=token.user_id,
            name="more",
            digest=f"{number:064d}",
            expires_at=token.expires_at,
        )
        for number in range(MOST_OF_A_TEAM - 1)
    )
    with pytest.raises(Invalid, match=str(MOST_OF_A_TEAM)):
        _token(cast)
