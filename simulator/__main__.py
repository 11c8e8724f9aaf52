"""`python -m simulator` serves the estate until SIGTERM or SIGINT.

`python -m simulator fix mqtt-broker quorum on` applies a fix in a simulator that runs.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    return _fix(given[1:]) if given[:1] == ["fix"] else _serve(given)


def _serve(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5055)
    parser.add_argument("--speed", type=float, default=1.0, help="engine seconds per second")
    parser.add_argument("--seed", type=int, default=7, help="of every random choice")
    parser.add_argument("--journal", type=Path, help="append received FIS requests to this file")
    parser.add_argument(
        "--worlds", default="", help="worlds that join at the start, separated by commas; or all"
    )
    options = parser.parse_args(arguments)
    if options.speed <= 0:
        parser.error(f"--speed must be greater than 0, not {options.speed:g}")
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())

    from simulator.server import start
    from simulator.systems import SYSTEMS

    wanted = [name for name in options.worlds.split(",") if name]
    worlds = list(SYSTEMS) if wanted == ["all"] else wanted
    unknown = sorted(set(worlds) - set(SYSTEMS))
    if unknown:
        parser.error(f"--worlds must be of {', '.join(SYSTEMS)}; not {', '.join(unknown)}")
    simulator = start(
        options.port,
        options.speed,
        options.seed,
        host=options.host,
        journal_path=options.journal,
        systems=worlds,
    )
    sys.stdout.write(f"simulator ready: {simulator.url}\n")
    sys.stdout.flush()
    ended.wait()
    simulator.stop()
    # Tearing moto's many modules down takes seconds; there is nothing left to save.
    sys.stdout.flush()
    os._exit(0)


def _fix(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m simulator fix")
    parser.add_argument("world", help="mqtt-broker, or a world that has joined")
    parser.add_argument("fix", help="one of its switches; docs/simulator.md")
    parser.add_argument("state", choices=["on", "off"])
    parser.add_argument("--url", default="http://127.0.0.1:5055")
    options = parser.parse_args(arguments)
    if not options.url.startswith(("http://", "https://")):
        parser.error(f"--url must begin with http:// or https://, not {options.url}")
    request = urllib.request.Request(  # noqa: S310 - the scheme is checked above
        f"{options.url}/simulator/worlds/{options.world}",
        data=json.dumps({options.fix: options.state == "on"}).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        urllib.request.urlopen(request, timeout=5).close()  # noqa: S310
    except urllib.error.HTTPError as error:
        with error:
            sys.stderr.write(f"{json.load(error)['message']}\n")
        return 1
    except urllib.error.URLError as error:
        sys.stderr.write(f"The simulator at {options.url} did not answer: {error.reason}\n")
        return 1
    sys.stdout.write(f"{options.world}: {options.fix} is {options.state}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
