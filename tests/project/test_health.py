"""Alive says that the process answers, ready that it can work."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync

pytestmark = pytest.mark.django_db


def test_alive_needs_nothing(client, settings):
    settings.REDIS_URL = "unix:///nowhere/v.sock"
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


def test_ready_with_database_and_queue(client):
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "database": True, "queue": True}


def test_not_ready_without_queue_and_says_so(client, settings):
    settings.REDIS_URL = "unix:///nowhere/v.sock"
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "not ready", "database": True, "queue": False}


def test_health_answers_whatever_host_and_scheme_is_asked(client, settings):
    settings.SECURE_SSL_REDIRECT = True
    settings.ALLOWED_HOSTS = ["chaos.example.test"]
    assert client.get("/healthz", headers={"host": "10.0.0.7:8000"}).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_health_answers_under_asgi(async_client):
    assert async_to_sync(async_client.get)("/readyz").status_code == 200
