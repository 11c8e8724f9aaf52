"""One experiment that reaches a second account, as far as Go and as far as running."""

from __future__ import annotations

from datetime import timedelta

from exercises.aws.sessions import Purpose, client
from exercises.domain.exercise_phases import Phase
from exercises.domain.target_accounts import target_accounts
from exercises.engines.fis_definition import request_body
from exercises.models import AccountRegion, Exercise, Run
from exercises.models.due_work import database_now
from exercises.services.start_steps import ask_engine
from tests import build
from tests.cast import Cast

SECOND = "333333333333"


def second() -> AccountRegion:
    """The account that is reached from the first."""
    return build.account(SECOND)


def live(
    cast: Cast, *, slug: str = "mqtt-broker", place: AccountRegion | None = None
) -> tuple[Exercise, Run]:
    """An exercise just after Go with the run of an approved experiment in two accounts: in this
    place, else in the account of all builders, and from there in the second."""
    where = build.exercise(cast, slug=slug, opens_in=timedelta(minutes=5))
    build.deployment(cast, slug=slug, place=second())
    first = build.deployment(cast, slug=slug, place=place)
    experiment = build.approved(cast, where, deployment=first, slot_offset_s=0, also_in=[SECOND])
    build.passed_preflight(experiment)
    Exercise.objects.filter(pk=where.pk).update(
        phase=Phase.PREFLIGHT.value, starts_at=database_now() - timedelta(minutes=1)
    )
    where.refresh_from_db()
    where = build.went_live(cast, where)
    return where, Run.objects.get(experiment=experiment)


def started(run: Run) -> Run:
    """The same run, under way: its template is in the first account."""
    access, plan = run.experiment.deployment.place.access, run.revision.plan
    fis = client(access, "fis", Purpose.START)
    made = fis.create_experiment_template(
        clientToken=run.token, **request_body(plan["definition"])
    )["experimentTemplate"]
    for each in target_accounts(plan["definition"]):
        fis.create_target_account_configuration(
            experimentTemplateId=made["id"], accountId=each.account_id, roleArn=each.role_arn
        )
    now = database_now()
    Run.objects.filter(pk=run.pk).update(
        state="starting", template_ref=made["id"], asked_at=now, due_at=None
    )
    run = Run.objects.get(pk=run.pk)
    ask_engine(run, run.fence, allowed_at=now, is_first=True)
    return Run.objects.get(pk=run.pk)
