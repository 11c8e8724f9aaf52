"""No body of the API reaches what is another team's by naming it."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.urls import reverse
from rest_framework.test import APIClient

from exercises.models import ApiToken, KeptAnswer
from exercises.services.tokens import SCOPES, issue_token
from tests.authorization.injected import INJECTED, PUBLIC, Injection, relations
from tests.authorization.table import parameters_of_addresses
from tests.authorization.world import World, make_world
from tests.cast import Cast

REFUSED = {400, 403, 404, 409, 422}


@pytest.fixture
def quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_every_relation_of_a_body_has_a_row() -> None:
    there = set(relations())
    assert len(there) > 20
    assert sorted(there - set(INJECTED) - set(PUBLIC)) == [], "relations without a row"


def test_naming_what_is_another_teams_is_refused_and_writes_nothing(
    cast: Cast, quiet: None
) -> None:
    world = make_world(cast)
    clients = {name: _client(cast, name) for name in ("outsider", "lead")}
    wrong = [
        f"{relation}: {problem}"
        for relation in sorted(set(relations()) & set(INJECTED))
        if (problem := _tried(world, clients, INJECTED[relation]))
    ]
    print(f"{len(INJECTED)} relations injected, {len(PUBLIC)} open to all")
    assert wrong == []


def _tried(world: World, clients: dict[str, APIClient], injection: Injection) -> str:
    point = transaction.savepoint()
    try:
        thing = injection.thing(world)
        own, foreign = injection.own(world), injection.foreign(world)
        before = _state()
        status, said = _ask(clients["outsider"], injection, thing, own | foreign)
        if status not in REFUSED:
            return f"is taken: {status} {said}"
        if _state() != before:
            return "is refused and something is written"
        if not injection.is_tried:
            return ""
        who, body = ("lead", foreign) if injection.by_lead else ("outsider", own)
        status, said = _ask(clients[who], injection, thing, body)
        return "" if status < 300 else f"the request is wrong by itself: {status} {said}"
    finally:
        transaction.savepoint_rollback(point)
        transaction.set_rollback(False)


def _ask(client: APIClient, injection: Injection, thing: Any, body: Any) -> tuple[int, str]:
    taken = parameters_of_addresses()[injection.address]
    path = reverse(injection.address, kwargs={name: thing[name] for name in taken})
    answer = client.generic(
        injection.method, path, json.dumps(body), content_type="application/json"
    )
    transaction.set_rollback(False)
    return answer.status_code, answer.content.decode()[:300]


def _client(cast: Cast, name: str) -> APIClient:
    _, secret = issue_token(actor=cast.actor(name), name="try", scopes=list(SCOPES), days=2)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


def _state() -> str:
    """A digest of every row of ours, but for when a token was used last."""
    seen = hashlib.sha256()
    with connection.cursor() as cursor:
        for model in apps.get_app_config("exercises").get_models():
            if model in (ApiToken, KeptAnswer):
                continue
            table = connection.ops.quote_name(model._meta.db_table)
            cursor.execute(f"SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {table} t")
            seen.update(f"{table}{cursor.fetchone()}".encode())
    return seen.hexdigest()
