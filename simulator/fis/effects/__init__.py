"""The actions that really do something here, by their id.

Every other action of the catalogue runs for its duration, changes nothing and says so in the
reason of its state, so that nobody takes an action without effect for a passed exercise.
"""

from __future__ import annotations

from collections.abc import Mapping

from simulator.fis.effects.alarms import AssertAlarmState
from simulator.fis.effects.base import Effect
from simulator.fis.effects.capacity import InsufficientCapacity
from simulator.fis.effects.compute import RebootInstances, StopInstances, TerminateInstances
from simulator.fis.effects.containers import DeletePods, StopTasks, TerminateNodes
from simulator.fis.effects.database import FailoverCluster, RebootDatabases
from simulator.fis.effects.marks import Mark
from simulator.fis.effects.network import DisruptConnectivity
from simulator.fis.effects.storage import PauseVolumeIo

FELT_INSIDE = (
    "aws:ebs:volume-io-latency",
    "aws:ecs:task-cpu-stress",
    "aws:ecs:task-network-blackhole-port",
    "aws:ecs:task-network-latency",
    "aws:eks:pod-cpu-stress",
    "aws:eks:pod-network-latency",
    "aws:lambda:invocation-add-delay",
    "aws:lambda:invocation-error",
    "aws:lambda:invocation-http-integration-response",
)
EFFECTS: Mapping[str, type[Effect]] = {
    "aws:fis:wait": Effect,
    "aws:cloudwatch:assert-alarm-state": AssertAlarmState,
    "aws:ec2:stop-instances": StopInstances,
    "aws:ec2:reboot-instances": RebootInstances,
    "aws:ec2:terminate-instances": TerminateInstances,
    "aws:ec2:api-insufficient-instance-capacity-error": InsufficientCapacity,
    "aws:ec2:asg-insufficient-instance-capacity-error": InsufficientCapacity,
    "aws:ebs:pause-volume-io": PauseVolumeIo,
    "aws:network:disrupt-connectivity": DisruptConnectivity,
    "aws:rds:failover-db-cluster": FailoverCluster,
    "aws:rds:reboot-db-instances": RebootDatabases,
    "aws:ecs:stop-task": StopTasks,
    "aws:eks:pod-delete": DeletePods,
    "aws:eks:terminate-nodegroup-instances": TerminateNodes,
    **dict.fromkeys(FELT_INSIDE, Mark),
}
