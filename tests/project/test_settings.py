"""Production is the default, refuses what is only good for a demo, and is written down."""

from __future__ import annotations

import ast
import os
import runpy
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = ROOT / "chaosplane" / "settings.py"
PRODUCTION = {
    "CHAOSPLANE_ENV": "production",
    "CHAOSPLANE_SECRET_KEY": "k" * 64,
    "CHAOSPLANE_BASE_URL": "https://chaos.example.test",
    "CHAOSPLANE_ALLOWED_HOSTS": "chaos.example.test",
    "DATABASE_URL": "postgresql://user:word@db.example.test/chaosplane",
    "REDIS_URL": "redis://queue.example.test:6379/0",
}


@pytest.fixture
def read(monkeypatch):
    """Read the settings as a new process with these variables would."""

    def read(**variables):
        for name in list(os.environ):
            if name.startswith(("CHAOSPLANE_", "AWS_")) or name in {"DATABASE_URL", "REDIS_URL"}:
                monkeypatch.delenv(name)
        # Set by the settings themselves in production: put back afterwards.
        monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "false")
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(SETTINGS))

    return read


def refusal(read, **variables) -> str:
    with pytest.raises(ImproperlyConfigured) as refused:
        read(**(PRODUCTION | variables))
    return str(refused.value)


def test_production_is_what_nothing_said_means(read):
    settings = read(**{name: PRODUCTION[name] for name in PRODUCTION if name != "CHAOSPLANE_ENV"})
    assert settings["PRODUCTION"]
    assert not settings["DEBUG"]
    assert settings["SESSION_COOKIE_SECURE"]


@pytest.mark.parametrize(
    "name",
    [
        "CHAOSPLANE_SECRET_KEY",
        "CHAOSPLANE_BASE_URL",
        "CHAOSPLANE_ALLOWED_HOSTS",
        "DATABASE_URL",
        "REDIS_URL",
    ],
)
def test_production_needs(read, name):
    assert name in refusal(read, **{name: ""})


def test_production_refuses_the_demos_secret(read):
    demo = read(CHAOSPLANE_ENV="demo")["SECRET_KEY"]
    assert "CHAOSPLANE_SECRET_KEY is the demo's" in refusal(read, CHAOSPLANE_SECRET_KEY=demo)
    assert "the demo's" in refusal(read, CHAOSPLANE_SECRET_KEY_FALLBACKS=f"{'o' * 64},{demo}")


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_FIS"])
def test_production_refuses_a_stand_in_for_aws(read, name):
    assert name in refusal(read, **{name: "http://127.0.0.1:5055"})


def test_production_ignores_a_stand_in_named_in_a_configuration_file(read):
    read(**PRODUCTION)
    assert os.environ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] == "true"


def test_production_runs_on_real_time(read):
    assert "CHAOSPLANE_TIME_SPEED" in refusal(read, CHAOSPLANE_TIME_SPEED="60")


def test_time_runs_faster_only_with_a_simulator(read):
    with pytest.raises(ImproperlyConfigured, match="needs the simulator"):
        read(CHAOSPLANE_ENV="demo", CHAOSPLANE_TIME_SPEED="60")
    settings = read(
        CHAOSPLANE_ENV="demo", CHAOSPLANE_TIME_SPEED="60", AWS_ENDPOINT_URL="http://127.0.0.1:1"
    )
    assert settings["CHAOSPLANE_TIME_SPEED"] == 60


def test_production_refuses_to_be_killed_on_purpose(read):
    assert "CHAOSPLANE_FAILPOINTS" in refusal(read, CHAOSPLANE_FAILPOINTS="/tmp/failpoints")


def test_a_database_server_that_is_gone_is_noticed_within_seconds(read):
    def options(url):
        return read(CHAOSPLANE_ENV="test", DATABASE_URL=url)["DATABASES"]["default"]["OPTIONS"]

    plain = options("postgresql://db.test/chaosplane")
    assert plain["connect_timeout"] == 5
    assert plain["keepalives_idle"] + 3 * plain["keepalives_interval"] < 20
    assert options("postgresql://db.test/chaosplane?connect_timeout=2")["connect_timeout"] == "2"


