"""Runs that are long over, as imported rows: what evidence is worked out from."""

from __future__ import annotations

import uuid
from datetime import timedelta

from exercises.domain.exercise_phases import Phase
from exercises.models import (
    Application,
    Deployment,
    Exercise,
    Experiment,
    ExperimentRevision,
    Run,
    Team,
    Template,
    TemplateVersion,
)
from exercises.models.due_work import database_now
from tests import build
from tests.cast import Cast

STAGING = "333333333333"


def version(family: str = "instance-loss", *, rung: int = 1) -> TemplateVersion:
    """A published template of the family that reaches so far."""
    slug = f"{family}-{rung}"
    template, _ = Template.objects.get_or_create(
        slug=slug, defaults={"name": slug.replace("-", " "), "failure_family": family}
    )
    return template.versions.first() or TemplateVersion.objects.create(
        template=template,
        number=1,
        definition=build.DEFINITION,
        parameters=build.PARAMETERS,
        rung=rung,
    )


def application(team: Team, slug: str, *, tier: int = 1, tags: tuple[str, ...] = ()) -> Application:
    return Application.objects.create(
        slug=slug,
        name=slug.replace("-", " ").capitalize(),
        team=team,
        tier=tier,
        architecture_tags=list(tags),
    )


def deployed(where: Application, *, environment: str = "production") -> Deployment:
    """The application in the account of that environment."""
    account_id = "111111111111" if environment == "production" else STAGING
    found, _ = Deployment.objects.get_or_create(
        application=where,
        place=build.account(account_id, environment),
        defaults={
            "tag_value": where.slug,
            "alarm_arns": [f"arn:aws:cloudwatch:{build.REGION}:{account_id}:alarm:any"],
            "steady_state": build.PROBES,
        },
    )
    return found


def run(
    cast: Cast,
    where: Application,
    what: TemplateVersion,
    *,
    environment: str = "production",
    verdict: str = "held",
    days_ago: int = 30,
    outside_s: float = 75,
) -> Run:
    """One run of an exercise that is closed."""
    at = database_now() - timedelta(days=days_ago)
    exercise = Exercise.objects.create(
        slug=uuid.uuid4().hex,
        name=f"Cloud ITEE {at:%B %Y}",
        starts_at=at - timedelta(minutes=5),
        ends_at=at + timedelta(hours=2),
        region=build.REGION,
        lead=cast.lead,
        phase=Phase.CLOSED.value,
        went_live_at=at - timedelta(minutes=1),
        is_imported=True,
    )
    experiment = Experiment.objects.create(
        exercise=exercise,
        application=where,
        deployment=deployed(where, environment=environment),
        template_version=what,
        title=f"Try {what.template.name}",
        status="proposed",
        author=cast.author,
        is_imported=True,
    )
    revision = ExperimentRevision.objects.create(
        experiment=experiment, number=1, digest=uuid.uuid4().hex, plan={}, author=cast.author
    )
    return Run.objects.create(
        experiment=experiment,
        revision=revision,
        state="completed",
        token=uuid.uuid4().hex,
        scheduled_at=at,
        started_at=at,
        ended_at=at + timedelta(minutes=10),
        judged_at=at + timedelta(minutes=15),
        verdict=verdict,
        judgement={"probes": [{"key": "any", "longest_outside_s": outside_s, "missing": False}]},
        is_imported=True,
    )
