"""The demo cannot reach a real account, and says what is in its way."""

from __future__ import annotations

import socket

import pytest

from chaosplane import cli, demo
from chaosplane.embedded.processes import CannotStart


def seen_by_the_demo(**variables: str) -> dict[str, str]:
    addresses = {"DATABASE_URL": "postgresql:///chaosplane", "REDIS_URL": "redis://b/0"}
    return demo.environment(
        variables, addresses, "http://127.0.0.1:8000", "http://127.0.0.1:5055", 60
    )


@pytest.mark.parametrize(
    "name",
    [
        "AWS_PROFILE",
        "AWS_SESSION_TOKEN",
        "AWS_ROLE_ARN",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_ENDPOINT_URL_FIS",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ],
)
def test_nothing_of_the_persons_own_aws_reaches_the_demo(name):
    assert name not in seen_by_the_demo(**{name: "theirs"})


def test_the_demo_speaks_to_the_simulator_with_credentials_of_its_own():
    env = seen_by_the_demo(AWS_ACCESS_KEY_ID="theirs", AWS_CONFIG_FILE="/home/them/.aws/config")
    assert env["AWS_ENDPOINT_URL"] == "http://127.0.0.1:5055"
    assert env["AWS_ACCESS_KEY_ID"] == "chaosplane"
    assert env["AWS_CONFIG_FILE"] == "/dev/null"
    assert env["AWS_EC2_METADATA_DISABLED"] == "true"


def test_settings_of_another_installation_do_not_reach_the_demo():
    env = seen_by_the_demo(CHAOSPLANE_ENV="production", CHAOSPLANE_SECRET_KEY="theirs")
    assert env["CHAOSPLANE_ENV"] == "demo"
    assert "CHAOSPLANE_SECRET_KEY" not in env


def test_a_taken_port_is_named_before_anything_starts(tmp_path, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert cli.main(["demo", "--port", str(port), "--home", str(tmp_path)]) == 1
    assert f"Port {port} cannot be used" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--port", "http"], "'http' is not a port"),
        (["--port", "65536"], "'65536' is not a port"),
        (["--speed", "0"], "0 is not between 0.1 and 600"),
        (["--speed", "fast"], "'fast' is not a number"),
    ],
)
def test_arguments_that_cannot_be_used_are_named(arguments, why, capsys):
    with pytest.raises(SystemExit):
        cli.main(["demo", *arguments])
    assert why in capsys.readouterr().err


def test_a_home_in_use_is_named(tmp_path):
    from chaosplane.embedded.servers import Servers

    held = Servers(tmp_path, durable=False, given={})
    try:
        with pytest.raises(CannotStart, match="Another chaosplane runs on"):
            demo.run(demo.Wishes(tmp_path, 0, 60, open_browser=False), {})
    finally:
        held.stop()
