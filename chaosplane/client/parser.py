"""The words of the commands that ask a server. chaosplane.cli adds them to its own."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from chaosplane.client import commands, desired_state
from chaosplane.client.commands import Command, Desk
from chaosplane.client.results import FORMS
from chaosplane.client.stopping import EXPERIMENT

DAY_S: Final = 86_400
WEEK_S: Final = 7 * DAY_S
MOST: Final = 10_000
EXITS: Final = (
    "Exits with 0 held, 1 not held, 2 blocked by policy, 3 the tool or the server, 4 stopped."
)
Parsers = argparse._SubParsersAction


def add_commands(into: Parsers[argparse.ArgumentParser]) -> None:
    """login, list, propose, rehearse, run, gate, findings, apply and export."""
    login = _add(into, "login", commands.login, "keep the address and a token", forms=())
    login.add_argument("url", help="https://chaosplane.example.org; the token is asked for")
    _add_list(into)
    propose = _add(into, "propose", commands.propose, "write an experiment and send it")
    propose.add_argument(
        "-f", "--file", type=Path, required=True, help="JSON as the API takes it; - reads it"
    )
    rehearse = _add(into, "rehearse", commands.rehearse, "run every check; nothing is harmed")
    rehearse.add_argument("experiment", type=experiment)
    _add_timeout(rehearse, 900)
    run = _add(into, "run", commands.run, "propose a draft and follow it to its verdict")
    run.add_argument("experiment", type=experiment)
    run.add_argument("--wait", action="store_true", help="until there is a verdict")
    _add_timeout(run, DAY_S)
    gate = _add(into, "gate", commands.gate, "whether an application is fresh, stale or failed")
    gate.description = "Exits with 0 fresh, 1 failed, 2 stale, 3 the tool or the server."
    gate.add_argument("application")
    gate.add_argument("--max-age", default="90d", help="12h or 30d (default: %(default)s)")
    gate.add_argument("--family", default="", help="one failure only, such as az-power")
    findings = _add(into, "findings", commands.findings, "what was found")
    for name in ("application", "exercise", "state"):
        findings.add_argument(f"--{name}", default="")
    _add_limit(findings)
    _add_desired_state(into)


def _add_desired_state(into: Parsers[argparse.ArgumentParser]) -> None:
    apply = _add(
        into, "apply", desired_state.apply, "make things as a file says", forms=("text", "json")
    )
    apply.description = (
        "All of it or nothing. Exits with 0 applied or nothing due, 2 a rule says no, 3 the"
        " tool, the server or the file, 5 with --plan when changes are due."
    )
    apply.add_argument(
        "-f", "--file", type=Path, required=True, help="JSON or YAML, by its name; - reads either"
    )
    apply.add_argument("--plan", action="store_true", help="say what is due, change nothing")
    export = _add(into, "export", desired_state.export, "all that is set up, as such a file", ())
    export.add_argument("--form", choices=list(desired_state.FORMS), default="json")


def _add(
    into: Parsers[argparse.ArgumentParser],
    name: str,
    command: Command,
    words: str,
    forms: tuple[str, ...] = FORMS,
) -> argparse.ArgumentParser:
    parser = into.add_parser(name, help=words, description=EXITS)
    if forms:
        parser.add_argument("--output", choices=forms, default="text")
    parser.set_defaults(carry_out=lambda wishes: commands.carry_out(command, wishes, Desk()))
    parser.set_defaults(command=command)
    return parser


def _add_list(into: Parsers[argparse.ArgumentParser]) -> None:
    shown = _add(into, "list", commands.show_list, "what there is", forms=("text", "json"))
    shown.add_argument("what", nargs="?", choices=list(commands.COLUMNS), default="experiments")
    for name in ("exercise", "application", "status", "state"):
        shown.add_argument(f"--{name}", default="", help="only these, where the API filters by it")
    _add_limit(shown)


def _add_limit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--limit", type=_limit, default=100, help="rows (default: %(default)s)")


def _add_timeout(parser: argparse.ArgumentParser, default: int) -> None:
    parser.add_argument(
        "--timeout", type=_timeout, default=default, metavar="SECONDS", help="default: %(default)s"
    )


def experiment(text: str) -> int:
    """EXP-17 or 17."""
    match = EXPERIMENT.fullmatch(text if text.upper().startswith("EXP-") else f"EXP-{text}")
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not an experiment: EXP-17")
    return int(match[1])


def _limit(text: str) -> int:
    return _between(text, 1, MOST)


def _timeout(text: str) -> int:
    return _between(text, 1, WEEK_S)


def _between(text: str, least: int, most: int) -> int:
    if not text.isascii() or not text.isdigit() or not least <= int(text[:12]) <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is not between {least} and {most}")
    return int(text)
