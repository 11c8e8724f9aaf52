"""Load that a Chaos Toolkit experiment puts on a service with Locust, described as data.

A locustfile is a program, so none is taken: `loads` of the document says which requests the
users send, and the engine's own locustfile sends them. Here is what such a description and
the arguments of the process activity may hold, and how the time of a load is made shorter.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from exercises.domain.errors import Invalid
from exercises.domain.probe_sources import check_allowed, place_of

Problems = Iterator[tuple[str, str]]

MOST_LOADS: Final = 5
MOST_REQUESTS: Final = 20
MOST_USERS: Final = 1_000
MOST_BODY: Final = 10_000
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_NAME: Final = re.compile(r"(?!(?:experiment|journal|rollbacks)$)[a-z0-9][a-z0-9-]{0,63}")
"""Its files are named after it, beside those of the run itself."""
_REQUEST_KEYS: Final = frozenset({"method", "path", "headers", "json", "weight"})
_HEADER: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_TIMESPAN: Final = re.compile(r"(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s?)?", re.ASCII)
_FLAGS: Final = {
    "-f": "file",
    "--locustfile": "file",
    "-u": "users",
    "--users": "users",
    "-r": "rate",
    "--spawn-rate": "rate",
    "-t": "run_time",
    "--run-time": "run_time",
}
HEADLESS: Final = "--headless"


@dataclass(frozen=True, slots=True)
class Run:
    """The arguments of one `locust`: which load, how many users, for how many seconds."""

    load: str
    users: int
    spawn_rate: float
    seconds: int


def load_problems(loads: object) -> Problems:
    """Everything wrong with the descriptions, by its place in the document."""
    if not isinstance(loads, Mapping) or len(loads) > MOST_LOADS:
        yield "loads", f"an object of at most {MOST_LOADS} loads by their names"
        return
    for name, load in loads.items():
        path = f"loads.{name}"
        if not _NAME.fullmatch(str(name)):
            yield (
                path,
                "up to 64 small letters, digits and hyphens; not experiment, journal or rollbacks",
            )
        if not isinstance(load, Mapping) or load.keys() - {"host", "wait_s", "requests"}:
            yield path, "an object with host, requests and, if wanted, wait_s"
            continue
        try:
            place_of(str(load.get("host", "")))
        except Invalid as error:
            yield f"{path}.host", error.problems[0][1]
        if not _is_number(load.get("wait_s", 1), 0, 60):
            yield f"{path}.wait_s", "seconds between two requests of a user, 0 to 60"
        yield from _requests(f"{path}.requests", load.get("requests"))


def _requests(path: str, requests: object) -> Problems:
    if not isinstance(requests, list) or not 1 <= len(requests) <= MOST_REQUESTS:
        yield path, f"1 to {MOST_REQUESTS} requests"
        return
    for index, request in enumerate(requests):
        where = f"{path}[{index}]"
        if not isinstance(request, Mapping) or request.keys() - _REQUEST_KEYS:
            yield where, f"an object with {', '.join(sorted(_REQUEST_KEYS))}"
            continue
        if request.get("method") not in METHODS:
            yield f"{where}.method", f"one of {', '.join(METHODS)}"
        target = request.get("path")
        if not isinstance(target, str) or not re.fullmatch(r"/(?!/)[!-~]{0,999}", target):
            yield f"{where}.path", "a path that begins with one slash, up to 1,000 characters"
        if not _is_number(request.get("weight", 1), 1, 100):
            yield f"{where}.weight", "between 1 and 100"
        yield from _headers(f"{where}.headers", request.get("headers", {}))
        if len(str(request.get("json", ""))) > MOST_BODY:
            yield f"{where}.json", f"at most {MOST_BODY:,} characters"


def _headers(path: str, headers: object) -> Problems:
    if not isinstance(headers, Mapping) or len(headers) > 20:
        yield path, "an object of at most 20 headers"
        return
    for name, value in headers.items():
        if not _HEADER.fullmatch(str(name)) or not _is_line(value):
            yield path, "names of letters, digits and hyphens, values of one line of ASCII"
            return


def _is_line(value: object) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"[ -~]{0,1000}", value))


def _is_number(value: object, least: float, most: float) -> bool:
    is_one = isinstance(value, int | float) and not isinstance(value, bool)
    return is_one and least <= float(str(value)) <= most


def origin_problems(loads: Mapping[str, object], allowed: Collection[str]) -> Problems:
    """The hosts that the operator does not let be reached."""
    for name, load in loads.items():
        host = load.get("host") if isinstance(load, Mapping) else None
        try:
            check_allowed(str(host), allowed)
        except Invalid as error:
            yield f"loads.{name}.host", error.problems[0][1]


def read_run(arguments: object, loads: Collection[str]) -> Run:
    """The arguments of `locust`. Raises Invalid that names what is wrong."""
    if not isinstance(arguments, Sequence) or isinstance(arguments, str):
        raise Invalid("arguments", "a list: text would go through a shell")
    words = [str(word) for word in arguments]
    if words.count(HEADLESS) != 1:
        raise Invalid("arguments", f"must hold {HEADLESS} once: nobody looks at Locust's own page")
    words.remove(HEADLESS)
    given: dict[str, str] = {}
    while words:
        flag = words.pop(0)
        key = _FLAGS.get(flag)
        if key is None or not words or key in given:
            allowed = ", ".join(flag for flag in _FLAGS if not flag.startswith("--"))
            raise Invalid(
                "arguments",
                f"{flag[:40]!r}: only {HEADLESS} and {allowed}, each once with a value",
            )
        given[key] = words.pop(0)
    if given.get("file") not in loads:
        raise Invalid("arguments", "-f names one of loads: a locustfile, a program, is not taken")
    return Run(given["file"], _users(given), _rate(given), _seconds(given))


def _users(given: Mapping[str, str]) -> int:
    text = given.get("users", "")
    if not re.fullmatch(r"\d{1,5}", text, re.ASCII) or not 1 <= int(text) <= MOST_USERS:
        raise Invalid("arguments", f"-u: between 1 and {MOST_USERS:,} users")
    return int(text)


def _rate(given: Mapping[str, str]) -> float:
    text = given.get("rate", "1")
    if not re.fullmatch(r"\d{1,4}(\.\d{1,3})?", text, re.ASCII) or not 0 < float(text) <= 100:
        raise Invalid("arguments", "-r: above 0 and at most 100 users a second")
    return float(text)


def _seconds(given: Mapping[str, str]) -> int:
    match = _TIMESPAN.fullmatch(given.get("run_time", ""))
    units = zip((3600, 60, 1), match.groups("0") if match else (), strict=False)
    seconds = sum(unit * int(number) for unit, number in units)
    if not 1 <= seconds <= 3300:
        raise Invalid("arguments", "-t: a run time such as 2m, between 1 second and 55 minutes")
    return seconds


def file_of(load: str) -> str:
    """What its two files are called. Locust puts their folder first on the path of imports:
    with hyphens the name is that of no module, so a load called `json` hides none."""
    return f"load-of-{load}"


def words_of(run: Run, *, speed: float) -> list[str]:
    """The arguments again, with the time at this speed; Locust counts in whole seconds."""
    seconds = max(1, round(run.seconds / speed))
    rate = min(run.spawn_rate * speed, float(run.users))
    return [HEADLESS, "-u", str(run.users), "-r", f"{rate:g}", "-t", f"{seconds}s"]
