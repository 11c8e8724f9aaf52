"""Parameters of Systems Manager: read in batches, written one by one, with their history.

Used by engines.lambda_config and engines.lambda_leases. Only plain text parameters of the
standard tier are ever written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from exercises.aws.failures import aws_errors, error_code, translate
from exercises.aws.sessions import Purpose, client
from exercises.domain.errors import EngineError
from exercises.domain.lambda_leases import Version
from exercises.domain.plans import AccountAccess

EXISTS: Final = "ParameterAlreadyExists"
DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException"})
_BATCH: Final = 10


class MayNotList(EngineError):
    """The role that asks may not list parameters: that proves nothing about them."""

    def __init__(self, message: str) -> None:
        super().__init__(message, outcome="none", retryable=False)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter as it stands."""

    name: str
    version: int
    value: str
    type: str


def read(
    access: AccountAccess, names: Iterable[str], purpose: Purpose = Purpose.READ
) -> dict[str, Parameter]:
    """Those of these parameters that there are, by name; ten a call."""
    wanted = sorted(set(names))
    ssm = client(access, "ssm", purpose)
    found: dict[str, Parameter] = {}
    with aws_errors(f"read parameters in {access.account_id}"):
        for start in range(0, len(wanted), _BATCH):
            told = ssm.get_parameters(Names=wanted[start : start + _BATCH])["Parameters"]
            found |= {each["Name"]: _parameter(each) for each in told}
    return found


def below(access: AccountAccess, path: str, purpose: Purpose) -> list[Parameter]:
    """Every parameter below a path. Raises MayNotList where the role may not see them."""
    ssm = client(access, "ssm", purpose)
    action = f"list parameters below {path} in {access.account_id}"
    with aws_errors(action):
        try:
            pages = ssm.get_paginator("get_parameters_by_path").paginate(
                Path=path, Recursive=True, PaginationConfig={"PageSize": _BATCH}
            )
            return [_parameter(each) for page in pages for each in page["Parameters"]]
        except ClientError as error:
            if error_code(error) in DENIED:
                raise MayNotList(str(translate(error, action, changes=False))) from error
            raise


def history(access: AccountAccess, name: str, purpose: Purpose) -> list[Version]:
    """What Systems Manager keeps of a parameter's versions, oldest first."""
    ssm = client(access, "ssm", purpose)
    with aws_errors(f"read the history of {name} in {access.account_id}"):
        pages = ssm.get_paginator("get_parameter_history").paginate(
            Name=name, PaginationConfig={"PageSize": 50}
        )
        found = [
            Version(int(each["Version"]), str(each["Value"]), str(each.get("LastModifiedUser", "")))
            for page in pages
            for each in page["Parameters"]
        ]
    return sorted(found, key=lambda version: version.number)


def overwrite(ssm: Any, access: AccountAccess, name: str, value: str) -> int:
    """Set a parameter that there is; returns its new version."""
    with aws_errors(f"set parameter {name} in {access.account_id}", changes=True):
        told = ssm.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)
    return int(told["Version"])


def create(ssm: Any, access: AccountAccess, name: str, value: str) -> bool:
    """Make a parameter; whether it is new. One that is there is left as it is, so that of two
    who create it only one does."""
    with aws_errors(f"create parameter {name} in {access.account_id}", changes=True):
        try:
            ssm.put_parameter(Name=name, Value=value, Type="String", Overwrite=False)
        except ClientError as error:
            if error_code(error) == EXISTS:
                return False
            raise
    return True


def may_write(ssm: Any, access: AccountAccess, names: Sequence[str]) -> str:
    """Which of these parameters may not be written; empty when all may.

    Creating one that is there is refused for that reason once the right was looked at, so
    nothing changes.
    """
    for name in names:
        try:
            create(ssm, access, name, "{}")
        except EngineError as error:
            cause = error.__cause__
            if isinstance(cause, ClientError) and error_code(cause) in DENIED:
                return name
            raise
    return ""


def _parameter(told: Any) -> Parameter:
    return Parameter(
        str(told["Name"]), int(told["Version"]), str(told["Value"]), str(told.get("Type", ""))
    )
