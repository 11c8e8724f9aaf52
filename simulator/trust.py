"""Whether STS may hand out a role: it must exist and its trust policy must allow the caller.

Asked by the front door before moto, which gives any role to anybody.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any
from xml.sax.saxutils import escape

from moto.iam.models import get_account_id_from, iam_backends

from simulator.fis.access import SERVICE_KEY

ROLE = re.compile(r"arn:aws:iam::(\d{12}):role/(.+)")


def refusal(role_arn: str, external_id: str, access_key: str) -> str | None:
    """Why the caller may not have the role; None when it may."""
    match = ROLE.fullmatch(role_arn)
    roles = iam_backends[match[1]]["aws"].roles.values() if match else []
    for role in list(roles):
        if role.arn == role_arn:
            document = json.loads(role.assume_role_policy_document)
            if any(_allows(each, external_id, access_key) for each in document["Statement"]):
                return None
    return f"User is not authorized to perform: sts:AssumeRole on resource: {role_arn}"


def _allows(statement: Mapping[str, Any], external_id: str, access_key: str) -> bool:
    if statement["Effect"] != "Allow" or not _names(statement.get("Principal", {}), access_key):
        return False
    conditions = statement.get("Condition", {})
    for operator, match in (
        ("StringEquals", lambda pattern: pattern == external_id),
        ("StringLike", lambda pattern: fnmatchcase(external_id, pattern)),
    ):
        wanted = conditions.get(operator, {}).get("sts:ExternalId")
        if wanted is not None and not any(match(each) for each in _list(wanted)):
            return False
    return True


def _names(principal: str | Mapping[str, Any], access_key: str) -> bool:
    """Whether a principal means the caller; FIS has a key of its own."""
    if principal == "*":
        return True
    if isinstance(principal, str):
        return False
    if access_key == SERVICE_KEY:
        return "fis.amazonaws.com" in _list(principal.get("Service", []))
    account = get_account_id_from(access_key)
    return any(each == "*" or account in each for each in _list(principal.get("AWS", [])))


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def denied(message: str) -> bytes:
    """The body of an STS error."""
    return (
        '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error>'
        f"<Type>Sender</Type><Code>AccessDenied</Code><Message>{escape(message)}</Message>"
        "</Error><RequestId>00000000-0000-0000-0000-000000000000</RequestId></ErrorResponse>"
    ).encode()
