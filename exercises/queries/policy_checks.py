"""The policy list beside a proposal: every rule, whether it holds now, and why not.

Used by the propose page, by the inbox and by the experiment's page. Works on a draft that
is not saved yet, as long as it has an exercise with a window.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from exercises.domain.conflicts import Clash, Kind, Level
from exercises.domain.failure_families import related
from exercises.domain.finding_states import STANDING
from exercises.domain.lint_rules import RULES, Rule
from exercises.domain.policy import PolicyRules
from exercises.models import Experiment, Finding, Run, TargetPreview
from exercises.queries.conflicts import conflicts_of, span_of
from exercises.queries.freezes import freezes_holding
from exercises.queries.ladder import ladder_answer
from exercises.queries.lint import warnings_of
from exercises.queries.plans import problems_of
from exercises.queries.policy import current_policy, row_of
from exercises.queries.policy_limits import limit_lines

MOST_SHOWN = 3
_LABELS: Final = {
    "also_in": "Also in",
    "az": "Availability Zone",
    "expected_alarms": "Alarms that should fire",
    "own_start": "Start",
    "recheck_after_min": "Check again",
    "steady_state": "Probes",
    "target_cap": "At most",
    "title": "Name",
}


@dataclass(frozen=True, slots=True)
class PolicyCheck:
    """One line: ok, warn or fail, the rule, what was seen, and where to read on.

    `rule` is the linter's, where it is one of those.
    """

    status: str
    label: str
    detail: str = ""
    finding: Finding | None = None
    rule: Rule | None = None


def policy_checks(
    experiment: Experiment, *, now: datetime, preview: TargetPreview | None = None
) -> list[PolicyCheck]:
    """The list, problems first."""
    policy = current_policy()
    checks = [
        *_content(experiment, now),
        *_risks(experiment, preview),
        *_accounts(experiment),
        *_targets(experiment, preview),
        *_foreign_probes(experiment),
        _freeze(experiment, now),
        conflict(experiment),
        *_limits(experiment, policy, now),
        _automatic_stop(experiment, policy),
        _ladder(experiment, now),
        _tried_before(experiment),
        *_open_findings(experiment),
    ]
    order = {"fail": 0, "warn": 1, "pending": 2, "ok": 3}
    return sorted(checks, key=lambda check: order[check.status])


def _content(experiment: Experiment, now: datetime) -> list[PolicyCheck]:
    problems = problems_of(experiment, now=now)
    if not problems:
        return [PolicyCheck("ok", "Plan is complete and within its limits")]
    return [PolicyCheck("fail", _sentence(text), field_words(field)) for field, text in problems]


def _risks(experiment: Experiment, preview: TargetPreview | None) -> list[PolicyCheck]:
    """What is allowed and risky: for whoever decides to weigh."""
    return [
        PolicyCheck("warn", _sentence(p.message), field_words(p.field), rule=p.rule)
        for p in warnings_of(experiment, preview=preview)
    ]


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def field_words(field: str) -> str:
    """A field as its control is called: `steady_state[2].low` is Probe 3 / low."""
    if field in _LABELS:
        return _LABELS[field]
    probe = re.sub(r"^steady_state\[(\d+)\]", lambda at: f"Probe {int(at[1]) + 1}", field)
    return _sentence(probe.removeprefix("parameters.").replace("_", " ").replace(".", " / "))


def _targets(experiment: Experiment, preview: TargetPreview | None) -> list[PolicyCheck]:
    if preview is None:
        return [PolicyCheck("pending", "Targets not looked up yet")]
    if preview.problem:
        return [PolicyCheck("fail", "Targets cannot be looked up", preview.problem)]
    count = len({target["arn"] for target in preview.targets})
    if count == 0:
        return [PolicyCheck("fail", "Nothing would be hit", "No resource carries the tags.")]
    inside = count <= experiment.target_cap
    label = "Inside the limit of resources" if inside else "More resources than the limit"
    return [
        PolicyCheck(
            "ok" if inside else "fail", label, f"{count} of at most {experiment.target_cap}"
        )
    ]


def _accounts(experiment: Experiment) -> list[PolicyCheck]:
    places = experiment.places()
    if len(places) == 1:
        return []
    return [PolicyCheck("ok", f"Hits {len(places)} accounts", experiment.account_words)]


def _foreign_probes(experiment: Experiment) -> list[PolicyCheck]:
    """Probes that measure what this deployment does not: chosen for another one, perhaps, and
    then they stay inside whatever is done here."""
    known = [_measured(probe) for probe in experiment.deployment.steady_state]
    foreign = [
        str(probe.get("name", ""))
        for probe in experiment.steady_state
        if _measured(probe) not in known
    ]
    if not known or not foreign:
        return []
    label = "Probes measure something other than this deployment's own"
    return [PolicyCheck("warn", label, ", ".join(foreign))]


def _measured(probe: Mapping[str, object]) -> tuple[object, ...]:
    return probe.get("namespace"), probe.get("metric"), probe.get("dimensions")


def _freeze(experiment: Experiment, now: datetime) -> PolicyCheck:
    window = span_of(experiment) or experiment.exercise.window
    hits = freezes_holding(experiment, window, now=now)
    if hits:
        return PolicyCheck("fail", "A freeze covers the slot", ", ".join(f.name for f in hits))
    return PolicyCheck("ok", "No freeze in the slot")


def conflict(experiment: Experiment) -> PolicyCheck:
    """What else is planned for the same minutes and would be in the way."""
    found = conflicts_of(experiment)
    if found is None:
        return PolicyCheck("pending", "Conflicts are looked up when the plan is complete")
    serious = [clash for clash in found if clash.level is not Level.NOTE]
    if not serious:
        return PolicyCheck("ok", "No conflict in the slot")
    mine = experiment.pk or 0
    words = [_conflict_words(clash, mine) for clash in serious[:MOST_SHOWN]]
    if len(serious) > MOST_SHOWN:
        words.append(f"And {len(serious) - MOST_SHOWN} more.")
    return PolicyCheck("warn", "In the way of others in this slot", " ".join(words))


def _conflict_words(clash: Clash, mine: int) -> str:
    others = [slot.label for slot in clash.slots if slot.id != mine]
    if clash.kind is Kind.LIMIT:
        return clash.because
    return f"{', '.join(others)}: {clash.because}"


def _limits(experiment: Experiment, policy: PolicyRules, now: datetime) -> list[PolicyCheck]:
    lines = limit_lines(experiment, policy, now=now)
    return [PolicyCheck(line.status, line.label, line.detail) for line in lines]


def _automatic_stop(experiment: Experiment, policy: PolicyRules) -> PolicyCheck:
    if experiment.deployment.alarm_arns:
        return PolicyCheck("ok", "Automatic stop by alarm")
    is_needed = row_of(experiment, policy).needs_alarm
    status = "fail" if is_needed else "warn"
    return PolicyCheck(status, "No alarm stops it", "Name an alarm on the deployment.")


def _ladder(experiment: Experiment, now: datetime) -> PolicyCheck:
    answer = ladder_answer(experiment, now=now)
    if answer.status == "ok":
        return PolicyCheck("ok", "The confidence ladder allows it", answer.detail)
    label = "The confidence ladder does not allow it yet"
    return PolicyCheck(
        answer.status,
        "Confidence ladder overridden" if answer.override else label,
        answer.detail,
    )


def _tried_before(experiment: Experiment) -> PolicyCheck:
    if not experiment.deployment.place.account.is_production:
        return PolicyCheck("ok", "Not in production, so a good place to try it")
    held = Run.objects.filter(
        experiment__application=experiment.application,
        experiment__template_version__template=experiment.template_version.template,
        is_rehearsal=False,
        verdict="held",
    )
    before = held.exclude(experiment__deployment__place__account__environment="production").count()
    if before:
        return PolicyCheck("ok", f"Held before production {_times(before)}")
    return PolicyCheck("warn", "Not held before production yet", "Try it in pre-production first.")


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _open_findings(experiment: Experiment) -> list[PolicyCheck]:
    """Those of the same failure first: known problems are fixed before they are shown again."""
    same = related(experiment.template_version.template.failure_family)
    findings = Finding.objects.filter(application=experiment.application, state__in=STANDING)
    known = {
        finding.pk: RULES["KNOWN-001"]
        for finding in findings
        if finding.failure_family in same and finding.pk != experiment.retest_of_id
    }
    shown = sorted(findings, key=lambda finding: finding.pk not in known)[:MOST_SHOWN]
    return [
        PolicyCheck(
            status="warn",
            label=f"{finding.code} is open on this application",
            detail=finding.title,
            finding=finding,
            rule=known.get(finding.pk),
        )
        for finding in shown
    ]
