"""Pages of a list: every row once, whatever comes and goes meanwhile; cursors are ours only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from exercises.api.pagination import order_of
from exercises.api.urls import router
from exercises.domain.actors import Door
from exercises.models import AuditEntry, Exercise, Template
from exercises.models.due_work import database_now
from exercises.services.knowledge import Writing, write_page
from tests import build
from tests.api.conftest import Caller
from tests.cast import Cast

pytestmark = pytest.mark.django_db

EXERCISES = "/api/v1/exercises/"


def plan(cast: Cast, *slugs: str, opens_in: timedelta = timedelta(hours=1)) -> list[Exercise]:
    return [build.exercise(cast, slug=slug, opens_in=opens_in) for slug in slugs]


def walk(client: APIClient, address: str | None, way: str = "next") -> list[list[str]]:
    """The slugs of every page from here on."""
    found = []
    while address:
        page = client.get(address).json()
        found.append([row["slug"] for row in page["results"]])
        address = page[way]
        assert len(found) < 20, "it goes in circles"
    return found


def end_of(client: APIClient, address: str) -> str:
    """The address of the last page."""
    while onward := client.get(address).json()["next"]:
        address = onward
    return address


def test_every_row_comes_once_both_ways_also_where_the_order_is_equal(
    cast: Cast, caller: Caller
) -> None:
    plan(cast, "a", "b", "c", "d", "e")
    Exercise.objects.update(starts_at=database_now())
    client = caller("lead")
    forth = walk(client, f"{EXERCISES}?page_size=2")
    assert [len(page) for page in forth] == [2, 2, 1]
    assert sorted(slug for page in forth for slug in page) == ["a", "b", "c", "d", "e"]
    back = walk(client, end_of(client, f"{EXERCISES}?page_size=2"), "previous")
    assert back == list(reversed(forth))


def test_what_comes_and_goes_meanwhile_neither_repeats_nor_hides_a_row(
    cast: Cast, caller: Caller
) -> None:
    plan(cast, "a", "b", "c", "d")
    client = caller("lead")
    first = client.get(f"{EXERCISES}?page_size=2").json()
    seen = [row["slug"] for row in first["results"]]
    plan(cast, "newer", "newest", opens_in=timedelta(days=30))
    Exercise.objects.filter(slug=seen[-1]).delete()
    later = walk(client, first["next"])
    assert sorted([*seen, *later[0]]) == ["a", "b", "c", "d"]


def test_a_page_that_has_emptied_leads_back_to_what_there_is(cast: Cast, caller: Caller) -> None:
    plan(cast, "a", "b", "c")
    client = caller("lead")
    first = client.get(f"{EXERCISES}?page_size=2").json()
    there = {row["slug"] for row in first["results"]}
    Exercise.objects.exclude(slug__in=there).delete()
    emptied = client.get(first["next"]).json()
    assert (emptied["results"], emptied["next"]) == ([], None)
    assert {*walk(client, emptied["previous"])[0]} == there


def test_links_keep_the_filters_and_the_size(cast: Cast, caller: Caller) -> None:
    plan(cast, "a", "b", "c")
    onward = caller("lead").get(f"{EXERCISES}?kind=itee&page_size=1").json()["next"]
    query = parse_qs(urlsplit(onward).query)
    assert (query["kind"], query["page_size"]) == (["itee"], ["1"])


def test_a_cursor_that_is_not_of_this_list_and_these_filters_is_refused_by_name(
    cast: Cast, caller: Caller
) -> None:
    plan(cast, "a", "b", "c")
    client = caller("lead")
    onward = client.get(f"{EXERCISES}?page_size=1").json()["next"]
    cursor = parse_qs(urlsplit(onward).query)["cursor"][0]
    asked = [
        (EXERCISES, "nonsense"),
        (EXERCISES, "\x00"),
        (EXERCISES, cursor[:-1] + ("A" if cursor[-1] != "A" else "B")),
        (f"{EXERCISES}?phase=plan", cursor),
        ("/api/v1/experiments/", cursor),
    ]
    for address, sent in asked:
        answer = client.get(address, {"cursor": sent, **parse_qs(urlsplit(address).query)})
        assert answer.status_code == 422, (address, sent)
        (row,) = answer.json()["errors"]
        assert row["field"] == "cursor"
        assert "is no cursor of this list" in row["problem"]


def test_what_was_searched_for_is_paged_by_how_well_it_fits(cast: Cast, caller: Caller) -> None:
    for title, body in [
        ("First of all fence", "Fence."),
        ("Second to that", "Fence, fence and fence again."),
        ("Third in a row", "Fence."),
    ]:
        write_page(actor=cast.actor("author"), writing=Writing(title, body))
    address = "/api/v1/knowledge/?search=fence"
    client = caller("lead")
    whole = walk(client, address)
    assert len(whole[0]) == 3
    assert [page[0] for page in walk(client, f"{address}&page_size=1")] == whole[0]


def test_there_is_no_number_of_a_page(caller: Caller) -> None:
    answer = caller("lead").get(f"{EXERCISES}?page=2")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "page"


def test_nothing_is_counted_and_a_page_costs_what_the_first_costs(
    cast: Cast, caller: Caller
) -> None:
    plan(cast, "a", "b", "c", "d")
    client = caller("lead")
    onward = client.get(f"{EXERCISES}?page_size=2").json()["next"]
    with CaptureQueriesContext(connection) as first:
        client.get(f"{EXERCISES}?page_size=2")
    with CaptureQueriesContext(connection) as second:
        client.get(onward)
    assert len(first) == len(second)
    assert not [query for query in second.captured_queries if "COUNT(" in query["sql"].upper()]


def test_an_order_that_does_not_name_a_row_is_made_whole_by_the_primary_key() -> None:
    assert list(map(str, order_of(Exercise.objects.all()))) == ["-starts_at", "-pk"]
    assert list(map(str, order_of(AuditEntry.objects.order_by("-seq")))) == ["-seq"]
    assert list(map(str, order_of(Template.objects.order_by()))) == ["pk"]


NEVER_EMPTY_IN_ITS_LIST = {("knowledge", "current"), ("services", "service_of")}
"""Pages without a version, and accounts of people, are left out of those lists."""


def test_every_list_is_in_an_order_that_a_cursor_can_name(cast: Cast) -> None:
    """A column that may be empty would lose rows: no comparison finds a NULL."""
    for prefix, kind, _ in router.registry:
        view: Any = kind()
        view.action = "list"
        view.actor = cast.actor("auditor" if prefix == "audit" else "lead", Door.API)
        rows = view.get_queryset()
        for term in order_of(rows):
            model = rows.model
            for name in term.path.split("__"):
                field = model._meta.pk if name == "pk" else model._meta.get_field(name)
                assert not field.null or (prefix, name) in NEVER_EMPTY_IN_ITS_LIST, str(term)
                model = field.related_model or model
