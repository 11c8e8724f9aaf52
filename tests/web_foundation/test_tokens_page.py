"""API tokens on the page: the secret is shown once, and only one's own can be revoked."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from exercises.models import ApiToken
from tests.cast import Cast

pytestmark = pytest.mark.django_db

PAGE = "/settings/tokens/"
FORM = {"name": "Nightly build", "scopes": ["read", "stop"], "days": "30"}


def test_the_secret_is_shown_once_and_kept_only_as_a_hash(client: Client, cast: Cast) -> None:
    client.force_login(cast.author)
    shown = client.post(PAGE, FORM)
    [secret] = re.findall(r"cpl_[\w-]{40,}", shown.content.decode())
    assert "no-store" in shown["Cache-Control"]
    again = client.get(PAGE).content.decode()
    assert secret not in again
    assert "Nightly build" in again
    token = ApiToken.objects.get()
    assert token.scopes == ["read", "stop"]
    assert secret not in (token.digest, token.prefix)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"days": "9999"}, "366"),
        ({"scopes": []}, "required"),
        ({"scopes": ["everything"]}, "everything"),
        ({"name": " "}, "required"),
    ],
)
def test_bad_input_issues_nothing_and_keeps_what_was_typed(
    client: Client, cast: Cast, change: dict[str, object], says: str
) -> None:
    client.force_login(cast.author)
    answer = client.post(PAGE, FORM | change)
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert not ApiToken.objects.exists()


def test_a_revoked_token_stays_in_the_list_as_revoked(client: Client, cast: Cast) -> None:
    client.force_login(cast.author)
    client.post(PAGE, FORM)
    token = ApiToken.objects.get()
    answer = client.post(f"{PAGE}{token.pk}/revoke/", follow=True)
    assert "Revoked" in answer.content.decode()
    token.refresh_from_db()
    assert token.revoked_at is not None


def test_the_token_of_somebody_else_does_not_exist(client: Client, cast: Cast) -> None:
    client.force_login(cast.author)
    client.post(PAGE, FORM)
    token = ApiToken.objects.get()
    client.force_login(cast.lead)
    assert client.post(f"{PAGE}{token.pk}/revoke/").status_code == 404
    assert "Nightly build" not in client.get(PAGE).content.decode()
