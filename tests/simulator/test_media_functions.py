"""Lambda functions: the FIS extension, faults set in a parameter, and the caller who retries."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simulator.physics import Fault
from simulator.systems.lambda_faults import (
    CHAOS_LAMBDA,
    FAILURE_LAMBDA_0,
    FAILURE_LAMBDA_1,
    Hurt,
    of_extension,
    of_parameter,
    suffered,
)
from tests.simulator.worlds import Worlds

NAME = "media-functions"
SEARCH = "media-search"


def inject(worlds: Worlds, action: str, **parameters: str) -> str:
    fault = {
        "actionId": f"aws:lambda:invocation-{action}",
        "parameters": {"duration": "PT5M", **parameters},
        "targets": {"Functions": "functions"},
    }
    functions = {
        "resourceType": "aws:lambda:function",
        "resourceTags": {"FaultLibrary": CHAOS_LAMBDA},
        "selectionMode": "ALL",
    }
    return worlds.run({"fault": fault}, {"functions": functions})


def configure(worlds: Worlds, **values: Any) -> None:
    worlds.client("ssm").put_parameter(
        Name="/media-catalogue/search/chaos",
        Value=json.dumps(values),
        Type="String",
        Overwrite=True,
    )


def success(worlds: Worlds, function: str = SEARCH) -> float:
    return worlds.value(NAME, "SuccessfulRequests", function)


def test_a_delay_of_a_second_is_an_error_for_a_function_that_has_one_second(
    worlds: Worlds,
) -> None:
    worlds.join(NAME)
    experiment = inject(worlds, "add-delay", startupDelayMilliseconds="1000")
    worlds.cloud.advance(100)

    assert success(worlds) == 0
    assert worlds.value(NAME, "Errors", SEARCH) > 100
    assert success(worlds, "media-subtitles") == 100
    worlds.cloud.advance(270)
    assert success(worlds) == 100
    assert worlds.experiment(experiment)["actions"]["fault"]["state"]["reason"] == (
        "Action was completed."
    )


def test_the_extension_needs_up_to_a_minute_to_hear_of_a_fault(worlds: Worlds) -> None:
    worlds.join(NAME)
    inject(worlds, "error", preventExecution="true")
    worlds.cloud.advance(15)
    assert success(worlds) == 100
    worlds.cloud.advance(60)
    assert success(worlds) == 0


def test_a_delay_within_the_timeout_is_slow_and_no_error(worlds: Worlds) -> None:
    worlds.join(NAME)
    inject(worlds, "add-delay", startupDelayMilliseconds="400")
    worlds.cloud.advance(100)

    assert success(worlds) == 100
    assert 450 < worlds.value(NAME, "Duration", SEARCH) < 600


def test_an_answer_of_another_status_is_no_error_of_the_function(worlds: Worlds) -> None:
    worlds.join(NAME)
    inject(
        worlds,
        "http-integration-response",
        statusCode="500",
        contentTypeHeader="application/json",
        preventExecution="false",
    )
    worlds.cloud.advance(100)

    assert success(worlds) == 0
    assert worlds.value(NAME, "Errors", SEARCH) == 0


def test_callers_that_retry_hardly_notice_rare_faults(worlds: Worlds) -> None:
    system = worlds.join(NAME)
    inject(worlds, "error", preventExecution="true", invocationPercentage="20")
    worlds.cloud.advance(100)
    assert success(worlds) == pytest.approx(80)

    system.switches["retries"] = True
    worlds.cloud.advance(15)
    assert success(worlds) == pytest.approx(99.2)
    assert worlds.value(NAME, "DeadLetters", SEARCH) == 1


def test_a_function_without_the_extension_feels_nothing_of_fis(worlds: Worlds) -> None:
    worlds.join(NAME)
    functions = worlds.client("lambda")
    functions.update_function_configuration(FunctionName=SEARCH, Environment={"Variables": {}})
    experiment = inject(worlds, "error", preventExecution="true")
    worlds.cloud.advance(320)

    reason = worlds.experiment(experiment)["actions"]["fault"]["state"]["reason"]
    assert reason == "Action was completed: it has no effect in this simulator."


def test_a_fault_in_the_parameter_comes_and_goes_within_a_minute(worlds: Worlds) -> None:
    worlds.join(NAME)
    configure(worlds, is_enabled=True, fault_type="exception", exception_msg="No", rate=1)
    worlds.cloud.advance(75)
    assert success(worlds) == 0
    configure(worlds)
    worlds.cloud.advance(75)
    assert success(worlds) == 100


def test_a_function_that_may_not_run_at_all_throttles_everybody(worlds: Worlds) -> None:
    worlds.join(NAME)
    worlds.client("lambda").put_function_concurrency(
        FunctionName=SEARCH, ReservedConcurrentExecutions=0
    )
    worlds.cloud.advance(15)

    assert success(worlds) == 0
    assert worlds.value(NAME, "Throttles", SEARCH) == 150


ERROR = Hurt(1.0, is_error=True)


@pytest.mark.parametrize(
    ("library", "given", "hurts"),
    [
        (CHAOS_LAMBDA, {}, []),
        (CHAOS_LAMBDA, {"fault_type": "latency", "delay": 400}, [ERROR]),
        (CHAOS_LAMBDA, {"is_enabled": False, "fault_type": "exception"}, []),
        (
            CHAOS_LAMBDA,
            {"is_enabled": True, "fault_type": "latency", "delay": 400, "rate": 0.5},
            [Hurt(0.5, delay_ms=400)],
        ),
        (CHAOS_LAMBDA, {"is_enabled": True, "fault_type": "latency", "delay": "400"}, []),
        (
            CHAOS_LAMBDA,
            {"is_enabled": True, "fault_type": "status_code", "error_code": 404},
            [Hurt(1.0, status=404)],
        ),
        (
            FAILURE_LAMBDA_0,
            {"isEnabled": True, "failureMode": "latency", "minLatency": 100, "maxLatency": 300},
            [Hurt(1.0, delay_ms=200)],
        ),
        (
            FAILURE_LAMBDA_0,
            {"isEnabled": True, "failureMode": "statuscode", "statusCode": 404, "rate": 0.1},
            [Hurt(0.1, status=404)],
        ),
        (FAILURE_LAMBDA_0, {"isEnabled": True, "failureMode": "denylist"}, [ERROR]),
        (FAILURE_LAMBDA_0, {"isEnabled": False, "failureMode": "exception"}, []),
        (FAILURE_LAMBDA_1, {"isEnabled": True, "failureMode": "exception", "rate": 1}, []),
        (
            FAILURE_LAMBDA_1,
            {
                "latency": {"enabled": True, "min_latency": 100, "max_latency": 300},
                "exception": {"enabled": True, "percentage": 25},
            },
            [Hurt(1.0, delay_ms=200), Hurt(0.25, is_error=True)],
        ),
        (FAILURE_LAMBDA_1, {"statuscode": {"enabled": False, "status_code": 500}}, []),
    ],
)
def test_each_library_reads_its_own_configuration(
    library: str, given: dict[str, Any], hurts: list[Hurt]
) -> None:
    assert of_parameter(library, json.dumps(given)) == hurts


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"on"'])
def test_what_is_no_configuration_is_no_fault(text: str) -> None:
    assert of_parameter(CHAOS_LAMBDA, text) == []


def test_of_two_actions_of_one_kind_the_earlier_wins_and_others_add_up() -> None:
    def fault(kind: str, since: float, **more: str) -> Fault:
        given = {"invocationPercentage": "100", "startupDelayMilliseconds": "1", **more}
        return Fault(f"aws:lambda:invocation-{kind}", "arn", given, since)

    hurts = of_extension(
        [
            fault("add-delay", 1, startupDelayMilliseconds="100"),
            fault("add-delay", 2, startupDelayMilliseconds="900"),
            fault("error", 3, invocationPercentage="50"),
        ]
    )

    assert hurts == [Hurt(1.0, delay_ms=100), Hurt(0.5, is_error=True)]


def test_errors_of_several_faults_multiply() -> None:
    half = Hurt(0.5, is_error=True)

    assert suffered([half, half], 100, 1).errors == 0.75
    assert suffered([half, Hurt(0.5, status=404)], 100, 1).refusals == 0.25
    assert suffered([Hurt(0.5, status=302)], 100, 1).refusals == 0
