"""What FIS in an account has to offer: the actions it knows and the templates that stand there.

Read with the read role. Used by services.template_imports.
"""

from __future__ import annotations

from typing import Any, Final

from exercises.aws.failures import aws_errors
from exercises.aws.sessions import Purpose, client
from exercises.domain.offered_actions import AccountTemplate, Offer
from exercises.domain.plans import AccountAccess

_PAGE: Final = 100


def offered_action_ids(access: AccountAccess) -> list[str]:
    """The ids of every action, sorted."""
    fis = client(access, "fis", Purpose.READ)
    with aws_errors(f"list the FIS actions of {access.account_id}"):
        pages = fis.get_paginator("list_actions").paginate(PaginationConfig={"PageSize": _PAGE})
        return sorted(str(action["id"]) for page in pages for action in page["actions"])


def offered_action(access: AccountAccess, action_id: str) -> Offer:
    """One action with its parameters and targets."""
    fis = client(access, "fis", Purpose.READ)
    with aws_errors(f"read the FIS action {action_id} of {access.account_id}"):
        action: dict[str, Any] = fis.get_action(id=action_id)["action"]
    return Offer(
        action_id=str(action["id"]),
        description=str(action.get("description", "")),
        parameters={
            str(name): (str(about.get("description", "")), bool(about.get("required")))
            for name, about in action.get("parameters", {}).items()
        },
        targets={
            str(name): str(about.get("resourceType", ""))
            for name, about in action.get("targets", {}).items()
        },
    )


def account_templates(access: AccountAccess) -> list[AccountTemplate]:
    """The templates in the account, the one changed last first."""
    fis = client(access, "fis", Purpose.READ)
    with aws_errors(f"list the FIS templates of {access.account_id}"):
        pages = fis.get_paginator("list_experiment_templates").paginate(
            PaginationConfig={"PageSize": _PAGE}
        )
        found = [
            AccountTemplate(
                ref=str(summary["id"]),
                description=str(summary.get("description", "")),
                name=str(summary.get("tags", {}).get("Name", "")),
                changed_at=summary.get("lastUpdateTime") or summary.get("creationTime"),
                is_ours="chaosplane:managed" in summary.get("tags", {}),
            )
            for page in pages
            for summary in page["experimentTemplates"]
        ]
    return sorted(found, key=lambda t: (t.changed_at is not None, t.changed_at), reverse=True)


def account_template(access: AccountAccess, ref: str) -> dict[str, Any]:
    """One template as FIS describes it."""
    fis = client(access, "fis", Purpose.READ)
    with aws_errors(f"read FIS template {ref} in {access.account_id}"):
        echo: dict[str, Any] = fis.get_experiment_template(id=ref)["experimentTemplate"]
        return echo
