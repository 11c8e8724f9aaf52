"""JSON with one meaning and one form.

`canonical_bytes` is RFC 8785 (JSON Canonicalization Scheme), so that equal plans have equal
digests. `parse_strict` reads what people and API clients send: a document that two readers
could understand differently is refused. Used by domain.digest, services.catalogue, the API.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from json.encoder import encode_basestring
from typing import Final

from exercises.domain.errors import Invalid

# Beyond this a reader that keeps numbers as IEEE 754 doubles may see another integer.
MAX_SAFE_INTEGER: Final = 2**53 - 1

_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKET: Final = re.compile(r"[\[\]{}]")
_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")


def canonical_bytes(value: object) -> bytes:
    """The one RFC 8785 form of a JSON value.

    Raises TypeError for what is no JSON value, ValueError for a number or text out of range.
    """
    return _form(value).encode("utf-8")


def parse_strict(
    text: str | bytes, *, field: str = "json", max_bytes: int = 262_144, max_depth: int = 40
) -> object:
    """Read one JSON document. Raises Invalid that names the field and where it is wrong."""
    typed = _decoded(text, field, max_bytes)
    _check_depth(typed, field, max_depth)

    def refuse_constant(name: str) -> object:
        raise Invalid(field, f"{name} is not a JSON number")

    def read_integer(digits: str) -> int:
        # The length is looked at first: reading a very long number is slow by itself.
        if len(digits) > 17 or abs(int(digits)) > MAX_SAFE_INTEGER:
            raise Invalid(field, f"the integer {digits[:20]} is beyond ±{MAX_SAFE_INTEGER}")
        return int(digits)

    def read_number(digits: str) -> float:
        number = float(digits)
        if not math.isfinite(number):
            raise Invalid(field, f"the number {digits[:20]} is too large")
        return number

    def read_object(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise Invalid(field, f"the key “{twice}” is there twice in one object")
        return found

    try:
        value: object = json.loads(
            typed,
            parse_constant=refuse_constant,
            parse_int=read_integer,
            parse_float=read_number,
            object_pairs_hook=read_object,
        )
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Invalid(field, f"not JSON: {error.msg} ({where})") from error
    _check_text(value, field)
    return value


def _decoded(text: str | bytes, field: str, max_bytes: int) -> str:
    if len(text) > max_bytes:  # a character is a byte at least: no need to encode it to see
        raise Invalid(field, f"at most {max_bytes:,} bytes; this is {len(text):,} or more")
    try:
        raw = text if isinstance(text, bytes) else text.encode("utf-8")
        typed = raw.decode("utf-8")
    except UnicodeError as error:
        raise Invalid(field, "not UTF-8 text") from error
    if len(raw) > max_bytes:
        raise Invalid(field, f"at most {max_bytes:,} bytes; this is {len(raw):,}")
    if not typed.strip():
        raise Invalid(field, "not JSON: nothing there (line 1, column 1)")
    return typed


def _check_depth(text: str, field: str, max_depth: int) -> None:
    """Counted before parsing, so that no document can exhaust the parser's stack."""
    depth = 0
    for bracket in _BRACKET.findall(_STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        if depth > max_depth:
            raise Invalid(field, f"nested deeper than {max_depth} levels")


def _check_text(value: object, field: str) -> None:
    """No NUL and no half of a surrogate pair: neither can be stored, nor sent as UTF-8."""
    if isinstance(value, str):
        if _UNSTORABLE.search(value):
            raise Invalid(field, f"a character that cannot be stored in {ascii(value)[:60]}")
    elif isinstance(value, dict):
        for name, item in value.items():
            _check_text(name, field)
            _check_text(item, field)
    elif isinstance(value, list):
        for item in value:
            _check_text(item, field)


def _form(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, dict | Mapping):  # the first is told ten times faster
        return "{" + ",".join(f"{_text(k)}:{_form(v)}" for k, v in _sorted(value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(_form(item) for item in value) + "]"
    raise TypeError(f"{type(value).__name__} is not a JSON value")


def _sorted(value: Mapping[object, object]) -> list[tuple[str, object]]:
    pairs = []
    for name, item in value.items():
        if not isinstance(name, str):
            raise TypeError(f"the key {name!r} is not a string")
        pairs.append((name, item))
    return sorted(pairs, key=lambda pair: pair[0].encode("utf-16-be", "surrogatepass"))


def _text(value: str) -> str:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError("half of a surrogate pair is not text") from error
    return encode_basestring(value)


def _number(value: float) -> str:
    """The form of ECMAScript's Number::toString, as RFC 8785 section 3.2.2.3 asks."""
    if isinstance(value, int):
        if abs(value) > MAX_SAFE_INTEGER:
            raise ValueError(f"the integer {value} is beyond ±{MAX_SAFE_INTEGER}")
        return str(value)
    if not math.isfinite(value):
        raise ValueError("NaN and infinity are not JSON numbers")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    # repr() is the shortest text that reads back as the same double, as ECMAScript's is.
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    leading = len(whole + fraction) - len(digits)
    point = len(whole) - leading + int(exponent or 0)
    digits = digits.rstrip("0")
    return sign + _placed(digits, point)


def _placed(digits: str, point: int) -> str:
    """`digits` with the decimal point after `point` of them."""
    count = len(digits)
    if count <= point <= 21:
        return digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return "0." + "0" * -point + digits
    fraction = f".{digits[1:]}" if count > 1 else ""
    return f"{digits[0]}{fraction}e{point - 1:+d}"


def whole_number(value: object) -> int | None:
    """The integer that a JSON number is, None for anything else: 60.0 is 60, because JSON has
    one kind of number only (RFC 8259 section 6)."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
