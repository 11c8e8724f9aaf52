"""Clients for one account, Region and purpose. The only place that assumes roles.

Used by aws, engines and probes. A purpose has a role of its own, so that code which looks
can never start and code which starts can never do more. Base credentials and endpoints
come from botocore's standard chain (AWS_ENDPOINT_URL for the simulator).
"""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

import botocore.session
from botocore.config import Config
from botocore.credentials import (
    CredentialProvider,
    CredentialResolver,
    DeferredRefreshableCredentials,
)
from botocore.loaders import create_loader

from exercises.aws.calls import OWN, count_calls
from exercises.aws.failures import aws_errors
from exercises.domain.plans import AccountAccess


class Purpose(StrEnum):
    READ = "read"
    START = "start"
    STOP = "stop"


SESSION_S: Final = 3600
"""Role chaining ends after one hour (AWS IAM User Guide, "Role chaining")."""

SHORTEST_SESSION_S: Final = 900
"""AWS gives no shorter session (AWS STS API Reference, AssumeRole, DurationSeconds)."""

_USER_AGENT: Final = "chaosplane"


def _config(connect_s: float, read_s: float, attempts: int) -> Config:
    return Config(
        connect_timeout=connect_s,
        read_timeout=read_s,
        retries={"total_max_attempts": attempts, "mode": "standard"},
        user_agent_extra=_USER_AGENT,
        max_pool_connections=20,
    )


_CONFIGS: Final = {
    Purpose.READ: _config(2, 10, 2),
    # One attempt: what an unanswered start means is decided by our own rule, not botocore's.
    Purpose.START: _config(2, 10, 1),
    # Short and often: a stop that hangs is worse than one that is asked for again.
    Purpose.STOP: _config(1, 3, 3),
}

# One loader for all sessions: the model of EC2 alone is slow to read and large to keep.
_loader: Final = create_loader()

_lock = threading.Lock()
_clients: dict[tuple[AccountAccess, str, Purpose], Any] = {}
_roles: dict[tuple[AccountAccess, Purpose], _AssumedRole] = {}


def client(access: AccountAccess, service: str, purpose: Purpose) -> Any:
    """A client of a service under the role of this purpose; the same for the same arguments.

    The role is assumed here and not in the caller's call, so that a role that cannot be
    assumed is never mistaken for a start without an answer. Raises EngineError.

    Without a role it acts as whoever runs the process, which is for `chaosplane stop`: a
    start always needs its role.
    """
    if not role_arn(access, purpose) and purpose is not Purpose.START:
        return _own_client(service, access.region, purpose)
    with _lock:
        role = _role(access, purpose)
        found = _clients.get((access, service, purpose))
        if found is None:
            found = _new_client(role.acting_session(), service, access.region, purpose)
            count_calls(found, access.account_id)
            _clients[access, service, purpose] = found
    with aws_errors(f"assume {role_arn(access, purpose)}"):
        role.credentials.get_frozen_credentials()
    return found


def one_start_client(access: AccountAccess, template_ref: str, not_after: datetime) -> Any:
    """A client that can start this one FIS template until then, and nothing else.

    The session policy cuts the start role down (AWS IAM User Guide, "Session policies"), so
    that a worker that slept through its lease is refused by AWS. Raises EngineError.
    """
    return _narrowed(access, "fis", _one_start(access, template_ref, not_after))


def narrowed_client(
    access: AccountAccess,
    service: str,
    action: str,
    resources: Sequence[str],
    not_after: datetime,
) -> Any:
    """A client of the start role that may do this one thing to these resources until then.
    Raises EngineError."""
    statement = {
        "Effect": "Allow",
        "Action": action,
        "Resource": list(resources),
        "Condition": {"DateLessThan": {"aws:CurrentTime": _moment(not_after)}},
    }
    return _narrowed(access, service, {"Version": "2012-10-17", "Statement": [statement]})


def _narrowed(access: AccountAccess, service: str, policy: Mapping[str, object]) -> Any:
    with _lock:
        role = _role(access, Purpose.START)
    with aws_errors(f"assume {role_arn(access, Purpose.START)}"):
        given = role.assume(
            Policy=json.dumps(policy, separators=(",", ":")), DurationSeconds=SHORTEST_SESSION_S
        )
    session = _new_session()
    session.set_credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    found = _new_client(session, service, access.region, Purpose.START)
    count_calls(found, access.account_id)
    return found


