"""The inbox: who sees what to decide, and that a decision is on what was read."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from exercises.models import Application, Decision, Experiment, Membership
from exercises.models.due_work import database_now
from exercises.queries.inbox import waiting, waiting_count
from exercises.services.propose import edit_draft, withdraw
from tests import build
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def decision(experiment: Experiment, **changes: str) -> dict[str, str]:
    experiment.refresh_from_db()
    assert experiment.revision is not None
    return {"verdict": "approve", "digest_seen": experiment.revision.digest, **changes}


def decide_url(experiment: Experiment) -> str:
    return f"/approvals/EXP-{experiment.pk}/"


def test_a_proposal_waits_for_the_owner_and_not_for_its_author(client: Client, cast: Cast) -> None:
    build.proposed(cast)
    client.force_login(cast.owner)
    mine = client.get("/approvals/").content.decode()
    assert "Stop one broker" in mine
    assert 'value="approve"' in mine
    client.force_login(cast.author)
    assert "Nothing waits for you" in client.get("/approvals/").content.decode()
    others = client.get("/approvals/?tab=others").content.decode()
    assert "Stop one broker" in others
    assert 'value="approve"' not in others


def test_an_approval_is_recorded_and_leaves_the_inbox(client: Client, cast: Cast) -> None:
    experiment = build.proposed(cast)
    client.force_login(cast.owner)
    page = client.post(decide_url(experiment), decision(experiment), follow=True)
    assert Decision.objects.get().verdict == "approve"
    assert "Nothing waits for you" in page.content.decode()
    decided = client.get("/approvals/?tab=decided").content.decode()
    assert "Team owner" in decided


@pytest.mark.parametrize("verdict", ["request_changes", "decline"])
def test_a_no_needs_a_reason_and_keeps_the_page(client: Client, cast: Cast, verdict: str) -> None:
    experiment = build.proposed(cast)
    client.force_login(cast.owner)
    answer = client.post(decide_url(experiment), decision(experiment, verdict=verdict))
    assert answer.status_code == 422
    assert "say why" in answer.content.decode()
    assert not Decision.objects.exists()
    client.post(
        decide_url(experiment), decision(experiment, verdict=verdict, reason="Too close to launch")
    )
    assert Decision.objects.get().reason == "Too close to launch"


def test_a_decision_on_an_earlier_content_is_refused(client: Client, cast: Cast) -> None:
    experiment = build.proposed(cast)
    read = decision(experiment)
    edit_draft(
        actor=cast.actor("author"), experiment=experiment, draft=build.draft(cast, target_cap=2)
    )
    client.force_login(cast.owner)
    answer = client.post(decide_url(experiment), read | {"reason": "As agreed"})
    assert answer.status_code == 409
    assert not Decision.objects.exists()
    page = answer.content.decode()
    assert page.index("Changed since you read it") < page.index("Resources at most")
    assert decision(experiment)["digest_seen"] in page, "the page is the one of now"
    assert "As agreed</textarea>" in page


def test_an_approval_says_until_when_it_counts(client: Client, cast: Cast) -> None:
    experiment = build.proposed(cast)
    build.approve(cast, experiment, "owner")
    client.force_login(cast.lead)
    assert "counts until" in client.get("/approvals/").content.decode()


def test_a_stale_tab_of_what_waits_no_more_opens_nothing_else(client: Client, cast: Cast) -> None:
    where = build.exercise(cast)
    gone, other = build.proposed(cast, where), build.proposed(cast, where)
    read = decision(gone)
    withdraw(actor=cast.actor("author"), experiment=gone)
    client.force_login(cast.owner)
    answer = client.post(decide_url(gone), read)
    assert answer.status_code == 409
    assert decide_url(other) not in answer.content.decode()


@pytest.mark.parametrize("name", ["author", "outsider", "auditor"])
def test_who_holds_no_capacity_may_not_decide(client: Client, cast: Cast, name: str) -> None:
    experiment = build.proposed(cast)
    client.force_login(getattr(cast, name))
    assert client.post(decide_url(experiment), decision(experiment)).status_code == 403
    assert not Decision.objects.exists()


def test_an_edit_shows_what_changed_since_the_approval(client: Client, cast: Cast) -> None:
    experiment = build.proposed(cast)
    build.approve(cast, experiment, "owner")
    edit_draft(
        actor=cast.actor("author"), experiment=experiment, draft=build.draft(cast, target_cap=2)
    )
    client.force_login(cast.owner)
    page = client.get("/approvals/").content.decode()
    assert "Changed since the last approval" in page
    assert "Resources at most" in page


def test_what_speaks_against_it_comes_before_what_is_wanted(client: Client, cast: Cast) -> None:
    experiment = build.proposed(cast)
    client.force_login(cast.owner)
    page = client.get("/approvals/").content.decode()
    assert page.index("Not held before production yet") < page.index(experiment.hypothesis)


def test_nonsense_is_answered_and_not_obeyed(client: Client, cast: Cast) -> None:
    experiment = build.proposed(cast)
    client.force_login(cast.owner)
    assert client.get("/approvals/?tab=elsewhere").status_code == 404
    answer = client.post(decide_url(experiment), decision(experiment, verdict="perhaps"))
    assert answer.status_code == 422
    answer = client.post(decide_url(experiment), decision(experiment, capacity="king"))
    assert answer.status_code == 422


@pytest.mark.parametrize("name", ["owner", "lead", "safety", "author", "outsider", "auditor"])
def test_the_count_is_what_the_inbox_shows(cast: Cast, name: str) -> None:
    where = build.exercise(cast)
    one, two, _ = (build.proposed(cast, where) for _ in range(3))
    build.approve(cast, one, "owner")
    build.approve(cast, two, "lead")
    service = Application.objects.create(slug="app", name="App", team=cast.other_team)
    service.depends_on.add(one.application)
    Membership.objects.filter(user=cast.outsider).update(role="owner")
    actor, now = cast.actor(name), database_now()
    assert waiting_count(actor, now=now) == len(waiting(actor, now=now))


def test_the_count_reads_no_plan_and_asks_no_more_for_more_proposals(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    where = build.exercise(cast)
    build.proposed(cast, where)
    actor, member, now = cast.actor("owner"), cast.actor("author"), database_now()
    with CaptureQueriesContext(connection) as few:
        assert waiting_count(actor, now=now) == 1
    for _ in range(4):
        build.proposed(cast, where)
    with CaptureQueriesContext(connection) as many:
        assert waiting_count(actor, now=now) == 5
    assert len(many) == len(few) <= 10
    asked = " ".join(query["sql"] for query in many.captured_queries)
    assert '"plan"' not in asked
    assert '"steady_state"' not in asked
    with django_assert_num_queries(0):
        assert waiting_count(member, now=now) == 0


def test_the_inbox_asks_the_same_number_of_questions_for_more_rows(
    client: Client, cast: Cast
) -> None:
    where = build.exercise(cast)
    build.proposed(cast, where)
    client.force_login(cast.owner)
    client.get("/approvals/")
    with CaptureQueriesContext(connection) as few:
        client.get("/approvals/")
    for _ in range(9):
        build.proposed(cast, where)
    with CaptureQueriesContext(connection) as many:
        client.get("/approvals/")
    assert len(many) == len(few)
