"""From the rows of an experiment to its plan: what would run, and every problem with it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from exercises.domain.durations import wall_seconds
from exercises.domain.errors import Invalid
from exercises.domain.generators import BuildContext, build_definition
from exercises.domain.lint_rules import errors_of
from exercises.domain.parameters import clean, specs_from_json
from exercises.domain.plans import Plan
from exercises.domain.probes_lint import lint_probes
from exercises.domain.rechecks import recheck_problems
from exercises.domain.steady_state import probes_from_json
from exercises.domain.stop_alarms import with_alarm
from exercises.domain.target_accounts import TargetAccount, in_accounts
from exercises.domain.timeline import planned_duration_s
from exercises.models import Experiment
from exercises.queries.offered_actions import lint_offered
from exercises.queries.probe_reach import expected_problems, reach_problems
from exercises.queries.several_accounts import accounts_problems, document_problems
from exercises.queries.zones import zone_names

MAX_TARGET_CAP = 100


def planned_wall(seconds: float) -> timedelta:
    """Planned (engine) seconds as wall time; shorter only on the simulated estate."""
    return timedelta(seconds=wall_seconds(seconds, settings.CHAOSPLANE_TIME_SPEED))


def definition_of(experiment: Experiment) -> dict[str, object]:
    """The engine's document, and the further accounts that it hits.

    Raises Invalid that names each parameter at fault, or each account in which the application is
    not deployed alike: what is not proposed yet is looked up by its definition, and a list of
    accounts that anybody may write opens none of them.
    """
    if problems := accounts_problems(experiment):
        raise Invalid.of(problems)
    return in_accounts(_document_of(experiment), _reached(experiment))


def _document_of(experiment: Experiment) -> dict[str, object]:
    """With every parameter filled in and zones by the names that the account has for them; in
    production it also stops when chaosplane itself falls silent."""
    version = experiment.template_version
    deployment = experiment.deployment
    account = deployment.place.account
    specs = specs_from_json(version.parameters)
    values = clean(specs, experiment.parameters)
    zones = {f"parameters.{spec.name}": spec.name for spec in specs if spec.kind == "az"}
    named = {field: str(values[name]) for field, name in zones.items() if values.get(name)}
    named = zone_names({"az": experiment.az, **named}, deployment.place)
    values |= {zones[field]: name for field, name in named.items() if field in zones}
    built = build_definition(
        generator=version.generator,
        definition=version.definition,
        values=values,
        context=BuildContext(
            account_id=account.account_id,
            region=deployment.place.region,
            az=named["az"],
            application=deployment.tag_value,
            fis_role_arn=account.fis_role_arn,
            alarm_arns=tuple(deployment.alarm_arns),
            environment=account.environment,
        ),
    )
    if account.is_production:
        built = with_alarm(built, deployment.place.heartbeat_alarm_arn)
    return built


def _reached(experiment: Experiment) -> list[TargetAccount]:
    """Every account of an experiment in several, its own among them; none for one in one."""
    if not experiment.also_in:
        return []
    accounts = [place.account for place in experiment.places()]
    return [TargetAccount(each.account_id, each.fis_role_arn) for each in accounts]


def plan_of(experiment: Experiment) -> Plan:
    """What would run. Raises Invalid when it cannot be built."""
    place = experiment.deployment.place
    return Plan(
        engine=experiment.template_version.template.engine,
        definition=definition_of(experiment),
        account_id=place.account.account_id,
        region=place.region,
        window_starts_at=experiment.exercise.starts_at,
        window_ends_at=experiment.exercise.ends_at,
        slot_offset_s=experiment.slot_offset_s,
        target_cap=experiment.target_cap,
        hypothesis=experiment.hypothesis,
        steady_state=experiment.steady_state,
        expected_alarms=experiment.expected_alarms,
        recheck_after_min=experiment.recheck_after_min,
    )


def planned_start(experiment: Experiment) -> datetime:
    """The slot on the clock, if Go is said when the window opens."""
    return experiment.exercise.starts_at + planned_wall(experiment.slot_offset_s)


def problems_of(experiment: Experiment, *, now: datetime) -> list[tuple[str, str]]:
    """Every reason why this experiment cannot be proposed, as (field, problem)."""
    problems: list[tuple[str, str]] = []
    if not experiment.title.strip():
        problems.append(("title", "give the experiment a name"))
    if len(experiment.hypothesis.strip()) < 20:
        problems.append(
            ("hypothesis", "say what you expect: if … then … within … (20 characters or more)")
        )
    if not 1 <= experiment.target_cap <= MAX_TARGET_CAP:
        problems.append(("target_cap", f"between 1 and {MAX_TARGET_CAP} resources"))
    problems += _steady_state_problems(experiment)
    problems += recheck_problems(experiment.recheck_after_min)
    problems += expected_problems(experiment.expected_alarms, experiment.deployment.place)
    problems += accounts_problems(experiment)
    try:
        document = _document_of(experiment)
    except Invalid as error:
        return problems + list(error.problems)
    production = experiment.deployment.place.account.is_production
    engine = experiment.template_version.template.engine
    problems += errors_of(lint_offered(document, production=production, engine=engine))
    problems += document_problems(experiment, document)
    return problems + _slot_problems(experiment, planned_duration_s(document), now=now)


def _steady_state_problems(experiment: Experiment) -> list[tuple[str, str]]:
    try:
        probes = probes_from_json(experiment.steady_state)
    except Invalid as error:
        return list(error.problems)
    return errors_of(lint_probes(probes)) + reach_problems(probes, experiment.deployment.place)


def _slot_problems(
    experiment: Experiment, duration_s: int, *, now: datetime
) -> list[tuple[str, str]]:
    starts_at = planned_start(experiment)
    exercise = experiment.exercise
    if exercise.kind == "self_service" and starts_at < now:
        return [("slot", "the slot lies in the past; choose a later one")]
    if exercise.went_live_at is None:  # the slot counts from Go, and Go is not before now
        starts_at += max(now - exercise.starts_at, timedelta())
    elif exercise.kind != "self_service":  # it joins late, in a wave that has not begun
        starts_at = now + planned_wall(experiment.slot_offset_s)
    if starts_at >= exercise.ends_at:
        return [("slot", "the slot lies outside the exercise's window")]
    if starts_at + planned_wall(duration_s) > exercise.ends_at:
        minutes = duration_s // 60
        return [("slot", f"{minutes} minutes do not fit before the exercise's window ends")]
    return []
