"""AWS's scenario "Cross-Region: Connectivity": an application loses its way to another Region.

Six actions side by side, as in the AWS FIS User Guide. Its text and its template name the tags
differently, so the tag of each kind is asked. Called by domain.scenarios.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from exercises.domain.durations import iso
from exercises.domain.scenario_parts import (
    Body,
    Scenario,
    Scene,
    Values,
    asked,
    body,
    minutes,
    number,
    text,
)

ALLOWED: Final = "Allowed"


@dataclass(frozen=True, slots=True)
class _Cut:
    """One kind of way to the other Region. `tag` is the default key of the tag that opts in."""

    name: str
    field: str
    label: str
    tag: str
    action: str
    target: str
    resource: str
    names_region: bool = True


_CUTS: Final = (
    _Cut("Transit-gateways", "transit_gateway_tag", "transit gateways", "DisruptTransitGateway",
         "network:transit-gateway-disrupt-cross-region-connectivity", "TransitGateways",
         "aws:ec2:transit-gateway"),
    _Cut("Subnets", "subnet_tag", "subnets", "DisruptSubnet",
         "network:route-table-disrupt-cross-region-connectivity", "Subnets", "aws:ec2:subnet"),
    _Cut("Endpoints", "endpoint_tag", "VPC endpoints", "DisruptVpcEndpoint",
         "network:disrupt-vpc-endpoint", "VPCEndpoints", "aws:ec2:vpc-endpoint",
         names_region=False),
    _Cut("Buckets", "bucket_tag", "buckets", "DisruptS3", "s3:bucket-pause-replication",
         "Buckets", "aws:s3:bucket"),
    _Cut("Tables", "table_tag", "global tables", "DisruptDynamoDb",
         "dynamodb:global-table-pause-replication", "Tables", "aws:dynamodb:global-table",
         names_region=False),
    _Cut("Memory-databases", "memorydb_tag", "MemoryDB clusters", "DisruptMemoryDB",
         "memorydb:multi-region-cluster-pause-replication", "MultiRegionClusters",
         "aws:memorydb:multi-region-cluster"),
)  # fmt: skip


def _build(values: Values, scene: Scene) -> Body:
    length, region = iso(number(values, "minutes") * 60), text(values, "other_region")
    targets, actions = {}, {}
    for cut in _CUTS:
        targets[cut.name] = {
            "resourceType": cut.resource,
            "resourceTags": {text(values, cut.field): ALLOWED, **scene.scope},
            "selectionMode": "ALL",
        }
        parameters = {"duration": length} | ({"region": region} if cut.names_region else {})
        actions[f"Disrupt-{cut.name}"] = {
            "actionId": f"aws:{cut.action}",
            "parameters": parameters,
            "targets": {cut.target: cut.name},
        }
    where = f"{scene.region}, cut off from {region}"
    return body(scene, "Lost connections", targets, actions, where=where)


CROSS_REGION: Final = Scenario(
    key="cross_region_connectivity",
    name="Cross-Region: Connectivity",
    summary="Traffic and replication to another Region stop, while this one runs on.",
    failure_family="region-cut-off",
    rung=5,
    hypothesis="If the other Region cannot be reached, then this one serves its users alone, and "
    "data are the same again within 30 minutes after it is back.",
    parameters=(
        minutes(180, 720),
        asked("other_region", "The Region that is lost", required=True,
              help="As AWS calls it: eu-west-1."),
        *(
            asked(cut.field, f"Tag of {cut.label}", default=cut.tag, required=True,
                  help=f"Opts in with the value {ALLOWED}.")
            for cut in _CUTS
        ),
    ),
    build=_build,
    is_zonal=False,
)  # fmt: skip
