"""The control pages and the command that switches a fix."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

import pytest

from simulator.__main__ import main
from tests.simulator.cloud import Cloud


def state(cloud: Cloud) -> dict[str, Any]:
    with urllib.request.urlopen(f"{cloud.simulator.url}/simulator/state") as answer:
        return dict(json.load(answer))


def test_the_state_counts_instances_by_zone(cloud: Cloud) -> None:
    broker = state(cloud)["applications"][0]

    assert broker["application"] == "mqtt-broker"
    assert broker["zones"] == {f"eu-central-1{zone}": {"running": 3} for zone in "abc"}


def test_the_command_switches_the_fix_on_and_off(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["fix", "mqtt-broker", "quorum"]

    assert main([*arguments, "on", "--url", cloud.simulator.url]) == 0
    assert state(cloud)["applications"][0]["fixes"] == {"quorum": True}
    assert main([*arguments, "off", "--url", cloud.simulator.url]) == 0
    assert state(cloud)["applications"][0]["fixes"] == {"quorum": False}
    assert "quorum is off" in capsys.readouterr().out


def test_the_page_has_a_form_that_switches_the_fix(cloud: Cloud) -> None:
    with urllib.request.urlopen(f"{cloud.simulator.url}/simulator/") as answer:
        page = answer.read().decode()
    assert '<button name="quorum" value="on">' in page

    form = urllib.parse.urlencode({"quorum": "on"}).encode()
    url = f"{cloud.simulator.url}/simulator/worlds/mqtt-broker"
    with urllib.request.urlopen(url, data=form) as answer:
        assert '<button name="quorum" value="off">' in answer.read().decode()


def test_a_switch_that_says_nothing_is_refused(cloud: Cloud) -> None:
    url = f"{cloud.simulator.url}/simulator/worlds/mqtt-broker"

    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(url, data=b"quorum=perhaps")

    assert raised.value.code == 400
    raised.value.close()
