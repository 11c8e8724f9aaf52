"""What Django refuses before a view is asked: a problem document below /api/, else a page."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpResponseBase
from django.test import Client, RequestFactory

from exercises.api import outside
from tests.api.conftest import Caller
from tests.cast import Cast

REQUEST = RequestFactory()


def _answers(path: str) -> list[HttpResponseBase]:
    request = REQUEST.get(path)
    request.id = "0123456789ab"  # type: ignore[attr-defined]
    return [
        outside.bad_request(request, SuspiciousOperation("a host of nobody")),
        outside.permission_denied(request, PermissionDenied()),
        outside.server_error(request),
    ]


def test_below_the_api_every_refusal_is_a_problem_document() -> None:
    for answer in _answers("/api/v1/runs/"):
        assert answer["Content-Type"] == "application/problem+json"


def test_a_fault_of_ours_names_the_request_to_look_for_in_the_logs() -> None:
    answer: Any = _answers("/api/v1/runs/")[-1]
    assert answer.status_code == 500
    assert '"request_id": "0123456789ab"' in answer.content.decode()


@pytest.mark.django_db
def test_an_address_that_no_row_can_have_is_not_found_as_a_problem(caller: Caller) -> None:
    answer = caller("author").get("/api/v1/findings/0.5/")
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "not_found"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "desired-state/freezes/a%00/"),
        ("put", "desired-state/freezes/%00/"),
        ("get", "desired-state/applications/a%00/"),
        ("get", "accounts/%00/az-readiness/?region=eu-central-1"),
        ("get", "accounts/%00/offers/"),
        ("post", "accounts/%00/check/"),
        ("post", "accounts/%00/%00/stop/"),
        ("get", "applications/broker/deployments/%00/%00/"),
    ],
)
def test_nothing_is_called_what_the_database_cannot_hold(
    caller: Caller, method: str, path: str
) -> None:
    answer = getattr(caller("lead"), method)(f"/api/v1/{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    [
        "/settings/accounts/%00/az-readiness/",
        "/settings/accounts/%00/roles/",
        "/stop/accounts/%00/eu-central-1/",
    ],
)
def test_no_page_is_of_an_account_that_the_database_cannot_hold(
    client: Client, cast: Cast, path: str
) -> None:
    client.force_login(cast.lead)
    assert client.get(path).status_code == 404


@pytest.mark.django_db
def test_elsewhere_it_is_a_page(client: Client) -> None:
    for answer in (*_answers("/exercises/"), client.get("/apiary/")):
        assert str(answer["Content-Type"]).startswith("text/html")
