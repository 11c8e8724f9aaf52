"""Every operation of the FIS model answers through plain boto3."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from simulator.wire import Wire
from tests.simulator.cloud import BROKERS_A, INT, PROD, WAIT, Cloud, stop_brokers


def error_of(raised: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    response = raised.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def test_every_operation_of_the_model_is_implemented(cloud: Cloud) -> None:
    implemented = set(cloud.simulator.service._operations)

    assert implemented == set(Wire().operations)
    assert len(implemented) == 26


def test_a_template_lives_from_create_to_delete(cloud: Cloud) -> None:
    made = cloud.template(tags={"Name": "first"})
    fis = cloud.fis

    updated = fis.update_experiment_template(id=made["id"], description="Changed")
    got = fis.get_experiment_template(id=made["id"])["experimentTemplate"]
    listed = fis.list_experiment_templates()["experimentTemplates"]
    fis.delete_experiment_template(id=made["id"])

    assert updated["experimentTemplate"]["description"] == got["description"] == "Changed"
    assert got["actions"] == {"wait": WAIT}
    assert {"Name": "first"} in [each["tags"] for each in listed]
    with pytest.raises(fis.exceptions.ResourceNotFoundException):
        fis.get_experiment_template(id=made["id"])


def test_target_accounts_of_a_template_and_its_experiment_can_be_read_and_changed(
    cloud: Cloud,
) -> None:
    fis, role = cloud.fis, f"arn:aws:iam::{INT}:role/fis-experiments"
    options = {"accountTargeting": "multi-account", "emptyTargetResolutionMode": "fail"}
    template = cloud.template(experimentOptions=options)
    where = {"experimentTemplateId": template["id"], "accountId": INT}

    fis.create_target_account_configuration(**where, roleArn=role, description="integration")
    fis.update_target_account_configuration(**where, description="changed")
    experiment = cloud.start(template)
    copied = fis.get_experiment_target_account_configuration(experimentId=experiment, accountId=INT)
    listed = fis.list_experiment_target_account_configurations(experimentId=experiment)

    assert copied["targetAccountConfiguration"]["description"] == "changed"
    assert listed["targetAccountConfigurations"] == [copied["targetAccountConfiguration"]]
    assert fis.get_target_account_configuration(**where)["targetAccountConfiguration"]
    assert fis.list_target_account_configurations(experimentTemplateId=template["id"])
    assert fis.get_experiment_template(id=template["id"])["experimentTemplate"][
        "targetAccountConfigurationsCount"
    ]
    fis.delete_target_account_configuration(**where)
    left = fis.list_target_account_configurations(experimentTemplateId=template["id"])
    assert left["targetAccountConfigurations"] == []


def test_actions_and_resource_types_can_be_looked_up(cloud: Cloud) -> None:
    fis = cloud.fis
    actions = [
        action["id"]
        for page in fis.get_paginator("list_actions").paginate(PaginationConfig={"PageSize": 20})
        for action in page["actions"]
    ]
    stop = fis.get_action(id="aws:ec2:stop-instances")["action"]
    kinds = fis.list_target_resource_types()["targetResourceTypes"]
    volume = fis.get_target_resource_type(resourceType="aws:ec2:ebs-volume")["targetResourceType"]

    assert len(actions) == len(set(actions)) == 52
    assert stop["targets"] == {"Instances": {"resourceType": "aws:ec2:instance"}}
    assert not stop["parameters"]["startInstancesAfterDuration"]["required"]
    assert "aws:rds:cluster" in [kind["resourceType"] for kind in kinds]
    assert not volume["parameters"]["availabilityZoneIdentifier"]["required"]


def test_every_action_says_what_each_parameter_is_and_what_it_targets(cloud: Cloud) -> None:
    fis = cloud.fis
    kinds = {
        kind["resourceType"] for kind in fis.list_target_resource_types()["targetResourceTypes"]
    }
    for summary in fis.list_actions(maxResults=100)["actions"]:
        action = fis.get_action(id=summary["id"])["action"]

        assert all(each["description"] for each in action["parameters"].values()), action["id"]
        assert {each["resourceType"] for each in action["targets"].values()} <= kinds


def test_tags_are_reached_by_an_arn_in_the_path(cloud: Cloud) -> None:
    fis, arn = cloud.fis, cloud.template(tags={"a": "1"})["arn"]

    fis.tag_resource(resourceArn=arn, tags={"b": "2"})
    fis.untag_resource(resourceArn=arn, tagKeys=["a"])

    assert fis.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "2"}


def test_experiments_are_listed_by_template_with_their_tags(cloud: Cloud) -> None:
    template = cloud.template()
    ids = [cloud.start(template, tags={"run": str(number)}) for number in range(3)]
    cloud.start(cloud.template())

    pages = cloud.fis.get_paginator("list_experiments").paginate(
        experimentTemplateId=template["id"], PaginationConfig={"PageSize": 2}
    )
    found = [each for page in pages for each in page["experiments"]]

    assert [each["id"] for each in found] == list(reversed(ids))
    assert [each["tags"]["run"] for each in found] == ["2", "1", "0"]


@pytest.mark.parametrize(
    ("changes", "code", "status"),
    [
        ({"description": "x" * 513}, "ValidationException", 400),
        ({"actions": {}}, "ValidationException", 400),
        ({"actions": {"a": {"actionId": "aws:none:such"}}}, "ResourceNotFoundException", 404),
        ({"actions": {"a": {"actionId": "aws:fis:wait"}}}, "ValidationException", 400),
        (
            {"actions": {"a": {**WAIT, "parameters": {"duration": "PT1S"}}}},
            "ValidationException",
            400,
        ),
        ({"actions": {"a": {**WAIT, "startAfter": ["b"]}}}, "ValidationException", 400),
        (
            {"actions": {"a": {**WAIT, "startAfter": ["b"]}, "b": {**WAIT, "startAfter": ["a"]}}},
            "ValidationException",
            400,
        ),
        (
            {"actions": {f"a{number}": WAIT for number in range(21)}},
            "ServiceQuotaExceededException",
            402,
        ),
        (
            {"targets": {"brokers": {**BROKERS_A, "resourceArns": [f"arn:aws:ec2:::{PROD}"]}}},
            "ValidationException",
            400,
        ),
        (
            {"targets": {"brokers": {**BROKERS_A, "selectionMode": "SOME"}}},
            "ValidationException",
            400,
        ),
        ({"experimentOptions": {"accountTargeting": "all"}}, "ValidationException", 400),
    ],
)
def test_a_wrong_template_is_refused_with_the_code_of_the_model(
    cloud: Cloud, changes: dict[str, Any], code: str, status: int
) -> None:
    with pytest.raises(ClientError) as raised:
        cloud.template(**changes)

    assert error_of(raised) == (code, status)


def test_refusals_use_the_texts_that_fis_is_known_for(cloud: Cloud) -> None:
    both = {**BROKERS_A, "resourceArns": [f"arn:aws:ec2:eu-central-1:{PROD}:instance/i-1"]}
    wrong_key = {"stop": {**stop_brokers(), "targets": {"Clusters": "brokers"}}}

    with pytest.raises(ClientError, match="both resource ARNs and resource tags for target brok"):
        cloud.template(targets={"brokers": both}, actions={"stop": stop_brokers()})
    with pytest.raises(ClientError, match='Unexpected target "Clusters" found in action "stop"'):
        cloud.template(targets={"brokers": BROKERS_A}, actions=wrong_key)


def test_the_same_client_token_gives_the_same_experiment(cloud: Cloud) -> None:
    template = cloud.template()

    first = cloud.start(template, clientToken="token-1")
    again = cloud.start(template, clientToken="token-1")

    assert first == again
    with pytest.raises(cloud.fis.exceptions.ConflictException):
        cloud.start(template, clientToken="token-1", tags={"other": "body"})


def test_a_sixth_active_experiment_exceeds_the_quota(cloud: Cloud) -> None:
    template = cloud.template()
    for _ in range(5):
        cloud.start(template)

    with pytest.raises(cloud.fis.exceptions.ServiceQuotaExceededException) as raised:
        cloud.start(template)

    assert error_of(raised)[1] == 402


def test_received_requests_are_in_the_journal(cloud: Cloud) -> None:
    template = cloud.template()
    before = len(cloud.simulator.journal.entries())

    cloud.start(template, tags={"run": "7"})

    (entry,) = cloud.simulator.journal.entries()[before:]
    assert (entry["operation"], entry["account"], entry["outcome"]) == (
        "StartExperiment",
        PROD,
        "ok",
    )
    assert entry["input"]["tags"] == {"run": "7"}
