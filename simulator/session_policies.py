"""Session policies: what a session may do of what its role may.

AssumeRole takes a policy that only cuts down (AWS IAM User Guide, "Session policies"). Kept
by the access key that STS gave; FIS asks here before it does anything. Understood are Action,
Resource with wildcards, and dates against aws:CurrentTime: anything else is refused when the
session is asked for, so that no condition is silently passed over.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, Final

ACCESS_KEY: Final = re.compile(rb"<AccessKeyId>([^<]+)</AccessKeyId>")

DATES: Final = {
    "DateLessThan": lambda now, limit: now < limit,
    "DateLessThanEquals": lambda now, limit: now <= limit,
    "DateGreaterThan": lambda now, limit: now > limit,
    "DateGreaterThanEquals": lambda now, limit: now >= limit,
}

Statement = Mapping[str, Any]


class SessionPolicies:
    """The policies of the sessions that have one, by access key."""

    def __init__(self) -> None:
        self._statements: dict[str, list[Statement]] = {}
        self._lock = threading.Lock()

    def remember(self, policy: str, answer: bytes) -> None:
        """Bind a policy to the session that an AssumeRole has just given."""
        given = ACCESS_KEY.search(answer)
        if given:
            with self._lock:
                self._statements[given[1].decode()] = statements_of(policy)

    def refusal(
        self, access_key: str, action: str, resources: Sequence[str], now: datetime
    ) -> str | None:
        """Why this session may not do it; None when it may."""
        with self._lock:
            statements = self._statements.get(access_key)
        if statements is None:
            return None
        for resource in resources:
            allowed = [each for each in statements if _covers(each, action, resource, now)]
            denied = any(each["Effect"] == "Deny" for each in allowed)
            if denied or not allowed:
                return (
                    f"User is not authorized to perform: {action} on resource: {resource} "
                    "because no session policy allows it"
                )
        return None


def statements_of(policy: str) -> list[Statement]:
    """The statements of a session policy. Raises ValueError when it is not understood."""
    document = json.loads(policy)
    found = document.get("Statement") if isinstance(document, dict) else None
    statements: list[Any] = found if isinstance(found, list) else [found]
    for statement in statements:
        if not isinstance(statement, dict) or statement.get("Effect") not in ("Allow", "Deny"):
            raise ValueError("a Statement needs Effect Allow or Deny")
        if "Action" not in statement or "Resource" not in statement:
            raise ValueError("a Statement needs Action and Resource")
        _check_conditions(statement.get("Condition", {}))
    return statements


def _check_conditions(conditions: Mapping[str, Mapping[str, Any]]) -> None:
    for operator, keys in conditions.items():
        if operator not in DATES or set(keys) != {"aws:CurrentTime"}:
            raise ValueError(f"the condition {operator} {sorted(keys)} is not understood here")
        for value in keys.values():
            _moment(value)


def _covers(statement: Statement, action: str, resource: str, now: datetime) -> bool:
    return (
        any(fnmatchcase(action.lower(), each.lower()) for each in _list(statement["Action"]))
        and any(fnmatchcase(resource, each) for each in _list(statement["Resource"]))
        and all(
            DATES[operator](now, _moment(value))
            for operator, keys in statement.get("Condition", {}).items()
            for value in keys.values()
        )
    )


def _moment(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError(f"{value} names no time zone")
    return moment


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
