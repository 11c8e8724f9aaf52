"""One FIS experiment in several accounts: its template names exactly the approved ones."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.httpsession import URLLib3Session

from exercises.aws.fleet import application_nodes
from exercises.aws.sessions import Purpose, client
from exercises.domain.engine_values import EngineStatus, Observation, Watch
from exercises.domain.errors import EngineError, TemplateChanged
from exercises.domain.plans import AccountAccess
from exercises.domain.target_accounts import TargetAccount, in_accounts
from exercises.engines.fis import FisEngine
from tests.engines.conftest import listening
from tests.fis_definitions import order, stopping, waiting
from tests.simulated_aws import PLATFORM, PRODUCTION, access_to

INTEGRATION = "333333333333"
ZONE = "eu-central-1a"


def role_in(account: str, name: str = "fis-experiments") -> str:
    return f"arn:aws:iam::{account}:role/{name}"


def several(definition: dict[str, Any], *accounts: str) -> dict[str, Any]:
    """The definition over these accounts, else over the telemetry's two."""
    wanted = accounts or (PRODUCTION, INTEGRATION)
    return in_accounts(definition, [TargetAccount(each, role_in(each)) for each in wanted])


@pytest.fixture
def start(access: AccountAccess) -> Any:
    """FIS as somebody else in the account changes it under us."""
    return client(access, "fis", Purpose.START)


def configured(start: Any, template_ref: str) -> dict[str, str]:
    """The role by account, as FIS tells it."""
    found = start.list_target_account_configurations(experimentTemplateId=template_ref)
    return {each["accountId"]: each["roleArn"] for each in found["targetAccountConfigurations"]}


def watched(fis: FisEngine, access: AccountAccess, ref: str, approved: Any) -> Observation:
    (seen,) = fis.observe(access, [Watch(ref, None, full=True, approved=approved)])
    return seen


def states(account: str) -> set[str]:
    """How the brokers of the zone are in this account."""
    nodes = application_nodes(access_to(account), "mqtt-broker")
    return {node.state for node in nodes if node.az == ZONE}


@pytest.mark.parametrize(
    ("definition", "problem"),
    [
        (
            waiting(experimentOptions={"accountTargeting": "multi-account"}),
            "multi-account is not started without targetAccountConfigurations",
        ),
        (
            several(waiting()) | {"experimentOptions": {"accountTargeting": "single-account"}},
            "single-account is not started with targetAccountConfigurations",
        ),
        (
            waiting(experimentOptions={"accountTargeting": "every-account"}),
            "every-account is not started, only single-account and multi-account",
        ),
    ],
)
def test_accounts_are_named_exactly_where_several_are_targeted(
    fis: FisEngine, access: AccountAccess, start: Any, definition: dict[str, Any], problem: str
) -> None:
    before = start.list_experiment_templates()["experimentTemplates"]
    for attempt in (
        lambda: fis.provision(access, definition, "not whole"),
        lambda: fis.verify(access, "EXTany", definition),
    ):
        with pytest.raises(EngineError, match=problem) as caught:
            attempt()
        assert (caught.value.outcome, caught.value.retryable) == ("none", False)
    assert start.list_experiment_templates()["experimentTemplates"] == before


def test_a_template_gets_the_accounts_of_its_definition_and_is_verified(
    fis: FisEngine, access: AccountAccess, start: Any
) -> None:
    definition = several(stopping(ZONE))
    ref = fis.provision(access, definition, "accounts-verified")
    fis.verify(access, ref, definition)
    assert configured(start, ref) == {
        PRODUCTION: role_in(PRODUCTION),
        INTEGRATION: role_in(INTEGRATION),
    }


def test_provisioning_again_makes_nothing_twice(
    fis: FisEngine, access: AccountAccess, calls: list[str]
) -> None:
    first = fis.provision(access, several(waiting()), "accounts-twice")
    calls.clear()
    assert fis.provision(access, several(waiting()), "accounts-twice") == first
    assert not [name for name in calls if name.startswith("Create")]


