"""/api/docs/: the API's reference as a page of ours, made from the OpenAPI document.

Swagger UI needs inline styles, which our content security policy refuses; this page needs
no script at all, and reads well on a phone.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET
from drf_spectacular.generators import SchemaGenerator

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    type: str
    required: bool
    note: str


@dataclass(frozen=True, slots=True)
class Operation:
    id: str
    method: str
    path: str
    summary: str
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    answer: tuple[Field, ...]
    answers_list: bool


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    operations: tuple[Operation, ...]


@require_GET
@login_required
def api_docs(request: HttpRequest) -> HttpResponse:
    return render(request, "api/docs.html", {"groups": reference()})


@functools.cache
def reference() -> tuple[Group, ...]:
    """The reference, made once a process: the document changes only with the code."""
    document = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    groups: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        name = path.removeprefix("/api/v1/").split("/")[0]
        for method, operation in methods.items():
            if path.startswith("/api/v1/"):
                groups.setdefault(name, []).append(_operation(document, path, method, operation))
    return tuple(Group(name, tuple(operations)) for name, operations in groups.items())


def _operation(document: Json, path: str, method: str, operation: Json) -> Operation:
    answer, is_list = _answer(document, operation)
    return Operation(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=str(operation.get("description", "")).strip(),
        parameters=tuple(_parameter(p) for p in operation.get("parameters", ())),
        body=_fields(document, _schema_of(operation.get("requestBody", {}))),
        answer=answer,
        answers_list=is_list,
    )


def _answer(document: Json, operation: Json) -> tuple[tuple[Field, ...], bool]:
    ok: Json = next((r for code, r in operation["responses"].items() if code[0] == "2"), {})
    schema = _resolve(document, _schema_of(ok))
    rows = schema.get("properties", {}).get("results")
    if rows is not None:
        return _fields(document, rows["items"]), True
    if schema.get("type") == "array":
        return _fields(document, schema["items"]), True
    return _fields(document, schema), False


def _schema_of(holder: Json) -> Json:
    content = holder.get("content", {})
    for body in content.values():
        found: Json = body.get("schema", {})
        return found
    return {}


def _resolve(document: Json, schema: Json) -> Json:
    reference = schema.get("$ref")
    if not reference and len(schema.get("allOf", ())) == 1:
        reference = schema["allOf"][0].get("$ref")
    if not reference:
        return schema
    found: Json = document["components"]["schemas"][reference.rsplit("/", 1)[1]]
    return found


def _fields(document: Json, schema: Json) -> tuple[Field, ...]:
    schema = _resolve(document, schema)
    required = set(schema.get("required", ()))
    return tuple(
        Field(name, _type(document, value), name in required, _note(value))
        for name, value in schema.get("properties", {}).items()
    )


def _parameter(parameter: Json) -> Field:
    schema = parameter.get("schema", {})
    where = f"in the {parameter['in']}"
    choices = ", ".join(str(c) for c in schema.get("enum", ()) if c not in {None, ""})
    note = ". ".join(part for part in (where, parameter.get("description", ""), choices) if part)
    return Field(
        parameter["name"], str(schema.get("type", "")), parameter.get("required", False), note
    )


def _type(document: Json, schema: Json) -> str:
    options = schema.get("oneOf") or schema.get("anyOf") or schema.get("allOf") or [schema]
    names: list[str] = []
    for option in options:
        resolved = _resolve(document, option)
        if "enum" in resolved:
            names += [str(value) for value in resolved["enum"] if value not in {None, ""}]
            continue
        kinds = resolved.get("type", "object")
        kinds = kinds if isinstance(kinds, list) else [kinds]
        for kind in kinds:
            shape = resolved.get("format", "")
            names.append(f"{kind} ({shape})" if shape and kind != "null" else str(kind))
    return " or ".join(dict.fromkeys(names))


def _note(schema: Json) -> str:
    limits = [
        f"{words} {schema[name]:,}"
        for name, words in (
            ("minLength", "at least this long:"),
            ("maxLength", "at most this long:"),
            ("minimum", "least"),
            ("maximum", "most"),
        )
        if name in schema
    ]
    default = schema.get("default")
    if default not in (None, "", {}, []):
        limits.append(f"default {default}")
    return ". ".join(
        [str(schema.get("description", "")).strip().rstrip("."), ", ".join(limits)]
    ).strip(". ")
