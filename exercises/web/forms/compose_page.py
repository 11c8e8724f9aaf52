"""What the propose template draws: each control with its value, its hint and its problems."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from exercises.domain.engine_documents import FIS
from exercises.domain.parameters import ParameterSpec, specs_from_json
from exercises.models import Deployment, Exercise, TemplateVersion
from exercises.queries.policy_checks import field_words
from exercises.queries.several_accounts import misfit
from exercises.web.forms.compose import Problems, Typed, anchor
from exercises.web.forms.probe_rows import ProbeRow


@dataclass(frozen=True)
class Choice:
    value: str
    label: str


@dataclass(frozen=True)
class AccountChoice:
    """A further account that the same experiment may hit."""

    account_id: str
    label: str
    note: str
    is_chosen: bool


@dataclass(frozen=True)
class ParameterControl:
    """One parameter of the template version."""

    name: str
    label: str
    value: str
    unit: str
    hint: str
    is_required: bool
    is_number: bool
    choices: tuple[Choice, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True)
class SummaryLine:
    """One line of the summary at the top: the problem, and the control to go to."""

    text: str
    href: str


def parameter_controls(
    version: TemplateVersion,
    typed: Typed,
    errors: Mapping[str, Sequence[str]],
    zones: Sequence[Choice],
) -> list[ParameterControl]:
    return [
        _control(
            spec,
            typed.parameters.get(spec.name, ""),
            tuple(errors.get(f"parameters.{spec.name}", ())),
            zones,
        )
        for spec in specs_from_json(version.parameters)
    ]


def _control(
    spec: ParameterSpec, value: str, problems: tuple[str, ...], zones: Sequence[Choice]
) -> ParameterControl:
    choices = tuple(Choice(str(option), str(option)) for option in spec.choices)
    if spec.kind == "az":
        choices = tuple(zones)
        if value not in {"", *(zone.value for zone in zones)}:
            choices += (Choice(value, value),)
    return ParameterControl(
        name=f"parameters.{spec.name}",
        label=spec.label,
        value=value,
        unit=spec.unit or ("min" if spec.kind == "minutes" else ""),
        hint=" ".join(filter(None, (spec.help, _range(spec)))),
        is_required=spec.required,
        is_number=spec.kind in {"int", "minutes"},
        choices=choices,
        problems=problems,
    )


def _range(spec: ParameterSpec) -> str:
    unit = f" {spec.unit}" if spec.unit else ""
    if spec.minimum is not None and spec.maximum is not None:
        return f"{spec.minimum:g} to {spec.maximum:g}{unit}."
    if spec.minimum is not None:
        return f"{spec.minimum:g}{unit} or more."
    if spec.maximum is not None:
        return f"at most {spec.maximum:g}{unit}."
    return ""


def rows_with_problems(
    rows: Sequence[ProbeRow], errors: Mapping[str, Sequence[str]]
) -> list[ProbeRow]:
    return [replace(row, problems=_of_row(row.index, errors)) for row in rows]


def _of_row(index: int, errors: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    start = f"steady_state[{index}]"
    return {
        field.removeprefix(start).lstrip(".") or "name": list(texts)
        for field, texts in errors.items()
        if field == start or field.startswith(f"{start}.")
    }


def summary(problems: Problems, known: set[str]) -> list[SummaryLine]:
    """All problems with a link each; those without a control of their own go to Policy."""
    lines = []
    for field, text in problems:
        target = anchor(field)
        if target.removeprefix("id_") not in known and not target.startswith("id_probe-"):
            target = "policy"
        lines.append(SummaryLine(f"{field_words(field)}: {text}", f"#{target}"))
    return lines


def further_accounts(
    version: TemplateVersion, deployments: Sequence[Deployment], typed: Typed
) -> list[AccountChoice]:
    """The accounts on offer beside the chosen deployment; and those chosen before that are not
    on offer any more, so that they can be left out."""
    offered = _fitting(version, deployments, typed.deployment)
    choices = [
        AccountChoice(account_id, other.place.account.name, account_id, account_id in typed.also_in)
        for account_id, other in offered.items()
    ]
    gone = (account_id for account_id in typed.also_in if account_id not in offered)
    return choices + [AccountChoice(each, each, "not on offer here", True) for each in gone]


def only_fitting(
    version: TemplateVersion, deployments: Sequence[Deployment], typed: Typed
) -> Typed:
    """After another choice of the deployment: its accounts, none of the one before."""
    offered = _fitting(version, deployments, typed.deployment)
    return replace(typed, also_in=tuple(each for each in typed.also_in if each in offered))


def _fitting(
    version: TemplateVersion, deployments: Sequence[Deployment], chosen: str
) -> dict[str, Deployment]:
    """Deployments that one experiment may hit beside the chosen one, by account."""
    own = next((each for each in deployments if str(each.pk) == chosen), None)
    if own is None or version.template.engine != FIS:
        return {}
    others = (each for each in deployments if not misfit(own, each))
    return {each.place.account.account_id: each for each in others}


def zones_of(
    deployments: Sequence[Deployment], typed: Typed, exercise: Exercise | None
) -> list[Choice]:
    """The Availability Zones on offer: those known of the places, by their ids where known,
    and those already named."""
    known = {pair for deployment in deployments for pair in deployment.place.az_ids.items()}
    zones = {zone_id or name for name, zone_id in known}
    zones |= {typed.az} | ({exercise.az} if exercise else set())
    return [Choice(zone, _zone_label(zone, known)) for zone in sorted(filter(None, zones))]


def _zone_label(zone: str, known: Collection[tuple[str, str]]) -> str:
    """The zone with what else it is called: the names of an id, the ids of a name."""
    others = {pair[0] if zone == pair[1] else pair[1] for pair in known if zone in pair} - {""}
    return f"{zone} ({', '.join(sorted(others))})" if others else zone
