"""One template a digest, and nothing starts from a template that was changed."""

from __future__ import annotations

from typing import Any

import pytest

from exercises.aws.sessions import Purpose, client
from exercises.domain.errors import EngineError, TemplateChanged
from exercises.domain.plans import AccountAccess
from exercises.engines.fis import FisEngine
from tests.fis_definitions import stopping, waiting


def templates(access: AccountAccess, digest: str) -> list[dict[str, Any]]:
    pages = (
        client(access, "fis", Purpose.READ).get_paginator("list_experiment_templates").paginate()
    )
    return [
        summary
        for page in pages
        for summary in page["experimentTemplates"]
        if summary["tags"].get("chaosplane:digest") == digest
    ]


def test_provisioning_twice_makes_one_template(fis: FisEngine, access: AccountAccess) -> None:
    first = fis.provision(access, waiting(), "twice")
    second = fis.provision(access, waiting(), "twice")
    assert first == second
    assert len(templates(access, "twice")) == 1


def test_another_digest_makes_another_template(fis: FisEngine, access: AccountAccess) -> None:
    assert fis.provision(access, waiting(), "one") != fis.provision(access, waiting(), "other")


def test_a_template_says_that_it_is_ours(fis: FisEngine, access: AccountAccess) -> None:
    fis.provision(access, waiting(), "tagged")
    assert templates(access, "tagged")[0]["tags"] == {
        "chaosplane:digest": "tagged",
        "chaosplane:managed": "true",
    }


@pytest.mark.parametrize("definition", [waiting(), stopping("eu-central-1a", mode="COUNT(1)")])
def test_what_was_provisioned_is_verified(
    fis: FisEngine, access: AccountAccess, definition: dict[str, Any]
) -> None:
    ref = fis.provision(access, definition, f"verified {definition['description']}")
    fis.verify(access, ref, definition)


def test_a_template_changed_by_hand_is_refused_with_the_change(
    fis: FisEngine, access: AccountAccess
) -> None:
    definition = stopping("eu-central-1a", mode="COUNT(1)")
    ref = fis.provision(access, definition, "changed")
    target = definition["targets"]["brokers"] | {"selectionMode": "ALL"}
    client(access, "fis", Purpose.START).update_experiment_template(
        id=ref, targets={"brokers": target}
    )
    with pytest.raises(TemplateChanged, match=r"brokers\.selectionMode: approved COUNT\(1\)"):
        fis.verify(access, ref, definition)
    with pytest.raises(TemplateChanged, match="found ALL"):
        fis.provision(access, definition, "changed")


def test_a_definition_for_several_accounts_is_neither_made_nor_verified(
    fis: FisEngine, access: AccountAccess
) -> None:
    """FIS itself would take it: what is asked before a start is asked of one account."""
    definition = waiting()
    ref = fis.provision(access, definition, "one account")
    options = {"accountTargeting": "multi-account", "emptyTargetResolutionMode": "fail"}
    several = definition | {"experimentOptions": options}
    for attempt in (
        lambda: fis.provision(access, several, "several accounts"),
        lambda: fis.verify(access, ref, several),
    ):
        with pytest.raises(EngineError, match="multi-account is not started") as caught:
            attempt()
        assert (caught.value.outcome, caught.value.retryable) == ("none", False)
    assert templates(access, "several accounts") == []


def test_a_template_for_several_accounts_under_our_digest_is_not_taken(
    fis: FisEngine, access: AccountAccess
) -> None:
    """Made by somebody else with our tags, and with accounts that nobody approved."""
    body = waiting() | {"experimentOptions": {"accountTargeting": "multi-account"}}
    start = client(access, "fis", Purpose.START)
    tags = {"chaosplane:digest": "forged", "chaosplane:managed": "true"}
    made = start.create_experiment_template(tags=tags, **body)["experimentTemplate"]
    start.create_target_account_configuration(
        experimentTemplateId=made["id"],
        accountId="333333333333",
        roleArn="arn:aws:iam::333333333333:role/fis-experiments",
    )
    with pytest.raises(TemplateChanged, match=r"accountTargeting.*Configurations: approved none"):
        fis.provision(access, waiting(), "forged")


def test_a_definition_that_fis_refuses_says_why(fis: FisEngine, access: AccountAccess) -> None:
    definition = waiting()
    definition["actions"]["Wait"]["actionId"] = "aws:fis:wait-for-ever"
    with pytest.raises(EngineError, match="wait-for-ever") as caught:
        fis.provision(access, definition, "refused")
    assert (caught.value.outcome, caught.value.retryable) == ("none", False)
