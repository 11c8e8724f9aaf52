"""The three formats in which a Lambda function reads its faults. Pure.

chaos_lambda 0.3 (aws-lambda-chaos-injection), failure-lambda before 1.0 and since: README of
each. What a format cannot say is named and refused, never left out. Used by
domain.lambda_documents, domain.lambda_imports and engines.lambda_config.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from exercises.domain.errors import Invalid
from exercises.domain.lambda_config import (
    KINDS,
    MAX_VALUE_BYTES,
    Fault,
    Format,
    Match,
    fault_of,
)


def write(form: Format, faults: Sequence[Fault]) -> str:
    """The value of a parameter that injects these faults. Raises Invalid that names everything
    that this format cannot say, and a value that is too long."""
    problems = [
        (f"faults[{index}].{field}", f"{form.words} {text}")
        for index, fault in enumerate(faults)
        for field, text in _beyond(form, fault)
    ]
    if len(faults) > 1 and form is not Format.FAILURE_LAMBDA_1:
        problems.append(("faults", f"{form.words} injects one kind of fault at a time"))
    if len({fault.kind for fault in faults}) < len(faults):
        problems.append(("faults", "each kind of fault once"))
    if problems:
        raise Invalid.of(problems)
    text = json.dumps(_WRITERS[form](faults), ensure_ascii=False, separators=(",", ":"))
    size = len(text.encode())
    if size > MAX_VALUE_BYTES:
        raise Invalid(
            "faults", f"at most {MAX_VALUE_BYTES:,} bytes in a parameter; this is {size:,}"
        )
    return text


_TAKES: Final = {
    Format.CHAOS_LAMBDA: frozenset({"latency", "exception", "status_code"}),
    Format.FAILURE_LAMBDA_0: frozenset(
        {"latency", "exception", "status_code", "diskspace", "denylist"}
    ),
    Format.FAILURE_LAMBDA_1: frozenset(KINDS),
}


def _beyond(form: Format, fault: Fault) -> Iterator[tuple[str, str]]:
    """What of a fault this format has no words for."""
    if fault.kind not in _TAKES[form]:
        yield "kind", f"knows {', '.join(sorted(_TAKES[form]))}, not {fault.kind}"
    if fault.match and form is not Format.FAILURE_LAMBDA_1:
        yield "match", "hits every invocation alike"
    if form is Format.CHAOS_LAMBDA and fault.most_delay_ms != fault.delay_ms:
        yield "most_delay_ms", "waits for one fixed time"
    if form is Format.FAILURE_LAMBDA_1 and fault.percent != int(fault.percent):
        yield "percent", "takes whole percentages"


def _write_chaos_lambda(faults: Sequence[Fault]) -> dict[str, object]:
    if not faults:
        return {"is_enabled": False}
    [fault] = faults
    own: dict[str, dict[str, object]] = {
        "latency": {"delay": fault.delay_ms},
        "exception": {"exception_msg": fault.message},
        "status_code": {"error_code": fault.status},
    }
    return {"fault_type": fault.kind, "is_enabled": True, **own[fault.kind], "rate": _rate(fault)}


def _write_flat(faults: Sequence[Fault]) -> dict[str, object]:
    if not faults:
        return {"isEnabled": False}
    [fault] = faults
    own: dict[str, dict[str, object]] = {
        "latency": {"minLatency": fault.delay_ms, "maxLatency": fault.most_delay_ms},
        "exception": {"exceptionMsg": fault.message},
        "status_code": {"statusCode": fault.status},
        "diskspace": {"diskSpace": fault.disk_mb},
        "denylist": {"denylist": list(fault.hosts)},
    }
    mode = fault.kind.replace("_", "")
    return {"isEnabled": True, "failureMode": mode, "rate": _rate(fault), **own[fault.kind]}


def _write_flags(faults: Sequence[Fault]) -> dict[str, object]:
    return {fault.kind.replace("_", ""): _flag(fault) for fault in faults}


def _flag(fault: Fault) -> dict[str, object]:
    own: dict[str, dict[str, object]] = {
        "latency": {"min_latency": fault.delay_ms, "max_latency": fault.most_delay_ms},
        "exception": {"exception_msg": fault.message},
        "status_code": {"status_code": fault.status},
        "diskspace": {"disk_space": fault.disk_mb},
        "denylist": {"deny_list": list(fault.hosts)},
        "timeout": {"timeout_buffer_ms": fault.buffer_ms},
        "corruption": {"body": fault.body},
    }
    match = [_condition(each) for each in fault.match]
    flag = {"enabled": True, "percentage": int(fault.percent), **own[fault.kind]}
    return {**flag, "match": match} if match else flag


def _condition(match: Match) -> dict[str, object]:
    condition: dict[str, object] = {"path": match.path, "operator": match.operator}
    return condition if match.operator == "exists" else {**condition, "value": match.value}


_WRITERS: Final[Mapping[Format, Callable[[Sequence[Fault]], dict[str, object]]]] = {
    Format.CHAOS_LAMBDA: _write_chaos_lambda,
    Format.FAILURE_LAMBDA_0: _write_flat,
    Format.FAILURE_LAMBDA_1: _write_flags,
}


def _rate(fault: Fault) -> float:
    rate = round(fault.percent / 100, 6)
    return int(rate) if rate == int(rate) else rate


def is_off(form: Format, text: str) -> bool:
    """Whether this value injects nothing. Raises Invalid when it cannot be read: then nobody
    knows."""
    return not read(form, text)


def read(form: Format, text: str) -> tuple[Fault, ...]:
    """The faults that a value injects; none when it is empty or switched off. Raises Invalid
    that names what is not of this format."""
    given = _object(text)
    if not given:
        return ()
    return tuple(_READERS[form](given))


def convert(text: str, source: Format, target: Format) -> str:
    """The same faults in another format. Raises Invalid that names all that it cannot say."""
    return write(target, read(source, text))


def format_of(given: Mapping[str, object]) -> Format | None:
    """The format of a value, by its keys; None when it is none of the three."""
    if "is_enabled" in given:
        return Format.CHAOS_LAMBDA
    if "isEnabled" in given:
        return Format.FAILURE_LAMBDA_0
    flags = all(isinstance(flag, Mapping) and "enabled" in flag for flag in given.values())
    return Format.FAILURE_LAMBDA_1 if given and flags else None


def _object(text: str) -> dict[str, Any]:
    if not text.strip():
        return {}
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        raise Invalid("value", "is no JSON") from None
    if not isinstance(given, dict):
        raise Invalid("value", "is no JSON object")
    return given


def _read_chaos_lambda(given: Mapping[str, Any]) -> Iterator[Fault]:
    if not isinstance(given.get("is_enabled"), bool):
        raise Invalid("is_enabled", "true or false; without it every invocation fails")
    if given["is_enabled"]:
        names = {"delay": "delay_ms", "exception_msg": "message", "error_code": "status"}
        kind = given.get("fault_type")
        yield _fault(
            Format.CHAOS_LAMBDA, kind, given, names, known={"fault_type", "is_enabled", "rate"}
        )


def _read_flat(given: Mapping[str, Any]) -> Iterator[Fault]:
    if not isinstance(given.get("isEnabled"), bool):
        raise Invalid("isEnabled", "true or false")
    if given["isEnabled"]:
        names = {
            "minLatency": "delay_ms",
            "maxLatency": "most_delay_ms",
            "exceptionMsg": "message",
            "statusCode": "status",
            "diskSpace": "disk_mb",
            "denylist": "hosts",
        }
        kind = _kind(given.get("failureMode"))
        yield _fault(
            Format.FAILURE_LAMBDA_0, kind, given, names, known={"failureMode", "isEnabled", "rate"}
        )


_FLAG_NAMES: Final = {
    "min_latency": "delay_ms",
    "max_latency": "most_delay_ms",
    "exception_msg": "message",
    "status_code": "status",
    "disk_space": "disk_mb",
    "deny_list": "hosts",
    "timeout_buffer_ms": "buffer_ms",
    "body": "body",
}


def _read_flags(given: Mapping[str, Any]) -> Iterator[Fault]:
    for name, flag in given.items():
        if not isinstance(flag, Mapping) or not isinstance(flag.get("enabled"), bool):
            raise Invalid(name, "a flag with enabled: true or false")
        if not flag["enabled"]:
            continue
        percent = flag.get("percentage", 100)
        is_number = isinstance(percent, int | float) and not isinstance(percent, bool)
        entry = {**flag, "rate": percent / 100 if is_number else percent}
        known = {"enabled", "percentage", "rate"}
        yield _fault(Format.FAILURE_LAMBDA_1, _kind(name), entry, _FLAG_NAMES, known=known)


_READERS: Final[Mapping[Format, Callable[[Mapping[str, Any]], Iterator[Fault]]]] = {
    Format.CHAOS_LAMBDA: _read_chaos_lambda,
    Format.FAILURE_LAMBDA_0: _read_flat,
    Format.FAILURE_LAMBDA_1: _read_flags,
}


def _kind(name: object) -> object:
    return "status_code" if name == "statuscode" else name


def _fault(
    form: Format,
    kind: object,
    given: Mapping[str, Any],
    names: Mapping[str, str],
    *,
    known: set[str],
) -> Fault:
    """One fault of a value. The libraries ignore what belongs to another kind of fault, so it
    is left out here; a key that none of them knows is named."""
    if kind not in _TAKES[form]:
        raise Invalid("kind", f"{form.words} knows {', '.join(sorted(_TAKES[form]))}")
    strangers = sorted(given.keys() - names.keys() - known - {"match"})
    if strangers:
        raise Invalid.of([(name, "is nothing that this library reads") for name in strangers])
    rate = given.get("rate", 1)
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate <= 1:
        raise Invalid("rate", "from 0 to 1")
    wanted = {field.name for field in KINDS.get(str(kind), ())}
    own = {names[name]: given[name] for name in names.keys() & given.keys()}
    entry: dict[str, object] = {name: value for name, value in own.items() if name in wanted}
    conditions = {"match": given["match"]} if "match" in given else {}
    return fault_of({"kind": kind, "percent": round(rate * 100, 4), **entry, **conditions})
