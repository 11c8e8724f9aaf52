"""A finding goes to those who are built alike: asked, answered, tried there."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from exercises.domain.errors import Invalid, NotAllowed, Refused
from exercises.models import (
    Announcement,
    Application,
    AuditEntry,
    Deployment,
    Experiment,
    Finding,
    FindingQuestion,
    Membership,
)
from exercises.services.propagation import answer_question, ask_look_alikes, try_it_there
from exercises.web.forms.compose import local_text
from tests import build
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def shared(cast: Cast, drafted: Finding) -> Finding:
    """Accepted, on an application that another team's is built like."""
    Application.objects.filter(pk=drafted.application_id).update(
        architecture_tags=["ec2", "multi-az", "quorum"]
    )
    Finding.objects.filter(pk=drafted.pk).update(state="accepted", owner=cast.owner)
    return Finding.objects.select_related("application__team", "exercise").get(pk=drafted.pk)


def application(cast: Cast, slug: str, *tags: str) -> Application:
    return Application.objects.create(
        slug=slug, name=slug.title(), team=cast.other_team, architecture_tags=list(tags)
    )


@pytest.fixture
def alike(cast: Cast) -> Application:
    return application(cast, "charging", "ec2", "quorum")


@pytest.fixture
def question(cast: Cast, shared: Finding, alike: Application) -> FindingQuestion:
    [asked] = ask_look_alikes(actor=cast.actor("owner"), finding=shared)
    return asked


def test_those_who_share_a_tag_and_can_suffer_it_are_asked_once(
    cast: Cast, shared: Finding, alike: Application
) -> None:
    application(cast, "untagged")
    application(cast, "mainframe", "batch")
    application(cast, "queue-worker", "quorum", "lambda")  # no instance that could be lost
    [asked] = ask_look_alikes(actor=cast.actor("author"), finding=shared)
    assert (asked.application, asked.shared_tags) == (alike, ["ec2", "quorum"])
    told = Announcement.objects.get(topic="finding_asked")
    assert "shares ec2, quorum" in told.text
    with pytest.raises(Refused, match="No other application"):
        ask_look_alikes(actor=cast.actor("author"), finding=shared)
    with pytest.raises(Invalid, match="asked before"):
        ask_look_alikes(actor=cast.actor("author"), finding=shared, applications=[alike])


def test_a_draft_is_asked_of_nobody(cast: Cast, shared: Finding, alike: Application) -> None:
    Finding.objects.filter(pk=shared.pk).update(state="found")
    with pytest.raises(Refused, match="is found"):
        ask_look_alikes(actor=cast.actor("author"), finding=shared)
    with pytest.raises(NotAllowed):
        ask_look_alikes(actor=cast.actor("outsider"), finding=shared)


def test_asked_and_answered_on_the_pages_of_the_finding_and_the_team(
    client: Client, cast: Cast, shared: Finding, alike: Application
) -> None:
    client.force_login(cast.owner)
    page = reverse("finding_detail", args=[shared.pk])
    assert "Built alike, not asked yet" in client.get(page).content.decode()
    ask = reverse("finding_ask", args=[shared.pk])
    assert client.post(ask, {"applications": ["charging"]}).status_code == 302
    question = FindingQuestion.objects.get()

    client.force_login(cast.outsider)
    team = reverse("team_detail", args=[cast.other_team.slug])
    assert f"{page}#q-{question.pk}" in client.get(team).content.decode()
    answer = reverse("question_answer", args=[question.pk])
    refused = client.post(answer, {"answer": "no", "because": "Not us"})
    assert refused.status_code == 422
    assert "say why not, in 10 characters or more" in refused.content.decode()
    why = "Clients ask for a quorum before they connect."
    assert client.post(answer, {"answer": "no", "because": why}).status_code == 302
    shown = client.get(page).content.decode()
    assert "1 asked, 1 answered, 0 proposed" in shown
    assert why in shown
    assert AuditEntry.objects.filter(action="finding.answer").count() == 1


@pytest.mark.parametrize(
    ("answer", "because", "field"),
    [("perhaps", "", "answer"), ("no", "", "because"), ("yes", "x" * 2001, "because")],
)
def test_an_answer_that_says_nothing_is_refused_by_its_field(
    cast: Cast, question: FindingQuestion, answer: str, because: str, field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        answer_question(
            actor=cast.actor("outsider"), question=question, answer=answer, because=because
        )
    assert caught.value.problems[0][0] == field


def test_nobody_answers_for_another_team(cast: Cast, question: FindingQuestion) -> None:
    for name in ("owner", "lead", "safety"):
        with pytest.raises(NotAllowed):
            answer_question(actor=cast.actor(name), question=question, answer="yes")


def test_one_press_opens_the_experiment_there_and_saving_it_starts_nothing(
    client: Client, cast: Cast, question: FindingQuestion
) -> None:
    place = build.account("222222222222")
    deployment = Deployment.objects.create(
        application=question.application,
        place=place,
        tag_value="charging",
        steady_state=[build.PROBES[1]],
    )
    where = build.exercise(cast, slug="2027-01")
    client.force_login(cast.outsider)
    page = reverse("finding_detail", args=[question.finding_id])
    there = f"{reverse('experiment_new')}?asked={question.pk}"
    assert there in client.get(page).content.decode()
    form = client.get(there).content.decode()
    assert "messages are delivered again within 2 minutes" in form  # its hypothesis
    assert "Distinct clusters" in form  # with its own probes
    assert "Messages delivered" not in form
    answer = client.post(
        reverse("experiment_new"),
        {
            "template": "stop-one-instance",
            "asked": question.pk,
            "deployment": deployment.pk,
            "title": "Stop one of ours",
            "where_to": "exercise",
            "exercise": where.slug,
            "slot": local_text(where.starts_at, where.timezone),
            "target_cap": "3",
            "parameters.minutes": "5",
            "do": "save",
        },
    )
    assert answer.status_code == 302
    question.refresh_from_db()
    tried = Experiment.objects.get(title="Stop one of ours")
    assert (question.experiment, tried.status, tried.runs.count()) == (tried, "draft", 0)
    assert "1 proposed" in client.get(page).content.decode()
    client.force_login(cast.author)  # the draft stays the other team's own
    theirs = client.get(page).content.decode()
    assert "They drafted an experiment." in theirs
    assert "Stop one of ours" not in theirs


def test_only_the_team_that_was_asked_tries_it_there(
    client: Client, cast: Cast, question: FindingQuestion
) -> None:
    client.force_login(cast.author)
    assert client.get(f"{reverse('experiment_new')}?asked={question.pk}").status_code == 404
    Membership.objects.create(user=cast.author, team=cast.other_team, role="member")
    strange = build.proposed(cast, build.exercise(cast, slug="2027-01"))
    with pytest.raises(Invalid, match="choose a deployment of Charging"):
        try_it_there(actor=cast.actor("author"), question=question, experiment=strange)
