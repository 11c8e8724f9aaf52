"""One exercise over several accounts and Regions starts in all of them and is stopped in all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from exercises.aws.sessions import Purpose, client
from exercises.domain.exercise_phases import Phase
from exercises.models import AccountRegion, CloudAccount, Exercise, Run
from exercises.models.due_work import database_now
from exercises.services.stop import stop_all
from tests import build
from tests.cast import Cast
from tests.drive import work_off
from tests.simulated_aws import stopped_clock

pytestmark = pytest.mark.django_db

ACCOUNTS = ("111111111111", "222222222222", "333333333333")
REGIONS = ("eu-central-1", "eu-west-1")
IMAGE = "ami-12c6146b"


def place(account_id: str, region: str) -> AccountRegion:
    build.account(account_id)
    account = CloudAccount.objects.get(account_id=account_id)
    found, _ = AccountRegion.objects.get_or_create(
        account=account, region=region, defaults={"scanned_at": database_now()}
    )
    return found


def furnished(where: AccountRegion, application: str) -> str:
    """One instance of the application in that Region, its alarm and what is measured of it."""
    ec2 = client(where.access, "ec2", Purpose.START)
    ec2.run_instances(
        ImageId=IMAGE,
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[
            {
                "ResourceType": "instance",
                "Tags": [{"Key": "chaosplane:application", "Value": application}],
            }
        ],
    )
    cloudwatch = client(where.access, "cloudwatch", Purpose.START)
    for probe in build.probes_of(application):
        cloudwatch.put_metric_data(
            Namespace=str(probe["namespace"]),
            MetricData=[
                {
                    "MetricName": str(probe["metric"]),
                    "Dimensions": [{"Name": "Application", "Value": application}],
                    "Timestamp": database_now() - timedelta(minutes=3),
                    "Value": 100,
                }
            ],
        )
    cloudwatch.put_metric_alarm(
        AlarmName=application,
        Namespace="Tests",
        MetricName="Any",
        ComparisonOperator="LessThanThreshold",
        Threshold=1,
        EvaluationPeriods=1,
        Period=60,
        Statistic="Average",
    )
    return f"arn:aws:cloudwatch:{where.region}:{where.account.account_id}:alarm:{application}"


def proposed(cast: Cast, exercise: Exercise, where: AccountRegion) -> None:
    application = f"app-{where.account.account_id[0]}-{where.region}"
    alarm = furnished(where, application)
    deployment = build.deployment(cast, slug=application, place=where)
    type(deployment).objects.filter(pk=deployment.pk).update(alarm_arns=[alarm])
    deployment.refresh_from_db()
    az = f"{where.region}a"
    experiment = build.approved(
        cast, exercise, deployment=deployment, slot_offset_s=0, az=az, title=f"In {where}"
    )
    build.passed_preflight(experiment)


def running(where: AccountRegion) -> list[Any]:
    listed = client(where.access, "fis", Purpose.READ).list_experiments()["experiments"]
    return [each for each in listed if each["state"]["status"] in ("running", "initiating")]


@pytest.fixture
def aws() -> Iterator[Any]:
    """Simulated AWS whose time stands still: nothing ends while the last one starts."""
    with stopped_clock() as running:
        yield running


def look_everywhere() -> None:
    AccountRegion.objects.update(due_at=database_now(), lease_until=None)
    work_off()


def states() -> set[str]:
    return set(Run.objects.values_list("state", flat=True))


def test_three_accounts_in_two_regions_run_and_one_stop_ends_all(cast: Cast, aws: Any) -> None:
    places = [place(account, region) for account in ACCOUNTS for region in REGIONS]
    exercise = build.exercise(cast, phase=Phase.APPROVE, opens_in=timedelta(minutes=5))
    for where in places:
        proposed(cast, exercise, where)
    Exercise.objects.filter(pk=exercise.pk).update(
        phase=Phase.PREFLIGHT.value, starts_at=database_now() - timedelta(minutes=1)
    )
    exercise.refresh_from_db()
    build.went_live(cast, exercise)
    work_off()
    aws.clock.advance(10)
    look_everywhere()
    assert list(Run.objects.values_list("state", "state_reason")) == [("running", "")] * 6
    assert [len(running(where)) for where in places] == [1] * 6

    stop_all(actor=cast.actor("operator"), exercise=exercise, reason="Enough was seen.")
    aws.clock.advance(60)
    look_everywhere()
    assert states() == {"stopped"}
    assert [running(where) for where in places] == [[]] * 6
