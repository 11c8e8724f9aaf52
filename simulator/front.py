"""The front door: one WSGI application in front of FIS, moto and the control pages.

Dispatches on the SigV4 credential scope: `fis` is answered here, AssumeRole is checked first,
everything else goes to moto.
"""

from __future__ import annotations

import io
import logging
import random
import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qs

from moto.iam.models import get_account_id_from

from simulator.clock import Clock
from simulator.control import Control
from simulator.fis.service import Service
from simulator.journal import Journal
from simulator.launches import no_capacity, shortage
from simulator.physics import Physics
from simulator.trust import denied, refusal
from simulator.wire import ApiError, Response, Wire

SCOPE: Final = re.compile(r"Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")

Environ = dict[str, Any]
Application = Callable[[Environ, Any], Iterable[bytes]]

logger = logging.getLogger(__name__)


class Front:
    """Answers every request that reaches the port."""

    def __init__(
        self,
        moto: Application,
        service: Service,
        journal: Journal,
        clock: Clock,
        physics: Physics,
        rng: random.Random,
    ) -> None:
        self._moto = moto
        self._service = service
        self._journal = journal
        self._clock = clock
        self._physics = physics
        self._rng = rng
        self._wire = Wire()
        self.control: Control | None = None

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path.startswith("/simulator/") and self.control is not None:
            kind = environ.get("CONTENT_TYPE", "")
            answer = self.control.answer(environ["REQUEST_METHOD"], path, kind, _body(environ))
            return _send(answer, start_response)
        scope = SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
        if scope is None:
            return self._moto(environ, start_response)
        access_key, region, service = scope.groups()
        if service == "fis":
            return _send(self._fis(environ, access_key, region), start_response)
        refused = None
        if service == "sts":
            refused = _refused_role(environ, access_key)
        elif service == "ec2" and self._physics.shortages:
            refused = self._refused_launch(environ, access_key, region)
        if refused:
            return _send(refused, start_response)
        return self._moto(environ, start_response)

    def _refused_launch(self, environ: Environ, access_key: str, region: str) -> Response | None:
        form = _form(environ)
        zone = shortage(form, access_key, region, self._physics, self._rng)
        return Response(500, {"Content-Type": "text/xml"}, no_capacity(zone)) if zone else None

    def _fis(self, environ: Environ, access_key: str, region: str) -> Response:
        account = get_account_id_from(access_key)
        raw_path = environ.get("RAW_URI") or environ.get("REQUEST_URI") or environ["PATH_INFO"]
        name, given = "unknown", dict[str, Any]()
        try:
            operation, in_path = self._wire.match(environ["REQUEST_METHOD"], raw_path.split("?")[0])
            name = operation.name
            query = environ.get("QUERY_STRING", "")
            given = self._wire.read(operation, in_path, query, _body(environ))
            result = self._service.call(name, given, account, region)
            answer, outcome = self._wire.write(operation, result), "ok"
        except ApiError as error:
            answer, outcome = self._wire.error(error), error.code
        except Exception:
            logger.exception("%s failed inside the simulator", name)
            failure = ApiError("InternalServerException", "The simulator failed; see its log.")
            answer, outcome = self._wire.error(failure), failure.code
        self._journal.add(self._clock.wall(), name, account, region, given, outcome)
        return answer


def _refused_role(environ: Environ, access_key: str) -> Response | None:
    form = _form(environ)
    if form.get("Action") != "AssumeRole":
        return None
    message = refusal(form.get("RoleArn", ""), form.get("ExternalId", ""), access_key)
    return Response(403, {"Content-Type": "text/xml"}, denied(message)) if message else None


def _form(environ: Environ) -> dict[str, str]:
    """The form of a query-protocol call, left in place for moto to read again."""
    body = _body(environ)
    environ["wsgi.input"] = io.BytesIO(body)
    return {key: values[0] for key, values in parse_qs(body.decode()).items()}


def _body(environ: Environ) -> bytes:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    content: bytes = environ["wsgi.input"].read(length) if length else b""
    return content


def _send(answer: Response, start_response: Any) -> Iterable[bytes]:
    headers = {
        "Content-Type": "application/json",
        **answer.headers,
        "Content-Length": str(len(answer.body)),
    }
    start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", list(headers.items()))
    return [answer.body]
