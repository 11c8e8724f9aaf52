"""What FIS remembers per account and Region: templates, experiments, tokens, the lever.

The wire documents are plain dictionaries in the shape of the API; `Experiment` adds what the
API does not show. Guarded by the one lock of the service.
"""

from __future__ import annotations

import json
import random
import string
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from simulator.wire import ApiError

TERMINAL = frozenset({"completed", "stopped", "failed", "cancelled"})
ORDER = ("pending", "initiating", "running", "stopping")

State = dict[str, str]


@dataclass(frozen=True, slots=True)
class Resource:
    """One resolved resource and the account it is in."""

    account: str
    arn: str
    details: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The last part of the ARN: an instance id, a cluster name."""
        return self.arn.rsplit("/", 1)[-1].rsplit(":", 1)[-1]

    @property
    def shown(self) -> dict[str, str]:
        """How the API and the experiment log name it."""
        return dict(self.details) or {"arn": self.arn}


@dataclass
class Experiment:
    """One experiment: its document and what runs behind it."""

    document: dict[str, Any]
    account: str
    region: str
    account_roles: dict[str, str]
    created_at: float
    account_configurations: list[dict[str, Any]] = field(default_factory=list)
    resolved: dict[str, list[Resource]] = field(default_factory=dict)
    effects: dict[str, Any] = field(default_factory=dict)
    stop_reason: str = ""
    stopping_since: float | None = None
    stuck_s: float = 0.0
    moves: deque[tuple[State, State]] = field(default_factory=deque)
    """State changes that nobody was told of yet: from, to."""
    notes: deque[tuple[datetime, dict[str, Any]]] = field(default_factory=deque)
    """What is to be written to the experiment's log."""

    @property
    def id(self) -> str:
        return str(self.document["id"])

    @property
    def status(self) -> str:
        return str(self.document["state"]["status"])

    @property
    def is_over(self) -> bool:
        return self.status in TERMINAL

    def enter(self, status: str, reason: str) -> bool:
        """Move forward to a state; a step back is refused and changes nothing."""
        if self.is_over or (status in ORDER and ORDER.index(status) <= ORDER.index(self.status)):
            return False
        before = self.document["state"]
        self.document["state"] = {"status": status, "reason": reason[:512]}
        self.moves.append((before, self.document["state"]))
        return True


@dataclass
class Region:
    """FIS in one Region of one account."""

    account: str
    name: str
    templates: dict[str, dict[str, Any]] = field(default_factory=dict)
    target_accounts: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    experiments: dict[str, Experiment] = field(default_factory=dict)
    tokens: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    lever: dict[str, str] = field(
        default_factory=lambda: {"status": "disengaged", "reason": "Initial state."}
    )

    def arn(self, kind: str, name: str) -> str:
        return f"arn:aws:fis:{self.name}:{self.account}:{kind}/{name}"

    def template(self, template_id: str) -> dict[str, Any]:
        if template_id not in self.templates:
            raise not_found("Experiment template", template_id)
        return self.templates[template_id]

    def experiment(self, experiment_id: str) -> Experiment:
        if experiment_id not in self.experiments:
            raise not_found("Experiment", experiment_id)
        return self.experiments[experiment_id]

    def active(self) -> list[Experiment]:
        return [experiment for experiment in self.experiments.values() if not experiment.is_over]

    def earlier(self, kind: str, given: Mapping[str, Any]) -> str | None:
        """The id that the same client token made before; Conflict if its body was another."""
        token = given.get("clientToken")
        if token is None or (kind, token) not in self.tokens:
            return None
        body, made = self.tokens[kind, token]
        if body != _body(given):
            raise ApiError(
                "ConflictException",
                "A request with this client token was made before with other parameters.",
            )
        return made

    def remember(self, kind: str, given: Mapping[str, Any], made: str) -> None:
        if given.get("clientToken") is not None:
            self.tokens[kind, given["clientToken"]] = (_body(given), made)


def _body(given: Mapping[str, Any]) -> str:
    return json.dumps({k: v for k, v in given.items() if k != "clientToken"}, sort_keys=True)


def not_found(what: str, name: str) -> ApiError:
    return ApiError("ResourceNotFoundException", f"{what} with ID {name} not found.")


def new_id(prefix: str, rng: random.Random) -> str:
    return prefix + "".join(rng.choices(string.ascii_letters + string.digits, k=15))


def page(
    items: list[dict[str, Any]], given: Mapping[str, Any], key: str, default: int = 100
) -> dict[str, Any]:
    """One page of a list, by nextToken and maxResults."""
    token = given.get("nextToken", "0")
    if not token.isdigit() or int(token) > len(items):
        raise ApiError("ValidationException", "nextToken is not one that FIS gave.")
    start, size = int(token), given.get("maxResults", default)
    rest = {"nextToken": str(start + size)} if start + size < len(items) else {}
    return {key: items[start : start + size], **rest}
