"""Saved views of the findings: one's own, shared with a team, named, not without end."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from exercises.domain.errors import Invalid, NotAllowed
from exercises.models import SavedView
from exercises.queries.findings import Filters, address_of_filters, filters_as_text, read_filters
from exercises.services.saved_views import MOST_VIEWS, remove_view, save_view
from exercises.services.tokens import issue_token
from tests.cast import Cast

pytestmark = pytest.mark.django_db
GRAVE = Filters(state="all", severity=3, overdue=True, search="quorum")


def test_a_view_is_the_filters_and_leads_back_to_them() -> None:
    assert read_filters(filters_as_text(GRAVE)) == GRAVE
    assert address_of_filters(GRAVE) == "state=all&severity=3&overdue=1&q=quorum"


def test_ones_views_are_ones_own_until_they_are_shared(client: Client, cast: Cast) -> None:
    client.force_login(cast.author)
    save = reverse("finding_view_save") + "?" + address_of_filters(GRAVE)
    client.post(save, {"name": "Grave"})
    page = client.post(save, {"name": "For us", "team": cast.team.slug}, follow=True)
    for name in ("Grave", "For us"):
        assert name in page.content.decode()
    client.force_login(cast.operator)
    theirs = client.get(reverse("finding_list")).content.decode()
    assert "For us" in theirs
    assert "Grave" not in theirs
    assert address_of_filters(GRAVE).replace("&", "&amp;") in theirs
    client.force_login(cast.outsider)
    assert "For us" not in client.get(reverse("finding_list")).content.decode()


def test_the_same_name_is_the_same_view(cast: Cast) -> None:
    author = cast.actor("author")
    save_view(actor=author, name="Mine", filters=GRAVE, team=cast.team)
    save_view(actor=author, name=" Mine ", filters=Filters())
    view = SavedView.objects.get()
    assert (view.team, read_filters(view.filters)) == (None, Filters())


@pytest.mark.parametrize(("name", "said"), [("  ", "1 to 60"), ("x" * 61, "1 to 60")])
def test_a_view_without_a_name_is_refused_on_its_page(
    client: Client, cast: Cast, name: str, said: str
) -> None:
    client.force_login(cast.author)
    answer = client.post(reverse("finding_view_save"), {"name": name})
    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_there_is_a_limit_and_a_team_must_be_ones_own(cast: Cast) -> None:
    author = cast.actor("author")
    with pytest.raises(Invalid, match="a team of your own"):
        save_view(actor=author, name="Theirs", filters=GRAVE, team=cast.other_team)
    for number in range(MOST_VIEWS):
        save_view(actor=author, name=f"View {number}", filters=GRAVE)
    with pytest.raises(Invalid, match="the limit"):
        save_view(actor=author, name="One more", filters=GRAVE)
    save_view(actor=author, name="View 3", filters=Filters())  # written anew, not one more


def test_only_who_saved_a_view_removes_it(client: Client, cast: Cast) -> None:
    view = save_view(actor=cast.actor("author"), name="For us", filters=GRAVE, team=cast.team)
    with pytest.raises(NotAllowed):
        remove_view(actor=cast.actor("owner"), view=view)
    remove = reverse("finding_view_remove", args=[view.pk])
    client.force_login(cast.outsider)
    assert client.post(remove).status_code == 404
    client.force_login(cast.author)
    assert client.post(remove).status_code == 302
    assert not SavedView.objects.exists()


def test_the_api_saves_lists_and_removes(client: Client, cast: Cast) -> None:
    _, token = issue_token(actor=cast.actor("author"), name="t", scopes=["read", "write"], days=1)
    asked: dict[str, Any] = {
        "content_type": "application/json",
        "headers": {"Authorization": f"Bearer {token}"},
    }
    views = reverse("api-finding-view-list")
    made = client.post(views, {"name": "Grave", "filters": filters_as_text(GRAVE)}, **asked)
    assert made.status_code == 201
    assert client.get(views, headers=asked["headers"]).json()["results"][0]["name"] == "Grave"
    one = reverse("api-finding-view-detail", args=[made.json()["id"]])
    assert client.delete(one, **asked).status_code == 204
