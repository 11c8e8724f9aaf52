"""A probe that stops its run by itself: set where it is proposed, read where it is decided."""

from __future__ import annotations

import pytest
from django.test import Client

from exercises.models import Experiment
from tests.cast import Cast
from tests.pages_experiments.test_propose_page import form

pytestmark = pytest.mark.django_db


def test_a_stop_limit_is_set_in_the_form_and_shown_to_who_decides(
    client: Client, cast: Cast
) -> None:
    client.force_login(cast.author)
    limit = {"probe-0-stop_low": "90", "probe-0-stop_after": "2"}
    sent = form(cast, **limit, do="send")
    answer = client.post("/experiments/new/", sent)
    assert answer.status_code == 302, answer.content.decode()
    delivered, clusters = Experiment.objects.get().steady_state
    assert (delivered["stop_low"], delivered["stop_high"]) == (90, None)
    assert delivered["stop_after"] == 2
    assert "stop_after" not in clusters, "what has no limit keeps its digest"
    client.force_login(cast.owner)
    inbox = client.get("/approvals/").content.decode()
    assert "stops by itself when below 90 % for 2 samples" in inbox
    client.force_login(cast.author)
    again = client.get(f"/experiments/EXP-{Experiment.objects.get().pk}/edit/").content.decode()
    assert 'name="probe-0-stop_low" value="90"' in again
