"""The front door: one WSGI application in front of FIS, moto and the control pages.

Dispatches on the SigV4 credential scope: `fis` is answered here, AssumeRole is checked first,
everything else goes to moto.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qs

from moto.iam.models import get_account_id_from

from simulator.clock import Clock
from simulator.fis.service import Service
from simulator.journal import Journal
from simulator.trust import denied, refusal
from simulator.wire import ApiError, Response, Wire

SCOPE: Final = re.compile(r"Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")

Environ = dict[str, Any]
Application = Callable[[Environ, Any], Iterable[bytes]]

logger = logging.getLogger(__name__)


class Front:
    """Answers every request that reaches the port."""

    def __init__(self, moto: Application, service: Service, journal: Journal, clock: Clock) -> None:
        self._moto = moto
        self._service = service
        self._journal = journal
        self._clock = clock
        self._wire = Wire()

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        scope = SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
        if scope is None:
            return self._moto(environ, start_response)
        access_key, region, service = scope.groups()
        if service == "fis":
            return _send(self._fis(environ, access_key, region), start_response)
        if service == "sts":
            refused = _refused_role(environ, access_key)
            if refused:
                answer = Response(403, {"Content-Type": "text/xml"}, denied(refused))
                return _send(answer, start_response)
        return self._moto(environ, start_response)

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
            error = ApiError("InternalServerException", "The simulator failed; see its log.")
            answer, outcome = self._wire.error(error), error.code
        self._journal.add(self._clock.wall(), name, account, region, given, outcome)
        return answer


def _refused_role(environ: Environ, access_key: str) -> str | None:
    body = _body(environ)
    environ["wsgi.input"] = io.BytesIO(body)
    form = {key: values[0] for key, values in parse_qs(body.decode()).items()}
    if form.get("Action") != "AssumeRole":
        return None
    return refusal(form.get("RoleArn", ""), form.get("ExternalId", ""), access_key)


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
