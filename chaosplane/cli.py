"""The `chaosplane` command: `chaosplane demo`, `chaosplane stop` and `chaosplane verify`.

Each imports what it needs when it is asked for: Stop must work where nothing but botocore is.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from chaosplane import embedded

STOP_JOURNAL = Path.home() / ".chaosplane" / "stop-journal"


def main(arguments: Sequence[str] | None = None) -> int:
    wishes = _parser().parse_args(arguments)
    carried_out: int = wishes.carry_out(wishes)
    return carried_out


def _demo(wishes: argparse.Namespace) -> int:
    from chaosplane import demo
    from chaosplane.embedded.processes import CannotStart

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


def _stop(wishes: argparse.Namespace) -> int:
    from exercises.stopping.break_glass import Wish, stop

    wish = Wish(
        regions=wishes.region or [_region()],
        journal=wishes.journal,
        run=wishes.run or "",
        account=wishes.account or "",
        role_arn=wishes.role_arn,
        external_id=wishes.external_id,
        lever_reason=wishes.reason if wishes.engage_safety_lever else "",
        wait_s=wishes.wait,
    )
    return stop(wish, lambda line: print(line, flush=True))


def _verify(wishes: argparse.Namespace) -> int:
    from exercises.domain.evidence_pack import verify

    try:
        found = verify(wishes.pack.read_bytes())
    except OSError as error:
        print(f"chaosplane: {wishes.pack} cannot be read: {error}", file=sys.stderr)
        return 3
    for problem in found.problems:
        print(f"{problem.file or 'the pack'}: {problem.what}")
    if not found.is_whole:
        print("ALTERED: this is not the pack that was signed.")
        return 1
    print(f"Whole: {found.files} files about {found.subject}.")
    print(f"Signed by the installation {found.fingerprint}")
    if wishes.key and wishes.key.replace(" ", "") != found.fingerprint.replace(" ", ""):
        print(f"ANOTHER KEY: you expected {wishes.key}")
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
    shown.set_defaults(carry_out=_demo)
    _add_stop(commands)
    checked = commands.add_parser(
        "verify",
        help="check an evidence pack, without any server",
        description="Exits with 0 when the pack is whole, 1 when anything in it was altered or"
        " another key signed it, 3 when it cannot be read.",
    )
    checked.add_argument("pack", type=Path)
    checked.add_argument("--key", default="", help="the fingerprint that must have signed it")
    checked.set_defaults(carry_out=_verify)
    return parser


def _add_stop(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    stop = commands.add_parser(
        "stop",
        help="stop experiments with nothing but AWS credentials",
        description="Uses the AWS credentials of this shell; needs no server of chaosplane."
        " Exits with 0 when everything has ended, 1 when something is not confirmed, 3 when AWS"
        " accepted every stop and not everything has ended yet.",
    )
    what = stop.add_mutually_exclusive_group(required=True)
    what.add_argument("--run", metavar="ID", help="one run, by its id or its EXP... id")
    what.add_argument("--all", action="store_true", help="everything with chaosplane's tag")
    stop.add_argument("--account", type=_account, help="refuse to act in any other account")
    region = _region()
    stop.add_argument(
        "--region",
        action="append",
        required=not region,
        default=[],
        help=f"may be given several times (default: {region or 'none, AWS_REGION is not set'})",
    )
    stop.add_argument(
        "--engage-safety-lever",
        action="store_true",
        help="stop and refuse ALL experiments of the account and Region, whoever started them",
    )
    stop.add_argument("--reason", default="Stopped by hand with chaosplane stop")
    stop.add_argument("--role-arn", default="", help="act under this role")
    stop.add_argument("--external-id", default="", help="with --role-arn")
    stop.add_argument(
        "--wait",
        type=float,
        nargs="?",
        const=900.0,
        default=0.0,
        metavar="SECONDS",
        help="look until everything has ended (without a number: 15 minutes)",
    )
    stop.add_argument("--journal", type=Path, default=STOP_JOURNAL, help="default: %(default)s")
    stop.set_defaults(carry_out=_stop)


def _region() -> str:
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or ""


def _account(text: str) -> str:
    if not text.isascii() or not text.isdigit() or len(text) != 12:
        raise argparse.ArgumentTypeError(f"{text!r} is not an account: 12 digits")
    return text


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
