"""Our FIS definition against what FIS echoes: one normal form, and the differences.

Used by engines.fis. A definition is the body of CreateExperimentTemplate without
clientToken and tags. FIS echoes it with ids, times, defaults and empty members added; in
the normal form both are equal exactly when they would do the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from exercises.domain.plans import JsonObject
from exercises.domain.target_accounts import KEY, MULTI_ACCOUNT, target_accounts

BODY_KEYS: Final = (
    "description",
    "stopConditions",
    "targets",
    "actions",
    "roleArn",
    "experimentOptions",
    "logConfiguration",
    "experimentReportConfiguration",
)

_DEFAULT_OPTIONS: Final = {
    "accountTargeting": "single-account",
    "emptyTargetResolutionMode": "fail",
}
"""What FIS fills in (AWS FIS User Guide, "Experiment options")."""

_PROGRESS: Final = frozenset({"state", "startTime", "endTime"})
"""What FIS adds to the actions of an experiment while it runs."""

_UNORDERED: Final = frozenset({"stopConditions", "resourceArns", "filters", "values", "startAfter"})
"""Lists whose order means nothing: every member counts, wherever it stands."""


def targeting_problem(definition: JsonObject) -> str:
    """Why no template is made or verified of it; empty for none. What reaches several accounts
    names each of them, and what names any says that it reaches several."""
    options = definition.get("experimentOptions")
    given = options.get("accountTargeting") if isinstance(options, Mapping) else None
    targeting = given or _DEFAULT_OPTIONS["accountTargeting"]
    where = f"experimentOptions.accountTargeting: {targeting} is not started"
    if targeting == MULTI_ACCOUNT:
        return "" if target_accounts(definition) else f"{where} without {KEY}"
    if targeting != _DEFAULT_OPTIONS["accountTargeting"]:
        return f"{where}, only single-account and {MULTI_ACCOUNT}"
    return f"{where} with {KEY}" if target_accounts(definition) else ""


def request_body(definition: JsonObject) -> dict[str, Any]:
    """The definition as arguments of CreateExperimentTemplate."""
    return {key: definition[key] for key in BODY_KEYS if definition.get(key) is not None}


def definition_of(echo: Mapping[str, Any]) -> dict[str, Any]:
    """The definition in normal form, of ours or of a template as FIS describes it."""
    body = {key: _normal(echo.get(key), key) for key in BODY_KEYS}
    options = body["experimentOptions"] or {}
    body["experimentOptions"] = {**_DEFAULT_OPTIONS, **options}
    return {key: value for key, value in body.items() if not _is_empty(value)}


def differences(definition: JsonObject, echo: Mapping[str, Any]) -> list[str]:
    """Where the template differs from the definition, as dotted paths with both values."""
    found = _compare(definition_of(definition), definition_of(echo), "")
    accounts = echo.get("targetAccountConfigurationsCount") or 0
    if accounts and not target_accounts(definition):  # with any, each is compared: fis_accounts
        found.append(f"{KEY}: approved none, found {accounts}")
    return found


def differences_of_running(definition: JsonObject, echo: Mapping[str, Any]) -> list[str]:
    """The same for an experiment as FIS describes it: started from a template, it holds all
    of it but the description, and how far each action has come besides."""
    actions = {
        name: {key: value for key, value in action.items() if key not in _PROGRESS}
        for name, action in echo.get("actions", {}).items()
    }
    options = {
        key: value
        for key, value in echo.get("experimentOptions", {}).items()
        if key != "actionsMode"  # of each start: a rehearsal skips them all
    }
    running = {**echo, "actions": actions, "experimentOptions": options}
    return differences({**definition, "description": None}, {**running, "description": None})


def _normal(value: Any, key: str) -> Any:
    if isinstance(value, Mapping):
        members = {name: _normal(member, name) for name, member in value.items()}
        return {name: member for name, member in members.items() if not _is_empty(member)}
    if isinstance(value, (list, tuple)):
        items = [_normal(item, "") for item in value]
        return sorted(items, key=repr) if key in _UNORDERED else items
    return value


def _is_empty(value: object) -> bool:
    return value is None or value in ("", {}, [])


def _compare(approved: Any, found: Any, path: str) -> list[str]:
    if isinstance(approved, Mapping) and isinstance(found, Mapping):
        return [
            line
            for key in sorted(approved.keys() | found.keys())
            for line in _compare(
                approved.get(key), found.get(key), f"{path}.{key}" if path else str(key)
            )
        ]
    if approved == found:
        return []
    return [f"{path}: approved {_words(approved)}, found {_words(found)}"]


def _words(value: object) -> str:
    if value is None:
        return "nothing"
    text = str(value)
    return text if len(text) <= 120 else f"{text[:117]}..."
