"""The rest-json wire of FIS, driven by botocore's own service model.

Routes a request to an operation, checks its input against the model, serialises the result
and parses it again with botocore's parser, so that no response can differ from the model.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, unquote

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel
from botocore.parsers import create_parser

from simulator.checks import AnyShape, check

STATUS_WITHOUT_MODEL = {
    "AccessDeniedException": 403,
    "ThrottlingException": 429,
    "UnknownOperationException": 404,
    "InternalServerException": 500,
}


class ApiError(Exception):
    """An error that the caller sees, by its FIS code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Response:
    """What goes back over HTTP."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Wire:
    """Requests and responses of one rest-json service."""

    def __init__(self, service: str = "fis") -> None:
        self._model = ServiceModel(Loader().load_service_model(service, "service-2"), service)
        self._parser = create_parser("rest-json")
        self._routes = sorted(
            (self._route(name) for name in self._model.operation_names),
            key=lambda route: -len(route[1].pattern),
        )

    @property
    def operations(self) -> list[str]:
        """The names of every operation of the service."""
        return list(self._model.operation_names)

    def _route(self, name: str) -> tuple[str, re.Pattern[str], OperationModel]:
        operation = self._model.operation_model(name)
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", operation.http["requestUri"])
        return operation.http["method"], re.compile(f"^{pattern}/?$"), operation

    def match(self, method: str, raw_path: str) -> tuple[OperationModel, dict[str, str]]:
        """The operation of a still percent-encoded path, and the values inside the path."""
        for wanted, pattern, operation in self._routes:
            hit = pattern.match(raw_path)
            if hit and wanted == method:
                return operation, {key: unquote(value) for key, value in hit.groupdict().items()}
        raise ApiError("UnknownOperationException", f"No operation answers {method} {raw_path}.")

    def read(
        self, operation: OperationModel, in_path: Mapping[str, str], query: str, body: bytes
    ) -> dict[str, Any]:
        """The checked input of an operation."""
        shape = operation.input_shape
        if shape is None:
            return {}
        document = _document(body)
        queried = parse_qs(query, keep_blank_values=True)
        given = {}
        for name, member in shape.members.items():
            value = _located(name, member, in_path, queried, document)
            if value is not None:
                given[name] = value
        problems = check(shape, given)
        if problems:
            plural = "s" if len(problems) > 1 else ""
            count = f"{len(problems)} validation error{plural} detected: "
            raise ApiError("ValidationException", count + "; ".join(problems))
        return given

    def write(self, operation: OperationModel, result: Mapping[str, Any]) -> Response:
        """The response of an operation, proven against botocore's parser."""
        shape = operation.output_shape
        body = json.dumps(_serialise(shape, result, operation.name) if shape else {}).encode()
        raw = {"status_code": 200, "headers": {}, "body": body}
        parsed = self._parser.parse(raw, shape) if shape else {}
        lost = set(json.loads(body)) - set(parsed)
        if lost:
            raise AssertionError(f"{operation.name}: botocore would not read {sorted(lost)}")
        return Response(200, {}, body)

    def error(self, error: ApiError) -> Response:
        """The response of a failed call, with the status code of its model."""
        status = STATUS_WITHOUT_MODEL.get(error.code, 400)
        if error.code in self._model.shape_names:
            status = self._model.shape_for(error.code).metadata["error"]["httpStatusCode"]
        body = json.dumps({"message": error.message}).encode()
        return Response(status, {"x-amzn-ErrorType": error.code}, body)


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body) if body else {}
    except ValueError as error:
        raise ApiError("SerializationException", f"The body is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise ApiError("SerializationException", "The body is not a JSON object.")
    return document


def _located(
    name: str,
    member: AnyShape,
    in_path: Mapping[str, str],
    queried: Mapping[str, list[str]],
    document: Mapping[str, Any],
) -> Any:
    where = member.serialization.get("location")
    wire_name = member.serialization.get("name", name)
    if where == "uri":
        return in_path.get(wire_name)
    if where != "querystring":
        return document.get(wire_name)
    values = queried.get(wire_name)
    if values is None or member.type_name == "list":
        return values
    if member.type_name in ("integer", "long"):
        if not re.fullmatch(r"-?\d+", values[0]):
            raise ApiError("SerializationException", f"{wire_name} is not a number.")
        return int(values[0])
    return values[0]


def _serialise(shape: AnyShape, value: Any, path: str) -> Any:
    kind = shape.type_name
    if kind == "structure":
        extra = set(value) - set(shape.members)
        if extra:
            raise AssertionError(f"{path}: not in the model: {sorted(extra)}")
        return {
            member.serialization.get("name", key): _serialise(member, value[key], f"{path}.{key}")
            for key, member in shape.members.items()
            if value.get(key) is not None
        }
    if kind == "list":
        return [_serialise(shape.member, item, path) for item in value]
    if kind == "map":
        return {key: _serialise(shape.value, item, f"{path}.{key}") for key, item in value.items()}
    if kind == "timestamp":
        moment = value.timestamp() if isinstance(value, datetime) else float(value)
        return round(moment, 3)
    if kind == "string":
        if shape.enum and value not in shape.enum:
            raise AssertionError(f"{path}: {value!r} is not one of {shape.enum}")
        if len(value) > shape.metadata.get("max", len(value)):
            raise AssertionError(f"{path}: longer than {shape.metadata['max']} characters")
    return value
