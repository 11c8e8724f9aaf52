"""The Lambda functions of a media catalogue, each with another way to inject faults.

The flaw: a timeout of one second and no retry, so that a delay of one second is an error for
whoever calls. The fix `retries`: callers try three times, and what fails still is kept in a
dead-letter queue.
"""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from moto.awslambda.models import lambda_backends
from moto.ssm.models import ssm_backends

from simulator.estate import APPLICATION_TAG, FIS_ROLE, PLATFORM_PROD, REGION, AlarmPlan
from simulator.physics import Fault, Physics
from simulator.seeding import Builder
from simulator.systems.base import Home, Readings, System
from simulator.systems.lambda_faults import (
    CHAOS_LAMBDA,
    FAILURE_LAMBDA_0,
    FAILURE_LAMBDA_1,
    Hurt,
    of_extension,
    of_parameter,
    suffered,
)
from simulator.world.nodes import Node

APPLICATION: Final = "media-catalogue"
CACHED_FOR_S: Final = 60.0
RAMP_DOWN_S: Final = 20.0
USUAL_MS: Final = 120.0
INVOCATIONS: Final = 150.0
TRIES: Final = 3
ACTIONS: Final = (
    "aws:lambda:invocation-add-delay",
    "aws:lambda:invocation-error",
    "aws:lambda:invocation-http-integration-response",
)
FAULTS_BUCKET: Final = "media-catalogue-faults"
EXTENSION: Final = {
    "AWS_FIS_CONFIGURATION_LOCATION": f"arn:aws:s3:::{FAULTS_BUCKET}/FisConfigs/",
    "AWS_LAMBDA_EXEC_WRAPPER": "/opt/aws-fis/bootstrap",
}


@dataclass
class Function:
    """One function: the library it wraps its handler with, and what it has read last."""

    name: str
    library: str
    variable: str
    parameter: str
    read_at: float | None = None
    hurts: list[Hurt] = field(default_factory=list)
    extension: list[tuple[Fault, float]] = field(default_factory=list)
    """What the FIS extension has picked up, and until when it goes on."""


def _functions() -> list[Function]:
    chaos, failure = "CHAOS_PARAM", "FAILURE_INJECTION_PARAM"
    return [
        Function("media-search", CHAOS_LAMBDA, chaos, "/media-catalogue/search/chaos"),
        Function("media-thumbnails", FAILURE_LAMBDA_0, failure, "/media-catalogue/thumbnails/fail"),
        Function("media-subtitles", FAILURE_LAMBDA_1, failure, "/media-catalogue/subtitles/fail"),
    ]


def _lambda_home(name: str) -> Home:
    return "AWS/Lambda", ("FunctionName", name)


def _client_home(name: str) -> Home:
    return "Media/Catalogue", ("FunctionName", name)


