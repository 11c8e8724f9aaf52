"""The propose page: what is typed stays, what is wrong is said, nothing is sent unfinished."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from exercises.aws.sessions import forget_clients
from exercises.domain.errors import Invalid
from exercises.models import Experiment, Finding, Run, TargetPreview
from exercises.models.due_work import database_now
from exercises.queries.approvals import approval_of
from exercises.queries.plans import planned_start
from exercises.services.propose import edit_draft, propose
from exercises.web.forms.compose import Typed, local_text, typed_of
from exercises.web.forms.probe_rows import TEXTS, ProbeRow, row_of
from tests import build
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def form(cast: Cast, slug: str = "2026-11", **changes: str) -> dict[str, str]:
    """What a browser would post for a sound proposal."""
    where = build.exercise(cast, slug=slug, opens_in=timedelta(days=1))
    deployment = build.deployment(cast)
    version = build.template_version()
    data = {
        "template": version.template.slug,
        "deployment": str(deployment.pk),
        "title": "Stop one broker",
        "hypothesis": "If one broker stops, then messages are delivered within 2 minutes.",
        "az": "eu-central-1a",
        "target_cap": "3",
        "where_to": "exercise",
        "exercise": where.slug,
        "slot": local_text(where.starts_at + timedelta(minutes=10), where.timezone),
        "parameters.minutes": "5",
        "do": "save",
    }
    return data | probe_fields(build.PROBES) | changes


def probe_fields(probes: Sequence[Mapping[str, object]]) -> dict[str, str]:
    return row_fields([row_of(index, probe) for index, probe in enumerate(probes)])


def row_fields(rows: Sequence[ProbeRow]) -> dict[str, str]:
    """A browser leaves out a box that is not ticked."""
    return {
        f"{row.prefix}{name}": getattr(row, name)
        for row in rows
        for name in TEXTS
        if name != "is_business" or row.is_business
    }


def test_the_form_starts_with_the_probes_of_the_application(client: Client, cast: Cast) -> None:
    client.force_login(cast.author)
    sent = form(cast)
    page = client.get("/experiments/new/", {"template": sent["template"]})
    assert page.status_code == 200
    assert "Messages delivered" in page.content.decode()
    assert "Stop for" in page.content.decode()


def test_a_saved_draft_comes_back_as_it_was_typed(client: Client, cast: Cast) -> None:
    client.force_login(cast.author)
    answer = client.post("/experiments/new/", form(cast))
    experiment = Experiment.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == f"/experiments/EXP-{experiment.pk}/edit/"
    assert experiment.status == "draft"
    back = typed_of(experiment)
    assert back.hypothesis.startswith("If one broker stops")
    assert [row.name for row in back.probes] == ["Messages delivered", "Distinct clusters"]
    assert back.probes[0].low == "99.5"
    delta = planned_start(experiment) - experiment.exercise.starts_at
    assert abs(delta - timedelta(minutes=10)) <= timedelta(seconds=1)


def test_saving_again_without_a_change_keeps_the_content(client: Client, cast: Cast) -> None:
    client.force_login(cast.author)
    experiment = build.proposed(cast, slot_offset_s=61)
    back = typed_of(experiment)
    again = form_of(back)
    client.post(f"/experiments/EXP-{experiment.pk}/edit/", again)
    assert experiment.revisions.count() == 1


def form_of(typed: Typed) -> dict[str, str]:
    """What a browser sends when the form was not touched."""
    fields = {
        name: getattr(typed, name)
        for name in (
            "deployment",
            "title",
            "hypothesis",
            "az",
            "target_cap",
            "slot",
            "where_to",
            "own_start",
        )
    }
    fields |= {f"parameters.{name}": value for name, value in typed.parameters.items()}
    return fields | row_fields(typed.probes) | {"do": "save"}


def test_send_proposes_a_sound_draft_and_looks_up_its_targets(
    client: Client, cast: Cast, simulator: object
) -> None:
    client.force_login(cast.author)
    client.post("/experiments/new/", form(cast, do="send"))
    experiment = Experiment.objects.get()
    assert experiment.status == "proposed"
    preview = TargetPreview.objects.get(experiment=experiment)
    assert not preview.problem
    assert len(preview.targets) == 1


def test_an_account_that_does_not_answer_holds_up_no_proposal(
    client: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nobody",
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    client.force_login(cast.author)
    client.post("/experiments/new/", form(cast, do="send"))
    assert Experiment.objects.get().status == "proposed"
    assert TargetPreview.objects.get().problem


def test_a_retest_starts_from_the_finding_and_keeps_it(client: Client, cast: Cast) -> None:
    experiment = build.approved(cast)
    assert experiment.revision is not None
    run = Run.objects.create(
        experiment=experiment,
        revision=experiment.revision,
        token="retest-of-this",
        scheduled_at=experiment.exercise.starts_at,
    )
    finding = Finding.objects.create(
        exercise=experiment.exercise,
        run=run,
        application=experiment.application,
        title="Reconnects storm the broker",
        failure_family="instance-loss",
        state="fix_live",
        created_at=experiment.exercise.starts_at,
    )
    client.force_login(cast.author)
    page = client.get("/experiments/new/", {"retest": finding.code}).content.decode()
    assert experiment.hypothesis in page
    sent = form(cast, "2026-12") | {"retest": finding.code}
    client.post("/experiments/new/", sent)
    assert Experiment.objects.exclude(pk=experiment.pk).get().retest_of == finding


def test_without_a_template_one_picks_one_first(client: Client, cast: Cast) -> None:
    client.force_login(cast.author)
    answer = client.get("/experiments/new/", {"exercise": "2026-11"})
    assert answer["Location"] == "/templates/?exercise=2026-11&propose=1"
    page = client.get(answer["Location"]).content.decode()
    assert "1. Pick a template" in page
    assert "1. Pick a template" not in client.get("/templates/").content.decode()


def test_an_unsound_proposal_is_saved_but_not_sent_and_names_each_problem(
    client: Client, cast: Cast
) -> None:
    client.force_login(cast.author)
    sent = form(cast, do="send", hypothesis="short", **{"parameters.minutes": "45"})
    answer = client.post("/experiments/new/", sent, follow=True)
    assert Experiment.objects.get().status == "draft"
    text = answer.content.decode()
    assert 'href="#id_hypothesis"' in text
    assert 'href="#id_parameters.minutes"' in text
    assert 'value="45"' in text


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("slot", "not a time"),
        ("slot", "2001-01-01T10:00"),
        ("target_cap", "many"),
        ("probe-0-low", "high"),
        ("probe-0-dimensions", "Cluster"),
        ("probe-0-stop_low", "low"),
        ("deployment", "999999"),
        ("exercise", "no-such"),
    ],
)
def test_what_cannot_be_read_is_shown_again_as_typed(
    client: Client, cast: Cast, field: str, typed: str
) -> None:
    client.force_login(cast.author)
    answer = client.post("/experiments/new/", form(cast, **{field: typed}))
    assert answer.status_code == 422
    assert not Experiment.objects.exists()
    text = answer.content.decode()
    assert "Stop one broker" in text
    assert 'id="summary"' in text


def test_probe_rows_are_added_and_removed_without_a_script(client: Client, cast: Cast) -> None:
    client.force_login(cast.author)
    sent = form(cast)
    more = client.post("/experiments/new/", sent | {"do": "add_probe"}).content.decode()
    assert 'name="probe-2-name"' in more
    fewer = client.post("/experiments/new/", sent | {"remove_probe": "0"}).content.decode()
    assert 'name="probe-1-name"' not in fewer
    assert "Distinct clusters" in fewer
    assert not Experiment.objects.exists()


def test_an_experiment_of_our_own_needs_a_time_to_come(client: Client, cast: Cast) -> None:
    client.force_login(cast.author)
    sent = form(cast, where_to="own", own_start="2001-01-01T10:00")
    answer = client.post("/experiments/new/", sent)
    assert answer.status_code == 422
    assert 'href="#id_own_start"' in answer.content.decode()
    client.post("/experiments/new/", sent | {"own_start": "2031-01-01T10:00"})
    assert Experiment.objects.get().exercise.kind == "self_service"


def own_experiment(client: Client, cast: Cast) -> Experiment:
    """Proposed for a time of its own, with an approval."""
    client.force_login(cast.author)
    sent = form(cast, where_to="own", own_start="2031-01-01T10:00")
    client.post("/experiments/new/", sent)
    experiment = Experiment.objects.get()
    propose(actor=cast.actor("author"), experiment=experiment)
    build.approve(cast, experiment, "owner")
    return experiment


def test_an_experiment_of_our_own_is_moved_and_its_approvals_start_again(
    client: Client, cast: Cast
) -> None:
    experiment = own_experiment(client, cast)
    url = f"/experiments/EXP-{experiment.pk}/edit/"
    sent = form_of(typed_of(experiment))
    assert sent["own_start"] == "2031-01-01T10:00:00"
    client.post(url, sent | {"own_start": "2031-01-02T11:30"})
    experiment.refresh_from_db()
    experiment.exercise.refresh_from_db()
    assert experiment.exercise.starts_at == datetime(2031, 1, 2, 10, 30, tzinfo=UTC)
    assert experiment.exercise.ends_at > experiment.exercise.starts_at
    assert approval_of(experiment, now=database_now()).granted == ()
    assert experiment.revisions.count() == 2


def test_an_experiment_of_our_own_that_stays_keeps_its_approvals(
    client: Client, cast: Cast
) -> None:
    experiment = own_experiment(client, cast)
    client.post(f"/experiments/EXP-{experiment.pk}/edit/", form_of(typed_of(experiment)))
    experiment.refresh_from_db()
    assert experiment.revisions.count() == 1
    assert len(approval_of(experiment, now=database_now()).granted) == 1


@pytest.mark.parametrize(
    ("typed", "said"), [("2001-01-01T10:00", "lies in the past"), ("later", "a date and a time")]
)
def test_a_time_that_cannot_be_is_said_at_the_start_and_stays(
    client: Client, cast: Cast, typed: str, said: str
) -> None:
    experiment = own_experiment(client, cast)
    sent = form_of(typed_of(experiment)) | {"own_start": typed}
    answer = client.post(f"/experiments/EXP-{experiment.pk}/edit/", sent)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert said in page
    assert f'value="{typed}"' in page
    assert 'href="#id_own_start"' in page
    experiment.exercise.refresh_from_db()
    assert experiment.exercise.starts_at == datetime(2031, 1, 1, 9, tzinfo=UTC)


def test_the_window_of_an_exercise_is_not_moved_by_an_edit(cast: Cast) -> None:
    experiment = build.proposed(cast)
    with pytest.raises(Invalid, match="moved by its lead"):
        edit_draft(
            actor=cast.actor("author"),
            experiment=experiment,
            draft=build.draft(cast),
            starts_at=database_now() + timedelta(days=1),
        )


def test_a_proposal_that_breaks_a_rule_by_an_edit_is_a_draft_again(
    client: Client, cast: Cast
) -> None:
    client.force_login(cast.author)
    experiment = build.proposed(cast)
    sent = form_of(typed_of(experiment)) | {"hypothesis": "short"}
    page = client.post(f"/experiments/EXP-{experiment.pk}/edit/", sent, follow=True)
    experiment.refresh_from_db()
    assert experiment.status == "draft"
    assert 'href="#id_hypothesis"' in page.content.decode()


def test_only_the_team_may_edit(client: Client, cast: Cast) -> None:
    experiment = build.proposed(cast)
    client.force_login(cast.outsider)
    assert client.get(f"/experiments/EXP-{experiment.pk}/edit/").status_code == 403
    assert client.post(f"/experiments/EXP-{experiment.pk}/withdraw/").status_code == 403


def test_discard_withdraws(client: Client, cast: Cast) -> None:
    experiment = build.proposed(cast)
    client.force_login(cast.author)
    answer = client.post(f"/experiments/EXP-{experiment.pk}/withdraw/", follow=True)
    assert answer.status_code == 200
    experiment.refresh_from_db()
    assert experiment.status == "withdrawn"


def test_the_preview_says_what_cannot_be_read_yet(client: Client, cast: Cast) -> None:
    client.force_login(cast.author)
    answer = client.post("/experiments/preview/", form(cast, target_cap="many"))
    assert answer.status_code == 200
    assert "a whole number" in answer.content.decode()


def test_probes_of_another_deployment_are_pointed_out(
    client: Client, cast: Cast, simulator: object
) -> None:
    client.force_login(cast.author)
    own = client.post("/experiments/preview/", form(cast)).content.decode()
    assert "Probes measure something other" not in own
    other = {"probe-0-dimensions": "Cluster=mqtt-broker-int"}
    page = client.post("/experiments/preview/", form(cast, "2026-12", **other)).content.decode()
    assert "Probes measure something other" in page


def test_the_preview_counts_the_nodes_that_would_be_hit(
    client: Client, cast: Cast, simulator: object
) -> None:
    client.force_login(cast.author)
    answer = client.post("/experiments/preview/", form(cast))
    assert answer.status_code == 200
    assert "1 of " in answer.content.decode()
    assert "Resolved" in answer.content.decode()


def test_the_preview_reads_what_each_probe_measures_now(
    client: Client, cast: Cast, simulator: object
) -> None:
    client.force_login(cast.author)
    page = client.post("/experiments/preview/", form(cast)).content.decode()
    assert re.search(r'id="now-0" hx-swap-oob="innerHTML">\s*\d+\.\d\d %', page)
    assert re.search(r'id="now-1" hx-swap-oob="innerHTML">\s*1', page)
    without_script = client.post("/experiments/new/", form(cast, "2026-12", do="preview"))
    assert re.search(r'id="now-1">1', without_script.content.decode())


def test_a_probe_that_cannot_be_read_has_no_data(
    client: Client, cast: Cast, simulator: object
) -> None:
    client.force_login(cast.author)
    page = client.post(
        "/experiments/preview/", form(cast, **{"probe-0-metric": "Nothing"})
    ).content.decode()
    assert re.search(r'id="now-0" hx-swap-oob="innerHTML">\s*no data', page)


def test_an_account_that_does_not_answer_has_no_readings(
    client: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nobody")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    forget_clients()
    client.force_login(cast.author)
    page = client.post("/experiments/preview/", form(cast)).content.decode()
    forget_clients()
    assert page.count("no data") == 2
    assert "Targets cannot be looked up" in page
