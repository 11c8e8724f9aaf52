"""Signing in: by password everywhere, by one click only for demo people in the demo."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from exercises.models import User
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo_person() -> User:
    return User.objects.create_user(
        email="engineer@example.test", name="Telemetry engineer", title="Writes", is_demo=True
    )


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_the_right_password_opens_the_page_one_came_for(client: Client, cast: Cast) -> None:
    answer = client.post(
        "/sign-in/",
        {"username": cast.author.email, "password": "correct horse", "next": "/findings/"},
    )
    assert answer["Location"] == "/findings/"
    assert is_signed_in(client)


def test_a_wrong_password_says_so_and_keeps_the_address(client: Client, cast: Cast) -> None:
    answer = client.post("/sign-in/", {"username": cast.author.email, "password": "wrong"})
    assert "do not match" in answer.content.decode()
    assert cast.author.email in answer.content.decode()
    assert not is_signed_in(client)


def test_who_has_left_does_not_get_in(client: Client, cast: Cast) -> None:
    User.objects.filter(pk=cast.author.pk).update(is_active=False)
    client.post("/sign-in/", {"username": cast.author.email, "password": "correct horse"})
    assert not is_signed_in(client)


def test_sign_in_never_leads_to_another_site(client: Client, cast: Cast) -> None:
    answer = client.post(
        "/sign-in/",
        {
            "username": cast.author.email,
            "password": "correct horse",
            "next": "https://elsewhere.example/",
        },
    )
    assert answer["Location"] == "/"


def test_outside_the_demo_there_are_no_roles_to_click(client: Client, demo_person: User) -> None:
    assert demo_person.name not in client.get("/sign-in/").content.decode()
    assert client.post("/sign-in/as/", {"email": demo_person.email}).status_code == 404
    assert not is_signed_in(client)


def test_in_the_demo_one_click_signs_in(client: Client, demo_person: User, settings: Any) -> None:
    settings.CHAOSPLANE_DEMO = True
    assert demo_person.name in client.get("/sign-in/").content.decode()
    answer = client.post(
        "/sign-in/as/", {"email": demo_person.email, "next": "//elsewhere.example"}
    )
    assert answer["Location"] == "/"
    assert is_signed_in(client)


def test_even_in_the_demo_nobody_else_is_signed_in_with_one_click(
    client: Client, cast: Cast, settings: Any
) -> None:
    settings.CHAOSPLANE_DEMO = True
    assert client.post("/sign-in/as/", {"email": cast.lead.email}).status_code == 404
    assert client.get("/sign-in/as/").status_code == 405
    assert not is_signed_in(client)


def test_signing_out_takes_a_press_and_not_a_link(client: Client, cast: Cast) -> None:
    client.force_login(cast.author)
    assert client.get("/sign-out/").status_code == 405
    assert client.post("/sign-out/")["Location"] == "/sign-in/"
    assert not is_signed_in(client)
