"""The `chaosplane` command: `chaosplane demo`, also as `python -m chaosplane.cli demo`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from chaosplane import demo, embedded
from chaosplane.embedded.processes import CannotStart


def main(arguments: Sequence[str] | None = None) -> int:
    wishes = _parser().parse_args(arguments)
    try:
        demo.run(
            demo.Wishes(
                home=wishes.home,
                port=wishes.port,
                speed=wishes.speed,
                open_browser=not wishes.headless,
            ),
            os.environ,
        )
    except CannotStart as error:
        print(f"chaosplane: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="chaosplane", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    shown = commands.add_parser("demo", help="run everything here, on simulated AWS")
    shown.add_argument("--port", type=_port, default=8000, help="0 takes any free one")
    shown.add_argument("--headless", action="store_true", help="open no browser")
    shown.add_argument(
        "--speed", type=_speed, default=60, help="how much faster than real time AWS runs"
    )
    shown.add_argument(
        "--home",
        type=Path,
        default=embedded.home(os.environ),
        help="folder of data and logs (default: %(default)s)",
    )
    return parser


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: 0 to 65535")
    return int(text)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not 0.1 <= speed <= 600:
        raise argparse.ArgumentTypeError(f"{text} is not between 0.1 and 600")
    return speed


if __name__ == "__main__":
    sys.exit(main())
