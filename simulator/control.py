"""The control pages under /simulator/: see the estate, switch fixes, read the journal.

Answered by the front door for people (plain HTML forms) and tests (JSON). POST one knob of
knobs.py to /simulator/knobs to have AWS misbehave; DELETE has it behave again.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from simulator.clock import Clock
from simulator.estate import ACCOUNTS
from simulator.fis.service import Service
from simulator.http import as_json
from simulator.journal import Journal
from simulator.knobs import Knobs, knob_of
from simulator.systems import SYSTEMS
from simulator.systems.base import System
from simulator.wire import Response
from simulator.world.joined import Joined
from simulator.world.mqtt_broker import MqttBroker
from simulator.world.nodes import Node
from simulator.world.world import World
from simulator.worlds_door import WorldsDoor

HTML = {"Content-Type": "text/html; charset=utf-8"}


class Control:
    """What can be seen and changed from outside of the AWS API."""

    def __init__(
        self,
        world: World,
        service: Service,
        journal: Journal,
        clock: Clock,
        knobs: Knobs,
        join: Callable[[str], System],
    ) -> None:
        self._world = world
        self._service = service
        self._journal = journal
        self._clock = clock
        self._knobs = knobs
        self._worlds = WorldsDoor(world, clock, join)

    def answer(
        self,
        method: str,
        path: str,
        content_type: str,
        body: bytes,
        query: str = "",
        authorization: str = "",
    ) -> Response:
        """The response to a request below /simulator/."""
        if path.startswith(("/simulator/worlds", "/simulator/gateway")):
            return self._worlds.answer(method, path, query, content_type, body, authorization)
        if method == "GET" and path == "/simulator/":
            return Response(200, HTML, _page(self.state()).encode())
        if method == "GET" and path == "/simulator/state":
            return as_json(200, self.state())
        if method == "GET" and path == "/simulator/experiments":
            return as_json(200, {"experiments": self._documents()})
        if method == "GET" and path == "/simulator/journal":
            return as_json(200, {"entries": self._journal.entries()})
        if path == "/simulator/knobs":
            return self._turn(method, body)
        return as_json(404, {"message": f"Nothing answers {method} {path}."})

    def _turn(self, method: str, body: bytes) -> Response:
        """Misbehave from now on (POST one knob), behave again (DELETE), or say what is set."""
        if method == "POST":
            try:
                self._knobs.add(knob_of(json.loads(body)))
            except ValueError as error:
                return as_json(400, {"message": str(error)})
        elif method == "DELETE":
            self._knobs.clear()
        elif method != "GET":
            return as_json(405, {"message": "GET, POST or DELETE."})
        return as_json(200, {"knobs": self._knobs.shown()})

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
            "systems": [self._system(each) for each in self._world.joined.values()],
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
        fixes = {"quorum": model.has_quorum} if isinstance(model, MqttBroker) else {}
        return {
            "application": place.application,
            "account": place.account,
            "zones": _zones(application.nodes),
            "metrics": _rounded(application.values),
            "fixes": fixes,
        }

    def _system(self, joined: Joined) -> dict[str, Any]:
        return {
            "application": joined.system.name,
            "account": joined.system.account,
            "zones": _zones(joined.nodes),
            "metrics": {called: _rounded(values) for called, values in joined.values.items()},
            "fixes": dict(joined.system.switches),
        }


def _zones(nodes: Sequence[Node]) -> dict[str, dict[str, int]]:
    """How many instances of each zone are in which state."""
    zones: dict[str, Counter[str]] = {}
    for node in nodes:
        word = node.state if node.answers or node.state != "running" else "unreachable"
        zones.setdefault(node.zone, Counter())[word] += 1
    return {zone: dict(count) for zone, count in sorted(zones.items())}


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 2) for name, value in values.items()}


def _page(state: Mapping[str, Any]) -> str:
    clock = state["clock"]
    rows = "".join(_row(each) for each in state["applications"])
    for system in state["systems"]:
        many = system["metrics"].items()
        flat = {f"{called} {name}": v for called, its in many for name, v in its.items()}
        rows += _row({**system, "metrics": flat})
    here = {system["application"] for system in state["systems"]}
    others = "".join(
        f'<form method="post" action="/simulator/worlds/{name}">'
        f'<button name="join" value="on">Add {name}</button></form> '
        for name in SYSTEMS
        if name not in here
    )
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
<p>{others}</p>
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
