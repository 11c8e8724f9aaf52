"""What is wrong with a FIS document, before FIS or a run finds out.

Rules are those of CreateExperimentTemplate (AWS FIS API Reference) and of the actions
reference, plus ours for production: no experiment without an alarm that stops it. What is
allowed but risky is for domain.risks_lint. Called by services.catalogue on publishing and by
queries.lint on proposing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from exercises.domain.durations import iso_seconds
from exercises.domain.errors import Invalid
from exercises.domain.fis_catalogue import DURATIONS, MAX_DURATION_S, FisAction, actions, nearest
from exercises.domain.lint_rules import Problem
from exercises.domain.plans import JsonObject
from exercises.domain.target_accounts import KEY, MULTI_ACCOUNT
from exercises.domain.timeline import planned_actions

# AWS FIS User Guide, "Quotas and limitations for AWS FIS"
MAX_ACTIONS: Final = 20
MAX_PARALLEL: Final = 10
MAX_STOP_CONDITIONS: Final = 5
MAX_ARNS: Final = 5
MAX_NAME: Final = 64
MAX_DESCRIPTION: Final = 512

REQUIRED: Final = ("description", "actions", "stopConditions", "roleArn")
OPTIONAL: Final = (
    "targets",
    "experimentOptions",
    "logConfiguration",
    "experimentReportConfiguration",
)
OURS: Final = ("clientToken", "tags")

_SELECTION: Final = re.compile(r"ALL|COUNT\(([1-9][0-9]{0,3})\)|PERCENT\(([1-9][0-9]?|100)\)")
_ROLE: Final = re.compile(r"arn:aws[\w-]*:iam::[0-9]{12}:role/[\w+=,.@/-]+", re.ASCII)
_ALARM: Final = re.compile(r"arn:aws[\w-]*:cloudwatch:[a-z0-9-]+:[0-9]{12}:alarm:.+", re.ASCII)
_OPTIONS: Final = {
    "accountTargeting": ("single-account",),
    "emptyTargetResolutionMode": ("fail", "skip"),
}
_CHOSEN: Final = "further accounts are chosen when an experiment is proposed"


def lint(
    definition: JsonObject,
    *,
    production: bool,
    known: Mapping[str, FisAction] | None = None,
) -> list[Problem]:
    """Every mistake found, in the order of the document; empty when it is sound.

    `known` are the actions that there are: those of the actions reference, and what accounts
    said that they offer besides.
    """
    offered = actions() if known is None else known
    return [
        *_keys(definition),
        *_targets(definition, offered),
        *_actions(definition, offered),
        *_order(definition),
        *stop_condition_problems(definition.get("stopConditions"), production=production),
        *_options(definition.get("experimentOptions", {})),
    ]


def _keys(definition: JsonObject) -> Iterator[Problem]:
    for key in REQUIRED:
        if key not in definition:
            yield Problem(key, "is missing", "FIS-DOC-001")
    for key in definition.keys() - {*REQUIRED, *OPTIONAL}:
        yield Problem(key, _why_no_key(key), "FIS-DOC-001")
    description = definition.get("description", "-")
    if not isinstance(description, str) or not 1 <= len(description) <= MAX_DESCRIPTION:
        yield Problem("description", f"text of 1 to {MAX_DESCRIPTION} characters", "FIS-DOC-002")
    role = definition.get("roleArn")
    if role is not None and not (isinstance(role, str) and _ROLE.fullmatch(role)):
        yield Problem("roleArn", "the ARN of an IAM role", "FIS-DOC-003")


def _why_no_key(key: str) -> str:
    if key == KEY:
        return f"leave it out: {_CHOSEN}"
    return "is set by chaosplane; leave it out" if key in OURS else "is no key of a FIS template"


def _named(definition: JsonObject, part: str) -> Iterator[tuple[str, str, object]]:
    """(path, name, entry) of each target or action."""
    entries = definition.get(part, {})
    if isinstance(entries, Mapping):
        for name, entry in entries.items():
            yield f"{part}.{name}", name, entry


def _name_problems(path: str, name: str) -> Iterator[Problem]:
    if not name or len(name) > MAX_NAME or re.search(r"\s", name):
        yield Problem(path, f"a name of 1 to {MAX_NAME} characters without spaces", "FIS-DOC-004")


def _targets(definition: JsonObject, offered: Mapping[str, FisAction]) -> Iterator[Problem]:
    types = {kind for action in offered.values() for kind in action.targets.values()}
    if not isinstance(definition.get("targets", {}), Mapping):
        yield Problem("targets", "an object with one entry a target", "FIS-DOC-005")
    for path, name, target in _named(definition, "targets"):
        yield from _name_problems(path, name)
        if not isinstance(target, Mapping):
            yield Problem(path, "an object", "FIS-DOC-005")
            continue
        yield from _target(path, target, types)


def _target(path: str, target: Mapping[str, object], types: Collection[str]) -> Iterator[Problem]:
    if str(target.get("resourceType")) not in types:
        yield Problem(
            f"{path}.resourceType", "a type that FIS knows, such as aws:ec2:instance", "FIS-TGT-001"
        )
    mode = target.get("selectionMode")
    if not isinstance(mode, str) or not _SELECTION.fullmatch(mode):
        yield Problem(f"{path}.selectionMode", "ALL, COUNT(n) or PERCENT(1 to 100)", "FIS-TGT-002")
    arns, tags = target.get("resourceArns"), target.get("resourceTags")
    if not arns and not tags and not target.get("parameters"):
        yield Problem(path, "needs resourceTags, resourceArns or parameters", "FIS-TGT-003")
    if arns and tags:
        yield Problem(f"{path}.resourceArns", "either ARNs or tags, not both", "FIS-TGT-004")
    if arns and target.get("filters"):
        yield Problem(f"{path}.filters", "filters refine tags, not ARNs", "FIS-TGT-005")
    if arns is not None and not (isinstance(arns, list) and len(arns) <= MAX_ARNS):
        yield Problem(f"{path}.resourceArns", f"a list of at most {MAX_ARNS} ARNs", "FIS-TGT-006")
    for key in ("resourceTags", "parameters"):
        yield from _strings(f"{path}.{key}", target.get(key, {}))
    yield from _filters(f"{path}.filters", target.get("filters", []))


def _filters(path: str, filters: object) -> Iterator[Problem]:
    if not isinstance(filters, list):
        yield Problem(path, "a list", "FIS-DOC-005")
        return
    for index, item in enumerate(filters):
        is_sound = (
            isinstance(item, Mapping)
            and isinstance(item.get("path"), str)
            and isinstance(item.get("values"), list)
            and item["values"]
            and all(isinstance(value, str) for value in item["values"])
        )
        if not is_sound:
            yield Problem(f"{path}[{index}]", "a path and a list of texts as values", "FIS-TGT-007")


def _strings(path: str, value: object) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        yield Problem(path, "an object", "FIS-DOC-005")
        return
    for name, item in value.items():
        if not isinstance(item, str):
            yield Problem(
                f"{path}.{name}", "text in quotes; FIS takes no other kind here", "FIS-DOC-005"
            )


def _actions(definition: JsonObject, offered: Mapping[str, FisAction]) -> Iterator[Problem]:
    entries = definition.get("actions", {"-": {}})
    if not isinstance(entries, Mapping) or not entries:
        yield Problem("actions", "an object with at least one action", "FIS-ACT-001")
        return
    if len(entries) > MAX_ACTIONS:
        yield Problem(
            "actions", f"at most {MAX_ACTIONS} actions; these are {len(entries)}", "FIS-ACT-001"
        )
    for place, (path, name, action) in enumerate(_named(definition, "actions")):
        yield from _name_problems(path, name)
        if not isinstance(action, Mapping):
            yield Problem(path, "an object", "FIS-DOC-005")
            continue
        action_id = str(action.get("actionId", ""))
        known = offered.get(action_id)
        if known is None:
            # Comparing is slow, and a document with more than these is refused anyway.
            near = nearest(action_id, offered) if place < MAX_ACTIONS else ""
            hint = f"; did you mean {near}?" if near else ""
            yield Problem(
                f"{path}.actionId", f"“{action_id[:80]}” is no action of FIS{hint}", "FIS-ACT-002"
            )
            continue
        yield from _parameters(f"{path}.parameters", action.get("parameters", {}), known)
        yield from _action_targets(path, action.get("targets", {}), known, definition)


def _parameters(path: str, parameters: object, known: FisAction) -> Iterator[Problem]:
    yield from _strings(path, parameters)
    if not isinstance(parameters, Mapping):
        return
    for name in sorted(known.required - parameters.keys()):
        yield Problem(f"{path}.{name}", f"is missing; {known.action_id} needs it", "FIS-ACT-003")
    for name in sorted(parameters.keys() - known.required - known.optional):
        yield Problem(f"{path}.{name}", f"is no parameter of {known.action_id}", "FIS-ACT-003")
    yield from _document_problems(path, parameters, known)
    for name in DURATIONS:
        text = parameters.get(name)
        if isinstance(text, str) and not _is_duration(text, known):
            yield Problem(f"{path}.{name}", _between(known), "FIS-ACT-004")


def _document_problems(
    path: str, parameters: Mapping[str, object], known: FisAction
) -> Iterator[Problem]:
    """A numbered version of a Systems Manager document never changes; the default one does,
    after everybody has approved it."""
    if "documentArn" not in known.required:
        return
    version = parameters.get("documentVersion")
    if not (isinstance(version, str) and re.fullmatch(r"[1-9][0-9]{0,8}", version, re.ASCII)):
        yield Problem(
            f"{path}.documentVersion",
            "the number of a version such as 3: the document may change, the version does not",
            "FIS-ACT-005",
        )


def _is_duration(text: str, known: FisAction) -> bool:
    try:
        return known.least_s <= iso_seconds(text) <= known.most_s
    except Invalid:
        return False


def _between(known: FisAction) -> str:
    def words(seconds: int) -> str:
        for size, unit in ((3600, "hours"), (60, "minutes")):
            if seconds % size == 0 and seconds > size:
                return f"{seconds // size} {unit}"
        return "1 minute" if seconds == 60 else f"{seconds} s"

    return f"a duration such as PT5M, from {words(known.least_s)} to {words(known.most_s)}"


def _action_targets(
    path: str, targets: object, known: FisAction, definition: JsonObject
) -> Iterator[Problem]:
    if not isinstance(targets, Mapping):
        yield Problem(f"{path}.targets", "an object", "FIS-DOC-005")
        return
    for key in sorted(known.targets.keys() - targets.keys()):
        yield Problem(
            f"{path}.targets.{key}", f"is missing; {known.action_id} needs it", "FIS-ACT-006"
        )
    defined = {name: target for _, name, target in _named(definition, "targets")}
    for key, name in targets.items():
        wanted = known.targets.get(key)
        target = defined.get(name) if isinstance(name, str) else None
        if wanted is None:
            yield Problem(
                f"{path}.targets.{key}", f"is no target of {known.action_id}", "FIS-ACT-006"
            )
        elif target is None:
            yield Problem(f"{path}.targets.{key}", f"there is no target “{name}”", "FIS-ACT-006")
        elif isinstance(target, Mapping) and target.get("resourceType") != wanted:
            yield Problem(
                f"{path}.targets.{key}",
                f"takes {wanted}; “{name}” is of another type",
                "FIS-ACT-006",
            )


def _order(definition: JsonObject) -> Iterator[Problem]:
    names = {name for _, name, _ in _named(definition, "actions")}
    for path, name, action in _named(definition, "actions"):
        after = action.get("startAfter", []) if isinstance(action, Mapping) else []
        if not isinstance(after, list) or not all(isinstance(other, str) for other in after):
            yield Problem(f"{path}.startAfter", "a list of names of actions", "FIS-DOC-005")
            continue
        for other in after:
            if other not in names:
                yield Problem(f"{path}.startAfter", f"there is no action “{other}”", "FIS-ACT-007")
            elif other == name:
                yield Problem(
                    f"{path}.startAfter", "an action cannot wait for itself", "FIS-ACT-007"
                )
    planned = planned_actions(definition)
    sound = {name for _, name, entry in _named(definition, "actions") if isinstance(entry, Mapping)}
    circle = sorted(sound - {action.name for action in planned})
    if circle:
        yield Problem(
            "actions", f"{', '.join(circle)} wait for each other and never start", "FIS-ACT-007"
        )
    for moment in sorted({action.offset_s for action in planned}):
        # An action without a duration still takes a moment.
        running = [a for a in planned if a.offset_s <= moment < max(a.ends_s, a.offset_s + 1)]
        if len(running) > MAX_PARALLEL:
            yield Problem(
                "actions", f"at most {MAX_PARALLEL} at once; here {len(running)}", "FIS-ACT-008"
            )
            break
    if max((action.ends_s for action in planned), default=0) > MAX_DURATION_S:
        yield Problem("actions", "together at most 12 hours", "FIS-ACT-008")


def stop_condition_problems(conditions: object, *, production: bool) -> Iterator[Problem]:
    """Of any engine's document: the alarms that stop it, or none outside production."""
    if conditions is None:
        return
    if not isinstance(conditions, list) or not 1 <= len(conditions) <= MAX_STOP_CONDITIONS:
        yield Problem(
            "stopConditions",
            f"a list of 1 to {MAX_STOP_CONDITIONS} stop conditions",
            "FIS-STOP-002",
        )
        return
    for index, condition in enumerate(conditions):
        path = f"stopConditions[{index}]"
        source = condition.get("source") if isinstance(condition, Mapping) else None
        value = condition.get("value") if isinstance(condition, Mapping) else None
        if source == "none":
            if production:
                yield Problem(
                    path,
                    "in production an alarm must be able to stop the experiment",
                    "FIS-STOP-001",
                )
        elif source != "aws:cloudwatch:alarm":
            yield Problem(
                f"{path}.source", "aws:cloudwatch:alarm, or none outside production", "FIS-STOP-002"
            )
        elif not (isinstance(value, str) and _ALARM.fullmatch(value)):
            yield Problem(f"{path}.value", "the ARN of a CloudWatch alarm", "FIS-STOP-002")


def _options(options: object) -> Iterator[Problem]:
    if not isinstance(options, Mapping):
        yield Problem("experimentOptions", "an object", "FIS-DOC-005")
        return
    for name, value in options.items():
        if name not in _OPTIONS:
            yield Problem(
                f"experimentOptions.{name}", "is no option of a FIS template", "FIS-DOC-006"
            )
        elif name == "accountTargeting" and value == MULTI_ACCOUNT:
            why = f"single-account: {_CHOSEN}"
            yield Problem(f"experimentOptions.{name}", why, "FIS-DOC-006")
        elif value not in _OPTIONS[name]:
            yield Problem(f"experimentOptions.{name}", " or ".join(_OPTIONS[name]), "FIS-DOC-006")
