"""The commands that ask a server: login, list, propose, rehearse, run, gate, findings."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TextIO
from urllib.parse import quote

from chaosplane.client import following, sign_in
from chaosplane.client.ci_token import TokenOfJob
from chaosplane.client.codes import Exit
from chaosplane.client.progress import Progress
from chaosplane.client.results import SARIF_LEVEL, Result, write
from chaosplane.client.server import Json, NotDone, Send, Server, Unreachable, send

MAX_FILE: Final = 262_144
PASSES: Final = frozenset({"ok", "warn"})
SETTLED: Final = frozenset({"verified", "dismissed"})
GATE_CODES: Final = {"fresh": Exit.HELD, "failed": Exit.NOT_HELD, "stale": Exit.BLOCKED}
COLUMNS: Final = {
    "exercises": ("slug", "phase", "starts_at", "name"),
    "experiments": ("code", "status", "application", "exercise", "title"),
    "runs": ("id", "experiment", "state", "verdict", "scheduled_at"),
    "templates": ("slug", "failure_family", "name"),
    "applications": ("slug", "team", "tier", "name"),
}


@dataclass(frozen=True)
class Desk:
    """What a command works with: a terminal, the environment, and a way to the server."""

    variables: dict[str, str] = field(default_factory=lambda: dict(os.environ))
    out: TextIO = field(default_factory=lambda: sys.stdout)
    error: TextIO = field(default_factory=lambda: sys.stderr)
    send: Send = send
    pause: following.Pause = time.sleep

    def server(self) -> Server:
        found = sign_in.access(self.variables)
        return Server(
            found.url, TokenOfJob(found.job, self.send) if found.job else found.token, self.send
        )

    def say(self, line: str) -> None:
        self.error.write(line + "\n")
        self.error.flush()


Command = Callable[[argparse.Namespace, Desk], Exit]


def carry_out(command: Command, wishes: argparse.Namespace, desk: Desk) -> int:
    """Run a command and turn what goes wrong into lines and an exit code."""
    try:
        return int(command(wishes, desk))
    except NotDone as error:
        for line in error.lines:
            desk.say(f"chaosplane: {line}")
        return int(Exit.BLOCKED if error.is_policy else Exit.TOOL)
    except (Unreachable, sign_in.NotSignedIn, following.TooLong, BadFile) as error:
        desk.say(f"chaosplane: {error}")
        return int(Exit.TOOL)
    except BrokenPipeError:
        # The reader of the output has gone, as in `chaosplane list | head -1`.
        sys.stdout = None
        return int(Exit.TOOL)


class BadFile(Exception):
    """A file that cannot be used; the message names it."""


def login(wishes: argparse.Namespace, desk: Desk) -> Exit:
    """Keep an address and a token, once the server knows them."""
    typed = getpass.getpass("Token: ") if sys.stdin.isatty() else sys.stdin.readline()
    found = sign_in.Access(sign_in.read_url(wishes.url), sign_in.read_token(typed))
    me = Server(found.url, found.token, desk.send).get("me/")
    path = sign_in.keep(desk.variables, found)
    scopes = ", ".join(me["scopes"] or ()) or "none"
    desk.say(f"Signed in at {found.url} as {me['name']}; scopes: {scopes}. Kept in {path}")
    return Exit.HELD


def show_list(wishes: argparse.Namespace, desk: Desk) -> Exit:
    """A table of one kind of thing, or JSON."""
    query = {
        name: value
        for name in ("exercise", "application", "status", "state")
        if (value := getattr(wishes, name))
    }
    rows = list(desk.server().every(f"{wishes.what}/", query, at_most=wishes.limit))
    if wishes.output == "json":
        write(desk.out, "json", suite=wishes.what, results=(), document=rows)
    else:
        desk.out.write(_table(rows, COLUMNS[wishes.what]))
    return Exit.HELD


def propose(wishes: argparse.Namespace, desk: Desk) -> Exit:
    """Write the draft that a file holds and send it for approval."""
    server, body = desk.server(), _read_json(wishes.file)
    draft = server.post("experiments/", body)
    try:
        shown = server.post(f"experiments/{draft['id']}/propose/")
    except (NotDone, Unreachable):
        desk.say(f"{draft['code']} is written as a draft and was not sent for approval.")
        raise
    result = Result(shown["code"], None, shown["status"], shown["title"], "experiment")
    write(desk.out, wishes.output, suite="propose", results=[result], document=shown)
    return Exit.HELD


def rehearse(wishes: argparse.Namespace, desk: Desk) -> Exit:
    """Ask every pre-flight check, with a rehearsal that resolves targets and harms nothing."""
    progress = Progress(desk.error)
    checks = following.rehearse(
        desk.server(), wishes.experiment, progress, timeout_s=wishes.timeout, pause=desk.pause
    )
    results = [
        Result(
            row["label"],
            row["status"] in {"ok", "warn"},
            row["status"],
            row["message"],
            "preflight",
        )
        for row in checks
    ]
    write(
        desk.out, wishes.output, suite=f"EXP-{wishes.experiment}", results=results, document=checks
    )
    return Exit.HELD if all(one.passed for one in results) else Exit.BLOCKED


def run(wishes: argparse.Namespace, desk: Desk) -> Exit:
    """Propose what is a draft; with --wait follow it to its verdict. People approve it, and at
    its slot it starts by itself."""
    server, number, progress = desk.server(), wishes.experiment, Progress(desk.error)
    experiment: Json = server.get(f"experiments/{number}/")
    if experiment["status"] == "draft":
        experiment = server.post(f"experiments/{number}/propose/")
        progress.say(f"EXP-{number} is sent for approval.")
    if not wishes.wait:
        result = Result(experiment["code"], None, experiment["status"], "", "experiment")
        write(desk.out, wishes.output, suite="run", results=[result], document=experiment)
        return Exit.HELD
    try:
        ending = following.follow(
            server, number, progress, timeout_s=wishes.timeout, pause=desk.pause
        )
    except KeyboardInterrupt:
        progress.end()
        desk.say(f"Not waiting any more. AWS was asked nothing: EXP-{number} goes on as planned.")
        desk.say(f"To stop it: chaosplane stop --run EXP-{number}")
        return Exit.INTERRUPTED
    passed = {Exit.HELD: True, Exit.STOPPED: None}.get(ending.code, False)
    url = f"{server.url}/experiments/EXP-{number}/"
    result = Result(
        f"EXP-{number} {experiment['title']}", passed, ending.word, ending.why, "hypothesis", url
    )
    document = {"experiment": experiment, "run": ending.run, "ending": ending.word}
    write(desk.out, wishes.output, suite="run", results=[result], document=document)
    return ending.code


def gate(wishes: argparse.Namespace, desk: Desk) -> Exit:
    """Whether an application may be delivered."""
    query = {"max_age": wishes.max_age} | ({"family": wishes.family} if wishes.family else {})
    document = desk.server().get(f"gates/{quote(wishes.application, safe='')}/", query)
    found: Json = document["gate"]
    url = (found["evidence"] or {}).get("url") or ""
    words = f"{found['because']} {found['would_be_fresh']}".rstrip()
    results = [
        Result(
            found["application"], found["status"] == "fresh", found["status"], words, "gate", url
        )
    ]
    write(desk.out, wishes.output, suite="gate", results=results, document=document)
    return GATE_CODES[found["status"]]


def findings(wishes: argparse.Namespace, desk: Desk) -> Exit:
    """What was found, the standing ones unless another state is asked for."""
    query = {
        name: value
        for name in ("application", "exercise", "state")
        if (value := getattr(wishes, name))
    }
    server = desk.server()
    rows = list(server.every("findings/", query, at_most=wishes.limit))
    results = [
        Result(
            f"{row['code']} {row['application']}",
            row["state"] in SETTLED,
            row["state"].replace("_", " "),
            row["title"],
            row["failure_family"] or "finding",
            f"{server.url}/findings/{row['code']}/",
            SARIF_LEVEL.get(row["severity"], "warning"),
        )
        for row in rows
    ]
    write(desk.out, wishes.output, suite="findings", results=results, document=rows)
    return Exit.HELD


def read_file(path: Path, *, most: int = MAX_FILE) -> bytes:
    """A file, or what comes in for "-". Raises BadFile."""
    try:
        data = sys.stdin.buffer.read(most + 1) if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}") from None
    if len(data) > most:
        raise BadFile(f"{path}: at most {most:,} bytes")
    return data


def _read_json(path: Path) -> Any:
    data = read_file(path)
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadFile(f"{path} is not JSON: {error}") from None


def _table(rows: Sequence[Json], columns: Sequence[str]) -> str:
    shown = [columns, *([_cell(row.get(name)) for name in columns] for row in rows)]
    widths = [max(len(line[i]) for line in shown) for i in range(len(columns))]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        for line in shown
    )
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _cell(value: object) -> str:
    """On one line, and nothing that moves a terminal's cursor."""
    text = "-" if value in (None, "") else str(value)
    return "".join(c if c.isprintable() else " " for c in text)
