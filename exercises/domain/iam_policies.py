"""The roles of an AWS account as policies: the least that reading, starting and stopping need.

Used by the page of an account's roles. docs/operations/aws-accounts.md shows the same
policies for any account; a test keeps both in step with the calls that are made.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from exercises.domain import iam_parameters

VERSION: Final = "2012-10-17"
MANAGED: Final = "chaosplane:managed"
# AWS IAM User Guide, "IAM identifiers".
ROLE_OR_USER: Final = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:(role|user)/[\w+=,.@/-]{1,512}")

READS: Final = (
    "fis:GetAction",
    "fis:GetExperiment",
    "fis:GetExperimentTemplate",
    "fis:ListActions",
    "fis:ListExperimentResolvedTargets",
    "fis:ListExperimentTargetAccountConfigurations",
    "fis:ListExperimentTemplates",
    "fis:ListExperiments",
    "fis:ListTargetAccountConfigurations",
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribeInstances",
    "ec2:DescribeNetworkAcls",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSubnets",
    "ec2:DescribeVolumes",
    "ec2:DescribeVpcEndpoints",
    "autoscaling:DescribeAutoScalingGroups",
    "dynamodb:GetResourcePolicy",
    "ecs:DescribeContainerInstances",
    "ecs:DescribeServices",
    "ecs:DescribeTasks",
    "ecs:ListContainerInstances",
    "ecs:ListTasks",
    "lambda:GetFunctionConfiguration",
    "rds:DescribeDBClusters",
    "rds:DescribeDBInstances",
    "s3:ListBucket",
    "ssm:ListCommands",
    "tag:GetResources",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:GetMetricData",
)

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RoleSetup:
    """What the policies of one account are made from. `action_ids` are the FIS actions of
    the templates in use, `parameter_names` the parameters of Systems Manager that they set;
    `principal_arn` is the role that chaosplane itself runs under."""

    account_id: str
    external_id: str
    principal_arn: str
    regions: Sequence[str]
    read_role_arn: str
    start_role_arn: str
    stop_role_arn: str
    fis_role_arn: str
    action_ids: Sequence[str]
    queue_arns: Sequence[str] = ()
    parameter_names: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class RolePolicy:
    """One role with the policies attached to it, by the name of each."""

    purpose: str
    arn: str
    policies: tuple[tuple[str, Document], ...]

    @property
    def name(self) -> str:
        """Without the path that an ARN may have."""
        return self.arn.rsplit("/", 1)[-1]


def roles_of(setup: RoleSetup) -> tuple[RolePolicy, ...]:
    """Read, start and stop. The safety lever belongs to the role that stops, as a policy of
    its own, so that it can be left away where the lever is held by somebody else."""
    return (
        RolePolicy(
            "read", setup.read_role_arn, (("read", read_policy(setup)), *_faults(setup, "read"))
        ),
        RolePolicy(
            "start",
            setup.start_role_arn,
            (("start", start_policy(setup)), *_faults(setup, "start")),
        ),
        RolePolicy(
            "stop",
            setup.stop_role_arn,
            (
                ("stop", stop_policy(setup)),
                ("lever", lever_policy(setup)),
                *_faults(setup, "stop"),
            ),
        ),
    )


def _faults(setup: RoleSetup, purpose: str) -> tuple[tuple[str, Document], ...]:
    """Where faults are set in parameters: what that needs besides."""
    if not setup.parameter_names:
        return ()
    policy = iam_parameters.policy_of(
        purpose, setup.parameter_names, account_id=setup.account_id, regions=setup.regions
    )
    return ((f"{iam_parameters.POLICY_NAME}-{purpose}", policy),)


def trust_policy(setup: RoleSetup) -> Document:
    """Who may assume the roles: chaosplane, and only with the account's external id."""
    return _document(
        {
            "Effect": "Allow",
            "Principal": {"AWS": setup.principal_arn},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": setup.external_id}},
        }
    )


def read_policy(setup: RoleSetup) -> Document:
    """What is looked at; describing has no resources to narrow, but Regions. A queue of state
    changes is read where one is named."""
    looks = {
        "Effect": "Allow",
        "Action": list(READS),
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:RequestedRegion": list(setup.regions)}},
    }
    if not setup.queue_arns:
        return _document(looks)
    queues = {
        "Effect": "Allow",
        "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage"],
        "Resource": list(setup.queue_arns),
    }
    return _document(looks, queues)


def start_policy(setup: RoleSetup) -> Document:
    """Templates with chaosplane's tag, of the actions in use, handed the one role."""
    request_tag = {"StringEquals": {f"aws:RequestTag/{MANAGED}": "true"}}
    resource_tag = {"StringEquals": {f"aws:ResourceTag/{MANAGED}": "true"}}
    templates = _arns(setup, "experiment-template/*")
    experiments = _arns(setup, "experiment/*")
    return _document(
        {
            "Effect": "Allow",
            "Action": ["fis:CreateExperimentTemplate", "fis:TagResource"],
            "Resource": [*templates, *experiments],
            "Condition": request_tag,
        },
        {
            "Effect": "Allow",
            "Action": "fis:CreateExperimentTemplate",
            "Resource": [
                arn
                for action_id in setup.action_ids or ("*",)
                for arn in _arns(setup, f"action/{action_id}")
            ],
        },
        {
            "Effect": "Allow",
            "Action": ["fis:CreateTargetAccountConfiguration", "fis:StartExperiment"],
            "Resource": templates,
            "Condition": resource_tag,
        },
        {
            "Effect": "Allow",
            "Action": "fis:StartExperiment",
            "Resource": experiments,
            "Condition": request_tag,
        },
        {
            "Effect": "Allow",
            "Action": "iam:PassRole",
            "Resource": setup.fis_role_arn,
            "Condition": {"StringEquals": {"iam:PassedToService": "fis.amazonaws.com"}},
        },
        {
            "Effect": "Allow",
            "Action": "iam:CreateServiceLinkedRole",
            "Resource": "*",
            "Condition": {"StringEquals": {"iam:AWSServiceName": "fis.amazonaws.com"}},
        },
    )


