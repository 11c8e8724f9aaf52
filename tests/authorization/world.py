"""What the matrix acts on: people, and one thing of each kind, public and private.

Everything that only the team may know has the word SECRET in it, so that a page or an answer
of the API that shows it to somebody else is noticed wherever it shows it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import time, timedelta
from typing import Any, Final

from exercises.domain.actors import Door
from exercises.domain.capacities import OrgRole, TeamRole
from exercises.domain.exercise_phases import Phase
from exercises.models import (
    Announcement,
    Application,
    Channel,
    Delivery,
    Exercise,
    Experiment,
    Finding,
    FindingQuestion,
    Membership,
    MentorRequest,
    Notice,
    OrganisationRole,
    Participation,
    PolicyVersion,
    Recovery,
    Run,
    SafetyLever,
    User,
)
from exercises.models.due_work import database_now
from exercises.permissions import actor_for
from exercises.queries.findings import Filters
from exercises.queries.policy import document_of_version
from exercises.services.attachments import attach_file
from exercises.services.calendar_feeds import create_feed
from exercises.services.exercises import add_note
from exercises.services.knowledge import Writing, write_page
from exercises.services.propose import propose, start_draft
from exercises.services.report_mails import subscribe
from exercises.services.run_events import append_event
from exercises.services.saved_views import save_view
from exercises.services.system import SYSTEM
from tests import build, past
from tests.authorization.connected import incidents, own_tokens, tokens, webhooks
from tests.authorization.planned import SECRET, Thing, freezes, game_days, places, schedule
from tests.cast import Cast
from tests.residue_runs import has_left
from tests.room import scene

EXPECTED: Final = f"If a {SECRET} falls, then another one stands within a minute."
_KNOWN: Final = Writing("Ask for a quorum first", "Then let clients connect.")


@dataclass(frozen=True, slots=True)
class World:
    """`people` by role, `tokens` by role, and `things`: what an address is made of, by the
    name that the table gives it."""

    people: dict[str, User]
    tokens: dict[str, str]
    things: dict[str, Thing]
    cast: Cast


def make_world(cast: Cast) -> World:
    """Everybody and everything, in the database."""
    everyone = person_of_every_role(cast, "Everybody at once")
    people = {
        "ou": cast.outsider,
        "me": cast.author,
        "op": cast.operator,
        "ow": cast.owner,
        "le": cast.lead,
        "sa": cast.safety,
        "cm": _change_manager(),
        "ld": cast.leadership,
        "au": cast.auditor,
        "in": person_of_every_role(cast, "Somebody who left"),
    }
    cast.outsider.memberships.update(role=TeamRole.OWNER.value)
    actor = actor_for(everyone, Door.PAGE)
    return World(people, tokens(cast, actor), _things(cast), cast)


def person_of_every_role(cast: Cast, name: str) -> User:
    """Whoever this is denied, it is not for want of a role."""
    person = User.objects.create_user(
        email=f"{name.replace(' ', '-').lower()}@example.test", password="x", name=name
    )
    for role in OrgRole:
        OrganisationRole.objects.create(user=person, role=role.value)
    Membership.objects.create(user=person, team=cast.team, role=TeamRole.OWNER.value)
    return person


def _change_manager() -> User:
    person = build.user("Change manager")
    OrganisationRole.objects.create(user=person, role="change_manager")
    return person


def _things(cast: Cast) -> dict[str, Thing]:
    build.deployment(cast)
    live, live_run = scene.running(cast, title="Stop one broker live")
    things: dict[str, Thing] = {
        "-": {},
        "live": _of_exercise(live, live_run.experiment),
        "live-run": {"pk": live_run.pk, "run_id": live_run.pk},
    }
    past_things = _past(cast)
    return (
        things
        | past_things
        | _ahead(cast, retests=past_things["finding"]["pk"])
        | _private(cast)
        | _setup(cast)
        | _personal(cast)
    )


def _of_exercise(exercise: Exercise, experiment: Experiment) -> Thing:
    participation, _ = Participation.objects.get_or_create(
        exercise=exercise, application=experiment.application
    )
    event = append_event(exercise=exercise, kind="exercise.note", text="A word on it.")
    return {
        "slug": exercise.slug,
        "pk": experiment.pk,
        "experiment_id": experiment.pk,
        "participation_id": participation.pk,
        "application": experiment.application.slug,
        "event_id": event.pk,
        "digest": experiment.revision.digest if experiment.revision else "",
    }


def _ahead(cast: Cast, *, retests: int) -> dict[str, Thing]:
    """An exercise of the organisation: what is proposed is for all, drafts are the team's."""
    ahead = build.exercise(cast, slug="2026-12", opens_in=timedelta(days=20))
    proposed = build.proposed(cast, ahead, title="Stop one broker ahead")
    draft = start_draft(
        actor=cast.actor("author"),
        draft=build.draft(
            cast,
            title=f"Draft of a {SECRET}",
            hypothesis=EXPECTED,
        ),
        exercise=ahead,
        retest_of=Finding.objects.get(pk=retests),
    )
    return {"ahead": _of_exercise(ahead, proposed), "draft": _of_exercise(ahead, draft)}


