"""When a page cannot be shown, it says why and leads on."""

from __future__ import annotations

import pytest
from django.template.loader import render_to_string
from django.test import Client

from tests.cast import Cast

pytestmark = pytest.mark.django_db


def test_what_does_not_exist_leads_home(client: Client, cast: Cast) -> None:
    client.force_login(cast.author)
    answer = client.get("/exercises/never/")
    assert answer.status_code == 404
    assert "Go to Home" in answer.content.decode()


def test_the_same_page_serves_who_is_not_signed_in(client: Client) -> None:
    answer = client.get("/no/such/page/")
    assert answer.status_code == 404
    assert "Not found" in answer.content.decode()


def test_a_form_without_its_token_changes_nothing_and_says_so(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.author)
    answer = client.post("/settings/tokens/", {"name": "x"})
    assert answer.status_code == 403
    assert "Nothing was changed" in answer.content.decode()


def test_the_page_of_a_fault_of_ours_needs_nothing_but_itself() -> None:
    page = render_to_string("500.html")
    assert "still hold" in page
    assert 'href="/stop-now/"' in page
