"""The files of an exercise's evidence pack, each from rows that are never changed.

Called by services.evidence_pack. What is in here is what an auditor asks for: who approved
what, what AWS was asked and answered, what was measured, what was found, and the clauses it
may serve. A constant number of queries for an exercise, plus one for each run's samples.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

from django.db.models import Q

from exercises.domain.evidence_pack import document
from exercises.models import (
    AuditEntry,
    AuditName,
    DebriefAnswers,
    Decision,
    Exercise,
    Experiment,
    ExperimentRevision,
    Finding,
    Run,
    RunEvent,
    Sample,
)
from exercises.queries.attachments import attached_files
from exercises.queries.audit_log import marks_in
from exercises.queries.clauses import clause_document
from exercises.queries.clean_ups import clean_up_documents
from exercises.queries.naming import Names, names_now

EXPORT: Final = "evidence.export"
"""The act of exporting: left out, so that a second pack of the same exercise is the same."""

README: Final = b"""Evidence pack of one exercise, written by chaosplane.

Check it, without any server:   chaosplane verify PACK.zip
It says what was altered, and the fingerprint of the installation that signed it; compare
that with the one on the installation's evidence page.

exercise.json    the exercise and who took part
experiments.json what was proposed, by whom
plans/           exactly what people read and approved, with its digest (RFC 8785, SHA-256)
decisions.json   who decided what, in which capacity, on which digest, until when
templates/       the versions of the templates that were used
runs.json        state and verdict of each run, what was hit, what the probes did
clean-ups.json   how all was before and after each run, what was left, its certificate
engine/          the experiments as AWS FIS described them at their end
samples/         every measurement, a file a run
timeline.json    the event log
findings.json    findings, what their runs showed, and each step of their life
attachments/     the files attached to them that nobody took away
audit.json       the audit entries of all of this, each with its hash and the one before;
                 ~... marks a person, whose name and its salt stand under names
