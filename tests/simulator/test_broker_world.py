"""The broker cluster: what vehicles notice, the split brain, and the fix that prevents it."""

from __future__ import annotations

from datetime import timedelta

from tests.simulator.cloud import BROKERS_A, PROD, Cloud, stop_brokers, tagged


def lose_zone_a(cloud: Cloud, minutes: int = 8) -> str:
    action = stop_brokers(f"PT{minutes}M")
    return cloud.start(cloud.template(targets={"brokers": BROKERS_A}, actions={"stop": action}))


def alarm(cloud: Cloud, name: str) -> str:
    alarms = cloud.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return str(alarms[0]["StateValue"])


def test_without_the_fix_a_second_cluster_forms_until_all_brokers_are_back(cloud: Cloud) -> None:
    cloud.advance(400)
    lose_zone_a(cloud, minutes=8)

    cloud.advance(120)
    assert cloud.metric("DistinctClusters") == 1
    cloud.advance(120)
    assert cloud.metric("DistinctClusters") == 2
    assert 90 < cloud.metric("MessagesDelivered") < 92
    cloud.advance(200)
    assert cloud.metric("DistinctClusters") == 2
    assert alarm(cloud, "mqtt-cluster-count") == "ALARM"
    assert alarm(cloud, "mqtt-undelivered-high") == "OK"

    cloud.advance(180)
    assert cloud.metric("DistinctClusters") == 1
    assert cloud.metric("MessagesDelivered") > 99.5


def test_with_the_fix_one_cluster_serves_on(cloud: Cloud) -> None:
    cloud.simulator.world.switch_quorum(True)
    cloud.advance(400)
    lose_zone_a(cloud, minutes=8)

    seen = []
    for _ in range(16):
        cloud.advance(30)
        seen.append(cloud.metric("DistinctClusters"))

    assert set(seen) == {1.0}
    assert cloud.metric("MessagesDelivered") > 99.5


def test_vehicles_drop_by_a_third_and_reconnect_within_minutes(cloud: Cloud) -> None:
    cloud.simulator.world.switch_quorum(True)
    cloud.advance(400)
    before = cloud.metric("ConnectedVehicles")
    lose_zone_a(cloud)

    cloud.advance(20)
    assert cloud.metric("ConnectedVehicles") < before * 0.8
    cloud.advance(90)
    assert cloud.metric("MessagesDelivered") > 99.5
    cloud.advance(220)
    assert cloud.metric("ConnectedVehicles") > before * 0.98


def test_losing_two_zones_raises_the_stop_alarm(cloud: Cloud) -> None:
    two = [f"eu-central-1{zone}" for zone in "ab"]
    where = [{"path": "Placement.AvailabilityZone", "values": two}]
    arn = f"arn:aws:cloudwatch:eu-central-1:{PROD}:alarm:mqtt-undelivered-high"
    experiment = cloud.start(
        cloud.template(
            targets={"brokers": tagged("aws:ec2:instance", filters=where)},
            actions={"stop": stop_brokers("PT30M")},
            stopConditions=[{"source": "aws:cloudwatch:alarm", "value": arn}],
        )
    )
    cloud.advance(360)

    assert cloud.status(experiment) == "stopped"
    assert cloud.brokers("a") == cloud.brokers("b") == ["running"] * 3


def test_metrics_reach_back_before_the_start(cloud: Cloud) -> None:
    assert len(cloud.quiet_past) >= 19
    assert all(4_050_000 < value < 4_150_000 for value in cloud.quiet_past)


def test_metrics_answer_at_short_periods_in_either_order(cloud: Cloud) -> None:
    cloud.advance(120)
    five_minutes, now = timedelta(minutes=-5), timedelta(0)

    oldest_first = cloud.vehicles(five_minutes, now)

    assert len(oldest_first) >= 19
    newest_first = cloud.vehicles(five_minutes, now, "TimestampDescending")
    assert newest_first == list(reversed(oldest_first))
