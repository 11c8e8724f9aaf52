"""A caller with a token, in the shape a developer platform would use it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from exercises.domain.actors import Door
from exercises.services.tokens import SCOPES, issue_token
from tests.cast import Cast

Caller = Callable[..., APIClient]


@pytest.fixture
def caller(cast: Cast) -> Caller:
    """`caller("author", scopes=["read"])`: a client that calls with that person's token."""

    def make(name: str, scopes: tuple[str, ...] = SCOPES, **headers: Any) -> APIClient:
        _, secret = issue_token(
            actor=cast.actor(name, Door.PAGE), name="platform", scopes=list(scopes), days=1
        )
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
        return client

    return make
