"""Which FIS experiments have not ended, and which of them are ours by their tags.

Used by engines.fis: under the role that stops, so that a stop needs no other, and under the
role that reads, so that looking around needs no right to stop.
"""

from __future__ import annotations

from typing import Final

from exercises.aws.failures import aws_errors
from exercises.aws.sessions import Purpose, client
from exercises.domain.engine_values import EngineStatus, Tagged
from exercises.domain.plans import AccountAccess
from exercises.domain.target_accounts import tagged_accounts

EXERCISE_TAG: Final = "chaosplane:exercise"
_PAGE: Final = 100


def running(access: AccountAccess, run_tag: str, purpose: Purpose) -> list[Tagged]:
    """Every experiment that has not ended in this account and Region, whoever's it is."""
    fis = client(access, "fis", purpose)
    found = []
    with aws_errors(f"list FIS experiments in {access.account_id}"):
        pages = fis.get_paginator("list_experiments").paginate(PaginationConfig={"PageSize": _PAGE})
        for summary in (summary for page in pages for summary in page["experiments"]):
            tags = summary.get("tags", {})
            status = EngineStatus(summary["state"]["status"])
            if not status.is_terminal:
                run_id, exercise = tags.get(run_tag, ""), tags.get(EXERCISE_TAG, "")
                accounts = tagged_accounts(tags)
                found.append(Tagged(str(summary["id"]), run_id, exercise, status, accounts))
    return found
