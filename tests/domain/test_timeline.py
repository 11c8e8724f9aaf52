"""Actions are laid out in the order in which FIS would start them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from exercises.domain.timeline import planned_actions, planned_duration_s


def wait(minutes, *after):
    return {
        "actionId": "aws:fis:wait",
        "parameters": {"duration": f"PT{minutes}M"},
        "startAfter": list(after),
    }


def test_an_action_starts_when_the_last_one_it_waits_for_has_ended():
    plan = {"actions": {"c": wait(1, "a", "b"), "a": wait(5), "b": wait(10)}}
    assert [(a.name, a.offset_s, a.ends_s, a.note) for a in planned_actions(plan)] == [
        ("a", 0, 300, ""),
        ("b", 0, 600, ""),
        ("c", 600, 660, "after a and b"),
    ]
    assert planned_duration_s(plan) == 660


def test_an_action_without_a_duration_takes_no_time():
    plan = {"actions": {"a": {"actionId": "aws:rds:failover-db-cluster"}}}
    assert planned_duration_s(plan) == 0


def test_stopped_instances_last_until_they_are_started_again():
    parameters = {"startInstancesAfterDuration": "PT30M"}
    plan = {"actions": {"a": {"actionId": "aws:ec2:stop-instances", "parameters": parameters}}}
    assert planned_duration_s(plan) == 1800


def test_actions_that_wait_for_each_other_never_start():
    plan = {"actions": {"a": wait(1, "b"), "b": wait(1, "a"), "c": wait(1, "b"), "d": wait(2)}}
    assert [a.name for a in planned_actions(plan)] == ["d"]


@given(st.permutations(["a", "b", "c", "d"]))
def test_the_order_in_the_document_does_not_matter(names):
    actions = {"a": wait(1), "b": wait(2, "a"), "c": wait(1, "a"), "d": wait(1, "b", "c")}
    shuffled = {"actions": {name: actions[name] for name in names}}
    assert planned_actions(shuffled) == planned_actions({"actions": actions})
