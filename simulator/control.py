"""The control pages under /simulator/: see the estate, switch fixes, read the journal.

Answered by the front door for people (plain HTML forms) and tests (JSON). POST one knob of
knobs.py to /simulator/knobs to have AWS misbehave; DELETE has it behave again.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import parse_qs

from simulator.clock import Clock
from simulator.estate import ACCOUNTS
from simulator.fis.service import Service
from simulator.journal import Journal
from simulator.knobs import Knobs, knob_of
from simulator.wire import Response
from simulator.world.mqtt_broker import MqttBroker
from simulator.world.world import World

HTML = {"Content-Type": "text/html; charset=utf-8"}
WORDS = {"true": True, "on": True, "1": True, "false": False, "off": False, "0": False}


class Control:
    """What can be seen and changed from outside of the AWS API."""

    def __init__(
        self, world: World, service: Service, journal: Journal, clock: Clock, knobs: Knobs
    ) -> None:
        self._world = world
        self._service = service
        self._journal = journal
        self._clock = clock
        self._knobs = knobs

    def answer(self, method: str, path: str, content_type: str, body: bytes) -> Response:
        """The response to a request below /simulator/."""
        if method == "GET" and path == "/simulator/":
            return Response(200, HTML, _page(self.state()).encode())
        if method == "GET" and path == "/simulator/state":
            return _json(200, self.state())
        if method == "GET" and path == "/simulator/experiments":
            return _json(200, {"experiments": self._documents()})
        if method == "GET" and path == "/simulator/journal":
            return _json(200, {"entries": self._journal.entries()})
        if method == "POST" and path == "/simulator/worlds/mqtt-broker":
            return self._switch(content_type, body)
        if path == "/simulator/knobs":
            return self._turn(method, body)
        return _json(404, {"message": f"Nothing answers {method} {path}."})

    def _turn(self, method: str, body: bytes) -> Response:
        """Misbehave from now on (POST one knob), behave again (DELETE), or say what is set."""
        if method == "POST":
            try:
                self._knobs.add(knob_of(json.loads(body)))
            except ValueError as error:
                return _json(400, {"message": str(error)})
        elif method == "DELETE":
            self._knobs.clear()
        elif method != "GET":
            return _json(405, {"message": "GET, POST or DELETE."})
        return _json(200, {"knobs": self._knobs.shown()})

    def _switch(self, content_type: str, body: bytes) -> Response:
        is_json = content_type.startswith("application/json")
        try:
            given = json.loads(body) if is_json else _form(body)
            wanted = given["quorum"]
        except (ValueError, KeyError, TypeError):
            return _json(400, {"message": "Send quorum: true or false."})
        is_on = wanted if isinstance(wanted, bool) else WORDS.get(str(wanted).lower())
        if is_on is None:
            return _json(400, {"message": f"quorum must be true or false, not {wanted!r}."})
        self._world.switch_quorum(is_on)
        if is_json:
            return _json(200, {"mqtt-broker": {"quorum": is_on}})
        return Response(303, {"Location": "/simulator/"}, b"")

    def state(self) -> dict[str, Any]:
        """Clock, applications by zone, fixes, experiments and levers."""
        with self._service.lock:
            regions = list(self._service.regions.values())
            experiments = [
                {
                    "id": each.id,
                    "account": each.account,
                    "region": each.region,
                    "state": dict(each.document["state"]),
                }
                for region in regions
                for each in region.experiments.values()
            ]
            levers = [
                {"account": region.account, "region": region.name, "state": dict(region.lever)}
                for region in regions
            ]
        return {
            "clock": {
                "engine_s": round(self._clock.now(), 1),
                "wall": self._clock.wall().isoformat(timespec="milliseconds"),
                "speed": self._clock.speed,
            },
            "applications": [self._application(each) for each in self._world.applications],
            "experiments": experiments,
            "levers": levers,
        }

    def _documents(self) -> dict[str, Any]:
        """Every experiment as FIS has it, by its id."""
        with self._service.lock:
            regions = list(self._service.regions.values())
            return {
                name: each.document
                for region in regions
                for name, each in region.experiments.items()
            }

    def _application(self, application: Any) -> dict[str, Any]:
        place, model = application.deployment, application.model
        zones: dict[str, Counter[str]] = {}
        for node in application.nodes:
            word = node.state if node.answers or node.state != "running" else "unreachable"
            zones.setdefault(node.zone, Counter())[word] += 1
        fixes = {"quorum": model.has_quorum} if isinstance(model, MqttBroker) else {}
        return {
            "application": place.application,
            "account": place.account,
            "zones": {zone: dict(count) for zone, count in sorted(zones.items())},
            "metrics": {name: round(value, 2) for name, value in application.values.items()},
            "fixes": fixes,
        }


def _form(body: bytes) -> Mapping[str, str]:
    return {key: values[0] for key, values in parse_qs(body.decode()).items()}


def _json(status: int, document: Any) -> Response:
    return Response(
        status, {"Content-Type": "application/json"}, json.dumps(document, default=str).encode()
    )


def _page(state: Mapping[str, Any]) -> str:
    clock = state["clock"]
    rows = "".join(_row(each) for each in state["applications"])
    running = "".join(
        f"<li>{escape(each['id'])} in {escape(ACCOUNTS.get(each['account'], each['account']))}: "
        f"{escape(each['state']['status'])} - {escape(each['state']['reason'])}</li>"
        for each in reversed(state["experiments"])
    )
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Simulated AWS</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem; color: #1c2530; }}
table {{ border-collapse: collapse; }} th, td {{ text-align: left; padding: .4rem .9rem .4rem 0;
border-bottom: 1px solid #d5dbe2; vertical-align: top; }} form {{ display: inline; }}
</style></head><body>
<h1>Simulated AWS</h1>
<p>Time runs {clock["speed"]:g} times as fast; {clock["engine_s"] / 60:.1f} minutes have passed.
<a href="/simulator/">Refresh</a></p>
<table><thead><tr><th>Application</th><th>Account</th><th>Instances</th><th>Metrics</th>
<th>Fix</th></tr></thead><tbody>{rows}</tbody></table>
<h2>Experiments</h2><ul>{running or "<li>None yet</li>"}</ul>
</body></html>
"""


def _row(application: Mapping[str, Any]) -> str:
    zones = "<br>".join(
        f"{escape(zone)}: " + ", ".join(f"{count} {escape(word)}" for word, count in states.items())
        for zone, states in application["zones"].items()
    )
    values = "<br>".join(
        f"{escape(name)}: {value:,.2f}" for name, value in application["metrics"].items()
    )
    switch = "".join(
        f'<form method="post" action="/simulator/worlds/{escape(application["application"])}">'
        f"{escape(name)} is {'on' if is_on else 'off'} "
        f'<button name="{escape(name)}" value="{"off" if is_on else "on"}">'
        f"Turn {'off' if is_on else 'on'}</button></form>"
        for name, is_on in application["fixes"].items()
    )
    account = ACCOUNTS[application["account"]]
    return (
        f"<tr><td>{escape(application['application'])}</td><td>{escape(account)}</td>"
        f"<td>{zones}</td><td>{values}</td><td>{switch}</td></tr>"
    )
