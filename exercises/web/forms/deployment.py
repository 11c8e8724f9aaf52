"""The form of a deployment: what was typed, and the tag, alarms and probes that it means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from exercises.domain.errors import Invalid
from exercises.domain.steady_state import MAX_PROBES
from exercises.models import AccountRegion, Deployment
from exercises.web.forms.probe_rows import ProbeRow, read_row, row_of, rows_from, rows_to_json

Problems = list[tuple[str, str]]


@dataclass(frozen=True)
class Typed:
    """The controls as they stand; `alarms` has one ARN a line."""

    place: str = ""
    tag_value: str = ""
    alarms: str = ""
    probes: tuple[ProbeRow, ...] = ()

    def with_probes(self, probes: Sequence[ProbeRow]) -> Typed:
        return replace(self, probes=tuple(probes))

    @property
    def alarm_arns(self) -> list[str]:
        return [line.strip() for line in self.alarms.splitlines() if line.strip()]


def typed_from_post(data: Mapping[str, str]) -> Typed:
    return Typed(
        place=data.get("place", ""),
        tag_value=data.get("tag_value", ""),
        alarms=data.get("alarms", ""),
        probes=rows_from(data, most=MAX_PROBES),
    )


def typed_of(deployment: Deployment) -> Typed:
    return Typed(
        place=str(deployment.place_id),
        tag_value=deployment.tag_value,
        alarms="\n".join(deployment.alarm_arns),
        probes=tuple(row_of(index, probe) for index, probe in enumerate(deployment.steady_state)),
    )


def chosen_place(typed: Typed, places: Sequence[AccountRegion]) -> AccountRegion:
    """Where it runs. Raises Invalid when none of these was chosen."""
    for place in places:
        if str(place.pk) == typed.place:
            return place
    raise Invalid("place", "choose an account and Region")


def probes_of(typed: Typed) -> list[dict[str, object]]:
    """The probes as typed. Raises Invalid naming every control that cannot be read."""
    problems: Problems = []
    probes = [read_row(row, problems) for row in typed.probes]
    if problems:
        raise Invalid.of(problems)
    return rows_to_json(probes)


def errors_by_control(problems: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """Problems under their control; those of an alarm say which line."""
    errors: dict[str, list[str]] = {}
    for field, text in problems:
        if field.startswith("alarm_arns["):
            line = int(field.removeprefix("alarm_arns[").rstrip("]")) + 1
            errors.setdefault("alarms", []).append(f"Line {line}: {text}")
        else:
            errors.setdefault("alarms" if field == "alarm_arns" else field, []).append(text)
    return errors