def _past(cast: Cast) -> dict[str, Thing]:
    application = past.application(cast.team, "telemetry-store")
    run = past.run(cast, application, past.version())
    exercise = run.experiment.exercise
    has_left(run)
    return {
        "past": _of_exercise(exercise, run.experiment),
        "past-run": {"pk": run.pk, "run_id": run.pk},
        "finding": _finding(run, "Retries had no limit", "accepted"),
        "file": _with_file(_finding(run, "Seen on a chart", "accepted")),
        "view": {"pk": save_view(**_view(cast)).pk},
        "finding-draft": _finding(run, f"Draft on a {SECRET}", "draft"),
        **_asked(cast, run),
        "debrief": _of_exercise(_in_debrief(cast), run.experiment),
    }


def _with_file(finding: Thing, text: str = "It was warm.") -> Thing:
    kept = attach_file(
        actor=SYSTEM,
        finding=Finding.objects.get(pk=finding["pk"]),
        name="broker.log",
        content=text.encode(),
    )
    return {**finding, "file": kept.pk}


def _view(cast: Cast) -> dict[str, Any]:
    return {"actor": cast.actor("author"), "name": "Ours", "filters": Filters(), "team": cast.team}


def _asked(cast: Cast, run: Run) -> dict[str, Thing]:
    """Findings on a tagged application: one that nobody asked about yet, one that was asked."""
    tags = ("ec2",)
    Application.objects.filter(pk=run.experiment.application_id).update(architecture_tags=tags)
    alike = past.application(cast.other_team, "charging-map", tags=tags)
    asked = _finding(run, "Asked of others", "accepted")
    question = FindingQuestion.objects.create(
        finding_id=asked["pk"],
        application=alike,
        shared_tags=tags,
        asked_by=cast.author,
        asked_at=database_now(),
    )
    return {
        "finding-tagged": _finding(run, "Asked of nobody", "accepted"),
        "question": {"pk": question.pk},
    }


def _in_debrief(cast: Cast) -> Exercise:
    other = past.application(cast.team, "trip-history")
    run = past.run(cast, other, past.version("az-power"), days_ago=3)
    Exercise.objects.filter(pk=run.experiment.exercise_id).update(phase=Phase.DEBRIEF.value)
    return run.experiment.exercise


def _finding(run: Run, title: str, state: str) -> Thing:
    finding = Finding.objects.create(
        exercise=run.experiment.exercise,
        run=run,
        application=run.experiment.application,
        title=title,
        body=title,
        severity=2,
        failure_family="instance-loss",
        state=state,
        created_at=database_now(),
    )
    return {"pk": finding.pk, "number": finding.pk}


def _private(cast: Cast) -> dict[str, Thing]:
    """The team's own experiments: one that is ahead, one that ran."""
    author = cast.actor("author")
    ahead = start_draft(
        actor=author,
        draft=replace(
            build.draft(
                cast,
                title=f"Try a {SECRET}",
                hypothesis=EXPECTED,
            ),
            slot_offset_s=0,
        ),
        starts_at=database_now() + timedelta(hours=1),
    )
    propose(actor=author, experiment=ahead)
    build.approve(cast, ahead, "owner", "lead")
    add_note(actor=author, exercise=ahead.exercise, text=f"The {SECRET} is warm.")
    ran = past.run(
        cast,
        past.application(cast.team, "fleet-map"),
        past.version("network"),
        verdict="not_held",
        days_ago=2,
    )
    Exercise.objects.filter(pk=ran.experiment.exercise_id).update(
        kind="self_service",
        name=f"Own try of a {SECRET}",
        slug=f"own-{SECRET}",
        phase=Phase.DEBRIEF.value,
    )
    Experiment.objects.filter(pk=ran.experiment_id).update(title=f"Tried a {SECRET}")
    ran = Run.objects.select_related("experiment__exercise").get(pk=ran.pk)
    add_note(actor=author, exercise=ran.experiment.exercise, text=f"The {SECRET} fell.")
    has_left(ran)
    run = ahead.runs.get()
    return {
        "private": _of_exercise(ahead.exercise, ahead),
        "private-run": {"pk": run.pk, "run_id": run.pk},
        "private-past": _of_exercise(ran.experiment.exercise, ran.experiment),
        "private-past-run": {"pk": ran.pk, "run_id": ran.pk},
        "private-finding": _finding(ran, "A lesson for all", "accepted"),
        "private-file": _with_file(
            _finding(ran, "A chart for some", "accepted"), f"A {SECRET} was warm."
        ),
        "private-finding-draft": _finding(ran, f"Learnt of a {SECRET}", "draft"),
    }


