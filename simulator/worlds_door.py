"""The doors of the worlds: have one join, turn its fixes, ask its metrics, put load on it.

`control.py` hands over what is below /simulator/worlds and /simulator/gateway.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qs

from simulator.clock import Clock
from simulator.http import as_json
from simulator.systems import SYSTEMS
from simulator.systems.base import System
from simulator.systems.content_moderation import ContentModeration
from simulator.systems.gateway import KINDS, Load
from simulator.wire import Response
from simulator.world.world import BROKER, World

WORDS: Final = {"true": True, "on": True, "1": True, "false": False, "off": False, "0": False}
PATH: Final = re.compile(r"/simulator/(worlds|gateway)(?:/([a-z-]+))?(?:/(load|calm))?/?")
MOST_PER_S: Final = 1_000_000
CUSTOMER_TOKEN: Final = "Bearer customer"  # noqa: S105 - of nobody: the gateway is a play


class Refused(Exception):
    """What was asked for cannot be."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class WorldsDoor:
    """Answers for the worlds."""

    def __init__(self, world: World, clock: Clock, join: Callable[[str], System]) -> None:
        self._world = world
        self._clock = clock
        self._join = join

    def answer(
        self, method: str, path: str, query: str, content_type: str, body: bytes, authorization: str
    ) -> Response:
        """The response to one request."""
        found = PATH.fullmatch(path)
        if found is None:
            return as_json(404, {"message": f"Nothing answers {method} {path}."})
        kind, name, deed = found.groups()
        try:
            if kind == "gateway":
                return self._gateway(name or "", body, authorization)
            if deed == "load" and method == "POST":
                return as_json(200, self._load(name, _document(content_type, body)))
            if deed == "calm" and method == "POST":
                return as_json(200, self._calm(name))
            if method == "GET":
                return as_json(200, self._shown(name, query) if name else self._all())
            if method == "PUT" and name:
                return as_json(200, {name: self._joined(name).switches})
            if method == "POST" and name:
                return self._switch(name, content_type, body)
        except Refused as refused:
            return as_json(refused.status, {"message": str(refused)})
        return as_json(405, {"message": "GET, PUT to join, or POST to switch."})

    # -- what there is

    def _all(self) -> dict[str, Any]:
        names = [BROKER, *SYSTEMS]
        return {"worlds": [{"name": name, **self._of(name)} for name in names]}

    def _of(self, name: str) -> dict[str, Any]:
        is_here = name == BROKER or name in self._world.joined
        fixes = self._world.fixes(name) if is_here else dict(SYSTEMS[name].fixes)
        return {"joined": is_here, "fixes": fixes}

    def _shown(self, name: str, query: str) -> dict[str, Any]:
        at = self._clock.now()
        given = parse_qs(query).get("at")
        try:
            at = float(given[0]) if given else at
            moment, metrics = self._world.metrics_of(name, at)
        except ValueError as error:
            raise Refused(400, "at must be a number of engine seconds.") from error
        except KeyError as error:
            known = ", ".join(sorted({*SYSTEMS, BROKER}))
            raise Refused(404, f"{name} is not here or had published nothing; {known}.") from error
        fixes = self._world.fixes(name)
        return {"name": name, "at": moment, "metrics": metrics, "fixes": fixes}

    def _joined(self, name: str) -> System:
        if name not in SYSTEMS:
            raise Refused(404, f"{name} is not one of {', '.join(SYSTEMS)}.")
        return self._join(name)

    # -- what can be changed

    def _switch(self, name: str, content_type: str, body: bytes) -> Response:
        given = _document(content_type, body)
        if given.get("join") == "on":
            self._joined(name)
            return Response(303, {"Location": "/simulator/"}, b"")
        try:
            known = self._world.fixes(name)
        except KeyError as error:
            raise Refused(404, f"{name} has no fixes, or has not joined (PUT it).") from error
        wanted = {fix: _is_on(fix, value) for fix, value in given.items()}
        if not wanted or not wanted.keys() <= known.keys():
            raise Refused(400, f"Send {' or '.join(sorted(known))}: true or false.")
        for fix, is_on in wanted.items():
            self._world.switch(name, fix, is_on)
        if content_type.startswith("application/json"):
            return as_json(200, {name: wanted})
        return Response(303, {"Location": "/simulator/"}, b"")

    def _calm(self, name: str) -> dict[str, Any]:
        if name not in self._world.joined:
            raise Refused(404, f"{name} has not joined.")
        self._world.calm(name)
        return {name: self._world.fixes(name)}

    def _load(self, name: str | None, given: Mapping[str, Any]) -> dict[str, Any]:
        system = self._with_gateway(name or "")
        if given.get("kind") not in KINDS:
            raise Refused(400, f"kind must be one of {', '.join(KINDS)}.")
        per_s = _amount(given, "requests_per_second", MOST_PER_S)
        seconds = _amount(given, "seconds", 86_400)
        load = Load(str(given["kind"]), per_s, self._clock.now() + seconds)
        system.attack(load)
        return {"kind": load.kind, "requests_per_second": per_s, "until": load.until}

    def _gateway(self, name: str, body: bytes, authorization: str) -> Response:
        """One real request: who it is from, and whether it can be read."""
        system = self._with_gateway(name)
        kind = "unauthorized"
        if authorization == CUSTOMER_TOKEN:
            kind = "customer" if _has_content(body) else "malformed"
        status = system.take(kind)
        word = "Accepted" if status == 200 else "Refused"
        return as_json(status, {"message": word})

    def _with_gateway(self, name: str) -> ContentModeration:
        joined = self._world.joined.get(name)
        if joined is None or not isinstance(joined.system, ContentModeration):
            raise Refused(404, f"{name or 'A world without name'} has no gateway here.")
        return joined.system


def _document(content_type: str, body: bytes) -> Mapping[str, Any]:
    try:
        if not content_type.startswith("application/json"):
            return {key: values[0] for key, values in parse_qs(body.decode()).items()}
        given = json.loads(body)
    except ValueError as error:
        raise Refused(400, "The body is neither JSON nor a form.") from error
    if not isinstance(given, dict):
        raise Refused(400, "Send a JSON object.")
    return given


def _is_on(fix: str, value: object) -> bool:
    is_on = value if isinstance(value, bool) else WORDS.get(str(value).lower())
    if is_on is None:
        raise Refused(400, f"{fix} must be true or false, not {value!r}.")
    return is_on


def _amount(given: Mapping[str, Any], name: str, most: float) -> float:
    value = given.get(name)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not 0 < value <= most:  # type: ignore[operator]
        raise Refused(400, f"{name} must be above 0 and at most {most}, not {value!r}.")
    return float(value)  # type: ignore[arg-type]


def _has_content(body: bytes) -> bool:
    try:
        given = json.loads(body)
    except ValueError:
        return False
    return isinstance(given, dict) and isinstance(given.get("content"), str)
