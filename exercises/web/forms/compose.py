"""The propose form: what was typed, and the draft that it means.

Every control keeps its text until it can be read, so nothing typed is ever lost. Called by
web.compose; rules about the content are domain's, here is only whether it can be read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from exercises.domain.errors import Invalid
from exercises.domain.steady_state import MAX_PROBES
from exercises.models import Deployment, Exercise, Experiment, TemplateVersion
from exercises.queries.compose import slot_offset
from exercises.queries.plans import planned_start
from exercises.queries.several_accounts import MOST_ACCOUNTS
from exercises.services.propose import Draft
from exercises.web.forms.probe_rows import ProbeRow, read_row, row_of, rows_from, rows_to_json
from exercises.web.numbers import whole

MAX_TEXT: Final = {"title": 160, "hypothesis": 2_000, "az": 32, "expected_alarms": 4_000}
_ACCOUNT_ID: Final = re.compile(r"[0-9]{12}")
DEFAULT_ZONE: Final = str(Exercise._meta.get_field("timezone").get_default())

Problems = list[tuple[str, str]]


@dataclass(frozen=True)
class Typed:
    """The controls as they stand: all text, whether or not it makes sense."""

    deployment: str = ""
    title: str = ""
    hypothesis: str = ""
    az: str = ""
    target_cap: str = "5"
    where_to: str = "exercise"
    exercise: str = ""
    slot: str = ""
    own_start: str = ""
    retest: str = ""
    asked: str = ""
    expected_alarms: str = ""
    recheck_after_min: str = ""
    also_in: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    probes: tuple[ProbeRow, ...] = ()

    def at(self, text: str) -> Typed:
        """The same at another time: of the exercise, or of our own."""
        if self.where_to == "own":
            return replace(self, own_start=text)
        return replace(self, slot=text)

    def with_probes(self, probes: Sequence[ProbeRow]) -> Typed:
        return replace(self, probes=tuple(probes))


@dataclass(frozen=True)
class Meaning:
    """What the controls say, read: a draft, and where it belongs."""

    draft: Draft
    exercise: Exercise | None
    starts_at: datetime | None


def typed_from_post(data: Mapping[str, str]) -> Typed:
    """Everything of a posted form."""
    plain = {
        name: data.get(name, "")
        for name in (
            "deployment",
            "title",
            "hypothesis",
            "az",
            "target_cap",
            "where_to",
            "exercise",
            "slot",
            "own_start",
            "retest",
            "asked",
            "expected_alarms",
            "recheck_after_min",
        )
    }
    parameters = {
        name.removeprefix("parameters."): value
        for name, value in data.items()
        if name.startswith("parameters.")
    }
    return Typed(
        **plain,
        also_in=tuple(n.removeprefix("also_in.") for n in data if n.startswith("also_in.")),
        parameters=parameters,
        probes=rows_from(data, most=MAX_PROBES),
    )


def typed_for_new(
    *,
    version: TemplateVersion,
    deployment: Deployment | None,
    exercise: Exercise | None,
    retested: Experiment | None = None,
    retest_code: str = "",
    alike: Experiment | None = None,
    asked: str = "",
) -> Typed:
    """The first sight of the form: the template's words, the deployment's probes.

    `retested` is repeated as it was; of what ran on something built `alike` only the words and
    parameters are taken, for another application has probes of its own.
    """
    like = retested or alike
    place = deployment.application.name if deployment else ""
    defaults = {
        str(spec["name"]): _text(spec.get("default"))
        for spec in version.parameters
        if "name" in spec
    }
    source = retested.steady_state if retested else (deployment.steady_state if deployment else [])
    return Typed(
        deployment=str(deployment.pk) if deployment else "",
        title=f"{version.template.name}: {place}" if place else version.template.name,
        hypothesis=like.hypothesis if like else version.hypothesis,
        az=(exercise.az if exercise and exercise.az else retested.az if retested else ""),
        target_cap=str(like.target_cap if like else 5),
        where_to="exercise" if exercise else "own",
        exercise=exercise.slug if exercise else "",
        slot=local_text(exercise.starts_at, exercise.timezone) if exercise else "",
        parameters=defaults
        | ({name: _text(value) for name, value in like.parameters.items()} if like else {}),
        probes=tuple(row_of(index, probe) for index, probe in enumerate(source)),
        retest=retest_code,
        asked=asked,
        expected_alarms="\n".join(retested.expected_alarms) if retested else "",
        recheck_after_min=str(like.recheck_after_min or "") if like else "",
        also_in=tuple(retested.also_in) if retested else (),
    )


def typed_of(experiment: Experiment) -> Typed:
    """A saved draft, back in the form."""
    exercise = experiment.exercise
    is_own = exercise.kind == "self_service"
    return Typed(
        where_to="own" if is_own else "exercise",
        own_start=local_text(exercise.starts_at, exercise.timezone) if is_own else "",
        deployment=str(experiment.deployment_id),
        title=experiment.title,
        hypothesis=experiment.hypothesis,
        az=experiment.az,
        target_cap=str(experiment.target_cap),
        expected_alarms="\n".join(experiment.expected_alarms),
        recheck_after_min=str(experiment.recheck_after_min or ""),
        also_in=tuple(experiment.also_in),
        exercise=exercise.slug,
        slot=local_text(planned_start(experiment), exercise.timezone),
        parameters={name: _text(value) for name, value in experiment.parameters.items()},
        probes=tuple(row_of(i, probe) for i, probe in enumerate(experiment.steady_state)),
    )


def read(
    typed: Typed,
    *,
    version: TemplateVersion,
    deployments: Sequence[Deployment],
    exercises: Sequence[Exercise],
    experiment: Experiment | None = None,
) -> Meaning:
    """The draft these controls mean. Raises Invalid naming every control that cannot be read."""
    problems: Problems = _too_long(typed)
    deployment = next((d for d in deployments if str(d.pk) == typed.deployment), None)
    if deployment is None:
        problems.append(("deployment", "choose one of your deployments"))
    exercise, starts_at, offset = _read_when(typed, exercises, experiment, problems)
    cap = _whole(typed.target_cap, "target_cap", problems)
    recheck = _whole(typed.recheck_after_min.strip() or "0", "recheck_after_min", problems)
    problems += _unread_accounts(typed)
    probes = [read_row(row, problems) for row in typed.probes]
    if problems or deployment is None:
        raise Invalid.of(problems)
    return Meaning(
        draft=Draft(
            deployment=deployment,
            template_version=version,
            title=typed.title,
            hypothesis=typed.hypothesis,
            parameters=_only_declared(typed.parameters, version),
            steady_state=rows_to_json(probes),
            az=typed.az.strip(),
            slot_offset_s=offset,
            target_cap=cap,
            expected_alarms=_lines(typed.expected_alarms),
            recheck_after_min=recheck,
            also_in=typed.also_in,
        ),
        exercise=exercise,
        starts_at=starts_at,
    )


def local_text(moment: datetime, zone: str) -> str:
    """For a datetime-local control: the clock of the exercise, to the second."""
    return moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M:%S")


def anchor(field_name: str) -> str:
    """The id of the control that a problem is about, for the links of the summary."""
    row = re.fullmatch(r"steady_state\[(\d+)\](?:\.(\w+))?", field_name)
    if row:
        return f"id_probe-{row[1]}-{row[2] or 'name'}"
    if field_name == "steady_state":
        return "probes"
    if field_name.startswith("definition") or (
        "." in field_name and not field_name.startswith("parameters.")
    ):
        return "policy"
    return f"id_{field_name}"


def _read_when(
    typed: Typed,
    exercises: Sequence[Exercise],
    experiment: Experiment | None,
    problems: Problems,
) -> tuple[Exercise | None, datetime | None, int]:
    if experiment is not None:
        if experiment.exercise.kind == "self_service":
            return experiment.exercise, _own(typed, experiment, problems), experiment.slot_offset_s
        slot = local_text(planned_start(experiment), experiment.exercise.timezone)
        if typed.slot == slot:  # the control shows whole seconds, the plan may hold less
            return experiment.exercise, None, experiment.slot_offset_s
        return experiment.exercise, None, _offset(typed, experiment.exercise, problems)
    if typed.where_to == "own":
        return None, _moment(typed.own_start, DEFAULT_ZONE, "own_start", problems), 0
    exercise = next((e for e in exercises if e.slug == typed.exercise), None)
    if exercise is None:
        problems.append(("exercise", "choose an exercise that still takes proposals"))
        return None, None, 0
    return exercise, None, _offset(typed, exercise, problems)


def _own(typed: Typed, experiment: Experiment, problems: Problems) -> datetime | None:
    """Another start than the present one; None when it stays."""
    exercise = experiment.exercise
    if typed.own_start == local_text(exercise.starts_at, exercise.timezone):
        return None
    return _moment(typed.own_start, exercise.timezone, "own_start", problems)


def _offset(typed: Typed, exercise: Exercise, problems: Problems) -> int:
    at = _moment(typed.slot, exercise.timezone, "slot", problems)
    if at is None:
        return 0
    offset = slot_offset(exercise, at)
    if typed.slot == local_text(exercise.starts_at, exercise.timezone):
        offset = 0
    if offset < 0 or at >= exercise.ends_at:
        opens = local_text(exercise.starts_at, exercise.timezone).replace("T", " ")
        ends = local_text(exercise.ends_at, exercise.timezone).replace("T", " ")
        problems.append(("slot", f"inside the exercise's window, {opens} to {ends}"))
        return 0
    return offset


def _moment(text: str, zone: str, name: str, problems: Problems) -> datetime | None:
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=ZoneInfo(zone))
    except ValueError:
        problems.append((name, "a date and a time, such as 2026-12-09 10:45"))
        return None


def _whole(text: str, name: str, problems: Problems) -> int:
    number = whole(text, digits=6)
    if number is None:
        problems.append((name, "a whole number"))
    return number or 0


def _too_long(typed: Typed) -> Problems:
    return [
        (name, f"at most {most:,} characters")
        for name, most in MAX_TEXT.items()
        if len(getattr(typed, name)) > most
    ]


def _unread_accounts(typed: Typed) -> Problems:
    if len(typed.also_in) < MOST_ACCOUNTS and all(map(_ACCOUNT_ID.fullmatch, typed.also_in)):
        return []
    return [("also_in", f"at most {MOST_ACCOUNTS - 1} accounts, each by its 12 digits")]


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _only_declared(values: Mapping[str, str], version: TemplateVersion) -> dict[str, object]:
    """The parameters of this version; an empty control means that none was given."""
    declared = {spec.get("name") for spec in version.parameters}
    return {
        name: text.strip() for name, text in values.items() if name in declared and text.strip()
    }


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return str(value)
