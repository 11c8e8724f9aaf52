"""How often this process called AWS, and how each call ended. sessions.py has every client
counted; services.aws_calls passes the counts on, so that /metrics tells them for all processes.

Each attempt counts, because AWS limits attempts. Counting never fails the call that it counts.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from exercises.aws.failures import how_it_ended

OWN: Final = "own"
"""In place of an account: what is asked under the credentials of the process itself."""

_ACCOUNT: Final = "chaosplane_account"

_lock = threading.Lock()
_counts: Counter[Call] = Counter()


@dataclass(frozen=True, slots=True)
class Call:
    """What is told apart; `outcome` is ok, throttled, denied or failed."""

    account: str
    region: str
    service: str
    operation: str
    outcome: str


def count_calls(client: Any, account: str) -> None:
    """Have every attempt of this client counted as one of this account."""
    region, service = client.meta.region_name, client.meta.service_model.service_name

    def answered(
        event_name: str,
        context: dict[str, Any],
        parsed_response: dict[str, Any] | None = None,
        **more: Any,
    ) -> None:
        call = Call(
            account=context.get(_ACCOUNT, account),
            region=region,
            service=service,
            operation=event_name.rpartition(".")[2],
            outcome=how_it_ended(parsed_response),
        )
        with _lock:
            _counts[call] += 1

    client.meta.events.register("response-received", answered)
    client.meta.events.register("before-parameter-build.sts.AssumeRole", _of_the_roles_account)


def take() -> Counter[Call]:
    """What was counted since it was last taken."""
    with _lock:
        taken = Counter(_counts)
        _counts.clear()
    return taken


def give_back(counts: Counter[Call]) -> None:
    """Counts that could not be passed on; they are taken again with the next ones."""
    with _lock:
        _counts.update(counts)


def _of_the_roles_account(params: dict[str, Any], context: dict[str, Any], **more: Any) -> None:
    """A role is taken on with our own credentials, but it is its account that may refuse."""
    parts = str(params.get("RoleArn", "")).split(":")
    if len(parts) > 4 and parts[4]:
        context[_ACCOUNT] = parts[4]
