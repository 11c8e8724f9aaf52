"""Signing in as one of the cast, and reading a page back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from tests.cast import Cast
from tests.room.conftest import server

__all__ = ["server"]


@pytest.fixture
def as_person(cast: Cast) -> Callable[[str], Client]:
    """A browser in which this person of the cast is signed in."""

    def signed_in(name: str) -> Client:
        client = Client()
        client.force_login(getattr(cast, name))
        return client

    return signed_in
