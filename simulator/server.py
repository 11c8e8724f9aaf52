"""Starts the simulator: `start()` for tests, used by `python -m simulator` too.

One process, one port, state in memory only.
"""

from __future__ import annotations

import functools
import logging
import os
import random
import threading
from collections.abc import Collection, Mapping
from pathlib import Path

# moto loads hundreds of machine images unless told not to; before it is imported.
os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import BaseWSGIServer, make_server

from simulator import fresh_estate
from simulator.boto import read_models
from simulator.clock import Clock, RealClock
from simulator.control import Control
from simulator.estate import REGION
from simulator.fis.lifecycle import Lifecycle
from simulator.fis.service import Service
from simulator.front import Front
from simulator.journal import Journal
from simulator.knobs import Knobs
from simulator.physics import Physics
from simulator.seeding import Builder, build_estate, builders_at
from simulator.systems import SYSTEMS
from simulator.systems.base import System
from simulator.volumes import complete_attachments
from simulator.world.world import World
from simulator.zones import give_own_zones


class QuietHandler(MotoRequestHandler):
    """Keep-alive for clients that poll, and no line per request."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        logging.getLogger("simulator.requests").debug("%s %s %s", self.requestline, code, size)


class Simulator:
    """A running simulator."""

    world: World
    lifecycle: Lifecycle
    builders: Mapping[str, Builder]

    def __init__(
        self,
        server: BaseWSGIServer,
        clock: Clock,
        service: Service,
        journal: Journal,
        knobs: Knobs,
        front: Front,
        physics: Physics,
        seed: int,
    ) -> None:
        self.url = f"http://127.0.0.1:{server.server_port}"
        self.clock = clock
        self.journal = journal
        self.service = service
        self.knobs = knobs
        self.front = front
        self._physics = physics
        self._seed = seed
        self._joining = threading.Lock()
        self._server = server
        self._thread = threading.Thread(
            target=server.serve_forever, args=(0.1,), name="server", daemon=True
        )

    def serve(self) -> None:
        self._thread.start()

    def join(self, name: str) -> System:
        """Let a system of simulator.systems join the estate, unless it has; KeyError."""
        kind = SYSTEMS[name]
        with self._joining:
            if name not in self.world.joined:
                builder = self.builders[kind.account]
                system = kind(self._physics, builder, random.Random(f"{self._seed}/{name}"))
                system.build()
                self.world.join(system)
                for alarm in system.alarms:
                    builder.alarm(alarm)
            return self.world.joined[name].system

    def stop(self) -> None:
        """End the clock and close the port."""
        self.clock.stop()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)
        self.journal.close()


@functools.cache
def _moto() -> DomainDispatcherApplication:
    """moto's own applications, which hold no state."""
    return DomainDispatcherApplication(create_backend_app)


def start(
    port: int = 0,
    speed: float = 1.0,
    seed: int = 7,
    clock: Clock | None = None,
    host: str = "127.0.0.1",
    journal_path: Path | None = None,
    systems: Collection[str] = (),
) -> Simulator:
    """Serve the estate and these systems on a port (0: any free one); returns once it answers.

    moto keeps its state in the process: one simulator at a time, and each begins anew.
    """
    is_built = fresh_estate.restore()
    clock = clock or RealClock(speed)
    rng = random.Random(seed)
    # Not from the seed: AWS never gives an id twice, and the product's database outlives us.
    knobs = Knobs(seed)
    service = Service(clock, random.SystemRandom(), knobs)
    journal = Journal(journal_path)
    physics = Physics()
    front = Front(_moto(), service, journal, clock, physics, knobs, rng)
    server = make_server(host, port, front, threaded=True, request_handler=QuietHandler)
    simulator = Simulator(server, clock, service, journal, knobs, front, physics, seed)
    simulator.serve()
    complete_attachments()
    read_models(REGION)
    simulator.builders = builders = builders_at(simulator.url)
    if not is_built:
        give_own_zones()
        build_estate(builders)
        fresh_estate.keep()
    simulator.world = World(
        clock, physics, rng, lambda place, *node: builders[place.account].replace(place, *node)
    )
    simulator.world.backfill()
    front.control = Control(simulator.world, service, journal, clock, knobs, simulator.join)
    simulator.lifecycle = Lifecycle(service, simulator.url, physics, rng)

    def tick() -> bool:
        is_busy = simulator.lifecycle.tick()
        simulator.world.tick()
        return is_busy

    for name in systems:
        simulator.join(name)
    clock.drive(tick)
    return simulator
