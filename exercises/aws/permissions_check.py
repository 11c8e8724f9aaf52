"""Whether the roles of an account can be assumed and read what they must.

Used by services.preflight. Calls nothing that changes anything: the rights to start and to
stop are shown by the rehearsal.
"""

from __future__ import annotations

from exercises.aws.failures import aws_errors
from exercises.aws.sessions import Purpose, client
from exercises.domain.errors import EngineError
from exercises.domain.plans import AccountAccess


def check_roles(access: AccountAccess) -> list[tuple[str, bool, str]]:
    """For each purpose: its name, whether the role works, and as whom or why not."""
    return [_check(access, purpose) for purpose in Purpose]


def _check(access: AccountAccess, purpose: Purpose) -> tuple[str, bool, str]:
    try:
        identity = _identity(access, purpose)
        if purpose is Purpose.READ:
            _try_reading(access)
    except EngineError as error:
        return purpose.value, False, str(error)
    return purpose.value, True, identity


def _identity(access: AccountAccess, purpose: Purpose) -> str:
    sts = client(access, "sts", purpose)
    with aws_errors(f"ask who we are in {access.account_id}"):
        seen = sts.get_caller_identity()
    if seen["Account"] != access.account_id:
        raise EngineError(
            f"The role to {purpose.value} leads to account {seen['Account']}, "
            f"not to {access.account_id}",
            outcome="none",
            retryable=False,
        )
    return str(seen["Arn"])


def _try_reading(access: AccountAccess) -> None:
    with aws_errors(f"list FIS experiments in {access.account_id}"):
        client(access, "fis", Purpose.READ).list_experiments(maxResults=1)
    with aws_errors(f"describe instances in {access.account_id}"):
        client(access, "ec2", Purpose.READ).describe_instances(MaxResults=5)
