"""What a fault configuration does to the invocations of a function. Pure.

Three ways in: chaos_lambda 0.3 and failure-lambda (0.x flat, 1.x flags) by a parameter of
Systems Manager, and the FIS extension. README of each library; AWS FIS User Guide, "Use the
AWS FIS aws:lambda:function actions".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from simulator.physics import Fault

CHAOS_LAMBDA: Final = "chaos_lambda"
FAILURE_LAMBDA_0: Final = "failure-lambda 0"
FAILURE_LAMBDA_1: Final = "failure-lambda 1"


@dataclass(frozen=True, slots=True)
class Hurt:
    """What a share of the invocations suffers: a delay, an error, an answer of another status."""

    share: float = 0.0
    delay_ms: float = 0.0
    is_error: bool = False
    status: int = 200


def of_parameter(library: str, text: str) -> list[Hurt]:
    """The faults that a library reads from its parameter."""
    try:
        given = json.loads(text)
    except ValueError:
        given = None
    if not isinstance(given, dict) or not given:
        return []
    readers = {
        CHAOS_LAMBDA: _chaos_lambda,
        FAILURE_LAMBDA_0: _failure_lambda_0,
        FAILURE_LAMBDA_1: _failure_lambda_1,
    }
    return readers[library](given)


def _chaos_lambda(given: Mapping[str, Any]) -> list[Hurt]:
    if "is_enabled" not in given:
        return [Hurt(1.0, is_error=True)]  # the library raises KeyError in every invocation
    if given["is_enabled"] is not True:
        return []
    share = _number(given.get("rate", 1), most=1.0)
    match given.get("fault_type"), given:
        case "latency", {"delay": int(delay)}:
            return [Hurt(share, delay_ms=float(delay))]
        case "exception", {"exception_msg": str()}:
            return [Hurt(share, is_error=True)]
        case "status_code", {"error_code": int(status)}:
            return [Hurt(share, status=status)]
    return []  # a value of the wrong type means no fault


def _failure_lambda_0(given: Mapping[str, Any]) -> list[Hurt]:
    if given.get("isEnabled") is not True:
        return []
    share = _number(given.get("rate", 1), most=1.0)
    match given.get("failureMode"):
        case "latency":
            middle = _number(given.get("minLatency", 0)) + _number(given.get("maxLatency", 0))
            return [Hurt(share, delay_ms=middle / 2)]
        case "statuscode":
            return [Hurt(share, status=int(_number(given.get("statusCode", 404), most=599.0)))]
        case "exception" | "diskspace" | "denylist":
            return [Hurt(share, is_error=True)]
    return []


def _failure_lambda_1(given: Mapping[str, Any]) -> list[Hurt]:
    """Flags, several at once; the flat form of 0.x is no flag and does nothing."""
    found = []
    for name in ("latency", "timeout", "diskspace", "denylist", "statuscode", "exception"):
        flag = given.get(name)
        if not isinstance(flag, dict) or flag.get("enabled") is not True:
            continue
        share = _number(flag.get("percentage", 100), most=100.0) / 100
        if name == "latency":
            middle = _number(flag.get("min_latency", 0)) + _number(flag.get("max_latency", 0))
            found.append(Hurt(share, delay_ms=middle / 2))
        elif name == "statuscode":
            found.append(Hurt(share, status=int(_number(flag.get("status_code", 500), most=599.0))))
        else:
            found.append(Hurt(share, is_error=True))
    return found


def of_extension(faults: Iterable[Fault]) -> list[Hurt]:
    """The faults of FIS actions; of two of one kind the earlier one wins."""
    found: dict[str, Hurt] = {}
    for fault in faults:
        given = fault.parameters
        share = int(given["invocationPercentage"]) / 100
        if fault.action.endswith("add-delay"):
            hurt = Hurt(share, delay_ms=float(given["startupDelayMilliseconds"]))
        elif fault.action.endswith("http-integration-response"):
            hurt = Hurt(share, status=int(given["statusCode"]))
        else:
            hurt = Hurt(share, is_error=True)
        found.setdefault(fault.action, hurt)
    return list(found.values())


def _number(value: Any, most: float = 900_000.0) -> float:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return min(most, max(0.0, float(value))) if is_number else 0.0


@dataclass(frozen=True, slots=True)
class Suffered:
    """The shares of all invocations: errors of the function, and answers that help nobody."""

    errors: float
    refusals: float
    slow_ms: float
    """How long one takes that is delayed and still answers."""


def suffered(hurts: Iterable[Hurt], usual_ms: float, timeout_s: float) -> Suffered:
    """What all faults together do to a function with this timeout."""
    well, refused, slow_ms = 1.0, 0.0, usual_ms
    for hurt in hurts:
        if hurt.is_error or usual_ms + hurt.delay_ms > timeout_s * 1000:
            well *= 1 - hurt.share
            slow_ms = max(slow_ms, min(timeout_s * 1000, usual_ms + hurt.delay_ms))
        elif hurt.delay_ms:
            slow_ms = max(slow_ms, usual_ms + hurt.delay_ms * (hurt.share >= 0.05))
        elif hurt.status >= 400:
            refused = 1 - (1 - refused) * (1 - hurt.share)
    return Suffered(1 - well, well * refused, slow_ms)
