"""What a start is allowed to do: this template, for a minute, nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from exercises.aws.sessions import one_start_client
from exercises.domain.errors import EngineError
from exercises.domain.plans import AccountAccess
from exercises.engines.fis import FisEngine
from tests.fis_definitions import order, waiting


def test_a_start_that_arrives_too_late_is_refused_by_the_account(
    fis: FisEngine, access: AccountAccess
) -> None:
    ref = fis.provision(access, waiting(), "late")
    late = replace(order(ref, "run-late"), not_after=datetime.now(UTC) - timedelta(days=1))
    with pytest.raises(EngineError, match="access denied") as caught:
        fis.start(access, late)
    assert (caught.value.outcome, caught.value.retryable) == ("none", False)
    assert fis.find(access, ref, "run-late") is None


def test_the_permission_for_one_template_starts_no_other(
    fis: FisEngine, access: AccountAccess
) -> None:
    approved = fis.provision(access, waiting(), "approved")
    other = fis.provision(access, waiting(11), "other")
    client = one_start_client(access, approved, datetime.now(UTC) + timedelta(days=1))
    with pytest.raises(client.exceptions.ClientError, match="AccessDenied"):
        client.start_experiment(experimentTemplateId=other, clientToken="other")


def test_the_permission_to_start_reads_and_stops_nothing(
    fis: FisEngine, access: AccountAccess
) -> None:
    ref = fis.provision(access, waiting(), "only-start")
    client = one_start_client(access, ref, datetime.now(UTC) + timedelta(days=1))
    with pytest.raises(client.exceptions.ClientError, match="AccessDenied"):
        client.list_experiments()
