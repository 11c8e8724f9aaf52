"""Whether the roles of an account can be assumed and read what they must.

Used by services.preflight. Calls nothing that changes anything: the rights to start and to
stop are shown by the rehearsal.
"""

from __future__ import annotations

from typing import Final

from botocore.exceptions import ClientError

from exercises.aws.failures import aws_errors, error_code
from exercises.aws.sessions import Purpose, client
from exercises.domain.errors import EngineError
from exercises.domain.plans import AccountAccess

NOT_ALLOWED: Final = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
NOTHING_LEFT: Final = frozenset(
    {"ConflictException", "ValidationException", "ResourceNotFoundException"}
)


def check_roles(access: AccountAccess) -> list[tuple[str, bool, str]]:
    """For each purpose: its name, whether the role works, and as whom or why not."""
    return [(purpose.value, *check_role(access, purpose)) for purpose in Purpose]


def check_role(access: AccountAccess, purpose: Purpose) -> tuple[bool, str]:
    """Whether the role for this purpose works, and as whom or why not."""
    try:
        identity = _identity(access, purpose)
        if purpose is Purpose.READ:
            _try_reading(access)
    except EngineError as error:
        return False, str(error)
    return True, identity


def check_stop(access: AccountAccess, ended_ref: str) -> tuple[bool, str]:
    """Whether FIS would take our stop, asked on an experiment of ours that has ended.

    FIS looks at the right first and at the experiment then, so nothing can change: without
    the right it says so, with it that nothing is left to stop.
    """
    fis = client(access, "fis", Purpose.STOP)
    with aws_errors(f"try the stop in {access.account_id}"):
        try:
            fis.stop_experiment(id=ended_ref)
        except ClientError as error:
            if error_code(error) in NOT_ALLOWED:
                return False, f"The role to stop lacks fis:StopExperiment in {access.account_id}."
            if error_code(error) not in NOTHING_LEFT:
                raise
    return True, "Tried on the rehearsal."


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
