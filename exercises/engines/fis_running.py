"""Which FIS experiments of ours have not ended, found by their tags. Used by engines.fis.

With the role that stops, so that a stop needs no other.
"""

from __future__ import annotations

from typing import Final

from exercises.aws.failures import aws_errors
from exercises.aws.sessions import Purpose, client
from exercises.domain.engine_values import EngineStatus, Tagged
from exercises.domain.plans import AccountAccess

EXERCISE_TAG: Final = "chaosplane:exercise"
_PAGE: Final = 100


def running(access: AccountAccess, run_tag: str) -> list[Tagged]:
    """Every experiment with our tag that has not ended, in this account and Region."""
    fis = client(access, "fis", Purpose.STOP)
    found = []
    with aws_errors(f"list FIS experiments in {access.account_id}"):
        pages = fis.get_paginator("list_experiments").paginate(PaginationConfig={"PageSize": _PAGE})
        for summary in (summary for page in pages for summary in page["experiments"]):
            tags = summary.get("tags", {})
            status = EngineStatus(summary["state"]["status"])
            if run_tag in tags and not status.is_terminal:
                found.append(
                    Tagged(str(summary["id"]), tags[run_tag], tags.get(EXERCISE_TAG, ""), status)
                )
    return found
