"""A file says how things are to be: planned, applied whole or not at all, and once."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from exercises.domain.actors import Door
from exercises.domain.desired_state import FORMAT
from exercises.domain.errors import Conflict, Invalid, NotAllowed
from exercises.domain.policy_document import default_rules
from exercises.domain.yaml_text import read_yaml
from exercises.models import (
    Application,
    AuditEntry,
    FreezeWindow,
    PolicyVersion,
    Programme,
    Schedule,
    Template,
    TemplateVersion,
)
from exercises.models.due_work import database_now
from exercises.queries.desired_state import whole_state
from exercises.queries.policy import current_policy
from exercises.services.audit import CHAIN_LOCK
from exercises.services.desired_state import Step, apply_file
from exercises.services.freezes import declare_freeze, lift_freeze
from tests.cast import Cast

pytestmark = pytest.mark.django_db
ALL = (Template, TemplateVersion, Application, Schedule, FreezeWindow, PolicyVersion, AuditEntry)

Document = dict[str, Any]


@pytest.fixture
def document(example: bytes, programme: Programme) -> Document:
    read = read_yaml(example)
    assert isinstance(read, dict)
    return read


def apply(cast: Cast, document: object, who: str = "lead", *, is_plan: bool = False) -> list[Step]:
    return apply_file(actor=cast.actor(who), document=document, is_plan=is_plan)


def does(steps: list[Step]) -> list[str]:
    return [step.does for step in steps]


def counts() -> list[int]:
    return [model.objects.count() for model in ALL]


def state(**parts: object) -> Document:
    return {"format": FORMAT, **parts}


def test_a_plan_says_what_is_due_and_changes_nothing(cast: Cast, document: Document) -> None:
    before = counts()
    planned = apply(cast, document, is_plan=True)
    assert does(planned) == ["create"] * 5
    assert counts() == before
    assert does(apply(cast, document)) == does(planned)


def test_applied_twice_is_changed_once(cast: Cast, document: Document) -> None:
    apply(cast, document)
    after = counts()
    assert does(apply(cast, document)) == ["nothing"] * 5
    assert counts() == after


def test_what_is_exported_changes_nothing(cast: Cast, document: Document) -> None:
    apply(cast, document)
    steps = apply(cast, whole_state())
    assert len(steps) == 6
    assert not any(step.is_due for step in steps)


def test_each_field_that_differs_is_named_with_both_values(cast: Cast, document: Document) -> None:
    apply(cast, document)
    document["applications"][0] |= {"tier": 2, "rto_s": None, "depends_on": []}
    document["schedules"][0]["duration_s"] = 3600
    document["templates"][0]["rung"] = 2
    steps = {step.wanted.key: step for step in apply(cast, document)}
    found = {
        (key, change.path): (change.before, change.after)
        for key, step in steps.items()
        for change in step.changes
    }
    assert found == {
        ("stop-one-broker", "rung"): (1, 2),
        ("fleet-api", "tier"): (1, 2),
        ("fleet-api", "rto_s"): (900, None),
        ("fleet-api", "depends_on"): (None, []),
        ("fleet-api", "depends_on[0]"): ("fleet-store", None),
        ("monthly", "duration_s"): (9000, 3600),
    }
    assert steps["stop-one-broker"].said == "version 2 is published"
    assert not any(step.is_due for step in apply(cast, document))
    api = Application.objects.get(slug="fleet-api")
    assert (api.tier, api.rto_s, api.depends_on.count()) == (2, None, 0)


def test_another_name_of_a_template_is_no_new_version(cast: Cast, document: Document) -> None:
    apply(cast, document)
    document["templates"][0] |= {"name": "One broker stops", "notes": "Not compared"}
    [step] = [step for step in apply(cast, document) if step.is_due]
    assert [change.path for change in step.changes] == ["name"]
    template = Template.objects.get(slug="stop-one-broker")
    assert (template.name, template.versions.count()) == ("One broker stops", 1)


def test_the_failure_of_a_template_stays(cast: Cast, document: Document) -> None:
    apply(cast, document)
    document["templates"][0]["failure_family"] = "az-power"
    with pytest.raises(Invalid, match=r"templates\[0\].failure_family: stays “instance-loss”"):
        apply(cast, document)


def test_all_is_applied_or_nothing_and_every_problem_named_by_its_place(
    cast: Cast, document: Document
) -> None:
    document["applications"][1]["team"] = "nobody"
    document["schedules"][0]["rrule"] = "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30"
    document["templates"][0]["definition"]["actions"]["Stop"]["actionId"] = "aws:ec2:no"
    before = counts()
    with pytest.raises(Invalid) as error:
        apply(cast, document)
    named = [field for field, _ in error.value.problems]
    assert named[0].startswith("templates[0].definition.actions.Stop")
    assert named[1:] == ["applications[1].team", "schedules[0].rrule", "applications[0].depends_on"]
    assert counts() == before


@pytest.mark.parametrize(
    ("who", "refused"),
    [("outsider", "templates[0] (stop-one-broker)"), ("owner", "schedules[0] (monthly)")],
)
def test_each_change_needs_the_right_of_its_page(
    cast: Cast, document: Document, who: str, refused: str
) -> None:
    before = counts()
    with pytest.raises(NotAllowed) as error:
        apply(cast, document, who)
    assert str(error.value).startswith(f"{refused}: ")
    assert counts() == before


def test_what_is_so_already_needs_no_right(cast: Cast, document: Document) -> None:
    apply(cast, document)
    assert not any(step.is_due for step in apply(cast, whole_state(), "outsider"))


def test_rules_are_proposed_once_and_put_in_force_by_nobody(cast: Cast) -> None:
    rules: Document = copy.deepcopy(default_rules())
    rules["rows"][0]["max_minutes"] = 30
    wanted = state(policy={"rules": rules, "reason": "Shorter"})
    [step] = apply(cast, wanted)
    assert [change.path for change in step.changes] == ["rules.rows[0].max_minutes"]
    assert step.said == "version 2 is proposed; another person puts it in force"
    assert current_policy().number == 1
    [again] = apply(cast, wanted)
    assert (again.does, PolicyVersion.objects.count()) == ("nothing", 1)
    assert "waits for another person" in again.said
    rules["rows"][0]["max_minutes"] = 0
    with pytest.raises(Invalid) as error:
        apply(cast, state(policy={"rules": rules}))
    assert {field for field, _ in error.value.problems} == {
        "policy.rules.rows.1.max_minutes", "policy.reason",
    }  # fmt: skip
    with pytest.raises(NotAllowed):
        apply(cast, wanted | {"policy": {"rules": {**rules, "rows": []}, "reason": "x"}}, "owner")


def freeze(cast: Cast, name: str = "Launch") -> FreezeWindow:
    now = database_now()
    return declare_freeze(
        actor=cast.actor("lead"), name=name, starts_at=now, ends_at=now + timedelta(days=1)
    )


def test_a_freeze_that_was_lifted_or_is_over_is_not_brought_back(cast: Cast) -> None:
    launch = freeze(cast)
    exported = whole_state()
    lift_freeze(actor=cast.actor("lead"), freeze=launch, reason="Moved to March")
    [step] = [s for s in apply(cast, exported) if s.wanted.kind == "freezes"]
    assert (step.does, step.said) == ("nothing", "was lifted; a file does not bring it back")
    past = {"starts_at": "2020-01-01T00:00Z", "ends_at": "2020-01-02T00:00Z"}
    [step] = apply(cast, state(freezes=[{"name": "Past", **past}]))
    assert (step.does, step.said) == ("nothing", "is over")


def test_two_freezes_of_one_name_are_not_guessed_between(cast: Cast) -> None:
    freeze(cast)
    freeze(cast)
    assert whole_state()["freezes"] == []
    window = {"starts_at": "2035-01-01T00:00Z", "ends_at": "2035-01-02T00:00Z"}
    with pytest.raises(Invalid, match=r"freezes\[0\].name: two freezes"):
        apply(cast, state(freezes=[{"name": "Launch", **window}]))


def test_nothing_is_published_of_a_template_that_was_retired(
    cast: Cast, document: Document
) -> None:
    apply(cast, document)
    Template.objects.update(retired_at=database_now())
    document["templates"][0]["rung"] = 3
    with pytest.raises(Conflict, match=r"templates\[0\] \(stop-one-broker\): .*retired"):
        apply(cast, document)


def test_the_export_asks_as_often_for_many_as_for_one(
    cast: Cast, document: Document, django_assert_num_queries: Any
) -> None:
    apply(cast, document)
    for number in range(4):
        freeze(cast, f"Freeze {number}")
    with django_assert_num_queries(9):
        whole_state()


def test_nobody_hands_over_to_themselves_what_is_another_teams(
    cast: Cast, document: Document
) -> None:
    apply(cast, document)
    for mine, theirs in (("owner", "charging"), ("outsider", "charging")):
        document["applications"][1]["team"] = theirs
        with pytest.raises(NotAllowed, match=r"applications\[1\] \(fleet-store\)"):
            apply(cast, document, mine)


def test_the_trail_is_written_last_so_that_no_stop_waits_for_the_rest_of_a_file(
    cast: Cast, document: Document
) -> None:
    with CaptureQueriesContext(connection) as asked:
        apply(cast, document)
    said = [query["sql"] for query in asked.captured_queries]
    locked = next(n for n, sql in enumerate(said) if str(CHAIN_LOCK) in sql)
    written = [sql for sql in said[locked:] if sql.startswith(("INSERT", "UPDATE", "DELETE"))]
    assert written
    assert [sql for sql in written if not sql.startswith('INSERT INTO "exercises_audit')] == []


def test_a_plan_does_not_touch_the_trail(cast: Cast, document: Document) -> None:
    with CaptureQueriesContext(connection) as asked:
        apply(cast, document, is_plan=True)
    assert [q for q in asked.captured_queries if str(CHAIN_LOCK) in q["sql"]] == []


@pytest.mark.parametrize("is_plan", [True, False])
def test_a_token_without_the_scope_write_locks_nothing(
    cast: Cast, document: Document, is_plan: bool
) -> None:
    reader = replace(cast.actor("lead", Door.API), scopes=frozenset({"read", "stop"}))
    with CaptureQueriesContext(connection) as asked, pytest.raises(NotAllowed):
        apply_file(actor=reader, document=document, is_plan=is_plan)
    assert asked.captured_queries == []
