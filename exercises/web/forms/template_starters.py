"""What a new template of each engine starts from: a small document that can be published.

Used by web.forms.templates. Each passes the checks of its engine; a test publishes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from exercises.domain.engine_documents import FIS, LAMBDA_CONFIG, TOOLKIT

_FIS: Final = {
    "description": "Stop one instance of {{application}} for {{minutes}} minutes",
    "targets": {
        "one-instance": {
            "resourceType": "aws:ec2:instance",
            "resourceTags": {"chaosplane:application": "{{application}}"},
            "filters": [{"path": "State.Name", "values": ["running"]}],
            "selectionMode": "COUNT(1)",
        }
    },
    "actions": {
        "Stop-one-instance": {
            "actionId": "aws:ec2:stop-instances",
            "parameters": {"startInstancesAfterDuration": "PT{{minutes}}M"},
            "targets": {"Instances": "one-instance"},
        }
    },
    "stopConditions": [{"source": "aws:cloudwatch:alarm", "value": "{{alarm_arn}}"}],
    "roleArn": "{{fis_role_arn}}",
    "experimentOptions": {
        "accountTargeting": "single-account",
        "emptyTargetResolutionMode": "fail",
    },
}
_FIS_PARAMETERS: Final = [
    {
        "name": "minutes",
        "label": "Stopped for",
        "kind": "minutes",
        "default": 10,
        "required": True,
        "minimum": 1,
        "maximum": 30,
        "unit": "min",
    }
]

_LAMBDA: Final = {
    "description": "{{percent}} % of the invocations wait {{delay_ms}} ms",
    "duration": "PT{{minutes}}M",
    "parameters": [
        {
            "name": "{{parameter}}",
            "format": "{{format}}",
            "faults": [{"kind": "latency", "delay_ms": "{{delay_ms}}", "percent": "{{percent}}"}],
        }
    ],
    "stopConditions": [{"source": "aws:cloudwatch:alarm", "value": "{{alarm_arn}}"}],
}
_LAMBDA_PARAMETERS: Final = [
    {
        "name": "parameter",
        "label": "Parameter of Systems Manager",
        "kind": "text",
        "default": "/example/search/faults",
        "required": True,
        "help": "The one that the functions name in CHAOS_PARAM or FAILURE_INJECTION_PARAM.",
    },
    {
        "name": "format",
        "label": "Read by",
        "kind": "choice",
        "default": "failure_lambda_1",
        "required": True,
        "choices": ["chaos_lambda", "failure_lambda_0", "failure_lambda_1"],
    },
    {
        "name": "delay_ms",
        "label": "Delay",
        "kind": "int",
        "default": 400,
        "required": True,
        "minimum": 1,
        "maximum": 900000,
        "unit": "ms",
    },
    {
        "name": "percent",
        "label": "Invocations that are hit",
        "kind": "int",
        "default": 50,
        "required": True,
        "minimum": 1,
        "maximum": 100,
        "unit": "%",
    },
    {
        "name": "minutes",
        "label": "Lasts",
        "kind": "minutes",
        "default": 10,
        "required": True,
        "minimum": 2,
        "maximum": 60,
        "unit": "min",
    },
]

_TOOLKIT: Final = {
    "experiment": {
        "title": "{{service}} without tasks",
        "description": "The service is set to no tasks and put back.",
        "configuration": {"cluster": "{{cluster}}", "service": "{{service}}"},
        "method": [
            {
                "type": "action",
                "name": "to-zero",
                "provider": {
                    "type": "python",
                    "module": "chaosaws.ecs.actions",
                    "func": "update_desired_count",
                    "arguments": {
                        "cluster": "${cluster}",
                        "service": "${service}",
                        "desired_count": 0,
                    },
                },
                "pauses": {"after": 150},
            }
        ],
        "rollbacks": [
            {
                "type": "action",
                "name": "put-back",
                "provider": {
                    "type": "python",
                    "module": "chaosaws.ecs.actions",
                    "func": "update_desired_count",
                    "arguments": {
                        "cluster": "${cluster}",
                        "service": "${service}",
                        "desired_count": "{{tasks}}",
                    },
                },
            }
        ],
    },
    "loads": {},
    "deadline": "PT15M",
    "stopConditions": [{"source": "aws:cloudwatch:alarm", "value": "{{alarm_arn}}"}],
}
_TOOLKIT_PARAMETERS: Final = [
    {
        "name": "cluster",
        "label": "ECS cluster",
        "kind": "text",
        "default": "example-cluster",
        "required": True,
    },
    {
        "name": "service",
        "label": "ECS service",
        "kind": "text",
        "default": "example-service",
        "required": True,
    },
    {
        "name": "tasks",
        "label": "Tasks it has",
        "kind": "int",
        "default": 1,
        "required": True,
        "minimum": 1,
        "maximum": 100,
        "help": "As many are put back at the end.",
    },
]

STARTERS: Final[Mapping[str, tuple[dict[str, Any], list[dict[str, Any]]]]] = {
    FIS: (_FIS, _FIS_PARAMETERS),
    TOOLKIT: (_TOOLKIT, _TOOLKIT_PARAMETERS),
    LAMBDA_CONFIG: (_LAMBDA, _LAMBDA_PARAMETERS),
}
