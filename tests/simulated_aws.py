"""Simulated AWS whose time stands still, shared by the tests of one package.

`stopped_clock()` is for fixtures of module scope: seeding an estate for each test would take
longer than all of the tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from exercises.aws.sessions import forget_clients
from exercises.domain.plans import AccountAccess

if TYPE_CHECKING:
    from simulator.server import Simulator

REGION = "eu-central-1"
PRODUCTION = "111111111111"
PLATFORM = "222222222222"


def access_to(account_id: str, *, external_id: str = "chaosplane-demo") -> AccountAccess:
    """How the product reaches an account of the simulated estate."""
    role = f"arn:aws:iam::{account_id}:role/chaosplane"
    return AccountAccess(
        account_id=account_id,
        region=REGION,
        read_role_arn=f"{role}-read",
        start_role_arn=f"{role}-start",
        stop_role_arn=f"{role}-stop",
        external_id=external_id,
    )


@contextmanager
def stopped_clock(speed: float = 1.0) -> Iterator[Simulator]:
    """The simulator on a port of its own; `clock.advance(seconds)` makes its time pass."""
    from simulator.clock import VirtualClock
    from simulator.server import start

    running = start(port=0, seed=7, clock=VirtualClock(speed))
    try:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {
                "AWS_ENDPOINT_URL": running.url,
                "AWS_ACCESS_KEY_ID": "chaosplane",
                "AWS_SECRET_ACCESS_KEY": "chaosplane",
                "AWS_DEFAULT_REGION": REGION,
            }.items():
                patch.setenv(name, value)
            forget_clients()
            yield running
    finally:
        forget_clients()
        running.stop()
