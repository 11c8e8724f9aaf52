"""Register an AWS account: its roles apart by purpose, and the Regions we may use."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Final

from django.db import transaction

from exercises.domain.actors import Actor
from exercises.domain.errors import Invalid
from exercises.models import AccountRegion, CloudAccount, Team
from exercises.models.accounts import ENVIRONMENTS
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.services.audit import record
from exercises.services.system import SYSTEM

ACCOUNT_ID: Final = re.compile(r"\d{12}")
# AWS IAM User Guide, "IAM identifiers": partition, 12-digit account, path and name.
ROLE_ARN: Final = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):role/[\w+=,.@/-]{1,512}")
REGION: Final = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")


def register_account(
    *,
    actor: Actor,
    account_id: str,
    name: str,
    environment: str,
    read_role_arn: str,
    start_role_arn: str,
    stop_role_arn: str,
    fis_role_arn: str,
    regions: Mapping[str, Mapping[str, str]],
    team: Team | None = None,
) -> CloudAccount:
    """Register an account; `regions` maps a Region to its AZ names and AZ ids.

    Each Region is looked at at once, so that a role that does not work is seen soon.
    The external id is ours and random (AWS IAM User Guide, "The confused deputy problem").
    Raises NotAllowed, and Invalid that names every field at fault.
    """
    authorize(actor, "account.register")
    roles = {
        "read_role_arn": read_role_arn,
        "start_role_arn": start_role_arn,
        "stop_role_arn": stop_role_arn,
        "fis_role_arn": fis_role_arn,
    }
    problems = [
        *_identity_problems(account_id, name, environment),
        *_role_problems(account_id, roles),
        *_region_problems(regions),
    ]
    if problems:
        raise Invalid.of(problems)
    with transaction.atomic():
        account = CloudAccount.objects.create(
            account_id=account_id,
            name=name.strip(),
            environment=environment,
            team=team,
            external_id=secrets.token_urlsafe(24),
            **roles,
        )
        for region, az_ids in regions.items():
            AccountRegion.objects.create(
                account=account, region=region, az_ids=dict(az_ids), due_at=database_now()
            )
        record(actor, "account.register", account, account_id=account_id, regions=list(regions))
    return account


def set_heartbeat_alarm(*, place: AccountRegion, arn: str) -> None:
    """Name the alarm that stops experiments when chaosplane falls silent; '' takes it away.

    For whoever has a shell on the installation. Raises Invalid.
    """
    wanted = f"arn:aws[a-z-]*:cloudwatch:{place.region}:{place.account.account_id}:alarm:.+"
    if arn and not (re.fullmatch(wanted, arn) and len(arn) <= 300):
        raise Invalid("arn", f"an alarm of {place.account.account_id} in {place.region}")
    with transaction.atomic():
        place.heartbeat_alarm_arn = arn
        place.save(update_fields=["heartbeat_alarm_arn"])
        record(SYSTEM, "account.heartbeat_alarm", place, arn=arn)


def _identity_problems(account_id: str, name: str, environment: str) -> list[tuple[str, str]]:
    problems: list[tuple[str, str]] = []
    if not ACCOUNT_ID.fullmatch(account_id):
        problems.append(("account_id", "exactly 12 digits"))
    elif CloudAccount.objects.filter(account_id=account_id).exists():
        problems.append(("account_id", f"{account_id} is registered already"))
    if not 1 <= len(name.strip()) <= 64:
        problems.append(("name", "between 1 and 64 characters"))
    elif CloudAccount.objects.filter(name=name.strip()).exists():
        problems.append(("name", f"“{name.strip()}” is taken; choose another"))
    known = [key for key, _ in ENVIRONMENTS]
    if environment not in known:
        problems.append(("environment", f"one of {', '.join(known)}"))
    return problems


def _role_problems(account_id: str, roles: Mapping[str, str]) -> list[tuple[str, str]]:
    problems: list[tuple[str, str]] = []
    for field, arn in roles.items():
        match = ROLE_ARN.fullmatch(arn)
        if match is None or len(arn) > 200:
            problems.append((field, "an IAM role ARN: arn:aws:iam::<account>:role/<name>"))
        elif match[1] != account_id:
            problems.append((field, f"belongs to account {match[1]}, not to {account_id}"))
    return problems


def _region_problems(regions: Mapping[str, Mapping[str, str]]) -> list[tuple[str, str]]:
    if not regions:
        return [("regions", "name one Region at least")]
    problems = [
        ("regions", f"“{region}” is not a Region name such as eu-central-1")
        for region in regions
        if not REGION.fullmatch(region)
    ]
    for region, az_ids in regions.items():
        problems += [
            ("regions", f"“{az}” is not an Availability Zone of {region}")
            for az in az_ids
            if not re.fullmatch(re.escape(region) + "[a-z]", az)
        ]
    return problems
