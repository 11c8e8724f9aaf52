"""Signing in: by password everywhere, by one click only for demo people in the demo."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from exercises.models import AuditEntry, SignInAttempt, User
from exercises.queries.audit_log import Names
from exercises.services.audit_verification import verify
from exercises.services.sign_in import MOST_OF_ADDRESS, MOST_OF_EMAIL, WITHIN
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo_person() -> User:
    return User.objects.create_user(
        email="engineer@example.test",
        name="Telemetry engineer",
        title="Writes",
        is_demo=True,
        demo_hint="Propose an experiment",
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
    page = client.get("/sign-in/").content.decode()
    assert demo_person.name in page
    assert demo_person.demo_hint in page
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


def guess(client: Client, email: str, password: str = "wrong", **headers: Any) -> str:
    answer = client.post("/sign-in/", {"username": email, "password": password}, **headers)
    return answer.content.decode()


def test_a_password_is_tried_a_few_times_only(client: Client, cast: Cast) -> None:
    for _ in range(MOST_OF_EMAIL):
        assert "do not match" in guess(client, cast.author.email)
    refused = guess(client, cast.author.email.upper(), "correct horse")
    assert "Too many attempts" in refused
    assert "Wait 15 minutes" in refused
    assert not is_signed_in(client)
    guess(client, cast.owner.email, "correct horse")
    assert is_signed_in(client)


def test_what_is_refused_does_not_keep_a_person_out_for_longer(client: Client, cast: Cast) -> None:
    for _ in range(MOST_OF_EMAIL + 3):
        guess(client, cast.author.email)
    assert SignInAttempt.objects.count() == MOST_OF_EMAIL
    for attempt in SignInAttempt.objects.all():
        SignInAttempt.objects.filter(pk=attempt.pk).update(at=attempt.at - WITHIN)
    guess(client, cast.author.email, "correct horse")
    assert is_signed_in(client)


def test_one_address_does_not_try_everybody(client: Client, cast: Cast, settings: Any) -> None:
    settings.CHAOSPLANE_BEHIND_PROXY = True
    here = {"HTTP_X_FORWARDED_FOR": "10.0.0.1, 192.0.2.7"}
    for number in range(MOST_OF_ADDRESS):
        guess(client, f"person-{number}@example.test", **here)
    assert "Too many attempts" in guess(client, cast.author.email, "correct horse", **here)
    elsewhere = {"HTTP_X_FORWARDED_FOR": "192.0.2.7, 192.0.2.8"}
    guess(client, cast.author.email, "correct horse", **elsewhere)
    assert is_signed_in(client)


def test_the_right_password_forgets_the_slips_before_it(client: Client, cast: Cast) -> None:
    for _ in range(MOST_OF_EMAIL - 1):
        guess(client, cast.author.email)
    guess(client, cast.author.email, "correct horse")
    assert is_signed_in(client)
    assert not SignInAttempt.objects.exists()


def test_a_wrong_password_is_in_the_audit_trail(client: Client, cast: Cast) -> None:
    guess(client, cast.author.email)
    entry = AuditEntry.objects.get(action="sign_in.failed")
    assert cast.author.email not in str(entry.details), "the chain names nobody"
    shown = Names([entry]).details(entry)
    assert shown == {"email": cast.author.email, "address": "127.0.0.1"}
    assert entry.actor_id is None
    assert verify().is_whole
