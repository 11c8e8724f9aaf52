"""Only an error that proves nothing happened has the outcome "none"."""

from __future__ import annotations

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)

from exercises.aws.failures import aws_errors
from exercises.domain.errors import EngineError

URL = "http://127.0.0.1"


def answered(status: int, code: str, message: str = "because") -> ClientError:
    return ClientError(
        {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": status},  # type: ignore[typeddict-item]
        },
        "StartExperiment",
    )


def seen(error: Exception, *, changes: bool) -> EngineError:
    with pytest.raises(EngineError) as caught, aws_errors("start it", changes=changes):
        raise error
    return caught.value


@pytest.mark.parametrize(
    ("error", "outcome", "retryable"),
    [
        (answered(400, "ValidationException"), "none", False),
        (answered(402, "ServiceQuotaExceededException"), "none", False),
        (answered(403, "AccessDeniedException"), "none", False),
        (answered(403, "ExpiredTokenException"), "none", True),
        (answered(404, "ResourceNotFoundException"), "none", False),
        (answered(429, "ThrottlingException"), "none", True),
        (answered(400, "RequestLimitExceeded"), "none", True),
        (answered(500, "InternalServerException"), "unknown", True),
        (answered(503, "ServiceUnavailable"), "unknown", True),
        (ReadTimeoutError(endpoint_url=URL), "unknown", True),
        (ConnectionClosedError(endpoint_url=URL), "unknown", True),
        (ConnectTimeoutError(endpoint_url=URL), "none", True),
        (EndpointConnectionError(endpoint_url=URL), "none", True),
        (NoCredentialsError(), "none", False),
    ],
    ids=lambda value: getattr(value, "operation_name", None) and str(value),
)
def test_the_outcome_of_a_call_with_an_effect(
    error: Exception, outcome: str, retryable: bool
) -> None:
    found = seen(error, changes=True)
    assert (found.outcome, found.retryable) == (outcome, retryable)


@pytest.mark.parametrize(
    "error", [answered(500, "InternalServerException"), ReadTimeoutError(endpoint_url=URL)]
)
def test_a_call_that_only_reads_never_leaves_an_unknown_outcome(error: Exception) -> None:
    assert seen(error, changes=False).outcome == "none"


def test_the_message_says_what_could_not_be_done_and_why() -> None:
    found = seen(answered(403, "AccessDeniedException", "no fis:StartExperiment"), changes=True)
    assert str(found) == "Could not start it: access denied. no fis:StartExperiment"


def test_errors_of_our_own_pass_untouched() -> None:
    with pytest.raises(ZeroDivisionError), aws_errors("divide"):
        _ = 1 / 0
