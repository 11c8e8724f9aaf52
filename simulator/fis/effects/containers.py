"""Tasks of ECS, pods of EKS and the nodes under them: gone for good, nothing to undo."""

from __future__ import annotations

from simulator.fis.effects.base import Effect


class StopTasks(Effect):
    """Stops tasks; their service starts others."""

    def begin(self) -> None:
        for account, resources in self.call.by_account():
            client = self.call.client("ecs", account)
            for resource in resources:
                cluster = resource.arn.split("/")[1]
                client.stop_task(
                    cluster=cluster, task=resource.name, reason="Stopped by AWS FIS experiment."
                )


class DeletePods(Effect):
    """Deletes pods; whoever runs them notices."""

    def begin(self) -> None:
        for resource in self.call.resources:
            self.call.physics.pods.pop(resource.arn, None)


class TerminateNodes(Effect):
    """Terminates a share of the instances of node groups, rounded down."""

    def begin(self) -> None:
        share = int(self.call.parameters["instanceTerminationPercentage"])
        for account, resources in self.call.by_account():
            client = self.call.client("ec2", account)
            for resource in resources:
                group = resource.arn.split("/")[2]
                instances = sorted(
                    instance["InstanceId"]
                    for page in client.get_paginator("describe_instances").paginate(
                        Filters=[
                            {"Name": "tag:eks:nodegroup-name", "Values": [group]},
                            {"Name": "instance-state-name", "Values": ["running"]},
                        ]
                    )
                    for reservation in page["Reservations"]
                    for instance in reservation["Instances"]
                )
                chosen = instances[: len(instances) * share // 100]
                if chosen:
                    client.terminate_instances(InstanceIds=chosen)
