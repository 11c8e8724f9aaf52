"""What schemathesis is told of the API that its document cannot say. Read by schemathesis only.

Nothing else is left out. Why each of the three: docs/developer/schemathesis.md.
"""

from __future__ import annotations

from itertools import count
from typing import Any

import schemathesis
from schemathesis import GenerationMode
from schemathesis.core.parameters import ParameterLocation

from tests.openapi.estate import OWN_TOKEN
from tests.openapi.rules import refused_by_rules

KEY = "Idempotency-Key"
_numbers = count(1)


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """A client makes a new key for every request it means; the same one again is refused.

    And it does not end its own token, whose number an answer may have taught it.
    """
    headers = case.meta.components.get(ParameterLocation.HEADER) if case.meta else None
    if case.headers and KEY in case.headers and headers and headers.mode is GenerationMode.POSITIVE:
        case.headers[KEY] = f"key-{next(_numbers)}"
    is_own = str((case.path_parameters or {}).get("id")) == str(OWN_TOKEN)
    if is_own and case.operation.path.endswith("/tokens/{id}/revoke/"):
        case.path_parameters["id"] = OWN_TOKEN + 1


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """False drops it: a rule of tests.openapi.rules, JSON beyond I-JSON, or `?fields=`."""
    if failure.code == "ST202":
        problem = response.json()
        if response.status_code == 400:
            return bool(problem["code"] != "parse_error")
        operation = f"{case.method} {case.operation.path}"
        return not refused_by_rules(operation, problem)
    if failure.code == "ST108" and "fields" in (case.query or {}):
        return (
            not failure.message.startswith('"') or "is a required property" not in failure.message
        )
    return True
