"""What people expect of a run: said before it, kept as it was said, shown beside what happened."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from exercises.domain.errors import Conflict, Invalid, NotAllowed
from exercises.models import Experiment, Prediction, Run
from exercises.models.due_work import database_now
from exercises.services.predictions import predict
from tests import build
from tests.cast import Cast
from tests.findings.conftest import finish

pytestmark = pytest.mark.django_db


@pytest.fixture
def proposed(cast: Cast) -> Experiment:
    return build.proposed(cast)


def test_ones_word_may_be_changed_until_the_run_is_asked_for(
    client: Client, cast: Cast, proposed: Experiment
) -> None:
    client.force_login(cast.outsider)
    address = reverse("experiment_predict", args=[proposed.pk])
    for said in ("yes", "no"):
        answer = client.post(address, {"holds": said, "recovery": "4", "because": "No fencing"})
        assert answer.status_code == 302
    kept = Prediction.objects.values_list("holds", "recovery_s")
    assert list(kept) == [(True, 240), (False, 240)]
    page = client.get(reverse("experiment_detail", args=[proposed.pk])).content.decode()
    assert "1 person said so far" in page
    client.force_login(cast.author)  # what others expect leads nobody
    page = client.get(reverse("experiment_detail", args=[proposed.pk])).content.decode()
    assert "1 person said so far" in page
    assert "No fencing" not in page


def test_once_it_was_asked_for_what_was_expected_stays(cast: Cast) -> None:
    _, run = build.live(cast)
    predict(actor=cast.actor("outsider"), experiment=run.experiment, holds=False, recovery_s=300)
    Run.objects.filter(pk=run.pk).update(asked_at=database_now())
    with pytest.raises(Conflict, match="stays as it was said"):
        predict(actor=cast.actor("outsider"), experiment=run.experiment, holds=True)


def test_the_debrief_sets_what_was_said_before_beside_what_happened(
    client: Client, cast: Cast
) -> None:
    exercise, run = build.live(cast)
    for name, holds, because, hours_ago in (
        ("outsider", False, "Nothing fences it", 2),
        ("author", True, "It did last year", 2),
        ("operator", True, "", 2),
        ("author", False, "I knew it", 0),  # said after the start: counts for nothing
    ):
        Prediction.objects.create(
            experiment=run.experiment,
            person=getattr(cast, name),
            holds=holds,
            because=because,
            made_at=database_now() - timedelta(hours=hours_ago),
        )
    finish(run, lowest=97.0)
    client.force_login(cast.owner)
    page = client.get(reverse("debrief", args=[exercise.slug])).content.decode()
    shown = page.split('id="predictions"')[1].split("</section>")[0]
    assert "1 of 3 expected what happened." in shown
    assert "Surprise" in shown
    assert "Nothing fences it" in shown
    assert "I knew it" not in shown


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"holds": "perhaps"}, "holds", "yes or no"),
        ({"holds": "yes", "recovery": "soon"}, "recovery", "whole minutes, 0 to 1,440"),
        ({"holds": "yes", "recovery": "1441"}, "recovery", "whole minutes, 0 to 1,440"),
        ({"holds": "yes", "because": "x" * 501}, "because", "at most 500 characters"),
    ],
)
def test_bad_input_is_named_by_its_field_and_keeps_what_was_typed(
    client: Client,
    cast: Cast,
    proposed: Experiment,
    typed: dict[str, Any],
    field: str,
    said: str,
) -> None:
    client.force_login(cast.author)
    answer = client.post(reverse("experiment_predict", args=[proposed.pk]), typed)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert said in page
    assert typed.get("recovery", "") in page
    assert not Prediction.objects.exists()


def test_who_takes_no_part_and_who_may_not_see_it_say_nothing(
    cast: Cast, proposed: Experiment
) -> None:
    for name in ("auditor", "leadership"):
        with pytest.raises(NotAllowed):
            predict(actor=cast.actor(name), experiment=proposed, holds=True)
    Experiment.objects.filter(pk=proposed.pk).update(status="draft")
    with pytest.raises(NotAllowed):
        predict(actor=cast.actor("outsider"), experiment=proposed, holds=True)
    with pytest.raises(Invalid) as caught:
        predict(actor=cast.actor("author"), experiment=proposed, holds=True, recovery_s=-1)
    assert caught.value.problems[0][0] == "recovery_s"
