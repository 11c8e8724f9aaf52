"""Worlds that join on demand: over HTTP, with a past, and the doors that say what is wrong."""

from __future__ import annotations

import urllib.parse
import urllib.request
from datetime import timedelta
from typing import Any

import pytest

from simulator.__main__ import main
from simulator.systems import SYSTEMS
from tests.simulator.worlds import Worlds

NAME = "charging-database"


def test_every_world_says_whether_it_is_here_and_which_fixes_it_has(worlds: Worlds) -> None:
    worlds.join(NAME)
    _, found = worlds.ask("GET", "worlds")

    by_name = {each["name"]: each for each in found["worlds"]}
    assert set(by_name) == {"mqtt-broker", *SYSTEMS}
    assert by_name[NAME] == {"name": NAME, "joined": True, "fixes": {"follows_writer": False}}
    assert by_name["mqtt-broker"]["fixes"] == {"quorum": False}


def test_a_world_joins_once_however_often_it_is_asked(worlds: Worlds) -> None:
    assert worlds.ask("PUT", f"worlds/{NAME}") == (200, {NAME: {"follows_writer": False}})
    worlds.join(NAME)
    assert worlds.ask("PUT", f"worlds/{NAME}")[0] == 200
    clusters = worlds.client("rds").describe_db_clusters()["DBClusters"]
    assert len(clusters) == 1


def test_a_fix_is_applied_and_taken_back_over_http(worlds: Worlds) -> None:
    worlds.join(NAME)
    for is_on in (True, False):
        answer = worlds.ask("POST", f"worlds/{NAME}", {"follows_writer": is_on})
        assert answer == (200, {NAME: {"follows_writer": is_on}})
        assert worlds.ask("GET", f"worlds/{NAME}")[1]["fixes"] == {"follows_writer": is_on}


def test_a_world_that_is_calmed_is_as_right_after_it_joined(worlds: Worlds) -> None:
    worlds.join(NAME, follows_writer=True)
    arn = "arn:aws:rds:eu-central-1:222222222222:cluster:charging-sessions-db"
    failover = {"actionId": "aws:rds:failover-db-cluster", "targets": {"Clusters": "them"}}
    target = {"resourceType": "aws:rds:cluster", "resourceArns": [arn], "selectionMode": "ALL"}
    worlds.run({"failover": failover}, {"them": target})
    worlds.cloud.advance(30)
    assert worlds.value(NAME, "WriteSuccess") < 1
    worlds.cloud.advance(40)

    assert worlds.ask("POST", f"worlds/{NAME}/calm") == (200, {NAME: {"follows_writer": False}})
    assert worlds.value(NAME, "WriteSuccess") > 99
    assert min(worlds.watch(2, NAME, "WriteSuccess")) > 99


def test_the_command_turns_any_fix_and_says_what_is_wrong(
    worlds: Worlds, capsys: pytest.CaptureFixture[str]
) -> None:
    worlds.join(NAME)
    url = ["--url", worlds.cloud.simulator.url]

    assert main(["fix", NAME, "follows_writer", "on", *url]) == 0
    assert worlds.ask("GET", f"worlds/{NAME}")[1]["fixes"] == {"follows_writer": True}
    assert main(["fix", NAME, "faster", "on", *url]) == 1
    assert "Send follows_writer: true or false." in capsys.readouterr().err


def test_a_world_that_there_is_not_cannot_join_at_the_start(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["--worlds", "charging-database,another"])
    assert "not another" in capsys.readouterr().err


def test_metrics_can_be_asked_for_a_moment(worlds: Worlds) -> None:
    worlds.join(NAME)
    now = worlds.cloud.simulator.clock.now()
    worlds.cloud.advance(120)

    _, then = worlds.ask("GET", f"worlds/{NAME}?at={now}")
    _, latest = worlds.ask("GET", f"worlds/{NAME}")
    _, broker = worlds.ask("GET", "worlds/mqtt-broker")

    assert now - 15 <= then["at"] <= now < now + 100 < latest["at"]
    assert then["metrics"]["charging-sessions-db"]["WriteSuccess"] > 99
    assert broker["metrics"]["mqtt-broker"]["DistinctClusters"] == 1


