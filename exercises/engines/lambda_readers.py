"""Which functions read a fault parameter, by the variables of their environment.

Used by engines.lambda_config. One listing of the Region's functions serves all parameters.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from exercises.aws.failures import aws_errors
from exercises.aws.sessions import Purpose, client
from exercises.domain.engine_values import Target
from exercises.domain.lambda_config import Format
from exercises.domain.plans import AccountAccess

FUNCTION: Final = "aws:lambda:function"


def readers(access: AccountAccess, wanted: Mapping[str, Format]) -> list[Target]:
    """The functions that read these parameters with the library of that format."""
    functions = client(access, "lambda", Purpose.READ)
    found = []
    with aws_errors(f"list functions in {access.account_id}"):
        for page in functions.get_paginator("list_functions").paginate():
            for function in page["Functions"]:
                variables = function.get("Environment", {}).get("Variables", {})
                found += [
                    Target(name, FUNCTION, function["FunctionArn"], "", function["FunctionName"])
                    for name in _named(wanted, variables)
                ]
    return sorted(found, key=lambda target: (target.target_name, target.label))


def _named(wanted: Mapping[str, Format], variables: Mapping[str, str]) -> Collection[str]:
    return [name for name, form in wanted.items() if variables.get(form.variable) == name]
