"""Where requests to Systems Manager come in: session policies are kept to, knobs do their harm.

The front door sends Systems Manager here; moto then keeps the parameters.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from moto.iam.models import get_account_id_from

from simulator.clock import Clock
from simulator.fis.access import SERVICE_KEY
from simulator.fis.door import misbehave_after, misbehave_before
from simulator.http import Application, Environ, body_of, send
from simulator.journal import Journal
from simulator.knobs import Knobs, Lost
from simulator.session_policies import SessionPolicies
from simulator.wire import ApiError, Response

STATUS: Final = {"InternalServerException": 500}


class ParametersDoor:
    """Answers the requests of the Systems Manager API; what FIS itself asks is left alone."""

    def __init__(
        self,
        moto: Application,
        journal: Journal,
        clock: Clock,
        knobs: Knobs,
        policies: SessionPolicies,
    ) -> None:
        self._moto = moto
        self._journal = journal
        self._clock = clock
        self._knobs = knobs
        self._policies = policies

    def answer(
        self, environ: Environ, start_response: Any, access_key: str, region: str
    ) -> Iterable[bytes]:
        """The response to one request. Raises Lost when nobody is to answer."""
        if access_key == SERVICE_KEY:
            return self._moto(environ, start_response)
        account = get_account_id_from(access_key)
        name = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
        body = body_of(environ)
        environ["wsgi.input"] = io.BytesIO(body)
        given = json.loads(body or b"{}")
        outcome = "ok"
        try:
            misbehave_before(self._knobs, name, account)
            self._check_session(access_key, name, given, f"arn:aws:ssm:{region}:{account}")
            answered = list(self._moto(environ, start_response))
            misbehave_after(self._knobs, name, account)
            return answered
        except ApiError as error:
            outcome = error.code
            body = json.dumps({"__type": error.code, "message": error.message}).encode()
            answer = Response(STATUS.get(error.code, 400), {}, body)
            return send(answer, start_response)
        except Lost:
            outcome = "lost"
            raise
        finally:
            if not name.startswith("Get"):  # looking is frequent and would push the rest out
                self._journal.add(self._clock.wall(), name, account, region, given, outcome)

    def _check_session(
        self, access_key: str, name: str, given: Mapping[str, Any], prefix: str
    ) -> None:
        names = given.get("Names") or [given.get("Name") or given.get("Path") or "*"]
        resources = [f"{prefix}:parameter/{each.removeprefix('/')}" for each in names]
        refused = self._policies.refusal(access_key, f"ssm:{name}", resources, self._clock.wall())
        if refused:
            raise ApiError("AccessDeniedException", refused)
