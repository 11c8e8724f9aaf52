"""Input rules of a botocore shape that botocore itself does not check: length, range, enum.

Used by the wire. Unknown members are ignored, as AWS does. Patterns are searched for and not
matched in full: AWS's own samples hold JSON with spaces where the model says `[\\S]+`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

AnyShape = Any
"""A botocore shape of any kind: `type_name` tells which attributes it has."""

PYTHON_TYPES: Mapping[str, Any] = {
    "string": str,
    "integer": int,
    "long": int,
    "boolean": bool,
    "list": list,
    "map": dict,
    "structure": dict,
    "timestamp": (int, float),
}


def check(shape: AnyShape, value: Any, path: str = "") -> list[str]:
    """What is wrong with a value, in the words of AWS; empty when nothing is."""
    return list(_problems(shape, value, path))


def _problems(shape: AnyShape, value: Any, path: str) -> Iterator[str]:
    kind = shape.type_name
    expected = PYTHON_TYPES[kind]
    is_number_but_bool = isinstance(value, bool) and kind in ("integer", "long", "timestamp")
    if not isinstance(value, expected) or is_number_but_bool:
        yield f"Value at '{path or 'request'}' is not a {kind}"
        return
    yield from _limits(shape, value, path)
    if kind == "structure":
        yield from _members(shape, value, path)
    elif kind == "list":
        for position, item in enumerate(value, start=1):
            yield from _problems(shape.member, item, f"{path}.{position}.member")
    elif kind == "map":
        for key, item in value.items():
            yield from _problems(shape.key, key, f"{path}.key")
            yield from _problems(shape.value, item, f"{path}.{key}.member")


def _members(shape: AnyShape, value: Mapping[str, Any], path: str) -> Iterator[str]:
    prefix = f"{path}." if path else ""
    for name in shape.required_members:
        if value.get(name) is None:
            yield (
                f"Value null at '{prefix}{name}' failed to satisfy constraint: "
                "Member must not be null"
            )
    for name, member in shape.members.items():
        if value.get(name) is not None:
            yield from _problems(member, value[name], prefix + name)


def _limits(shape: AnyShape, value: Any, path: str) -> Iterator[str]:
    def broken(rule: str) -> str:
        shown = str(value)[:80]
        return f"Value '{shown}' at '{path}' failed to satisfy constraint: Member must {rule}"

    limits = shape.metadata
    if shape.type_name in ("string", "list", "map"):
        if len(value) < limits.get("min", 0):
            yield broken(f"have length greater than or equal to {limits['min']}")
        if len(value) > limits.get("max", len(value)):
            yield broken(f"have length less than or equal to {limits['max']}")
    if shape.type_name in ("integer", "long"):
        if value < limits.get("min", value):
            yield broken(f"have value greater than or equal to {limits['min']}")
        if value > limits.get("max", value):
            yield broken(f"have value less than or equal to {limits['max']}")
    if shape.type_name == "string":
        if shape.enum and value not in shape.enum:
            yield broken(f"satisfy enum value set: [{', '.join(shape.enum)}]")
        pattern = limits.get("pattern")
        if pattern and not re.search(_python_pattern(pattern), value):
            yield broken(f"satisfy regular expression pattern: {pattern}")


def _python_pattern(java: str) -> str:
    return (
        java.replace(r"\p{L}", r"a-zA-Z\u00C0-\uFFFF")
        .replace(r"\p{Z}", r"\s")
        .replace(r"\p{N}", "0-9")
    )
