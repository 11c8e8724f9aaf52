"""The engines by the name that a plan carries. services get engines from here."""

from __future__ import annotations

from typing import Final

from exercises.domain.engine_documents import FIS, LAMBDA_CONFIG, TOOLKIT
from exercises.domain.errors import Invalid
from exercises.engines.chaostoolkit import ToolkitEngine
from exercises.engines.fis import FisEngine
from exercises.engines.lambda_config import LambdaConfigEngine
from exercises.engines.protocol import Engine

ENGINES: Final[dict[str, Engine]] = {
    FIS: FisEngine(),
    TOOLKIT: ToolkitEngine(),
    LAMBDA_CONFIG: LambdaConfigEngine(),
}


def engine(name: str) -> Engine:
    """The engine of this name. Raises Invalid for an unknown one."""
    try:
        return ENGINES[name]
    except KeyError:
        raise Invalid("engine", f"unknown, must be one of {', '.join(ENGINES)}") from None
