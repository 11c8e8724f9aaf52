"""Passes this process's counts of AWS calls on to Valkey, where /metrics adds them up.

Called after each request and each task (apps.py) and by chaosplane.metrics. Without Valkey the
counts wait in the process; when it ends first they are lost, which disturbs nobody.
"""

from __future__ import annotations

import json
import logging
import time
from collections import Counter
from typing import Any, Final, cast

import redis

from exercises.aws import calls
from exercises.aws.calls import Call
from exercises.hints import valkey

log = logging.getLogger(__name__)

KEY: Final = "chaosplane:aws_calls"

QUIET_S: Final = 30.0
"""How long nothing is passed on after Valkey failed: one that hangs costs a second each time."""

_quiet_until = 0.0


def pass_on(**signal: Any) -> None:
    """Add what was counted since the last time; never raises for a queue that is not there."""
    global _quiet_until
    if time.monotonic() < _quiet_until or not (counted := calls.take()):
        return
    try:
        with valkey().pipeline(transaction=True) as pipe:
            for call, count in counted.items():
                pipe.hincrby(KEY, _field(call), count)
            pipe.execute()
    except (redis.RedisError, OSError) as error:
        calls.give_back(counted)
        _quiet_until = time.monotonic() + QUIET_S
        log.warning("aws.calls.lost", extra={"error": str(error)})


def all_calls() -> Counter[Call]:
    """Of all processes, since Valkey began. Raises RedisError."""
    found = cast("dict[bytes, bytes]", valkey().hgetall(KEY))
    return Counter({Call(*json.loads(field)): int(count) for field, count in found.items()})


def _field(call: Call) -> str:
    return json.dumps([call.account, call.region, call.service, call.operation, call.outcome])
