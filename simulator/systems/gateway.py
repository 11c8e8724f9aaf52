"""The API gateway of content moderation: what callers send, what they are answered, the bill.

Requests arrive in two ways: really, at the door that control.py opens, and as a load that a test
asks for by its rate. Customers send their own all the time.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

KINDS: Final = ("customer", "malformed", "unauthorized")
CUSTOMERS_PER_S: Final = 30.0
CAPACITY_PER_S: Final = 250.0
ALLOWED_STRANGERS_PER_S: Final = 20.0
USUAL_MS: Final = 90.0
LONGEST_MS: Final = 29_000.0
DOLLARS_PER_REQUEST: Final = 3.5e-6 + 1.1e-5
"""Of the gateway, and of the authorizer and function behind it; a throttled call costs nothing."""


@dataclass(frozen=True, slots=True)
class Load:
    """Requests that come from outside for some time."""

    kind: str
    per_s: float
    until: float


@dataclass(frozen=True, slots=True)
class Traffic:
    """What the gateway answered in an interval."""

    count: float
    client_errors: float
    server_errors: float
    throttled: float
    latency_ms: float
    customer_success: float
    cost_per_hour: float


class Gateway:
    """Counts and answers; with `throttles` strangers are held back, customers are not."""

    def __init__(self) -> None:
        self._loads: list[Load] = []
        self._received: Counter[str] = Counter()
        self._recent = 0.0
        self._lock = threading.Lock()

    def add(self, load: Load) -> None:
        with self._lock:
            self._loads.append(load)

    def answer(self, kind: str, *, throttles: bool, knows_strangers: bool) -> int:
        """Take one real request; the status of its answer."""
        with self._lock:
            self._received[kind] += 1
            strangers = self._received.total() - self._received["customer"]
            limit = ALLOWED_STRANGERS_PER_S * self._recent
            is_held = throttles and kind != "customer" and self._recent and strangers > limit
        return 429 if is_held else status_of(kind, knows_strangers=knows_strangers)

    def interval(
        self, now: float, elapsed: float, *, throttles: bool, knows_strangers: bool
    ) -> Traffic:
        """Everything that came in the seconds until now."""
        with self._lock:
            self._loads = [load for load in self._loads if load.until > now - elapsed]
            loads = list(self._loads)
            received, self._received = self._received, Counter()
            self._recent = elapsed
        sent = {kind: float(received[kind]) for kind in KINDS}
        sent["customer"] += CUSTOMERS_PER_S * elapsed
        for load in loads:
            sent[load.kind] += load.per_s * min(elapsed, load.until - (now - elapsed))
        return _answered(sent, elapsed, throttles=throttles, knows_strangers=knows_strangers)


def status_of(kind: str, *, knows_strangers: bool) -> int:
    """The status that a request is answered with. The flaw: a stranger's token is an error."""
    if kind == "customer":
        return 200
    if kind == "malformed":
        return 400
    return 401 if knows_strangers else 500


def _answered(
    sent: Mapping[str, float], elapsed: float, *, throttles: bool, knows_strangers: bool
) -> Traffic:
    seconds = max(elapsed, 1e-9)
    strangers = sent["malformed"] + sent["unauthorized"]
    allowed = min(strangers, ALLOWED_STRANGERS_PER_S * seconds) if throttles else strangers
    share = allowed / strangers if strangers else 1.0
    handled = sent["customer"] + allowed
    use = handled / seconds / CAPACITY_PER_S
    latency = min(LONGEST_MS, USUAL_MS / (1 - use)) if use < 1 else LONGEST_MS
    lost = max(0.0, 1 - 1 / use) if use > 1 else 0.0
    by_status: dict[int, float] = defaultdict(float)
    for kind in KINDS:
        amount = sent[kind] * (1.0 if kind == "customer" else share)
        by_status[504] += amount * lost
        status = status_of(kind, knows_strangers=knows_strangers)
        by_status[status] += amount * (1 - lost)
    throttled = strangers - allowed
    return Traffic(
        count=sum(sent.values()),
        client_errors=by_status[400] + by_status[401] + throttled,
        server_errors=by_status[500] + by_status[504],
        throttled=throttled,
        latency_ms=latency,
        customer_success=100 * (1 - lost),
        cost_per_hour=handled / seconds * 3600 * DOLLARS_PER_REQUEST,
    )
