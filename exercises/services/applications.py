"""Register an application, and where it is deployed: what exercises are made on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_slug
from django.db import transaction

from exercises.domain.actors import Actor
from exercises.domain.architecture_tags import read_tags
from exercises.domain.errors import Invalid
from exercises.domain.objectives import objective_problems
from exercises.domain.probe_sources import ALARM_ARN
from exercises.domain.steady_state import probes_from_json
from exercises.models import AccountRegion, Application, Deployment, Team
from exercises.permissions import authorize
from exercises.queries.probe_reach import reach_problems
from exercises.services.audit import record

TIERS: Final = (1, 2, 3)
RESERVED: Final = frozenset({"new"})


def register_application(
    *,
    actor: Actor,
    team: Team,
    slug: str,
    name: str,
    tier: int = 2,
    runbook_url: str = "",
    dashboard_url: str = "",
    slo_percent: float | None = None,
    rto_s: int | None = None,
    rpo_s: int | None = None,
    architecture_tags: Sequence[str] = (),
) -> Application:
    """Register an application of a team. Raises NotAllowed, Invalid (every field at fault)."""
    authorize(actor, "application.register", team)
    urls = {"runbook_url": runbook_url, "dashboard_url": dashboard_url}
    problems = [*_name_problems(slug, name), *_url_problems(urls)]
    problems += _tier_problems(tier)
    tags, of_tags = _tags(architecture_tags)
    problems += of_tags
    problems += objective_problems(slo_percent=slo_percent, rto_s=rto_s, rpo_s=rpo_s)
    if problems:
        raise Invalid.of(problems)
    with transaction.atomic():
        application = Application.objects.create(
            slug=slug,
            name=name.strip(),
            team=team,
            tier=tier,
            slo_percent=slo_percent,
            rto_s=rto_s,
            rpo_s=rpo_s,
            architecture_tags=tags,
            **urls,
        )
        record(actor, "application.register", application, team=team.slug)
    return application


def change_application(
    *,
    actor: Actor,
    application: Application,
    name: str,
    team: Team,
    tier: int,
    runbook_url: str = "",
    dashboard_url: str = "",
    architecture_tags: Sequence[str] | None = None,
) -> Application:
    """Change what it is called and whose it is; its short name stays, links lead to it.
    Tags that are not given stay as they are.

    To hand it over takes the right for both teams. Its objectives are services.objectives'.
    Raises NotAllowed, and Invalid that names every field at fault.
    """
    for each in {application.team, team}:
        authorize(actor, "application.register", each)
    urls = {"runbook_url": runbook_url, "dashboard_url": dashboard_url}
    tags, of_tags = _tags(architecture_tags or ())
    problems = [*_text_problems(name), *_tier_problems(tier), *_url_problems(urls), *of_tags]
    if problems:
        raise Invalid.of(problems)
    with transaction.atomic():
        locked = Application.objects.select_for_update(no_key=True).get(pk=application.pk)
        before = _noted(locked)
        locked.name, locked.team, locked.tier = name.strip(), team, tier
        locked.runbook_url, locked.dashboard_url = runbook_url, dashboard_url
        if architecture_tags is not None:
            locked.architecture_tags = tags
        locked.save(update_fields=["name", "team", "tier", "architecture_tags", *urls])
        after = _noted(locked)
        record(actor, "application.change", locked, before=before, after=after)
    return locked


def _noted(application: Application) -> dict[str, object]:
    """What the audit log keeps of it."""
    return {
        "name": application.name,
        "tier": application.tier,
        "team": application.team.slug,
        "architecture_tags": application.architecture_tags,
    }


def _tags(given: Sequence[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """The tags in one spelling, and what is wrong with them."""
    try:
        return read_tags(given), []
    except Invalid as error:
        return [], list(error.problems)


def register_deployment(
    *,
    actor: Actor,
    application: Application,
    place: AccountRegion,
    tag_value: str,
    alarm_arns: Sequence[str] = (),
    steady_state: Sequence[Mapping[str, object]] = (),
) -> Deployment:
    """Say where an application runs, which alarms stop a fault and which probes watch it.

    Raises NotAllowed, and Invalid that names every field at fault.
    """
    authorize(actor, "application.register", application.team)
    problems = _deployment_problems(place, tag_value, alarm_arns, steady_state)
    if Deployment.objects.filter(application=application, place=place).exists():
        problems.append(("place", f"{application.name} is registered in {place} already"))
    if problems:
        raise Invalid.of(problems)
    with transaction.atomic():
        deployment = Deployment.objects.create(
            application=application,
            place=place,
            tag_value=tag_value.strip(),
            alarm_arns=list(alarm_arns),
            steady_state=[dict(probe) for probe in steady_state],
        )
        record(actor, "deployment.register", deployment, place=str(place))
    return deployment


def change_deployment(
    *,
    actor: Actor,
    deployment: Deployment,
    tag_value: str,
    alarm_arns: Sequence[str],
    steady_state: Sequence[Mapping[str, object]],
) -> Deployment:
    """Change the tag, the alarms and the probes. What was approved keeps what it was approved with.

    Raises NotAllowed, and Invalid that names every field at fault.
    """
    authorize(actor, "application.register", deployment.application.team)
    problems = _deployment_problems(deployment.place, tag_value, alarm_arns, steady_state)
    if problems:
        raise Invalid.of(problems)
    with transaction.atomic():
        locked = Deployment.objects.select_for_update(no_key=True).get(pk=deployment.pk)
        before = {"tag_value": locked.tag_value, "alarm_arns": locked.alarm_arns}
        locked.tag_value = tag_value.strip()
        locked.alarm_arns = list(alarm_arns)
        locked.steady_state = [dict(probe) for probe in steady_state]
        locked.save(update_fields=["tag_value", "alarm_arns", "steady_state"])
        record(
            actor,
            "deployment.change",
            locked,
            before=before,
            after={"tag_value": locked.tag_value, "alarm_arns": locked.alarm_arns},
            probes=[str(probe["key"]) for probe in locked.steady_state],
        )
    return locked


def _deployment_problems(
    place: AccountRegion,
    tag_value: str,
    alarm_arns: Sequence[str],
    steady_state: Sequence[Mapping[str, object]],
) -> list[tuple[str, str]]:
    problems: list[tuple[str, str]] = []
    if not 1 <= len(tag_value.strip()) <= 120:
        problems.append(("tag_value", "between 1 and 120 characters"))
    problems += _alarm_problems(place, alarm_arns)
    try:
        problems += reach_problems(probes_from_json(list(steady_state)), place)
    except Invalid as error:
        problems += error.problems
    return problems


def _text_problems(name: str) -> list[tuple[str, str]]:
    return [] if 1 <= len(name.strip()) <= 120 else [("name", "between 1 and 120 characters")]


def _tier_problems(tier: int) -> list[tuple[str, str]]:
    return [] if tier in TIERS else [("tier", "1, 2 or 3")]


def _name_problems(slug: str, name: str) -> list[tuple[str, str]]:
    problems = _text_problems(name)
    try:
        validate_slug(slug)
    except ValidationError:
        problems.append(("slug", "letters, digits, hyphens and underscores only"))
    if len(slug) > 50:
        problems.append(("slug", "at most 50 characters"))
    elif slug in RESERVED:
        problems.append(("slug", f"“{slug}” is the address of a page; choose another"))
    elif Application.objects.filter(slug=slug).exists():
        problems.append(("slug", f"“{slug}” is taken; choose another"))
    return problems


def _url_problems(urls: Mapping[str, str]) -> list[tuple[str, str]]:
    problems: list[tuple[str, str]] = []
    for field, url in urls.items():
        if not url:
            continue
        try:
            URLValidator(schemes=["https", "http"])(url)
        except ValidationError:
            problems.append((field, "a web address that starts with https://"))
    return problems


def _alarm_problems(place: AccountRegion, arns: Sequence[str]) -> list[tuple[str, str]]:
    problems: list[tuple[str, str]] = []
    # AWS FIS User Guide, "Quotas": five stop conditions an experiment template.
    if len(arns) > 5:
        problems.append(("alarm_arns", "at most 5 alarms; FIS takes 5 stop conditions"))
    for number, arn in enumerate(arns):
        match = ALARM_ARN.fullmatch(arn)
        field = f"alarm_arns[{number}]"
        if match is None:
            problems.append((field, "a CloudWatch alarm ARN: arn:aws:cloudwatch:…:alarm:<name>"))
        elif (match[1], match[2]) != (place.region, place.account.account_id):
            problems.append(
                (field, f"is in {match[1]} of account {match[2]}, the deployment is in {place}")
            )
    return problems