class MediaFunctions(System):
    """Three functions behind an API."""

    name = "media-functions"
    account = PLATFORM_PROD
    application = APPLICATION
    alarms = tuple(
        AlarmPlan(
            PLATFORM_PROD,
            f"{name}-success",
            *("Media/Catalogue", "SuccessfulRequests", ("FunctionName", name)),
            comparison="LessThanThreshold",
            threshold=95.0,
            periods=2,
        )
        for name in ("media-search", "media-thumbnails", "media-subtitles")
    )
    fixes = {"retries": False}

    def __init__(self, physics: Physics, builder: Builder, rng: random.Random) -> None:
        super().__init__(physics, builder, rng)
        self._functions = _functions()
        self._ramp_up_s = rng.uniform(20.0, 60.0)

    def build(self) -> None:
        functions, parameters = self._builder.client("lambda"), self._builder.client("ssm")
        # Where FIS writes what the extension reads: without it no function has the extension.
        self._builder.client("s3").create_bucket(
            Bucket=FAULTS_BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        for each in self._functions:
            functions.create_function(
                FunctionName=each.name,
                Runtime="python3.12",
                Role=f"arn:aws:iam::{self.account}:role/{FIS_ROLE}",
                Handler="handler.handle",
                Timeout=1,
                Code={"ZipFile": _archive()},
                Environment=_environment(each),
                Tags={APPLICATION_TAG: APPLICATION, "FaultLibrary": each.library},
            )
            parameters.put_parameter(
                Name=each.parameter,
                Type="String",
                Value="{}",
                Tags=[{"Key": APPLICATION_TAG, "Value": APPLICATION}],
            )

    def restore(self) -> None:
        functions, parameters = self._builder.client("lambda"), self._builder.client("ssm")
        for each in self._functions:
            parameters.put_parameter(Name=each.parameter, Type="String", Value="{}", Overwrite=True)
            functions.update_function_configuration(
                FunctionName=each.name, Timeout=1, Environment=_environment(each)
            )
            functions.delete_function_concurrency(FunctionName=each.name)
            each.read_at, each.hurts, each.extension = None, [], []

    def step(self, now: float, _nodes: Sequence[Node]) -> Readings:
        readings: dict[Home, dict[str, float]] = {}
        for function in self._functions:
            self._read(function, now)
            readings |= self._live(function, now)
        return readings

    def _read(self, function: Function, now: float) -> None:
        """The library asks Systems Manager again once its cache is older than a minute."""
        if function.read_at is not None and now - function.read_at < CACHED_FOR_S:
            return
        function.read_at = now
        known = ssm_backends[self.account][REGION].get_parameters([function.parameter])
        texts = [each.value for each in known.values()]
        function.hurts = of_parameter(function.library, texts[0]) if texts else []

    def _live(self, function: Function, now: float) -> dict[Home, dict[str, float]]:
        configured = _configured(function.name)
        if configured is None:
            return {}
        has_extension = EXTENSION.keys() <= (configured.environment_vars or {}).keys()
        faults = self._of_extension(function, configured.function_arn, now) if has_extension else []
        timeout_s = float(configured.timeout)
        what = suffered([*function.hurts, *of_extension(faults)], USUAL_MS, timeout_s)
        is_off = str(configured.reserved_concurrency) == "0"
        failing = 1.0 if is_off else what.errors + what.refusals
        lost = failing**TRIES if self.switches["retries"] else failing
        calls = 0.0 if is_off else INVOCATIONS * (1 + self._repeats(failing))
        return {
            _lambda_home(function.name): {
                "Invocations": float(round(self._noisy(calls))),
                "Errors": float(round(calls * what.errors)),
                "Throttles": float(round(INVOCATIONS * is_off)),
                "Duration": self._noisy(what.slow_ms, 0.02),
            },
            _client_home(function.name): {
                "SuccessfulRequests": 100 * (1 - lost),
                "DeadLetters": round(INVOCATIONS * lost) * float(self.switches["retries"]),
                "LatencyP95": self._noisy(what.slow_ms * (1 + self._repeats(failing)), 0.02),
            },
        }

    def _repeats(self, failing: float) -> float:
        """How many more calls there are for each request because of retries."""
        return failing + failing**2 if self.switches["retries"] else 0.0

    def _of_extension(self, function: Function, arn: str, now: float) -> list[Fault]:
        """The extension polls: a fault comes up to a minute late and goes 20 seconds late."""
        bare = arn.removesuffix(":$LATEST")
        active = [
            (fault, now + RAMP_DOWN_S)
            for fault in self._physics.feel(bare, *ACTIONS)
            if now - fault.since >= self._ramp_up_s
        ]
        known = {id(fault) for fault, _ in active}
        fading = [
            (fault, until)
            for fault, until in function.extension
            if id(fault) not in known and now < until
        ]
        function.extension = [*active, *fading]
        return [fault for fault, _ in function.extension]


def _environment(function: Function) -> dict[str, dict[str, str]]:
    return {"Variables": {function.variable: function.parameter, **EXTENSION}}


def _configured(name: str) -> Any:
    """The function as Lambda has it now; None when it was deleted."""
    for function in lambda_backends[PLATFORM_PROD][REGION].list_functions():
        if function.function_name == name:
            return function
    return None


def _archive() -> bytes:
    """The least that Lambda takes as code."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("handler.py", f"RESPONSE = {json.dumps({'statusCode': 200})}\n")
    return packed.getvalue()
