"""`python -m simulator`: serve the estate until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

from simulator.server import start


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5055)
    parser.add_argument("--speed", type=float, default=1.0, help="engine seconds per second")
    parser.add_argument("--seed", type=int, default=7, help="of every random choice")
    parser.add_argument("--journal", type=Path, help="append received FIS requests to this file")
    options = parser.parse_args(arguments)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    simulator = start(
        options.port,
        options.speed,
        options.seed,
        host=options.host,
        journal_path=options.journal,
    )
    sys.stdout.write(f"simulator ready: {simulator.url}\n")
    sys.stdout.flush()
    ended.wait()
    simulator.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
