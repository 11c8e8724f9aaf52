"""What each role needs besides where faults are set in parameters of Systems Manager.

Kept apart from domain.iam_policies, because only accounts with such templates need it: each
policy names the parameters that it is about and the leases of chaosplane, and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from exercises.domain.lambda_leases import PREFIX

POLICY_NAME: Final = "lambda-faults"

Document = dict[str, Any]


def policy_of(
    purpose: str, names: Sequence[str], *, account_id: str, regions: Sequence[str]
) -> Document:
    """For the role that reads, starts or stops."""
    leases = _arns(f"{PREFIX}*", account_id, regions)
    # Listing below a path asks for the path itself.
    below = [*_arns(PREFIX.rstrip("/"), account_id, regions), *leases]
    both = [arn for name in names for arn in _arns(name, account_id, regions)] + leases
    statements = {
        "read": [
            _allow(["lambda:ListFunctions"], ["*"]),
            _allow(["ssm:GetParameters"], both),
            _allow(["ssm:GetParametersByPath"], below),
        ],
        "start": [_allow(["ssm:PutParameter"], both)],
        "stop": [
            _allow(["ssm:GetParameterHistory", "ssm:GetParameters", "ssm:PutParameter"], both),
            _allow(["ssm:DeleteParameters", "ssm:GetParametersByPath"], below),
        ],
    }
    return {"Version": "2012-10-17", "Statement": statements[purpose]}


def _allow(actions: Sequence[str], resources: Sequence[str]) -> Document:
    return {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


def _arns(name: str, account_id: str, regions: Sequence[str]) -> list[str]:
    path = name.removeprefix("/")
    return [f"arn:aws:ssm:{region}:{account_id}:parameter/{path}" for region in regions]