def test_a_lost_answer_to_an_account_is_made_good_by_provisioning_again(
    fis: FisEngine, access: AccountAccess, start: Any
) -> None:
    definition = several(waiting(), PRODUCTION, INTEGRATION, PLATFORM)

    def lose_the_answer(request: Any, **_: Any) -> None:
        URLLib3Session().send(request)
        raise ReadTimeoutError(endpoint_url=request.url)

    operation = "before-send.fis.CreateTargetAccountConfiguration"
    with listening(access, operation, lose_the_answer), pytest.raises(EngineError) as caught:
        fis.provision(access, definition, "accounts-lost")
    assert (caught.value.outcome, caught.value.retryable) == ("unknown", True)
    assert PRODUCTION in str(caught.value)
    ref = fis.provision(access, definition, "accounts-lost")
    fis.verify(access, ref, definition)
    assert len(configured(start, ref)) == 3


def test_an_account_is_asked_for_with_a_token_that_is_the_same_each_time(
    fis: FisEngine, access: AccountAccess, start: Any
) -> None:
    """FIS answers it again, however late its lists are."""
    ref = fis.provision(access, several(waiting()), "accounts-token")
    again = start.create_target_account_configuration(
        clientToken=f"chaosplane-{ref}-{INTEGRATION}",
        experimentTemplateId=ref,
        accountId=INTEGRATION,
        roleArn=role_in(INTEGRATION),
    )
    assert again["targetAccountConfiguration"]["accountId"] == INTEGRATION


def test_a_request_for_an_account_that_never_arrived_is_made_good_too(
    fis: FisEngine, access: AccountAccess, aws: Any
) -> None:
    from simulator.knobs import Knob

    operation = "CreateTargetAccountConfiguration"
    aws.knobs.add(Knob("lose_request", operation=operation, count=1))
    definition = several(waiting())
    with pytest.raises(EngineError):
        fis.provision(access, definition, "accounts-never-sent")
    fis.verify(access, fis.provision(access, definition, "accounts-never-sent"), definition)


def test_an_account_that_was_taken_out_is_named(
    fis: FisEngine, access: AccountAccess, start: Any
) -> None:
    definition = several(waiting())
    ref = fis.provision(access, definition, "accounts-removed")
    start.delete_target_account_configuration(experimentTemplateId=ref, accountId=INTEGRATION)
    with pytest.raises(TemplateChanged, match=rf"{INTEGRATION}: approved arn.*, found nothing"):
        fis.verify(access, ref, definition)


@pytest.mark.parametrize(
    "change",
    [
        lambda start, ref: start.update_target_account_configuration(
            experimentTemplateId=ref, accountId=INTEGRATION, roleArn=role_in(INTEGRATION, "other")
        ),
        lambda start, ref: start.create_target_account_configuration(
            experimentTemplateId=ref, accountId=PLATFORM, roleArn=role_in(PLATFORM)
        ),
    ],
    ids=["another-role", "one-account-more"],
)
def test_other_accounts_than_approved_are_neither_verified_nor_taken(
    fis: FisEngine, access: AccountAccess, start: Any, change: Any, request: Any
) -> None:
    definition, digest = several(waiting()), f"accounts {request.node.name}"
    ref = fis.provision(access, definition, digest)
    change(start, ref)
    said = rf"FIS template {ref} .*targetAccountConfigurations\.\d+: approved .*, found arn"
    with pytest.raises(TemplateChanged, match=said):
        fis.verify(access, ref, definition)
    with pytest.raises(TemplateChanged, match=said):
        fis.provision(access, definition, digest)


