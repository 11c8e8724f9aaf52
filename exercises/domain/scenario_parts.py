"""What scenarios are built of: the whole document around their targets and actions, and the
questions they ask. Called by domain.scenarios and its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

Body = dict[str, Any]
Values = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Scene:
    """Where it happens and to whom. `scope` are the tags of the application's resources."""

    region: str
    az: str
    application: str
    scope: Mapping[str, str]
    fis_role_arn: str
    alarm_arns: Sequence[str]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A template to begin from; `build` makes the document of an experiment.

    `is_aws` says whether AWS has it in its library; `is_zonal`, whether it stays in one zone.
    """

    key: str
    name: str
    summary: str
    failure_family: str
    rung: int
    hypothesis: str
    parameters: tuple[Mapping[str, object], ...]
    build: Callable[[Values, Scene], Body]
    is_aws: bool = True
    is_zonal: bool = True


def body(
    scene: Scene, what: str, targets: Body, actions: Body, *, where: str = "", empty: str = "skip"
) -> Body:
    """The whole body of CreateExperimentTemplate.

    What is not there is skipped, because a zone rarely holds every kind of resource; a scenario
    of one kind says `empty="fail"`, or nothing would be hit and nobody told.
    """
    conditions = [{"source": "aws:cloudwatch:alarm", "value": arn} for arn in scene.alarm_arns]
    return {
        "description": f"{what} of {scene.application} in {where or scene.az}",
        "targets": targets,
        "actions": actions,
        "stopConditions": conditions or [{"source": "none"}],
        "roleArn": scene.fis_role_arn,
        "experimentOptions": {
            "accountTargeting": "single-account",
            "emptyTargetResolutionMode": empty,
        },
    }


def number(values: Values, name: str) -> int:
    return cast("int", values[name])


def text(values: Values, name: str) -> str:
    return str(values.get(name) or "")


RUNNING: Final[tuple[Body, ...]] = ({"path": "State.Name", "values": ["running"]},)


def in_zone(scene: Scene, path: str) -> Body:
    return {"path": path, "values": [scene.az]}


def chained(actions: Sequence[tuple[str, Body]]) -> Body:
    """Actions of which each begins when the one before it has ended."""
    chain: Body = {}
    for name, action in actions:
        after = [*chain][-1:]
        chain[name] = action | ({"startAfter": after} if after else {})
    return chain


# -- Questions -----------------------------------------------------------------------------


def minutes(default: int, most: int, label: str = "Lasts") -> Mapping[str, object]:
    return asked(
        "minutes", label, "minutes", default=default, required=True, minimum=1, maximum=most,
        unit="min",
    )  # fmt: skip


def whole(
    name: str, label: str, unit: str, *, default: int, most: int, least: int = 1, note: str = ""
) -> Mapping[str, object]:
    return asked(
        name, label, "int", default=default, required=True, minimum=least, maximum=most,
        unit=unit, help=note,
    )  # fmt: skip


def asked(name: str, label: str, kind: str = "text", **more: object) -> Mapping[str, object]:
    return {"name": name, "label": label, "kind": kind, **more}
