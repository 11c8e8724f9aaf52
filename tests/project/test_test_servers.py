"""Test workers share the servers and never each other's queue."""

from __future__ import annotations

import pytest

from chaosplane.environment import database
from tests import servers


@pytest.mark.parametrize(
    ("url", "third"),
    [
        ("unix:///tmp/cp-0-1a/v.sock?db=0", "unix:///tmp/cp-0-1a/v.sock?db=3"),
        ("redis://localhost:6379/0", "redis://localhost:6379/3"),
        ("rediss://:word@queue:6380", "rediss://:word@queue:6380/3"),
    ],
)
def test_each_worker_has_a_queue_of_its_own(url, third):
    assert servers.numbered(url, 3) == third


def test_another_process_reaches_the_same_database():
    url = "postgresql://someone:a%2Fword@/name?host=/tmp/cp-0-1a/p"
    there = database("DATABASE_URL", url, pool={})
    again = database("DATABASE_URL", servers.database_url(there), pool={})
    assert again == there
