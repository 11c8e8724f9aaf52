"""apply and export: what is set up, as a file. The server reads it; here it is only sent."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from chaosplane.client.codes import Exit
from chaosplane.client.commands import Desk, read_file
from chaosplane.client.results import write
from chaosplane.client.server import Json

MAX_FILE: Final = 1_048_576
FORMS: Final[Mapping[str, str]] = {"json": "application/json", "yaml": "application/yaml"}
SIGNS: Final = {"create": "+", "change": "~", "nothing": "="}
MOST_SHOWN: Final = 100
LONGEST: Final = 60


def apply(wishes: argparse.Namespace, desk: Desk) -> Exit:
    """Make things as a file says, or say what that would change."""
    data = read_file(wishes.file, most=MAX_FILE)
    is_json = wishes.file.suffix.lower() == ".json" or data.lstrip().startswith(b"{")
    form = FORMS["json" if is_json else "yaml"]
    server = desk.server()
    if wishes.plan:
        found: Json = server.send_file("POST", "desired-state/plan/", data, form)
    else:
        found = server.send_file("PUT", "desired-state/", data, form)
    if wishes.output == "json":
        write(desk.out, "json", suite="apply", results=(), document=found)
    else:
        desk.out.writelines(f"{line}\n" for line in _lines(found))
    return Exit.DUE if wishes.plan and found["due"] else Exit.HELD


def export(wishes: argparse.Namespace, desk: Desk) -> Exit:
    """Write all that is set up as a file that changes nothing when it is applied."""
    text = desk.server().file("desired-state/", FORMS[wishes.form]).decode()
    if wishes.form == "json":
        write(desk.out, "json", suite="export", results=(), document=json.loads(text))
    else:
        desk.out.write(text)
    return Exit.HELD


def _lines(found: Json) -> Iterator[str]:
    for step in found["steps"]:
        if step["does"] == "nothing" and not step["said"]:
            continue
        name = f"{step['kind']} {step['key']}".rstrip()
        said = f" ({step['said']})" if step["said"] else ""
        yield _plain(f"{SIGNS[step['does']]} {name}{said}")
        for change in step["changes"][:MOST_SHOWN]:
            before, after = _short(change["before"]), _short(change["after"])
            yield _plain(f"    {change['path']}: {before} -> {after}")
        if (more := len(step["changes"]) - MOST_SHOWN) > 0:
            yield f"    and {more} more"
    due, all_of_it = found["due"], len(found["steps"])
    verb = "applied" if found["is_applied"] else "due"
    yield f"{due} of {all_of_it} {verb}." if due else f"Nothing to do: all {all_of_it} are so."


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _plain(line: str) -> str:
    """Nothing that moves a terminal's cursor."""
    return "".join(c if c.isprintable() else " " for c in line)
