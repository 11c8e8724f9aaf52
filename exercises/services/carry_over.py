"""What an edition takes over from the last one: participants, experiments as drafts, re-tests.

No approval, no pre-flight and no revision comes along: each draft is proposed anew. Called by
services.editions in the transaction that creates the edition.
"""

from __future__ import annotations

from collections.abc import Iterable

from exercises.domain.finding_states import FindingState
from exercises.models import Exercise, Experiment, Finding, Participation

DUE_FOR_RETEST = (FindingState.FIX_LIVE.value, FindingState.RETEST.value)


def carry_over(exercise: Exercise) -> tuple[int, int]:
    """Fill a new edition; return how many drafts there are and how many of them re-test."""
    applications = _invite_last_participants(exercise)
    retests = _findings_due(applications)
    drafts = 0
    for experiment in _last_experiments(exercise, applications):
        covered = [f for f in retests if _covers(experiment, f)]
        _copy(experiment, exercise, covered[0] if covered else None)
        retests = [f for f in retests if f not in covered]
        drafts += 1
    for finding in retests:
        assert finding.run is not None, "filtered"
        _copy(finding.run.experiment, exercise, finding)
        drafts += 1
    return drafts, exercise.experiments.filter(retest_of__isnull=False).count()


def _invite_last_participants(exercise: Exercise) -> list[int]:
    """Who took part last time is invited again."""
    previous = (
        Exercise.objects.filter(programme=exercise.programme, starts_at__lt=exercise.starts_at)
        .exclude(phase="cancelled")
        .order_by("-starts_at")
        .first()
    )
    if previous is None:
        return []
    again = previous.participations.exclude(answer="declined")
    applications = list(again.values_list("application_id", flat=True))
    Participation.objects.bulk_create(
        [Participation(exercise=exercise, application_id=pk) for pk in applications]
    )
    return applications


def _last_experiments(exercise: Exercise, applications: Iterable[int]) -> list[Experiment]:
    """What was proposed in the last edition that had anything proposed."""
    last = (
        Exercise.objects.filter(
            programme=exercise.programme,
            starts_at__lt=exercise.starts_at,
            experiments__status="proposed",
        )
        .exclude(phase="cancelled")
        .order_by("-starts_at")
        .first()
    )
    if last is None:
        return []
    return list(last.experiments.filter(status="proposed", application__in=list(applications)))


def _findings_due(applications: Iterable[int]) -> list[Finding]:
    """Findings whose fix is live and unproven, and the experiment that found them."""
    return list(
        Finding.objects.filter(
            application__in=list(applications), state__in=DUE_FOR_RETEST, run__isnull=False
        )
        .select_related("run__experiment__template_version__template")
        .order_by("pk")
    )


def _covers(experiment: Experiment, finding: Finding) -> bool:
    template = experiment.template_version.template
    return (
        experiment.application_id == finding.application_id
        and template.failure_family == finding.failure_family
    )


def _copy(experiment: Experiment, exercise: Exercise, retest_of: Finding | None) -> Experiment:
    return Experiment.objects.create(
        exercise=exercise,
        application_id=experiment.application_id,
        deployment_id=experiment.deployment_id,
        template_version_id=experiment.template_version_id,
        title=experiment.title,
        hypothesis=experiment.hypothesis,
        parameters=experiment.parameters,
        steady_state=experiment.steady_state,
        expected_alarms=experiment.expected_alarms,
        recheck_after_min=experiment.recheck_after_min,
        also_in=experiment.also_in,
        az=experiment.az,
        wave=experiment.wave,
        slot_offset_s=experiment.slot_offset_s,
        target_cap=experiment.target_cap,
        author_id=experiment.author_id,
        vouched_by=experiment.vouched_by,
        retest_of=retest_of,
    )
