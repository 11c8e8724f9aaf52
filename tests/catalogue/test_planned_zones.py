"""A zone planned by its id is the same zone in every account, whatever each calls it."""

from __future__ import annotations

import pytest
from django.test import Client

from exercises.domain.conflicts import Kind
from exercises.domain.errors import Invalid
from exercises.models import AccountRegion, Experiment, TemplateVersion
from exercises.models.due_work import database_now
from exercises.queries.conflicts import conflicts_of
from exercises.queries.plans import definition_of, problems_of
from exercises.services.accounts import RegionSettings, change_account
from exercises.services.role_checks import check_account
from tests import build
from tests.cast import Cast

pytestmark = pytest.mark.django_db

PRODUCTION, INTEGRATION = "111111111111", "333333333333"
ZONE = "euc1-az2"


def known(cast: Cast, account_id: str, environment: str = "production") -> AccountRegion:
    """A place whose zones were read."""
    place = build.account(account_id, environment)
    check_account(actor=cast.actor("lead"), account=place.account)
    place.refresh_from_db()
    return place


def power(cast: Cast, place: AccountRegion, slug: str, az: str = ZONE) -> Experiment:
    """A draft that takes the power from a zone."""
    return Experiment(
        exercise=build.exercise(cast, slug=f"of-{slug}"),
        deployment=build.deployment(cast, slug=slug, place=place),
        application=build.deployment(cast, slug=slug, place=place).application,
        template_version=build.template_version(rung=4, generator="az_power"),
        title="Power of a zone",
        hypothesis="If a zone has no power, then messages are delivered within 2 minutes.",
        az=az,
        author=cast.author,
    )


def test_a_check_of_the_roles_reads_which_zone_each_name_means(
    cast: Cast, place: AccountRegion
) -> None:
    place.az_ids = {"eu-central-1a": "", "eu-central-1b": "euc1-az9"}
    place.save(update_fields=["az_ids"])
    assert known(cast, PRODUCTION).az_ids["eu-central-1b"] == ZONE
    assert known(cast, INTEGRATION, "pre-production").az_ids["eu-central-1c"] == ZONE


def test_zones_that_cannot_be_read_stay_as_they_are_known(cast: Cast, place: AccountRegion) -> None:
    place.az_ids = {"eu-central-1b": "euc1-az3"}
    place.save(update_fields=["az_ids"])
    place.account.read_role_arn = f"arn:aws:iam::{PRODUCTION}:role/nobody"
    place.account.save(update_fields=["read_role_arn"])
    assert known(cast, PRODUCTION).az_ids == {"eu-central-1b": "euc1-az3"}


def test_aws_receives_the_name_that_the_account_has_for_the_zone(
    cast: Cast, place: AccountRegion
) -> None:
    here = str(definition_of(power(cast, known(cast, PRODUCTION), "mqtt-broker")))
    there = str(definition_of(power(cast, known(cast, INTEGRATION, "pre-production"), "telemetry")))
    assert "eu-central-1b" in here
    assert "eu-central-1c" not in here
    assert "eu-central-1c" in there
    assert "eu-central-1b" not in there
    assert ZONE not in here + there


def test_a_zone_that_the_account_does_not_know_is_named_by_field(
    cast: Cast, place: AccountRegion
) -> None:
    unread = power(cast, place, "mqtt-broker")
    asked = TemplateVersion(
        template=unread.template_version.template,
        definition={"zone": "{{zone}}"},
        parameters=[{"name": "zone", "kind": "az"}],
    )
    unread.template_version, unread.parameters = asked, {"zone": "euc1-az1"}
    with pytest.raises(Invalid) as error:
        definition_of(unread)
    assert [field for field, _ in error.value.problems] == ["az", "parameters.zone"]
    assert "account-111 does not say by which name it knows euc1-az2" in str(error.value)
    assert "az" in [field for field, _ in problems_of(unread, now=database_now())]

    unread.deployment.place.az_ids = {"eu-central-1a": ZONE, "eu-central-1c": "euc1-az1"}
    assert definition_of(unread) == {"zone": "eu-central-1c"}


def test_an_id_and_the_name_of_the_same_zone_are_in_each_others_way(
    cast: Cast, place: AccountRegion
) -> None:
    prod, other = known(cast, PRODUCTION), known(cast, INTEGRATION, "pre-production")
    exercise = build.exercise(cast)
    exercise.az = ""
    exercise.save(update_fields=["az"])
    version = build.template_version(rung=4, generator="az_power")

    def planned(slug: str, where: AccountRegion, az: str) -> Experiment:
        deployment = build.deployment(cast, slug=slug, place=where)
        return build.proposed(
            cast, exercise, deployment=deployment, az=az, template_version=version, parameters={}
        )

    first = planned("mqtt-broker", prod, "eu-central-1b")
    by_name, by_id = planned("telemetry", other, "eu-central-1c"), planned("maps", other, ZONE)
    elsewhere = planned("routes", other, "eu-central-1b")

    found = conflicts_of(first) or []

    in_zone = {slot.id for each in found if each.kind is Kind.ZONE for slot in each.slots}
    assert in_zone == {first.pk, by_name.pk, by_id.pk}
    assert elsewhere.pk not in in_zone


def test_the_pages_offer_ids_and_show_what_the_account_calls_them(
    client: Client, cast: Cast, place: AccountRegion
) -> None:
    there = known(cast, INTEGRATION, "pre-production")
    deployment = build.deployment(cast, slug="telemetry", place=there)
    exercise = build.exercise(cast)
    client.force_login(cast.author)

    build.template_version()
    where = {
        "exercise": exercise.slug,
        "deployment": str(deployment.pk),
        "template": "stop-one-instance",
    }
    form = client.get("/experiments/new/", where)
    assert f'<option value="{ZONE}">{ZONE} (eu-central-1c)</option>' in form.content.decode()

    made = build.proposed(cast, exercise, deployment=deployment, az=ZONE)
    page = client.get(f"/experiments/{made.code}/").content.decode()
    assert f"eu-central-1c ({ZONE})" in page
    exercise.az = ZONE
    exercise.save(update_fields=["az"])
    assert f"eu-central-1c ({ZONE})" in client.get(f"/exercises/{exercise.slug}/").content.decode()


@pytest.mark.parametrize(
    ("az_ids", "said"),
    [
        ({"eu-central-1a": "use1-az1"}, "“use1-az1” is no id of a zone of eu-central-1"),
        ({"eu-central-1a": ZONE, "eu-central-1b": ZONE}, f"“{ZONE}” is the id of one zone only"),
    ],
)
def test_ids_of_an_account_are_those_of_its_region(
    cast: Cast, place: AccountRegion, az_ids: dict[str, str], said: str
) -> None:
    account = place.account
    with pytest.raises(Invalid, match=said):
        change_account(
            actor=cast.actor("lead"),
            account=account,
            name=account.name,
            environment=account.environment,
            team=account.team,
            read_role_arn=account.read_role_arn,
            start_role_arn=account.start_role_arn,
            stop_role_arn=account.stop_role_arn,
            fis_role_arn=account.fis_role_arn,
            regions={place.region: RegionSettings(az_ids=az_ids)},
        )
