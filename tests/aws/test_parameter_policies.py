"""The policies for faults in parameters allow the calls that are made, no others."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from exercises.aws import sessions
from exercises.aws.sessions import Purpose, forget_clients
from exercises.domain.engine_values import StartOrder, Watch
from exercises.domain.iam_parameters import policy_of
from exercises.engines.lambda_config import LambdaConfigEngine
from tests.lambda_definitions import NAME, slow
from tests.simulated_aws import PLATFORM, access_to, stopped_clock

PAGE = Path(__file__).parents[2] / "docs" / "operations" / "aws-accounts.md"


@pytest.fixture(scope="module")
def made() -> Iterator[dict[str, set[str]]]:
    """Every call from the preview until the lease is forgotten, by purpose."""
    seen: dict[str, set[str]] = defaultdict(set)
    create = sessions._new_client

    def tapped(session: Any, service: str, region: str, purpose: Purpose) -> Any:
        created = create(session, service, region, purpose)

        def note(event_name: str, **_: Any) -> None:
            if service != "sts":
                seen[purpose.value].add(f"{service}:{event_name.rsplit('.', 1)[-1]}")

        created.meta.events.register("before-call", note)
        return created

    with stopped_clock() as aws, pytest.MonkeyPatch.context() as patch:
        aws.join("media-functions")
        patch.setattr(sessions, "_new_client", tapped)
        forget_clients()
        _a_whole_run()
        yield seen


def _a_whole_run() -> None:
    now = [datetime.now(UTC)]
    access, engine, document = access_to(PLATFORM), LambdaConfigEngine(lambda: now[0]), slow()
    engine.preview(access, document)
    engine.snapshot(access, document)
    order = StartOrder(
        run_id="policies",
        template_ref=engine.provision(access, document, "x"),
        token="policies",
        is_rehearsal=False,
        not_after=now[0] + timedelta(hours=1),
        definition=document,
    )
    ref = engine.start(access, order).ref
    engine.find(access, order.template_ref, order.run_id)
    engine.active(access)
    engine.observe(access, [Watch(ref, None, full=True, approved=document)])
    engine.stop(access, ref)
    engine.try_stop(access, ref)
    engine.archive(access, ref)
    now[0] += timedelta(days=8)
    engine.expire(access)


def _actions(document: dict[str, Any]) -> set[str]:
    return {name for statement in document["Statement"] for name in statement["Action"]}


@pytest.mark.parametrize("purpose", [purpose.value for purpose in Purpose])
def test_the_policy_of_a_role_is_the_calls_made_with_it(
    made: dict[str, set[str]], purpose: str
) -> None:
    (text,) = re.findall(rf"```json lambda-{purpose}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    policy = policy_of(purpose, [NAME], account_id="111111111111", regions=["eu-central-1"])

    assert made[purpose] == _actions(policy) == _actions(json.loads(text))


def test_a_policy_names_the_parameters_and_the_leases_and_nothing_else() -> None:
    policy = policy_of("start", [NAME], account_id="111111111111", regions=["eu-central-1"])

    assert policy["Statement"][0]["Resource"] == [
        f"arn:aws:ssm:eu-central-1:111111111111:parameter{NAME}",
        "arn:aws:ssm:eu-central-1:111111111111:parameter/chaosplane/leases/*",
    ]
