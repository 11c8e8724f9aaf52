"""Whether STS may hand out a role: it must exist and its trust policy must allow the caller.

The front door sends STS here; moto then makes the session, to whoever it is given.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final
from xml.sax.saxutils import escape

from moto.iam.models import get_account_id_from, iam_backends
from moto.sts.models import sts_backends

from simulator.clock import Clock
from simulator.fis.access import SERVICE_KEY
from simulator.fis.door import misbehave_after, misbehave_before
from simulator.http import Application, Environ, form_of, send
from simulator.journal import Journal
from simulator.knobs import Knobs, Lost
from simulator.session_policies import SessionPolicies, statements_of
from simulator.wire import ApiError, Response

ROLE: Final = re.compile(r"arn:aws:iam::(\d{12}):role/(.+)")
LONGEST_POLICY: Final = 2048
OPERATION: Final = "AssumeRole"
PRINCIPAL: Final = ("ArnEquals", "ArnLike")
"""Both match patterns (AWS IAM User Guide, "ARN condition operators")."""
STATUS: Final = {"AccessDenied": 403, "Throttling": 429, "InternalFailure": 500}
STS_WORD: Final = {
    "AccessDeniedException": "AccessDenied",
    "ThrottlingException": "Throttling",
    "InternalServerException": "InternalFailure",
}


class TrustDoor:
    """Answers the requests of the STS API; what FIS itself asks is not interfered with."""

    def __init__(
        self,
        moto: Application,
        journal: Journal,
        clock: Clock,
        knobs: Knobs,
        policies: SessionPolicies,
    ) -> None:
        self._moto = moto
        self._journal = journal
        self._clock = clock
        self._knobs = knobs
        self._policies = policies

    def answer(
        self, environ: Environ, start_response: Any, access_key: str, region: str
    ) -> Iterable[bytes]:
        """The response to one request. Raises Lost when nobody is to answer."""
        form = form_of(environ)
        if form.get("Action") != OPERATION:
            return self._moto(environ, start_response)
        role_arn = form.get("RoleArn", "")
        account = role_arn.split(":")[4] if role_arn.count(":") >= 5 else ""
        knobs = self._knobs if access_key != SERVICE_KEY else Knobs()
        outcome = "ok"
        try:
            misbehave_before(knobs, OPERATION, account)
            _check(form, access_key)
            body = b"".join(self._moto(environ, start_response))
            if "Policy" in form:
                self._policies.remember(form["Policy"], body)
            misbehave_after(knobs, OPERATION, account)
            return [body]
        except ApiError as error:
            outcome = STS_WORD.get(error.code, error.code)
            headers = {"Content-Type": "text/xml"}
            answer = Response(STATUS.get(outcome, 400), headers, _error(outcome, error.message))
            return send(answer, start_response)
        except Lost:
            outcome = "lost"
            raise
        finally:
            if access_key != SERVICE_KEY:
                self._journal.add(self._clock.wall(), OPERATION, account, region, form, outcome)


def _check(form: Mapping[str, str], access_key: str) -> None:
    refused = refusal(form.get("RoleArn", ""), form.get("ExternalId", ""), access_key)
    if refused:
        raise ApiError("AccessDenied", refused)
    policy = form.get("Policy")
    if policy is None:
        return
    if len(policy) > LONGEST_POLICY:
        raise ApiError("PackedPolicyTooLarge", f"Policy is longer than {LONGEST_POLICY}.")
    try:
        statements_of(policy)
    except ValueError as error:
        raise ApiError("MalformedPolicyDocument", f"Policy: {error}.") from error


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
    return all(_is_principal(conditions, operator, access_key) for operator in PRINCIPAL)


def _is_principal(conditions: Mapping[str, Any], operator: str, access_key: str) -> bool:
    """Whether the caller's role is one that the condition names."""
    wanted = conditions.get(operator, {}).get("aws:PrincipalArn")
    if wanted is None:
        return True
    role = _role_of(access_key)
    return any(fnmatchcase(role, each) for each in _list(wanted))


def _role_of(access_key: str) -> str:
    """The role whose session this key belongs to; empty for none."""
    sessions = sts_backends[get_account_id_from(access_key)]["aws"]
    session = sessions.get_assumed_role_from_access_key(access_key)
    return session.role_arn if session else ""


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


def _error(code: str, message: str) -> bytes:
    """The body of an STS error."""
    return (
        '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error>'
        f"<Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message>"
        "</Error><RequestId>00000000-0000-0000-0000-000000000000</RequestId></ErrorResponse>"
    ).encode()