def test_a_world_that_joins_has_a_past_in_cloudwatch_and_its_alarms(worlds: Worlds) -> None:
    worlds.join(NAME)
    now = worlds.cloud.simulator.clock.wall()
    worlds.cloud.advance(60)
    cloudwatch = worlds.client("cloudwatch")

    answer = cloudwatch.get_metric_statistics(
        Namespace="Database/Clients",
        MetricName="WriteSuccess",
        Dimensions=[{"Name": "DBClusterIdentifier", "Value": "charging-sessions-db"}],
        StartTime=now - timedelta(minutes=5),
        EndTime=now,
        Period=60,
        Statistics=["Average"],
    )
    alarm = cloudwatch.describe_alarms(AlarmNames=["charging-database-writes"])["MetricAlarms"][0]

    assert len(answer["Datapoints"]) >= 4
    assert alarm["StateValue"] == "OK"


def test_data_of_the_past_leaves_the_alarms_of_others_as_they_were(worlds: Worlds) -> None:
    worlds.cloud.advance(240)
    worlds.join(NAME)
    worlds.cloud.advance(30)
    alarms = worlds.client("cloudwatch").describe_alarms(
        AlarmNames=["ci-runners-availability", "identity-tokens-availability"]
    )["MetricAlarms"]

    assert [alarm["StateValue"] for alarm in alarms] == ["OK", "OK"]


REFUSALS: list[tuple[str, str, Any, int, str]] = [
    ("PUT", "worlds/another", None, 404, "another is not one of developer-platform"),
    ("GET", "worlds/another", None, 404, "another is not here"),
    ("GET", f"worlds/{NAME}?at=noon", None, 400, "at must be a number of engine seconds"),
    ("GET", f"worlds/{NAME}?at=-9999999", None, 404, "published nothing"),
    ("POST", "worlds/another", {"a": True}, 404, "has no fixes"),
    ("POST", f"worlds/{NAME}", {"faster": True}, 400, "Send follows_writer: true or false"),
    ("POST", f"worlds/{NAME}", {"follows_writer": "maybe"}, 400, "must be true or false"),
    ("POST", "worlds/another/calm", None, 404, "another has not joined"),
    ("POST", f"worlds/{NAME}", [1], 400, "Send a JSON object"),
    ("DELETE", f"worlds/{NAME}", None, 405, "PUT to join"),
    ("POST", f"worlds/{NAME}/load", {"kind": "malformed"}, 404, "has no gateway"),
    ("POST", "worlds/content-moderation/load", {"kind": "odd"}, 400, "kind must be one of"),
    (
        "POST",
        "worlds/content-moderation/load",
        {"kind": "malformed", "requests_per_second": 0},
        400,
        "requests_per_second must be above 0 and at most 1000000",
    ),
    (
        "POST",
        "worlds/content-moderation/load",
        {"kind": "malformed", "requests_per_second": 1, "seconds": 90_000},
        400,
        "seconds must be above 0 and at most 86400",
    ),
]


def test_a_request_that_means_nothing_is_refused_by_name(worlds: Worlds) -> None:
    worlds.join(NAME)
    worlds.join("content-moderation")

    for method, path, body, status, message in REFUSALS:
        answered, document = worlds.ask(method, path, body)

        assert answered == status, path
        assert message in document["message"]


def test_the_page_lets_a_world_join_and_turns_its_fix(worlds: Worlds) -> None:
    worlds.join(NAME)
    url = f"{worlds.cloud.simulator.url}/simulator/worlds/{NAME}"
    for form in ({"join": "on"}, {"follows_writer": "on"}):
        with urllib.request.urlopen(url, urllib.parse.urlencode(form).encode()) as answer:
            page = answer.read().decode()

    assert '<button name="follows_writer" value="off">' in page
    assert f'action="/simulator/worlds/{NAME}"' in page
