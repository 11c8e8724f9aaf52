"""What a run leaves behind that did not hold, or was not what was approved: a drafted finding,
or an old one that is back.

Called by services.judge in the transaction of the verdict. A failure that a finding describes
already is never drafted beside it: the finding that was taken for fixed is opened again, with
the run as its evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from exercises.domain.detection import FIRED
from exercises.domain.finding_states import AFTER_REGRESSION, FindingState, Severity
from exercises.domain.notices import Topic
from exercises.domain.residue import Change
from exercises.domain.run_states import RunState
from exercises.domain.steady_state import ProbeSpec, format_value, limit_words, probes_from_json
from exercises.domain.stop_alarms import MISSING, UNKNOWN, name_of
from exercises.domain.verdicts import Judgement, ProbeJudgement
from exercises.domain.webhooks import EventKind
from exercises.models import Finding, FindingEvidence, FindingNote, Run
from exercises.queries.evidence import charts_of_run, fallen_probes, lines_of_run
from exercises.queries.notice_recipients import answering_for
from exercises.services.audit import record
from exercises.services.notify import tell
from exercises.services.run_events import append_event
from exercises.services.system import SYSTEM
from exercises.services.webhook_events import emit_finding


def write_down(run: Run, judgement: Judgement, *, now: datetime) -> Finding:
    """Draft what a person then accepts, edits or dismisses; or open again what is back."""
    fallen = [probe for probe in judgement.probes if probe.is_beyond]
    known = _taken_for_fixed(run, {probe.key for probe in fallen})
    if known is not None:
        return _bring_back(known, run, fallen, said=_sentences(run, fallen), now=now)
    specs = _specs(run)
    return _draft(
        run,
        fallen,
        title=_title(run, [specs[p.key] for p in fallen]),
        lines=[f"Expected: {run.experiment.hypothesis}", *_sentences(run, fallen)],
        severity=Severity.HIGH
        if any(specs[p.key].is_business for p in fallen)
        else Severity.MEDIUM,
        now=now,
    )


def write_down_change(run: Run, said: str, *, now: datetime) -> Finding:
    """Draft that AWS carried out something else than was approved, whatever came of it.

    `said` is the line of the run's log that says what was different.
    """
    name = run.experiment.application.name
    return _draft(
        run,
        (),
        title=f"{name}: what ran in {run.experiment.title} was not what was approved"[:200],
        lines=["Expected: AWS carries out what was approved.", said],
        severity=Severity.HIGH,
        now=now,
    )


def write_down_silence(run: Run, judgement: Judgement, *, now: datetime) -> None:
    """Draft that an alarm which was expected did not fire, once for each, or open again the
    finding that was to have mended it.

    Says nothing of a run that did not take its whole course, and of an alarm that AWS would
    not tell of: both prove nothing about the alarm.
    """
    expected = run.revision.plan.get("expected_alarms", [])
    if not expected or run.state != RunState.COMPLETED.value:
        return
    lines = run.events.filter(kind=FIRED).values_list("details", flat=True)
    fired = {details.get("arn") for details in lines}
    states = {alarm["arn"]: alarm["state"] for alarm in run.alarms}
    moved = [p for p in judgement.probes if p.first_outside is not None] or judgement.probes
    for arn in expected:
        if arn in fired or states.get(arn, UNKNOWN) == UNKNOWN:
            continue
        name = name_of(arn)
        known = _silent_once_more(run, arn)
        if known is not None:
            _bring_back(known, run, moved, said=[f"{name} stayed silent."], now=now)
            continue
        _draft(
            run,
            moved,
            title=f"{run.experiment.application.name}: {name} stayed silent during"
            f" {run.experiment.title}"[:200],
            lines=[
                f"Expected: {name} goes into alarm.",
                f"It was {_STATE_WORDS.get(states[arn], states[arn])} all along.",
                *_sentences(run, [probe for probe in moved if probe.first_outside is not None]),
            ],
            severity=Severity.MEDIUM,
            now=now,
            alarm=arn,
        )


def write_down_residue(run: Run, change: Change, *, now: datetime) -> Finding:
    """Draft that something was left changed when the run had long ended, once a resource."""
    return _draft(
        run,
        (),
        title=f"{run.experiment.application.name}: {change.label} was left changed by"
        f" {run.experiment.title}"[:200],
        lines=[
            "Expected: nothing of the fault is left when the run has ended.",
            f"{change.label} ({change.resource}): before {change.before}, after {change.after}.",
            change.put_back,
        ],
        severity=Severity.HIGH,
        now=now,
        resource=change.resource,
    )


_STATE_WORDS = {
    "OK": "OK",
    "INSUFFICIENT_DATA": "without data",
    MISSING: "not there: AWS knows no alarm of this name",
}


def _taken_for_fixed(run: Run, fallen: set[str]) -> Finding | None:
    """The finding whose fix this run was to prove, else the verified one it contradicts: same
    application and failure family, rather one about the same probes, then the newest."""
    states = [state.value for state in AFTER_REGRESSION]
    retested = (
        Finding.objects.select_for_update(no_key=True)
        .filter(retests=run.experiment_id, state__in=states, alarm="")
        .first()
    )
    if retested is not None:
        return retested
    verified = Finding.objects.select_for_update(no_key=True).filter(
        application=run.experiment.application_id,
        failure_family=run.experiment.template_version.template.failure_family,
        state=FindingState.VERIFIED.value,
        alarm="",
        resource="",
    )
    return max(
        verified,
        key=lambda finding: (not fallen.isdisjoint(fallen_probes(finding)), finding.pk),
        default=None,
    )


def _silent_once_more(run: Run, arn: str) -> Finding | None:
    """The finding of this very silence that was taken for fixed: same application and fault."""
    return (
        Finding.objects.select_for_update(no_key=True)
        .filter(
            application=run.experiment.application_id,
            failure_family=run.experiment.template_version.template.failure_family,
            state__in=[state.value for state in AFTER_REGRESSION],
            alarm=arn,
        )
        .order_by("-pk")
        .first()
    )


def _bring_back(
    finding: Finding,
    run: Run,
    fallen: Sequence[ProbeJudgement],
    *,
    said: Sequence[str],
    now: datetime,
) -> Finding:
    before = FindingState(finding.state)
    after = AFTER_REGRESSION[before]
    was_verified = before is FindingState.VERIFIED
    text = "It came back: " if was_verified else "The retest did not hold: "
    text += " ".join([run.experiment.title + ".", *said])
    finding.state, finding.verified_by_run = after.value, None
    finding.save(update_fields=["state", "verified_by_run"])
    FindingNote.objects.create(
        finding=finding, at=now, from_state=before.value, to_state=after.value, text=text
    )
    _keep(finding, run, fallen, reason="reopened" if was_verified else "sent_back", now=now)
    kind = "finding.reopened" if was_verified else "finding.sent_back"
    words = "is open again" if was_verified else "is not fixed"
    append_event(
        exercise=run.experiment.exercise,
        run=run,
        kind=kind,
        text=f"{finding.code} {words}: {finding.title}",
        source="steady state",
    )
    concerned = [*answering_for(finding.application), finding.owner_id]
    emit_finding(finding, EventKind.FINDING_REOPENED if was_verified else None)
    tell(
        Topic.FINDING_REOPENED,
        key=f"finding:{finding.pk}:back:{run.pk}",
        text=f"{finding.title}. {text}",
        finding=finding,
        people=[pk for pk in concerned if pk is not None],
    )
    record(SYSTEM, kind, finding, before=before.value, after=after.value, run=str(run.pk))
    return finding


def _draft(
    run: Run,
    fallen: Sequence[ProbeJudgement],
    *,
    title: str,
    lines: Sequence[str],
    severity: Severity,
    now: datetime,
    alarm: str = "",
    resource: str = "",
) -> Finding:
    """One draft a run, and one for each alarm that stayed silent or resource left changed."""
    finding, created = Finding.objects.get_or_create(
        run=run,
        is_drafted=True,
        alarm=alarm,
        resource=resource[:400],
        defaults={
            "exercise": run.experiment.exercise,
            "application": run.experiment.application,
            "title": title,
            "body": "\n".join(lines),
            "severity": severity.value,
            "failure_family": run.experiment.template_version.template.failure_family,
            "state": FindingState.DRAFT.value,
            "evidence": {"probes": [probe_row(p) for p in fallen]},
            "created_at": now,
        },
    )
    if created:
        FindingNote.objects.create(
            finding=finding, at=now, to_state=FindingState.DRAFT.value, text="Drafted from the run."
        )
        _keep(finding, run, fallen, reason="drafted", now=now)
        append_event(
            exercise=run.experiment.exercise,
            run=run,
            kind="finding.drafted",
            text=f"Finding drafted: {finding.title}",
            source="steady state",
        )
        emit_finding(finding)
    return finding


def _keep(
    finding: Finding, run: Run, fallen: Sequence[ProbeJudgement], *, reason: str, now: datetime
) -> None:
    """The charts and the lines of the log as they are now."""
    FindingEvidence.objects.create(
        finding=finding,
        run=run,
        reason=reason,
        kept_at=now,
        charts=charts_of_run(run, [probe_row(p) for p in fallen]),
        lines=lines_of_run(run),
    )


def _specs(run: Run) -> dict[str, ProbeSpec]:
    return {spec.key: spec for spec in probes_from_json(run.revision.plan["steady_state"])}


def _title(run: Run, fallen: list[ProbeSpec]) -> str:
    names = " and ".join(spec.name.lower() for spec in fallen[:2]) or "steady state"
    return f"{run.experiment.application.name}: {names} outside during {run.experiment.title}"[:200]


def _sentences(run: Run, fallen: Sequence[ProbeJudgement]) -> list[str]:
    specs = _specs(run)
    return [_sentence(specs[judged.key], judged) for judged in fallen]


def _sentence(spec: ProbeSpec, judged: ProbeJudgement) -> str:
    minutes, seconds = divmod(round(judged.longest_outside_s), 60)
    return (
        f"{spec.name}: {format_value(spec, judged.worst)} at worst, expected {limit_words(spec)}; "
        f"outside for {minutes} m {seconds:02d} s, allowed {spec.grace_s} s"
        f"{'; not steady when checked again' if judged.was_steady_later is False else ''}."
    )


def probe_row(judged: ProbeJudgement) -> dict[str, object]:
    """A probe's judgement as runs and findings keep it."""
    row = asdict(judged)
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
    }
