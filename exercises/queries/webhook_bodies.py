"""What is said of an exercise, a run, an experiment or a finding to who is called.

No person is named, whatever the setting of blameless mode is, and no free text of the log is
sent: both may be asked for through the API, by who may read them. services.webhook_events calls.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse

from exercises.models import Exercise, Experiment, Finding, Run

Body = dict[str, Any]


def of_exercise(exercise: Exercise) -> Body:
    return {
        "exercise": _exercise(exercise),
        "links": _links("exercise_detail", "api-exercise-detail", exercise.slug),
    }


def of_experiment(experiment: Experiment) -> Body:
    return {
        "exercise": _exercise(experiment.exercise),
        "experiment": _experiment(experiment),
        "application": experiment.application.slug,
        "links": _links("experiment_detail", "api-experiment-detail", experiment.pk),
    }


def of_run(run: Run) -> Body:
    body = of_experiment(run.experiment)
    body["run"] = {
        "id": str(run.pk),
        "state": run.state,
        "verdict": run.verdict,
        "is_rehearsal": run.is_rehearsal,
        "scheduled_at": _iso(run.scheduled_at),
        "started_at": _iso(run.started_at),
        "ended_at": _iso(run.ended_at),
    }
    body["links"]["api"] = _address("api-run-detail", run.pk)
    return body


def of_finding(finding: Finding) -> Body:
    return {
        "finding": {
            "id": finding.pk,
            "code": finding.code,
            "title": finding.title,
            "state": finding.state,
            "severity": finding.severity,
            "failure_family": finding.failure_family,
            "due_on": _iso(finding.due_on),
            "tracker_url": finding.tracker_url,
        },
        "application": finding.application.slug,
        "links": _links("finding_detail", "api-finding-detail", finding.pk),
    }


def _exercise(exercise: Exercise) -> Body:
    return {
        "slug": exercise.slug,
        "name": exercise.name,
        "kind": exercise.kind,
        "phase": exercise.phase,
        "starts_at": _iso(exercise.starts_at),
        "ends_at": _iso(exercise.ends_at),
    }


def _experiment(experiment: Experiment) -> Body:
    return {"id": experiment.pk, "title": experiment.title, "status": experiment.status}


def _links(page: str, api: str, key: object) -> dict[str, str]:
    return {"page": _address(page, key), "api": _address(api, key)}


def _address(name: str, key: object) -> str:
    return f"{settings.CHAOSPLANE_BASE_URL}{reverse(name, args=[key])}"


def _iso(value: Any) -> str | None:
    return value.isoformat() if value is not None else None
