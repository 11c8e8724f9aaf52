"""From a template version and the values of an experiment to the engine's document.

A version either holds a document with placeholders or names a generator that builds one.
Called by queries.plans and, with example values, by services.catalogue.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, cast

from exercises.domain.az_power import az_power
from exercises.domain.errors import Invalid
from exercises.domain.parameters import fill
from exercises.domain.plans import JsonObject
from exercises.domain.scenario_parts import Scenario, Scene
from exercises.domain.scenarios import SCENARIOS

# The tag by which an application's resources say whose they are.
APPLICATION_TAG: Final = "chaosplane:application"


@dataclass(frozen=True, slots=True)
class BuildContext:
    """Where the experiment runs; static documents name these fields as placeholders too."""

    account_id: str
    region: str
    az: str
    application: str
    fis_role_arn: str
    alarm_arns: tuple[str, ...]
    environment: str


def build_definition(
    *,
    generator: str,
    definition: JsonObject,
    values: Mapping[str, object],
    context: BuildContext,
) -> dict[str, object]:
    """The whole document. Raises Invalid that names each value or placeholder at fault."""
    if not generator:
        return _as_fis_strings(fill(definition, _context_values(context) | dict(values)))
    if generator not in GENERATORS:
        raise Invalid("generator", "one of " + ", ".join(GENERATORS))
    return GENERATORS[generator](values, context)


def _context_values(context: BuildContext) -> dict[str, object]:
    """The placeholders every document may use; an empty one counts as having no value."""
    values = {
        "account_id": context.account_id,
        "region": context.region,
        "az": context.az,
        "application": context.application,
        "fis_role_arn": context.fis_role_arn,
        "alarm_arn": context.alarm_arns[0] if context.alarm_arns else "",
    }
    return {name: value for name, value in values.items() if value}


def _as_fis_strings(document: dict[str, object]) -> dict[str, object]:
    """FIS takes the parameters of actions and targets as strings only."""
    for part in ("actions", "targets"):
        entries = document.get(part)
        for entry in entries.values() if isinstance(entries, dict) else ():
            parameters = entry.get("parameters") if isinstance(entry, dict) else None
            if isinstance(parameters, dict):
                entry["parameters"] = {name: _text(value) for name, value in parameters.items()}
    return document


def _text(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ",".join(value)
    return value


def _az_power(values: Mapping[str, object], context: BuildContext) -> dict[str, object]:
    """Values are those of domain.parameters.clean: of their kind and within their bounds."""
    return az_power(
        az=context.az,
        outage_min=_minutes(values, "outage_min", 20),
        recovery_min=_minutes(values, "recovery_min", 5),
        network_min=_minutes(values, "network_min", 2),
        autoshift_after_min=_minutes(values, "autoshift_after_min", 5),
        fis_role_arn=context.fis_role_arn,
        alarm_arns=context.alarm_arns,
        tag_key=str(values.get("tag_key") or "AzImpairmentPower"),
        launch_role_arns=cast("list[str]", values.get("launch_role_arns", [])),
        scope_tags={APPLICATION_TAG: context.application},
        description=f"Power interruption of {context.application} in {context.az}",
    )


def _minutes(values: Mapping[str, object], name: str, default: int) -> int:
    value = values.get(name, default)
    if not isinstance(value, int):
        raise Invalid(f"parameters.{name}", "whole minutes")
    return value


def _of(scenario: Scenario) -> Generator:
    def build(values: Mapping[str, object], context: BuildContext) -> dict[str, object]:
        return scenario.build(
            values,
            Scene(
                region=context.region,
                az=context.az,
                application=context.application,
                scope={APPLICATION_TAG: context.application},
                fis_role_arn=context.fis_role_arn,
                alarm_arns=context.alarm_arns,
            ),
        )

    return build


Generator = Callable[[Mapping[str, object], BuildContext], dict[str, object]]
GENERATORS: Final[Mapping[str, Generator]] = {
    "az_power": _az_power,
    **{key: _of(scenario) for key, scenario in SCENARIOS.items()},
}
