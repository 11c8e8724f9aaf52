"""What a run left is a page with the command that puts it back, and shows wherever it counts."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse

from exercises.domain.exercise_phases import Phase
from exercises.models import CleanUp, Exercise, Run
from exercises.queries.clean_ups import clean_up_documents
from exercises.queries.exercise_report import exercise_report
from tests.cast import Cast
from tests.residue_runs import left_behind

pytestmark = pytest.mark.django_db
COMMAND = "aws ec2 start-instances --instance-ids i-0123456789abcdef0 --region eu-central-1"


@pytest.fixture
def left(cast: Cast) -> Run:
    return left_behind(cast)


def test_the_page_says_what_is_left_and_how_to_put_it_back(
    cast: Cast, left: Run, client: Client
) -> None:
    client.force_login(cast.author)
    address = reverse("clean_up", args=[left.experiment_id])
    page = client.get(address).content.decode()
    assert COMMAND in page
    assert "Put back, look again" in page
    assert "Leave as it is" not in page, "that is the owner's"
    done = client.post(reverse("clean_up_done", args=[left.experiment_id]), follow=True)
    assert "It is being looked at" in done.content.decode()
    assert CleanUp.objects.get(run=left).due_at is not None


def test_leaving_it_without_a_reason_is_refused_at_its_field(
    cast: Cast, left: Run, client: Client
) -> None:
    client.force_login(cast.owner)
    address = reverse("clean_up_waive", args=[left.experiment_id])
    refused = client.post(address, {"because": "No."})
    assert refused.status_code == 422
    assert "in 10 to 500 characters" in refused.content.decode()
    kept = client.post(address, {"because": "It is replaced tomorrow."}, follow=True)
    assert "It is replaced tomorrow." in kept.content.decode()
    assert "Put back, look again" not in kept.content.decode()


def test_the_debrief_names_it_and_the_report_says_so(cast: Cast, left: Run, client: Client) -> None:
    where = left.experiment.exercise
    Exercise.objects.filter(pk=where.pk).update(phase=Phase.DEBRIEF.value)
    client.force_login(cast.lead)
    page = client.get(reverse("debrief", args=[where.slug])).content.decode()
    assert reverse("clean_up", args=[left.experiment_id]) in page
    assert "Not clean yet" in page
    (line,) = exercise_report(cast.actor("lead"), where).runs
    assert line.clean_up is not None
    assert line.clean_up.look == "residue_left"
    report = client.get(reverse("exercise_report", args=[where.slug])).content.decode()
    assert "Something left" in report


def test_an_evidence_pack_holds_every_snapshot_and_the_certificate(left: Run) -> None:
    (document,) = json.loads(json.dumps(clean_up_documents([left])))
    assert (document["state"], document["certificate"]) == ("left", None)
    assert [shot["moment"] for shot in document["snapshots"]] == ["before", "after"]
    assert document["left"][0]["command"] == COMMAND


def test_the_api_has_it_and_takes_the_word_that_it_is_done(
    cast: Cast, left: Run, client: Client
) -> None:
    client.force_login(cast.author)
    address = reverse("api-run-clean-up", args=[left.pk])
    told = client.get(address).json()
    assert told["state"] == "left"
    assert told["left"][0]["command"] == COMMAND
    assert told["left"][0]["label"] == "broker-a1"


def test_an_experiment_that_never_ran_has_nothing_to_show(
    cast: Cast, left: Run, client: Client
) -> None:
    CleanUp.objects.all().delete()
    client.force_login(cast.author)
    page = client.get(reverse("clean_up", args=[left.experiment_id])).content.decode()
    assert "Nothing was compared" in page
    assert client.post(reverse("clean_up_done", args=[left.experiment_id])).status_code == 404
