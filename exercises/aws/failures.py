"""Turn what botocore raises into EngineError. Used by aws, engines and probes.

The only place that knows the names of botocore's exceptions. What matters to callers is
the outcome: only an error that proves nothing happened lets a start be given up or asked
for with another token.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    IncompleteReadError,
    ProxyConnectionError,
    ResponseStreamingError,
)
from botocore.parsers import ResponseParserError

from exercises.domain.errors import EngineError

_THROTTLED = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "TooManyRequestsException",
    }
)
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_DENIED = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthFailure"}
)

_NEVER_SENT = (ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError)
"""No connection was made, so no request left. True only for calls with one attempt."""

_NO_ANSWER = (HTTPClientError, IncompleteReadError, ResponseStreamingError, ResponseParserError)


@contextmanager
def aws_errors(action: str, *, changes: bool = False) -> Iterator[None]:
    """Raise EngineError for everything that goes wrong with AWS inside.

    `action` completes "could not ...". `changes` says that the call has an effect: only
    then can an outcome be unknown.
    """
    try:
        yield
    except (BotoCoreError, ClientError, ResponseParserError) as error:
        raise translate(error, action, changes=changes) from error


def translate(error: Exception, action: str, *, changes: bool) -> EngineError:
    """The EngineError for an exception of botocore."""
    if isinstance(error, ClientError):
        return _answered(error, action, changes=changes)
    if isinstance(error, _NEVER_SENT):
        return _engine_error(action, "AWS could not be reached", "none", retryable=True)
    if isinstance(error, _NO_ANSWER):
        outcome = "unknown" if changes else "none"
        return _engine_error(action, "AWS did not answer", outcome, retryable=True)
    return _engine_error(action, str(error), "none", retryable=False)


def error_code(error: ClientError) -> str:
    """The code AWS gave, for example ResourceNotFoundException."""
    return str(error.response.get("Error", {}).get("Code", ""))


def how_it_ended(answer: dict[str, Any] | None) -> str:
    """ok, throttled, denied or failed: one word for an attempt; None is one without an answer."""
    if answer is None:
        return "failed"
    code = str(answer.get("Error", {}).get("Code", ""))
    status = int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code in _THROTTLED or status == 429:
        return "throttled"
    if code in _DENIED:
        return "denied"
    return "failed" if code or status >= 300 else "ok"


def _answered(error: ClientError, action: str, *, changes: bool) -> EngineError:
    code = error_code(error)
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    text = str(error.response.get("Error", {}).get("Message", "")) or code
    if code in _THROTTLED or status == 429:
        return _engine_error(action, f"AWS asks to slow down ({code})", "none", retryable=True)
    if code in _EXPIRED:
        return _engine_error(action, "the session had expired", "none", retryable=True)
    if code in _DENIED:
        return _engine_error(action, f"access denied. {text}", "none", retryable=False)
    if status >= 500 or status == 0:
        outcome = "unknown" if changes else "none"
        return _engine_error(action, f"AWS failed ({code}). {text}", outcome, retryable=True)
    return _engine_error(action, f"{code}. {text}", "none", retryable=False)


def _engine_error(action: str, because: str, outcome: str, *, retryable: bool) -> EngineError:
    return EngineError(f"Could not {action}: {because}", outcome=outcome, retryable=retryable)
