"""The house's own rules about code, each a function from a module to what breaks it.

test_house_rules.py holds the whole project to them and shows each a sample that breaks it.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

LONGEST_FILE = 400
LONGEST_FUNCTION = 60
VAGUE_NAMES = re.compile(r"(^|_)(utils?|helpers?|managers?|handlers?|misc|common)$")
PUT_OFF = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
CLOCKS = {
    ("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"),
    ("timezone", "now"), ("time", "time"), ("time", "monotonic"),
}  # fmt: skip


@dataclass(frozen=True)
class Module:
    path: PurePosixPath
    source: str

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.source)

    def below(self, *folders: str) -> bool:
        return any(self.path.is_relative_to(folder) for folder in folders)

    def calls(self) -> Iterator[ast.Call]:
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.Call))


def files_are_short(module: Module) -> Iterator[str]:
    lines = module.source.count("\n")
    if lines > LONGEST_FILE:
        yield f"{lines} lines, at most {LONGEST_FILE}"


def functions_are_short(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            # What is explained is not what is done.
            explained = len((ast.get_docstring(node) or "").splitlines())
            length = node.end_lineno - node.lineno + 1 - explained
            if length > LONGEST_FUNCTION:
                yield f"{node.name} has {length} lines, at most {LONGEST_FUNCTION}"


def modules_say_what_they_are_for(module: Module) -> Iterator[str]:
    if module.tree.body and not ast.get_docstring(module.tree):
        yield "has no docstring"


def names_say_something(module: Module) -> Iterator[str]:
    for part in (*module.path.parent.parts, module.path.stem):
        if VAGUE_NAMES.search(part):
            yield f"{part} says nothing about what is in it"


def nothing_is_put_off(module: Module) -> Iterator[str]:
    for token in tokenize.generate_tokens(io.StringIO(module.source).readline):
        if token.type == tokenize.COMMENT and (found := PUT_OFF.search(token.string)):
            yield f"line {token.start[0]}: {found[1]}"


def rules_know_no_clock(module: Module) -> Iterator[str]:
    """Rules get `now` as an argument, so that a test can say what time it is."""
    if not module.below("exercises/domain"):
        return
    for call in module.calls():
        match call.func:
            case ast.Attribute(attr=name, value=ast.Name(id=owner)) if (owner, name) in CLOCKS:
                yield f"line {call.lineno}: {owner}.{name}()"


def pages_and_api_list_what_one_may_see(module: Module) -> Iterator[str]:
    """Rows come from queries, which know who asks."""
    if not module.below("exercises/web", "exercises/api"):
        return
    for call in module.calls():
        match call.func:
            case ast.Attribute(attr="all", value=ast.Attribute(attr="objects")):
                yield f"line {call.lineno}: .objects.all()"


def messages_are_hints(module: Module) -> Iterator[str]:
    """Times and retries are rows: a queue that loses them must cost nothing."""
    for call in module.calls():
        if not isinstance(call.func, ast.Attribute):
            continue
        keywords = {k.arg for k in call.keywords if k.arg in {"countdown", "eta"}}
        if call.func.attr == "apply_async" and keywords:
            yield f"line {call.lineno}: {' and '.join(sorted(map(str, keywords)))}"
        if call.func.attr == "retry":
            yield f"line {call.lineno}: .retry()"
        match call.func:
            case ast.Attribute(
                attr="get", value=ast.Call(func=ast.Attribute(attr="delay" | "apply_async"))
            ):
                yield f"line {call.lineno}: waits for a result"


EACH: tuple[Callable[[Module], Iterable[str]], ...] = (
    files_are_short,
    functions_are_short,
    modules_say_what_they_are_for,
    names_say_something,
    nothing_is_put_off,
    rules_know_no_clock,
    pages_and_api_list_what_one_may_see,
    messages_are_hints,
)


def modules_that_start_experiments(modules: Iterable[Module]) -> list[str]:
    """FIS's StartExperiment has one way in, behind the gate; more than one is a bypass."""
    return sorted(
        str(module.path)
        for module in modules
        if any(
            isinstance(call.func, ast.Attribute) and call.func.attr == "start_experiment"
            for call in module.calls()
        )
    )
