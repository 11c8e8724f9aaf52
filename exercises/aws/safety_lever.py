"""The safety lever of FIS: stops every experiment in an account and Region, whoever started
it, and cancels what is started while it is engaged (AWS FIS User Guide, "Safety levers").

Under the role that stops. Used by services.safety_lever and by `chaosplane stop`.
"""

from __future__ import annotations

from typing import Any, Final

from botocore.exceptions import ClientError

from exercises.aws.failures import aws_errors, error_code
from exercises.aws.sessions import Purpose, client
from exercises.domain.plans import AccountAccess

LEVER: Final = "default"
ENGAGED: Final = frozenset({"engaging", "engaged"})


def lever_status(access: AccountAccess) -> str:
    """disengaged, engaging or engaged. Raises EngineError."""
    fis = client(access, "fis", Purpose.STOP)
    with aws_errors(f"read the safety lever of {access.account_id}"):
        return _status(fis.get_safety_lever(id=LEVER))


def engage(access: AccountAccess, reason: str) -> str:
    """Stop everything there; returns engaging or engaged. Raises EngineError."""
    return _set(access, "engaged", reason)


def disengage(access: AccountAccess, reason: str) -> str:
    """Let experiments start again. Raises EngineError, also while it is still engaging."""
    return _set(access, "disengaged", reason)


def _set(access: AccountAccess, wanted: str, reason: str) -> str:
    fis = client(access, "fis", Purpose.STOP)
    with aws_errors(f"set the safety lever of {access.account_id} to {wanted}", changes=True):
        try:
            answer = fis.update_safety_lever_state(
                id=LEVER, state={"status": wanted, "reason": reason}
            )
        except ClientError as error:
            # FIS refuses a change to what is under way or in force already.
            if error_code(error) != "ConflictException":
                raise
            answer = fis.get_safety_lever(id=LEVER)
            if _status(answer) not in (ENGAGED if wanted == "engaged" else {wanted}):
                raise
        return _status(answer)


def _status(answer: Any) -> str:
    return str(answer["safetyLever"]["state"]["status"])
