"""A calendar server of our own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.https_server import HttpsServer as CalendarServer
from tests.https_server import serving

HOST = "calendar.example.test"


@pytest.fixture
def calendar_server(tmp_path: Path) -> Iterator[CalendarServer]:
    with serving(HOST, "/freezes.ics", tmp_path) as server:
        yield server


__all__ = ["HOST", "CalendarServer", "calendar_server"]
