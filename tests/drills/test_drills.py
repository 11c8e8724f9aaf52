"""Parts of a running installation break and come back: nothing is doubled, nothing is lost."""

from __future__ import annotations

import pytest

from tests.drills.installation import Installation

# One installation for all of them, so one worker of pytest-xdist.
pytestmark = [pytest.mark.worker, pytest.mark.timeout(300), pytest.mark.xdist_group("drills")]


def completed(installation: Installation, run_id: str) -> None:
    """It ended by itself, was started once and says each thing once."""
    installation.eventually(lambda: installation.state(run_id) == "completed")
    assert len(installation.experiments(run_id)) == 1
    said = [kind for kind in installation.kinds(run_id) if not kind.startswith("probe.")]
    assert len(said) == len(set(said)), said
    assert {"run.starting", "run.running", "action.completed", "run.completed"} <= set(said)


@pytest.mark.parametrize(
    ("moment", "application"),
    [("start.before_send", "mqtt-broker"), ("start.sent", "ci-runners")],
)
def test_a_worker_killed_between_intent_and_answer_starts_once(
    installation: Installation, moment: str, application: str
) -> None:
    order = installation.failpoints / moment
    order.write_text("sleep 60")
    run_id = installation.go(application)
    installation.eventually(lambda: not order.exists())
    assert installation.state(run_id) == "starting"
    installation.kill_worker()
    installation.start_worker()
    installation.ask("UPDATE exercises_run SET lease_until = now() WHERE id = %s", run_id)
    completed(installation, run_id)


def test_without_valkey_hints_fail_softly_and_nothing_is_doubled_after_it_is_back(
    installation: Installation,
) -> None:
    installation.stop_server("Valkey")
    woken = (
        "import django; django.setup(); from exercises import hints;"
        "hints.tell_pages(1); print(hints.wake('exercises.tick'))"
    )
    assert installation.python("-c", woken).splitlines()[-1] == "False"
    run_id = installation.go("charging-sessions")
    assert installation.state(run_id) == "scheduled"
    assert installation.servers.revive() == ["Valkey"]
    completed(installation, run_id)


def test_postgresql_restarted_in_mid_run_loses_nothing(installation: Installation) -> None:
    run_id = installation.go("identity-tokens", minutes=10)
    installation.eventually(lambda: "action.running" in installation.kinds(run_id))
    installation.stop_server("PostgreSQL")
    assert installation.servers.revive() == ["PostgreSQL"]
    completed(installation, run_id)


def test_while_aws_cannot_be_reached_the_state_stays_and_the_room_says_so(
    installation: Installation,
) -> None:
    run_id = installation.go("mqtt-broker", minutes=10)
    installation.eventually(lambda: "action.running" in installation.kinds(run_id))

    def lines(kind: str) -> int:
        sql = (
            "SELECT count(*) FROM exercises_runevent WHERE kind = %s AND exercise_id ="
            " (SELECT e.exercise_id FROM exercises_run r"
            " JOIN exercises_experiment e ON e.id = r.experiment_id WHERE r.id = %s)"
        )
        return int(installation.ask(sql, kind, run_id)[0])

    installation.door.shut()
    installation.eventually(lambda: lines("observe.failed") == 1)
    problems = installation.ask(
        "SELECT scan_problem FROM exercises_accountregion WHERE scan_problem <> ''"
    )
    assert any("AWS could not be reached" in problem for problem in problems)
    assert installation.state(run_id) == "running"
    installation.door.open()
    installation.eventually(lambda: lines("observe.recovered") == 1)
    completed(installation, run_id)