def _setup(cast: Cast) -> dict[str, Thing]:
    """What is registered and agreed on: estate, catalogue, freezes, schedules, reports."""
    deployment = build.deployment(cast)
    application, place = deployment.application, deployment.place
    now = database_now()
    lever = SafetyLever.objects.create(
        place=place,
        status="engaged",
        engaged_at=now,
        engaged_by=cast.safety,
        engaged_by_name=cast.safety.name,
        release_asked_at=now,
        release_asked_by=person_of_every_role(cast, "Who asked first"),
    )
    recovery = Recovery.objects.create(detected_at=now, because="The sentinel is ahead.")
    member = cast.team.memberships.get(user=cast.author)
    return {
        "team": {
            "slug": cast.team.slug,
            "pk": member.pk,
            "team": cast.team.pk,
            "person_id": cast.outsider.pk,
        },
        "application": {
            "slug": application.slug,
            "pk": deployment.pk,
            "application_id": application.pk,
            "family": build.template_version().template.failure_family,
        },
        **places(application.slug, place),
        "template": {"slug": build.template_version().template.slug},
        "knowledge": {"slug": write_page(actor=cast.actor("author"), writing=_KNOWN).slug},
        "audit": {"pk": 1},
        "month": {"key": f"{now:%Y-%m}", "period": f"{now:%Y-%m}", "slug": f"{now:%Y-%m}"},
        "lever": {"lever_id": lever.pk},
        "restore": {"recovery_id": recovery.pk},
        **game_days(cast),
        "policy": {"number": _policy(cast).number},
        **freezes(cast),
        **incidents(cast),
        **schedule(cast),
    }


def _policy(cast: Cast) -> PolicyVersion:
    """A version that waits for somebody else than the lead to put it in force."""
    return PolicyVersion.objects.create(
        number=2,
        rules=document_of_version(1),
        digest="0" * 64,
        author=cast.lead,
        reason="Longer for staging.",
        created_at=database_now(),
    )


def _personal(cast: Cast) -> dict[str, Thing]:
    """What belongs to one person: mostly to the owner of the team, whom nobody stands in for."""
    private = Experiment.objects.filter(exercise__kind="self_service").select_related("exercise")
    now, owner = database_now(), cast.owner
    channels = {
        "own-channel": Channel(kind="mail", name="E-mail", person=owner),
        "team-channel": Channel(kind="chat", name="Room of the team", team=cast.team),
        "channel-of-all": Channel(kind="chat", name="Room of all"),
    }
    for channel in channels.values():
        channel.save()
    announcement = Announcement.objects.create(
        topic="approval_asked",
        key="of the matrix",
        happened_at=now,
        text=f"The {SECRET} waits for you.",
        exercise=private[0].exercise,
        experiment=private[0],
    )
    notice = Notice.objects.create(
        announcement=announcement, person=owner, because="You decide", created_at=now
    )
    delivery = Delivery.objects.create(
        announcement=announcement,
        channel=channels["own-channel"],
        notice=notice,
        state="failed",
        not_before=now,
    )
    asked = MentorRequest.objects.create(
        application=private[0].application,
        failure_family="instance-loss",
        mentor=cast.outsider,
        mentor_team=cast.other_team,
        asked_by=cast.author,
        asked_at=now,
    )
    report_mail = subscribe(
        actor=cast.actor("owner"),
        covers="months",
        weekday=0,
        day=None,
        at=time(8),
        timezone="Europe/Berlin",
        recipients=[owner],
    )
    feed, secret = create_feed(actor=cast.actor("owner"), what="person")
    _, of_outsider = create_feed(actor=cast.actor("outsider"), what="organisation")
    return {
        "notice": {"pk": notice.pk, "number": notice.pk},
        "delivery": {"pk": delivery.pk, "number": delivery.pk},
        **{name: {"pk": c.pk, "number": c.pk} for name, c in channels.items()},
        "asked-outsider": {"pk": asked.pk},
        "report-mail": {"pk": report_mail.pk, "number": report_mail.pk},
        **own_tokens(cast),
        **webhooks(cast),
        "feed": {"number": feed.pk, "secret": secret},
        "feed-of-outsider": {"secret": of_outsider},
        "feed-of-nobody": {"secret": "cal_" + "0" * 43},
    }