def test_without_a_pool_no_server_is_waited_for(read):
    settings = read(CHAOSPLANE_ENV="test", CHAOSPLANE_DB_POOL="0")
    assert "pool" not in settings["DATABASES"]["default"]["OPTIONS"]


def test_production_refuses_any_host(read):
    assert "CHAOSPLANE_ALLOWED_HOSTS" in refusal(read, CHAOSPLANE_ALLOWED_HOSTS="*")


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("CHAOSPLANE_ENV", "staging", "must be one of production, demo, test, development"),
        ("CHAOSPLANE_TICK_S", "often", "must be a number"),
        ("CHAOSPLANE_TICK_S", "0", "must be between 0.1 and 60"),
        ("CHAOSPLANE_DB_POOL", "1000", "must be between 0 and 200"),
        ("CHAOSPLANE_HTTPS_REDIRECT", "perhaps", "must be true or false"),
        ("CHAOSPLANE_LOG_LEVEL", "loud", "must be one of"),
        ("DATABASE_URL", "mysql://host/name", "must look like postgresql://"),
        ("DATABASE_URL", "postgresql://host:70000/name", "the port must be"),
        ("REDIS_URL", "amqp://host", "must look like redis://"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_with_what_it_must_be(read, name, value, why):
    message = refusal(read, **{name: value})
    assert name in message
    assert why in message


def test_a_secret_may_come_from_a_file(read, tmp_path):
    (tmp_path / "key").write_text("f" * 64 + "\n")
    variables = PRODUCTION | {"CHAOSPLANE_SECRET_KEY_FILE": str(tmp_path / "key")}
    del variables["CHAOSPLANE_SECRET_KEY"]
    assert read(**variables)["SECRET_KEY"] == "f" * 64


def test_a_secret_given_twice_is_refused(read, tmp_path):
    (tmp_path / "key").write_text("f" * 64)
    message = refusal(read, CHAOSPLANE_SECRET_KEY_FILE=str(tmp_path / "key"))
    assert "not both" in message


def test_a_secret_file_that_cannot_be_read_is_named(read, tmp_path):
    variables = PRODUCTION | {"CHAOSPLANE_SECRET_KEY_FILE": str(tmp_path / "none")}
    del variables["CHAOSPLANE_SECRET_KEY"]
    with pytest.raises(ImproperlyConfigured, match="CHAOSPLANE_SECRET_KEY_FILE cannot be read"):
        read(**variables)


def test_the_queue_has_one_address_in_two_spellings(read):
    settings = read(CHAOSPLANE_ENV="test", REDIS_URL="unix:///run/v.sock?db=3")
    assert settings["CELERY_BROKER_URL"] == "redis+socket:///run/v.sock?virtual_host=3"


def test_a_proxy_is_believed_only_when_asked(read):
    assert "SECURE_PROXY_SSL_HEADER" not in read(**PRODUCTION)
    settings = read(**PRODUCTION, CHAOSPLANE_BEHIND_PROXY="true")
    assert settings["SECURE_PROXY_SSL_HEADER"] == ("HTTP_X_FORWARDED_PROTO", "https")


def test_every_variable_is_documented():
    readers = {"text", "choice", "flag", "number", "names", "starting_with"}
    named = {
        str(node.args[0].value)
        for node in ast.walk(ast.parse(SETTINGS.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in readers
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "env"
        and isinstance(node.args[0], ast.Constant)
    }
    assert len(named) > 10
    documented = (ROOT / "docs" / "operations" / "settings.md").read_text()
    assert [name for name in sorted(named) if f"`{name}`" not in documented] == []


def test_a_token_of_the_metrics_that_can_be_guessed_is_refused(read):
    said = refusal(read, CHAOSPLANE_METRICS_TOKEN="0123456789abcde")
    assert said == "CHAOSPLANE_METRICS_TOKEN must have 16 characters or more."
