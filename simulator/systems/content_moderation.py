"""Content moderation: an API gateway in front of a pipeline of ECS services, one per model.

Flaws: a request waits for a model that does not run (`skips_late_steps` goes on without it after
three minutes, so that everybody is answered within five); a stranger's token is answered with an
error of the server (`knows_strangers`); nothing holds an attack back (`throttles`). The policy
that scales a service from zero to one is there (`auto_scaling`), and can be taken away.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from moto.cloudwatch.models import cloudwatch_backends
from moto.ecs.models import ecs_backends
from moto.moto_api import state_manager

from simulator.estate import APPLICATION_TAG, PLATFORM_PROD, POWER_TAG, REGION, ZONES, AlarmPlan
from simulator.physics import Physics
from simulator.seeding import Builder
from simulator.systems.base import MINUTE, Home, Readings, System
from simulator.systems.gateway import Gateway, Load
from simulator.world.nodes import Node

APPLICATION: Final = "content-moderation"
SERVICES: Final = ("classify-image", "classify-text", "classify-video")
GATEWAY: Final[Home] = ("AWS/ApiGateway", ("ApiName", APPLICATION))
HOME: Final[Home] = ("ContentModeration", ("Service", APPLICATION))
TASK_STARTS_IN_S: Final = 120.0
USUAL_S: Final = 40.0
PROMISED_S: Final = 5 * MINUTE
SKIPS_AFTER_S: Final = 3 * MINUTE
DRAINS_IN_S: Final = 60.0
NOTHING_HAPPENS: Final = {"progression": "manual", "times": 10**9}


def _home_of(service: str) -> Home:
    return "ContentModeration", ("Service", service)


def _alarm(service: str) -> str:
    return f"{service}-no-task"


@dataclass
class Step:
    """One model of the pipeline: since when it does not answer, and how long requests waited."""

    service: str
    missing_since: float | None = None
    absent_since: float | None = None
    waited_s: float = 0.0


class ContentModeration(System):
    """The whole service as its customers see it."""

    name = APPLICATION
    account = PLATFORM_PROD
    application = APPLICATION
    alarms = (
        *(
            AlarmPlan(
                PLATFORM_PROD,
                _alarm(service),
                *("ContentModeration", "RunningTasks", ("Service", service)),
                comparison="LessThanThreshold",
                threshold=1.0,
                periods=3,
            )
            for service in SERVICES
        ),
        AlarmPlan(
            PLATFORM_PROD,
            "content-moderation-in-time",
            *(HOME[0], "AnsweredInTime", HOME[1]),
            comparison="LessThanThreshold",
            threshold=90.0,
            periods=3,
        ),
        AlarmPlan(
            PLATFORM_PROD,
            "content-moderation-customers",
            *(HOME[0], "CustomerSuccess", HOME[1]),
            comparison="LessThanThreshold",
            threshold=95.0,
            periods=3,
        ),
    )
    fixes = {
        "skips_late_steps": False,
        "knows_strangers": False,
        "throttles": False,
        "auto_scaling": True,
    }

    def __init__(self, physics: Physics, builder: Builder, rng: random.Random) -> None:
        super().__init__(physics, builder, rng)
        self.gateway = Gateway()
        self._steps = [Step(service) for service in SERVICES]
        self._network: dict[str, str] = {}
        self._group = ""
        self._now: float | None = None

    def build(self) -> None:
        state_manager.set_transition("ecs::task", NOTHING_HAPPENS)
        ecs, ec2 = self._builder.client("ecs"), self._builder.client("ec2")
        own = {APPLICATION_TAG: APPLICATION, POWER_TAG: "DisruptSubnet"}
        self._network = self._builder.network(APPLICATION, own)
        vpc = ec2.describe_subnets(SubnetIds=list(self._network.values()))["Subnets"][0]["VpcId"]
        ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
        self._group = ec2.create_security_group(
            GroupName=APPLICATION, Description="Tasks of content moderation", VpcId=vpc
        )["GroupId"]
        tags = [{"key": APPLICATION_TAG, "value": APPLICATION}]
        ecs.create_cluster(clusterName=APPLICATION, tags=tags)
        for number, service in enumerate(SERVICES):
            ecs.register_task_definition(
                family=service,
                networkMode="awsvpc",
                requiresCompatibilities=["FARGATE"],
                cpu="1024",
                memory="4096",
                containerDefinitions=[{"name": service, "image": f"{service}:1", "memory": 4096}],
            )
            ecs.create_service(
                cluster=APPLICATION,
                serviceName=service,
                taskDefinition=service,
                desiredCount=1,
                launchType="FARGATE",
                networkConfiguration=self._placed(number),
                tags=tags,
            )
            self._run_task(service, number)

    def restore(self) -> None:
        ecs = self._builder.client("ecs")
        for number, service in enumerate(SERVICES):
            ecs.update_service(cluster=APPLICATION, service=service, desiredCount=1)
            running = _running(service)
            for task in running[1:]:
                ecs.stop_task(cluster=APPLICATION, task=task, reason="Restored.")
            if not running:
                self._run_task(service, number)
        self._steps = [Step(service) for service in SERVICES]
        self.gateway = Gateway()

    def _placed(self, number: int) -> dict[str, Any]:
        subnet = self._network[ZONES[number % len(ZONES)]]
        return {"awsvpcConfiguration": {"subnets": [subnet], "securityGroups": [self._group]}}

    def _run_task(self, service: str, number: int) -> None:
        self._builder.client("ecs").run_task(
            cluster=APPLICATION,
            taskDefinition=service,
            count=1,
            launchType="FARGATE",
            group=f"service:{service}",
            startedBy=f"ecs-svc/{service}",
            networkConfiguration=self._placed(number),
            tags=[
                {"key": APPLICATION_TAG, "value": APPLICATION},
                {"key": "AZApplicationSlowdown", "value": "LatencyForECS"},
            ],
        )

    def attack(self, load: Load) -> None:
        """Requests from outside, for a while."""
        self.gateway.add(load)

    def take(self, kind: str) -> int:
        """One real request; the status of its answer."""
        return self.gateway.answer(
            kind,
            throttles=self.switches["throttles"],
            knows_strangers=self.switches["knows_strangers"],
        )

    # -- the world around it

    def act(self, now: float, _nodes: Sequence[Node]) -> None:
        """The scheduler of ECS, and the scaling policy of each service."""
        ecs = self._builder.client("ecs")
        for number, step in enumerate(self._steps):
            desired, running = _desired(step.service), _running(step.service)
            if desired == 0 and self.switches["auto_scaling"] and _is_in_alarm(step.service):
                ecs.update_service(cluster=APPLICATION, service=step.service, desiredCount=1)
            if len(running) >= desired:
                step.missing_since = None
                for task in running[desired:]:
                    ecs.stop_task(cluster=APPLICATION, task=task, reason="Scaling activity.")
            elif step.missing_since is None:
                step.missing_since = now
            elif now - step.missing_since >= TASK_STARTS_IN_S:
                for _ in range(desired - len(running)):
                    self._run_task(step.service, number)

    # -- what is measured

    def step(self, now: float, _nodes: Sequence[Node]) -> Readings:
        elapsed = 0.0 if self._now is None else now - self._now
        self._now = now
        for step in self._steps:
            self._wait(step, now, elapsed)
        wait = max(step.waited_s for step in self._steps)
        if self.switches["skips_late_steps"]:
            wait = min(wait, SKIPS_AFTER_S)
        slow = sum(self._slowed(step.service) for step in self._steps)
        longest = USUAL_S + wait + slow
        traffic = self.gateway.interval(
            now,
            elapsed or 15.0,
            throttles=self.switches["throttles"],
            knows_strangers=self.switches["knows_strangers"],
        )
        late = min(1.0, max(0.0, (longest - PROMISED_S) / MINUTE))
        readings: dict[Home, dict[str, float]] = {
            GATEWAY: {
                "Count": float(round(self._noisy(traffic.count, 0.005))),
                "4XXError": float(round(traffic.client_errors)),
                "5XXError": float(round(traffic.server_errors)),
                "Latency": self._noisy(traffic.latency_ms, 0.02),
            },
            HOME: {
                "ModerationTimeMax": self._noisy(longest),
                "AnsweredInTime": 100 * (1 - late),
                "CustomerSuccess": traffic.customer_success,
                "Throttled": float(round(traffic.throttled)),
                "CostPerHour": traffic.cost_per_hour,
            },
        }
        for step in self._steps:
            running = float(len(_running(step.service)))
            readings[_home_of(step.service)] = {"RunningTasks": running}
        return readings

    def _wait(self, step: Step, now: float, elapsed: float) -> None:
        """Without a task the oldest request waits; with one the queue drains."""
        if self._answers(step.service):
            step.absent_since = None
            step.waited_s = max(0.0, step.waited_s * (1 - elapsed / DRAINS_IN_S))
            return
        if step.absent_since is None:
            step.absent_since = now - elapsed
        step.waited_s = max(step.waited_s, now - step.absent_since)

    def _answers(self, service: str) -> bool:
        """Whether any task runs that is not cut off."""
        cut = "aws:ecs:task-network-blackhole-port"
        return any(not list(self._physics.feel(task, cut)) for task in _running(service))

    def _slowed(self, service: str) -> float:
        """Seconds that faults in its tasks add to a request."""
        seconds = 0.0
        for task in _running(service):
            for fault in self._physics.feel(task, "aws:ecs:task-network-latency"):
                seconds += float(fault.parameters["delayMilliseconds"]) / 1000 * 20
            for fault in self._physics.feel(task, "aws:ecs:task-cpu-stress"):
                seconds += float(fault.parameters["percent"]) / 100 * USUAL_S
        return seconds


def _running(service: str) -> list[str]:
    """The tasks of a service that run, oldest first."""
    tasks = ecs_backends[PLATFORM_PROD][REGION].tasks.get(APPLICATION, {})
    group = f"service:{service}"
    return [
        task.task_arn
        for task in list(tasks.values())
        if task.group == group and task.desired_status == "RUNNING"
    ]


def _desired(service: str) -> int:
    known = ecs_backends[PLATFORM_PROD][REGION].services.get(f"{APPLICATION}:{service}")
    return int(known.desired_count) if known else 0


def _is_in_alarm(service: str) -> bool:
    alarm = cloudwatch_backends[PLATFORM_PROD][REGION].alarms.get(_alarm(service))
    return alarm is not None and alarm.state_value == "ALARM"
