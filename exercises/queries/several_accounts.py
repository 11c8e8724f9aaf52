"""The further accounts that one experiment may hit, and every problem with those it names.

They are other deployments of the same application with the same Region, environment and tag
value: so what was decided and approved for the first holds for each of them. Asked by
queries.plans and, for what to offer, by the propose page.
"""

from __future__ import annotations

import json
import re
from typing import Final

from exercises.domain.engine_documents import FIS
from exercises.domain.places import zone_id
from exercises.domain.plans import JsonObject
from exercises.models import AccountRegion, Deployment, Experiment

MOST_ACCOUNTS: Final = 40
"""Target accounts of one experiment (AWS FIS User Guide, quota L-47D4AE5B)."""
_ARN_ACCOUNT: Final = re.compile(r"arn:[^:]*:[^:]*:[^:]*:(\d{12}):")

Problems = list[tuple[str, str]]


def misfit(own: Deployment, other: Deployment) -> str:
    """Why one experiment cannot hit both; empty when it can."""
    mine, theirs = own.place, other.place
    if own.application_id != other.application_id:
        return "is a deployment of another application"
    if theirs.account_id == mine.account_id:
        return "is the account that it runs in, which is hit anyway"
    if theirs.region != mine.region:
        return f"is deployed in {theirs.region}, not in {mine.region}"
    if theirs.account.environment != mine.account.environment:
        ours = mine.account.get_environment_display().lower()
        return f"is {theirs.account.get_environment_display().lower()}, this one {ours}"
    if other.tag_value != own.tag_value:
        return f"its resources carry the tag value {other.tag_value}, not {own.tag_value}"
    return "" if theirs.account.fis_role_arn else "has no role for FIS"


def accounts_problems(experiment: Experiment) -> Problems:
    """What is wrong with the list of further accounts, whatever the fault."""
    also_in = experiment.also_in
    if not also_in:
        return []
    if experiment.template_version.template.engine != FIS:
        return [("also_in", "only FIS hits several accounts at once: propose one in each")]
    own = experiment.deployment
    problems = []
    if len(set(also_in)) < len(also_in):
        problems.append("each account once")
    count = len({own.place.account.account_id, *also_in})
    if count > MOST_ACCOUNTS:
        problems.append(f"at most {MOST_ACCOUNTS} accounts with its own; these are {count}")
        return [("also_in", text) for text in problems]
    known = _deployments_in(own, also_in)
    for account_id in dict.fromkeys(also_in):
        why = _misfit_there(own, account_id, known)
        problems += [f"{account_id} {why}"] if why else []
    return [("also_in", text) for text in problems]


def _deployments_in(own: Deployment, account_ids: list[str]) -> dict[str, Deployment]:
    """By account; where there are several, that in the same Region."""
    rows = Deployment.objects.filter(
        application=own.application_id, place__account__account_id__in=account_ids
    ).select_related("place__account")
    found = sorted(rows, key=lambda each: each.place.region == own.place.region)
    return {each.place.account.account_id: each for each in found}


def _misfit_there(own: Deployment, account_id: str, known: dict[str, Deployment]) -> str:
    other = known.get(account_id)
    if other is None:
        return f"is no account in which {own.application.name} is deployed"
    why = misfit(own, other)
    return f"({other.place.account.name}) {why}" if why else ""


def document_problems(experiment: Experiment, document: JsonObject) -> Problems:
    """What is wrong with the fault itself in several accounts: a name of a zone that is another
    zone in one of them, and resources that lie in none."""
    if not experiment.also_in:
        return []
    own, *others = experiment.places()
    names = sorted(set(re.findall(rf"\b{re.escape(own.region)}[a-z]\b", json.dumps(document))))
    zones = [why for place in others for name in names if (why := _other_zone(name, own, place))]
    return [*(("also_in", why) for why in zones), *_elsewhere(document, [own, *others])]


def _other_zone(name: str, own: AccountRegion, other: AccountRegion) -> str:
    here, there = zone_id(name, own.az_ids), zone_id(name, other.az_ids)
    if here and here == there:
        return ""
    if here and there:
        return (
            f"{name} is {there} in {other.account.name} and {here} in {own.account.name}: one "
            "template names one zone, so propose one experiment in each"
        )
    silent = own if not here else other
    return (
        f"{silent.account.name} does not say which zone it calls {name}: check its roles, which "
        "reads that"
    )


def _elsewhere(document: JsonObject, places: list[AccountRegion]) -> Problems:
    """Resources named by an ARN of an account that is not hit."""
    targets = document.get("targets")
    hit = {place.account.account_id for place in places}
    problems: Problems = []
    for name, target in targets.items() if isinstance(targets, dict) else ():
        arns = target.get("resourceArns") if isinstance(target, dict) else None
        for arn in arns if isinstance(arns, list) else ():
            lies = _ARN_ACCOUNT.match(str(arn))
            if lies and lies[1] not in hit:
                said = f"{arn} lies in {lies[1]}, none of the accounts that are hit"
                problems.append((f"targets.{name}.resourceArns", said))
    return problems
