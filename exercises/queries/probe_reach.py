"""What a probe reads may not be reached from here: another account, or a host nobody allowed.

Asked where an experiment is proposed and where a deployment's own probes are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.conf import settings

from exercises.domain.errors import Invalid
from exercises.domain.probe_sources import ALARM, ALARM_ARN, OUTSIDE, check_allowed
from exercises.domain.steady_state import ProbeSpec
from exercises.models import AccountRegion


def reach_problems(specs: Sequence[ProbeSpec], place: AccountRegion) -> list[tuple[str, str]]:
    """Every probe that cannot be read in this account and Region, as (field, problem)."""
    problems: list[tuple[str, str]] = []
    for index, spec in enumerate(specs):
        match = ALARM_ARN.fullmatch(spec.alarm)
        if spec.kind == ALARM and match and not _is_in(place, match[1], match[2]):
            said = f"lies in {match[2]} {match[1]}, not in {place.account.account_id}"
            problems.append((f"steady_state[{index}].alarm", f"{said} {place.region}"))
        if spec.kind in OUTSIDE:
            try:
                check_allowed(spec.url, settings.CHAOSPLANE_PROBE_ORIGINS)
            except Invalid as error:
                problems += [(f"steady_state[{index}].url", text) for _, text in error.problems]
    return problems


MOST_EXPECTED: Final = 5


def expected_problems(arns: Sequence[str], place: AccountRegion) -> list[tuple[str, str]]:
    """What is wrong with the alarms that an experiment expects, each by its line."""
    problems: list[tuple[str, str]] = []
    if len(arns) > MOST_EXPECTED:
        problems.append(("expected_alarms", f"at most {MOST_EXPECTED} alarms"))
    if len(set(arns)) < len(arns):
        problems.append(("expected_alarms", "each alarm once"))
    for number, arn in enumerate(arns[:MOST_EXPECTED], start=1):
        match = ALARM_ARN.fullmatch(arn)
        said = ""
        if match is None:
            said = "a CloudWatch alarm ARN: arn:aws:cloudwatch:…:alarm:<name>"
        elif not _is_in(place, match[1], match[2]):
            said = f"is in {match[1]} of account {match[2]}, the deployment is in {place}"
        if said:
            problems.append(("expected_alarms", f"line {number}: {said}"))
    return problems


def _is_in(place: AccountRegion, region: str, account_id: str) -> bool:
    return (place.region, place.account.account_id) == (region, account_id)
