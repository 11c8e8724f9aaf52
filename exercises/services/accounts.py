"""Register and change an AWS account: its roles apart by purpose, and the Regions we may use."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Final

from django.db import transaction

from exercises.domain.actors import Actor
from exercises.domain.errors import Invalid
from exercises.domain.places import REGION, is_zone_id_of
from exercises.models import AccountRegion, CloudAccount, Team
from exercises.models.accounts import ENVIRONMENTS
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.services.audit import record
from exercises.services.system import SYSTEM

ACCOUNT_ID: Final = re.compile(r"\d{12}")
# AWS IAM User Guide, "IAM identifiers": partition, 12-digit account, path and name.
ROLE_ARN: Final = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):role/[\w+=,.@/-]{1,512}")

Problems = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class RegionSettings:
    """What is set for one Region: its zones with their ids, the alarm that stops experiments
    when chaosplane falls silent, and the queue that tells of state changes. Empty means none."""

    az_ids: Mapping[str, str] = field(default_factory=dict)
    heartbeat_alarm_arn: str = ""
    event_queue_url: str = ""


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
    regions: Mapping[str, RegionSettings],
    team: Team | None = None,
) -> CloudAccount:
    """Register an account with one Region at least.

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
        *_id_problems(account_id),
        *_name_problems(name, environment),
        *_role_problems(account_id, roles),
        *([] if regions else [("regions", "name one Region at least")]),
        *_region_problems(account_id, regions),
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
        _set_regions(account, regions)
        record(actor, "account.register", account, account_id=account_id, regions=list(regions))
    return account


def change_account(
    *,
    actor: Actor,
    account: CloudAccount,
    name: str,
    environment: str,
    team: Team | None,
    read_role_arn: str,
    start_role_arn: str,
    stop_role_arn: str,
    fis_role_arn: str,
    regions: Mapping[str, RegionSettings],
) -> CloudAccount:
    """Change everything but the account id and the external id. `regions` holds what is to be
    changed or added; a Region that it does not name stays as it is.

    Every Region is looked at at once. What was approved keeps the role of FIS and the alarms
    it was approved with. Raises NotAllowed, and Invalid that names every field at fault.
    """
    authorize(actor, "account.register")
    roles = {
        "read_role_arn": read_role_arn,
        "start_role_arn": start_role_arn,
        "stop_role_arn": stop_role_arn,
        "fis_role_arn": fis_role_arn,
    }
    problems = [
        *_name_problems(name, environment, but=account),
        *_role_problems(account.account_id, roles),
        *_region_problems(account.account_id, regions),
    ]
    if problems:
        raise Invalid.of(problems)
    with transaction.atomic():
        locked = CloudAccount.objects.select_for_update(no_key=True).get(pk=account.pk)
        wanted = {"name": name.strip(), "environment": environment, **roles}
        before = {key: getattr(locked, key) for key in wanted}
        for key, value in wanted.items():
            setattr(locked, key, value)
        locked.team = team
        locked.save(update_fields=[*wanted, "team"])
        _set_regions(locked, regions)
        record(
            actor,
            "account.change",
            locked,
            before=before,
            after=wanted,
            team=team.slug if team else "",
            regions={region: asdict(given) for region, given in regions.items()},
        )
    return locked


def _set_regions(account: CloudAccount, regions: Mapping[str, RegionSettings]) -> None:
    """Write down what is given, and have every Region of the account looked at at once."""
    for region, given in regions.items():
        AccountRegion.objects.update_or_create(
            account=account,
            region=region,
            defaults=asdict(given) | {"az_ids": dict(given.az_ids)},
        )
    account.regions.update(due_at=database_now())


def set_heartbeat_alarm(*, place: AccountRegion, arn: str) -> None:
    """Name the alarm that stops experiments when chaosplane falls silent; '' takes it away.

    For whoever has a shell on the installation. Raises Invalid.
    """
    if problem := _alarm_problem(place.account.account_id, place.region, arn):
        raise Invalid("arn", problem)
    with transaction.atomic():
        place.heartbeat_alarm_arn = arn
        place.save(update_fields=["heartbeat_alarm_arn"])
        record(SYSTEM, "account.heartbeat_alarm", place, arn=arn)


def _id_problems(account_id: str) -> Problems:
    if not ACCOUNT_ID.fullmatch(account_id):
        return [("account_id", "exactly 12 digits")]
    if CloudAccount.objects.filter(account_id=account_id).exists():
        return [("account_id", f"{account_id} is registered already")]
    return []


def _name_problems(name: str, environment: str, *, but: CloudAccount | None = None) -> Problems:
    problems: Problems = []
    others = CloudAccount.objects.exclude(pk=but.pk) if but else CloudAccount.objects.all()
    if not 1 <= len(name.strip()) <= 64:
        problems.append(("name", "between 1 and 64 characters"))
    elif others.filter(name=name.strip()).exists():
        problems.append(("name", f"“{name.strip()}” is taken; choose another"))
    known = [key for key, _ in ENVIRONMENTS]
    if environment not in known:
        problems.append(("environment", f"one of {', '.join(known)}"))
    return problems


def _alarm_problem(account_id: str, region: str, arn: str) -> str:
    wanted = f"arn:aws[a-z-]*:cloudwatch:{region}:{re.escape(account_id)}:alarm:.+"
    if arn and not (re.fullmatch(wanted, arn) and len(arn) <= 300):
        return f"a CloudWatch alarm ARN of {account_id} in {region}"
    return ""


def _queue_problem(account_id: str, region: str, url: str) -> str:
    """Nothing but a queue of this account and Region: its role to read is used there."""
    wanted = rf"https://sqs\.{region}\.amazonaws\.com(\.cn)?/{re.escape(account_id)}/[\w-]{{1,80}}"
    if url and not re.fullmatch(wanted, url):
        return f"https://sqs.{region}.amazonaws.com/{account_id}/<name of a standard queue>"
    return ""


def _role_problems(account_id: str, roles: Mapping[str, str]) -> Problems:
    problems: Problems = []
    for key, arn in roles.items():
        match = ROLE_ARN.fullmatch(arn)
        if match is None or len(arn) > 200:
            problems.append((key, "an IAM role ARN: arn:aws:iam::<account>:role/<name>"))
        elif match[1] != account_id:
            problems.append((key, f"belongs to account {match[1]}, not to {account_id}"))
    return problems


def _zone_problems(region: str, az_ids: Mapping[str, str]) -> list[str]:
    ids = [zone_id for zone_id in az_ids.values() if zone_id]
    return [
        *(
            f"“{az}” is not an Availability Zone of {region}"
            for az in az_ids
            if not re.fullmatch(f"{region}[a-z]", az)
        ),
        *(f"“{each}” is no id of a zone of {region}" for each in ids
          if not is_zone_id_of(region, each)),
        *(f"“{each}” is the id of one zone only" for each in sorted(set(ids))
          if ids.count(each) > 1),
    ]  # fmt: skip


def _region_problems(account_id: str, regions: Mapping[str, RegionSettings]) -> Problems:
    problems: Problems = []
    for region, given in regions.items():
        if not REGION.fullmatch(region):
            problems.append(("regions", f"“{region}” is not a Region name such as eu-central-1"))
            continue
        found = {
            "az_ids": "; ".join(_zone_problems(region, given.az_ids)),
            "heartbeat_alarm_arn": _alarm_problem(account_id, region, given.heartbeat_alarm_arn),
            "event_queue_url": _queue_problem(account_id, region, given.event_queue_url),
        }
        problems += [(f"regions[{region}].{key}", text) for key, text in found.items() if text]
    return problems
