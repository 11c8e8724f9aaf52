"""A program stops over the API whatever is down: its token is known without the database."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from django.test import Client

from exercises.models import ApiToken, Exercise, Run, Team, User
from exercises.models.due_work import database_now
from exercises.services.stop_records import tell
from exercises.services.stop_targets import write_down_targets, write_down_tokens
from exercises.services.tokens import issue_token, revoke_token
from exercises.stopping.journal import REFUSED, Journal
from exercises.stopping.stop_tokens import FILE
from tests.cast import Cast
from tests.drive import fresh

pytestmark = pytest.mark.django_db(transaction=True)

Scene = tuple[Exercise, Run]
NOBODYS: Final = "6c0b6f0e-1111-4222-8333-000000000000"


def program(
    cast: Cast, who: str = "operator", scopes: tuple[str, ...] = ("stop",), team: Team | None = None
) -> Client:
    _, secret = issue_token(
        actor=cast.actor(who), name="platform", scopes=list(scopes), days=1, team=team
    )
    write_down_tokens()
    return Client(headers={"Authorization": f"Bearer {secret}"})


def stop_run(client: Client, run: object = NOBODYS, **body: object) -> Any:
    return client.post(f"/api/v1/runs/{run}/stop/", body, content_type="application/json")


def refused(folder: Path) -> str:
    return (folder / REFUSED).read_text()


def test_without_the_database_aws_is_asked_and_the_answer_has_its_usual_shape(
    cast: Cast, scene: Scene, journal: Journal, request: pytest.FixtureRequest
) -> None:
    exercise, run = scene
    platform, title = program(cast), run.experiment.title
    request.getfixturevalue("no_database")
    answer = stop_run(platform, run.pk, reason="pager")
    assert answer.status_code == 200, answer.content
    assert answer.json() == {
        "run_id": str(run.pk),
        "title": title,
        "accepted": True,
        "message": answer.json()["message"],
    }
    (entry,) = journal.under_way()
    assert entry.status[run.experiment_ref] == "stopping"
    assert (entry.order.who, entry.order.door, entry.order.reason) == (
        cast.operator.name,
        "api",
        "pager",
    )
    everything = platform.post(f"/api/v1/exercises/{exercise.slug}/stop/")
    assert [each["run_id"] for each in everything.json()] == [str(run.pk)]


def test_without_the_database_a_whole_account_is_stopped_by_who_may(
    cast: Cast, scene: Scene, stop_folder: Path, request: pytest.FixtureRequest
) -> None:
    _, run = scene
    place = run.experiment.deployment.place
    address = f"/api/v1/accounts/{place.account.account_id}/{place.region}/stop/"
    member, operator = program(cast, "author"), program(cast)
    request.getfixturevalue("no_database")
    assert member.post(address).status_code == 403
    assert "operators" in refused(stop_folder)
    answer = operator.post(address)
    assert [each["accepted"] for each in answer.json()] == [True]


def test_with_the_database_the_view_answers(cast: Cast, scene: Scene, journal: Journal) -> None:
    _, run = scene
    assert stop_run(program(cast), run.pk).status_code == 200
    assert fresh(run).state == "stopping"
    (entry,) = journal.under_way()
    assert entry.is_told
    assert stop_run(Client(headers={"Authorization": "Bearer cpl_unknown"})).status_code == 401


def test_a_token_that_may_not_stop_is_refused_in_words_that_say_how_to(
    cast: Cast, stop_folder: Path, request: pytest.FixtureRequest
) -> None:
    reader = program(cast, scopes=("read", "write"))
    request.getfixturevalue("no_database")
    answer = stop_run(reader)
    assert answer.status_code == 503
    assert answer["Content-Type"] == "application/problem+json"
    assert "chaosplane stop" in answer.json()["detail"]
    assert "not known" in refused(stop_folder)
    assert not list(Journal(stop_folder).under_way())


@pytest.mark.parametrize("end", ["revoked", "expired", "left"])
def test_a_token_that_has_ended_stops_nothing_without_the_database(
    cast: Cast, end: str, request: pytest.FixtureRequest
) -> None:
    platform = program(cast)
    if end == "revoked":
        revoke_token(actor=cast.actor("operator"), token=ApiToken.objects.get())
    elif end == "expired":
        ApiToken.objects.update(expires_at=database_now() - timedelta(seconds=1))
    else:
        User.objects.filter(pk=cast.operator.pk).update(is_active=False)
    write_down_tokens()
    request.getfixturevalue("no_database")
    assert stop_run(platform).status_code == 503


def test_a_token_that_expires_while_the_database_is_away_ends_by_itself(
    cast: Cast, stop_folder: Path, request: pytest.FixtureRequest
) -> None:
    platform = program(cast)
    told = json.loads((stop_folder / FILE).read_text())
    past = (database_now() - timedelta(seconds=1)).isoformat()
    (stop_folder / FILE).write_text(
        json.dumps({digest: row | {"until": past} for digest, row in told.items()})
    )
    request.getfixturevalue("no_database")
    assert stop_run(platform).status_code == 503


def test_another_team_stops_no_private_experiment_without_the_database(
    cast: Cast, scene: Scene, stop_folder: Path, request: pytest.FixtureRequest
) -> None:
    exercise, run = scene
    Exercise.objects.filter(pk=exercise.pk).update(kind="self_service")
    write_down_targets()
    outsider = program(cast, "outsider")
    request.getfixturevalue("no_database")
    assert stop_run(outsider, run.pk).status_code == 403
    assert "another team" in refused(stop_folder)


@pytest.mark.parametrize("what", [f"runs/{NOBODYS}", "exercises/mistyped-2026-12"])
def test_what_nobody_knows_without_the_database_is_not_confirmed_and_written_down(
    cast: Cast, scene: Scene, stop_folder: Path, what: str, request: pytest.FixtureRequest
) -> None:
    """It may be planned: only the database knows, and it cancels the run when it is back."""
    platform = program(cast)
    request.getfixturevalue("no_database")
    answer = platform.post(f"/api/v1/{what}/stop/")
    assert answer.status_code == 502
    assert "AWS runs nothing of it" in answer.json()["detail"]
    assert [entry.order.what for entry in Journal(stop_folder).under_way()] == [what.split("/")[1]]


@pytest.mark.parametrize(
    "body",
    [
        r'{"reason": "a\u0000b"}', r'{"reason": "\ud800b"}', "[" * 100_000,
        '{"reason": "' + "x" * 3_000_000 + '"}',
    ],
    ids=["no character", "half a character", "deep", "long"],
)  # fmt: skip
def test_a_stop_is_not_refused_for_its_reason_and_the_database_takes_it_later(
    cast: Cast, scene: Scene, stop_folder: Path, body: str, request: pytest.FixtureRequest
) -> None:
    _, run = scene
    platform = program(cast)
    down = request.getfixturevalue("no_database")
    answer = platform.post(
        f"/api/v1/runs/{run.pk}/stop/", data=body, content_type="application/json"
    )
    assert answer.status_code == 200, answer.content
    assert answer.json()["accepted"]
    (entry,) = Journal(stop_folder).under_way()
    assert len(entry.order.reason) <= 500
    down.undo()
    assert tell(entry)


def test_the_service_of_a_team_stops_what_its_team_may_and_no_account(
    cast: Cast, scene: Scene, request: pytest.FixtureRequest
) -> None:
    exercise, run = scene
    Exercise.objects.filter(pk=exercise.pk).update(kind="self_service")
    write_down_targets()
    service = program(cast, "owner", team=cast.team)
    place = run.experiment.deployment.place
    account = f"/api/v1/accounts/{place.account.account_id}/{place.region}/stop/"
    request.getfixturevalue("no_database")
    assert service.post(account).status_code == 403
    assert stop_run(service, run.pk).json()["accepted"]


def test_the_file_holds_no_token_and_is_read_by_its_owner_alone(
    cast: Cast, stop_folder: Path
) -> None:
    _, secret = issue_token(actor=cast.actor("operator"), name="p", scopes=["stop"], days=1)
    assert write_down_tokens()
    assert not write_down_tokens()
    assert secret not in (stop_folder / FILE).read_text()
    assert (stop_folder / FILE).stat().st_mode & 0o077 == 0


def test_any_number_of_tokens_is_written_down_in_the_same_number_of_queries(
    cast: Cast, django_assert_num_queries: Any
) -> None:
    for who in ("operator", "author", "owner", "lead"):
        issue_token(actor=cast.actor(who), name="p", scopes=["stop"], days=1)
    with django_assert_num_queries(4):
        write_down_tokens()
