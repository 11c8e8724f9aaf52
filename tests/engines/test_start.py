"""A run starts once, whatever happens to the answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.httpsession import URLLib3Session

from exercises.aws.sessions import Purpose, client
from exercises.domain.engine_values import EngineStatus
from exercises.domain.errors import EngineError
from exercises.domain.plans import AccountAccess
from exercises.engines.fis import FisEngine
from tests.engines.conftest import listening
from tests.fis_definitions import order, waiting
from tests.simulated_aws import access_to


def experiments(access: AccountAccess, template_ref: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client(access, "fis", Purpose.READ).list_experiments(
        experimentTemplateId=template_ref
    )["experiments"]
    return found


def test_the_same_order_twice_is_one_experiment(fis: FisEngine, access: AccountAccess) -> None:
    ref = fis.provision(access, waiting(), "start-twice")
    first = fis.start(access, order(ref, "run-twice"))
    second = fis.start(access, order(ref, "run-twice"))
    assert first.ref == second.ref
    assert len(experiments(access, ref)) == 1
    fis.stop(access, first.ref)


def test_an_experiment_carries_the_tags_of_its_run(fis: FisEngine, access: AccountAccess) -> None:
    ref = fis.provision(access, waiting(), "start-tags")
    started = fis.start(access, order(ref, "run-tags"))
    assert experiments(access, ref)[0]["tags"] == {
        "chaosplane:exercise": "test",
        "chaosplane:managed": "true",
        "chaosplane:run": "run-tags",
    }
    fis.stop(access, started.ref)


def test_a_lost_answer_leaves_the_outcome_unknown_and_the_experiment_is_found(
    fis: FisEngine, access: AccountAccess
) -> None:
    ref = fis.provision(access, waiting(), "start-lost")

    def lose_the_answer(request: Any, **_: Any) -> None:
        URLLib3Session().send(request)
        raise ReadTimeoutError(endpoint_url=request.url)

    with (
        listening(access, "before-send.fis.StartExperiment", lose_the_answer),
        pytest.raises(EngineError) as caught,
    ):
        fis.start(access, order(ref, "run-lost"))
    assert (caught.value.outcome, caught.value.retryable) == ("unknown", True)

    found = fis.find(access, ref, "run-lost")
    assert found is not None
    assert fis.start(access, order(ref, "run-lost")).ref == found
    assert len(experiments(access, ref)) == 1
    fis.stop(access, found)


def test_a_start_is_never_asked_for_twice_by_the_client(
    fis: FisEngine, access: AccountAccess
) -> None:
    ref = fis.provision(access, waiting(), "start-attempts")
    asked = []

    def time_out(request: Any, **_: Any) -> None:
        asked.append(request)
        raise ReadTimeoutError(endpoint_url=request.url)

    with (
        listening(access, "before-send.fis.StartExperiment", time_out),
        pytest.raises(EngineError),
    ):
        fis.start(access, order(ref, "run-attempts"))
    assert len(asked) == 1
    assert fis.find(access, ref, "run-attempts") is None


def test_a_token_used_for_another_order_leaves_the_outcome_unknown(
    fis: FisEngine, access: AccountAccess
) -> None:
    ref = fis.provision(access, waiting(), "start-conflict")
    started = fis.start(access, order(ref, "run-conflict"))
    with pytest.raises(EngineError) as caught:
        fis.start(access, order(ref, "run-conflict", is_rehearsal=True))
    assert caught.value.outcome == "unknown"
    fis.stop(access, started.ref)


def test_a_rehearsal_resolves_targets_and_skips_every_action(
    fis: FisEngine, access: AccountAccess, aws: Any
) -> None:
    ref = fis.provision(access, waiting(), "start-rehearsal")
    started = fis.start(access, order(ref, "run-rehearsal", is_rehearsal=True))
    aws.clock.advance(60)
    document = fis.archive(access, started.ref).document
    experiment: Any = document["experiment"]
    assert experiment["state"]["status"] == EngineStatus.COMPLETED.value
    assert experiment["actions"]["Wait"]["state"]["status"] == "skipped"


def test_a_template_that_is_not_there_starts_nothing(fis: FisEngine, access: AccountAccess) -> None:
    with pytest.raises(EngineError) as caught:
        fis.start(access, order("EXTnothere", "run-nothing"))
    assert (caught.value.outcome, caught.value.retryable) == ("none", False)


def test_a_role_that_cannot_be_assumed_starts_nothing(
    fis: FisEngine, access: AccountAccess
) -> None:
    ref = fis.provision(access, waiting(), "start-denied")
    stranger = replace(access, start_role_arn=f"{access.start_role_arn}-no")
    with pytest.raises(EngineError, match="access denied") as caught:
        fis.start(stranger, order(ref, "run-denied"))
    assert (caught.value.outcome, caught.value.retryable) == ("none", False)
    assert stranger.start_role_arn in str(caught.value)


def test_a_wrong_external_id_starts_nothing(fis: FisEngine, access: AccountAccess) -> None:
    ref = fis.provision(access, waiting(), "start-external")
    stranger = access_to(access.account_id, external_id="somebody-elses")
    with pytest.raises(EngineError, match="access denied") as caught:
        fis.start(stranger, order(ref, "run-external"))
    assert caught.value.outcome == "none"