def start_variables(access: AccountAccess, rights: Sequence[str]) -> dict[str, str]:
    """Credentials of the start role for another process, as its environment: cut down to these
    rights, for an hour. Raises EngineError.

    For engines that act themselves instead of asking AWS to. Whoever has them has nothing else.
    """
    statement = {
        "Effect": "Allow",
        "Action": sorted(rights) or ["sts:GetCallerIdentity"],
        "Resource": "*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))
    with _lock:
        role = _role(access, Purpose.START)
    with aws_errors(f"assume {role_arn(access, Purpose.START)}"):
        given = role.assume(Policy=policy, DurationSeconds=SESSION_S)
    return {
        "AWS_ACCESS_KEY_ID": str(given["AccessKeyId"]),
        "AWS_SECRET_ACCESS_KEY": str(given["SecretAccessKey"]),
        "AWS_SESSION_TOKEN": str(given["SessionToken"]),
        "AWS_REGION": access.region,
        "AWS_DEFAULT_REGION": access.region,
    }


def _one_start(access: AccountAccess, template_ref: str, not_after: datetime) -> dict[str, object]:
    """AWS FIS User Guide, "Actions, resources, and condition keys": a start needs the
    template and the experiment it makes."""
    partition = access.start_role_arn.split(":")[1]
    fis = f"arn:{partition}:fis:{access.region}:{access.account_id}"
    until = _moment(not_after)
    experiments = f"{fis}:experiment/*"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "fis:StartExperiment",
                "Resource": [f"{fis}:experiment-template/{template_ref}", experiments],
                "Condition": {"DateLessThan": {"aws:CurrentTime": until}},
            },
            {"Effect": "Allow", "Action": "fis:TagResource", "Resource": experiments},
        ],
    }


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@functools.lru_cache(maxsize=50)
def _own_client(service: str, region: str, purpose: Purpose) -> Any:
    found = _new_client(_new_session(), service, region, purpose)
    count_calls(found, OWN)
    return found


def role_arn(access: AccountAccess, purpose: Purpose) -> str:
    """The role of this purpose in the account."""
    return {
        Purpose.READ: access.read_role_arn,
        Purpose.START: access.start_role_arn,
        Purpose.STOP: access.stop_role_arn,
    }[purpose]


def forget_clients() -> None:
    """Drop every client and credential. For tests that move to another endpoint."""
    with _lock:
        _clients.clear()
        _roles.clear()
    _own_client.cache_clear()


def _role(access: AccountAccess, purpose: Purpose) -> _AssumedRole:
    found = _roles.get((access, purpose))
    if found is None:
        found = _roles[access, purpose] = _AssumedRole(access, purpose)
    return found


def _new_session() -> botocore.session.Session:
    session = botocore.session.Session()
    session.register_component("data_loader", _loader)
    return session


def _new_client(
    session: botocore.session.Session, service: str, region: str, purpose: Purpose
) -> Any:
    create: Any = session.create_client
    return create(service, region_name=region, config=_CONFIGS[purpose])


class _AssumedRole(CredentialProvider):
    """Credentials of a role, renewed by botocore some minutes before they end."""

    METHOD = "assume-role"

    def __init__(self, access: AccountAccess, purpose: Purpose) -> None:
        super().__init__()
        self._access = access
        self._purpose = purpose
        # Under the credentials of the process; with the short timeouts of a stop.
        self._sts = _own_client("sts", access.region, Purpose.STOP)
        self.credentials = DeferredRefreshableCredentials(
            refresh_using=self._assume, method=self.METHOD
        )

    def assume(self, **narrowed: Any) -> dict[str, Any]:
        """Credentials of the role, cut down by a policy or a duration of their own."""
        answer: dict[str, Any] = self._sts.assume_role(
            RoleArn=role_arn(self._access, self._purpose),
            RoleSessionName=f"chaosplane-{self._purpose.value}",
            ExternalId=self._access.external_id,
            **narrowed,
        )["Credentials"]
        return answer

    def load(self) -> DeferredRefreshableCredentials:
        return self.credentials

    def acting_session(self) -> botocore.session.Session:
        """A session whose clients act as this role."""
        session = _new_session()
        session.register_component("credential_provider", CredentialResolver([self]))
        return session

    def _assume(self) -> dict[str, str]:
        answer = self.assume(DurationSeconds=SESSION_S)
        return {
            "access_key": answer["AccessKeyId"],
            "secret_key": answer["SecretAccessKey"],
            "token": answer["SessionToken"],
            "expiry_time": answer["Expiration"].isoformat(),
        }
