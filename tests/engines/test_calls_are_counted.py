"""Every attempt to call AWS is counted by account, Region, operation and how it ended."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from django.core.signals import request_finished
from django.test import Client

from exercises.aws import calls
from exercises.aws.calls import OWN, Call
from exercises.aws.failures import how_it_ended
from exercises.aws.sessions import Purpose, client, forget_clients
from exercises.domain.errors import EngineError
from exercises.domain.plans import AccountAccess
from exercises.hints import valkey
from exercises.services import aws_calls
from tests.simulated_aws import PRODUCTION, REGION

if TYPE_CHECKING:
    from simulator.server import Simulator

READ_ALL = "ListExperimentTemplates"


def call(operation: str, outcome: str, service: str = "fis", account: str = PRODUCTION) -> Call:
    return Call(account, REGION, service, operation, outcome)


@pytest.fixture(autouse=True)
def nothing_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    calls.take()
    monkeypatch.setattr(aws_calls, "KEY", "chaosplane:aws_calls:of-a-test")
    monkeypatch.setattr(aws_calls, "_quiet_until", 0.0)
    valkey().delete(aws_calls.KEY)


@contextmanager
def misbehaving(aws: Simulator, kind: str, count: int) -> Iterator[None]:
    from simulator.knobs import Knob

    aws.knobs.add(Knob(kind, READ_ALL, count=count))
    try:
        yield
    finally:
        aws.knobs.clear()


def read_templates(access: AccountAccess) -> Any:
    return client(access, "fis", Purpose.READ).list_experiment_templates()


def test_a_call_and_the_role_it_needs_are_counted_for_the_account(access: AccountAccess) -> None:
    forget_clients()
    read_templates(access)
    read_templates(access)
    counted = calls.take()
    assert counted[call(READ_ALL, "ok")] == 2
    assert counted[call("AssumeRole", "ok", service="sts")] == 1
    assert not calls.take()


def test_each_attempt_counts_by_how_it_ended(aws: Simulator, access: AccountAccess) -> None:
    with misbehaving(aws, "throttle", 1):
        read_templates(access)
    with misbehaving(aws, "deny", 1), pytest.raises(Exception, match="AccessDenied"):
        read_templates(access)
    counted = calls.take()
    assert counted[call(READ_ALL, "throttled")] == 1
    assert counted[call(READ_ALL, "denied")] == 1
    assert counted[call(READ_ALL, "ok")] == 1


def test_a_role_that_is_refused_counts_for_the_account_that_refuses(
    access: AccountAccess,
) -> None:
    stranger = dataclasses.replace(access, external_id="of somebody else")
    with pytest.raises(EngineError):
        client(stranger, "fis", Purpose.READ)
    assert calls.take()[call("AssumeRole", "denied", service="sts")] >= 1


def test_what_the_process_asks_for_itself_has_no_account(access: AccountAccess) -> None:
    nobody = dataclasses.replace(access, read_role_arn="")
    client(nobody, "sts", Purpose.READ).get_caller_identity()
    assert calls.take()[call("GetCallerIdentity", "ok", service="sts", account=OWN)] == 1


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (None, "failed"),
        ({"ResponseMetadata": {"HTTPStatusCode": 200}}, "ok"),
        ({"Error": {"Code": "Whatever"}, "ResponseMetadata": {"HTTPStatusCode": 429}}, "throttled"),
        ({"Error": {"Code": "RequestLimitExceeded"}}, "throttled"),
        ({"Error": {"Code": "UnauthorizedOperation"}}, "denied"),
        ({"Error": {"Code": "ResourceNotFoundException"}}, "failed"),
        ({"ResponseMetadata": {"HTTPStatusCode": 503}}, "failed"),
    ],
)
def test_how_an_attempt_ended_is_one_word(answer: dict[str, Any] | None, outcome: str) -> None:
    assert how_it_ended(answer) == outcome


@pytest.mark.django_db  # the end of a request also looks at the connection
def test_counts_of_all_processes_add_up_after_each_request(access: AccountAccess) -> None:
    read_templates(access)
    request_finished.send(sender=None)
    read_templates(access)
    request_finished.send(sender=None)
    assert aws_calls.all_calls()[call(READ_ALL, "ok")] == 2


def test_without_valkey_counts_wait_and_nobody_is_disturbed(
    access: AccountAccess, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = settings.REDIS_URL
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    read_templates(access)
    aws_calls.pass_on()
    settings.REDIS_URL = known
    aws_calls.pass_on()
    assert not aws_calls.all_calls(), "a queue that failed is left alone for a while"
    monkeypatch.setattr(aws_calls, "_quiet_until", 0.0)
    aws_calls.pass_on()
    assert aws_calls.all_calls()[call(READ_ALL, "ok")] == 1


@pytest.mark.django_db
def test_metrics_tell_them(client: Client, settings: Any, access: AccountAccess) -> None:
    settings.CHAOSPLANE_METRICS_TOKEN = "0123456789abcdef"
    read_templates(access)
    said = client.get("/metrics", headers={"Authorization": "Bearer 0123456789abcdef"})
    assert (
        f'chaosplane_aws_calls_total{{account="{PRODUCTION}",region="{REGION}",service="fis",'
        f'operation="{READ_ALL}",outcome="ok"}} 1'
    ) in said.content.decode().splitlines()
