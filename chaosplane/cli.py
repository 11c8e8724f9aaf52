"""The `chaosplane` command: demo, stop, verify, and what asks a server (chaosplane.client).

Each imports what it needs when it is asked for: Stop must work where nothing but botocore is.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from chaosplane import embedded
from chaosplane.client import commands, sign_in, stopping
from chaosplane.client.parser import add_commands
from chaosplane.client.server import NotDone, Unreachable

STOP_JOURNAL = Path.home() / ".chaosplane" / "stop-journal"


def main(arguments: Sequence[str] | None = None) -> int:
    wishes = parser().parse_args(arguments)
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
    """Over the API where a server is configured; straight to AWS where none is or answers, and
    where the words are about AWS."""
    is_about_aws = wishes.directly or wishes.all or wishes.region or wishes.engage_safety_lever
    is_about_aws = is_about_aws or wishes.account or wishes.role_arn
    if wishes.exercise or (not is_about_aws and sign_in.is_configured(os.environ)):
        code = _stop_over_api(wishes)
        if code is not None:
            return code
    if not (wishes.region or _region()):
        print("chaosplane: --region is needed: AWS_REGION is not set", file=sys.stderr)
        return 2
    return _stop_directly(wishes)


def _stop_over_api(wishes: argparse.Namespace) -> int | None:
    """The exit code, or None when AWS itself is to be asked."""
    desk = commands.Desk()
    try:
        is_accepted = stopping.stop(
            desk.server(),
            run=wishes.run or "",
            exercise=wishes.exercise or "",
            reason=wishes.reason,
            say=lambda line: print(line, flush=True),
        )
    except (NotDone, Unreachable, sign_in.NotSignedIn) as error:
        print(f"chaosplane: {error}", file=sys.stderr)
        print(
            "Not stopped over the API. Straight to AWS:"
            " chaosplane stop --all --region REGION --wait",
            file=sys.stderr,
        )
        goes_on = wishes.run and _region() and not stopping.EXPERIMENT.fullmatch(wishes.run)
        return None if goes_on else 1
    return 0 if is_accepted else 1


def _stop_directly(wishes: argparse.Namespace) -> int:
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
        data = wishes.pack.read_bytes()
    except OSError as error:
        print(f"chaosplane: {wishes.pack} cannot be read: {error}", file=sys.stderr)
        return 3
    if data.lstrip().startswith(b"{"):
        return _verify_gate(data, wishes.key)
    found = verify(data)
    for problem in found.problems:
        print(f"{problem.file or 'the pack'}: {problem.what}")
    if not found.is_whole:
        print("ALTERED: this is not the pack that was signed.")
        return 1
    print(f"Whole: {found.files} files about {found.subject}.")
    return _signed_by(found.fingerprint, wishes.key)


def _verify_gate(data: bytes, key: str) -> int:
    from exercises.domain.errors import Invalid
    from exercises.domain.signed_answer import check

    try:
        found = check(data, of="gate")
    except Invalid as error:
        print(f"chaosplane: {error}", file=sys.stderr)
        return 3
    if not found.is_whole:
        print("ALTERED: this is not the answer that was signed.")
        return 1
    words = {name: found.answer.get(name) for name in ("application", "status", "asked_at")}
    print(f"Whole: {words['application']} was {words['status']} at {words['asked_at']}.")
    return _signed_by(found.fingerprint, key)


def _signed_by(fingerprint: str, expected: str) -> int:
    print(f"Signed by the installation {fingerprint}")
    if expected and expected.replace(" ", "") != fingerprint.replace(" ", ""):
        print(f"ANOTHER KEY: you expected {expected}")
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    """Every word of the command line."""
    words = argparse.ArgumentParser(prog="chaosplane", description=__doc__)
    subparsers = words.add_subparsers(required=True, metavar="COMMAND")
    shown = subparsers.add_parser("demo", help="run everything here, on simulated AWS")
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
    _add_stop(subparsers)
    add_commands(subparsers)
    checked = subparsers.add_parser(
        "verify",
        help="check an evidence pack or the answer of a gate, without any server",
        description="Exits with 0 when it is whole, 1 when anything in it was altered or"
        " another key signed it, 3 when it cannot be read.",
    )
    checked.add_argument("pack", type=Path)
    checked.add_argument("--key", default="", help="the fingerprint that must have signed it")
    checked.set_defaults(carry_out=_verify)
    return words


def _add_stop(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    stop = subparsers.add_parser(
        "stop",
        help="stop experiments, if need be with nothing but AWS credentials",
        description="Over the API when a server is configured and only --run or --exercise is"
        " given. Else with the AWS credentials of this shell; needs no server of chaosplane then."
        " Exits with 0 when everything has ended, 1 when something is not confirmed, 3 when AWS"
        " accepted every stop and not everything has ended yet.",
    )
    what = stop.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--run", metavar="ID", help="one run, by its id or its EXP... id; EXP-17 over the API"
    )
    what.add_argument("--exercise", metavar="NAME", help="all of an exercise, over the API")
    what.add_argument("--all", action="store_true", help="everything with chaosplane's tag")
    stop.add_argument("--directly", action="store_true", help="ask AWS, whatever is configured")
    stop.add_argument("--account", type=_account, help="refuse to act in any other account")
    region = _region()
    stop.add_argument(
        "--region",
        action="append",
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
