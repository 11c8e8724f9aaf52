"""Runs on a simulated estate whose time runs sixty times faster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from exercises.aws.sessions import forget_clients

if TYPE_CHECKING:
    from simulator.server import Simulator

SPEED = 60


@pytest.fixture
def estate(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Simulator]:
    from simulator.server import start

    running = start(port=0, speed=SPEED)
    for name, value in {
        "AWS_ENDPOINT_URL": running.url,
        "AWS_ACCESS_KEY_ID": "chaosplane",
        "AWS_SECRET_ACCESS_KEY": "chaosplane",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }.items():
        monkeypatch.setenv(name, value)
    settings.CHAOSPLANE_TIME_SPEED = SPEED
    settings.CHAOSPLANE_OBSERVE_INTERVAL_S = 0.5
    forget_clients()
    try:
        yield running
    finally:
        running.stop()
        forget_clients()
