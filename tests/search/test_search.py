"""Search or jump to: by words, by code, of what one may see, and as fast however much there is."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rest_framework.serializers import ChoiceField

from exercises.models import Application, Exercise
from exercises.queries.search import EACH, LONGEST, search
from exercises.services.tokens import issue_token
from exercises.web.search import KINDS, href_of
from tests import build
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def test_every_word_is_looked_for_and_each_kind_leads_to_its_page(
    client: Client, cast: Cast
) -> None:
    experiment = build.proposed(cast)
    client.force_login(cast.lead)
    words = experiment.application.name.split()[0].lower()
    hits = search(cast.actor("lead"), words)
    assert {"application", "experiment"} <= {hit.kind for hit in hits}
    assert all(client.get(href_of(hit)).status_code == 200 for hit in hits)
    assert search(cast.actor("lead"), f"{words} nowhere") == []


def test_every_kind_has_a_page_and_a_place_in_the_schema(cast: Cast) -> None:
    from exercises.api.search import HitOut

    kind = HitOut().fields["kind"]
    assert isinstance(kind, ChoiceField)
    assert set(kind.choices) == set(KINDS)


def test_a_code_leads_straight_to_the_thing(client: Client, cast: Cast) -> None:
    experiment = build.proposed(cast)
    client.force_login(cast.lead)
    answer = client.get(reverse("search"), {"q": experiment.code.lower()})
    assert answer.status_code == 302
    assert answer["Location"] == reverse("experiment_detail", args=[experiment.pk])


def test_what_is_not_theirs_is_not_found(cast: Cast) -> None:
    experiment = build.proposed(cast)
    Exercise.objects.filter(pk=experiment.exercise_id).update(kind="self_service")
    asked = experiment.code
    assert [hit.key for hit in search(cast.actor("author"), asked)] == [str(experiment.pk)]
    assert search(cast.actor("outsider"), asked) == []


def test_many_of_a_kind_stay_few_and_queries_stay_as_many(cast: Cast) -> None:
    build.proposed(cast)
    with CaptureQueriesContext(connection) as one:
        search(cast.actor("lead"), "gateway")
    for number in range(2 * EACH):
        Application.objects.create(slug=f"gw-{number}", name=f"Gateway {number}", team=cast.team)
    with CaptureQueriesContext(connection) as many:
        hits = search(cast.actor("lead"), "gateway")
    assert len([hit for hit in hits if hit.kind == "application"]) == EACH
    assert len(many) == len(one)


def test_pages_are_found_by_name_and_typing_asks_for_a_fragment(client: Client, cast: Cast) -> None:
    client.force_login(cast.lead)
    answer = client.get(reverse("search"), {"q": "fre"}, headers={"HX-Request": "true"})
    text = answer.content.decode()
    assert reverse("freeze_list") in text
    assert "<html" not in text
    assert "Nothing you may see" in client.get(
        reverse("search"), {"q": "<b>zzz"}, headers={"HX-Request": "true"}
    ).content.decode()  # fmt: skip


@pytest.mark.parametrize(("typed", "limit"), [("", "blank"), ("x" * (LONGEST + 1), str(LONGEST))])
def test_the_api_says_what_it_takes(client: Client, cast: Cast, typed: str, limit: str) -> None:
    secret = issue_token(actor=cast.actor("lead"), name="s", scopes=["read"], days=1)[1]
    headers = {"Authorization": f"Bearer {secret}"}
    answer = client.get("/api/v1/search/", {"q": typed}, headers=headers)
    assert answer.status_code == 422
    assert limit in answer.content.decode()
    assert '"q"' in answer.content.decode()
