"""One resource of every kind that an action of FIS may leave changed, in the simulated estate.

Made with plain calls of AWS; what the estate has already, such as instances, is found there.
"""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any, Final

from exercises.aws.sessions import Purpose, client
from exercises.domain.plans import AccountAccess
from tests.fis_definitions import waiting

CLUSTER: Final = "residue"
BUCKET: Final = "residue-faults"
FAULTS: Final = f"arn:aws:s3:::{BUCKET}/FisConfigs/"
TABLE: Final = "residue"
DOCUMENT: Final = "AWSFIS-Run-CPU-Stress"

_ACTIONS: Final = {
    "aws:ec2:stop-instances": ("Instances", "aws:ec2:instance"),
    "aws:ssm:send-command": ("Instances", "aws:ec2:instance"),
    "aws:ebs:pause-volume-io": ("Volumes", "aws:ec2:ebs-volume"),
    "aws:network:disrupt-connectivity": ("Subnets", "aws:ec2:subnet"),
    "aws:network:disrupt-vpc-endpoint": ("VPCEndpoints", "aws:ec2:vpc-endpoint"),
    "aws:ec2:asg-insufficient-instance-capacity-error": (
        "AutoScalingGroups",
        "aws:ec2:autoscaling-group",
    ),
    "aws:ecs:stop-task": ("Tasks", "aws:ecs:task"),
    "aws:ecs:drain-container-instances": ("Clusters", "aws:ecs:cluster"),
    "aws:rds:failover-db-cluster": ("Clusters", "aws:rds:cluster"),
    "aws:rds:reboot-db-instances": ("DBInstances", "aws:rds:db"),
    "aws:lambda:invocation-error": ("Functions", "aws:lambda:function"),
    "aws:dynamodb:global-table-pause-replication": ("Tables", "aws:dynamodb:global-table"),
}


def definition_of_everything(access: AccountAccess) -> dict[str, Any]:
    """Make what is missing, and a definition with an action of each kind that aims at it."""
    arns = _found(access) | {
        "aws:ec2:vpc-endpoint": _endpoint(access),
        "aws:ec2:autoscaling-group": _group(access),
        **_containers(access),
        "aws:lambda:function": _function(access),
        "aws:dynamodb:global-table": _table(access),
    }
    return waiting(
        targets={
            name.rpartition(":")[2]: {
                "resourceType": kind,
                "resourceArns": [arns[kind]],
                "selectionMode": "ALL",
            }
            for name, (_, kind) in _ACTIONS.items()
        },
        actions={
            name.rpartition(":")[2]: {
                "actionId": name,
                "parameters": {"documentArn": f"arn:aws:ssm:{access.region}::document/{DOCUMENT}"},
                "targets": {key: name.rpartition(":")[2]},
            }
            for name, (key, _) in _ACTIONS.items()
        },
    )


def aws(access: AccountAccess, service: str) -> Any:
    """A client that may change the estate."""
    return client(access, service, Purpose.START)


def _arn(access: AccountAccess, kind: str, name: str) -> str:
    return f"arn:aws:ec2:{access.region}:{access.account_id}:{kind}/{name}"


def _found(access: AccountAccess) -> dict[str, str]:
    ec2, rds = aws(access, "ec2"), aws(access, "rds")
    volume = next(v for v in ec2.describe_volumes()["Volumes"] if v["Attachments"])
    return {
        "aws:ec2:instance": _arn(access, "instance", volume["Attachments"][0]["InstanceId"]),
        "aws:ec2:ebs-volume": _arn(access, "volume", volume["VolumeId"]),
        "aws:ec2:subnet": _arn(access, "subnet", _subnet(access)["SubnetId"]),
        "aws:rds:cluster": rds.describe_db_clusters()["DBClusters"][0]["DBClusterArn"],
        "aws:rds:db": rds.describe_db_instances()["DBInstances"][0]["DBInstanceArn"],
    }


def _subnet(access: AccountAccess) -> dict[str, Any]:
    tag = [{"Name": "tag:chaosplane:application", "Values": ["mqtt-broker"]}]
    found: dict[str, Any] = aws(access, "ec2").describe_subnets(Filters=tag)["Subnets"][0]
    return found


def _endpoint(access: AccountAccess) -> str:
    made = aws(access, "ec2").create_vpc_endpoint(
        VpcId=_subnet(access)["VpcId"],
        ServiceName=f"com.amazonaws.{access.region}.sqs",
        VpcEndpointType="Interface",
        SubnetIds=[_subnet(access)["SubnetId"]],
    )["VpcEndpoint"]
    return _arn(access, "vpc-endpoint", made["VpcEndpointId"])


def _group(access: AccountAccess) -> str:
    scaling = aws(access, "autoscaling")
    scaling.create_launch_configuration(
        LaunchConfigurationName="residue", ImageId="ami-12c6146b", InstanceType="t3.micro"
    )
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="residue",
        LaunchConfigurationName="residue",
        MinSize=0,
        MaxSize=2,
        DesiredCapacity=1,
        VPCZoneIdentifier=_subnet(access)["SubnetId"],
    )
    (group,) = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=["residue"])[
        "AutoScalingGroups"
    ]
    return str(group["AutoScalingGroupARN"])


def _containers(access: AccountAccess) -> dict[str, str]:
    ecs, instance = aws(access, "ecs"), _found(access)["aws:ec2:instance"].rpartition("/")[2]
    cluster = ecs.create_cluster(clusterName=CLUSTER)["cluster"]["clusterArn"]
    ecs.register_container_instance(
        cluster=CLUSTER,
        instanceIdentityDocument=json.dumps({"instanceId": instance, "region": access.region}),
    )
    ecs.register_task_definition(
        family="residue", containerDefinitions=[{"name": "one", "image": "one", "memory": 64}]
    )
    ecs.create_service(
        cluster=CLUSTER, serviceName="residue", taskDefinition="residue", desiredCount=1
    )
    # The stand-in starts no tasks for a service: this one says that it is of it.
    (task,) = ecs.run_task(cluster=CLUSTER, taskDefinition="residue", group="service:residue")[
        "tasks"
    ]
    return {"aws:ecs:cluster": cluster, "aws:ecs:task": task["taskArn"]}


def _function(access: AccountAccess) -> str:
    aws(access, "s3").create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": access.region}
    )
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("handler.py", "def handle(event, context): ...")
    made = aws(access, "lambda").create_function(
        FunctionName="residue",
        Runtime="python3.12",
        Handler="handler.handle",
        Role=f"arn:aws:iam::{access.account_id}:role/fis-experiments",
        Code={"ZipFile": content.getvalue()},
        Environment={"Variables": {"AWS_FIS_CONFIGURATION_LOCATION": FAULTS}},
    )
    return str(made["FunctionArn"])


def _table(access: AccountAccess) -> str:
    made = aws(access, "dynamodb").create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return str(made["TableDescription"]["TableArn"])
