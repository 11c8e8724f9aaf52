"""The findings of imported runs and the life they have had since."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from exercises.domain.finding_states import FindingState
from exercises.domain.verdicts import ProbeJudgement
from exercises.management.demo.past import PastFinding
from exercises.management.demo.people import owner_of
from exercises.models import Finding, FindingNote

if TYPE_CHECKING:
    from exercises.management.demo.told import Told
    from exercises.management.demo.world import World

Findings = dict[tuple[int, str], Finding]


def write_finding(world: World, told: Told, findings: Findings) -> None:
    """The finding of a run that did not hold, or the proof of an earlier one by this run."""
    past = told.past
    if past.finding is not None:
        findings[past.months_back, past.application] = _write(world, told, past.finding)
    if past.retests is not None:
        _verify(findings[past.retests, past.application], told)


def _write(world: World, told: Told, wanted: PastFinding) -> Finding:
    experiment = told.run.experiment
    owner = world.people[owner_of(experiment.application.team.slug)]
    finding = Finding.objects.create(
        exercise=experiment.exercise,
        run=told.run,
        application=experiment.application,
        title=wanted.title,
        body=f"Expected: {experiment.hypothesis}\n{wanted.body}",
        severity=wanted.severity.value,
        failure_family=experiment.template_version.template.failure_family,
        state=wanted.life[-1].to.value,
        owner=owner,
        due_on=(told.settled_at + timedelta(days=wanted.due_days)).date(),
        evidence={"probes": [probe_row(p) for p in told.judgement.probes if p.is_beyond]},
        is_imported=True,
        created_at=told.settled_at,
    )
    before = ""
    for step in wanted.life:
        at = told.settled_at + timedelta(days=step.days)
        author = experiment.author if step.to is FindingState.FOUND else owner
        _note(finding, at, author.pk, before, step.to.value, step.text)
        before = step.to.value
    return finding


def _verify(finding: Finding, told: Told) -> None:
    """A re-test that held closes the finding, by the rule that closes real ones."""
    owner_id = finding.owner_id
    _note(finding, told.started_at, owner_id, finding.state, FindingState.RETEST.value, "")
    finding.state = FindingState.RETEST.value
    if told.judgement.verdict.value == "held":
        verified = FindingState.VERIFIED.value
        _note(finding, told.settled_at, owner_id, finding.state, verified, "The re-test held.")
        finding.state, finding.verified_by_run = verified, told.run
    finding.save(update_fields=["state", "verified_by_run"])


def _note(
    finding: Finding, at: datetime, author_id: int | None, before: str, after: str, text: str
) -> None:
    FindingNote.objects.create(
        finding=finding, at=at, author_id=author_id, from_state=before, to_state=after, text=text
    )


def probe_row(judged: ProbeJudgement) -> dict[str, object]:
    """A probe's judgement as the verdict of a real run keeps it."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(judged).items()
    }
