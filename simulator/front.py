"""The front door: one WSGI application in front of FIS, moto and the control pages.

Dispatches on the SigV4 credential scope: FIS, AssumeRole and SSM go through their own doors,
which check who asks and misbehave when a knob says so; everything else goes to moto.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from typing import Any, Final

from simulator.clock import Clock
from simulator.control import Control
from simulator.fis.door import FisDoor
from simulator.fis.service import Service
from simulator.http import Application, Environ, body_of, form_of, hang_up, send
from simulator.journal import Journal
from simulator.knobs import Knobs, Lost
from simulator.launches import no_capacity, shortage
from simulator.parameters_door import ParametersDoor
from simulator.physics import Physics
from simulator.session_policies import SessionPolicies
from simulator.trust import TrustDoor
from simulator.wire import Response

SCOPE: Final = re.compile(r"Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")


class Front:
    """Answers every request that reaches the port."""

    def __init__(
        self,
        moto: Application,
        service: Service,
        journal: Journal,
        clock: Clock,
        physics: Physics,
        knobs: Knobs,
        rng: random.Random,
    ) -> None:
        self._moto = moto
        self._physics = physics
        self._rng = rng
        policies = SessionPolicies()
        self._fis = FisDoor(service, journal, clock, knobs, policies)
        self._trust = TrustDoor(moto, journal, clock, knobs, policies)
        self._parameters = ParametersDoor(moto, journal, clock, knobs, policies)
        self.control: Control | None = None

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        try:
            return self._answer(environ, start_response)
        except Lost:
            hang_up(environ)

    def _answer(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path.startswith("/simulator/") and self.control is not None:
            kind = environ.get("CONTENT_TYPE", "")
            answer = self.control.answer(
                environ["REQUEST_METHOD"],
                path,
                kind,
                body_of(environ),
                environ.get("QUERY_STRING", ""),
                environ.get("HTTP_AUTHORIZATION", ""),
            )
            return send(answer, start_response)
        scope = SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
        if scope is None:
            return self._moto(environ, start_response)
        access_key, region, service = scope.groups()
        if service == "fis":
            return send(self._fis.answer(environ, access_key, region), start_response)
        if service == "sts":
            return self._trust.answer(environ, start_response, access_key, region)
        if service == "ssm":
            return self._parameters.answer(environ, start_response, access_key, region)
        if service == "ec2" and self._physics.shortages:
            refused = self._refused_launch(environ, access_key, region)
            if refused:
                return send(refused, start_response)
        return self._moto(environ, start_response)

    def _refused_launch(self, environ: Environ, access_key: str, region: str) -> Response | None:
        form = form_of(environ)
        zone = shortage(form, access_key, region, self._physics, self._rng)
        return Response(500, {"Content-Type": "text/xml"}, no_capacity(zone)) if zone else None
