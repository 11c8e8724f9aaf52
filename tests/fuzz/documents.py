"""Template documents with something wrong in them: the n-th is always the same."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from typing import Any, Final

from exercises.domain.generators import build_definition
from tests import build
from tests.domain.test_generators import CONTEXT
from tests.domain.test_templates_lint import SOUND

ODD: Final[tuple[Any, ...]] = (
    None, True, False, 0, -1, 1.5, 2**53 - 1, 2**53, -(2**63), 10**30, 1e300, "", " ", "x" * 2_000,
    "x" * 100_000, "é😀", "a\u0000b", "\ud800", "{{az}}", "{{ minutes }}", "{{", "{{nobody}}",
    "}}{{", "COUNT(99999)", "PERCENT(0)", "PT-1M", "P1Y", "PT999999999H", "PT1M" * 500,
    "arn:aws:iam::1:role/x", "arn:" * 3_000, "aws:ec2:stop-instance", "__proto__", [], {}, [[]],
    [None] * 2_000, ["Stop-one"] * 50, {"": {}}, {"a b": 1}, {"latency": {"enabled": 1}},
    {"fault_type": "status_code", "rate": 0.5}, '{"a": ' * 30, '{"fault_type": ' + "[" * 99,
)  # fmt: skip
KEYS: Final = (
    "actions", "targets", "stopConditions", "roleArn", "experimentOptions", "resourceTags",
    "resourceArns", "filters", "selectionMode", "parameters", "startAfter", "actionId", "duration",
    "documentArn", "name", "kind", "default", "minimum", "choices", "x" * 70, "", "é", "{{az}}",
)  # fmt: skip
PARAMETERS: Final = (
    {"name": "zone", "kind": "az"},
    {"name": "share", "kind": "int", "minimum": 1, "maximum": 100},
    {"name": "way", "kind": "choice", "choices": ["a", "b"]},
    {"name": "roles", "kind": "list", "default": ["one"]},
)


def seeds() -> list[dict[str, Any]]:
    """Sound ones to begin with: a definition and the parameters that it asks for."""
    generated = build_definition(generator="az_power", definition={}, values={}, context=CONTEXT)
    return [
        {"definition": build.DEFINITION, "parameters": build.PARAMETERS},
        {"definition": SOUND, "parameters": []},
        {"definition": generated, "parameters": list(PARAMETERS)},
    ]


SEEDS: Final = seeds()


def case(number: int) -> tuple[str, str]:
    """The texts of definition and parameters as somebody might send them."""
    luck = random.Random(number)
    document = copy.deepcopy(luck.choice(SEEDS))
    for _ in range(luck.choice((1, 1, 1, 2, 3, 8))):
        luck.choice(CHANGES)(document, luck)
    texts = [_text(document.get(part), luck) for part in ("definition", "parameters")]
    if luck.random() < 0.3:
        which = luck.randrange(2)
        texts[which] = _spoilt(texts[which], luck)
    return texts[0], texts[1]


def _text(value: Any, luck: random.Random) -> str:
    return json.dumps(
        value, ensure_ascii=luck.random() < 0.9, indent=luck.choice((None, 2)), allow_nan=True
    )


def _places(value: Any, into: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Every (container, key) in a document."""
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in list(entries)[:60]:
        into.append((value, key))
        if isinstance(item, dict | list):
            _places(item, into)
    return into


def _place(document: dict[str, Any], luck: random.Random) -> tuple[Any, Any]:
    if not document:  # everything was taken out of it
        document["definition"] = {}
    return luck.choice(_places(document, []))


def _replace(document: dict[str, Any], luck: random.Random) -> None:
    container, key = _place(document, luck)
    container[key] = copy.deepcopy(luck.choice(ODD))


def _remove(document: dict[str, Any], luck: random.Random) -> None:
    container, key = _place(document, luck)
    container.pop(key, None) if isinstance(container, dict) else container.pop(key)


def _add(document: dict[str, Any], luck: random.Random) -> None:
    container, _ = _place(document, luck)
    if isinstance(container, dict):
        container[luck.choice(KEYS)] = copy.deepcopy(luck.choice(ODD))
    else:
        container.append(copy.deepcopy(luck.choice(ODD)))


def _move(document: dict[str, Any], luck: random.Random) -> None:
    """What stands in one place stands in another, too."""
    (into, key), (of, other) = _place(document, luck), _place(document, luck)
    try:
        into[key] = copy.deepcopy(of[other])
    except (KeyError, IndexError):
        return


def _retype(document: dict[str, Any], luck: random.Random) -> None:
    container, key = _place(document, luck)
    value = container[key]
    container[key] = luck.choice(([value], {"a": value}, str(value), [value] * 30))


def _mistype(document: dict[str, Any], luck: random.Random) -> None:
    """A letter of a text or of a key is another one."""
    container, key = _place(document, luck)
    if isinstance(container[key], str) and container[key]:
        text, at = container[key], luck.randrange(len(container[key]))
        container[key] = text[:at] + luck.choice("xX0 ()é{") + text[at + 1 :]
    elif isinstance(container, dict):
        container[str(key)[:-1]] = container.pop(key)


def _multiply(document: dict[str, Any], luck: random.Random) -> None:
    """Many of one kind, each waiting for others."""
    definition = document.get("definition")
    actions = definition.get("actions") if isinstance(definition, dict) else None
    if not isinstance(actions, dict) or not actions:
        return
    name, like = next(iter(actions.items()))
    if not isinstance(like, dict):
        return
    count = luck.choice((12, 25, 25, 25, 400))
    for number in range(count):
        after = [f"{name}{(number + luck.choice((-1, 1, 7))) % count}"]
        actions[f"{name}{number}"] = {**like, "startAfter": luck.choice((after, [], after * 5))}


def _deepen(document: dict[str, Any], luck: random.Random) -> None:
    container, key = _place(document, luck)
    value = container[key]
    for _ in range(luck.choice((5, 30, 60))):
        value = luck.choice(([value], {"a": value}))
    container[key] = value


Change = Callable[[dict[str, Any], random.Random], None]
CHANGES: Final[tuple[Change, ...]] = (
    _replace, _replace, _replace, _remove, _add, _add, _move, _retype, _mistype, _mistype,
    _multiply, _deepen,
)  # fmt: skip


def _spoilt(text: str, luck: random.Random) -> str:
    """Text that is JSON no more, or JSON that two readers would read differently."""
    at = luck.randrange(len(text) + 1)
    return luck.choice(
        (
            text[:at],
            text[:at] + luck.choice('{}[],:"\\\x00\ud800\ufeff9eE.-') + text[at:],
            text[:at] + text[at + 1 :],
            text.replace(":", ": 1e999, :", 1),
            text.replace("{", '{"twice": 1, "twice": 2, ', 1),
            text.replace("null", "NaN"),
            text + text,
            "[" * luck.choice((50, 100_000)) + text,
            " " * 300_000 + text,
            "9" * luck.choice((20, 100_000)),
            "\ufeff" + text,
            "",
        )
    )
