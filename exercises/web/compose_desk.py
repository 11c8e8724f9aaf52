"""What a request of the propose page works with, and what stands beside the form.

Called by web.compose. What is asked of AWS here is only read, with the read role.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from exercises.domain.actors import Actor
from exercises.domain.capacities import label
from exercises.domain.engine_values import Reading
from exercises.domain.errors import Invalid
from exercises.domain.lambda_documents import Written, written
from exercises.domain.steady_state import format_value, is_inside, probes_from_json
from exercises.models import (
    Deployment,
    Exercise,
    Experiment,
    Finding,
    FindingQuestion,
    TargetPreview,
    TemplateVersion,
)
from exercises.models.due_work import database_now
from exercises.queries.approvals import required_for
from exercises.queries.compose import deployments_for, open_exercises
from exercises.queries.free_slots import next_free
from exercises.queries.plans import definition_of, planned_wall
from exercises.queries.policy_checks import policy_checks
from exercises.queries.target_view import target_view
from exercises.services.preflight import preview_unsaved, read_now
from exercises.services.propose import SELF_SERVICE_WINDOW_S
from exercises.web.forms.compose import DEFAULT_ZONE, Meaning, Typed, local_text, read


@dataclass(frozen=True)
class Desk:
    """What one request of this page works with."""

    now: datetime
    version: TemplateVersion
    deployments: Sequence[Deployment]
    exercises: Sequence[Exercise]
    experiment: Experiment | None = None
    retest_of: Finding | None = None
    asked: FindingQuestion | None = None

    def read(self, typed: Typed) -> Meaning:
        return read(
            typed,
            version=self.version,
            deployments=self.deployments,
            exercises=self.exercises,
            experiment=self.experiment,
        )

    def exercise_named(self, slug: str) -> Exercise | None:
        """The exercise of this name; the next one when none is named."""
        if not slug:
            return self.exercises[0] if self.exercises else None
        return next((exercise for exercise in self.exercises if exercise.slug == slug), None)


@dataclass(frozen=True)
class Now:
    """What a probe measures at this moment, beside its limits. `index` is its row."""

    index: int
    value: str
    is_outside: bool = False


def desk_of(
    actor: Actor,
    version: TemplateVersion,
    *,
    experiment: Experiment | None = None,
    retest_of: Finding | None = None,
    asked: FindingQuestion | None = None,
) -> Desk:
    now = database_now()
    deployments = deployments_for(actor)
    if experiment is not None:
        deployments = deployments.filter(application=experiment.application_id)
    elif asked is not None:
        deployments = deployments.filter(application=asked.application_id)
    return Desk(
        now=now,
        version=version,
        deployments=list(deployments),
        exercises=list(open_exercises(actor, now=now)),
        experiment=experiment,
        retest_of=retest_of,
        asked=asked,
    )


def beside(actor: Actor, desk: Desk, typed: Typed, *, with_targets: bool) -> dict[str, object]:
    """Blast radius, policy and approvals for what is typed, as far as it can be read."""
    context: dict[str, object] = {"version": desk.version, "now": desk.now}
    try:
        experiment = _imagined(desk, desk.read(typed))
    except Invalid as error:
        return context | {"unread": [text for _, text in error.problems]}
    preview: TargetPreview | None = None
    if with_targets:
        context["measured"] = _measured(actor, experiment)
        try:
            preview = preview_unsaved(actor=actor, experiment=experiment)
        except Invalid:  # the policy list names the parameters that are wrong
            preview = None
    if preview is not None:
        context["targets"] = target_view(preview, experiment, now=database_now())
    return context | {
        "written": _written(experiment),
        "checks": policy_checks(experiment, now=desk.now, preview=preview),
        "free": _free(experiment, desk.now),
        "needed": [label(capacity) for capacity in required_for(experiment)],
        "environment": experiment.deployment.place.account.get_environment_display(),
        "is_fast": settings.CHAOSPLANE_TIME_SPEED != 1,
        "slot_zone": experiment.exercise.timezone,
        "is_own": experiment.exercise.kind == "self_service",
    }


def _written(experiment: Experiment) -> tuple[Written, ...]:
    try:
        return written(definition_of(experiment))
    except Invalid:  # the policy list names the parameters that are wrong
        return ()


def _free(experiment: Experiment, now: datetime) -> list[tuple[datetime, str]]:
    """The next slots that nobody has, each with the text for its control."""
    zone = experiment.exercise.timezone
    return [(slot, local_text(slot, zone)) for slot in next_free(experiment, now=now)]


def _measured(actor: Actor, experiment: Experiment) -> list[Now]:
    """Every probe as it is now; a probe that cannot be read has no data."""
    try:
        specs = probes_from_json(experiment.steady_state)
    except Invalid:  # the policy list names the probes that are wrong
        return []
    newest = read_now(actor=actor, experiment=experiment)
    return [
        Now(index, format_value(spec, value), value is not None and not is_inside(spec, value))
        for index, spec in enumerate(specs)
        for value in [_value(newest.get(spec.key))]
    ]


def _value(reading: Reading | None) -> float | None:
    return reading.value if reading else None


def _imagined(desk: Desk, meaning: Meaning) -> Experiment:
    """The experiment these controls would make, not saved."""
    draft = meaning.draft
    exercise = meaning.exercise
    if exercise is None or meaning.starts_at is not None:
        starts_at = meaning.starts_at or desk.now
        exercise = Exercise(
            id=desk.experiment.exercise_id if desk.experiment else None,
            kind="self_service",
            starts_at=starts_at,
            ends_at=starts_at + max(planned_wall(SELF_SERVICE_WINDOW_S), timedelta(seconds=1)),
            timezone=DEFAULT_ZONE,
        )
    return Experiment(
        id=desk.experiment.pk if desk.experiment else None,
        exercise=exercise,
        application=draft.deployment.application,
        deployment=draft.deployment,
        template_version=draft.template_version,
        title=draft.title,
        hypothesis=draft.hypothesis,
        parameters=dict(draft.parameters),
        steady_state=list(draft.steady_state),
        expected_alarms=list(draft.expected_alarms),
        recheck_after_min=draft.recheck_after_min,
        also_in=list(draft.also_in),
        az=draft.az,
        slot_offset_s=draft.slot_offset_s,
        target_cap=draft.target_cap,
    )
