"""Where FIS requests come in: read, checked, misbehaved with when a knob says so, journalled."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any, Final

from moto.iam.models import get_account_id_from

from simulator.clock import Clock
from simulator.fis.service import Service
from simulator.http import Environ, body_of
from simulator.journal import Journal
from simulator.knobs import ERRORS, Knobs, Lost
from simulator.session_policies import SessionPolicies
from simulator.wire import ApiError, Response, Wire

BEFORE: Final = ("throttle", "fail", "deny")
FAILURE: Final = "InternalServerException"
OF_TEMPLATE: Final = ("TargetAccountConfiguration", "TargetAccountConfigurations")

logger = logging.getLogger(__name__)


class FisDoor:
    """Answers the requests of the FIS API."""

    def __init__(
        self,
        service: Service,
        journal: Journal,
        clock: Clock,
        knobs: Knobs,
        policies: SessionPolicies,
    ) -> None:
        self._service = service
        self._journal = journal
        self._clock = clock
        self._knobs = knobs
        self._policies = policies
        self._wire = Wire()

    def answer(self, environ: Environ, access_key: str, region: str) -> Response:
        """The response to one request. Raises Lost when nobody is to answer."""
        account = get_account_id_from(access_key)
        raw_path = environ.get("RAW_URI") or environ.get("REQUEST_URI") or environ["PATH_INFO"]
        name, given, result = "unknown", dict[str, Any](), dict[str, Any]()
        is_lost = False
        try:
            operation, in_path = self._wire.match(environ["REQUEST_METHOD"], raw_path.split("?")[0])
            name = operation.name
            query = environ.get("QUERY_STRING", "")
            given = self._wire.read(operation, in_path, query, body_of(environ))
            misbehave_before(self._knobs, name, account)
            self._check_session(access_key, name, given, account, region)
            result = self._service.call(name, given, account, region)
            misbehave_after(self._knobs, name, account)
            answer, outcome = self._wire.write(operation, result), "ok"
        except ApiError as error:
            answer, outcome = self._wire.error(error), error.code
        except Lost:
            answer, outcome, is_lost = Response(500, {}, b""), "lost", True
        except Exception:
            logger.exception("%s failed inside the simulator", name)
            failure = ApiError(FAILURE, "The simulator failed; see its log.")
            answer, outcome = self._wire.error(failure), failure.code
        made = str(result.get("experiment", {}).get("id", ""))
        self._journal.add(self._clock.wall(), name, account, region, given, outcome, made)
        if is_lost:
            raise Lost
        return answer

    def _check_session(
        self, access_key: str, name: str, given: Mapping[str, Any], account: str, region: str
    ) -> None:
        prefix = f"arn:aws:fis:{region}:{account}"
        needs = {f"fis:{name}": _resources(name, given, prefix)}
        if name.startswith(("Start", "Create")) and given.get("tags"):
            needs["fis:TagResource"] = [_resources(name, given, prefix)[-1]]
        for action, resources in needs.items():
            refused = self._policies.refusal(access_key, action, resources, self._clock.wall())
            if refused:
                raise ApiError("AccessDeniedException", refused)


def _resources(name: str, given: Mapping[str, Any], prefix: str) -> list[str]:
    """What an operation touches (AWS Service Authorization Reference, FIS)."""
    if name == "StartExperiment":
        template = given.get("experimentTemplateId", "*")
        return [f"{prefix}:experiment-template/{template}", f"{prefix}:experiment/*"]
    template = given.get("experimentTemplateId") if name.endswith(OF_TEMPLATE) else None
    if template or "Template" in name:
        return [f"{prefix}:experiment-template/{template or given.get('id', '*')}"]
    return [f"{prefix}:experiment/{given.get('id') or given.get('experimentId', '*')}"]


def misbehave_before(knobs: Knobs, name: str, account: str) -> None:
    """What goes wrong before anything is done."""
    delay = knobs.hit("delay", name, account)
    if delay:
        time.sleep(delay.seconds)
    if knobs.hit("lose_request", name, account):
        raise Lost
    for kind in BEFORE:
        if knobs.hit(kind, name, account):
            raise ApiError(ERRORS[kind], f"{name} was made to {kind}.")


def misbehave_after(knobs: Knobs, name: str, account: str) -> None:
    """What goes wrong once it is done."""
    if knobs.hit("lose_response", name, account):
        raise Lost
    if knobs.hit("fail_after", name, account):
        raise ApiError(ERRORS["fail_after"], f"{name} was made to fail after its effect.")
