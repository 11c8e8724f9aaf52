"""Short ways to the worlds that join on demand, and what puts them right again after a test."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from typing import Any

from simulator.systems.base import System
from tests.simulator.cloud import PLATFORM, Cloud


class Worlds:
    """The worlds of one cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self._touched: set[str] = set()

    def join(self, name: str, **switches: bool) -> System:
        """Have a world, with these fixes applied."""
        system = self.cloud.simulator.join(name)
        self._touched.add(name)
        system.switches.update(switches)
        return system

    def client(self, service: str) -> Any:
        return self.cloud.client(service, PLATFORM)

    def value(self, world: str, metric: str, called: str = "") -> float:
        """What a world published last; `called` is the value of the dimension."""
        _, found = self.cloud.simulator.world.metrics_of(world)
        return found[called or next(iter(found))][metric]

    def watch(self, minutes: float, world: str, metric: str, called: str = "") -> Sequence[float]:
        """The metric every 15 seconds from now on."""

        def values() -> Iterator[float]:
            for _ in range(int(minutes * 4)):
                self.cloud.advance(15)
                yield self.value(world, metric, called)

        return list(values())

    def run(
        self, actions: Any, targets: Any = None, options: Any = None, mode: str = "run-all"
    ) -> str:
        """Start an experiment in the account of the worlds."""
        body = {"experimentOptions": options} if options else {}
        template = self.cloud.template(PLATFORM, actions=actions, targets=targets or {}, **body)
        made = self.client("fis").start_experiment(
            experimentTemplateId=template["id"], experimentOptions={"actionsMode": mode}
        )
        return str(made["experiment"]["id"])

    def experiment(self, ref: str) -> dict[str, Any]:
        return dict(self.client("fis").get_experiment(id=ref)["experiment"])

    def targets_of(self, ref: str, name: str) -> list[dict[str, str]]:
        """What an experiment resolved for a target."""
        found = self.client("fis").list_experiment_resolved_targets(
            experimentId=ref, targetName=name
        )
        return [each["targetInformation"] for each in found["resolvedTargets"]]

    def ask(
        self, method: str, path: str, body: Any = None, token: str = ""
    ) -> tuple[int, dict[str, Any]]:
        """A request to the doors: the status and the document."""
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(
            f"{self.cloud.simulator.url}/simulator/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={**headers, "Authorization": token} if token else headers,
            method=method,
        )
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def settle(self) -> None:
        """Undo what a test did to the estate and to the worlds that it had join."""
        self.cloud.settle()
        for name in self._touched:
            self.cloud.simulator.world.calm(name)
