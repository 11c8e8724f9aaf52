"""One activity of a Chaos Toolkit experiment: what it may be, and what has to take it back.

Only domain.toolkit_document uses it. Python calls only functions of the allow-list
(domain.toolkit_functions), a process is only `locust`, HTTP is bounded in time.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from exercises.domain.errors import Invalid
from exercises.domain.probe_sources import place_of
from exercises.domain.toolkit_functions import COUNT, IDENTITY, TEXT, function
from exercises.domain.toolkit_loads import METHODS, read_run

Problems = Iterator[tuple[str, str]]

LASTS: Final = "lasts until it is put back"
LOCUST: Final = "locust"
LONGEST_PAUSE_S: Final = 3_300
LONGEST_HTTP_S: Final = 30
LONGEST_PUT_BACK_S: Final = 60
"""Nobody waits longer for rollbacks: engines.toolkit_supervisor ends what takes twice as long."""
_KEYS: Final = frozenset(
    {"type", "name", "provider", "background", "pauses", "tolerance", "contributions"}
)
_REFUSED: Final = {
    "ref": "is not taken: what it names could be changed behind it; write the activity here",
    "controls": "is not taken: a control is a program that runs beside the activity",
}
_PROVIDERS: Final[Mapping[str, frozenset[str]]] = {
    "python": frozenset({"type", "module", "func", "arguments"}),
    "process": frozenset({"type", "path", "arguments", "timeout"}),
    "http": frozenset({"type", "url", "method", "headers", "arguments", "timeout"}),
}
_TOLERANCES: Final = ("range", "regex", "jsonpath")
_VARIABLE: Final = re.compile(r"\$\{([^}]*)\}")


def resolved(value: Any, values: Mapping[str, object]) -> Any:
    """With `${name}` replaced by what the configuration says; unknown names stay."""
    if isinstance(value, str):
        whole = _VARIABLE.fullmatch(value)
        if whole and whole[1] in values:
            return values[whole[1]]
        return _VARIABLE.sub(lambda found: str(values.get(found[1], found[0])), value)
    if isinstance(value, Mapping):
        return {key: resolved(item, values) for key, item in value.items()}
    return [resolved(item, values) for item in value] if isinstance(value, list) else value


def activity_problems(
    path: str,
    entry: Mapping[str, Any],
    *,
    part: str,
    values: Mapping[str, object],
    loads: Collection[str],
) -> Problems:
    """Everything wrong with one activity; `part` is where it stands."""
    for key in sorted(entry.keys() - _KEYS):
        yield f"{path}.{key}", _REFUSED.get(key, "is no part of an activity")
    kind = entry.get("type")
    wanted = {"probes": ("probe",), "rollbacks": ("action",)}.get(part, ("action", "probe"))
    if kind not in wanted:
        yield f"{path}.type", f"one of {', '.join(wanted)} here"
    if not isinstance(entry.get("background", False), bool):
        yield f"{path}.background", "true or false"
    if part != "method" and entry.get("background"):
        yield f"{path}.background", "only in the method: these are waited for"
    yield from _pauses(f"{path}.pauses", entry.get("pauses", {}))
    if part == "probes":
        yield from _tolerance(f"{path}.tolerance", entry.get("tolerance"))
    yield from _provider(f"{path}.provider", entry["provider"], kind, values, loads)


def _pauses(path: str, pauses: object) -> Problems:
    if not isinstance(pauses, Mapping) or pauses.keys() - {"before", "after"}:
        yield path, "an object with before and after"
        return
    for key, seconds in pauses.items():
        if not _is_seconds(seconds, 0, LONGEST_PAUSE_S):
            yield (
                f"{path}.{key}",
                f"0 to {LONGEST_PAUSE_S:,} seconds",
            )


def _is_seconds(value: object, least: float, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most


def _tolerance(path: str, tolerance: object) -> Problems:
    if isinstance(tolerance, str | int | float | bool):
        return
    if isinstance(tolerance, list) and 1 <= len(tolerance) <= 50:
        return
    is_known = isinstance(tolerance, Mapping) and tolerance.get("type") in _TOLERANCES
    if not is_known:
        yield path, f"a value, a list, or an object of type {', '.join(_TOLERANCES)}"


def _provider(
    path: str,
    raw: Mapping[str, Any],
    kind: object,
    values: Mapping[str, object],
    loads: Collection[str],
) -> Problems:
    known = _PROVIDERS.get(str(raw.get("type")))
    if known is None:
        yield f"{path}.type", f"one of {', '.join(_PROVIDERS)}"
        return
    for key in sorted(raw.keys() - known):
        yield f"{path}.{key}", f"is not taken in a {raw['type']} activity"
    for key in ("module", "func", "path", "method"):
        if "${" in str(raw.get(key, "")):
            yield f"{path}.{key}", "written out: what runs is not chosen by a value"
            return
    provider = resolved(raw, values)
    if left := _VARIABLE.search(str(provider)):
        yield path, f"{left[0][:60]} is no value of the configuration"
    match raw["type"]:
        case "python":
            yield from _python(path, provider, kind)
        case "process":
            yield from _process(path, provider, loads)
        case _:
            yield from _http(path, provider)


def _python(path: str, provider: Mapping[str, Any], kind: object) -> Problems:
    called = f"{provider.get('module')}.{provider.get('func')}"
    known = function(provider.get("module"), provider.get("func"))
    if known is None:
        yield f"{path}.module", f"{called[:120]} is not among the functions that may be called"
        return
    if known.kind != kind:
        yield (
            f"{path}.func",
            f"{called} is an {known.kind}"
            if kind == "probe"
            else (f"{called} is a {known.kind}, which changes nothing"),
        )
    arguments = provider.get("arguments", {})
    if not isinstance(arguments, Mapping):
        yield f"{path}.arguments", "an object"
        return
    for name in known.needs:
        if name not in arguments:
            yield f"{path}.arguments.{name}", f"is needed by {called}"
    for name, value in arguments.items():
        wanted = known.takes.get(name)
        if wanted is None:
            yield f"{path}.arguments.{name}", f"is no argument of {called} that may be given"
        elif not _is_of(value, wanted, known.cap.get(name, 1_000_000)):
            most = f" up to {known.cap[name]}" if name in known.cap else ""
            yield f"{path}.arguments.{name}", f"{wanted}{most}"
    if "task_count" in known.takes and len({"task_count", "task_percent"} & arguments.keys()) != 1:
        yield f"{path}.arguments", "either task_count or task_percent"


def _is_of(value: object, wanted: str, most: int) -> bool:
    if wanted == COUNT:
        return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most
    return wanted == TEXT and isinstance(value, str) and 1 <= len(value) <= 4_096


def _process(path: str, provider: Mapping[str, Any], loads: Collection[str]) -> Problems:
    if provider.get("path") != LOCUST:
        yield f"{path}.path", f"only {LOCUST}, by this name: no other program is run"
        return
    try:
        run = read_run(provider.get("arguments"), loads)
    except Invalid as error:
        yield from ((f"{path}.{field}", problem) for field, problem in error.problems)
        return
    timeout = provider.get("timeout", run.seconds + 30)
    if not _is_seconds(timeout, run.seconds, 3_300):
        yield f"{path}.timeout", f"at least the run time, {run.seconds} seconds, at most 3,300"


def _http(path: str, provider: Mapping[str, Any]) -> Problems:
    try:
        place_of(str(provider.get("url", "")))
    except Invalid as error:
        yield f"{path}.url", error.problems[0][1]
    if provider.get("method", "GET") not in METHODS:
        yield f"{path}.method", f"one of {', '.join(METHODS)}"
    if not _is_seconds(provider.get("timeout", LONGEST_HTTP_S), 0.1, LONGEST_HTTP_S):
        yield f"{path}.timeout", f"at most {LONGEST_HTTP_S} seconds"
    if not isinstance(provider.get("headers", {}), Mapping):
        yield f"{path}.headers", "an object"


def length_problems(rollbacks: Sequence[Mapping[str, Any]]) -> Problems:
    """A fault must be taken back soon: no load is put on meanwhile, and pauses are short."""
    seconds = 0.0
    for index, activity in enumerate(rollbacks):
        provider, pauses = activity["provider"], activity.get("pauses")
        if provider.get("type") == "process":
            where = f"experiment.rollbacks[{index}].provider.type"
            yield where, "no process here: a rollback only puts back"
        waits = list(pauses.values()) if isinstance(pauses, Mapping) else []
        if provider.get("type") == "http":
            waits.append(provider.get("timeout", LONGEST_HTTP_S))
        seconds += sum(wait for wait in waits if _is_seconds(wait, 0, LONGEST_PAUSE_S))
    if seconds > LONGEST_PUT_BACK_S:
        most = f"pauses and timeouts of at most {LONGEST_PUT_BACK_S} seconds in all"
        yield "experiment.rollbacks", f"{most}; these are {seconds:g}"


def undo_problems(
    method: Sequence[Mapping[str, Any]], rollbacks: Sequence[Mapping[str, Any]]
) -> Problems:
    """What lasts needs a rollback that puts it back: a stop has nothing else to do it with."""
    undone = {
        (provider.get("func"), resource_of(provider))
        for provider in (activity["provider"] for activity in rollbacks)
    }
    for index, activity in enumerate(method):
        provider = activity["provider"]
        known = function(provider.get("module"), provider.get("func"))
        if known is None or not known.undone_by:
            continue
        resource = resource_of(provider)
        if not any((name, resource) in undone for name in known.undone_by):
            needed = f"{known.undone_by[0]} on the same {known.resource}"
            yield f"experiment.method[{index}]", f"{LASTS}: a rollback with {needed} is needed"


def resource_of(provider: Mapping[str, Any]) -> tuple[str, ...]:
    """Which resource a Python activity touches, by the arguments that name it."""
    known = function(provider.get("module"), provider.get("func"))
    arguments = provider.get("arguments")
    if known is None or not isinstance(arguments, Mapping):
        return ()
    names = IDENTITY.get(known.resource, ())
    return tuple(str(arguments.get(name, "")) for name in names)
