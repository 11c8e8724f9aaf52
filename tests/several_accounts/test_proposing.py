"""One experiment over several accounts is proposed where the further ones fit, and only there."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from exercises.domain.approvals import ApprovalStatus
from exercises.domain.errors import Invalid
from exercises.domain.target_accounts import KEY
from exercises.domain.templates_lint import lint
from exercises.models import (
    AccountRegion,
    Deployment,
    Exercise,
    Experiment,
    Template,
    TemplateVersion,
)
from exercises.models.due_work import database_now
from exercises.queries.approvals import approval_of
from exercises.queries.evidence_pack import files_of
from exercises.queries.plans import definition_of
from exercises.queries.policy_checks import policy_checks
from exercises.queries.several_accounts import MOST_ACCOUNTS
from exercises.services.carry_over import carry_over
from exercises.services.propose import edit_draft
from exercises.services.schedules import create_programme
from exercises.web.forms.compose import typed_for_new
from tests import build
from tests.api.conftest import Caller, caller
from tests.api.test_api import WRITTEN
from tests.cast import Cast
from tests.pages_experiments.test_propose_page import form

__all__ = ["caller"]  # a fixture

pytestmark = pytest.mark.django_db
OWN, SECOND, THIRD = "111111111111", "222222222222", "333333333333"


@pytest.fixture
def second(cast: Cast) -> Deployment:
    """The same application in another account, beside the one in the first."""
    build.deployment(cast)
    return build.deployment(cast, place=build.account(SECOND))


def targeted(experiment: Experiment) -> list[str]:
    configured = definition_of(experiment)["targetAccountConfigurations"]
    assert isinstance(configured, list)
    return [each["accountId"] for each in configured]


def status_of(experiment: Experiment) -> ApprovalStatus:
    return approval_of(Experiment.objects.get(pk=experiment.pk), now=database_now())


def of_targets(cast: Cast, **target: object) -> TemplateVersion:
    """A version whose one target is found in this way."""
    found = {"resourceType": "aws:ec2:instance", "selectionMode": "ALL", **target}
    definition = {**build.DEFINITION, "targets": {"one-instance": found}}
    return TemplateVersion.objects.create(
        template=build.template_version().template,
        number=7,
        definition=definition,
        parameters=build.PARAMETERS,
        rung=1,
    )


def in_zone(cast: Cast) -> TemplateVersion:
    return of_targets(
        cast,
        resourceTags={"chaosplane:application": "{{application}}"},
        filters=[{"path": "Placement.AvailabilityZone", "values": ["{{az}}"]}],
    )


def zones(deployment: Deployment, **az_ids: str) -> None:
    deployment.place.az_ids = {name.replace("_", "-"): each for name, each in az_ids.items()}
    deployment.place.save(update_fields=["az_ids"])


def test_what_is_approved_names_every_account_and_its_role(cast: Cast, second: Deployment) -> None:
    experiment = build.proposed(cast, also_in=[SECOND])
    assert experiment.revision is not None
    definition = experiment.revision.plan["definition"]
    assert definition["experimentOptions"]["accountTargeting"] == "multi-account"
    assert definition["targetAccountConfigurations"] == [
        {"accountId": each, "roleArn": f"arn:aws:iam::{each}:role/fis-experiments"}
        for each in (OWN, SECOND)
    ]


def test_an_experiment_in_one_account_is_approved_as_it_always_was(
    cast: Cast, second: Deployment
) -> None:
    experiment = build.proposed(cast)
    definition = definition_of(experiment)
    assert "targetAccountConfigurations" not in definition
    assert definition["experimentOptions"] == build.DEFINITION["experimentOptions"]


def test_another_list_of_accounts_voids_its_approvals(cast: Cast, second: Deployment) -> None:
    experiment = build.approved(cast)
    assert status_of(experiment).is_complete
    draft = build.draft(cast, also_in=[SECOND])
    edit_draft(actor=cast.actor("author"), experiment=experiment, draft=draft)
    assert not status_of(experiment).is_complete


@pytest.mark.parametrize(
    ("also_in", "said"),
    [
        (["999999999999"], "also_in: 999999999999 is no account in which Mqtt Broker is deployed"),
        ([OWN], "also_in: 111111111111 .* is the account that it runs in"),
        ([SECOND, SECOND], "also_in: each account once"),
    ],
)
def test_an_account_that_cannot_be_meant_is_named(
    cast: Cast, second: Deployment, also_in: list[str], said: str
) -> None:
    with pytest.raises(Invalid, match=said):
        build.proposed(cast, also_in=also_in)


def test_accounts_are_as_many_as_fis_takes(cast: Cast, second: Deployment) -> None:
    also_in = [f"{n:012}" for n in range(MOST_ACCOUNTS)]
    with pytest.raises(Invalid, match="also_in: at most 40 accounts with its own; these are 41"):
        build.proposed(cast, also_in=also_in)


def test_an_account_of_another_environment_is_refused(cast: Cast, second: Deployment) -> None:
    second.place.account.environment = "pre-production"
    second.place.account.save(update_fields=["environment", "fis_role_arn"])
    with pytest.raises(Invalid, match=r"also_in: .*is pre-production, this one production"):
        build.proposed(cast, also_in=[SECOND])


def test_an_account_where_it_runs_in_another_region_is_refused(
    cast: Cast, second: Deployment
) -> None:
    second.place.region = "eu-west-1"
    second.place.save(update_fields=["region"])
    with pytest.raises(Invalid, match=r"also_in: .*is deployed in eu-west-1, not in eu-central-1"):
        build.proposed(cast, also_in=[SECOND])


def test_an_account_whose_resources_carry_another_tag_value_is_refused(
    cast: Cast, second: Deployment
) -> None:
    second.tag_value = "mqtt-broker-eu"
    second.save(update_fields=["tag_value"])
    with pytest.raises(Invalid, match=r"also_in: .*tag value mqtt-broker-eu, not mqtt-broker"):
        build.proposed(cast, also_in=[SECOND])


def test_an_account_without_a_role_for_fis_is_refused(cast: Cast, second: Deployment) -> None:
    second.place.account.fis_role_arn = ""
    second.place.account.save(update_fields=["environment", "fis_role_arn"])
    with pytest.raises(Invalid, match=r"also_in: .*has no role for FIS"):
        build.proposed(cast, also_in=[SECOND])


def test_only_fis_hits_several_accounts_at_once(cast: Cast, second: Deployment) -> None:
    version = build.template_version()
    version.template.engine = "chaostoolkit"
    version.template.save(update_fields=["engine"])
    with pytest.raises(Invalid, match="also_in: only FIS hits several accounts at once"):
        build.proposed(cast, also_in=[SECOND], template_version=version)


def test_a_zone_whose_name_is_another_zone_in_one_account_is_refused(
    cast: Cast, second: Deployment
) -> None:
    zones(build.deployment(cast), eu_central_1a="euc1-az2")
    zones(second, eu_central_1a="euc1-az3")
    with pytest.raises(Invalid, match="also_in: eu-central-1a is euc1-az3 in account-222 and euc"):
        build.proposed(cast, also_in=[SECOND], template_version=in_zone(cast))


def test_a_zone_is_the_same_in_every_account_only_when_each_says_so(
    cast: Cast, second: Deployment
) -> None:
    zones(build.deployment(cast), eu_central_1a="euc1-az2")
    said = "also_in: account-222 does not say which zone it calls eu-central-1a"
    with pytest.raises(Invalid, match=said):
        build.proposed(cast, also_in=[SECOND], template_version=in_zone(cast))


def test_a_zone_of_which_no_account_says_anything_is_refused(
    cast: Cast, second: Deployment
) -> None:
    said = "also_in: account-111 does not say which zone it calls eu-central-1a"
    with pytest.raises(Invalid, match=said):
        build.proposed(cast, also_in=[SECOND], template_version=in_zone(cast))


def test_a_zone_that_every_account_calls_alike_is_proposed(cast: Cast, second: Deployment) -> None:
    for deployment in (build.deployment(cast), second):
        zones(deployment, eu_central_1a="euc1-az2")
    experiment = build.proposed(cast, also_in=[SECOND], template_version=in_zone(cast))
    assert targeted(experiment) == [OWN, SECOND]


def test_a_resource_of_none_of_its_accounts_is_refused(cast: Cast, second: Deployment) -> None:
    arns = [f"arn:aws:ec2:eu-central-1:{each}:instance/i-1" for each in (SECOND, THIRD)]
    with pytest.raises(Invalid) as caught:
        build.proposed(cast, also_in=[SECOND], template_version=of_targets(cast, resourceArns=arns))
    said = f"{arns[1]} lies in {THIRD}, none of the accounts that are hit"
    assert caught.value.problems == (("targets.one-instance.resourceArns", said),)


def test_a_copy_of_an_experiment_hits_the_same_accounts(cast: Cast, second: Deployment) -> None:
    build.proposed(cast, also_in=[SECOND])
    after = build.exercise(cast, slug="2026-12", opens_in=timedelta(days=30))
    programme = create_programme(
        actor=cast.actor("lead"), name="ITEE", lead=cast.lead, safety_officer=cast.safety
    )
    Exercise.objects.update(programme=programme)
    after.refresh_from_db()
    carry_over(after)
    [experiment] = after.experiments.all()
    assert targeted(experiment) == [OWN, SECOND]


def test_whoever_decides_reads_how_many_accounts_are_hit(
    cast: Cast, second: Deployment, client: Client
) -> None:
    experiment = build.proposed(cast, also_in=[SECOND])
    [check] = [c for c in policy_checks(experiment, now=database_now()) if "accounts" in c.label]
    assert (check.label, check.detail) == (
        "Hits 2 accounts",
        "account-111 (orchestrator), account-222",
    )
    client.force_login(cast.owner)
    page = client.get(reverse("experiment_detail", args=[experiment.pk])).content.decode()
    assert "Mqtt Broker in account-111 (orchestrator), account-222" in page


def test_the_form_offers_the_accounts_that_fit_and_keeps_the_chosen_ones(
    cast: Cast, second: Deployment, client: Client
) -> None:
    other = build.deployment(cast, place=build.account(THIRD, environment="pre-production"))
    client.force_login(cast.author)
    sent = form(cast)
    page = client.get("/experiments/new/", {"template": sent["template"]}).content.decode()
    assert f'name="also_in.{SECOND}"' in page
    assert f'name="also_in.{THIRD}"' not in page

    client.post("/experiments/new/", sent | {f"also_in.{SECOND}": "on"})
    experiment = Experiment.objects.get()
    assert experiment.also_in == [SECOND]
    edit = client.get(reverse("experiment_edit", args=[experiment.pk])).content.decode()
    assert f'name="also_in.{SECOND}" checked' in edit

    alone = sent | {f"also_in.{SECOND}": "on", "deployment": str(other.pk), "do": "accounts"}
    moved = client.post("/experiments/new/", alone).content.decode()
    assert "also_in." not in moved
    assert Experiment.objects.count() == 1


def test_without_a_script_an_account_that_no_longer_fits_stays_until_it_is_left_out(
    cast: Cast, second: Deployment, client: Client
) -> None:
    other = build.deployment(cast, place=build.account(THIRD, environment="pre-production"))
    client.force_login(cast.author)
    sent = form(cast, deployment=str(other.pk)) | {f"also_in.{SECOND}": "on", "do": "send"}
    page = client.post("/experiments/new/", sent, follow=True).content.decode()
    assert "is production, this one pre-production" in page
    assert f'name="also_in.{SECOND}" checked' in page
    assert Experiment.objects.get().status == "draft"


def test_a_form_without_another_deployment_has_no_such_choice(cast: Cast, client: Client) -> None:
    client.force_login(cast.author)
    sent = form(cast)
    page = client.get("/experiments/new/", {"template": sent["template"]}).content.decode()
    assert 'id="id_also_in" class="span-2" hidden' in page


def test_what_is_no_account_in_the_form_is_not_kept(
    cast: Cast, second: Deployment, client: Client
) -> None:
    client.force_login(cast.author)
    answer = client.post("/experiments/new/", form(cast) | {"also_in.x' or 1": "on"})
    assert answer.status_code == 422
    assert "at most 39 accounts, each by its 12 digits" in answer.content.decode()
    assert not Experiment.objects.exists()


def test_the_api_takes_and_shows_the_further_accounts(
    cast: Cast, second: Deployment, caller: Caller
) -> None:
    build.template_version()
    body = WRITTEN | {"exercise": build.exercise(cast).slug, "also_in": [SECOND]}
    made = caller("author").post("/api/v1/experiments/", body).json()
    assert made["also_in"] == [SECOND]
    sent = caller("author").post(f"/api/v1/experiments/{made['id']}/propose/")
    assert (sent.status_code, sent.json()["status"]) == (200, "proposed")


@pytest.mark.parametrize(
    ("also_in", "field"),
    [(["22222222222"], "also_in.0"), ([SECOND] * MOST_ACCOUNTS, "also_in"), (SECOND, "also_in")],
)
def test_the_api_names_what_is_no_list_of_accounts(
    cast: Cast, second: Deployment, caller: Caller, also_in: object, field: str
) -> None:
    build.template_version()
    body = WRITTEN | {"exercise": build.exercise(cast).slug, "also_in": also_in}
    answer = caller("author").post("/api/v1/experiments/", body)
    assert answer.status_code == 422
    assert [each["field"] for each in answer.json()["errors"]] == [field]


def test_the_api_names_the_account_that_does_not_fit(
    cast: Cast, second: Deployment, caller: Caller
) -> None:
    build.template_version()
    body = WRITTEN | {"exercise": build.exercise(cast).slug, "also_in": [THIRD]}
    made = caller("author").post("/api/v1/experiments/", body).json()
    answer = caller("author").post(f"/api/v1/experiments/{made['id']}/propose/")
    said = f"{THIRD} is no account in which Mqtt Broker is deployed"
    assert answer.json()["errors"] == [{"field": "also_in", "problem": said}]


def test_a_retest_begins_with_the_same_accounts(cast: Cast, second: Deployment) -> None:
    experiment = build.proposed(cast, also_in=[SECOND])
    typed = typed_for_new(
        version=experiment.template_version,
        deployment=experiment.deployment,
        exercise=None,
        retested=experiment,
    )
    assert typed.also_in == (SECOND,)


def test_the_evidence_names_every_account(cast: Cast, second: Deployment) -> None:
    experiment = build.proposed(cast, also_in=[SECOND])
    files = files_of(experiment.exercise)
    assert json.loads(files["experiments.json"])[0]["also_in"] == [SECOND]


def test_the_deployment_in_its_region_counts_where_an_account_has_several(
    cast: Cast, second: Deployment
) -> None:
    elsewhere = AccountRegion.objects.create(account=second.place.account, region="eu-west-1")
    Deployment.objects.create(
        application=second.application, place=elsewhere, tag_value="mqtt-broker"
    )
    assert targeted(build.proposed(cast, also_in=[SECOND])) == [OWN, SECOND]


def test_what_is_not_saved_yet_is_judged_with_its_accounts(
    cast: Cast, second: Deployment, client: Client
) -> None:
    client.force_login(cast.author)
    sent = form(cast) | {f"also_in.{SECOND}": "on", "do": "add_probe"}
    assert "Hits 2 accounts" in client.post("/experiments/new/", sent).content.decode()


def test_the_form_offers_no_other_application(cast: Cast, client: Client) -> None:
    other = build.deployment(cast, slug="telemetry", place=build.account(SECOND))
    Deployment.objects.filter(pk=other.pk).update(tag_value="mqtt-broker")
    client.force_login(cast.author)
    own = form(cast)["deployment"]
    page = client.post("/experiments/new/", form(cast, "2026-12", deployment=own, do="accounts"))
    assert "also_in." not in page.content.decode()


def test_the_form_offers_no_account_to_another_engine(
    cast: Cast, second: Deployment, client: Client
) -> None:
    client.force_login(cast.author)
    sent = form(cast)
    Template.objects.update(engine="chaostoolkit")
    page = client.get("/experiments/new/", {"template": sent["template"]}).content.decode()
    assert "also_in." not in page


def test_a_template_with_accounts_of_its_own_is_told_where_they_are_chosen() -> None:
    found = lint({**build.DEFINITION, KEY: []}, production=False)
    said = "leave it out: further accounts are chosen when an experiment is proposed"
    assert (KEY, said) in {(problem.field, problem.message) for problem in found}
