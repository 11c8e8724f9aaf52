"""Resources of types that fis_resources has no reader for, found by their tags alone.

Used by fis_targets. Zones and filters are not looked at, so this may name more than FIS
would take and never less: the limit on targets stays on the safe side.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from exercises.aws.failures import aws_errors
from exercises.aws.sessions import Purpose, client
from exercises.domain.plans import AccountAccess
from exercises.engines.fis_resources import Resource

_ARN_OF: Final = {
    "aws:arc:zonal-shift-managed-resource": r"(elasticloadbalancing|autoscaling|eks|ecs):",
    "aws:directconnect:virtual-interface": r"directconnect:[^:]*:[^:]*:dxvif/",
    "aws:dsql:cluster": r"dsql:[^:]*:[^:]*:cluster/",
    "aws:dynamodb:global-table": r"dynamodb:[^:]*:[^:]*:table/",
    "aws:ec2:spot-instance": r"ec2:[^:]*:[^:]*:instance/",
    "aws:ec2:transit-gateway": r"ec2:[^:]*:[^:]*:transit-gateway/",
    "aws:ec2:vpc-endpoint": r"ec2:[^:]*:[^:]*:vpc-endpoint/",
    "aws:ecs:cluster": r"ecs:[^:]*:[^:]*:cluster/",
    "aws:ecs:task": r"ecs:[^:]*:[^:]*:task/",
    "aws:eks:cluster": r"eks:[^:]*:[^:]*:cluster/",
    "aws:eks:nodegroup": r"eks:[^:]*:[^:]*:nodegroup/",
    "aws:elasticache:replicationgroup": r"elasticache:[^:]*:[^:]*:replicationgroup:",
    "aws:kinesis:stream": r"kinesis:[^:]*:[^:]*:stream/",
    "aws:lambda:function": r"lambda:[^:]*:[^:]*:function:",
    "aws:memorydb:multi-region-cluster": r"memorydb:[^:]*:[^:]*:multiregioncluster/",
    "aws:s3:bucket": r"s3:",
}
"""How ARNs of a type go on after `arn:aws:` (Service Authorization Reference)."""


def tagged_resources(
    access: AccountAccess, resource_type: str, tags: Mapping[str, str]
) -> list[Resource]:
    """The resources of the type that carry all of these tags."""
    arn_of_type = _ARN_OF.get(resource_type)
    if arn_of_type is None or not tags:
        return []
    tagging = client(access, "resourcegroupstaggingapi", Purpose.READ)
    with aws_errors(f"find tagged resources in {access.account_id}"):
        pages = tagging.get_paginator("get_resources").paginate(
            TagFilters=[{"Key": key, "Values": [value]} for key, value in tags.items()]
        )
        arns = [
            str(found["ResourceARN"]) for page in pages for found in page["ResourceTagMappingList"]
        ]
    wanted = re.compile(rf"arn:[^:]+:{arn_of_type}")
    return [
        Resource(arn=arn, az="", label=name_in(arn), tags=tags) for arn in arns if wanted.match(arn)
    ]


def name_in(arn: str) -> str:
    """The last part of an ARN, for people."""
    return re.split(r"[:/]", arn)[-1]
