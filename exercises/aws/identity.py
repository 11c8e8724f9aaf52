"""Whose credentials these are. Used by `chaosplane stop`."""

from __future__ import annotations

from exercises.aws.failures import aws_errors
from exercises.aws.sessions import Purpose, client
from exercises.domain.plans import AccountAccess


def account_of(access: AccountAccess) -> str:
    """The account that the credentials act in. Raises EngineError."""
    sts = client(access, "sts", Purpose.STOP)
    with aws_errors("ask AWS whose credentials these are"):
        return str(sts.get_caller_identity()["Account"])