def start_policy_of_actions(
    action_ids: Sequence[str], *, account_id: str, regions: Sequence[str], fis_role_arn: str
) -> Document:
    """What starting one template needs of the role that starts, and nothing for any other."""
    setup = RoleSetup(
        account_id=account_id,
        external_id="",
        principal_arn="",
        regions=regions,
        read_role_arn="",
        start_role_arn="",
        stop_role_arn="",
        fis_role_arn=fis_role_arn,
        action_ids=sorted(set(action_ids)),
    )
    return start_policy(setup)


def own_rights_policy(rights: Sequence[str], regions: Sequence[str]) -> Document:
    """What the role that starts needs for an engine that acts itself, such as the Chaos Toolkit:
    a run gets credentials of it that are cut down to the same."""
    return _document(
        {
            "Effect": "Allow",
            "Action": list(rights),
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:RequestedRegion": list(regions)}},
        }
    )


def managed_policies(action_ids: Sequence[str]) -> tuple[str, ...]:
    """The policies that AWS keeps for the role under which these actions run."""
    services = {action_id.split(":")[1] for action_id in action_ids if action_id.count(":") == 2}
    return tuple(sorted(_MANAGED_POLICIES[name] for name in services & _MANAGED_POLICIES.keys()))


# AWS FIS User Guide, "AWS managed policies for AWS Fault Injection Service".
_MANAGED_POLICIES: Final = {
    "ec2": "AWSFaultInjectionSimulatorEC2Access",
    "ecs": "AWSFaultInjectionSimulatorECSAccess",
    "eks": "AWSFaultInjectionSimulatorEKSAccess",
    "network": "AWSFaultInjectionSimulatorNetworkAccess",
    "rds": "AWSFaultInjectionSimulatorRDSAccess",
    "ssm": "AWSFaultInjectionSimulatorSSMAccess",
}


def stop_policy(setup: RoleSetup) -> Document:
    """Stop what carries the tag, find out what there is to stop, and send the heartbeat."""
    return _document(
        {
            "Effect": "Allow",
            "Action": "fis:StopExperiment",
            "Resource": _arns(setup, "experiment/*"),
            "Condition": {"StringEquals": {f"aws:ResourceTag/{MANAGED}": "true"}},
        },
        {"Effect": "Allow", "Action": "fis:ListExperiments", "Resource": "*"},
        {
            "Effect": "Allow",
            "Action": "cloudwatch:PutMetricData",
            "Resource": "*",
            "Condition": {"StringEquals": {"cloudwatch:namespace": "ChaosPlane"}},
        },
    )


def lever_policy(setup: RoleSetup) -> Document:
    """The safety lever: it stops every experiment of a Region, also those of others."""
    return _document(
        {
            "Effect": "Allow",
            "Action": ["fis:GetSafetyLever", "fis:UpdateSafetyLeverState"],
            "Resource": _arns(setup, "safety-lever/*"),
        }
    )


def cloudformation(setup: RoleSetup) -> Document:
    """A template that makes the three roles."""
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Roles by which chaosplane reads, starts and stops in this account",
        "Resources": {
            f"Chaosplane{role.purpose.capitalize()}Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "RoleName": role.name,
                    "MaxSessionDuration": 3600,
                    "AssumeRolePolicyDocument": trust_policy(setup),
                    "Policies": [
                        {"PolicyName": f"chaosplane-{name}", "PolicyDocument": document}
                        for name, document in role.policies
                    ],
                },
            }
            for role in roles_of(setup)
        },
    }


def terraform(setup: RoleSetup) -> str:
    """The same as Terraform resources of the AWS provider."""
    return "\n\n".join(block for role in roles_of(setup) for block in _terraform_role(setup, role))


def _terraform_role(setup: RoleSetup, role: RolePolicy) -> list[str]:
    resource = f"chaosplane_{role.purpose}"
    itself = (
        f'resource "aws_iam_role" "{resource}" {{\n'
        f'  name                 = "{role.name}"\n'
        f"  max_session_duration = 3600\n"
        f"  assume_role_policy   = {_heredoc(trust_policy(setup))}\n}}"
    )
    attached = [
        f'resource "aws_iam_role_policy" "chaosplane_{name}" {{\n'
        f'  name   = "chaosplane-{name}"\n'
        f"  role   = aws_iam_role.{resource}.id\n"
        f"  policy = {_heredoc(document)}\n}}"
        for name, document in role.policies
    ]
    return [itself, *attached]


def _heredoc(document: Document) -> str:
    """An indented heredoc: what follows "<<-" loses its common indentation."""
    # "${" would begin an interpolation; no ARN or tag has one, and "$${" is Terraform's escape.
    body = as_json(document).replace("${", "$${")
    return "<<-POLICY\n" + textwrap.indent(body, "    ") + "\n  POLICY"


def as_json(document: Document) -> str:
    """As people paste it into the console."""
    return json.dumps(document, indent=2)


def _document(*statements: Document) -> Document:
    return {"Version": VERSION, "Statement": list(statements)}


def _arns(setup: RoleSetup, resource: str) -> list[str]:
    return [f"arn:aws:fis:{region}:{setup.account_id}:{resource}" for region in setup.regions]
