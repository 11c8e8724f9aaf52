"""The life of a finding: raise, edit, accept, agree and ship a fix, re-test, verify, dismiss."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from exercises.domain.actors import Actor
from exercises.domain.detection import FIRED
from exercises.domain.errors import Invalid, Refusal, Refused
from exercises.domain.finding_states import (
    NO_HELD_RETEST,
    STILL_SILENT,
    FindingState,
    Severity,
    move,
)
from exercises.domain.notices import Topic
from exercises.domain.run_states import RunState
from exercises.domain.tracker_links import read_link
from exercises.domain.verdicts import RunVerdict
from exercises.models import Application, Exercise, Finding, FindingNote, Run, RunEvent, User
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.queries.organisation_day import organisation_day
from exercises.services.audit import record
from exercises.services.notify import tell
from exercises.services.run_changes import UNAPPROVED
from exercises.services.webhook_events import emit_finding

MAX_NOTE = 2000
LEAST_TITLE = 5
MAX_TITLE = 200
MAX_BODY = 5000
LEAST_BECAUSE = 10
LONGEST_WAIVER = timedelta(days=366)
WAIVABLE = frozenset({FindingState.ACCEPTED, FindingState.FIX_AGREED})


def raise_finding(
    *,
    actor: Actor,
    exercise: Exercise,
    application: Application,
    title: str,
    body: str,
    severity: Severity,
    failure_family: str,
) -> Finding:
    """Write down what a person saw. Raises Invalid, NotAllowed."""
    _check_words(title, body)
    finding = Finding(
        exercise=exercise,
        application=application,
        title=title.strip(),
        body=body.strip(),
        severity=severity.value,
        failure_family=failure_family,
        state=FindingState.FOUND.value,
        created_at=database_now(),
    )
    authorize(actor, "finding.work", finding)
    with transaction.atomic():
        finding.save()
        _note(finding, actor, "", FindingState.FOUND.value, "")
        emit_finding(finding)
        record(actor, "finding.raise", finding, title=finding.title)
    return finding


def _check_words(title: str, body: str) -> None:
    problems = []
    if not LEAST_TITLE <= len(title.strip()) <= MAX_TITLE:
        problems.append(
            ("title", f"say in a sentence what was found, {LEAST_TITLE} to {MAX_TITLE} characters")
        )
    if len(body.strip()) > MAX_BODY:
        problems.append(("body", f"at most {MAX_BODY:,} characters"))
    if problems:
        raise Invalid.of(problems)


def edit_finding(
    *,
    actor: Actor,
    finding: Finding,
    title: str,
    body: str,
    severity: Severity,
    owner: User | None,
    due_on: date | None,
    tracker_url: str = "",
) -> Finding:
    """Change the words, the severity, the owner or the date. Raises Invalid, NotAllowed."""
    authorize(actor, "finding.work", finding)
    _check_words(title, body)
    tracker_url = read_link(tracker_url)
    with transaction.atomic():
        before = Finding.objects.values_list("owner_id", flat=True).get(pk=finding.pk)
        finding.title, finding.body = title.strip(), body.strip()
        finding.severity, finding.owner, finding.due_on = severity.value, owner, due_on
        finding.tracker_url = tracker_url
        finding.save(update_fields=["title", "body", "severity", "owner", "due_on", "tracker_url"])
        if owner is not None and owner.pk != before:
            tell(
                Topic.FINDING_ASSIGNED,
                key=f"finding:{finding.pk}:owner:{owner.pk}:{database_now().isoformat()}",
                text=finding.title,
                finding=finding,
                by_id=actor.user_id,
                people=[owner.pk],
            )
        record(actor, "finding.edit", finding, title=finding.title, severity=finding.severity)
    return finding


def move_finding(*, actor: Actor, finding: Finding, to: FindingState, text: str = "") -> Finding:
    """Take a finding to the next step of its life.

    Raises Invalid (accepting without an owner), Refused (verified without a run that
    proves the fix), Conflict, NotAllowed.
    """
    authorize(actor, "finding.work", finding)
    text = text.strip()
    if len(text) > MAX_NOTE:
        raise Invalid("text", f"at most {MAX_NOTE:,} characters")
    with transaction.atomic():
        locked = (
            Finding.objects.select_for_update(of=("self",))
            .select_related("application", "exercise")
            .get(pk=finding.pk)
        )
        if to is FindingState.ACCEPTED and locked.owner_id is None:
            raise Invalid("owner", "name an owner before you accept the finding")
        proof = proof_of(locked) if to is FindingState.VERIFIED else None
        before = locked.state
        unproven = STILL_SILENT if locked.alarm else NO_HELD_RETEST
        state = move(FindingState(locked.state), to, is_proven=proof is not None, unproven=unproven)
        locked.state = state.value
        locked.verified_by_run = proof or locked.verified_by_run
        locked.save(update_fields=["state", "verified_by_run"])
        _note(locked, actor, before, state.value, text)
        emit_finding(locked)
        record(actor, f"finding.{state.value}", locked, before=before, text=text)
    return locked


def waive_finding(*, actor: Actor, finding: Finding, until: date, because: str) -> Finding:
    """Leave an accepted finding as it is until a day, in one's own name: then it is due.

    Raises Invalid (until, because), Refused for a finding that is not accepted or has a
    fix already, NotAllowed for who does not answer for the team.
    """
    authorize(actor, "finding.waive", finding)
    because, today = because.strip(), organisation_day(database_now())
    problems = []
    if not today < until <= today + LONGEST_WAIVER:
        problems.append(("until", f"after today, and at most {LONGEST_WAIVER.days} days ahead"))
    if not LEAST_BECAUSE <= len(because) <= MAX_NOTE:
        problems.append(("because", f"say why, in {LEAST_BECAUSE} to {MAX_NOTE:,} characters"))
    if problems:
        raise Invalid.of(problems)
    with transaction.atomic():
        locked = Finding.objects.select_for_update(no_key=True).get(pk=finding.pk)
        if FindingState(locked.state) not in WAIVABLE:
            raise Refused(
                Refusal(
                    rule="finding.not_waivable",
                    because=f"{locked.code} is {FindingState(locked.state).label.lower()}.",
                    lifted_by="Only an accepted finding without a live fix can be waived.",
                )
            )
        locked.waived_until = locked.due_on = until
        locked.waived_by_id = actor.person_id
        locked.save(update_fields=["waived_until", "due_on", "waived_by"])
        _note(locked, actor, "", "", f"Waived until {until:%-d %B %Y}: {because}")
        record(actor, "finding.waive", locked, until=until.isoformat(), because=because)
    return locked


def proof_of(finding: Finding) -> Run | None:
    """The run that proves a fix: approved, on the same application and failure family, started
    after the fix went live; completed and held, or, where an alarm had stayed silent, with
    that alarm set off by its fault."""
    fixed = finding.notes.filter(to_state=FindingState.FIX_LIVE.value).order_by("-at").first()
    if fixed is None:
        return None
    runs: QuerySet[Run] = Run.objects.filter(
        experiment__application=finding.application_id,
        experiment__template_version__template__failure_family=finding.failure_family,
        is_rehearsal=False,
        started_at__gt=fixed.at,
    )
    if finding.alarm:
        runs = _with_alarm_set_off(runs, finding.alarm)
    else:
        runs = runs.filter(state=RunState.COMPLETED.value, verdict=RunVerdict.HELD.value)
    return runs.order_by("-started_at").first()


def _with_alarm_set_off(runs: QuerySet[Run], arn: str) -> QuerySet[Run]:
    """Those in which this alarm fired from the injection on, whatever came of the hypothesis: it
    may be the one that stops the run. What was not as approved proves nothing."""
    of_run = RunEvent.objects.filter(run=OuterRef("pk"))
    fired = of_run.filter(kind=FIRED, details__arn=arn, at__gte=OuterRef("started_at"))
    return runs.filter(
        Exists(fired),
        ~Exists(of_run.filter(kind=UNAPPROVED)),
        state__in=[RunState.COMPLETED.value, RunState.STOPPED.value],
    )


def _note(finding: Finding, actor: Actor, before: str, after: str, text: str) -> None:
    FindingNote.objects.create(
        finding=finding,
        at=database_now(),
        author_id=actor.user_id,
        from_state=before,
        to_state=after,
        text=text,
    )


def comment_on_finding(*, actor: Actor, finding: Finding, text: str) -> None:
    """Add a word to a finding without moving it. Raises Invalid, NotAllowed."""
    authorize(actor, "finding.work", finding)
    if not 1 <= len(text.strip()) <= MAX_NOTE:
        raise Invalid("text", f"1 to {MAX_NOTE:,} characters")
    with transaction.atomic():
        _note(finding, actor, "", "", text.strip())
        record(actor, "finding.comment", finding, text=text.strip())
