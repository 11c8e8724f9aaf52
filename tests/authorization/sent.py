"""What is sent with a request, where an empty one would be refused before anybody is asked
who sends it, or would ask for nothing. Everything else is sent empty."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from django.core.files.uploadedfile import SimpleUploadedFile

from exercises.domain.desired_state import FORMAT, KEY_OF
from exercises.models.due_work import database_now
from exercises.queries.policy import document_of_version
from exercises.services.desired_state import thing_there
from tests import build
from tests.authorization.planned import Thing

Body = dict[str, Any]
Sent = Callable[[Mapping[str, Thing], Thing], Body]

_REASON: Final = "The release of the day is late."
_ROLES: Final = {
    f"{purpose}_role_arn": f"arn:aws:iam::444444444444:role/{purpose}"
    for purpose in ("read", "start", "stop", "fis")
}


def _always(**body: Any) -> Sent:
    return lambda things, thing: body


def _exercise(things: Mapping[str, Thing], thing: Thing) -> Body:
    starts_at = database_now() + timedelta(days=40)
    return {
        "slug": "2027-01",
        "name": "Cloud ITEE January 2027",
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + timedelta(hours=4)).isoformat(),
        "region": build.REGION,
        "lead": "programme-lead@example.test",
        "safety_officer": "safety-officer@example.test",
    }


def _game_day(things: Mapping[str, Thing], thing: Thing) -> Body:
    return _exercise(things, thing) | {
        "slug": "ops-game-day",
        "chaos_team": "chaos-crew",
        "teams": ["vehicle-telemetry", "charging"],
        "rounds": [{"title": "Who is called?", "starts_after_s": 0, "duration_s": 1800}],
    }


def _experiment(things: Mapping[str, Thing], thing: Thing) -> Body:
    return {
        "application": things["application"]["slug"],
        "account_id": things["account"]["account_id"],
        "region": build.REGION,
        "template": things["template"]["slug"],
        "title": "Stop one broker",
        "hypothesis": "If one broker stops, then messages are delivered within 2 minutes.",
        "parameters": {"minutes": 5},
        "slot_offset_s": 600,
        "target_cap": 3,
    }


def _new_experiment(things: Mapping[str, Thing], thing: Thing) -> Body:
    return _experiment(things, thing) | {"exercise": things["ahead"]["slug"]}


def _account(things: Mapping[str, Thing], thing: Thing) -> Body:
    return {"name": "another", "environment": "dev", **_ROLES}


def _freeze(things: Mapping[str, Thing], thing: Thing) -> Body:
    """Of one team, so that its owner may, too."""
    starts_at = database_now() + timedelta(days=50)
    return {
        "name": "Move",
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + timedelta(days=1)).isoformat(),
        "teams": ["vehicle-telemetry"],
    }


def _thing_but(kind: str, **changed: Any) -> Sent:
    """As it is there, but for a field or two."""

    def body(things: Mapping[str, Thing], thing: Thing) -> Body:
        there = thing_there(kind, thing.get(KEY_OF.get(kind, ""), ""))
        return {**(there or {}), **changed}

    return body


def _file(things: Mapping[str, Thing], thing: Thing) -> Body:
    return {"format": FORMAT, "freezes": [_freeze(things, thing)]}


def _rules() -> Body:
    rules = document_of_version(1)
    rules["concurrency"] = {"per_place": 1}
    return {"rules": rules, "reason": _REASON}


def _place(things: Mapping[str, Thing], thing: Thing) -> Body:
    return {"places": [{"experiment": thing["pk"], "wave": 1, "slot_offset_s": 120}]}


def _written_finding(things: Mapping[str, Thing], thing: Thing) -> Body:
    return {"title": "Retries have no limit", "body": "", "severity": "2"}


def _application_form(things: Mapping[str, Thing], thing: Thing) -> Body:
    return {"name": "Another", "team": things["team"]["team"], "tier": "2"}


def _days_ahead(days: int) -> str:
    return (database_now() + timedelta(days=days)).date().isoformat()


_APPLICATION: Final = _always(name="Another", team="vehicle-telemetry", tier=2, slug="another")
_TIMES: Final = {
    "rrule": "FREQ=MONTHLY;BYDAY=2TU",
    "timezone": "Europe/Berlin",
    "local_start": "2027-01-12T09:00:00",
    "duration_s": 4 * 3600,
    "region": build.REGION,
}
_CHANNEL: Final = {"name": "Room", "address": "https://chat.example.test/hooks/1"}
_WEBHOOK: Final = {"url": "https://receiver.example.test/", "events": ["run.ended"]}

SENT: Final[dict[tuple[str, str], Sent]] = {
    # Game days
    ("gameday_vote", "POST"): _always(),
    ("gameday_judge", "POST"): _always(accept="1"),
    ("gameday_say", "POST"): _always(text="Look at what is cached."),
    ("gameday_see", "POST"): _always(team="vehicle-telemetry"),
    ("gameday_opt", "POST"): _always(team="vehicle-telemetry", to="out"),
    ("api-game-day-list", "POST"): _game_day,
    ("api-game-day-improvements", "POST"): _always(
        team="vehicle-telemetry", title="Retry with jitter", helps="availability"
    ),
    # The API
    ("api-exercise-list", "POST"): _exercise,
    ("api-report-mail-list", "POST"): _always(
        covers="months", weekday=0, at="08:00", timezone="Europe/Berlin"
    ),
    ("api-exercise-cancel", "POST"): _always(reason=_REASON),
    ("api-exercise-run-sheet", "PUT"): _place,
    ("api-experiment-list", "POST"): _new_experiment,
    ("api-experiment-detail", "PUT"): _experiment,
    ("api-experiment-cancel", "POST"): _always(reason=_REASON),
    ("api-template-versions", "POST"): _always(definition="{}", rung=1),
    ("api-template-changes", "GET"): _always(since=1),
    ("template_import", "POST"): _always(do="file"),
    ("api-template-list", "POST"): _always(
        slug="another", name="Another", failure_family="any", definition="{}", rung=1
    ),
    ("api-template-imports", "POST"): _always(file="{}"),
    ("template_git", "POST"): _always(url="https://nobody.example/x"),
    ("api-template-repositories", "POST"): _always(url="https://nobody.example/x"),
    ("api-template-repository-import", "POST"): _always(
        url="https://nobody.example/x", commit="0" * 40, path="a.json"
    ),
    ("api-template-beginnings", "POST"): lambda things, thing: {
        "account_id": thing["account_id"],
        "region": thing["region"],
        "fis_template": "EXT1",
    },
    ("api-account-offers", "POST"): lambda things, thing: {"region": thing["region"]},
    ("api-account-list", "POST"): lambda *of: (
        _account(*of) | {"account_id": "444444444444", "regions": {build.REGION: {}}}
    ),
    ("api-account-detail", "PUT"): _account,
    ("api-account-policies", "GET"): _always(principal="arn:aws:iam::444444444444:role/chaosplane"),
    ("api-application-list", "POST"): _APPLICATION,
    ("api-application-detail", "PUT"): _always(name="Another", team="vehicle-telemetry"),
    ("api-search", "GET"): lambda *of: {"q": "broker"},
    ("api-calendar", "GET"): lambda *of: {
        "since": f"{_days_ahead(-100)}T00:00Z",
        "until": f"{_days_ahead(100)}T00:00Z",
    },
    ("api-freeze-list", "POST"): _freeze,
    ("api-freeze-detail", "PUT"): _freeze,
    ("api-freeze-lift", "POST"): _always(reason=_REASON),
    ("api-freeze-calendar-list", "POST"): _always(name="Peak", url="https://peak.example.test/a"),
    ("api-schedule-list", "POST"): lambda things, thing: (
        _TIMES | {"programme": things["schedule"]["slug"]}
    ),
    ("api-schedule-preview", "POST"): _always(**_TIMES),
    ("api-schedule-detail", "PUT"): _always(**_TIMES),
    ("api-policy", "POST"): lambda *of: {"rules": document_of_version(1), "reason": _REASON},
    ("api-desired-state", "PUT"): _file,
    ("api-desired-state-plan", "POST"): _file,
    ("api-desired-templates", "PUT"): _thing_but("templates", name="Another"),
    ("api-desired-applications", "PUT"): _thing_but("applications", tier=3),
    ("api-desired-schedules", "PUT"): _thing_but("schedules", horizon_days=90),
    ("api-desired-freezes", "PUT"): _thing_but("freezes", reason=_REASON),
    ("api-desired-policy", "PUT"): lambda *of: _rules(),
    ("policy_activate", "POST"): _always(digest_seen="0" * 64),
    ("api-channel-list", "POST"): _always(**_CHANNEL, team="vehicle-telemetry"),
    ("api-incident-list", "POST"): _always(
        external_id="3", title="Disks are full", severity="low", teams=["vehicle-telemetry"]
    ),
    ("api-token-list", "POST"): _always(
        name="pipeline", scopes=["write"], days=1, team="vehicle-telemetry"
    ),
    ("api-ci-issuer-detail", "PUT"): _always(audience="chaos", rules=[]),
    ("api-ci-issuer-try", "POST"): _always(token="a.b.c"),
    ("person_forget", "POST"): _always(email=""),
    ("ci_issuer_list", "POST"): _always(url=""),
    ("ci_issuer_detail", "POST"): _always(audience="chaos"),
    ("ci_token_try", "POST"): _always(token="a.b.c"),
    ("api-webhook-list", "POST"): _always(**_WEBHOOK, team="vehicle-telemetry"),
    ("api-webhook-detail", "PUT"): _always(**_WEBHOOK),
    ("api-webhook-switch", "POST"): _always(on=False),
    ("webhook_list", "POST"): _always(**_WEBHOOK, owner="vehicle-telemetry"),
    ("webhook_detail", "POST"): _always(**_WEBHOOK),
    ("api-channel-switch", "POST"): _always(on=False),
    ("api-badge", "PUT"): _always(is_public=True),
    ("api-dependencies", "PUT"): _always(depends_on=[]),
    ("api-objectives", "PUT"): _always(slo_percent=99.9, rto_s=60, rpo_s=0),
    ("api-wishes", "PUT"): _always(pace="soon"),
    ("api-notice-policy", "PUT"): _always(rules={}),
    # Exercises
    ("exercise_invite", "POST"): lambda things, thing: {
        "application": things["application"]["application_id"]
    },
    ("exercise_move", "POST"): _always(to="preflight"),
    ("exercise_preflight_run", "POST"): lambda things, thing: {"experiment": thing["pk"]},
    ("exercise_poll", "POST"): lambda things, thing: {
        "participation": thing["participation_id"],
        "answer": "go",
    },
    ("exercise_on_call", "POST"): lambda things, thing: {
        "participation": thing["participation_id"]
    },
    ("run_pin", "POST"): lambda things, thing: {"pin": thing["event_id"]},
    ("stop_exercise", "POST"): _always(confirm="yes"),
    ("stop_run", "POST"): _always(confirm="yes"),
    ("stop_account", "POST"): _always(confirm="yes"),
    # Experiments and approvals
    ("experiment_new", "GET"): lambda things, thing: {"template": things["template"]["slug"]},
    ("experiment_new", "POST"): lambda things, thing: {
        "template": things["template"]["slug"],
        "deployment": things["application"]["pk"],
        "title": "Stop one broker",
        "where_to": "exercise",
        "exercise": things["ahead"]["slug"],
        "do": "save",
    },
    ("experiment_preview", "POST"): lambda things, thing: {
        "experiment": thing.get("pk", ""),
        "template": things["template"]["slug"],
    },
    ("approval_decide", "POST"): lambda things, thing: {
        "verdict": "decline",
        "reason": _REASON,
        "digest_seen": thing.get("digest", ""),
    },
    ("experiment_sign_off", "POST"): lambda things, thing: {
        "digest": thing.get("digest", ""),
        "note": "Seen.",
    },
    # Ladders and mentors
    ("mentor_answer", "POST"): _always(answer="accepted"),
    ("mentor_ask", "POST"): lambda things, thing: {"mentor": things["team"]["person_id"]},
    ("ladder_override", "POST"): lambda *of: {
        "level": "3",
        "reason": _REASON,
        "until": _days_ahead(20),
    },
    # Findings
    ("finding_edit", "POST"): _written_finding,
    ("finding_move", "POST"): _always(to="dismissed", text=_REASON),
    ("knowledge_new", "POST"): _always(title="A page", body="Words"),
    ("knowledge_edit", "POST"): _always(title="A page", body="Words", seen="1"),
    ("api-knowledge-list", "POST"): _always(title="A page", body="Words"),
    ("api-knowledge-detail", "PUT"): _always(title="A page", body="Words", seen=1),
    ("clean_up_waive", "POST"): _always(because=_REASON),
    ("api-run-clean-up-waive", "POST"): _always(because=_REASON),
    ("experiment_predict", "POST"): _always(holds="yes"),
    ("api-experiment-predict", "POST"): _always(holds=True),
    ("api-team-list", "POST"): _always(slug="night-shift", name="Night shift"),
    ("api-team-members", "POST"): _always(email="outsider@example.test", role="member"),
    ("api-team-member", "PUT"): _always(role="operator"),
    ("api-deployment-list", "POST"): lambda things, thing: {
        "account_id": things["account"]["account_id"],
        "region": things["account"]["region"],
        "tag_value": "broker",
    },
    ("api-deployment", "PUT"): _always(tag_value="broker"),
    ("api-exercise-invite", "POST"): lambda things, thing: {
        "applications": [things["application"]["slug"]]
    },
    ("api-exercise-answer", "PUT"): _always(answer="accepted", on_call="Night shift"),
    ("api-exercise-move", "POST"): _always(to="preflight"),
    ("api-exercise-no-go", "PUT"): _always(holds="exercise"),
    ("api-exercise-note", "POST"): _always(text="A word on it."),
    ("api-exercise-debrief", "PUT"): _always(
        was_resilient="yes", surprised_us="Nothing", we_share="Nothing"
    ),
    ("api-game-day-opt", "PUT"): _always(team="vehicle-telemetry", is_on=False),
    ("api-game-day-say", "POST"): _always(text="Look at what is cached."),
    ("api-mentor-ask", "POST"): _always(mentor="outsider@example.test"),
    ("api-feed-list", "POST"): _always(what="person"),
    ("api-report-words", "POST"): _always(headline="Recovery got faster", based_on=0),
    ("api-channel-address", "PUT"): _always(address=""),
    ("api-blameless", "PUT"): _always(is_on=True),
    ("finding_view_save", "POST"): _always(name="Mine"),
    ("api-finding-view-list", "POST"): _always(name="Mine"),
    ("api-finding-list", "POST"): lambda things, thing: {
        "exercise": thing["slug"],
        "application": "telemetry-store",
        "title": "Retries have no limit",
        "failure_family": "instance-loss",
    },
    ("api-finding-detail", "PUT"): _always(title="Retries have no limit"),
    ("api-finding-move", "POST"): _always(to="dismissed", text=_REASON),
    ("api-finding-waive", "POST"): lambda *of: {"until": _days_ahead(20), "because": _REASON},
    ("finding_attach", "POST"): lambda *of: {"file": SimpleUploadedFile("a.log", b"warm")},
    ("finding_file_away", "POST"): _always(because="It shows a person"),
    ("api-attachment-away", "POST"): _always(because="It shows a person"),
    ("api-finding-comment", "POST"): _always(text="A word on it."),
    ("finding_ask", "POST"): _always(applications=["charging-map"]),
    ("question_answer", "POST"): _always(answer="yes"),
    ("api-finding-question-answer", "POST"): _always(answer="yes"),
    ("finding_waive", "POST"): lambda *of: {"until": _days_ahead(20), "because": _REASON},
    ("finding_new", "POST"): lambda things, thing: (
        _written_finding(things, thing)
        | {
            "application": things["application"]["application_id"],
            "failure_family": "instance-loss",
        }
    ),
    # Setting up
    ("application_new", "POST"): _application_form,
    ("application_edit", "POST"): _application_form,
    ("channel_add", "POST"): _always(**_CHANNEL, owner="vehicle-telemetry"),
}
