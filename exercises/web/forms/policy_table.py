"""The policy's document as a table of fields, and back. Used by web.policy.

Nothing is checked here: what was typed becomes the document, and domain.policy_document says
what is wrong with it by row and field.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.http import QueryDict

from exercises.domain.blast_radius import Rung
from exercises.domain.capacities import Capacity, label
from exercises.domain.policy import ENVIRONMENTS, MOST_ROWS, TIERS
from exercises.domain.working_hours import WEEKDAYS

ENVIRONMENT_WORDS = {
    "dev": "Development",
    "pre-production": "Pre-production",
    "production": "Production",
}
_NUMBERS = (
    ("max_minutes", "Longest", "min"),
    ("max_targets", "Resources at most", ""),
    ("approval_days", "Approval holds", "days"),
    ("lead_time_h", "Between approval and start", "h"),
    ("rehearsal_age_h", "Rehearsed at most before", "h"),
)
_LISTS = ("environments", "rungs", "tiers")
FIELD_WORDS = {name: words for name, words, _ in _NUMBERS} | {
    "environments": "Where",
    "rungs": "Reaches",
    "tiers": "Tier",
    "approvals": "Who agrees",
    "policy_alone": "Self-service by the policy alone",
    "needs_alarm": "Alarm",
    "hours": "Hours",
}

Row = dict[str, Any]


def rows_to_fill(document: Mapping[str, Any]) -> list[Row]:
    """Each row as the template draws it: boxes with their state, numbers with their unit."""
    rows = document.get("rows")
    return [_drawn(i, row) for i, row in enumerate(rows if isinstance(rows, list) else [])]


def document_from(sent: QueryDict) -> dict[str, object]:
    """What was typed into the table, as a document."""
    count = _number(sent.get("rows", ""))
    within = min(count, MOST_ROWS + 1) if isinstance(count, int) else 0
    return {
        "rows": [_read(sent, i) for i in range(within)],
        "concurrency": {"per_place": _number(sent.get("per_place", ""))},
    }


def rearranged(document: dict[str, Any], then: str) -> dict[str, object] | None:
    """The document after add, remove-2 or up-2 was pressed; None for any other button."""
    rows = list(document["rows"])
    button = re.fullmatch(r"(add|remove|up)(?:-(\d{1,3}))?", then)
    if button is None:
        return None
    at = int(button[2] or 0)
    if button[1] == "add" and rows:
        rows.append(dict(rows[-1]))
    elif button[1] == "remove" and at < len(rows) > 1:
        del rows[at]
    elif button[1] == "up" and 0 < at < len(rows):
        rows[at - 1], rows[at] = rows[at], rows[at - 1]
    return document | {"rows": rows}


def _drawn(index: int, row: object) -> Row:
    typed: Mapping[str, Any] = row if isinstance(row, Mapping) else {}
    approvals = typed.get("approvals")
    asked = approvals if isinstance(approvals, Mapping) else {}
    hours = typed.get("hours")
    when = hours if isinstance(hours, Mapping) else {}
    choices: dict[str, list[tuple[Any, str]]] = {
        "environments": [(name, ENVIRONMENT_WORDS[name]) for name in reversed(ENVIRONMENTS)],
        "rungs": [(rung.value, rung.words) for rung in Rung],
        "tiers": [(tier, f"Tier {tier}") for tier in TIERS],
    }
    return {
        "index": index,
        "groups": [
            (name, FIELD_WORDS[name], _boxes(choices[name], typed.get(name))) for name in _LISTS
        ],
        "people": [(c.value, label(c), asked.get(c.value, 0)) for c in Capacity],
        "numbers": [(name, words, unit, _shown(typed.get(name))) for name, words, unit in _NUMBERS],
        "policy_alone": typed.get("policy_alone") is True,
        "needs_alarm": typed.get("needs_alarm") is True,
        "days": _boxes([(day, day) for day in WEEKDAYS], when.get("days")),
        "zone": when.get("zone", ""),
        "from": when.get("from", ""),
        "until": when.get("until", ""),
    }


def _boxes(choices: list[tuple[Any, str]], chosen: object) -> list[tuple[Any, str, bool]]:
    among = chosen if isinstance(chosen, list) else []
    return [(value, words, value in among) for value, words in choices]


def _shown(value: object) -> object:
    return "" if value is None else value


def _read(sent: QueryDict, index: int) -> dict[str, object]:
    def one(name: str) -> str:
        return sent.get(f"{index}-{name}", "").strip()

    row: dict[str, object] = {
        "environments": sent.getlist(f"{index}-environments"),
        "rungs": [_number(text) for text in sent.getlist(f"{index}-rungs")],
        "tiers": [_number(text) for text in sent.getlist(f"{index}-tiers")],
        "approvals": {
            c.value: _number(one(c.value)) for c in Capacity if one(c.value) not in {"", "0"}
        },
        "policy_alone": bool(one("policy_alone")),
        "needs_alarm": bool(one("needs_alarm")),
    }
    row |= {name: _number(one(name)) for name, _, _ in _NUMBERS if one(name)}
    days = sent.getlist(f"{index}-days")
    if days or one("from") or one("until"):
        row["hours"] = {
            "zone": one("zone"),
            "days": days,
            "from": one("from"),
            "until": one("until"),
        }
    return row


def _number(text: str) -> int | str:
    """A whole number; anything else stays as it was typed, to be refused by its field."""
    return int(text) if re.fullmatch(r"\d{1,9}", text, re.ASCII) else text
