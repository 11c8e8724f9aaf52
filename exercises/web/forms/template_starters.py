"""What a new template of each engine starts from: a small document that can be published.

Used by web.forms.templates. Each passes the checks of its engine; a test publishes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from exercises.domain.engine_documents import FIS

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

STARTERS: Final[Mapping[str, tuple[dict[str, Any], list[dict[str, Any]]]]] = {
    FIS: (_FIS, _FIS_PARAMETERS),
}
