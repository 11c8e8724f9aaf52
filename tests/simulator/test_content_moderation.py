"""Content moderation on ECS behind an API gateway: tasks, scaling, and an attack."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.systems.gateway import Gateway, Load
from tests.simulator.worlds import Worlds

NAME = "content-moderation"


def running(worlds: Worlds, service: str = "classify-image") -> float:
    return worlds.value(NAME, "RunningTasks", service)


def stop_task(worlds: Worlds, **parameters: str) -> str:
    stop = {"actionId": "aws:ecs:stop-task", "targets": {"Tasks": "tasks"}}
    tasks = {
        "resourceType": "aws:ecs:task",
        "parameters": {"cluster": NAME, "service": "classify-image", **parameters},
        "selectionMode": "COUNT(1)",
    }
    return worlds.run({"stop": stop}, {"tasks": tasks})


def test_a_stopped_task_is_replaced_and_everybody_is_answered_in_time(worlds: Worlds) -> None:
    worlds.join(NAME)
    experiment = stop_task(worlds)
    worlds.cloud.advance(30)
    assert running(worlds) == 0

    longest = worlds.watch(5, NAME, "ModerationTimeMax")

    assert worlds.experiment(experiment)["state"]["status"] == "completed"
    assert running(worlds) == 1
    assert 100 < max(longest) < 300
    assert longest[-1] < 50


def test_the_scaling_policy_brings_a_service_back_from_zero(worlds: Worlds) -> None:
    worlds.join(NAME)
    ecs = worlds.client("ecs")
    ecs.update_service(cluster=NAME, service="classify-text", desiredCount=0)

    longest = worlds.watch(12, NAME, "ModerationTimeMax")

    service = ecs.describe_services(cluster=NAME, services=["classify-text"])["services"][0]
    assert service["desiredCount"] == 1
    assert running(worlds, "classify-text") == 1
    assert max(longest) > 300, "the promise of five minutes is broken: that is the flaw"


def test_a_pipeline_that_skips_late_steps_keeps_its_promise(worlds: Worlds) -> None:
    worlds.join(NAME, skips_late_steps=True)
    worlds.client("ecs").update_service(cluster=NAME, service="classify-text", desiredCount=0)

    longest = worlds.watch(12, NAME, "ModerationTimeMax")

    assert 200 < max(longest) < 300
    assert worlds.value(NAME, "AnsweredInTime") == 100


def test_without_its_policy_a_service_stays_at_zero(worlds: Worlds) -> None:
    worlds.join(NAME, auto_scaling=False)
    worlds.client("ecs").update_service(cluster=NAME, service="classify-text", desiredCount=0)
    worlds.cloud.advance(900)

    assert running(worlds, "classify-text") == 0
    assert worlds.value(NAME, "AnsweredInTime") == 0


@pytest.mark.parametrize(("zone", "count"), [("eu-central-1a", 1), ("eu-central-1d", 0)])
def test_tasks_are_found_by_zone(worlds: Worlds, zone: str, count: int) -> None:
    worlds.join(NAME)
    stop = {"actionId": "aws:ecs:stop-task", "targets": {"Tasks": "tasks"}}
    tasks = {
        "resourceType": "aws:ecs:task",
        "resourceTags": {"chaosplane:application": NAME},
        "filters": [
            {"path": "AvailabilityZone", "values": [zone]},
            {"path": "LastStatus", "values": ["RUNNING"]},
        ],
        "selectionMode": "ALL",
    }
    options = {"accountTargeting": "single-account", "emptyTargetResolutionMode": "skip"}
    experiment = worlds.run({"stop": stop}, {"tasks": tasks}, options)
    worlds.cloud.advance(10)

    assert len(worlds.targets_of(experiment, "tasks")) == count


def test_latency_in_tasks_makes_requests_slow_until_it_ends(worlds: Worlds) -> None:
    worlds.join(NAME)
    slow = {
        "actionId": "aws:ecs:task-network-latency",
        "parameters": {"duration": "PT3M", "delayMilliseconds": "2000"},
        "targets": {"Tasks": "tasks"},
    }
    tasks = {
        "resourceType": "aws:ecs:task",
        "parameters": {"cluster": NAME},
        "selectionMode": "ALL",
    }
    worlds.run({"slow": slow}, {"tasks": tasks})
    worlds.cloud.advance(60)
    assert worlds.value(NAME, "ModerationTimeMax") > 150
    worlds.cloud.advance(180)
    assert worlds.value(NAME, "ModerationTimeMax") < 50


def attack(worlds: Worlds, kind: str, per_s: float) -> None:
    load = {"kind": kind, "requests_per_second": per_s, "seconds": 240}
    status, _ = worlds.ask("POST", f"worlds/{NAME}/load", load)
    assert status == 200


@pytest.mark.parametrize(("is_fixed", "status"), [(False, 500), (True, 401)])
def test_a_strangers_token_is_an_error_of_the_server_until_that_is_fixed(
    is_fixed: bool, status: int
) -> None:
    gateway = Gateway()
    gateway.add(Load("unauthorized", 100, until=15))
    seen = gateway.interval(15, 15, throttles=False, knows_strangers=is_fixed)

    assert gateway.answer("unauthorized", throttles=False, knows_strangers=is_fixed) == status
    assert (seen.server_errors, seen.client_errors) == ((0, 1500) if is_fixed else (1500, 0))


def test_an_attack_starves_customers_and_costs_money_unless_it_is_throttled(
    worlds: Worlds,
) -> None:
    system = worlds.join(NAME)
    usual = worlds.value(NAME, "CostPerHour")
    attack(worlds, "malformed", 600)
    worlds.cloud.advance(60)
    assert worlds.value(NAME, "CustomerSuccess") < 50
    assert worlds.value(NAME, "Latency") > 20_000
    assert worlds.value(NAME, "CostPerHour") > 10 * usual

    system.switches["throttles"] = True
    worlds.cloud.advance(60)
    assert worlds.value(NAME, "CustomerSuccess") == 100
    assert worlds.value(NAME, "Throttled") == 580 * 15
    assert worlds.value(NAME, "CostPerHour") < 2 * usual


def test_real_requests_are_answered_as_a_gateway_would_and_counted(worlds: Worlds) -> None:
    system = worlds.join(NAME)
    customer = "Bearer customer"
    good: Any = {"content": "a picture"}
    before = worlds.value(NAME, "Count")

    assert worlds.ask("POST", f"gateway/{NAME}", good, customer)[0] == 200
    assert worlds.ask("POST", f"gateway/{NAME}", {"nothing": 1}, customer)[0] == 400
    assert worlds.ask("POST", f"gateway/{NAME}", good, "Bearer stolen")[0] == 500
    system.switches["knows_strangers"] = True
    assert worlds.ask("POST", f"gateway/{NAME}", good)[0] == 401
    assert worlds.ask("POST", "gateway/another", good)[0] == 404
    worlds.cloud.advance(15)

    assert worlds.value(NAME, "4XXError") == 3
    assert worlds.value(NAME, "Count") == pytest.approx(before + 4, rel=0.05)


def test_strangers_above_their_rate_get_429_and_customers_never() -> None:
    gateway = Gateway()
    gateway.interval(15, 15, throttles=True, knows_strangers=True)

    answers = [
        gateway.answer("unauthorized", throttles=True, knows_strangers=True) for _ in range(400)
    ]

    assert answers.count(401) == 300
    assert answers.count(429) == 100
    assert gateway.answer("customer", throttles=True, knows_strangers=True) == 200


def test_a_load_ends_when_it_said() -> None:
    gateway = Gateway()
    gateway.add(Load("malformed", 10, until=20))

    counts = [
        gateway.interval(now, 15, throttles=False, knows_strangers=True).client_errors
        for now in (15, 30, 45)
    ]

    assert counts == [150, 50, 0]