clauses.json     guidance: which clauses of DORA and ISO 22301 each part may serve
"""


def files_of(exercise: Exercise) -> dict[str, bytes]:
    """Every file but the manifest, by its name in the pack."""
    experiments = list(
        exercise.experiments.exclude(status="draft")
        .select_related(
            "application__team",
            "author",
            "proposed_by",
            "template_version__template",
            "deployment__place__account",
        )
        .order_by("id")
    )
    runs = list(
        Run.objects.filter(experiment__in=experiments)
        .select_related("experiment", "revision", "stop_requested_by")
        .prefetch_related("targets")
        .order_by("scheduled_at", "id")
    )
    findings = list(
        exercise.findings.exclude(state__in=("draft", "dismissed"))
        .select_related("application", "owner")
        .prefetch_related("notes__author", "kept_evidence", "attachments__author")
        .order_by("id")
    )
    names = names_now()
    return {
        "README.txt": README,
        "exercise.json": document(names.deep(_exercise(exercise))),
        "experiments.json": document(names.deep([_experiment(e) for e in experiments])),
        "decisions.json": document(names.deep(_decisions(experiments))),
        "runs.json": document(names.deep([_run(run) for run in runs])),
        "timeline.json": document(names.deep(_timeline(exercise))),
        "findings.json": document(names.deep([_finding(finding) for finding in findings])),
        "audit.json": document(_audit(exercise, experiments, runs, findings)),
        "clauses.json": document(clause_document()),
        "clean-ups.json": document(names.deep(clean_up_documents(runs))),
        **dict(_plans(experiments, names)),
        **dict(_templates(experiments)),
        **dict(_measured(runs)),
        **dict(attached_files(findings)),
    }


def _at(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None


def _name(person: Any) -> str | None:
    return person.name if person else None


def _exercise(exercise: Exercise) -> dict[str, object]:
    return {
        "slug": exercise.slug,
        "name": exercise.name,
        "kind": exercise.kind,
        "goal": exercise.goal,
        "phase": exercise.phase,
        "window": [_at(exercise.starts_at), _at(exercise.ends_at)],
        "timezone": exercise.timezone,
        "region": exercise.region,
        "az": exercise.az,
        "lead": _name(exercise.lead),
        "safety_officer": _name(exercise.safety_officer),
        "went_live_at": _at(exercise.went_live_at),
        "stopped_at": _at(exercise.stopped_at),
        "ended_at": _at(exercise.ended_at),
        "is_imported": exercise.is_imported,
        "debrief": _answers(exercise),
        "participants": [
            {"application": p.application.slug, "answer": p.answer, "on_call": p.on_call}
            for p in exercise.participations.select_related("application").order_by("id")
        ],
    }


def _answers(exercise: Exercise) -> dict[str, object] | None:
    answers = DebriefAnswers.objects.filter(exercise=exercise).select_related("answered_by").first()
    if answers is None:
        return None
    return {
        "was_resilient": answers.was_resilient,
        "surprised_us": answers.surprised_us,
        "we_share": answers.we_share,
        "answered_by": _name(answers.answered_by),
        "answered_at": _at(answers.answered_at),
    }


def _experiment(experiment: Experiment) -> dict[str, object]:
    place = experiment.deployment.place
    return {
        "code": experiment.code,
        "title": experiment.title,
        "application": experiment.application.slug,
        "team": experiment.application.team.slug,
        "account_id": place.account.account_id,
        "also_in": experiment.also_in,
        "environment": place.account.environment,
        "region": place.region,
        "template": experiment.template_version.template.slug,
        "template_version": experiment.template_version.number,
        "hypothesis": experiment.hypothesis,
        "status": experiment.status,
        "author": _name(experiment.author),
        "proposed_by": _name(experiment.proposed_by),
        "proposed_at": _at(experiment.proposed_at),
    }


def _plans(experiments: Iterable[Experiment], names: Names) -> Iterator[tuple[str, bytes]]:
    """Each revision that anyone could decide on."""
    rows = ExperimentRevision.objects.filter(experiment__in=list(experiments))
    for row in rows.select_related("experiment", "author").order_by("experiment_id", "number"):
        yield (
            f"plans/{row.experiment.code}-{row.number}.json",
            document(
                {
                    "experiment": row.experiment.code,
                    "revision": row.number,
                    "digest": row.digest,
                    "author": names.of(row.author),
                    "written_at": _at(row.created_at),
                    "plan": row.plan,
                }
            ),
        )


def _decisions(experiments: Iterable[Experiment]) -> list[dict[str, object]]:
    rows = Decision.objects.filter(experiment__in=list(experiments))
    return [
        {
            "experiment": row.experiment.code,
            "digest": row.digest,
            "verdict": row.verdict,
            "capacity": row.capacity,
            "decided_by": _name(row.decided_by),
            "decided_at": _at(row.decided_at),
            "valid_until": _at(row.valid_until),
            "reason": row.reason,
            "is_imported": row.is_imported,
        }
        for row in rows.select_related("experiment", "decided_by").order_by("decided_at", "id")
    ]


def _templates(experiments: Iterable[Experiment]) -> Iterator[tuple[str, bytes]]:
    for version in {e.template_version for e in experiments}:
        yield (
            f"templates/{version.template.slug}-v{version.number}.json",
            document(
                {
                    "template": version.template.slug,
                    "version": version.number,
                    "engine": version.template.engine,
                    "rung": version.rung,
                    "generator": version.generator,
                    "definition": version.definition,
                    "parameters": version.parameters,
                }
            ),
        )


def _run(run: Run) -> dict[str, object]:
    return {
        "id": str(run.pk),
        "experiment": run.experiment.code,
        "is_rehearsal": run.is_rehearsal,
        "is_imported": run.is_imported,
        "revision": run.revision.number,
        "digest": run.revision.digest,
        "state": run.state,
        "state_reason": run.state_reason,
        "verdict": run.verdict,
        "verdict_reason": run.verdict_reason,
        "judgement": run.judgement,
        "judged_at": _at(run.judged_at),
        "engine_template": run.template_ref,
        "engine_experiment": run.experiment_ref,
        "client_token": run.token,
        "scheduled_at": _at(run.scheduled_at),
        "asked_at": _at(run.asked_at),
        "started_at": _at(run.started_at),
        "ended_at": _at(run.ended_at),
        "recheck_at": _at(run.recheck_at),
        "stop_requested_at": _at(run.stop_requested_at),
        "stop_requested_by": _name(run.stop_requested_by),
        "actions": run.actions,
        "alarms": run.alarms,
        "targets": sorted(
            ({"target": t.target_name, "arn": t.arn, "az": t.az} for t in run.targets.all()),
            key=lambda row: (row["target"], row["arn"]),
        ),
    }


def _measured(runs: Iterable[Run]) -> Iterator[tuple[str, bytes]]:
    for run in runs:
        if run.archive:
            yield f"engine/{run.pk}.json", document(run.archive)
        rows = list(
            Sample.objects.filter(run=run)
            .order_by("probe", "at")
            .values_list("probe", "at", "value")
        )
        if rows:
            yield f"samples/{run.pk}.csv", _csv(rows)


def _csv(rows: Iterable[tuple[str, datetime, float | None]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("probe", "at", "value"))
    writer.writerows(
        (probe, _at(at), "no data" if value is None else repr(value)) for probe, at, value in rows
    )
    return out.getvalue().encode()


def _timeline(exercise: Exercise) -> list[dict[str, object]]:
    rows = RunEvent.objects.filter(exercise=exercise).select_related("author")
    return [
        {
            "at": _at(row.at),
            "kind": row.kind,
            "run": str(row.run_id) if row.run_id else None,
            "text": row.text,
            "source": row.source,
            "author": _name(row.author),
            "details": row.details,
        }
        for row in rows.order_by("at", "id")
    ]


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "code": finding.code,
        "title": finding.title,
        "body": finding.body,
        "application": finding.application.slug,
        "severity": finding.severity,
        "failure_family": finding.failure_family,
        "state": finding.state,
        "owner": _name(finding.owner),
        "due_on": finding.due_on.isoformat() if finding.due_on else None,
        "found_at": _at(finding.created_at),
        "run": str(finding.run_id) if finding.run_id else None,
        "verified_by_run": str(finding.verified_by_run_id) if finding.verified_by_run_id else None,
        "tracker_url": finding.tracker_url,
        "waived_until": finding.waived_until.isoformat() if finding.waived_until else None,
        "evidence": finding.evidence,
        "kept": [
            {
                "run": str(kept.run_id),
                "reason": kept.reason,
                "at": _at(kept.kept_at),
                "charts": kept.charts,
                "lines": kept.lines,
            }
            for kept in sorted(finding.kept_evidence.all(), key=lambda k: (k.kept_at, k.pk))
        ],
        "attachments": [
            {
                "id": file.pk,
                "name": file.name,
                "sha256": file.sha256,
                "at": _at(file.at),
                "author": _name(file.author),
            }
            for file in finding.attachments.all()
        ],
        "life": [
            {
                "at": _at(note.at),
                "from": note.from_state,
                "to": note.to_state,
                "text": note.text,
                "author": _name(note.author),
            }
            for note in sorted(finding.notes.all(), key=lambda note: (note.at, note.pk))
        ],
    }


def _audit(
    exercise: Exercise,
    experiments: Iterable[Experiment],
    runs: Iterable[Run],
    findings: Iterable[Finding],
) -> dict[str, object]:
    """The slice about this exercise. Each entry proves itself: its hash covers its content
    and the hash before it; the last one is the anchor to look for in the whole trail."""
    about = (
        Q(object_type="exercise", object_id=str(exercise.pk))
        | Q(object_type="experiment", object_id__in=[str(e.pk) for e in experiments])
        | Q(object_type="run", object_id__in=[str(r.pk) for r in runs])
        | Q(object_type="finding", object_id__in=[str(f.pk) for f in findings])
    )
    rows = list(AuditEntry.objects.filter(about).exclude(action=EXPORT).order_by("seq"))
    entries = [
        {
            "seq": row.seq,
            "at": row.at.isoformat(),
            "actor_id": row.actor_id,
            "actor_name": row.actor_name,
            "door": row.door,
            "action": row.action,
            "object_type": row.object_type,
            "object_id": row.object_id,
            "details": row.details,
            "previous_hash": row.previous_hash,
            "hash": row.hash,
        }
        for row in rows
    ]
    last = entries[-1] if entries else None
    return {
        "entries": entries,
        "names": _names(rows),
        "anchor": {"seq": last["seq"], "hash": last["hash"]} if last else None,
    }


def _names(rows: Iterable[AuditEntry]) -> dict[str, dict[str, str]]:
    """The names behind the marks of these entries, with what proves them; none of people who
    were forgotten."""
    marks = {mark for row in rows for mark in marks_in(row)}
    known = AuditName.objects.filter(mark__in=marks).exclude(salt="")
    return {row.mark: {"name": row.name, "salt": row.salt} for row in known}