def test_one_stop_takes_back_what_was_stopped_in_every_account(
    fis: FisEngine, access: AccountAccess, aws: Any
) -> None:
    definition = several(stopping(ZONE))
    ref = fis.provision(access, definition, "accounts-run")
    started = fis.start(access, order(ref, "accounts-run"))
    aws.clock.advance(60)
    seen = watched(fis, access, started.ref, definition)
    assert (seen.status, seen.differences) == (EngineStatus.RUNNING, ())
    assert states(PRODUCTION) == states(INTEGRATION) == {"stopped"}
    fis.stop(access, started.ref)
    aws.clock.advance(120)
    assert watched(fis, access, started.ref, definition).status is EngineStatus.STOPPED
    assert states(PRODUCTION) == states(INTEGRATION) == {"running"}


def test_a_rehearsal_takes_on_every_role_and_stops_nothing(
    fis: FisEngine, access: AccountAccess, aws: Any
) -> None:
    definition = several(stopping(ZONE))
    ref = fis.provision(access, definition, "accounts-rehearsed")
    started = fis.start(access, order(ref, "accounts-rehearsed", is_rehearsal=True))
    aws.clock.advance(60)
    seen = watched(fis, access, started.ref, definition)
    assert (seen.status, seen.differences) == (EngineStatus.COMPLETED, ())
    assert states(PRODUCTION) == states(INTEGRATION) == {"running"}


def test_an_account_that_came_in_right_before_the_start_is_a_difference(
    fis: FisEngine, access: AccountAccess, start: Any, aws: Any
) -> None:
    definition = several(waiting())
    ref = fis.provision(access, definition, "accounts-added-late")
    start.create_target_account_configuration(
        experimentTemplateId=ref, accountId=PLATFORM, roleArn=role_in(PLATFORM)
    )
    started = fis.start(access, order(ref, "accounts-added-late"))
    seen = watched(fis, access, started.ref, definition)
    assert seen.differences == (
        f"targetAccountConfigurations.{PLATFORM}: approved nothing, found {role_in(PLATFORM)}",
    )
    fis.stop(access, started.ref)
    aws.clock.advance(60)


def test_a_definition_of_one_account_asks_nothing_about_accounts(
    fis: FisEngine, access: AccountAccess, calls: list[str], aws: Any
) -> None:
    ref = fis.provision(access, waiting(), "one-account-only")
    fis.verify(access, ref, waiting())
    started = fis.start(access, order(ref, "one-account-only"))
    assert watched(fis, access, started.ref, waiting()).differences == ()
    fis.stop(access, started.ref)
    aws.clock.advance(60)
    assert not [name for name in calls if "Account" in name]


def names(fis: FisEngine, account: str, definition: dict[str, Any]) -> list[str]:
    return [target.label for target in fis.preview(access_to(account), definition)]


def test_a_percentage_rounds_up_in_each_account_so_that_no_target_is_uncounted(
    fis: FisEngine, aws: Any
) -> None:
    """FIS takes two of the four brokers, whichever accounts they are in."""
    half = several(stopping(ZONE, mode="PERCENT(50)"))
    assert len(names(fis, PRODUCTION, half)) == 2
    assert len(names(fis, INTEGRATION, half)) == 1
    assert len(names(fis, PRODUCTION, stopping(ZONE, mode="PERCENT(50)"))) == 1


def test_an_arn_counts_in_the_account_where_it_lies(fis: FisEngine, aws: Any) -> None:
    both = [
        next(node for node in application_nodes(access_to(each), "mqtt-broker")).arn
        for each in (PRODUCTION, INTEGRATION)
    ]
    target = {
        "resourceType": "aws:ec2:instance",
        "resourceArns": both,
        "selectionMode": "ALL",
    }
    named = stopping(ZONE) | {"targets": {"brokers": target}}
    definition = several(named)
    for account, arn in zip((PRODUCTION, INTEGRATION), both, strict=True):
        access = access_to(account)
        assert [hit.arn for hit in fis.preview(access, definition)] == [arn]
        assert [trace.resource for trace in fis.snapshot(access, definition).traces] == [arn]
        one = named | {"targets": {"brokers": target | {"resourceArns": [both[0]]}}}
        expected = [arn] if account == PRODUCTION else []
        assert [hit.arn for hit in fis.preview(access, several(one))] == expected
